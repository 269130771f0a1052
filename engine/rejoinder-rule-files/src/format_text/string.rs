//! Strings: regexes literally, all else in double quotes.

use std::borrow::Cow;

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

/// A key of the name `name`, which stands in the file as `written`.
pub(super) fn key<'t>(name: &'t str, written: &'t str) -> &'t str {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    match !name.is_empty() && name.chars().all(is_bare) {
        true => name,
        false => written,
    }
}
