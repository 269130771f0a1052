//! What the assistant did in an answer: features that rules and plugins share.

use std::sync::LazyLock;

use memchr::memmem;

use crate::automaton::{Automaton, LineFeed};
use crate::fold::Folded;

/// How much of an answer's opening is searched for apologies and refusals, in bytes.
const OPENING: usize = 240;

const APOLOGIES: &[&str] = &[
    "sorry",
    "apolog",
    "my mistake",
    "you're right",
    "you are right",
    "对不起",
    "對不起",
    "抱歉",
    "すみません",
    "申し訳",
    "ごめん",
    "lo siento",
    "disculp",
    "désolé",
    "excusez",
    "entschuldig",
    "tut mir leid",
    "извин",
    "прошу прощения",
    "desculp",
    "sinto muito",
];

const REFUSALS: &[&str] = &[
    "i can't",
    "i cannot",
    "i can not",
    "i'm unable",
    "i am unable",
    "i am not able",
    "i'm not able",
    "as an ai",
    "i'm not programmed",
    "i won't",
    "i will not",
    "i must decline",
    "我无法",
    "我無法",
    "我不能",
    "作为一个ai",
    "作为人工智能",
    "作為人工智慧",
    "できません",
    "no puedo",
    "como ia",
    "je ne peux pas",
    "en tant qu'ia",
    "ich kann nicht",
    "ich kann leider",
    "als ki",
    "я не могу",
    "как ии",
    "não posso",
    "como uma ia",
];

/// Finds the phrases; by literal, whether it apologises.
static PHRASES: LazyLock<(Automaton, Vec<bool>)> = LazyLock::new(|| {
    let apologies = APOLOGIES.iter().map(|phrase| (*phrase, true));
    let mut phrases: Vec<_> = apologies.chain(REFUSALS.iter().map(|phrase| (*phrase, false))).collect();
    phrases.sort_unstable();
    let (literals, apologise): (Vec<&str>, Vec<bool>) = phrases.into_iter().unzip();
    (Automaton::new(&literals, LineFeed::Itself), apologise)
});

/// What the opening of an answer does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Opening {
    /// The opening apologises.
    pub apologises: bool,
    /// The opening declines to do what was asked.
    pub refuses: bool,
}

impl Opening {
    /// Reads the opening of `answer`.
    pub fn of(answer: &str) -> Self {
        let mut found = Self::default();
        let (phrases, apologise) = &*PHRASES;
        for (_, literals) in phrases.ends(opening(answer).text().as_bytes()) {
            for literal in literals {
                match apologise[literal as usize] {
                    true => found.apologises = true,
                    false => found.refuses = true,
                }
            }
        }
        found
    }
}

/// Whether an answer's opening apologises.
pub fn apologises(answer: &str) -> bool {
    Opening::of(answer).apologises
}

/// Whether an answer's opening declines to do what was asked.
pub fn refuses(answer: &str) -> bool {
    Opening::of(answer).refuses
}

fn opening(answer: &str) -> Folded {
    let answer = answer.trim_start();
    Folded::new(&answer[..answer.floor_char_boundary(OPENING)])
}

/// Whether an answer holds a code block.
pub fn has_code(answer: &str) -> bool {
    memmem::find(answer.as_bytes(), FENCE).is_some()
}

const FENCE: &[u8] = b"```";

/// How questions begin where people leave out the mark; told by the last sentence, which then has no mark at all.
const QUESTION_OPENINGS: &[&str] = &[
    "should i ",
    "shall i ",
    "shall we ",
    "would you ",
    "do you ",
    "did you ",
    "can i ",
    "can you ",
    "could you ",
    "may i ",
    "are you ",
    "is that ",
    "is this ",
    "what ",
    "which ",
    "how ",
    "when ",
    "where ",
    "who ",
];

/// Whether an answer's last sentence is a question, with a mark or without.
pub fn ends_with_question(answer: &str) -> bool {
    let text = answer.trim_end_matches(|c: char| {
        c.is_whitespace() || matches!(c, '"' | '\'' | ')' | '*' | '”' | '’' | '」')
    });
    if text.ends_with(['?', '？', '؟']) {
        return true;
    }
    let last_sentence = text.rsplit(['.', '!', '?', '\n']).next().unwrap_or_default().trim_start();
    let opening = Folded::new(&last_sentence[..last_sentence.floor_char_boundary(OPENING)]);
    QUESTION_OPENINGS.iter().any(|question| opening.text().starts_with(question))
}

/// Whether an answer was cut off: it ends inside a code block, or it is long and ends without a closing mark. A short line
/// without a full stop is a style, not a cut.
pub fn is_cut_off(answer: &str) -> bool {
    const LONG: usize = 400;
    let text = answer.trim_end();
    if memmem::find_iter(text.as_bytes(), FENCE).count() % 2 == 1 {
        return true;
    }
    let last = text.chars().next_back();
    text.len() >= LONG
        && last.is_some_and(|c| c.is_alphanumeric() || matches!(c, ',' | '，' | '、' | '(' | '-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_questions_apologies_and_refusals() {
        assert!(ends_with_question("Shall I go on? "));
        assert!(ends_with_question("要继续吗？"));
        assert!(!ends_with_question("Why? Because."));
        assert!(ends_with_question("They have music. Should I reserve a table there"));
        assert!(!ends_with_question("Which of them is best depends on you."));
        assert!(apologises("I apologize for the confusion."));
        assert!(apologises("申し訳ありません。"));
        assert!(!apologises(&format!("{} sorry", "word ".repeat(60))), "beyond the opening");
        assert!(refuses("As an AI language model, I …"));
        assert!(refuses("Lo siento, pero no puedo ayudarte con eso."));
        assert!(![ends_with_question, apologises, refuses, has_code, is_cut_off].iter().any(|is| is("")));
    }

    #[test]
    fn an_open_code_block_or_a_long_unfinished_text_is_cut_off() {
        assert!(is_cut_off("```python\nprint(1)"));
        assert!(has_code("```python\nprint(1)\n```"));
        assert!(is_cut_off(&format!("{} and the", "word ".repeat(100))));
        assert!(!is_cut_off("Paris"));
        assert!(!is_cut_off(&format!("{}.", "word ".repeat(100))));
    }
}
