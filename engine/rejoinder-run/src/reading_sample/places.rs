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
