//! Text as a rule file writes it.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The text of a file with line feeds alone at the ends of its lines, in strings of several lines, too: a checkout for Windows
/// changes no phrase and no regex. Lines and columns stay.
pub(crate) fn with_line_feeds(text: &str) -> Cow<'_, str> {
    match text.contains("\r\n") {
        true => text.replace("\r\n", "\n").into(),
        false => text.into(),
    }
}

/// A text in double quotes, as TOML reads it; what nobody sees is written as an escape.
pub fn toml_string(text: &str) -> String {
    let mut written = String::with_capacity(text.len() + 2);
    written.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => written.extend(['\\', c]),
            '\n' => written += "\\n",
            '\t' => written += "\\t",
            _ if is_unseen(c) => {
                let _ = write!(written, "\\U{:08X}", u32::from(c));
            }
            _ => written.push(c),
        }
    }
    written.push('"');
    written
}

/// Texts in double quotes, as a list.
pub(crate) fn toml_list(texts: &[String]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| toml_string(text)).collect();
    format!("[{}]", quoted.join(", "))
}

/// A regex as a literal string, or in double quotes where a literal string cannot hold it.
pub fn toml_regex(source: &str) -> String {
    match source.contains("'''") || source.ends_with('\'') || source.contains(is_unseen) {
        true => toml_string(source),
        false => format!("'''{source}'''"),
    }
}

fn is_unseen(c: char) -> bool {
    !matches!(rejoinder_core::printable(c.encode_utf8(&mut [0; 4])), Cow::Borrowed(_)) || c.is_control()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_nobody_sees_is_written_so_that_toml_reads_it() {
        assert_eq!(toml_string("a\u{1b}\"\\"), r#""a\U0000001B\"\\""#);
        assert_eq!(toml_regex(r"\bno\b"), r"'''\bno\b'''");
        assert_eq!(toml_regex("it'"), r#""it'""#);
    }

    proptest! {
        #[test]
        fn toml_reads_what_is_written(text in any::<String>(), odd in "['\"\\\\\\n\\r\\t\u{1b}\u{202e}a]{0,9}") {
            for text in [text, odd] {
                let written = format!("a = {}\nb = {}\nc = {}", toml_string(&text), toml_regex(&text), toml_list(std::slice::from_ref(&text)));
                let table: toml::Table = written.parse().unwrap();
                prop_assert_eq!(table["a"].as_str(), Some(&*text));
                prop_assert_eq!(table["b"].as_str(), Some(text.strip_prefix('\n').filter(|_| toml_regex(&text).starts_with('\'')).unwrap_or(&text)));
                prop_assert_eq!(table["c"][0].as_str(), Some(&*text));
            }
        }
    }
}
