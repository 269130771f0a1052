//! Tables with one thing wrong, and what is said of it.

use super::{CheckedPlugin, HandshakeError, check};
use crate::abi::{self, Plugin, Str};
use crate::{Asks, FactKind, Gives, ScoreDeclaration, Selection};

unsafe extern "C" fn create(_: *const abi::Host, _: Str, _: *mut *mut abi::State, _: *mut abi::Error) -> i32 {
    0
}
unsafe extern "C" fn classify(
    _: *mut abi::State,
    _: *const abi::Batch,
    _: *mut abi::Output,
    _: *mut abi::Error,
) -> i32 {
    0
}
unsafe extern "C" fn destroy(_: *mut abi::State) {}

const GOOD: Plugin = Plugin {
    magic: abi::MAGIC,
    struct_size: size_of::<Plugin>() as u32,
    abi_major: abi::MAJOR,
    abi_minor: abi::MINOR,
    flags: abi::GIVES_VOTES,
    name: Str::from_static("good-1"),
    version: Str::from_static("1"),
    about: Str::from_static(""),
    config_schema: Str::from_static(""),
    reasons: std::ptr::null(),
    n_reasons: 0,
    create: Some(create),
    classify_batch: Some(classify),
    destroy: Some(destroy),
    score_purposes: Str::from_static(""),
    model: abi::Bytes::from_static(&[]),
    asks: abi::asks::DEFAULT,
    n_facts: 0,
    facts: std::ptr::null(),
    selection: std::ptr::null(),
    facts_batch: None,
};

fn checked(change: impl FnOnce(&mut Plugin)) -> Result<CheckedPlugin, HandshakeError> {
    let mut plugin = GOOD;
    change(&mut plugin);
    // SAFETY: a whole table, leaked.
    unsafe { check(Box::leak(Box::new(plugin))) }
}

fn error(change: impl FnOnce(&mut Plugin)) -> String {
    checked(change).unwrap_err().to_string()
}

#[test]
fn each_failed_check_says_what_is_wrong() {
    assert!(checked(|_| {}).is_ok());
    assert_eq!(error(|p| p.magic = 1), "its entry does not return a rejoinder plugin");
    assert_eq!(
        error(|p| p.abi_major = 2),
        "it speaks plugin ABI 2.0, and this engine 1.x: it needs a later engine, or to be compiled with rejoinder_plugin.h or \
         rejoinder-plugin of 1.x"
    );
    assert_eq!(error(|p| p.struct_size = 160), "its plugin struct has 160 bytes where ABI 1.0 has 192");
    assert_eq!(error(|p| p.classify_batch = None), "it has no function `classify_batch`");
    assert_eq!(
        error(|p| p.flags = abi::FLAG_CONCURRENT),
        "it says that it gives nothing: its `flags` need RJN_GIVES_VOTES, RJN_GIVES_SCORES or RJN_GIVES_FACTS"
    );
    assert_eq!(error(|p| p.destroy = None), "it has no function `destroy`");
    assert_eq!(error(|p| p.n_reasons = 3), "its table of 3 reasons cannot be");
    assert_eq!(
        error(|p| p.name = Str::from_static("Über")),
        "its name `Über` is not made of a-z, 0-9, - and _"
    );
}

#[test]
fn a_later_minor_and_a_longer_table_are_welcome() {
    let later = checked(|p| (p.abi_minor, p.struct_size) = (abi::MINOR + 7, 4096)).unwrap();
    assert_eq!(later.description.abi, (abi::MAJOR, abi::MINOR + 7));
}

