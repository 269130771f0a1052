//! The constants of a classifier as the C table wants them: arrays whose sizes do not depend on the classifier.

use std::marker::PhantomData;
use std::ptr::null;

use rejoinder_plugin_abi::{self as abi, Str, asks, fact_kind};

use crate::fact::FactKind;
use crate::{Asks, Classifier};

/// The greatest number of texts in a list.
const MAX_TEXTS: usize = 1024;
/// The number of texts up to which a list takes the smaller table.
const FEW_TEXTS: usize = 64;
/// The greatest number of facts, and of words of all facts together.
const MAX_FACTS: usize = 64;
const MAX_WORDS: usize = 256;

/// A list of texts of a classifier.
pub(crate) trait TextList {
    const TEXTS: &'static [&'static str];
}

/// The reasons, the phrases and the languages of a classifier.
struct Reasons<C>(PhantomData<C>);
struct Phrases<C>(PhantomData<C>);
struct Languages<C>(PhantomData<C>);

impl<C: Classifier> TextList for Reasons<C> {
    const TEXTS: &'static [&'static str] = C::REASONS;
}
impl<C: Classifier> TextList for Phrases<C> {
    const TEXTS: &'static [&'static str] = match C::CANDIDATES {
        Asks::Selected(selection) => selection.phrases,
        _ => &[],
    };
}
impl<C: Classifier> TextList for Languages<C> {
    const TEXTS: &'static [&'static str] = match C::CANDIDATES {
        Asks::Selected(selection) => selection.languages,
        _ => &[],
    };
}

struct TextTable<L, const N: usize>(PhantomData<L>);

impl<L: TextList, const N: usize> TextTable<L, N> {
    const TABLE: &'static [Str; N] = &{
        let mut table = [Str::from_static(""); N];
        let mut i = 0;
        while i < L::TEXTS.len() && i < N {
            table[i] = Str::from_static(L::TEXTS[i]);
            i += 1;
        }
        table
    };
}

const fn texts<L: TextList>() -> *const Str {
    match L::TEXTS.len() {
        0 => null(),
        1..=FEW_TEXTS => TextTable::<L, FEW_TEXTS>::TABLE.as_ptr(),
        len => {
            assert!(len <= MAX_TEXTS, "a list of a classifier has at most 1024 texts");
            TextTable::<L, MAX_TEXTS>::TABLE.as_ptr()
        }
    }
}

/// The reasons of a classifier.
pub(crate) const fn reasons<C: Classifier>() -> *const Str {
    texts::<Reasons<C>>()
}

/// Which turns a classifier asks for.
pub(crate) const fn asks_of<C: Classifier>() -> u32 {
    match C::CANDIDATES {
        Asks::Default => asks::DEFAULT,
        Asks::Marked => asks::MARKED,
        Asks::All => asks::ALL,
        Asks::Selected(_) => asks::SELECTED,
    }
}

struct SelectionTable<C>(PhantomData<C>);

impl<C: Classifier> SelectionTable<C> {
    const TABLE: &'static abi::Selection = &{
        let (min_words, max_words) = match C::CANDIDATES {
            Asks::Selected(selection) => (selection.min_words, selection.max_words),
            _ => (0, 0),
        };
        abi::Selection {
            struct_size: size_of::<abi::Selection>() as u32,
            n_phrases: Phrases::<C>::TEXTS.len() as u32,
            phrases: texts::<Phrases<C>>(),
            n_languages: Languages::<C>::TEXTS.len() as u32,
            min_words,
            languages: texts::<Languages<C>>(),
            max_words,
            reserved: 0,
        }
    };
}

/// The condition of a classifier that has one.
pub(crate) const fn selection<C: Classifier>() -> *const abi::Selection {
    match C::CANDIDATES {
        Asks::Selected(_) => SelectionTable::<C>::TABLE,
        _ => null(),
    }
}

struct FactTable<C>(PhantomData<C>);

impl<C: Classifier> FactTable<C> {
    /// The words of all facts, one fact's after the other's.
    const WORDS: &'static [Str; MAX_WORDS] = &{
        let mut table = [Str::from_static(""); MAX_WORDS];
        let (mut fact, mut at) = (0, 0);
        while fact < C::FACTS.len() {
            if let FactKind::Word(words) = C::FACTS[fact].kind {
                let mut word = 0;
                while word < words.len() {
                    assert!(at < MAX_WORDS, "the facts of a classifier have at most 256 words together");
                    assert!(is_name(words[word]), "a fact's words consist of a-z, 0-9, - and _");
                    table[at] = Str::from_static(words[word]);
                    (word, at) = (word + 1, at + 1);
                }
            }
            fact += 1;
        }
        table
    };

    const TABLE: &'static [abi::Fact; MAX_FACTS] = &{
        let none = Str::from_static("");
        let empty =
            abi::Fact { name: none, about: none, kind: 0, n_words: 0, words: null(), least: 0.0, most: 0.0 };
        let mut table = [empty; MAX_FACTS];
        let (mut i, mut at) = (0, 0);
        assert!(C::FACTS.len() <= MAX_FACTS, "a classifier has at most 64 facts");
        while i < C::FACTS.len() {
            let fact = &C::FACTS[i];
            assert!(is_name(fact.name), "a fact's name consists of a-z, 0-9, - and _");
            table[i].name = Str::from_static(fact.name);
            table[i].about = Str::from_static(fact.about);
            match fact.kind {
                FactKind::Number { least, most } => {
                    assert!(least < most, "a fact's range has a least and a greater most number");
                    table[i].kind = fact_kind::NUMBER;
                    (table[i].least, table[i].most) = (least, most);
                }
                FactKind::Truth => table[i].kind = fact_kind::TRUTH,
                FactKind::Word(words) => {
                    assert!(!words.is_empty(), "a fact that is a word has some words");
                    table[i].kind = fact_kind::WORD;
                    table[i].n_words = words.len() as u32;
                    table[i].words = Self::WORDS.split_at(at).1.as_ptr();
                    at += words.len();
                }
            }
            i += 1;
        }
        table
    };
}

/// The facts of a classifier.
pub(crate) const fn facts<C: Classifier>() -> *const abi::Fact {
    match C::FACTS {
        [] => null(),
        _ => FactTable::<C>::TABLE.as_ptr(),
    }
}

/// Whether a text may name a plugin, a fact or a word.
pub(crate) const fn is_name(name: &str) -> bool {
    let bytes = name.as_bytes();
    let mut i = 0;
    while i < bytes.len() {
        if !matches!(bytes[i], b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_') {
            return false;
        }
        i += 1;
    }
    !bytes.is_empty()
}
