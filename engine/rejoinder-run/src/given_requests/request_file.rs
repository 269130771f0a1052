//! A file of requests, read line by line as often as needed: it may be larger than memory.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use rejoinder_judge::batch::{GivenLine, read_given};

use super::error::{AskingError, BadLine, BadLineReason};

/// The longest line, in bytes.
const MAX_LINE: u64 = 64 << 20;
/// So many bad lines are told.
const MAX_TOLD: usize = 10;

/// A file whose lines are requests to one model.
pub(super) struct RequestFile {
    path: PathBuf,
    model: String,
    /// The number of requests.
    pub(super) requests: u64,
}

impl RequestFile {
    /// Reads a file to its end, and refuses it if a line cannot be asked.
    ///
    /// # Errors
    /// If the file cannot be read, holds no request, or lines are no requests for this model, each with an id of its own.
    pub(super) fn checked(path: &Path, model: &str) -> Result<Self, AskingError> {
        let unreadable = |e| AskingError::Unreadable(path.to_owned(), e);
        if !std::fs::metadata(path).map_err(unreadable)?.is_file() {
            return Err(AskingError::NoFile(path.to_owned()));
        }
        let mut file = Self { path: path.to_owned(), model: model.to_owned(), requests: 0 };
        let mut first_lines: HashMap<String, u64> = HashMap::new();
        let (mut bad, mut more, mut requests) = (Vec::new(), 0, 0);
        file.each_line(&mut |number, line| {
            let read = line.and_then(|line| {
                let first = *first_lines.entry(line.custom_id.clone()).or_insert(number);
                match first == number {
                    true => Ok(()),
                    false => Err(BadLineReason::SecondId { id: line.custom_id, first }),
                }
            });
            match read {
                Ok(()) => requests += 1,
                Err(why) if bad.len() < MAX_TOLD => bad.push(BadLine { number, why }),
                Err(_) => more += 1,
            }
            Ok(true)
        })?;
        file.requests = requests;
        match (bad.is_empty(), requests) {
            (true, 0) => Err(AskingError::NoRequest(file.path)),
            (true, _) => Ok(file),
            (false, _) => Err(AskingError::BadLines { file: file.path, lines: bad, more }),
        }
    }

    /// Hands each request on until `take` returns false.
    ///
    /// # Errors
    /// If the file cannot be read any more, or `take` fails.
    pub(super) fn each(
        &self,
        take: &mut dyn FnMut(GivenLine) -> Result<bool, AskingError>,
    ) -> Result<(), AskingError> {
        self.each_line(&mut |number, line| match line {
            Ok(line) => take(line),
            // The file has changed since it was checked.
            Err(why) => Err(AskingError::BadLines {
                file: self.path.clone(),
                lines: vec![BadLine { number, why }],
                more: 0,
            }),
        })
    }

    fn each_line(
        &self,
        take: &mut dyn FnMut(u64, Result<GivenLine, BadLineReason>) -> Result<bool, AskingError>,
    ) -> Result<(), AskingError> {
        let unreadable = |e| AskingError::Unreadable(self.path.clone(), e);
        let mut reader = BufReader::new(File::open(&self.path).map_err(unreadable)?);
        let mut line = Vec::new();
        for number in 1.. {
            line.clear();
            let length = (&mut reader).take(MAX_LINE).read_until(b'\n', &mut line).map_err(unreadable)?;
            if length == 0 {
                break;
            }
            if length as u64 == MAX_LINE && line.last() != Some(&b'\n') {
                // What follows is the rest of this line.
                take(number, Err(BadLineReason::TooLong(MAX_LINE)))?;
                break;
            }
            if let Some(read) = self.read(number, &line)
                && !take(number, read)?
            {
                break;
            }
        }
        Ok(())
    }

    /// The request of a line; `None` for a line without any.
    fn read(&self, number: u64, line: &[u8]) -> Option<Result<GivenLine, BadLineReason>> {
        let Ok(line) = std::str::from_utf8(line) else { return Some(Err(BadLineReason::NotUtf8)) };
        // Some editors mark UTF-8 by it.
        let line = line.strip_prefix('\u{feff}').filter(|_| number == 1).unwrap_or(line);
        let line = line.trim_end_matches(['\n', '\r']);
        (!line.trim().is_empty()).then(|| read_given(line, &self.model).map_err(BadLineReason::Request))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn checked(content: &[u8]) -> Result<Vec<String>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("requests.jsonl");
        std::fs::write(&path, content).unwrap();
        let file = RequestFile::checked(&path, "m").map_err(|e| e.to_string())?;
        let mut ids = Vec::new();
        file.each(&mut |line| {
            ids.push(line.custom_id);
            Ok(true)
        })
        .unwrap();
        assert_eq!(ids.len() as u64, file.requests);
        Ok(ids)
    }

    fn line(id: &str) -> String {
        format!(r#"{{"custom_id":"{id}","body":{{"messages":[{{"role":"user","content":"x"}}]}}}}"#)
    }

    #[test]
    fn requests_come_in_their_order_and_empty_lines_are_none() {
        let content = format!("\u{feff}{}\r\n\n  \n{}\n{}", line("b"), line("a"), line("c"));
        assert_eq!(checked(content.as_bytes()).unwrap(), ["b", "a", "c"]);
        assert!(checked(b"\n\n").unwrap_err().ends_with("holds no request"));
    }

    #[test]
    fn bad_lines_are_told_together_with_their_places() {
        let mut content = format!("{}\n{{nope\n{}\n", line("a"), line("a")).into_bytes();
        content.extend(b"\xff\n");
        let told = checked(&content).unwrap_err();
        let places: Vec<&str> =
            told.lines().map(|line| line.rsplit("requests.jsonl").next().unwrap()).collect();
        assert!(places[0].starts_with(":2:2: no request of the batch format"), "{told}");
        assert!(places[1].starts_with(":3: the custom_id `a` stands in line 1 already"), "{told}");
        assert!(places[2].starts_with(":4: the line is no UTF-8"), "{told}");
        let many = checked("x\n".repeat(25).as_bytes()).unwrap_err();
        assert!(many.contains("\nand 15 more lines\n") && many.lines().count() == 12, "{many}");
    }

    proptest! {
        #[test]
        fn any_file_is_read_or_refused(content in prop::collection::vec(any::<u8>(), 0..300), ids in prop::collection::vec("[ab]{1,2}", 0..4)) {
            let _ = checked(&content);
            let lines: Vec<String> = ids.iter().map(|id| line(id)).collect();
            let mut alone = ids.clone();
            alone.sort();
            alone.dedup();
            let read = checked(lines.join("\n").as_bytes());
            match ids.is_empty() || alone.len() < ids.len() {
                true => prop_assert!(read.is_err()),
                false => prop_assert_eq!(read, Ok(ids)),
            }
        }
    }
}
