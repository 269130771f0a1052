//! Cuts JSON that does not keep to lines into its records: the objects of an array, of several arrays one after
//! another, or objects that simply follow each other; or the elements of one list, whatever they are. Nothing but the
//! record under way is held.

use memchr::memchr2;

/// The place of a record in the content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RecordSpan {
    /// Where the record begins in the given bytes.
    pub start: usize,
    /// One past the end of the record.
    pub end: usize,
    /// Whether the content ends inside of the record, because a bracket or a quote in the record is not closed.
    pub is_cut: bool,
}

/// A search for the end of a record that goes on where the bytes given so far ended.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ElementCutter {
    /// How far the bytes were looked at.
    at: usize,
    /// Where the record under way begins.
    start: Option<usize>,
    depth: usize,
    in_string: bool,
    /// Whether the records are the elements of one list. The elements may be lists.
    is_list: bool,
    /// Whether that list has ended, so that nothing behind it is a record.
    has_ended: bool,
    /// The number of open brackets of lists around the record. Once the one list has ended: the number of open brackets around it, of
    /// lists and of objects.
    around: usize,
    /// Whether something stands behind the last bracket around the one list.
    has_more: bool,
}

impl ElementCutter {
    /// Cuts the elements of one list, from an element on or from one past the bracket of the list.
    pub(crate) fn of_list() -> Self {
        Self { is_list: true, ..Self::default() }
    }

    /// Cuts the elements of a list in a content. `head` is the content up to the bracket of the list, with the bracket.
    pub(crate) fn of_list_behind(head: &[u8]) -> Self {
        let mut this = Self::of_list();
        this.pass_around(head);
        Self { around: this.around.saturating_sub(1), ..Self::of_list() }
    }

    /// Cuts the objects of a content, whatever lists they stand in; or the elements of one list.
    pub(crate) fn new(is_list: bool) -> Self {
        if is_list { Self::of_list() } else { Self::default() }
    }

    /// One past the end of the value at the beginning of `bytes`, if it ends there.
    pub(crate) fn first_value(bytes: &[u8]) -> Option<usize> {
        Self { start: Some(0), ..Self::of_list() }.end(bytes)
    }

    /// The next record of `bytes`, which begin where they began in the last call, or were cut by
    /// [`forget`](Self::forget). `None` if more bytes are needed. At the end of the content, the rest is one (broken) record.
    pub(crate) fn next(&mut self, bytes: &[u8], is_end: bool) -> Option<RecordSpan> {
        let start = match self.start {
            Some(start) => start,
            None => {
                // A byte order mark may stand at the beginning.
                let of_objects = |b: u8| !self.is_list && matches!(b, b'[' | b']' | 0xEF | 0xBB | 0xBF);
                let between = |b: u8| b.is_ascii_whitespace() || b == b',' || of_objects(b);
                if self.has_ended {
                    self.at += self.pass_around(&bytes[self.at..]);
                    return None;
                }
                let rest = &bytes[self.at..];
                let skipped = rest.iter().position(|&b| !between(b)).unwrap_or(rest.len());
                for byte in &rest[..skipped] {
                    match byte {
                        b'[' => self.around += 1,
                        b']' => self.around = self.around.saturating_sub(1),
                        _ => {}
                    }
                }
                self.at += skipped;
                if self.at == bytes.len() {
                    return None;
                }
                if self.is_list && bytes[self.at] == b']' {
                    self.has_ended = true;
                    self.at += 1;
                    return self.next(bytes, is_end);
                }
                self.start = Some(self.at);
                self.at
            }
        };
        let end = self.end(bytes).or((is_end).then_some(bytes.len()))?;
        let is_cut = self.depth > 0 || self.in_string;
        *self = Self { at: end, around: self.around, ..Self::new(self.is_list) };
        Some(RecordSpan { start, end, is_cut })
    }

