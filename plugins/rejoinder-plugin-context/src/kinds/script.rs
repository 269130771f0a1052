//! In a play that user and assistant act, the user's lines are the words of a figure, not the user's own.

use rejoinder_core::fold::is_word_char;

use crate::turn::Turn;

/// A longer name is a sentence.
const NAME: usize = 24;

pub fn fits(turn: &Turn<'_>) -> bool {
    let text = turn.text.trim();
    ((acts(text) && turn.answer.lines().any(|line| acts(line.trim()))) || is_dialogue(text))
        && !turn.reports()
        && !turn.is_like_an_earlier_one()
}

/// Begins with a stage direction between asterisks and goes on with speech or ends.
fn acts(line: &str) -> bool {
    line.strip_prefix('*').and_then(|rest| rest.split_once('*')).is_some_and(|(direction, _)| {
        direction.split(' ').count() >= 2
            && direction.chars().all(|c| is_word_char(c) || " ,.'’-".contains(c))
    })
}

/// Every line is somebody's, and at least two people speak.
fn is_dialogue(text: &str) -> bool {
    let mut first = None;
    let mut several = false;
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let Some(name) = speaker(line) else { return false };
        several |= first.is_some_and(|first| first != name);
        first = first.or(Some(name));
    }
    several
}

/// The name before a line's colon; `None` if there is none, or nothing is said after it.
fn speaker(line: &str) -> Option<&str> {
    let (name, said) = line.split_once(':')?;
    let name = name.trim_matches(|c: char| c.is_whitespace() || matches!(c, '*' | '('));
    let is_name = (1..=NAME).contains(&name.len())
        && name.chars().next().is_some_and(char::is_uppercase)
        && name.split(' ').count() <= 3
        && name.chars().all(|c| c.is_alphabetic() || matches!(c, ' ' | '\'' | '.' | '-'));
    (is_name && said.starts_with(' ') && said.split_whitespace().count() >= 2).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dialogue_has_a_speaker_on_each_line_and_two_of_them() {
        assert!(is_dialogue("Mira: You are wrong!\n\nOld Tom: No, I never was."));
        assert!(!is_dialogue("Mira: You are wrong!\nMira: No, really."));
        assert!(!is_dialogue("Mira: You are wrong!\nshe said"));
        assert!(!is_dialogue("Error:oops no\nLine:two of it"));
        assert!(!is_dialogue(""));
    }

    #[test]
    fn a_stage_direction_is_words_between_asterisks() {
        assert!(acts("*shakes her head* No, that is wrong."));
        assert!(!acts("*args* is wrong") && !acts("**Note** this") && !acts("2*3*4") && !acts(""));
    }
}
