//! What each chunk of a shard adds to its part, kept so that the part can be taken apart again.

use rejoinder_read::Position;
use serde::{Deserialize, Serialize};

use crate::error::RunError;
use crate::folder::{FolderError, PartKind, RunDir};
use crate::part_writer::ChunkOutput;
use crate::stats::ScanCounts;
use crate::tallies::ChunkTallies;

/// What a chunk adds to its part.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Seam {
    end: Position,
    counts: ScanCounts,
    tallies: ChunkTallies,
    /// The bytes of the chunk's rows in the part's file of each of [`PartKind::SCAN`].
    lengths: [usize; 4],
}

impl Seam {
    /// What a chunk adds.
    pub(crate) fn of(chunk: &ChunkOutput) -> Self {
        Self {
            end: chunk.end,
            counts: chunk.counts.clone(),
            tallies: chunk.tallies.clone(),
            lengths: chunk.files.each_ref().map(Vec::len),
        }
    }
}

/// The chunks of part `index` of a shard, in input order.
///
/// # Errors
/// If a file of the part cannot be read, or the part's files are not those that the seams are of.
pub(super) fn chunks(run: &RunDir, index: u64) -> Result<Vec<ChunkOutput>, RunError> {
    let mut files = [const { Vec::new() }; 4];
    for (file, kind) in files.iter_mut().zip(PartKind::SCAN) {
        *file = run.part_bytes(kind, index)?;
    }
    let mut rest = files.each_ref().map(Vec::as_slice);
    let mut chunks = Vec::new();
    for seam in run.rows::<Seam>(PartKind::Seams, index) {
        let Seam { end, counts, tallies, lengths } = seam?;
        let mut files = [const { Vec::new() }; 4];
        for ((file, rest), length) in files.iter_mut().zip(&mut rest).zip(lengths) {
            let (own, others) = rest.split_at_checked(length).ok_or_else(|| unfit(run, index))?;
            *file = own.to_vec();
            *rest = others;
        }
        chunks.push(ChunkOutput { end, counts, tallies, files });
    }
    match rest.iter().all(|rest| rest.is_empty()) && !chunks.is_empty() {
        true => Ok(chunks),
        false => Err(unfit(run, index)),
    }
}

/// The error that the seams of a part are not those of its files.
fn unfit(run: &RunDir, index: u64) -> RunError {
    let (folder, file) = (run.path.clone(), run.part_file(PartKind::Seams, index));
    let what = "does not fit the files of its part".to_owned();
    FolderError::Lost { folder, file, what, is_judged: false }.into()
}
