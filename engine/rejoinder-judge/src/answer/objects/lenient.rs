//! An object that is almost JSON, read as it was meant.
//!
//! serde_json stops at the first slip, and models make many: quotes of other kinds, missing quotes, quotes inside quotes,
//! too many or too few commas, comments, Python's constants, a missing end. Where a slip leaves open what was meant, the
//! parser calls the object broken and does not guess. It makes one pass, of bounded depth.

use serde_json::{Map, Number, Value};

/// What the lenient parser finds at the beginning of a text.
pub(super) enum LenientObject {
    /// An object, and its length in bytes.
    Whole(Value, usize),
    /// An object that the text's end cuts off.
    CutOff {
        /// The value that holds the innermost object that is cut off, without that object; null if no value holds it.
        kept: Value,
        /// The complete pairs of the innermost object that is cut off.
        last: Map<String, Value>,
    },
    /// No object that can be read.
    Broken,
}

/// Reads the object whose opening brace `text` begins with.
pub(super) fn read(text: &str) -> LenientObject {
    let mut reader = Reader { text, at: 0, last: None };
    let value = reader.value(Place::Object, 0);
    match (value, reader.last) {
        (Err(Halt::Broken), _) => LenientObject::Broken,
        (Ok(value), None) => LenientObject::Whole(value, reader.at),
        (value, last) => {
            LenientObject::CutOff { kept: value.unwrap_or_default(), last: last.unwrap_or_default() }
        }
    }
}

/// The text without one layer of escapes.
pub(super) fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((plain, escape)) = rest.split_once('\\') {
        out.push_str(plain);
        rest = &escape[unescape(escape, &mut out)..];
    }
    out + rest
}

/// Whether `text` begins with a key and its colon.
pub(super) fn key_follows(text: &str) -> bool {
    let text = text.strip_prefix(is_quote).unwrap_or(text);
    let after = text.trim_start_matches(is_key_char);
    let colon = after.strip_prefix(is_quote).unwrap_or(after).trim_start();
    after.len() < text.len() && colon.starts_with(COLONS)
}

/// Whether `text` is too short to show whether it begins with a quoted key.
fn ends_in_key(text: &str) -> bool {
    text.is_empty() || text.strip_prefix(is_quote).is_some_and(|key| key.chars().all(is_key_char))
}

pub(super) fn is_quote(c: char) -> bool {
    !closers(c).is_empty()
}

const MAX_DEPTH: usize = 32;
/// Longest key, in bytes: a longer key has swallowed something.
const MAX_KEY: usize = 64;
const COLONS: [char; 2] = [':', '：'];
const COMMAS: [char; 2] = [',', '，'];
const FENCES: [&str; 2] = ["```", "~~~"];

enum Halt {
    CutOff,
    Broken,
}

