//! Control characters that escapes of TOML stand for where a regex was meant: `"\bno\b"` looks for backspaces.

use std::ops::Range;

use super::check::Warn;
use crate::toml_reader::{Findings, SpannedValue};

/// What an escape in a string is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextKind {
    /// A phrase.
    Phrase,
    /// A regex.
    Regex,
}

/// A control character that an escape in a basic string stands for.
#[derive(Clone, Debug)]
pub(crate) struct ControlCharacter {
    kind: TextKind,
    /// The escape.
    escape: Range<usize>,
    /// The string, with its quotes.
    string: Range<usize>,
    character: char,
}

impl ControlCharacter {
    /// Notes the first control character of a string, for a warning.
    pub(crate) fn note(string: &SpannedValue<&str>, kind: TextKind, findings: &mut Findings<'_>) {
        if !string.value.contains(is_trap) {
            return;
        }
        let raw = &findings.source.text[string.span.clone()];
        let trap = escapes(raw).find(|(_, character)| character.is_some_and(is_trap));
        if let Some((place, Some(character))) = trap {
            let start = string.span.start;
            let escape = start + place.start..start + place.end;
            findings.controls.push(Self { kind, escape, string: string.span.clone(), character });
        }
    }

    /// Whether the string at this place holds the character.
    pub(super) fn stands_in(&self, string: &Range<usize>) -> bool {
        self.string == *string
    }

    /// What the escape stands for, in words.
    fn name(&self) -> String {
        match self.character {
            '\u{8}' => "a backspace".to_owned(),
            '\u{C}' => "a form feed".to_owned(),
            '\u{1B}' => "an escape character".to_owned(),
            other => format!("the control character U+{:04X}", u32::from(other)),
        }
    }
}

/// Warns about control characters; `text` is their file.
pub(super) fn check(controls: &[ControlCharacter], text: &str, warn: &mut Warn<'_>) {
    for found in controls {
        let escape = &text[found.escape.clone()];
        let message = format!(
            "`{escape}` in double quotes is {}, which no chat holds{}",
            found.name(),
            if escape == "\\b" { ", and no word boundary" } else { "" }
        );
        let literal = literal_string(&text[found.string.clone()]);
        let help = match (found.kind, escape, literal) {
            (TextKind::Regex, _, Some(literal)) => {
                format!("in a literal string a backslash stays one: {literal}")
            }
            (TextKind::Regex, _, None) => format!("double the backslash: `\\{escape}`"),
            (TextKind::Phrase, "\\b", _) => {
                "leave it out: a phrase matches whole words anyway; what is a regex belongs under `regex`"
                    .to_owned()
            }
            (TextKind::Phrase, ..) => "leave it out, or double the backslash if one was meant".to_owned(),
        };
        warn("W111", &found.escape, message, &help);
    }
}

/// Whether an author who wrote this character meant another. Tabs and line feeds are white space that may be meant.
fn is_trap(c: char) -> bool {
    c.is_control() && !matches!(c, '\t' | '\n' | '\r')
}

/// The escapes of a string as it stands in the file, with the characters that they stand for; none in a literal string.
fn escapes(raw: &str) -> impl Iterator<Item = (Range<usize>, Option<char>)> + '_ {
    let mut at = if raw.starts_with('"') { 0 } else { raw.len() };
    std::iter::from_fn(move || {
        let start = at + raw[at..].find('\\')?;
        let letter = raw[start + 1..].chars().next()?;
        let digits = match letter {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => 0,
        };
        at = raw.floor_char_boundary((start + 1 + letter.len_utf8() + digits).min(raw.len()));
        let character = match letter {
            'b' => Some('\u{8}'),
            'f' => Some('\u{C}'),
            'e' => Some('\u{1B}'),
            'n' => Some('\n'),
            't' => Some('\t'),
            'r' => Some('\r'),
            '"' | '\\' => Some(letter),
            'x' | 'u' | 'U' => u32::from_str_radix(&raw[start + 2..at], 16).ok().and_then(char::from_u32),
            _ => None,
        };
        Some((start..at, character))
    })
}

/// The regex that a basic string seems to mean, as a literal string: escapes that a regex has as well stay as they are. `None`
/// where a literal string cannot hold it, or would be long.
fn literal_string(raw: &str) -> Option<String> {
    const MOST: usize = 120;
    let quotes = if raw.starts_with("\"\"\"") { 3 } else { 1 };
    let inner = raw.get(quotes..raw.len().checked_sub(quotes)?)?;
    let (mut meant, mut at) = (String::new(), 0);
    for (place, character) in escapes(raw) {
        let place = place.start.checked_sub(quotes)?..place.end.checked_sub(quotes)?;
        meant += inner.get(at..place.start)?;
        match character {
            Some(quoted @ ('"' | '\\')) => meant.push(quoted),
            _ => meant += inner.get(place.clone())?,
        }
        at = place.end;
    }
    meant += inner.get(at..)?;
    let fits =
        meant.len() <= MOST && !meant.contains("'''") && !meant.ends_with('\'') && !meant.contains('\n');
    fits.then(|| format!("'''{meant}'''"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_regex_is_shown_as_a_literal_string() {
        for (raw, literal) in [
            (r#""\bfoo\b""#, Some(r"'''\bfoo\b'''")),
            (r#""\\d+ \"a\" \b""#, Some(r#"'''\d+ "a" \b'''"#)),
            (r#""""\bno""""#, Some(r"'''\bno'''")),
            (r#""\b'''""#, None),
            (r#""\bit'""#, None),
        ] {
            assert_eq!(literal_string(raw).as_deref(), literal, "{raw}");
        }
    }

    proptest! {
        /// Whatever escapes a string has, they are found where they stand.
        #[test]
        fn escapes_stand_for_what_toml_reads(
            pieces in prop::collection::vec(prop::sample::select(vec![
                r"\b", r"\f", r"\n", r"\t", r#"\""#, r"\\", r"\u0008", r"\u00e9", r"\U0001F600", "a", "é", "b", "谢", " ",
            ]), 0..12),
        ) {
            let raw = format!("\"{}\"", pieces.concat());
            let text = format!("x = {raw}");
            let table = toml::de::DeTable::parse(&text).unwrap();
            let value = table.get_ref().get("x").unwrap().get_ref().as_str().unwrap().to_owned();
            let mut read = String::new();
            let mut at = 1;
            for (place, character) in escapes(&raw) {
                read += &raw[at..place.start];
                read.push(character.unwrap());
                at = place.end;
            }
            read += &raw[at..raw.len() - 1];
            prop_assert_eq!(read, value);
        }
    }
}