#[test]
fn a_plugin_of_a_draft_is_told_what_to_do() {
    // As long as it was then: reading on would be reading beyond the allocation.
    for (minor, size) in [(1, 16), (2, 128), (3, 160)] {
        let old = Plugin { abi_major: 0, abi_minor: minor, struct_size: size, ..GOOD };
        let bytes: Box<[u64]> = vec![0; size as usize / 8].into();
        let table = Box::leak(bytes).as_mut_ptr().cast::<Plugin>();
        // SAFETY: as many bytes as the allocation has, of a table that is longer; `check` gets what it asks for.
        let refused = unsafe {
            std::ptr::copy_nonoverlapping((&raw const old).cast::<u8>(), table.cast(), size as usize);
            check(table).unwrap_err().to_string()
        };
        assert_eq!(
            refused,
            format!(
                "it speaks plugin ABI 0.{minor}, a draft; this engine speaks 1.0. Compile it anew: in C against this engine's \
                 rejoinder_plugin.h, with what it gives (RJN_GIVES_VOTES) in `flags`; in Rust with rejoinder-plugin 1. What \
                 changed is in plugins/README.md#from-0x-to-10"
            )
        );
    }
}

#[test]
fn scores_are_declared_by_a_flag_with_purposes_and_a_model() {
    let scoring = |purposes| {
        move |p: &mut Plugin| {
            p.flags = abi::GIVES_SCORES;
            p.score_purposes = Str::from_static(purposes);
        }
    };
    let declared = |purposes| checked(scoring(purposes)).unwrap().description.scores.unwrap();
    assert_eq!(declared(""), ScoreDeclaration { purposes: Vec::new(), has_model: false });
    let some = ["all", "kto", "UR2,UR5"].map(|purpose| purpose.parse().unwrap());
    assert_eq!(declared(" all KTO\n ur5,ur2 ").purposes, some);
    assert!(checked(|p| p.score_purposes = Str::from_static("x")).unwrap().description.scores.is_none());
    let with_model = checked(|p| {
        scoring("all")(p);
        p.model = abi::Bytes::from_static(b"RJM");
    });
    assert_eq!(with_model.unwrap().model, b"RJM");
    assert_eq!(
        error(scoring("all, kto")),
        "its score_purposes name `all,`: expected all, sft, kto, or categories such as UR2,UR5, with blanks between one \
         purpose and the next"
    );
}

#[test]
fn checks_come_in_the_headers_order() {
    let everything_wrong = |p: &mut Plugin| {
        (p.abi_major, p.abi_minor) = (0, 1);
        p.struct_size = 1;
        p.create = None;
        p.name = Str::from_static("");
    };
    assert!(error(everything_wrong).starts_with("it speaks plugin ABI 0.1"));
}

unsafe extern "C" fn facts(_: *mut abi::State, _: *const abi::Batch, _: *mut f64, _: *mut abi::Error) -> i32 {
    0
}

const EMPTY: Str = Str::from_static("");
const NUMBER: abi::Fact = abi::Fact {
    name: Str::from_static("sentiment"),
    about: EMPTY,
    kind: abi::fact_kind::NUMBER,
    n_words: 0,
    words: std::ptr::null(),
    least: -1.0,
    most: 1.0,
};

/// A plugin of these facts and nothing else.
fn giving(facts_given: Vec<abi::Fact>) -> impl FnOnce(&mut Plugin) {
    move |p| {
        (p.flags, p.classify_batch) = (abi::GIVES_FACTS, None);
        p.facts_batch = Some(facts);
        p.n_facts = facts_given.len() as u32;
        p.facts = facts_given.leak().as_ptr();
    }
}

