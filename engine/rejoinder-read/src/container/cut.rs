//! How JSON text is cut into records, told by its beginning.

use super::{Container, ElementCutter};

/// How JSON text is cut into records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CutRule {
    pub container: Container,
    /// Where the list of records begins, if an object stands around the list or the records are lists.
    pub inside: Option<u64>,
    /// The reason, in words for people.
    pub why: &'static str,
}

/// How to cut a content that begins with `head` and is no archive. `is_record` tells whether a value of the content is a record by
/// itself.
pub(crate) fn cut(head: &[u8], is_record: impl Fn(&[u8]) -> bool) -> CutRule {
    let of = |container, inside, why| CutRule { container, inside, why };
    let start = head.len() - head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start().len();
    let text = &head[start..];
    let line = text.split(|&b| b == b'\n').next().unwrap_or_default().trim_ascii_end();
    // The first value, and what comes after it.
    let first = ElementCutter::first_value(text);
    let rest = first.map_or(&[][..], |end| text[end..].trim_ascii_start());
    let is_one_line = first.is_some_and(|end| end <= line.len());
    match text.first() {
        Some(b'[') if is_one_line && matches!(rest.first(), Some(b'[' | b'{')) => {
            of(Container::Lines, None, "; a list a line")
        }
        Some(b'[') => {
            let within = start + 1;
            let inner = head[within..].trim_ascii_start();
            match inner.first() {
                Some(b'[') => of(Container::Array, Some(within as u64), "; a list of lists"),
                _ => of(Container::Array, None, "; it begins with ["),
            }
        }
        Some(b'{') => {
            let whole = first.map(|end| &text[..end]);
            let is_alone = rest.is_empty() && !whole.is_some_and(&is_record);
            if is_alone && let Some(inside) = wrapped(text, &is_record) {
                return of(
                    Container::Array,
                    Some((start + inside) as u64),
                    "; the records stand in an object around them",
                );
            }
            let is_open = matches!(line.last(), Some(b'{' | b',' | b'['));
            match whole.is_some_and(|whole| whole.contains(&b'\n')) || is_open && line.len() < text.len() {
                true => of(Container::Array, None, "; the first record goes over several lines"),
                false => of(Container::Lines, None, ""),
            }
        }
        _ => of(Container::Lines, None, ""),
    }
}

/// Where a list of records begins in an object, one past the bracket: the first list, however deep in objects, with a record as
/// its first element.
fn wrapped(text: &[u8], is_record: impl Fn(&[u8]) -> bool) -> Option<usize> {
    const DEPTH: usize = 4;
    let (mut at, mut depth, mut in_string) = (0, 0_usize, false);
    while at < text.len() {
        match text[at] {
            b'\\' if in_string => at += 1,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            b'[' => {
                let inner = &text[at + 1..];
                let skipped = inner.len() - inner.trim_ascii_start().len();
                if let Some(end) = ElementCutter::first_value(&inner[skipped..])
                    && depth <= DEPTH
                    && is_record(&inner[skipped..skipped + end])
                {
                    return Some(at + 1);
                }
                // Passes over a list of something else.
                at += ElementCutter::first_value(&text[at..])?;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    None
}
