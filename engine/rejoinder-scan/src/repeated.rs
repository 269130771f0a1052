//! Conversations that are left out because the input holds the same conversation elsewhere: before, where the config says so, in
//! an earlier night, or in a later night and with more turns.

use std::collections::HashMap;
use std::num::NonZeroUsize;

use rejoinder_read::{Chunk, Duplicates, InputFile, Portion};

use crate::config::InputConfig;
use crate::error::ScanError;
use crate::flow::in_order;
use crate::stop::StopFlag;

/// Why a conversation is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repetition {
    /// The same conversation stands in the input before, came in in an earlier night, or was forgotten in an earlier night.
    Before,
    /// A conversation of a later night begins with all of it and has more turns: the log was written again.
    Superseded,
}

/// The conversations of an input that are left out, by shard and ordinal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RepeatedConversations(HashMap<(u32, u64), Repetition>);

impl RepeatedConversations {
    /// Why a conversation is left out; `None` where it is kept.
    pub fn why(&self, shard: u32, ordinal: u64) -> Option<Repetition> {
        self.0.get(&(shard, ordinal)).copied()
    }
}

/// A conversation of the input.
struct Listed {
    night: u32,
    shard: u32,
    ordinal: u64,
    fingerprint: u64,
    /// Whether the conversation was forgotten in an earlier night.
    was_forgotten: bool,
}

/// The conversations that are left out of some files; `portions` gives the whole input, with what was forgotten in it
/// ([`InputFile::with_forgotten`]). Nothing is read where all files came in in the first night and the config leaves no duplicates
/// out. Without `files`, all is of the first night.
///
/// # Errors
/// If the input cannot be read.
pub fn repeated<P: Iterator<Item = Portion> + Send>(
    input: &InputConfig,
    files: &[InputFile],
    threads: NonZeroUsize,
    stop: &StopFlag,
    portions: impl FnOnce() -> P,
) -> Result<RepeatedConversations, ScanError> {
    if input.duplicates == Duplicates::Keep && files.iter().all(InputFile::is_of_first_night) {
        return Ok(RepeatedConversations::default());
    }
    let mut all: Vec<Listed> = Vec::new();
    // The last night with a conversation that begins so and goes on.
    let mut begun: HashMap<u64, u32> = HashMap::new();
    let list = |_: &mut (), chunk: &Chunk| {
        let shard = chunk.start.shard;
        let file = files.get(shard as usize);
        let records = chunk.entries().filter(|entry| entry.size() <= input.max_record_bytes as u64);
        let records = records.filter_map(|entry| Some((entry.ordinal, entry.record().ok()?)));
        let kept = records.filter(|(_, record)| input.leaves_out(record).is_none());
        let listed = kept.map(|(ordinal, record)| {
            let night = file.map_or(0, |file| file.night_of(ordinal));
            // Nothing is of a night before the first one.
            let mut beginnings = match night {
                0 => vec![input.duplicates.fingerprint(&record.conversation)],
                _ => input.duplicates.fingerprints_of_beginnings(&record.conversation),
            };
            let fingerprint = beginnings.pop().unwrap_or_default();
            let was_forgotten = file.is_some_and(|file| file.was_forgotten(ordinal, &record.conversation));
            if was_forgotten {
                beginnings.clear();
            }
            (Listed { night, shard, ordinal, fingerprint, was_forgotten }, beginnings)
        });
        Ok::<_, ScanError>(listed.collect::<Vec<_>>())
    };
    in_order(
        portions(),
        threads,
        || Ok(()),
        list,
        |listed| {
            stop.check().map_err(ScanError::from)?;
            for (conversation, beginnings) in listed {
                for beginning in beginnings {
                    let last = begun.entry(beginning).or_default();
                    *last = conversation.night.max(*last);
                }
                all.push(conversation);
            }
            Ok(())
        },
    )?;
    Ok(left_out(all, &begun, input.duplicates))
}