/// Where a value stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Key,
    Object,
    Array,
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// The pairs of the innermost object that is cut off, once the text has ended inside an object.
    last: Option<Map<String, Value>>,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn value(&mut self, place: Place, depth: usize) -> Result<Value, Halt> {
        self.skip_space();
        match self.rest().chars().next().ok_or(Halt::CutOff)? {
            '{' | '[' if depth == MAX_DEPTH => Err(Halt::Broken),
            '{' => self.object(depth),
            '[' => self.array(depth),
            c if is_quote(c) => Ok(Value::String(self.string(place)?)),
            _ => self.bare(),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, Halt> {
        self.at += 1;
        let mut pairs = Map::new();
        loop {
            self.skip_commas();
            if self.rest().starts_with('}') {
                self.at += 1;
                return Ok(Value::Object(pairs));
            }
            match self.pair(depth) {
                // A key that comes twice shows that the end of an object has been missed.
                Ok((key, _)) if pairs.contains_key(&key) => return Err(Halt::Broken),
                Ok((key, value)) => pairs.insert(key, value),
                Err(Halt::Broken) => return Err(Halt::Broken),
                Err(Halt::CutOff) if self.last.is_some() => return Ok(Value::Object(pairs)),
                Err(Halt::CutOff) => {
                    self.last = Some(pairs);
                    return Err(Halt::CutOff);
                }
            };
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value, Halt> {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.skip_commas();
            if self.rest().starts_with(']') {
                self.at += 1;
                return Ok(Value::Array(items));
            }
            match self.value(Place::Array, depth + 1) {
                Ok(item) => items.push(item),
                Err(Halt::Broken) => return Err(Halt::Broken),
                Err(Halt::CutOff) => return Ok(Value::Array(items)),
            }
        }
    }

    fn pair(&mut self, depth: usize) -> Result<(String, Value), Halt> {
        let key = self.key()?;
        self.skip_space();
        let colon = self.rest().chars().next().ok_or(Halt::CutOff)?;
        if !COLONS.contains(&colon) {
            return Err(Halt::Broken);
        }
        self.at += colon.len_utf8();
        Ok((key, self.value(Place::Object, depth + 1)?))
    }

    fn key(&mut self) -> Result<String, Halt> {
        let rest = self.rest();
        if rest.starts_with(is_quote) {
            return self.string(Place::Key);
        }
        let key = &rest[..rest.len() - rest.trim_start_matches(is_key_char).len()];
        self.at += key.len();
        match key.trim() {
            _ if rest.is_empty() => Err(Halt::CutOff),
            key if key.is_empty() || key.len() > MAX_KEY => Err(Halt::Broken),
            key => Ok(key.to_owned()),
        }
    }

    fn string(&mut self, place: Place) -> Result<String, Halt> {
        let closers = self.rest().chars().next().map_or(&[][..], closers);
        let mut text = String::new();
        self.skip_char();
        loop {
            let rest = self.rest();
            let Some(at) = rest.find(|c| c == '\\' || closers.contains(&c)) else {
                self.at = self.text.len();
                return Err(Halt::CutOff);
            };
            text.push_str(&rest[..at]);
            self.at += at;
            let mark = self.skip_char();
            if mark == Some('\\') {
                self.at += unescape(self.rest(), &mut text);
            } else if self.is_end_of_string(place)? {
                return Ok(text);
            } else {
                text.extend(mark);
            }
            if place == Place::Key && text.len() > MAX_KEY {
                return Err(Halt::Broken);
            }
        }
    }

    /// Whether the quote that has just been read ends its string, as what follows it shows. Otherwise the quote is a part of the
    /// text that should have been escaped.
    fn is_end_of_string(&self, place: Place) -> Result<bool, Halt> {
        let next = self.rest().trim_start();
        if next.is_empty() {
            return Ok(true);
        }
        if next.starts_with(COLONS) {
            // After a value, this quote is the end of a key that the value has swallowed.
            return if place == Place::Key { Ok(true) } else { Err(Halt::Broken) };
        }
        let is_separator = |c: char| c.is_whitespace() || COMMAS.contains(&c);
        let after_comma = next.starts_with(COMMAS).then(|| next.trim_start_matches(is_separator));
        Ok(match place {
            Place::Key => false,
            _ if begins_comment(next) || begins_fence(next) => true,
            Place::Array => after_comma.is_some() || next.starts_with(']'),
            Place::Object => match after_comma {
                Some(next) => {
                    next.starts_with('}') || begins_comment(next) || key_follows(next) || ends_in_key(next)
                }
                None => next.starts_with('}') || (self.is_line_end(next) && key_follows(next)),
            },
        })
    }

    /// Whether a line ends between here and `next`, which is the end of the rest.
    fn is_line_end(&self, next: &str) -> bool {
        let rest = self.rest();
        rest[..rest.len() - next.len()].contains('\n')
    }

    /// A value without quotes: a number, a constant or a word.
    fn bare(&mut self) -> Result<Value, Halt> {
        let rest = self.rest();
        let end = rest.find(['\n', '}', ']', ',', '，']).ok_or(Halt::CutOff)?;
        let end = ["//", "/*"].iter().filter_map(|mark| rest[..end].find(mark)).fold(end, usize::min);
        self.at += end;
        let word = rest[..end].trim();
        if word.is_empty() || word.contains(['"', '{', '[', ':']) {
            return Err(Halt::Broken);
        }
        Ok(match word {
            "None" | "null" | "undefined" => Value::Null,
            "True" | "true" => Value::Bool(true),
            "False" | "false" => Value::Bool(false),
            word => serde_json::from_str::<Number>(word).map_or_else(|_| word.into(), Value::Number),
        })
    }

    fn skip_char(&mut self) -> Option<char> {
        let c = self.rest().chars().next();
        self.at += c.map_or(0, char::len_utf8);
        c
    }

    fn skip_commas(&mut self) {
        self.skip_space();
        while self.rest().starts_with(COMMAS) {
            self.skip_char();
            self.skip_space();
        }
    }

    /// Skips white space and comments; the end of a code fence is the end of the text.
    fn skip_space(&mut self) {
        loop {
            self.at = self.text.len() - self.rest().trim_start().len();
            let rest = self.rest();
            let end = match rest.get(..2) {
                Some("//") => rest.find('\n'),
                Some("/*") => rest.find("*/").map(|at| at + 2),
                _ if begins_fence(rest) => {
                    self.text = &self.text[..self.at];
                    return;
                }
                _ => return,
            };
            self.at += end.unwrap_or(rest.len());
        }
    }
}

fn begins_comment(text: &str) -> bool {
    text.starts_with("//") || text.starts_with("/*")
}

fn begins_fence(text: &str) -> bool {
    FENCES.iter().any(|fence| text.starts_with(fence))
}

fn is_key_char(c: char) -> bool {
    c.is_alphanumeric() || [' ', '_', '-', '\\', '.', '/', '(', ')'].contains(&c)
}

/// The quotes that may end a string that begins with `open`; empty if `open` is no quote.
fn closers(open: char) -> &'static [char] {
    match open {
        '"' => &['"'],
        '\'' => &['\''],
        '`' => &['`'],
        '“' | '”' | '„' | '‟' => &['“', '”', '"'],
        '‘' | '’' | '‚' | '‛' => &['‘', '’', '\''],
        _ => &[],
    }
}

/// Adds to `out` what an escape stands for, and returns the escape's length. `text` is what follows the backslash. A letter that
/// makes no escape keeps its backslash, which was meant as a backslash.
fn unescape(text: &str, out: &mut String) -> usize {
    let Some(c) = text.chars().next() else {
        out.push('\\');
        return 0;
    };
    match c {
        'n' => out.push('\n'),
        'r' => out.push('\r'),
        't' => out.push('\t'),
        'b' => out.push('\u{8}'),
        'f' => out.push('\u{C}'),
        'u' => {
            if let Some(first) = code_unit(text) {
                let second = text[5..].strip_prefix('\\').and_then(code_unit);
                let units = [Some(first), second].into_iter().flatten();
                let c = char::decode_utf16(units).next().and_then(Result::ok);
                out.push(c.unwrap_or(char::REPLACEMENT_CHARACTER));
                return if c.is_some_and(|c| c.len_utf16() == 2) { 11 } else { 5 };
            }
            out.push_str("\\u");
        }
        c if c.is_alphanumeric() => out.extend(['\\', c]),
        c => out.push(c),
    }
    c.len_utf8()
}

/// The UTF-16 unit of `uXXXX`.
fn code_unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix('u')?.get(..4)?;
    digits.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
}
