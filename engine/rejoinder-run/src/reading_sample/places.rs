//! Places in the input where reading may begin on the way to turns of a run.

use rejoinder_core::RecordId;
use rejoinder_read::{InputFile, Portion, Portions, Position};
use rejoinder_scan::config::InputConfig;

use crate::error::RunError;
use crate::folder::RunDir;
use crate::tallies::PartTallies;

/// Places where reading may begin, in the order of the input: the ends of the committed parts, and those of the chunks of parts that hold
/// wanted turns.
pub(super) struct KnownPlaces(Vec<Position>);

impl KnownPlaces {
    /// The places that are of use on the way to turns, given in the order of the input.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub(super) fn of(run: &RunDir, wanted: impl IntoIterator<Item = RecordId>) -> Result<Self, RunError> {
        let mut wanted = wanted.into_iter().peekable();
        let mut places = Vec::new();
        for (part, end) in run.ends_of_parts()? {
            let mut holds_any = false;
            while wanted.next_if(|id| is_before(*id, end)).is_some() {
                holds_any = true;
            }
            let within = if holds_any { run.part_tallies(part)? } else { None };
            places.extend(within.iter().flat_map(PartTallies::places));
            places.push(end);
        }
        Ok(Self(places))
    }

    /// How many places do not lie behind a turn's conversation.
    fn count_before(&self, id: RecordId) -> usize {
        self.0.partition_point(|place| (place.shard, place.line) <= (id.shard, id.ordinal))
    }

    /// The last place, or else the beginning of the file, that does not lie behind a turn's conversation.
    pub(super) fn last_before(&self, id: RecordId) -> Position {
        let before = self.count_before(id).checked_sub(1).map(|place| self.0[place]);
        before.filter(|place| place.shard == id.shard).unwrap_or(Position::of_file(id.shard))
    }
}

/// Whether a turn's conversation stands before a place.
fn is_before(id: RecordId, place: Position) -> bool {
    (id.shard, id.ordinal) < (place.shard, place.line)
}

/// The portions of the input that hold the conversations of turns, given in the order of the input, and some portions between these.
/// Of a file that cannot be sought all is read up to the last turn.
pub(super) fn portions_of<'a>(
    files: &'a [InputFile],
    input: &'a InputConfig,
    turns: &'a [RecordId],
    known: &'a KnownPlaces,
) -> impl Iterator<Item = Portion> + Send + 'a {
    let in_file = turns.chunk_by(|a, b| a.shard == b.shard);
    in_file.flat_map(move |own| {
        let can_seek = files.get(own[0].shard as usize).is_some_and(|file| file.can_seek(&input.map));
        let are_near = move |a: &RecordId, b: &RecordId| {
            !can_seek || known.count_before(*b) <= known.count_before(*a) + 1
        };
        own.chunk_by(are_near).flat_map(move |near| {
            let (first, last) = (near[0], near[near.len() - 1]);
            // What lies behind the file of these turns is not wanted.
            let files = &files[..files.len().min(last.shard as usize + 1)];
            let from = known.last_before(first);
            let mut portions = Portions::new(files, &input.map, from, input.max_record_bytes);
            let mut is_done = false;
            std::iter::from_fn(move || {
                let portion = if is_done { None } else { portions.next() }?;
                let start = portion.start();
                let is_wanted = (start.shard, start.line) <= (last.shard, last.ordinal);
                is_done = !is_wanted || portion.end().is_some_and(|end| is_before(last, end));
                is_wanted.then_some(portion)
            })
        })
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use rejoinder_read::ChunkReader;

    use super::*;

    /// Some megabytes of conversations, one a line.
    fn lines() -> String {
        let filler = "word ".repeat(400);
        let line = |number: usize| {
            format!("{{\"id\":\"{number}\",\"messages\":[{{\"role\":\"user\",\"content\":\"{filler}\"}}]}}\n")
        };
        (0..4000).map(line).collect()
    }

    fn described(content: &[u8]) -> (tempfile::NamedTempFile, InputFile) {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(content).unwrap();
        let described = InputFile::describe(file.path()).unwrap();
        (file, described)
    }

    /// Reads the portions for turns; returns how many bytes were read, and the conversations that the portions hold.
    fn read(file: &InputFile, turns: &[RecordId]) -> (u64, Vec<u64>) {
        let files = std::slice::from_ref(file);
        let input = InputConfig::default();
        let chunks = ChunkReader::new(files, &input.map, Position::default(), input.max_record_bytes);
        let known = KnownPlaces(chunks.map(|chunk| chunk.end).collect());
        let chunks: Vec<_> = portions_of(files, &input, turns, &known).flat_map(Portion::chunks).collect();
        let ordinals =
            chunks.iter().flat_map(|chunk| chunk.entries().map(|entry| entry.ordinal).collect::<Vec<_>>());
        (chunks.iter().map(|chunk| chunk.content_bytes).sum(), ordinals.collect())
    }

    #[test]
    fn only_the_chunks_of_turns_are_read_where_the_file_can_be_sought() {
        let content = lines();
        let turn = |ordinal| RecordId { shard: 0, ordinal, message_index: 2 };
        let (_kept, plain) = described(content.as_bytes());
        assert!(plain.can_seek(&InputConfig::default().map));
        for wanted in [vec![0], vec![3999], vec![5, 2000, 2001, 3990], vec![700, 1400], vec![]] {
            let turns: Vec<RecordId> = wanted.iter().copied().map(turn).collect();
            let (bytes, ordinals) = read(&plain, &turns);
            assert!(bytes <= 1_200_000 * wanted.len() as u64, "{wanted:?}: {bytes}");
            assert!(wanted.iter().all(|ordinal| ordinals.contains(ordinal)));
            assert!(ordinals.is_sorted_by(|a, b| a < b), "each conversation once, in order");
        }
        let (_kept, packed) = described(&zstd_of(content.as_bytes()));
        assert!(!packed.can_seek(&InputConfig::default().map));
        let (_, ordinals) = read(&packed, &[turn(5), turn(3990)]);
        assert!(ordinals.contains(&5) && ordinals.contains(&3990) && ordinals.contains(&2000));
    }

    fn zstd_of(content: &[u8]) -> Vec<u8> {
        let packed = tempfile::NamedTempFile::new().unwrap();
        rejoinder_read::input::keep_stream(content, packed.path()).unwrap();
        std::fs::read(packed.path()).unwrap()
    }

    #[test]
    fn the_last_place_of_the_turns_own_file_is_where_reading_begins() {
        let at = |shard, line| Position { shard, line, byte: line * 100 };
        let known = KnownPlaces(vec![at(0, 10), at(0, 20), at(2, 5)]);
        let before = |shard, ordinal| known.last_before(RecordId { shard, ordinal, message_index: 0 });
        assert_eq!(before(0, 9), Position::of_file(0));
        assert_eq!(before(0, 10), at(0, 10));
        assert_eq!(before(0, 99), at(0, 20));
        assert_eq!(before(1, 99), Position::of_file(1), "its place is in another file");
        assert_eq!(before(2, 5), at(2, 5));
    }
}
