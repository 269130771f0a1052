//! Strings: regexes literally, all else in double quotes.

use std::borrow::Cow;
use std::fmt::Write as _;

use rejoinder_core::printable;

/// A string of the value `value`, which stands in the file as `written`. What no other form shows better stays: text over several
/// lines, and characters that nobody sees.
pub(super) fn text<'t>(value: &str, written: &'t str, is_regex: bool) -> Cow<'t, str> {
    let is_plain = !value.contains(char::is_control) && matches!(printable(value), Cow::Borrowed(_));
    // An escape shows a character that itself would not be seen.
    let is_shown = |c: char| c == ' ' || !c.is_whitespace() || written.contains(c);
    if !is_plain || written.contains('\n') || !value.chars().all(is_shown) {
        return written.into();
    }
    let is_literal = !value.is_empty() && !value.contains("'''") && !value.ends_with('\'');
    match is_regex && is_literal {
        true => format!("'''{value}'''").into(),
        false => format!("\"{}\"", value.replace('\\', r"\\").replace('"', "\\\"")).into(),
    }
}

/// A text as a string of TOML, in one line: between `'''` where it holds a backslash and can stand so, as regexes are written.
pub fn toml_string(text: &str) -> String {
    let is_plain = |c: char| !c.is_control();
    if text.contains('\\') && text.chars().all(is_plain) && !text.contains("'''") && !text.ends_with('\'') {
        return format!("'''{text}'''");
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Texts as a list of TOML, in one line.
pub(crate) fn toml_list(texts: &[String]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| toml_string(text)).collect();
    format!("[{}]", texts.join(", "))
}

/// A key of the name `name`, which stands in the file as `written`.
pub(super) fn key<'t>(name: &'t str, written: &'t str) -> &'t str {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    match !name.is_empty() && name.chars().all(is_bare) {
        true => name,
        false => written,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_stands_in_a_file_as_it_is(text in any::<String>()) {
            let line = format!("a = {}", toml_string(&text));
            prop_assert!(!line.contains('\n'));
            let table: toml::Table = line.parse().unwrap();
            prop_assert_eq!(table["a"].as_str(), Some(text.as_str()));
        }
    }
}
