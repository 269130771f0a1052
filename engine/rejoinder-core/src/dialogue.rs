//! What the assistant did in the answer before a turn: features that rules and plugins share.

use memchr::memmem;

use crate::fold::Folded;

/// Traits of one assistant message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AnswerTraits {
    /// Its last sentence is a question.
    pub ends_with_question: bool,
    /// Its opening apologises.
    pub apologises: bool,
    /// Its opening declines to do what was asked.
    pub refuses: bool,
    /// It stops in mid-sentence or inside a code block.
    pub cut_off: bool,
    /// It holds a code block.
    pub has_code: bool,
}

/// How much of an answer's opening is searched for apologies and refusals, in bytes.
const OPENING: usize = 240;

const APOLOGIES: &[&str] =
    &["sorry", "apolog", "my mistake", "you're right", "you are right", "对不起", "抱歉", "すみません"];
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
    "作为一个ai",
    "できません",
];

impl AnswerTraits {
    /// Reads the traits off an assistant's text.
    pub fn of(answer: &str) -> Self {
        let trimmed = answer.trim_end();
        let opening = Folded::new(&trimmed[..trimmed.floor_char_boundary(OPENING)]);
        let says = |phrases: &[&str]| {
            phrases.iter().any(|p| memmem::find(opening.text().as_bytes(), p.as_bytes()).is_some())
        };
        Self {
            ends_with_question: ends_with_question(trimmed),
            apologises: says(APOLOGIES),
            refuses: says(REFUSALS),
            cut_off: is_cut_off(trimmed),
            has_code: trimmed.contains("```"),
        }
    }
}

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

fn ends_with_question(text: &str) -> bool {
    let text = text.trim_end_matches(|c: char| {
        c.is_whitespace() || matches!(c, '"' | '\'' | ')' | '*' | '”' | '’' | '」')
    });
    let last_sentence = Folded::new(text.rsplit(['.', '!', '?', '\n']).next().unwrap_or_default());
    text.ends_with(['?', '？', '؟'])
        || QUESTION_OPENINGS.iter().any(|opening| last_sentence.text().starts_with(opening))
}

/// An answer of some length that ends without a closing mark, or inside a code fence. A short line without a full
/// stop is a style, not a cut.
fn is_cut_off(text: &str) -> bool {
    const LONG: usize = 400;
    if memmem::find_iter(text.as_bytes(), "```").count() % 2 == 1 {
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
        assert!(AnswerTraits::of("Shall I go on? ").ends_with_question);
        assert!(AnswerTraits::of("要继续吗？").ends_with_question);
        assert!(!AnswerTraits::of("Why? Because.").ends_with_question);
        assert!(AnswerTraits::of("They have music. Should I reserve a table there").ends_with_question);
        assert!(!AnswerTraits::of("Which of them is best depends on you.").ends_with_question);
        assert!(AnswerTraits::of("I apologize for the confusion.").apologises);
        assert!(AnswerTraits::of("As an AI language model, I …").refuses);
        assert_eq!(AnswerTraits::of(""), AnswerTraits::default());
    }

    #[test]
    fn an_open_code_block_or_a_long_unfinished_text_is_cut_off() {
        assert!(AnswerTraits::of("```python\nprint(1)").cut_off);
        assert!(AnswerTraits::of("```python\nprint(1)\n```").has_code);
        assert!(AnswerTraits::of(&format!("{} and the", "word ".repeat(100))).cut_off);
        assert!(!AnswerTraits::of("Paris").cut_off);
        assert!(!AnswerTraits::of(&format!("{}.", "word ".repeat(100))).cut_off);
    }
}
