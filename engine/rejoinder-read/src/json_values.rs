//! The records of files that hold no chats, such as labels. They are cut like the records of the input, and given as they are.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::chunk::{Chunk, Position};
use crate::container::Container;
use crate::container::array::ArrayReader;
use crate::container::csv_rows::CsvRows;
use crate::input::InputFile;

/// Why the records of a file cannot be read to the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonValuesError {
    /// The number of the record, from 1.
    pub record: u64,
    /// What is wrong with the record.
    pub reason: String,
}

impl fmt::Display for JsonValuesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "record {}: {}", self.record, self.reason)
    }
}

impl Error for JsonValuesError {}

/// The rows of a CSV file as objects of texts; the JSON objects of any other file, in a list or one after another. No more
/// than one record is held in memory. The first error ends the records: the rest cannot be read, or a record is longer than
/// `max_record_bytes`.
pub fn json_values(
    file: &InputFile,
    max_record_bytes: usize,
) -> impl Iterator<Item = Result<Value, JsonValuesError>> + use<'_> {
    let (mapping, from) = (Arc::default(), Position::default());
    let chunks: Box<dyn Iterator<Item = Chunk>> = match file.container {
        Container::Csv => Box::new(CsvRows::new(file, mapping, from, max_record_bytes)),
        _ => Box::new(ArrayReader::new(file, mapping, from, max_record_bytes)),
    };
    let of_chunk = |chunk: Chunk| {
        let error = |line: u64, reason: String| JsonValuesError { record: line + 1, reason };
        let parse = |(line, record): (u64, &[u8])| {
            serde_json::from_slice(record).map_err(|why| error(line, why.to_string()))
        };
        let set_aside = chunk.set_aside.first().map(|first| Err(error(first.line, first.reason.clone())));
        chunk.lines().map(parse).chain(set_aside).collect::<Vec<_>>()
    };
    let mut has_failed = false;
    chunks.flat_map(of_chunk).take_while(move |value| !std::mem::replace(&mut has_failed, value.is_err()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(content: &str, container: Container) -> Vec<Result<Value, JsonValuesError>> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        json_values(&InputFile::of_json_values(file.path(), container).unwrap(), 100).collect()
    }

    #[test]
    fn objects_and_rows_are_given_as_they_are() {
        let expected = [Ok(json!({ "a": 1 })), Ok(json!({ "a": [] }))];
        for json in ["[{\"a\":1},\n{\"a\":[]}]", "{\"a\":1}\n{\"a\":[]}\n"] {
            assert_eq!(read(json, Container::Array), expected);
        }
        assert_eq!(read("a,b\n1,\n", Container::Csv), [Ok(json!({ "a": "1", "b": null }))]);
    }

    #[test]
    fn what_cannot_be_read_ends_them() {
        for (content, container, why) in [
            ("[{\"a\":1},", Container::Array, "record 2: the file is cut"),
            ("[{\"a\":1},{\"a\":", Container::Array, "record 2: the file is cut"),
            ("[{\"a\":1},{\"a\"},{\"a\":2}]", Container::Array, "record 2: expected `:`"),
            ("a\n1\n\"2", Container::Csv, "record 2: the file is cut"),
        ] {
            let [Ok(_), Err(told)] = &*read(content, container) else { panic!("{content}") };
            assert!(told.to_string().starts_with(why), "{told}");
        }
        let long = format!("{{\"a\":\"{}\"}}", "x".repeat(5 << 20));
        let [Err(told)] = &*read(&long, Container::Array) else { panic!("it is too long") };
        assert!(told.reason.contains("more than the limit of 100"), "{told}");
    }
}