#[test]
fn facts_are_declared_by_name_and_kind() {
    let words: &'static [Str] = Box::leak(Box::new(["calm", "angry"].map(Str::from_static)));
    let word = abi::Fact {
        name: Str::from_static("tone"),
        kind: abi::fact_kind::WORD,
        n_words: 2,
        words: words.as_ptr(),
        ..NUMBER
    };
    let checked = checked(giving(vec![NUMBER, word])).unwrap();
    assert_eq!(checked.description.gives, Gives { facts: true, ..Gives::default() });
    assert!(checked.functions.classify_batch.is_none());
    let kinds: Vec<_> =
        checked.description.facts.iter().map(|fact| (fact.name.as_str(), &fact.kind)).collect();
    let tone = FactKind::Word { words: vec!["calm".into(), "angry".into()] };
    assert_eq!(kinds, [("sentiment", &FactKind::Number { least: -1.0, most: 1.0 }), ("tone", &tone)]);

    let wrong = |fact| error(giving(vec![fact]));
    assert_eq!(error(giving(vec![])), "it has RJN_GIVES_FACTS, and its table of 0 facts cannot be");
    assert_eq!(error(giving(vec![NUMBER, NUMBER])), "it declares the fact `sentiment` twice");
    assert_eq!(
        wrong(abi::Fact { name: Str::from_static("Tone"), ..NUMBER }),
        "the name of its fact `Tone` is not made of a-z, 0-9, - and _"
    );
    assert_eq!(
        wrong(abi::Fact { least: 1.0, ..NUMBER }),
        "its fact `sentiment` is a number from 1 to 1: least and most are finite, and least is less"
    );
    assert_eq!(
        wrong(abi::Fact { kind: 7, ..NUMBER }),
        "its fact `sentiment` is of the kind 7, which is not RJN_FACT_NUMBER, _TRUTH or _WORD"
    );
    assert_eq!(
        wrong(abi::Fact { n_words: 0, ..word }),
        "its fact `tone` is a word, and its table of 0 words cannot be"
    );
    for no_word in ["true", "false", "3", "nan"] {
        let words: &'static [Str] =
            Box::leak(Box::new([Str::from_static("calm"), Str::from_static(no_word)]));
        assert_eq!(
            wrong(abi::Fact { words: words.as_ptr(), ..word }),
            format!("its fact `tone` has the word `{no_word}`, which in a rule is no word")
        );
    }
    assert_eq!(error(|p| p.flags = abi::GIVES_VOTES | abi::GIVES_FACTS), "it has no function `facts_batch`");
    assert_eq!(
        error(|p| p.facts_batch = Some(facts)),
        "it has a function `facts_batch`, and its `flags` have no RJN_GIVES_FACTS"
    );
}

#[test]
fn the_turns_that_it_wishes_to_vote_on_are_declared() {
    let asks = |number| move |p: &mut Plugin| p.asks = number;
    let read = |number| checked(asks(number)).unwrap().description.asks;
    assert_eq!([0, 1, 2].map(read), [Asks::Default, Asks::Marked, Asks::All]);
    assert_eq!(error(asks(3)), "it has RJN_ASK_SELECTED and no selection");
    assert_eq!(error(asks(4)), "its asks is 4, which is not RJN_ASK_DEFAULT to _SELECTED");
    let of_a_later_minor = checked(|p| (p.asks, p.abi_minor) = (4, abi::MINOR + 1)).unwrap();
    assert_eq!(of_a_later_minor.description.asks, Asks::Default);

    let phrases: &'static [Str] = Box::leak(Box::new(["what the hell"].map(Str::from_static)));
    let selection = abi::Selection {
        struct_size: size_of::<abi::Selection>() as u32,
        n_phrases: 1,
        phrases: phrases.as_ptr(),
        n_languages: 0,
        min_words: 2,
        languages: std::ptr::null(),
        max_words: 0,
        reserved: 0,
    };
    let selecting = |selection: abi::Selection| {
        move |p: &mut Plugin| (p.asks, p.selection) = (3, &raw const *Box::leak(Box::new(selection)))
    };
    let wanted = Selection { phrases: vec!["what the hell".into()], min_words: 2, ..Selection::default() };
    assert_eq!(checked(selecting(selection)).unwrap().description.asks, Asks::Selected(wanted));
    assert_eq!(
        error(selecting(abi::Selection { max_words: 1, ..selection })),
        "its selection wants 2 to 1 words"
    );
    assert_eq!(
        error(selecting(abi::Selection { n_languages: 3, ..selection })),
        "its selection has 3 languages and no list of them"
    );
    assert_eq!(
        error(selecting(abi::Selection { n_phrases: 4_000_000_000, ..selection })),
        "its selection has 4000000000 phrases: at most 100000 can be"
    );
    assert_eq!(
        error(selecting(abi::Selection { struct_size: 8, ..selection })),
        "its selection has 8 bytes where ABI 1.0 has 40"
    );
}
