//! Key-value lines: the form of models that leave the braces away.

use serde_json::{Map, Value};

use super::claims::{PATTERN_KEYS, TEXT_KEYS, TURN_KEYS, simplified};

/// The pairs of the lines that begin with a known key. A key that comes again begins a new block.
pub(super) fn blocks(content: &str) -> Vec<Map<String, Value>> {
    let mut blocks = Vec::new();
    let mut block = Map::new();
    let mut lines = content.lines();
    while let Some(line) = lines.next() {
        let Some((key, mut value)) = pair(line) else { continue };
        if block.contains_key(&key) {
            blocks.push(std::mem::take(&mut block));
        }
        if opens_quote(&value)
            && let Some(rest) = rest_of_quote(lines.clone())
        {
            for line in lines.by_ref().take(rest) {
                value.push('\n');
                value.push_str(line);
            }
        }
        block.insert(key, Value::String(unquoted(&value).to_owned()));
    }
    blocks.push(block);
    blocks
}

/// The content without the lines that begin or end a code fence.
pub(super) fn unfenced(content: &str) -> String {
    let is_fence = |line: &str| {
        let line = line.trim();
        let language = line.trim_start_matches(['`', '~']);
        line.len() - language.len() >= 3 && language.chars().all(char::is_alphabetic)
    };
    content.lines().filter(|line| !is_fence(line)).collect::<Vec<_>>().join("\n")
}

/// The known key of a line, in simplified form, and the line's value, both without Markdown's marks.
fn pair(line: &str) -> Option<(String, String)> {
    let (key, value) = line.split_once([':', '：'])?;
    let key = simplified(key).trim_start_matches(|c: char| c.is_ascii_digit()).to_owned();
    let known = [PATTERN_KEYS, TEXT_KEYS, TURN_KEYS].concat().contains(&key.as_str());
    let value = value.trim_matches(|c: char| c.is_whitespace() || c == '*');
    known.then(|| (key, value.to_owned()))
}

/// Longest quote, in lines.
const MAX_LINES: usize = 256;

fn opens_quote(value: &str) -> bool {
    value.starts_with(['"', '“']) && unquoted(value) == value
}

/// The number of further lines that a quote takes.
fn rest_of_quote<'a>(mut lines: impl Iterator<Item = &'a str>) -> Option<usize> {
    let end = lines.by_ref().take(MAX_LINES).position(|line| line.trim_end().ends_with(['"', '”']))?;
    Some(end + 1)
}

/// The value without the quotes around it.
fn unquoted(value: &str) -> &str {
    let quoted = value.trim_end_matches([',', ' ']);
    [['"', '"'], ['“', '”'], ['\'', '\'']]
        .iter()
        .find_map(|[open, close]| quoted.strip_prefix(*open)?.strip_suffix(*close))
        .unwrap_or(value)
}
