//! The JSON objects in a reply, however it is wrapped, and what each claims.

use serde_json::{Map, Value};

use super::pattern::{self, Pattern};

/// One object of the paper's form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) pattern: Pattern,
    pub(super) text: String,
}

/// Longest reply that is taken for a bare label.
const BARE_LABEL: usize = 64;

/// All claims of a reply, in its order; none if it is not in any form that is understood.
pub(super) fn claims(content: &str) -> Vec<Claim> {
    let mut claims = Vec::new();
    let mut rest = content;
    while let Some(start) = rest.find('{') {
        rest = &rest[start..];
        match balanced(rest) {
            Some(length) if let Ok(value) = serde_json::from_str::<Value>(&mended(&rest[..length])) => {
                collect(&value, &mut claims);
                rest = &rest[length..];
            }
            _ => rest = &rest[1..],
        }
    }
    // A truncated object is no bare label.
    if claims.is_empty() && content.trim().len() <= BARE_LABEL && !content.contains('{') {
        let pattern = pattern::read(content);
        if pattern != Pattern::Unknown && !content.trim().is_empty() {
            claims.push(Claim { pattern, text: String::new() });
        }
    }
    claims
}

/// Length of the object that `text` begins with: up to the brace that closes its first one.
fn balanced(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
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
    Some(Claim { pattern, text })
}
