//! The JSON objects in a reply, however it is wrapped, and what each claims.

use serde_json::{Map, Value};

use super::pattern::{self, Pattern};

/// One object of the paper's form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) turn: Option<u32>,
    pub(super) pattern: Pattern,
    pub(super) text: String,
}

/// What a reply holds.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// All claims, in its order; none if it is not in any form that is understood.
    pub(super) claims: Vec<Claim>,
    /// Something in it begins like an object and cannot be read, because it is cut off or broken.
    pub(super) damaged: bool,
}

/// Longest object that is read, in bytes: a claim quotes one turn.
const MAX_OBJECT: usize = 1 << 16;
/// So many braces that open nothing readable, and the rest is noise. With [`MAX_OBJECT`] it bounds the time that a
/// reply of nothing but braces takes.
const MAX_FALSE_STARTS: usize = 256;

/// Reads a reply.
pub(super) fn read(content: &str) -> Reading {
    let Reading { mut claims, mut damaged } = Reading::default();
    let mut rest = content;
    let mut false_starts = 0;
    while let Some(start) = rest.find('{') {
        rest = &rest[start..];
        match balanced(rest) {
            Some(length) if let Ok(value) = serde_json::from_str::<Value>(&mended(&rest[..length])) => {
                collect(&value, &mut claims);
                rest = &rest[length..];
            }
            _ => {
                rest = &rest[1..];
                let inside = rest.trim_start();
                damaged |= inside.is_empty() || inside.starts_with('"');
                false_starts += 1;
                if false_starts == MAX_FALSE_STARTS {
                    damaged = true;
                    break;
                }
            }
        }
    }
    let pattern = pattern::read_bare(content);
    if claims.is_empty() && pattern != Pattern::Unknown {
        claims.push(Claim { turn: None, pattern, text: String::new() });
    }
    Reading { claims, damaged }
}

/// Length of the object that `text` begins with: up to the brace that closes its first one, if that is near enough.
fn balanced(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut escaped = false;
    for (at, byte) in text.bytes().take(MAX_OBJECT).enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' if !in_string => depth += 1,
            b'}' if !in_string => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// The object as valid JSON: control characters in strings escaped, escapes that JSON does not know (`\_`) reduced to
/// their character, commas before a closing bracket dropped. What was valid stays as it was.
fn mended(object: &str) -> String {
    let mut out = String::with_capacity(object.len());
    let mut in_string = false;
    let mut chars = object.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => {
                in_string = !in_string;
                out.push(c);
            }
            '\\' if in_string => match chars.next() {
                Some((_, next @ ('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't'))) => {
                    out.extend(['\\', next]);
                }
                Some((at, 'u')) if is_hex4(&object[at + 1..]) => out.push_str("\\u"),
                Some((_, next)) => out.push(next),
                None => {}
            },
            c if in_string && c.is_control() => {
                let escape = Value::String(c.to_string()).to_string();
                out.push_str(escape.trim_matches('"'));
            }
            ',' if !in_string && object[at + 1..].trim_start().starts_with(['}', ']']) => {}
            c => out.push(c),
        }
    }
    out
}

fn is_hex4(text: &str) -> bool {
    text.len() >= 4 && text.bytes().take(4).all(|b| b.is_ascii_hexdigit())
}

/// The claims inside a value, at any depth (serde_json bounds it).
fn collect(value: &Value, claims: &mut Vec<Claim>) {
    match value {
        Value::Object(object) => match claim(object) {
            Some(claim) => claims.push(claim),
            None => object.values().for_each(|v| collect(v, claims)),
        },
        Value::Array(items) => items.iter().for_each(|v| collect(v, claims)),
        _ => {}
    }
}

fn claim(object: &Map<String, Value>) -> Option<Claim> {
    let named = |names: &[&str]| {
        object.iter().find_map(|(key, value)| {
            let key: String =
                key.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
            names.contains(&key.as_str()).then_some(value)
        })
    };
    let pattern = match named(&["userresponsepattern", "pattern", "category", "label"])? {
        Value::String(text) => pattern::read(text),
        Value::Null => Pattern::NoFeedback,
        other => pattern::read(&other.to_string()),
    };
    let text = match named(&["userresponsetext", "text", "span", "quote"]) {
        Some(Value::String(text)) => text.clone(),
        _ => String::new(),
    };
    let turn = named(&["turn"]).and_then(Value::as_u64).and_then(|n| n.try_into().ok());
    Some(Claim { turn, pattern, text })
}
