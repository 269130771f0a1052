//! Finds the objects of a reply and reads the claim in each.

use rejoinder_core::Answer;
use serde_json::{Map, Value};

use super::lenient::{self, LenientObject};
use super::lines;
use crate::answer::pattern;

/// What one object of a reply says, in the paper's form of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::answer) struct LabelClaim {
    pub(in crate::answer) pattern: Answer,
    pub(in crate::answer) text: String,
    /// The number of the turn, where the reply gives one.
    pub(in crate::answer) turn: Option<u32>,
}

/// What a reply holds.
#[derive(Debug, Default)]
pub(in crate::answer) struct ReplyReading {
    /// All claims, in the order of the reply; empty if the reply is in no form that is understood.
    pub(in crate::answer) claims: Vec<LabelClaim>,
    /// Whether something in the reply begins like an object and cannot be read, because it is cut off or broken.
    pub(in crate::answer) damaged: bool,
}

/// Longest object that is read among other text, in bytes: a claim quotes one turn.
const MAX_OBJECT: usize = 1 << 16;
/// The number of braces without a readable object after which the rest counts as noise. With [`MAX_OBJECT`], the number bounds
/// the time that a reply of nothing but braces takes.
const MAX_FALSE_STARTS: usize = 256;
/// The number of strings within strings that may hold the objects that are looked for.
const MAX_LAYERS: usize = 2;

pub(super) const PATTERN_KEYS: &[&str] = &["userresponsepattern", "pattern", "category", "label"];
pub(super) const TEXT_KEYS: &[&str] = &["userresponsetext", "text", "span", "quote"];
pub(super) const TURN_KEYS: &[&str] = &["turn", "turnnumber", "turnid", "number", "message", "id"];

/// Reads a reply.
pub(in crate::answer) fn read(content: &str) -> ReplyReading {
    let content = after_thinking(content);
    if is_page(content) {
        return ReplyReading::default();
    }
    let mut reading = ReplyReading::default();
    read_objects(content, MAX_LAYERS, &mut reading);
    if reading.claims.is_empty()
        && !reading.damaged
        && let Some(content) = decoded(content)
    {
        reading = ReplyReading::default();
        read_objects(&content, MAX_LAYERS, &mut reading);
    }
    if reading.claims.is_empty() && !reading.damaged {
        let blocks = lines::blocks(content);
        reading.claims.extend(blocks.iter().filter_map(bare_claim));
    }
    if reading.claims.is_empty() && !reading.damaged {
        let pattern = pattern::read_bare(&lines::unfenced(content));
        if pattern != Answer::Unknown {
            reading.claims.push(LabelClaim { pattern, text: String::new(), turn: None });
        }
    }
    reading
}

/// The reply without the thoughts that some models show, which hold drafts.
fn after_thinking(content: &str) -> &str {
    match content.trim_start().strip_prefix("<think>") {
        Some(thoughts) => thoughts.rsplit_once("</think>").map_or("", |(_, answer)| answer),
        None => content,
    }
}

/// Whether the reply is a page by which a server or a proxy has answered in the model's place.
fn is_page(content: &str) -> bool {
    let content = content.trim_start();
    ["<!doctype", "<html", "<head", "<body", "<?xml"]
        .iter()
        .any(|tag| content.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag)))
}

