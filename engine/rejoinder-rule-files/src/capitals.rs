//! Regexes that ask for capitals, though folded text has none.

use std::ops::Range;

use regex_syntax::ast::parse::Parser;
use regex_syntax::ast::{
    Ast, ClassAsciiKind, ClassSet, ClassSetBinaryOpKind, ClassSetItem, ClassUnicode, ClassUnicodeKind, Flag,
    Flags, GroupKind,
};

/// The first part of a regex that asks for capitals and nothing else, in bytes of the regex: a class of capitals where no flag says
/// that case does not matter (`[I]`, without a range, is a letter as people type it), or a capital that `(?-i)` makes literal.
pub(crate) fn asked_for(source: &str) -> Option<Range<usize>> {
    let may_ask = source.contains(char::is_uppercase) || source.contains("\\p") || source.contains("[:");
    let ast = may_ask.then(|| Parser::new().parse(source).ok())??;
    let mut search = Search { is_sensitive: None, found: None };
    search.walk(&ast);
    search.found
}

struct Search {
    /// What the flags at hand say of case, where they say something.
    is_sensitive: Option<bool>,
    found: Option<Range<usize>>,
}

impl Search {
    fn walk(&mut self, ast: &Ast) {
        if self.found.is_some() {
            return;
        }
        let asks = match ast {
            Ast::Literal(literal) => self.is_sensitive == Some(true) && literal.c.is_uppercase(),
            Ast::ClassUnicode(class) => is_capitals(class),
            Ast::ClassBracketed(class) => !class.negated && of_set(&class.kind) == Letters::AllCapitals,
            _ => false,
        };
        if asks && self.is_sensitive != Some(false) {
            let span = ast.span();
            self.found = Some(span.start.offset..span.end.offset);
        }
        match ast {
            Ast::Flags(flags) => self.apply(&flags.flags),
            Ast::Repetition(repetition) => self.walk(&repetition.ast),
            Ast::Group(group) => {
                let outside = self.is_sensitive;
                if let GroupKind::NonCapturing(flags) = &group.kind {
                    self.apply(flags);
                }
                self.walk(&group.ast);
                self.is_sensitive = outside;
            }
            Ast::Alternation(alternation) => alternation.asts.iter().for_each(|ast| self.walk(ast)),
            Ast::Concat(concat) => concat.asts.iter().for_each(|ast| self.walk(ast)),
            _ => {}
        }
    }

    fn apply(&mut self, flags: &Flags) {
        if let Some(is_insensitive) = flags.flag_state(Flag::CaseInsensitive) {
            self.is_sensitive = Some(!is_insensitive);
        }
    }
}

/// What a class holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Letters {
    /// Nothing at all.
    Nothing,
    /// Capitals, each named by itself.
    SomeCapitals,
    /// Capitals as a range or by a name.
    AllCapitals,
    /// Anything else.
    Other,
}

fn of_set(set: &ClassSet) -> Letters {
    match set {
        ClassSet::Item(item) => of_item(item),
        ClassSet::BinaryOp(operation) => {
            let [left, right] = [of_set(&operation.lhs), of_set(&operation.rhs)];
            match operation.kind {
                ClassSetBinaryOpKind::Intersection => left.min(right),
                ClassSetBinaryOpKind::Difference => left,
                ClassSetBinaryOpKind::SymmetricDifference => left.max(right),
            }
        }
    }
}

fn of_item(item: &ClassSetItem) -> Letters {
    let when = |is: bool, letters| if is { letters } else { Letters::Other };
    match item {
        ClassSetItem::Empty(_) => Letters::Nothing,
        ClassSetItem::Literal(literal) => when(literal.c.is_uppercase(), Letters::SomeCapitals),
        ClassSetItem::Range(range) => {
            when(range.start.c.is_uppercase() && range.end.c.is_uppercase(), Letters::AllCapitals)
        }
        ClassSetItem::Ascii(class) => {
            when(!class.negated && class.kind == ClassAsciiKind::Upper, Letters::AllCapitals)
        }
        ClassSetItem::Unicode(class) => when(is_capitals(class), Letters::AllCapitals),
        ClassSetItem::Perl(_) => Letters::Other,
        ClassSetItem::Bracketed(class) => when(!class.negated, of_set(&class.kind)),
        ClassSetItem::Union(union) => union.items.iter().map(of_item).max().unwrap_or(Letters::Nothing),
    }
}

fn is_capitals(class: &ClassUnicode) -> bool {
    let name = match &class.kind {
        ClassUnicodeKind::Named(name) => name,
        ClassUnicodeKind::NamedValue { value, .. } => value,
        ClassUnicodeKind::OneLetter(_) => return false,
    };
    let plain: String =
        name.chars().filter(|c| !matches!(c, ' ' | '_' | '-')).map(|c| c.to_ascii_lowercase()).collect();
    !class.is_negated()
        && matches!(&*plain, "lu" | "uppercaseletter" | "uppercase" | "upper" | "lt" | "titlecaseletter")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_asks_for_capitals_alone() {
        for (source, part) in [
            (r"[A-Z]{4,}", "[A-Z]"),
            (r"\b[A-Z][a-z]+", "[A-Z]"),
            (r"x(?:\p{Lu}+)", r"\p{Lu}"),
            (r"\p{Uppercase_Letter}", r"\p{Uppercase_Letter}"),
            (r"\p{gc=Lu}{2}", r"\p{gc=Lu}"),
            (r"a|[[:upper:]]+", "[[:upper:]]"),
            (r"[A-ZÄÖÜ]+", "[A-ZÄÖÜ]"),
            (r"[\w&&\p{Lu}]", r"[\w&&\p{Lu}]"),
            (r"(?-i)ERROR", "E"),
            (r"no (?-i:WHY)", "W"),
            (r"(?-i:a)[A-Z]+", "[A-Z]"),
        ] {
            assert_eq!(asked_for(source).map(|range| &source[range]), Some(part), "{source}");
        }
    }

    #[test]
    fn what_says_that_case_does_not_matter_or_is_typed_so_is_left() {
        for source in [
            "[A-Za-z]+",
            "I said",
            "[A-Z0-9a-z]",
            "[A-Z0-9]",
            "[^A-Z]",
            r"\P{Lu}",
            "[[:^upper:]]",
            "[NY]",
            "[Nn]o",
            "(?i)[A-Z]+",
            "(?i:[A-Z])",
            "(?-i:error)",
            "(?-i:a)E",
            r"\p{L}",
            r"\p{Greek}",
            r"[\p{Lu}\p{Ll}]",
            "[[:alpha:]]",
            "(",
        ] {
            assert_eq!(asked_for(source), None, "{source}");
        }
    }
}
