//! How long rows are, so that a draw can be as long as another set.

use std::collections::BTreeMap;
use std::fmt;
use std::io::BufRead;

use serde_json::Value;

use super::example::Example;

/// Answers of about the same length to prompts of about the same length: within a factor of 2 and of 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LengthBin {
    /// The number of binary digits of the answer's characters.
    answer: u32,
    /// The number of digits to base 4 of the prompt's characters.
    prompt: u32,
}

impl LengthBin {
    /// The bin of an answer and a prompt of so many characters.
    pub const fn of(answer_chars: usize, prompt_chars: usize) -> Self {
        Self { answer: binary_digits(answer_chars), prompt: binary_digits(prompt_chars).div_ceil(2) }
    }

    /// The bin of an example.
    pub fn of_example(example: &Example) -> Self {
        Self::of(example.answer_chars(), example.prompt_chars())
    }
}

const fn binary_digits(number: usize) -> u32 {
    usize::BITS - number.leading_zeros()
}

impl fmt::Display for LengthBin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [answer, prompt] = [(self.answer, 1), (self.prompt, 2)].map(|(digits, bits)| range(digits, bits));
        write!(f, "answers of {answer} characters to prompts of {prompt}")
    }
}

/// The numbers with so many digits of so many bits each, in words.
fn range(digits: u32, bits: u32) -> String {
    let least = |digits: u32| digits.checked_sub(1).map_or(0, |zeros| 1_u128 << (zeros * bits));
    match (least(digits), least(digits + 1) - 1) {
        (least, most) if least == most => least.to_string(),
        (least, most) => format!("{least} to {most}"),
    }
}

/// How many rows of each length a set has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LengthMix(BTreeMap<LengthBin, usize>);

impl LengthMix {
    /// Counts the rows of a file that `export` writes for TRL: lines of JSON with the messages `prompt` and `completion`.
    ///
    /// # Errors
    /// The first line that cannot be read or is no such row, or that there is none.
    pub fn of_rows(lines: impl BufRead) -> Result<Self, LengthMixError> {
        let mut counts = BTreeMap::new();
        for (number, line) in lines.split(b'\n').enumerate() {
            let at = |reason: String| LengthMixError::Line { number: number + 1, reason };
            let line = line.map_err(|why| at(why.to_string()))?;
            if line.trim_ascii().is_empty() {
                continue;
            }
            let row: Value = serde_json::from_slice(&line).map_err(|why| at(why.to_string()))?;
            let [answer, prompt] = ["completion", "prompt"]
                .map(|column| chars(&row[column]).ok_or_else(|| at(format!("no messages in `{column}`"))));
            *counts.entry(LengthBin::of(answer?, prompt?)).or_default() += 1;
        }
        if counts.is_empty() { Err(LengthMixError::Empty) } else { Ok(Self(counts)) }
    }

    /// The bins with rows, and how many rows each has.
    pub fn counts(&self) -> impl Iterator<Item = (LengthBin, usize)> {
        self.0.iter().map(|(bin, rows)| (*bin, *rows))
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.0.values().sum()
    }
}

/// The number of characters of the words in a list of messages; `None` if the value is no such list.
fn chars(messages: &Value) -> Option<usize> {
    messages.as_array()?.iter().map(|message| Some(message["content"].as_str()?.chars().count())).sum()
}

/// Why the lengths of a file's rows are not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LengthMixError {
    /// The file holds no row.
    Empty,
    /// A line cannot be read, or is no row.
    Line {
        /// The number of the line, from 1.
        number: usize,
        /// What is wrong with the line.
        reason: String,
    },
}

impl fmt::Display for LengthMixError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("it holds no row"),
            Self::Line { number, reason } => write!(
                f,
                "line {number}: {reason}. Expected rows with `prompt` and `completion`, as `export sft` and `export kto` write them \
                 for TRL"
            ),
        }
    }
}

impl std::error::Error for LengthMixError {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bins_are_named_by_the_lengths_in_them() {
        for (answer, prompt, expected) in [
            (0, 0, "answers of 0 characters to prompts of 0"),
            (1, 3, "answers of 1 characters to prompts of 1 to 3"),
            (600, 300, "answers of 512 to 1023 characters to prompts of 256 to 1023"),
            (1024, 1024, "answers of 1024 to 2047 characters to prompts of 1024 to 4095"),
        ] {
            assert_eq!(LengthBin::of(answer, prompt).to_string(), expected);
        }
        assert!(!LengthBin::of(usize::MAX, usize::MAX).to_string().is_empty());
    }

    #[test]
    fn rows_are_counted_and_what_is_none_is_told_by_its_line() {
        let row = |answer: &str| {
            format!(
                "{{\"prompt\":[{{\"role\":\"user\",\"content\":\"qé\"}}],\"completion\":[{{\"role\":\"assistant\",\"content\":\"{answer}\"}}],\"x\":1}}\n"
            )
        };
        let lines = format!("{}\n{}{}", row("ab"), row("abcd"), row("cd"));
        let mix = LengthMix::of_rows(lines.as_bytes()).unwrap();
        assert_eq!(mix.rows(), 3);
        assert_eq!(mix.counts().collect::<Vec<_>>(), [(LengthBin::of(2, 2), 2), (LengthBin::of(4, 2), 1)]);
        for (wrong, why) in [
            (String::new(), "it holds no row"),
            ("\n \n".to_owned(), "it holds no row"),
            (row("a") + "{}", "line 2: no messages in `completion`"),
            (row("a") + "[]", "line 2: no messages in `completion`"),
            (row("a") + "{\"prompt\":\"\\u001b[31mq\",\"completion\":[]}", "line 2: no messages in `prompt`"),
            ("[1".to_owned(), "line 1: "),
        ] {
            let error = LengthMix::of_rows(wrong.as_bytes()).unwrap_err().to_string();
            assert!(error.starts_with(why) && !error.contains('\u{1b}'), "{error}");
        }
        assert!(LengthMix::of_rows(&b"\xff\xfe\n"[..]).is_err());
    }

    proptest! {
        #[test]
        fn a_bin_holds_the_lengths_that_it_names(answer in 0..1_000_000_usize, prompt in 0..1_000_000_usize) {
            let bin = LengthBin::of(answer, prompt);
            for (length, digits, bits) in [(answer, bin.answer, 1), (prompt, bin.prompt, 2)] {
                let words = range(digits, bits);
                let (least, most) = words.split_once(" to ").unwrap_or((&words, &words));
                prop_assert!((least.parse().unwrap()..=most.parse().unwrap()).contains(&length), "{length}: {words}");
            }
        }

        #[test]
        fn foreign_bytes_are_rows_or_an_error_in_plain_letters(
            bytes in prop_oneof![
                prop::collection::vec(any::<u8>(), 0..200),
                "(\\{\"prompt\":(\\[\\{\"content\":(\"\u{1b}?a*\"|null)\\}\\]|7|\"\\\\\\\\u001b\"),\"completion\":(\\[\\]|\\{\\})\\}\n?){1,3}"
                    .prop_map(String::into_bytes),
            ],
        ) {
            match LengthMix::of_rows(&bytes[..]) {
                Ok(mix) => prop_assert!(mix.rows() > 0 && mix.rows() <= bytes.len()),
                Err(error) => {
                    let words = error.to_string();
                    prop_assert!(!words.chars().any(char::is_control), "{words:?}");
                }
            }
        }
    }
}
