//! A message's text, decoded when somebody reads it.
//!
//! Most of a chat log is what assistants wrote, and most of that is never read. So a text that stands in the input as a JSON
//! string with escapes stays there, borrowed, until somebody reads it for the first time.

use std::borrow::Cow;
use std::fmt;
use std::ops::{Add, Deref};
use std::sync::OnceLock;

/// A text that derefs to `str`. Equal texts are equal, whether they are decoded yet or not.
#[derive(Clone)]
pub struct Text<'a>(Form<'a>);

#[derive(Clone)]
enum Form<'a> {
    Plain(Cow<'a, str>),
    Escaped { quoted: &'a str, decoded: OnceLock<Box<str>> },
}

impl<'a> Text<'a> {
    /// The text of a JSON string, given with its quotes. The caller has checked all escapes of the string: reading the
    /// text panics if it is no JSON string.
    pub const fn escaped(quoted: &'a str) -> Self {
        Self(Form::Escaped { quoted, decoded: OnceLock::new() })
    }

    /// Whether the text is borrowed from the input and not decoded (yet).
    pub fn is_borrowed(&self) -> bool {
        match &self.0 {
            Form::Plain(text) => matches!(text, Cow::Borrowed(_)),
            Form::Escaped { decoded, .. } => decoded.get().is_none(),
        }
    }

    /// Whether the text is empty or white space only. The text is hardly ever decoded for it.
    pub fn is_blank(&self) -> bool {
        let Form::Escaped { quoted, .. } = &self.0 else { return self.trim().is_empty() };
        let mut rest = &quoted[1..quoted.len() - 1];
        loop {
            rest = rest.trim_start();
            match rest.as_bytes() {
                [] => return true,
                [b'\\', b'n' | b'r' | b't', ..] => rest = &rest[2..],
                [b'\\', b'u' | b'f', ..] => return self.trim().is_empty(),
                _ => return false,
            }
        }
    }

    /// Counts the characters, without decoding.
    pub fn count(&self) -> CharCount {
        let Form::Escaped { quoted, .. } = &self.0 else { return CharCount::of(self) };
        let source = &quoted[1..quoted.len() - 1];
        let bytes = source.as_bytes();
        let mut count = CharCount::of(source);
        let mut at = 0;
        while let Some(next) = memchr::memchr(b'\\', &bytes[at..]) {
            at += next;
            let (len, decoded) = match bytes[at + 1] {
                b'u' => match u16::from_str_radix(&source[at + 2..at + 6], 16) {
                    Ok(0xD800..0xDC00) => (12, CharCount::LONGER),
                    Ok(unit) => (6, CharCount::of_unit(unit)),
                    Err(_) => unreachable!("the escapes were checked when it was read"),
                },
                _ => (2, CharCount::MARK),
            };
            count.ascii -= len as u64;
            count.marks -= bytes[at..at + len].iter().filter(|&&b| !is_word(b)).count() as u64;
            count = count + decoded;
            at += len;
        }
        count
    }
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match &self.0 {
            Form::Plain(text) => text,
            Form::Escaped { quoted, decoded } => decoded.get_or_init(|| {
                serde_json::from_str(quoted).expect("the escapes were checked when it was read")
            }),
        }
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self(Form::Plain(Cow::Borrowed(text)))
    }
}

impl From<String> for Text<'_> {
    fn from(text: String) -> Self {
        Self(Form::Plain(Cow::Owned(text)))
    }
}

impl<'a> From<Cow<'a, str>> for Text<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        Self(Form::Plain(text))
    }
}

impl PartialEq for Text<'_> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Text<'_> {}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// Numbers of characters in a text, by the kinds that tokenizers treat differently.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CharCount {
    /// ASCII characters.
    pub ascii: u64,
    /// ASCII characters that are neither letters nor spaces: digits, punctuation, line ends.
    pub marks: u64,
    /// Characters beyond ASCII.
    pub other: u64,
    /// Characters beyond ASCII that take two bytes in UTF-8: letters of alphabets from Latin to Arabic.
    pub two_byte: u64,
}

impl CharCount {
    const WORD: Self = Self { ascii: 1, marks: 0, other: 0, two_byte: 0 };
    const MARK: Self = Self { marks: 1, ..Self::WORD };
    const LONGER: Self = Self { ascii: 0, marks: 0, other: 1, two_byte: 0 };
    const TWO_BYTE: Self = Self { two_byte: 1, ..Self::LONGER };

