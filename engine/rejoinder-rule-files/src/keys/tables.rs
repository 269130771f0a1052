//! The tables of a rule file, each with its keys in the order in which they are laid out.

use rejoinder_core::Category;

use super::kind::ListItem as Item;
use super::kind::ValueKind::{
    Choice, ColumnConditions, ColumnValues, FactValues, FilledTable, FormatNumber, List, Money, Number,
    PhraseLists, PositiveShare, RuleId, Share, ShareOrTable, Table, Tables, Text, Truth, WordCount,
};
use super::kind::{Key, ValueKind};
use crate::condition::AnswerTrait;
use crate::guard::{GuardOracle, Limit, PrecisionBound, PrecisionOf};
use crate::reading::TextReading;
use crate::rule::{MatchPosition, Route};

const fn key(name: &'static str, value: ValueKind, meaning: &'static str) -> Key {
    Key { name, meaning, value, is_required: false }
}

const fn required(name: &'static str, value: ValueKind, meaning: &'static str) -> Key {
    Key { name, meaning, value, is_required: true }
}

const CATEGORIES: [&str; Category::ALL.len()] = {
    let mut codes = [""; Category::ALL.len()];
    let mut i = 0;
    while i < codes.len() {
        codes[i] = Category::ALL[i].code();
        i += 1;
    }
    codes
};

/// The routes that a test can expect: those of rules, and that the rule does not hit.
pub(crate) const EXPECTED_ROUTES: [&str; Route::NAMES.len() + 1] = {
    let mut names = ["none"; Route::NAMES.len() + 1];
    let mut i = 0;
    while i < Route::NAMES.len() {
        names[i] = Route::NAMES[i];
        i += 1;
    }
    names
};

/// The top of a file.
pub(crate) const FILE: &[Key] = &[
    required("format", FormatNumber, "The format of rule files: always 1."),
    key("version", Text, "The version of this file, as its author counts; kept in every run's manifest."),
    key(
        "lang",
        List(Item::LanguageCode),
        "Codes of the languages that the rules are for, for readers; nothing is filtered by them.",
    ),
    key(
        "extends",
        List(Item::Pack),
        "Packs that come into force with this one: shipped names, or paths from this file's folder.",
    ),
    key(
        "disable",
        List(Item::RuleId),
        "Ids of rules that do not come into force, such as some of the extended packs.",
    ),
    key(
        "lists",
        PhraseLists,
        "Lists of phrases by name; `\"@name\"` among the phrases of a rule stands for the list.",
    ),
    key("guard", FilledTable(GUARD), "What all rules of the file together must keep to."),
    key("rule", Tables(RULE), "The rules."),
];

/// A `[[rule]]`.
pub(crate) const RULE: &[Key] = &[
    required("id", RuleId, "The rule's name, unique over all packs in force."),
    key(
        "category",
        Choice(&CATEGORIES),
        "What a hit stands for: UR1 repeats or rephrases, UR2 says what is wrong or right, UR3 says only that it is wrong, UR4 doubts or asks to clarify, UR5 thanks or confirms. Required for `accept` and `escalate`.",
    ),
    required(
        "route",
        Choice(&Route::NAMES),
        "What a hit leads to: `accept` = feedback, nobody looks again; `escalate` = worth a second look; `reject` = only looks like feedback; `score` = only its weight counts.",
    ),
    key("allow", List(Item::Warning), "Codes of warnings that are not to be told about this rule."),
    key(
        "text",
        Choice(&TextReading::NAMES),
        "The form of the turn that the rule's phrases and regexes see: `folded` (the default: lower case, plain quotes, single spaces), or the text as it was written.",
    ),
    key("all-of", List(Item::RuleId), "Ids of rules that must all hit the turn."),
    key("any-of", List(Item::RuleId), "Ids of rules; at least one of them must hit the turn."),
    key(
        "any",
        List(Item::Phrase),
        "Phrases, matched as whole words; `\"@name\"` stands for the phrases of a list.",
    ),
    key("regex", List(Item::Regex), "Regexes, matched anywhere in the turn unless they are anchored."),
    key(
        "unless",
        List(Item::Regex),
        "Regexes; where one matches anywhere in the turn, the rule does not hit.",
    ),
    key(
        "at",
        Choice(&MatchPosition::NAMES),
        "Where the match must stand: `start` = no word before it, `end` = no word after it, `whole` = neither.",
    ),
    key(
        "answer-any",
        List(Item::Phrase),
        "Phrases; one of them, or of `answer-regex`, must stand in the last answer.",
    ),
    key(
        "answer-regex",
        List(Item::Regex),
        "Regexes; one of them, or a phrase of `answer-any`, must match in the last answer.",
    ),
    key("answer-unless", List(Item::Regex), "Regexes that must not match in the last answer."),
    key(
        "earlier-any",
        List(Item::Phrase),
        "Phrases; one of them, or of `earlier-regex`, must stand in an earlier turn of the user.",
    ),
    key(
        "earlier-regex",
        List(Item::Regex),
        "Regexes; one of them, or a phrase of `earlier-any`, must match in an earlier turn of the user.",
    ),
    key("earlier-unless", List(Item::Regex), "Regexes that must not match in any earlier turn of the user."),
    key(
        "similar-to-earlier",
        Share,
        "The least likeness to one of the user's 32 latest earlier turns: the share of words in common. 0 = off.",
    ),
    key("template", Truth, "Whether the turn is an earlier one with other data in it, as in batch work."),
    key(
        "words-in-answer",
        Share,
        "The least share of the turn's words that stand in the last answer. 0 = off.",
    ),
    key("min-words", WordCount, "The least number of words of the whole turn."),
    key("max-words", WordCount, "The greatest number of words of the whole turn."),
    key("turn", Table(TURN), "Where in the conversation the turn stands."),
    key("previous-assistant", Table(&ANSWER), "What the last answer must have been, or must not have been."),
    key(
        "language",
        List(Item::Language),
        "Codes of languages; the conversation must be in one of them, as told from the user's own words.",
    ),
    key(
        "where",
        ColumnConditions,
        "Metadata columns of the record and their values; a column that the record lacks has none of them.",
    ),
    key(
        "facts",
        List(Item::FactCondition),
        "Conditions on what plugins tell of the turn, such as \"mood.sentiment < -0.5\"; all must hold.",
    ),
    key(
        "weight",
        Number,
        "Log-odds that a hit adds to the turn's prior: 1.0, or -1.0 for `reject`, unless given.",
    ),
    key("guard", FilledTable(GUARD), "What this rule must keep to."),
    key("test", Tables(TEST), "Dialogues, and what the rule must make of them."),
];

