//! Chat text on a terminal: hostile until shown otherwise.

use std::borrow::Cow;

/// The text with everything that could steer a terminal or reorder a line made visible: control characters but
/// line feed and tab, and the marks that override the direction of writing.
pub fn printable(text: &str) -> Cow<'_, str> {
    let harmful = |c: char| {
        (c.is_control() && c != '\n' && c != '\t')
            || matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    };
    if !text.contains(harmful) {
        return Cow::Borrowed(text);
    }
    text.chars()
        .flat_map(|c| {
            if harmful(c) { c.escape_unicode().collect::<String>() } else { c.to_string() }
                .chars()
                .collect::<Vec<_>>()
        })
        .collect::<String>()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_overrides_are_made_visible() {
        assert_eq!(printable("a\u{1b}[2Jb\u{202e}c\td\n"), "a\\u{1b}[2Jb\\u{202e}c\td\n");
        assert!(matches!(printable("plain ünïcode 谢谢"), Cow::Borrowed(_)));
    }
}