    /// What is wrong with the end of the content, once all of the content was given.
    pub(crate) fn fault_at_end(&self) -> Option<&'static str> {
        if self.is_list && !self.has_ended || !self.is_list && self.around > 0 {
            Some("the file is cut: its list of records does not end")
        } else if self.has_more {
            Some("something stands behind the end of the list of records, and is not read")
        } else if self.around > 0 {
            Some("the file is cut: what stands around its list of records does not end")
        } else {
            None
        }
    }

    /// Passes over everything around the one list. Returns the number of bytes.
    fn pass_around(&mut self, bytes: &[u8]) -> usize {
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            match byte {
                b'\\' if self.in_string && at + 1 == bytes.len() => return at,
                b'\\' if self.in_string => at += 1,
                b'"' if self.in_string => self.in_string = false,
                _ if self.in_string => {}
                _ => {
                    self.has_more |= self.has_ended && self.around == 0 && !byte.is_ascii_whitespace();
                    match byte {
                        b'"' => self.in_string = true,
                        b'{' | b'[' => self.around += 1,
                        b'}' | b']' => self.around = self.around.saturating_sub(1),
                        _ => {}
                    }
                }
            }
            at += 1;
        }
        at
    }

    /// One past the end of the record under way.
    fn end(&mut self, bytes: &[u8]) -> Option<usize> {
        while self.at < bytes.len() {
            if self.in_string {
                let Some(next) = memchr2(b'"', b'\\', &bytes[self.at..]) else {
                    self.at = bytes.len();
                    return None;
                };
                let at = self.at + next;
                if bytes[at] == b'"' {
                    self.in_string = false;
                    self.at = at + 1;
                } else if at + 1 < bytes.len() {
                    self.at = at + 2;
                } else {
                    self.at = at;
                    return None;
                }
                continue;
            }
            let byte = bytes[self.at];
            match byte {
                // A record that is no object ends where the next thing begins.
                b',' | b']' if self.depth == 0 => return Some(self.at),
                b'{' if !self.is_list && self.depth == 0 && self.start != Some(self.at) => {
                    return Some(self.at);
                }
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        self.at += 1;
                        return Some(self.at);
                    }
                }
                _ => {}
            }
            self.at += 1;
        }
        None
    }

    /// Forgets the first `count` bytes, which will not be given again. The record under way must not begin in these bytes.
    pub(crate) fn forget(&mut self, count: usize) {
        self.at = self.at.saturating_sub(count);
        if let Some(start) = &mut self.start {
            *start -= count;
        }
    }

    /// Forgets the bytes of the record under way that were looked at. Returns the number of bytes.
    pub(crate) fn forget_seen(&mut self) -> usize {
        // The record still is under way, wherever it began.
        self.start = self.start.map(|_| 0);
        std::mem::take(&mut self.at)
    }

    /// Where the record under way begins; without such a record, how far the bytes were looked at.
    pub(crate) fn needed_from(&self) -> usize {
        self.start.unwrap_or(self.at)
    }

    /// The first `count` records of a content that begins with `head`. A record that is cut off is left out, unless it is the first.
    pub(crate) fn first(head: &[u8], count: usize, is_list: bool) -> Vec<Vec<u8>> {
        let mut elements = Self::new(is_list);
        let mut found: Vec<Vec<u8>> = std::iter::from_fn(|| elements.next(head, false))
            .take(count)
            .map(|found| head[found.start..found.end].to_vec())
            .collect();
        if found.is_empty()
            && let Some(cut_off) = Self::new(is_list).next(head, true)
        {
            found.push(head[cut_off.start..cut_off.end].to_vec());
        }
        found
    }
}

