//! The records of files that hold no chats, such as labels: cut as those of the input are, and given as they are.

use std::sync::Arc;

use serde_json::Value;

use crate::chunk::{Chunk, Position};
use crate::container::Container;
use crate::container::array::ArrayReader;
use crate::container::csv_rows::CsvRows;
use crate::input::InputFile;

/// The rows of a CSV file, as objects of texts; of any other file the objects of JSON, in a list or one after another. No more
/// than a record is held. Ends with why the rest cannot be read, or a record is longer than `max_record_bytes`.
pub fn values(
    file: &InputFile,
    max_record_bytes: usize,
) -> impl Iterator<Item = Result<Value, String>> + use<'_> {
    let (mapping, from) = (Arc::default(), Position::default());
    let chunks: Box<dyn Iterator<Item = Chunk>> = match file.container {
        Container::Csv => Box::new(CsvRows::new(file, mapping, from, max_record_bytes)),
        _ => Box::new(ArrayReader::new(file, mapping, from, max_record_bytes)),
    };
    let of_chunk = |chunk: Chunk| {
        let numbered = |line: u64, why: &str| format!("record {}: {why}", line + 1);
        let parse = |(line, record): (u64, &[u8])| {
            serde_json::from_slice(record).map_err(|why| numbered(line, &why.to_string()))
        };
        let lost = chunk.lost.first().map(|lost| Err(numbered(lost.line, &lost.reason)));
        chunk.lines().map(parse).chain(lost).collect::<Vec<_>>()
    };
    let mut has_failed = false;
    chunks.flat_map(of_chunk).take_while(move |value| !std::mem::replace(&mut has_failed, value.is_err()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(content: &str, container: Container) -> Vec<Result<Value, String>> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        values(&InputFile::of_values(file.path(), container).unwrap(), 100).collect()
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
            assert!(told.starts_with(why), "{told}");
        }
        let long = format!("{{\"a\":\"{}\"}}", "x".repeat(5 << 20));
        let [Err(told)] = &*read(&long, Container::Array) else { panic!("it is too long") };
        assert!(told.contains("more than the limit of 100"), "{told}");
    }
}
