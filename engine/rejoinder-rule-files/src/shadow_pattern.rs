//! A pattern rewritten so that it finds in a shadow ([`crate::shadow::TurnText`]) what the original finds in the text.

use std::sync::LazyLock;

use regex_automata::meta;
use regex_automata::nfa::thompson::WhichCaptures;
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{
    Class, ClassBytes, ClassBytesRange, ClassUnicode, ClassUnicodeRange, Hir, HirKind, Look, Repetition,
};
use rejoinder_core::fold::Folded;
use serde::{Deserialize, Serialize};

use crate::stand_in;

/// So many characters of a class are looked at one by one.
const FEW: usize = 64;

/// A pattern over shadows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ShadowPattern {
    /// The expression, over bytes.
    expression: String,
    /// Whether the rewritten pattern finds the same in every text. If not, it finds the same in ASCII texts.
    pub(crate) suits_all: bool,
}

impl ShadowPattern {
    /// Rewrites an expression over text.
    pub(crate) fn of(hir: &Hir) -> Self {
        let mut suits_all = true;
        let expression = shadowed(hir, &mut suits_all).to_string();
        Self { expression, suits_all }
    }

    /// The automaton.
    pub(crate) fn regex(&self) -> meta::Regex {
        let syntax = regex_automata::util::syntax::Config::new().unicode(false).utf8(false);
        // Turns are short, and their literals were found before: what makes searches through long texts faster costs more
        // to build than it saves.
        let config = meta::Config::new()
            .utf8_empty(false)
            .nfa_size_limit(None)
            .which_captures(WhichCaptures::Implicit)
            .auto_prefilter(false)
            .onepass(false)
            .dfa(false);
        let built = meta::Builder::new().syntax(syntax).configure(config).build(&self.expression);
        built.expect("the expression was written by its parser, and its size has no limit")
    }
}

/// The digits beyond ASCII.
pub(crate) fn digits() -> &'static ClassUnicode {
    &SHARED[0].1
}

/// The characters that share a byte, by that byte.
static SHARED: LazyLock<[(u8, ClassUnicode); 3]> = LazyLock::new(|| {
    let class = |source: &str| {
        let hir = ParserBuilder::new().build().parse(source).expect("it is a regex");
        let HirKind::Class(Class::Unicode(class)) = hir.into_kind() else { unreachable!("it is a class") };
        beyond_own(class)
    };
    [(stand_in::DIGIT, class(r"\d")), (stand_in::WORD, class(r"[\w--\d]")), (stand_in::OTHER, class(r"\W"))]
});

/// The characters of a class that have no byte of their own.
fn beyond_own(mut class: ClassUnicode) -> ClassUnicode {
    let named = stand_in::named().map(|c| ClassUnicodeRange::new(c, c));
    class.difference(&ClassUnicode::new(named.chain([ClassUnicodeRange::new('\0', '\x7F')])));
    class
}

/// `suits_all` becomes false where what comes out finds less beyond ASCII than the expression does.
fn shadowed(hir: &Hir, suits_all: &mut bool) -> Hir {
    match hir.kind() {
        HirKind::Empty => Hir::empty(),
        HirKind::Literal(literal) => {
            let text = std::str::from_utf8(&literal.0).expect("patterns are over text");
            let one = |c| {
                Hir::class(Class::Bytes(bytes(&ClassUnicode::new([ClassUnicodeRange::new(c, c)]), suits_all)))
            };
            Hir::concat(text.chars().map(one).collect())
        }
        HirKind::Class(Class::Unicode(class)) => Hir::class(Class::Bytes(bytes(class, suits_all))),
        HirKind::Class(Class::Bytes(class)) => Hir::class(Class::Bytes(class.clone())),
        HirKind::Look(look) => Hir::look(match look {
            Look::WordUnicode => Look::WordAscii,
            Look::WordUnicodeNegate => Look::WordAsciiNegate,
            Look::WordStartUnicode => Look::WordStartAscii,
            Look::WordEndUnicode => Look::WordEndAscii,
            Look::WordStartHalfUnicode => Look::WordStartHalfAscii,
            Look::WordEndHalfUnicode => Look::WordEndHalfAscii,
            other => *other,
        }),
        HirKind::Repetition(repetition) => Hir::repetition(Repetition {
            sub: Box::new(shadowed(&repetition.sub, suits_all)),
            ..repetition.clone()
        }),
        HirKind::Capture(capture) => shadowed(&capture.sub, suits_all),
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(|p| shadowed(p, suits_all)).collect()),
        HirKind::Alternation(parts) => {
            Hir::alternation(parts.iter().map(|p| shadowed(p, suits_all)).collect())
        }
    }
}

/// What stands for the characters of a class.
fn bytes(class: &ClassUnicode, suits_all: &mut bool) -> ClassBytes {
    let mut ascii = class.clone();
    // Capitals do not occur in folded text, and stand for other letters in its shadow.
    ascii.intersect(&ClassUnicode::new([
        ClassUnicodeRange::new('\0', '@'),
        ClassUnicodeRange::new('[', '\x7F'),
    ]));
    let ascii = ascii.iter().map(|range| ClassBytesRange::new(range.start() as u8, range.end() as u8));
    let mut found = ClassBytes::new(ascii);
    if class.is_ascii() {
        return found;
    }
    let holds = |c| class.iter().any(|range| (range.start()..=range.end()).contains(&c));
    let mut add = |byte| found.push(ClassBytesRange::new(byte, byte));
    stand_in::named().filter(|&c| holds(c)).filter_map(stand_in::own).for_each(&mut add);
    let rest = beyond_own(class.clone());
    if occur_never(&rest) {
        return found;
    }
    for (byte, all) in &*SHARED {
        let (mut inside, mut outside) = (rest.clone(), all.clone());
        inside.intersect(all);
        outside.difference(&rest);
        if occur_never(&outside) {
            add(*byte);
        } else if !occur_never(&inside) {
            *suits_all = false;
        }
    }
    found
}

/// Whether surely none of these characters occurs in folded text.
fn occur_never(class: &ClassUnicode) -> bool {
    class.iter().map(ClassUnicodeRange::len).sum::<usize>() <= FEW
        && class.iter().flat_map(|range| range.start()..=range.end()).all(|c| {
            // Behind a mark, with which no character combines.
            let folded = Folded::new(&format!(".{c}"));
            !folded.text().chars().eq(['.', c])
        })
}
