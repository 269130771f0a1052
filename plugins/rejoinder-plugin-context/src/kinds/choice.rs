//! "B", "option 2" or an entry of a menu, word for word: the user chooses from what the assistant offered.

use rejoinder_core::dialogue::{apologises, ends_with_question};
use rejoinder_core::fold::Folded;

use crate::phrases;
use crate::turn::Turn;

/// What may stand around a label.
const NAMES: &[&str] = &[
    "option",
    "number",
    "choice",
    "answer",
    "the",
    "one",
    "i choose",
    "i pick",
    "i'll take",
    "and",
    "or",
    "opción",
    "opción número",
    "numéro",
    "le",
    "la",
    "nummer",
    "вариант",
    "номер",
    "opção",
    "número",
    "选",
    "选项",
    "第",
    "个",
    "番",
];

/// Labels that are words.
const ORDINALS: &[&str] = &[
    "first",
    "second",
    "third",
    "fourth",
    "last",
    "former",
    "latter",
    "both",
    "all",
    "1st",
    "2nd",
    "3rd",
    "4th",
    "primera",
    "segunda",
    "première",
    "deuxième",
    "erste",
    "zweite",
    "первый",
    "второй",
    "primeira",
    "一",
    "二",
    "三",
];

/// Longer turns are more than a choice.
const LONGEST: usize = 160;

pub fn fits(turn: &Turn<'_>) -> bool {
    let Some(bare) = turn.bare(LONGEST).filter(|_| !apologises(turn.answer)) else { return false };
    if is_label(&bare) && !turn.text.contains(['^', '/', '*', '=', '?', '<', '>']) {
        return offers(turn.answer) || ends_with_question(turn.answer);
    }
    bare.split(' ').count() >= 2 && offers(turn.answer) && is_entry(&bare, turn.answer)
}

/// Made of labels, with or without the words around them.
fn is_label(bare: &str) -> bool {
    let mut labels = 0;
    let mut rest = bare;
    while !rest.is_empty() {
        if let Some(after) = phrases::strip(rest, ORDINALS) {
            labels += 1;
            rest = after;
        } else if let Some(after) = phrases::strip(rest, NAMES) {
            rest = after;
        } else {
            let word = rest.split(' ').next().unwrap_or_default();
            if !label(word) {
                return false;
            }
            labels += 1;
            rest = &rest[word.len()..];
        }
        rest = rest.trim_start();
    }
    (1..=4).contains(&labels)
}

/// One of a to h, or a number of up to three digits.
fn label(word: &str) -> bool {
    matches!(word.as_bytes(), [b'a'..=b'h']) || (word.len() <= 3 && word.bytes().all(|b| b.is_ascii_digit()))
}

/// At least two lines of the answer's end begin with a label.
fn offers(answer: &str) -> bool {
    answer.lines().filter(|line| entry(line).is_some()).take(2).count() == 2
}

/// What follows a line's label and the mark behind it. No label stands there, too.
fn entry(line: &str) -> Option<&str> {
    let line = line.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '*' | '(' | '-' | '•'));
    let digits = line.bytes().take(3).take_while(u8::is_ascii_digit).count();
    let letters = usize::from(matches!(line.as_bytes(), [b'a'..=b'h' | b'A'..=b'H', ..]));
    line[digits.max(letters)..].strip_prefix(['.', ')', ':', '、', ']'])
}

/// The turn is one of the entries, with or without its label.
fn is_entry(bare: &str, answer: &str) -> bool {
    let chosen = bare.split_once(' ').filter(|(first, _)| label(first)).map_or(bare, |(_, rest)| rest);
    answer.lines().filter_map(entry).any(|entry| phrases::bare(Folded::new(entry).text()) == chosen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_stand_alone_or_among_their_names() {
        for bare in ["b", "2", "option 2", "the second one", "1 and 3", "选二", "opción 2", "i choose c"] {
            assert!(is_label(bare), "{bare}");
        }
        for bare in ["", "option", "2 apples", "a dog", "z", "2024", "the answer is wrong", "1 2 3 4 5"] {
            assert!(!is_label(bare), "{bare}");
        }
    }
}