/// The content without JSON's or HTML's escapes, where even the quotes of its objects are escaped.
fn decoded(content: &str) -> Option<String> {
    let opens_with = |c: char| content.split('{').skip(1).any(|inside| inside.trim_start().starts_with(c));
    if opens_with('\\') {
        Some(lenient::unescaped(content))
    } else if opens_with('&') {
        let quotes = content.replace("&quot;", "\"").replace("&#34;", "\"");
        let quotes = quotes.replace("&#39;", "'").replace("&#x27;", "'").replace("&apos;", "'");
        Some(quotes.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
    } else {
        None
    }
}

fn read_objects(content: &str, layers: usize, reading: &mut ReplyReading) {
    if let Ok(value) = serde_json::from_str(content.trim()) {
        return collect(&value, layers, reading);
    }
    let mut rest = content;
    let mut false_starts = 0;
    while let Some(start) = rest.find('{') {
        rest = &rest[start..];
        match read_object(rest, layers, reading) {
            Some(length) => rest = &rest[length..],
            None => {
                rest = &rest[1..];
                false_starts += 1;
            }
        }
        if false_starts == MAX_FALSE_STARTS {
            reading.damaged = true;
            return;
        }
    }
    reading.damaged |= !reading.claims.is_empty() && rest.trim() == ",";
}

/// Reads the object that `text` begins with. Returns the object's length, or `None` if no object can be read.
fn read_object(text: &str, layers: usize, reading: &mut ReplyReading) -> Option<usize> {
    let window = &text[..text.floor_char_boundary(MAX_OBJECT)];
    let mut values = serde_json::Deserializer::from_str(window).into_iter();
    if let Some(Ok(value)) = values.next() {
        collect(&value, layers, reading);
        return Some(values.byte_offset());
    }
    let before = reading.claims.len();
    match lenient::read(window) {
        LenientObject::Whole(value, length) => {
            collect(&value, layers, reading);
            // Without a claim, the object may be a brace in prose that has swallowed an object.
            (reading.claims.len() > before).then_some(length)
        }
        LenientObject::CutOff { kept, last } if window.len() == text.len() => {
            collect(&kept, layers, reading);
            match claim(&last) {
                Some(claim) if named(&last, TEXT_KEYS).next().is_some() => reading.claims.push(claim),
                claim => {
                    if claim.is_none() {
                        collect(&Value::Object(last), layers, reading);
                    }
                    reading.damaged = true;
                }
            }
            (reading.claims.len() > before).then_some(text.len())
        }
        LenientObject::CutOff { .. } | LenientObject::Broken => {
            let inside = text[1..].trim_start();
            reading.damaged |=
                inside.is_empty() || inside.starts_with(lenient::is_quote) || lenient::key_follows(inside);
            None
        }
    }
}

/// The claims inside a value, at any depth (the parser has bounded the depth).
fn collect(value: &Value, layers: usize, reading: &mut ReplyReading) {
    match value {
        Value::Object(object) => match claim(object) {
            Some(claim) => reading.claims.push(claim),
            None => object.values().for_each(|v| collect(v, layers, reading)),
        },
        Value::Array(items) => items.iter().for_each(|v| collect(v, layers, reading)),
        Value::String(text) if layers > 0 && text.contains('{') => read_objects(text, layers - 1, reading),
        _ => {}
    }
}

fn claim(object: &Map<String, Value>) -> Option<LabelClaim> {
    let pattern = match named(object, PATTERN_KEYS).next()? {
        Value::String(text) => pattern::read(text),
        Value::Null => Answer::NoFeedback,
        other => pattern::read(&other.to_string()),
    };
    let text = match named(object, TEXT_KEYS).next() {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => parts.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" … "),
        _ => String::new(),
    };
    Some(LabelClaim { pattern, text, turn: named(object, TURN_KEYS).find_map(turn) })
}

/// A claim that is made without braces. Its pattern must be a name and no more, or any prose would be a claim.
fn bare_claim(block: &Map<String, Value>) -> Option<LabelClaim> {
    let name = named(block, PATTERN_KEYS).next()?.as_str()?;
    let pattern = pattern::read_bare(name);
    (pattern != Answer::Unknown).then(|| claim(block).map(|claim| LabelClaim { pattern, ..claim }))?
}

/// The values under these keys, in the order of `keys`.
fn named<'a>(object: &'a Map<String, Value>, keys: &'static [&str]) -> impl Iterator<Item = &'a Value> {
    keys.iter()
        .flat_map(move |name| object.iter().filter(move |(key, _)| simplified(key) == *name).map(|(_, v)| v))
}

/// A key in lower case, without underscores and other characters that are no letters or digits.
pub(super) fn simplified(key: &str) -> String {
    let key: String = key.chars().filter(char::is_ascii_alphanumeric).collect();
    key.to_ascii_lowercase()
}

/// The number of a turn: `3`, `"3"`, `"turn 3"`, `"#3"`.
fn turn(value: &Value) -> Option<u32> {
    match value {
        Value::Number(number) => number.as_u64()?.try_into().ok(),
        Value::String(text) => {
            let text = text.to_lowercase();
            let digits = text.trim_start_matches(|c: char| !c.is_ascii_digit());
            let before = text[..text.len() - digits.len()].trim_matches([' ', '#', '_', ':']);
            ["", "turn", "message"].contains(&before).then(|| digits.trim_end().parse().ok())?
        }
        _ => None,
    }
}
