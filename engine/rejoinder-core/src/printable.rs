//! Chat text on a terminal: hostile until shown otherwise.

use std::borrow::Cow;

/// The text with everything that could steer a terminal or reorder a line made visible: control characters but
/// line feed and tab, and the marks that override the direction of writing.
pub fn printable(text: &str) -> Cow<'_, str> {
    escaped(text, |c| c.escape_unicode().to_string())
}

/// JSON without line breaks, in which what [`printable`] makes visible is written as `\u....`: the same value.
pub fn printable_json(json: &str) -> Cow<'_, str> {
    escaped(json, |c| format!("\\u{:04x}", c as u32))
}

fn escaped(text: &str, escape: impl Fn(char) -> String) -> Cow<'_, str> {
    if !text.contains(is_harmful) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_harmful(c) {
            shown += &escape(c);
        } else {
            shown.push(c);
        }
    }
    shown.into()
}

/// None of these is beyond `\u{FFFF}`.
fn is_harmful(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t')
        || matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_overrides_are_made_visible() {
        assert_eq!(printable("a\u{1b}[2Jb\u{202e}c\td\n"), "a\\u{1b}[2Jb\\u{202e}c\td\n");
        assert!(matches!(printable("plain ünïcode 谢谢"), Cow::Borrowed(_)));
    }

    #[test]
    fn json_keeps_its_value() {
        let value = serde_json::json!("a\u{9b}2J\u{202e}b\u{7f}\n");
        let shown = printable_json(&value.to_string()).into_owned();
        assert_eq!(shown, r#""a\u009b2J\u202eb\u007f\n""#);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
    }
}
