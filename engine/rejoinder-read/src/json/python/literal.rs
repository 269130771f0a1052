//! Strings, and what their escapes stand for.

use memchr::{memchr, memchr2};

use super::reader::Reader;

/// A string as Python writes it.
pub(super) struct Literal<'a> {
    body: &'a str,
    is_raw: bool,
    is_bytes: bool,
}

impl<'a> Reader<'a> {
    /// Passes over a string.
    pub(super) fn literal(&mut self) -> Option<Literal<'a>> {
        let rest = self.rest();
        let (prefix, quoted) = rest.split_at(prefix_len(rest.as_bytes())?);
        let bytes = quoted.as_bytes();
        let quote = bytes[0];
        let quotes: &[u8] = if bytes.starts_with(&[quote; 3]) { &[quote; 3] } else { &[quote] };
        let mut end = quotes.len();
        loop {
            end += memchr2(quote, b'\\', bytes.get(end..)?)?;
            if bytes[end] == b'\\' {
                end += 2;
            } else if bytes[end..].starts_with(quotes) {
                break;
            } else {
                end += 1;
            }
        }
        self.at += prefix.len() + end + quotes.len();
        Some(Literal {
            body: &quoted[quotes.len()..end],
            is_raw: prefix.contains(['r', 'R']),
            is_bytes: prefix.contains(['b', 'B']),
        })
    }
}

impl Literal<'_> {
    /// The text that the string stands for. Bytes are taken for UTF-8.
    pub(super) fn meaning(&self) -> String {
        if self.is_raw {
            return self.body.to_owned();
        }
        let mut text = Vec::with_capacity(self.body.len());
        let mut rest = self.body.as_bytes();
        while let Some(at) = memchr(b'\\', rest) {
            text.extend_from_slice(&rest[..at]);
            rest = &rest[at + 1..];
            if let Some(next) = rest.strip_prefix(b"\n").or_else(|| rest.strip_prefix(b"\r\n")) {
                rest = next;
                continue;
            }
            // Python keeps the backslash of an escape that it does not know.
            let (code, len) = self.escaped(rest).unwrap_or((u32::from(b'\\'), 0));
            rest = &rest[len..];
            if self.is_bytes {
                text.extend(code.to_le_bytes().first());
            } else {
                let char = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
                text.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
        text.extend_from_slice(rest);
        String::from_utf8_lossy(&text).into_owned()
    }

    /// What an escape stands for, and its length without the backslash.
    fn escaped(&self, rest: &[u8]) -> Option<(u32, usize)> {
        let code = match *rest.first()? {
            quoted @ (b'\\' | b'\'' | b'"') => u32::from(quoted),
            b'a' => 0x07,
            b'b' => 0x08,
            b't' => 0x09,
            b'n' => 0x0A,
            b'v' => 0x0B,
            b'f' => 0x0C,
            b'r' => 0x0D,
            b'0'..=b'7' => {
                let len = rest.iter().take(3).take_while(|b| matches!(b, b'0'..=b'7')).count();
                return Some((number(&rest[..len], 8)?, len));
            }
            b'x' => return Some((number(rest.get(1..3)?, 16)?, 3)),
            b'u' if !self.is_bytes => {
                let high = unit(rest)?;
                if let 0xD800..0xDC00 = high
                    && let Some(low @ 0xDC00..0xE000) = rest[5..].strip_prefix(b"\\").and_then(unit)
                {
                    return Some((0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00), 11));
                }
                return Some((high, 5));
            }
            b'U' if !self.is_bytes => return Some((number(rest.get(1..9)?, 16)?, 9)),
            _ => return None,
        };
        Some((code, 1))
    }
}

/// The code unit of the `uXXXX` at the beginning of `rest`.
fn unit(rest: &[u8]) -> Option<u32> {
    number(rest.strip_prefix(b"u")?.get(..4)?, 16)
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    digits
        .iter()
        .try_fold(0_u32, |number, &b| number.checked_mul(radix)?.checked_add(char::from(b).to_digit(radix)?))
}

/// The length of the prefix before the quote of the string at the beginning of `rest`.
pub(super) fn prefix_len(rest: &[u8]) -> Option<usize> {
    let len = rest.iter().take(3).position(|b| matches!(b, b'\'' | b'"'))?;
    let mut letters = [0; 2];
    letters[..len].copy_from_slice(&rest[..len]);
    letters.make_ascii_lowercase();
    let is_prefix = matches!(&letters, [0, 0] | [b'b' | b'r' | b'u', 0] | b"br" | b"rb");
    is_prefix.then_some(len)
}
