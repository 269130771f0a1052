//! Corpora that grow: in which night a file came in, and which of its conversations came in later, at its end.

use std::fs::File;
use std::io::{self, Read};

use serde::{Deserialize, Serialize};

use super::InputFile;
use crate::container::Container;
use crate::record::Mapping;

/// Bytes that are read at a time.
const BLOCK: usize = 1 << 18;

/// Conversations that came in at a file's end after the file itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Growth {
    /// The night, from 0.
    pub night: u32,
    /// The first conversation of that night, by its number in the file.
    pub from: u64,
}

impl InputFile {
    /// The night in which a conversation of the file came in, from 0; `ordinal` is its number in the file.
    pub fn night_of(&self, ordinal: u64) -> u32 {
        let growth = self.growth.iter().rev().find(|growth| growth.from <= ordinal);
        growth.map_or(self.night, |growth| growth.night)
    }

    /// The last night in which conversations of the file came in, from 0.
    pub fn last_night(&self) -> u32 {
        self.growth.last().map_or(self.night, |growth| growth.night)
    }

    /// Whether all conversations of the file came in in the first night.
    pub fn is_of_first_night(&self) -> bool {
        self.night == 0 && self.growth.is_empty()
    }

    /// The number of the first conversation that was added to the file since `earlier` described it, where nothing but its end
    /// has changed since. `None` where something else has changed, or where that cannot be told: of compressed files, of files
    /// that do not hold a record a line, and of records that are joined with others. `given` names keys in the records, where
    /// the user names some.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn grown_from(&self, earlier: &Self, given: &Mapping) -> io::Result<Option<u64>> {
        let is_read_alike = (self.format, &self.reading, self.container)
            == (earlier.format, &earlier.reading, Container::Lines);
        if !is_read_alike || self.size <= earlier.size || !self.can_seek(given) {
            return Ok(None);
        }
        let mut file = File::open(self.current_path())?;
        let mut hasher = blake3::Hasher::new();
        let (mut lines, mut last, mut left) = (0_u64, b'\n', earlier.size);
        let mut block = vec![0; BLOCK];
        while left > 0 {
            let most = usize::try_from(left).map_or(BLOCK, |left| left.min(BLOCK));
            let read = file.read(&mut block[..most])?;
            let Some(&end) = block[..read].last() else { return Ok(None) };
            hasher.update(&block[..read]);
            lines += memchr::memchr_iter(b'\n', &block[..read]).count() as u64;
            (last, left) = (end, left - read as u64);
        }
        if hasher.finalize().to_hex().as_str() != earlier.hash {
            return Ok(None);
        }
        // A last line without its line feed is whole if the line feed is what comes next.
        let is_ended_now = last != b'\n' && file.read(&mut block[..1])? == 1 && block[0] == b'\n';
        Ok(Some(lines + u64::from(is_ended_now)))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;

    const RECORD: &str = r#"{"conversation_id": "c", "conversation": [{"role": "user", "content": "hi"}]}"#;

    /// From which conversation on a file has grown that held `before` and holds `now`.
    fn grown(folder: &Path, before: &str, now: &str) -> Option<u64> {
        let path = folder.join("chats.jsonl");
        std::fs::write(&path, before).unwrap();
        let earlier = InputFile::describe(&path).unwrap();
        std::fs::write(&path, now).unwrap();
        InputFile::describe(&path).unwrap().grown_from(&earlier, &Mapping::default()).unwrap()
    }

    #[test]
    fn a_file_has_grown_where_nothing_but_its_end_has_changed() {
        let folder = tempfile::tempdir().unwrap();
        let line = format!("{RECORD}\n");
        let other = line.replace("hi", "ho");
        let cases = [
            (line.clone(), line.repeat(2), Some(1)),
            (RECORD.to_owned(), line.repeat(3), Some(1)),
            // A line that was cut off in the middle is another one now.
            (format!("{line}{}", &RECORD[..9]), line.repeat(3), Some(1)),
            (line.clone(), format!("{other}{line}"), None),
            (line.repeat(2), line.clone(), None),
            (line.clone(), line.clone(), None),
        ];
        for (before, now, from) in cases {
            assert_eq!(grown(folder.path(), &before, &now), from, "{before}{now}");
        }
    }

    #[test]
    fn records_that_are_joined_with_others_may_change_wherever_they_stand() {
        let folder = tempfile::tempdir().unwrap();
        let row = |text: &str| {
            format!("{{\"conversation_id\": \"c\", \"role\": \"user\", \"content\": \"{text}\"}}\n")
        };
        let before = row("one") + &row("two");
        assert_eq!(grown(folder.path(), &before, &(before.clone() + &row("three"))), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn the_nights_of_a_file_are_told_by_its_growth(lengths in prop::collection::vec(1_u64..5, 1..5)) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("chats.jsonl");
            let mut file: Option<InputFile> = None;
            let mut lines = 0;
            for (night, more) in (0..).zip(&lengths) {
                std::fs::write(&path, format!("{RECORD}\n").repeat((lines + more) as usize)).unwrap();
                let mut now = InputFile::describe(&path).unwrap();
                if let Some(earlier) = &file {
                    let from = now.grown_from(earlier, &Mapping::default()).unwrap();
                    prop_assert_eq!(from, Some(lines));
                    now.growth.clone_from(&earlier.growth);
                    now.growth.push(Growth { night, from: lines });
                }
                file = Some(now);
                lines += more;
            }
            let file = file.unwrap();
            let nights: Vec<u32> = (0..lines).map(|ordinal| file.night_of(ordinal)).collect();
            let expected: Vec<u32> =
                (0..).zip(&lengths).flat_map(|(night, more)| vec![night; *more as usize]).collect();
            prop_assert_eq!(nights, expected);
            prop_assert_eq!(file.last_night() as usize, lengths.len() - 1);
        }
    }
}
