//! Text of others on a terminal, which counts as hostile.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The text with everything made visible that could steer a terminal, reorder a line, or stand in it unseen: control
/// characters but line feed and tab, marks that override the direction of writing, and characters without a width. Joiners and
/// variation selectors stay where scripts and emoji need them.
pub fn printable(text: &str) -> Cow<'_, str> {
    escaped(text, |c, shown| shown.extend(c.escape_unicode()))
}

/// JSON without line breaks, in which what [`printable`] makes visible is written as `\u....`: the same value.
pub fn printable_json(json: &str) -> Cow<'_, str> {
    escaped(json, |c, shown| {
        for unit in c.encode_utf16(&mut [0; 2]) {
            let _ = write!(shown, "\\u{unit:04x}");
        }
    })
}

fn escaped(text: &str, escape: impl Fn(char, &mut String)) -> Cow<'_, str> {
    if !text.contains(is_suspect) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for piece in text_pieces(text) {
        match piece {
            TextPiece::Seen(piece) => shown.push_str(piece),
            TextPiece::Unseen(c) => escape(c, &mut shown),
        }
    }
    shown.into()
}

/// A piece of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextPiece<'t> {
    /// Characters that are shown as they are.
    Seen(&'t str),
    /// A character that [`printable`] makes visible.
    Unseen(char),
}

/// The text in pieces, so that what [`printable`] makes visible can be shown in another way.
pub fn text_pieces(text: &str) -> impl Iterator<Item = TextPiece<'_>> {
    let (mut rest, mut before) = (text, ' ');
    std::iter::from_fn(move || {
        let mut last = before;
        let hidden = rest.char_indices().find(|(_, c)| {
            let is_hidden = is_harmful(*c) || (is_invisible(*c) && !is_needed(*c, last));
            if !is_hidden {
                last = *c;
            }
            is_hidden
        });
        match hidden {
            Some((0, c)) => {
                rest = &rest[c.len_utf8()..];
                before = c;
                Some(TextPiece::Unseen(c))
            }
            None if rest.is_empty() => None,
            _ => {
                let (piece, behind) = rest.split_at(hidden.map_or(rest.len(), |(at, _)| at));
                rest = behind;
                before = last;
                Some(TextPiece::Seen(piece))
            }
        }
    })
}

fn is_suspect(c: char) -> bool {
    is_harmful(c) || is_invisible(c)
}

fn is_harmful(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t')
        || matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Whether a character has no width (Unicode's Default_Ignorable_Code_Point, and the marks of annotations) or looks like nothing.
const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{AD}'
            | '\u{34F}'
            | '\u{115F}'..='\u{1160}'
            | '\u{17B4}'..='\u{17B5}'
            | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200D}'
            | '\u{2060}'..='\u{2065}'
            | '\u{206A}'..='\u{206F}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}'
            | '\u{FFA0}'
            | '\u{FFF0}'..='\u{FFFB}'
            | '\u{1BCA0}'..='\u{1BCA3}'
            | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E0FFF}'
    )
}

/// Whether a character without width shapes the visible character before it: a joiner between letters or emoji, or the choice
/// of a symbol's look.
fn is_needed(c: char, before: char) -> bool {
    let shapes = match c {
        '\u{200C}' | '\u{200D}' => !before.is_ascii(),
        '\u{FE0E}' | '\u{FE0F}' => {
            !before.is_ascii() || before.is_ascii_digit() || matches!(before, '#' | '*')
        }
        _ => false,
    };
    // Behind an emoji's selector a joiner goes on with the same emoji.
    shapes && (!is_invisible(before) || (c == '\u{200D}' && before == '\u{FE0F}'))
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
    fn what_nobody_sees_is_made_visible() {
        for (text, expected) in [
            ("pay\u{200b}pal", "pay\\u{200b}pal"),
            ("a\u{e0041}\u{e0042}b", "a\\u{e0041}\\u{e0042}b"),
            ("line\u{2028}# user: x", "line\\u{2028}# user: x"),
            ("\u{feff}head", "\\u{feff}head"),
            ("a\u{200d}b\u{fe0f}", "a\\u{200d}b\\u{fe0f}"),
            ("so\u{ad}ft", "so\\u{ad}ft"),
            ("谢\u{200d}\u{200d}谢", "谢\u{200d}\\u{200d}谢"),
        ] {
            assert_eq!(printable(text), expected);
        }
        for text in [
            "👩\u{200d}💻 ❤\u{fe0f} 1\u{fe0f}\u{20e3}",
            "می\u{200c}خواهم",
            "क्\u{200d}ष",
            "👁\u{fe0f}\u{200d}🗨\u{fe0f}",
        ] {
            assert_eq!(printable(text), text);
        }
    }

    #[test]
    fn pieces_are_the_text() {
        let text = "a\u{202e}\u{200b}b👩\u{200d}💻\u{0}";
        let pieces: Vec<TextPiece<'_>> = text_pieces(text).collect();
        let expected = [
            TextPiece::Seen("a"),
            TextPiece::Unseen('\u{202e}'),
            TextPiece::Unseen('\u{200b}'),
            TextPiece::Seen("b👩\u{200d}💻"),
            TextPiece::Unseen('\u{0}'),
        ];
        assert_eq!(pieces, expected);
        assert_eq!(text_pieces("").next(), None);
    }

    #[test]
    fn json_keeps_its_value() {
        let value = serde_json::json!("a\u{9b}2J\u{202e}b\u{7f}\n");
        let shown = printable_json(&value.to_string()).into_owned();
        assert_eq!(shown, r#""a\u009b2J\u202eb\u007f\n""#);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
        let value = serde_json::json!("a\u{e0041}b");
        let shown = printable_json(&value.to_string()).into_owned();
        assert_eq!(shown, r#""a\udb40\udc41b""#);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
    }
}
