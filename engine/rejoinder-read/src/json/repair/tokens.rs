//! Rewrites the odd tokens of one record.
//!
//! Only the odd tokens change. A record whose structure is broken stays refused: nothing here guesses where a bracket
//! or a quote is missing.

use super::number::{is_strict_number, number};
use super::record::Repaired;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
const REPLACEMENT: &str = "\u{FFFD}";

pub(super) const UNKNOWN_ESCAPE: &str = "an escape that JSON does not know";
pub(super) const LONE_SURROGATE: &str = "a lone surrogate";
pub(super) const NUL: &str = "a NUL character";

/// The object or list on this line without its odd tokens; `None` if the line has no odd tokens, or its structure is broken.
pub(super) fn repaired(line: &[u8]) -> Option<Repaired> {
    let mut mender = TokenRewriter::new(line);
    if line.starts_with(BYTE_ORDER_MARK) {
        mender.at = BYTE_ORDER_MARK.len();
        mender.replace(0, "", "a byte order mark");
    }
    mender.record()?;
    mender.copy_until(line.len());
    let TokenRewriter { text, what, .. } = mender;
    what.map(|what| Repaired { text, what })
}

/// A walk over a line that copies all tokens but the odd ones.
pub(super) struct TokenRewriter<'a> {
    line: &'a [u8],
    at: usize,
    /// How far the line was copied to `text`.
    copied: usize,
    pub(super) text: String,
    what: Option<&'static str>,
}

impl<'a> TokenRewriter<'a> {
    pub(super) fn new(line: &'a [u8]) -> Self {
        // A control character grows from one byte to six, a byte that is no UTF-8 to three, `.5` from two to three.
        let controls = line.iter().filter(|&&b| b < b' ').count();
        let high = if simdutf8::basic::from_utf8(line).is_ok() {
            0
        } else {
            line.iter().filter(|b| !b.is_ascii()).count()
        };
        let text = String::with_capacity(line.len() + line.len() / 3 + 5 * controls + 2 * high);
        Self { line, at: 0, copied: 0, text, what: None }
    }

    /// Passes over the whole line.
    fn record(&mut self) -> Option<()> {
        // For each open bracket, whether it is that of an object.
        let mut open = Vec::new();
        loop {
            self.spaces();
            match self.peek()? {
                bracket @ (b'{' | b'[') => {
                    let is_object = bracket == b'{';
                    self.at += 1;
                    self.spaces();
                    if !self.eat(end_of(is_object)) {
                        open.push(is_object);
                        if is_object {
                            self.key()?;
                        }
                        continue;
                    }
                }
                _ if open.is_empty() => return None,
                b'"' => self.string()?,
                _ => self.word()?,
            }
            loop {
                self.spaces();
                let Some(&is_object) = open.last() else {
                    return (self.at == self.line.len()).then_some(());
                };
                let comma = self.at;
                if self.eat(b',') {
                    self.spaces();
                    if self.peek() != Some(end_of(is_object)) {
                        if is_object {
                            self.key()?;
                        }
                        break;
                    }
                    self.copy_until(comma);
                    self.copied = comma + 1;
                    self.note("a trailing comma");
                }
                if !self.eat(end_of(is_object)) {
                    return None;
                }
                open.pop();
            }
        }
    }

    fn peek(&self) -> Option<u8> {
        self.line.get(self.at).copied()
    }

