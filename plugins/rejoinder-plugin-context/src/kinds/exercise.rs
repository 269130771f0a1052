//! A question with answers to choose from is the next item of a test: what sounds like blame in it ("which of these is
//! wrong?") is part of the exercise.

use crate::turn::Turn;

/// So many lettered lines in a row make a multiple choice.
const OPTIONS: usize = 3;

pub fn fits(turn: &Turn<'_>) -> bool {
    has_options(turn.text) && !turn.is_like_an_earlier_one()
}

/// Lines that begin with A, B, C in this order.
fn has_options(text: &str) -> bool {
    let mut next = b'a';
    for line in text.lines() {
        let line = line.trim_start_matches(|c: char| c.is_whitespace() || c == '(');
        if let [letter, b'.' | b')' | b':', ..] = line.as_bytes()
            && letter.to_ascii_lowercase() == next
        {
            next += 1;
        }
    }
    usize::from(next - b'a') >= OPTIONS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_lettered_in_order() {
        assert!(has_options("Which is wrong?\nA. north\nB. south\n(C) up"));
        assert!(!has_options("a) one\nc) three\nd) four"));
        assert!(!has_options(""));
    }
}