/// The conversations that are left out of those in `all`, which stand in input order.
fn left_out(
    mut all: Vec<Listed>,
    begun: &HashMap<u64, u32>,
    duplicates: Duplicates,
) -> RepeatedConversations {
    // Within a night the input's order stays.
    all.sort_by_key(|conversation| conversation.night);
    let mut first_nights = HashMap::new();
    let mut left_out = HashMap::new();
    for Listed { night, shard, ordinal, fingerprint, was_forgotten } in all {
        let before = first_nights.get(&fingerprint).copied();
        first_nights.entry(fingerprint).or_insert(night);
        let why = match before {
            _ if was_forgotten => Repetition::Before,
            Some(first) if duplicates != Duplicates::Keep || first < night => Repetition::Before,
            _ if begun.get(&fingerprint).is_some_and(|last| *last > night) => Repetition::Superseded,
            _ => continue,
        };
        left_out.insert((shard, ordinal), why);
    }
    RepeatedConversations(left_out)
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use proptest::prelude::*;
    use rejoinder_read::{Mapping, Portions, Position};

    use super::*;

    /// Why each conversation is left out, night by night; a conversation is given by the texts of its messages.
    fn reasons(nights: &[Vec<Vec<u8>>], duplicates: Duplicates) -> Vec<Vec<Option<Repetition>>> {
        let folder = tempfile::tempdir().unwrap();
        // The reader itself takes what goes on within one file for one conversation.
        let input = InputConfig { duplicates, join: false, ..InputConfig::default() };
        let files: Vec<InputFile> = (0..)
            .zip(nights)
            .map(|(night, conversations)| {
                let path = write(folder.path(), night, conversations);
                InputFile { night, ..InputFile::describe_as(&path, input.asked()).unwrap().0 }
            })
            .collect();
        let mapping = Mapping::default();
        let portions = || Portions::new(&files, &mapping, Position::default(), input.max_record_bytes);
        let found = repeated(&input, &files, NonZeroUsize::MIN, &StopFlag::default(), portions).unwrap();
        let of_night = |(shard, conversations): (u32, &Vec<Vec<u8>>)| {
            (0..conversations.len() as u64).map(|ordinal| found.why(shard, ordinal)).collect()
        };
        (0..).zip(nights).map(of_night).collect()
    }

    fn write(folder: &Path, night: u32, conversations: &[Vec<u8>]) -> PathBuf {
        let path = folder.join(format!("{night}.jsonl"));
        let mut lines = String::new();
        for texts in conversations {
            let role = |place: usize| if place.is_multiple_of(2) { "user" } else { "assistant" };
            let messages = texts.iter().enumerate().map(
                |(place, text)| serde_json::json!({ "role": role(place), "content": format!("text {text}") }),
            );
            let messages: Vec<_> = messages.collect();
            lines += &serde_json::json!({ "conversation_id": "c", "conversation": messages }).to_string();
            lines.push('\n');
        }
        std::fs::write(&path, lines).unwrap();
        path
    }

    #[test]
    fn what_an_earlier_night_holds_is_left_out_and_what_a_later_night_goes_on_with() {
        let nights = [
            vec![vec![1, 2, 3], vec![4, 5], vec![4, 5], vec![6, 7]],
            vec![vec![4, 5], vec![1, 2, 3, 4, 5], vec![8, 9]],
            vec![vec![8, 9], vec![8, 9, 10], vec![1, 2, 3]],
        ];
        let (before, superseded) = (Some(Repetition::Before), Some(Repetition::Superseded));
        let found = reasons(&nights, Duplicates::Keep);
        assert_eq!(found[0], [superseded, None, None, None]);
        assert_eq!(found[1], [before, None, superseded]);
        assert_eq!(found[2], [before, None, before]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn nothing_is_lost_and_no_night_says_what_an_earlier_one_said(
            nights in prop::collection::vec(prop::collection::vec(prop::collection::vec(0_u8..2, 1..5), 1..5), 1..4),
            duplicates in prop::sample::select(vec![Duplicates::Keep, Duplicates::Exact]),
        ) {
            let reasons = reasons(&nights, duplicates);
            let kept: Vec<(usize, &Vec<u8>)> = nights.iter().zip(&reasons).enumerate().flat_map(|(night, (all, why))| {
                all.iter().zip(why).filter(|(_, why)| why.is_none()).map(move |(texts, _)| (night, texts))
            }).collect();
            // Each conversation stands among those that are kept, as it is or as a beginning.
            for texts in nights.iter().flatten() {
                prop_assert!(kept.iter().any(|(_, whole)| whole.starts_with(texts)), "{texts:?} of {nights:?}");
            }
            for (night, texts) in &kept {
                for (other, whole) in &kept {
                    prop_assert!(night <= other || texts != whole, "{nights:?}");
                    let goes_on = whole.len() > texts.len() && whole.starts_with(texts);
                    prop_assert!(other <= night || !goes_on, "{nights:?}");
                }
            }
            if nights.len() == 1 && duplicates == Duplicates::Keep {
                prop_assert!(reasons.iter().flatten().all(Option::is_none));
            }
        }
    }
}