    /// Counts the characters of `text`.
    pub fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        let words = count(bytes, is_word);
        if text.is_ascii() {
            let ascii = text.len() as u64;
            return Self { ascii, marks: ascii - words, other: 0, two_byte: 0 };
        }
        let ascii = count(bytes, |b| b < 0x80);
        let marks = ascii - words;
        // Every character begins with exactly one byte that is no continuation byte.
        let other = count(bytes, |b| b >= 0xC0);
        Self { ascii, marks, other, two_byte: count(bytes, |b| matches!(b, 0xC0..0xE0)) }
    }

    /// The character of one UTF-16 code unit that is no surrogate.
    const fn of_unit(unit: u16) -> Self {
        match unit {
            0..0x80 if is_word(unit as u8) => Self::WORD,
            0..0x80 => Self::MARK,
            0x80..0x800 => Self::TWO_BYTE,
            _ => Self::LONGER,
        }
    }
}

impl Add for CharCount {
    type Output = Self;

    fn add(self, more: Self) -> Self {
        Self {
            ascii: self.ascii + more.ascii,
            marks: self.marks + more.marks,
            other: self.other + more.other,
            two_byte: self.two_byte + more.two_byte,
        }
    }
}

/// Whether a byte is an ASCII letter or a space.
const fn is_word(b: u8) -> bool {
    b.is_ascii_alphabetic() || b == b' '
}

/// Counts bytes, by as many at a time as a byte can count: the compiler makes that a vector loop.
fn count(bytes: &[u8], is_counted: impl Fn(u8) -> bool) -> u64 {
    let in_block = |block: &[u8]| block.iter().map(|&b| u8::from(is_counted(b))).sum::<u8>();
    bytes.chunks(u8::MAX as usize).map(|block| u64::from(in_block(block))).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// `text` as a JSON string in which every character for which `escape` says so is a `\u` escape.
    fn quoted(text: &str, escape: impl Fn(usize) -> bool) -> String {
        let mut json = String::from("\"");
        for (i, c) in text.chars().enumerate() {
            if escape(i) {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    json += &format!("\\u{unit:04X}");
                }
            } else {
                let one = serde_json::to_string(&c).unwrap();
                json += &one[1..one.len() - 1];
            }
        }
        json.push('"');
        json
    }

    #[test]
    fn is_decoded_when_first_looked_at() {
        let text = Text::escaped(r#""a\n\u00e9""#);
        assert!(text.is_borrowed() && !text.is_blank() && text.is_borrowed());
        assert_eq!((&*text, text.is_borrowed()), ("a\né", false));
        assert_eq!(text.clone(), Text::from("a\né"));
        assert_eq!(format!("{text:?}"), r#""a\né""#);
    }

    #[test]
    fn knows_blank_texts_without_decoding() {
        for (json, blank) in [
            (r#"" \n\t\r ""#, true),
            (r#""\u00a0\n""#, true),
            (r#"" \n.""#, false),
            (r#""\b""#, false),
            (r#""\\n""#, false),
        ] {
            assert_eq!(Text::escaped(json).is_blank(), blank, "{json}");
        }
    }

    proptest! {
        #[test]
        fn escaped_and_plain_texts_agree(text in "(\\PC|[\\n\\t\"\\\\ aé谢😀\u{85}\u{a0}]){0,300}", escaped in any::<u64>()) {
            let json = quoted(&text, |i| escaped >> (i % 64) & 1 == 1);
            let lazy = Text::escaped(&json);
            prop_assert_eq!(lazy.count(), CharCount::of(&text));
            let chars = |is: fn(char) -> bool| text.chars().filter(|&c| is(c)).count() as u64;
            prop_assert_eq!(lazy.count(), CharCount {
                ascii: chars(|c| c.is_ascii()),
                marks: chars(|c| c.is_ascii() && !c.is_ascii_alphabetic() && c != ' '),
                other: chars(|c| !c.is_ascii()),
                two_byte: chars(|c| c.len_utf8() == 2),
            });
            prop_assert_eq!(lazy.is_blank(), text.trim().is_empty());
            prop_assert_eq!(lazy, Text::from(text));
        }
    }
}