/// Puts a record on one line: line ends between its tokens become spaces.
///
/// # Errors
/// If a line end stands inside a string, which is no JSON.
pub(crate) fn onto_line(record: &mut [u8]) -> Result<(), &'static str> {
    let (mut in_string, mut escaped) = (false, false);
    for byte in record {
        match *byte {
            b'\n' | b'\r' if in_string => return Err("a line end inside a string"),
            b'\n' | b'\r' => *byte = b' ',
            b'"' if !escaped => in_string = !in_string,
            _ => {}
        }
        escaped = in_string && *byte == b'\\' && !escaped;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    /// All records of the content, given in pieces of these lengths.
    fn records(content: &[u8], pieces: &[usize]) -> Vec<Vec<u8>> {
        let mut elements = ElementCutter::default();
        let (mut given, mut held, mut found) = (0, Vec::new(), Vec::new());
        let mut pieces = pieces.iter().copied().cycle();
        loop {
            while let Some(next) = elements.next(&held, given == content.len()) {
                found.push(held[next.start..next.end].to_vec());
            }
            if given == content.len() {
                return found;
            }
            let needed = elements.needed_from();
            held.drain(..needed);
            elements.forget(needed);
            let more = (given + pieces.next().unwrap_or(1).max(1)).min(content.len());
            held.extend_from_slice(&content[given..more]);
            given = more;
        }
    }

    #[test]
    fn broken_records_end_somewhere_and_the_next_ones_are_found() {
        let of = |text: &str| -> Vec<String> {
            records(text.as_bytes(), &[3]).into_iter().map(|r| String::from_utf8(r).unwrap()).collect()
        };
        assert_eq!(of(r#"[{"a":1},nul,{"b":"}]"}]"#), [r#"{"a":1}"#, "nul", r#"{"b":"}]"}"#]);
        assert_eq!(of("[{\"a\":1}] [ {\"b\":2} ]\n"), [r#"{"a":1}"#, r#"{"b":2}"#]);
        assert_eq!(of("{\"a\":\n{}}\n{\"b\":2}x"), ["{\"a\":\n{}}", r#"{"b":2}"#, "x"]);
        assert_eq!(of(r#"[{"a":"cut"#), [r#"{"a":"cut"#]);
        assert_eq!(of("[]"), Vec::<String>::new());
        assert_eq!(of("\u{feff}[{}]"), ["{}"]);
    }

    #[test]
    fn line_ends_between_tokens_become_spaces() {
        let mut record = b"{\"a\\\\\":\r\n \"x\\\"y\"\n}".to_vec();
        onto_line(&mut record).unwrap();
        assert_eq!(record, b"{\"a\\\\\":   \"x\\\"y\" }");
        assert!(onto_line(&mut b"{\"a\n\":1}".to_vec()).is_err());
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<i32>().prop_map(Value::from),
            "[\\PC\n\"\\\\{}\\[\\],]{0,8}".prop_map(Value::from),
            Just(Value::Null)
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec(("[a-c\"\\\\]{0,3}", inner), 0..4)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_objects_of_an_array_are_found_however_it_is_cut(
            values in prop::collection::vec(value(), 0..6), pretty in any::<bool>(), pieces in prop::collection::vec(1_usize..40, 1..5),
        ) {
            let objects: Vec<Value> = values.into_iter().map(|v| json!({ "v": v })).collect();
            let text = if pretty { serde_json::to_string_pretty(&objects) } else { serde_json::to_string(&objects) }.unwrap();
            let found: Vec<Value> = records(text.as_bytes(), &pieces).into_iter().map(|mut r| {
                onto_line(&mut r).unwrap();
                assert!(!r.contains(&b'\n'));
                serde_json::from_slice(&r).unwrap()
            }).collect();
            prop_assert_eq!(found, objects);
        }

        #[test]
        fn any_bytes_are_cut_alike_in_any_pieces(bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(b'{'), Just(b'}'), Just(b'"'), Just(b'\\'), Just(b',')], 0..80), pieces in prop::collection::vec(1_usize..9, 1..4)) {
            prop_assert_eq!(records(&bytes, &pieces), records(&bytes, &[bytes.len().max(1)]));
        }
    }
}