    fn spaces(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn eat(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    /// Passes over a key and its colon.
    fn key(&mut self) -> Option<()> {
        self.string()?;
        self.spaces();
        self.eat(b':').then_some(())
    }

    fn string(&mut self) -> Option<()> {
        if !self.eat(b'"') {
            return None;
        }
        loop {
            let rest = &self.line[self.at..];
            self.at += rest.iter().position(|&b| b < b' ' || b == b'"' || b == b'\\')?;
            let start = self.at;
            match self.line[start] {
                b'"' => {
                    self.at += 1;
                    return Some(());
                }
                b'\\' => self.escape()?,
                0 => {
                    self.at += 1;
                    self.replace(start, REPLACEMENT, NUL);
                }
                control => {
                    self.at += 1;
                    self.replace(start, &format!("\\u{control:04x}"), "a control character in a text");
                }
            }
        }
    }

    /// Passes over an escape. An escape that JSON does not know loses its backslash alone.
    fn escape(&mut self) -> Option<()> {
        let start = self.at;
        let rest = &self.line[start..];
        if matches!(rest.get(1)?, b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') {
            self.at += 2;
        } else if let Some(unit) = code(rest, b"\\u", 4) {
            self.at += 6;
            match unit {
                0 => self.replace(start, REPLACEMENT, NUL),
                0xD800..0xDC00 if matches!(code(&rest[6..], b"\\u", 4), Some(0xDC00..0xE000)) => self.at += 6,
                0xD800..0xE000 => self.replace(start, REPLACEMENT, LONE_SURROGATE),
                _ => {}
            }
        } else if let Some(code) = code(rest, b"\\x", 2) {
            self.at += 4;
            if code == 0 {
                self.replace(start, REPLACEMENT, NUL);
            } else {
                self.replace(start, &format!("\\u{code:04x}"), UNKNOWN_ESCAPE);
            }
        } else {
            self.at += 1;
            self.replace(start, "", UNKNOWN_ESCAPE);
        }
        Some(())
    }

    /// Passes over a value without quotes and brackets.
    fn word(&mut self) -> Option<()> {
        let start = self.at;
        let is_part = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'+' | b'-' | b'.');
        self.at += self.line[start..].iter().position(|&b| !is_part(b))?;
        let word = std::str::from_utf8(&self.line[start..self.at]).ok()?;
        match word {
            "true" | "false" | "null" => {}
            "None" => self.replace(start, "null", "None is not JSON"),
            "True" => self.replace(start, "true", "True is not JSON"),
            "False" => self.replace(start, "false", "False is not JSON"),
            _ if is_strict_number(word) => {}
            _ => match word.trim_start_matches(['+', '-']) {
                unsigned if word.len() > unsigned.len() + 1 => return None,
                "NaN" | "nan" => self.replace(start, "null", "NaN is not JSON"),
                "Infinity" | "inf" => self.replace(start, "null", "Infinity is not JSON"),
                unsigned => {
                    let number = number(word.starts_with('-'), unsigned)?;
                    if number == word {
                        self.replace(start, "null", "a number too large");
                    } else {
                        let number = if is_strict_number(&number) { &number } else { "null" };
                        self.replace(start, number, "a number that JSON does not allow");
                    }
                }
            },
        }
        Some(())
    }

    /// Puts `with` in the place of the bytes since `start`.
    fn replace(&mut self, start: usize, with: &str, what: &'static str) {
        self.copy_until(start);
        self.copied = self.at;
        self.note(what);
        self.text.push_str(with);
    }

    fn copy_until(&mut self, end: usize) {
        let piece = &self.line[self.copied..end];
        self.copied = end;
        if let Ok(piece) = simdutf8::basic::from_utf8(piece) {
            self.text.push_str(piece);
            return;
        }
        for chunk in piece.utf8_chunks() {
            self.text.push_str(chunk.valid());
            if !chunk.invalid().is_empty() {
                self.note("not UTF-8");
                self.text.push_str(REPLACEMENT);
            }
        }
    }

    fn note(&mut self, what: &'static str) {
        self.what.get_or_insert(what);
    }
}

const fn end_of(is_object: bool) -> u8 {
    if is_object { b'}' } else { b']' }
}

/// The number that `digits` hexadecimal digits make after the `prefix` of `rest`.
fn code(rest: &[u8], prefix: &[u8], digits: usize) -> Option<u32> {
    let hex = rest.strip_prefix(prefix)?.get(..digits)?;
    hex.iter().try_fold(0, |code, &b| Some(code << 4 | char::from(b).to_digit(16)?))
}
