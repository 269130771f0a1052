//! A walk over one line of JSON without control characters: strings, keys, and values that are not parsed.
//!
//! Whatever passes here is valid JSON that serde_json reads alike; `None` means only that the full parser must say
//! what the line is. The walk leaps from quote to quote, so that long texts cost little.

use memchr::memchr2;

/// How deep ignored values may nest.
const MAX_DEPTH: u32 = 64;

/// A place in a line.
pub(super) struct Walk<'a> {
    text: &'a str,
    at: usize,
}

/// A JSON string whose escapes are valid and make characters.
pub(super) struct QuotedString<'a> {
    /// With its quotes.
    pub quoted: &'a str,
    /// Whether it holds escapes.
    pub escaped: bool,
    /// Whether it holds an escaped NUL.
    pub nul: bool,
    /// Whether it may hold an escaped angle bracket: what stands for `0` to `?`.
    pub angle: bool,
}

impl<'a> QuotedString<'a> {
    /// The string itself, if it stands there as it is.
    pub(super) fn plain(&self) -> Option<&'a str> {
        (!self.escaped).then(|| &self.quoted[1..self.quoted.len() - 1])
    }
}

impl<'a> Walk<'a> {
    /// A walk over `text`, which must not hold control characters.
    pub(super) const fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at == self.text.len()
    }

    /// The next byte.
    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Passes over spaces.
    pub(super) fn spaces(&mut self) {
        while self.peek() == Some(b' ') {
            self.at += 1;
        }
    }

    /// Passes over `byte`, if it is the next one.
    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    /// Passes over a separator and the spaces around it: true for a comma, false for the `end`.
    pub(super) fn goes_on(&mut self, end: u8) -> Option<bool> {
        self.spaces();
        if self.eat(b',') {
            self.spaces();
            return Some(true);
        }
        self.eat(end).then_some(false)
    }

    /// Passes over a key, its colon and the spaces around.
    pub(super) fn key(&mut self) -> Option<QuotedString<'a>> {
        let key = self.string()?;
        self.spaces();
        if !self.eat(b':') {
            return None;
        }
        self.spaces();
        Some(key)
    }

    /// Passes over a string.
    pub(super) fn string(&mut self) -> Option<QuotedString<'a>> {
        let bytes = self.text.as_bytes();
        let start = self.at;
        let (mut escaped, mut nul, mut angle) = (false, false, false);
        if !self.eat(b'"') {
            return None;
        }
        loop {
            self.at = quote_or_backslash(bytes, self.at)?;
            if self.eat(b'"') {
                return Some(QuotedString { quoted: &self.text[start..self.at], escaped, nul, angle });
            }
            escaped = true;
            let rest = &bytes[self.at..];
            if rest.get(1) == Some(&b'u') {
                nul |= rest.starts_with(b"\\u0000");
                angle |= rest.starts_with(b"\\u003");
            }
            self.at += escape_len(rest)?;
        }
    }

    /// Passes over any value.
    pub(super) fn value(&mut self) -> Option<&'a str> {
        let start = self.at;
        // One bit for each open bracket: whether it is that of an object.
        let (mut objects, mut depth) = (0_u64, 0);
        loop {
            let opened = match self.peek()? {
                b'"' => {
                    self.string()?;
                    None
                }
                b'{' => Some(true),
                b'[' => Some(false),
                b'-' | b'0'..=b'9' => {
                    self.number()?;
                    None
                }
                _ => {
                    self.word()?;
                    None
                }
            };
            if let Some(is_object) = opened {
                self.at += 1;
                self.spaces();
                if !self.eat(if is_object { b'}' } else { b']' }) {
                    if depth == MAX_DEPTH {
                        return None;
                    }
                    depth += 1;
                    objects = objects << 1 | u64::from(is_object);
                    if is_object {
                        self.key()?;
                    }
                    continue;
                }
            }
            loop {
                if depth == 0 {
                    return Some(&self.text[start..self.at]);
                }
                let is_object = objects & 1 == 1;
                if self.goes_on(if is_object { b'}' } else { b']' })? {
                    if is_object {
                        self.key()?;
                    }
                    break;
                }
                depth -= 1;
                objects >>= 1;
            }
        }
    }

    /// Passes over `true`, `false` or `null`.
    fn word(&mut self) -> Option<()> {
        let rest = &self.text[self.at..];
        let word = ["true", "false", "null"].into_iter().find(|word| rest.starts_with(word))?;
        self.at += word.len();
        Some(())
    }

    fn number(&mut self) -> Option<()> {
        self.eat(b'-');
        if !self.eat(b'0') {
            self.digits()?;
        }
        if self.eat(b'.') {
            self.digits()?;
        }
        if self.eat(b'e') || self.eat(b'E') {
            let _signed = self.eat(b'+') || self.eat(b'-');
            self.digits()?;
        }
        Some(())
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.peek().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }
}

/// The first quote or backslash at or after `from`. Keys, roles and the ways between escapes are short: two words are
/// looked at before the search for long ways is called.
fn quote_or_backslash(bytes: &[u8], from: usize) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    // The lowest bit set marks the first byte that is zero.
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & (ONES << 7);
    let mut at = from;
    for _ in 0..2 {
        let Some(word) = bytes[at..].first_chunk() else { break };
        let word = u64::from_le_bytes(*word);
        let found = zeros(word ^ (ONES * u64::from(b'"'))) | zeros(word ^ (ONES * u64::from(b'\\')));
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    memchr2(b'"', b'\\', &bytes[at..]).map(|next| at + next)
}

/// Length of the escape at the beginning of `rest`; a pair of surrogates is one.
fn escape_len(rest: &[u8]) -> Option<usize> {
    match rest.get(1)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(2),
        b'u' => match code_unit(rest)? {
            0xD800..0xDC00 => matches!(code_unit(rest.get(6..)?)?, 0xDC00..0xE000).then_some(12),
            0xDC00..0xE000 => None,
            _ => Some(6),
        },
        _ => None,
    }
}

/// The code unit of the `\uXXXX` at the beginning of `rest`.
fn code_unit(rest: &[u8]) -> Option<u32> {
    let hex = rest.get(..6)?.strip_prefix(b"\\u")?;
    hex.iter().try_fold(0, |code, &b| Some(code << 4 | char::from(b).to_digit(16)?))
}