/// The key `turn`.
pub(crate) const TURN: &[Key] = &[
    key("first", Truth, "Whether the turn is the conversation's first later turn."),
    key("last", Truth, "Whether the turn is the conversation's last later turn."),
];

/// The key `previous-assistant`.
pub(crate) const ANSWER: [Key; AnswerTrait::ALL.len()] = {
    const NONE: Key = key("", Truth, "");
    let mut keys = [NONE; AnswerTrait::ALL.len()];
    let mut i = 0;
    while i < keys.len() {
        let (which, name) = AnswerTrait::ALL[i];
        keys[i] = key(name, Truth, meaning(which));
        i += 1;
    }
    keys
};

const fn meaning(which: AnswerTrait) -> &'static str {
    match which {
        AnswerTrait::EndsWithQuestion => "Whether the last answer ends with a question.",
        AnswerTrait::Apologises => "Whether the last answer's opening apologises.",
        AnswerTrait::Refuses => "Whether the last answer's opening declines.",
        AnswerTrait::CutOff => "Whether the last answer stops in mid-sentence or inside a code block.",
        AnswerTrait::HasCode => "Whether the last answer holds a code block.",
        AnswerTrait::OtherLanguage => {
            "Whether the last answer is in another language than the user's messages."
        }
    }
}

/// A `[guard]`.
pub(crate) const GUARD: &[Key] = &[
    key(Limit::KEYS[0], Share, "The greatest share of the later turns that may be sent to the judge."),
    key(Limit::KEYS[1], Share, "The greatest share of the later turns that may be accepted outright."),
    key(
        Limit::KEYS[2],
        ShareOrTable(PRECISION),
        "The least precision of what is marked: a share, or a table that says of what, against what, and by which bound.",
    ),
    key(
        Limit::KEYS[3],
        Money,
        "The most money that a thousand later turns may cost, by the prices of the config.",
    ),
];

/// The key `min-precision`.
pub(crate) const PRECISION: &[Key] = &[
    required("share", PositiveShare, "The least precision."),
    key(
        "bound",
        Choice(&PrecisionBound::NAMES),
        "What must reach it: the `lower` bound of the measured precision (the default), or what was `measured`.",
    ),
    key(
        "of",
        Choice(&PrecisionOf::NAMES),
        "What counts as right: `feedback` at all (the default), or the rule's own `category`.",
    ),
    key(
        "against",
        Choice(&GuardOracle::NAMES),
        "Who says what is right: `labels`, or the answers of a run's `judge`.",
    ),
];

/// A `[[rule.test]]`.
pub(crate) const TEST: &[Key] = &[
    required(
        "dialogue",
        List(Item::Message),
        "Messages, each behind its role: `U: ` (user), `A: ` (assistant), `S: ` (system). The last is the turn under test.",
    ),
    key("columns", ColumnValues, "What the metadata columns of the record hold."),
    key(
        "facts",
        FactValues,
        "What plugins tell of the turn under test: a number, a word, true or false by the name of the fact.",
    ),
    required("expect", FilledTable(EXPECT), "What must come out; each key that is given must be true."),
    key("todo", Text, "Why the test does not pass yet: it is reported and does not fail."),
];

/// The key `expect`.
pub(crate) const EXPECT: &[Key] = &[
    key("route", Choice(&EXPECTED_ROUTES), "The route of this rule's hit; `none`: this rule does not hit."),
    key("category", Choice(&CATEGORIES), "The category of this rule's hit."),
    key("span", Text, "The text of this rule's hit, as in the original."),
    key(
        "hits",
        List(Item::RuleId),
        "Ids of all rules that hit, of this file and of those it extends, in their order.",
    ),
];
