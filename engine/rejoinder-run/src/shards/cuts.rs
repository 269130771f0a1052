//! Where an input is cut into ranges: at places where a scan of the whole begins a portion, too.

use rejoinder_read::{InputFile, Portions, Position};
use rejoinder_scan::ScanError;
use rejoinder_scan::config::InputConfig;
use serde::{Deserialize, Serialize};

use crate::error::RunError;

/// A place where the input is cut, and what lies before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cut {
    /// Where the next range begins.
    pub at: Position,
    /// The bytes of the input, as stored, before the place.
    pub stored_bytes: u64,
}

/// Cuts an input into `count` ranges of about as many stored bytes: their ends, with the beginning and the end of the input. A file
/// that can only be read from its beginning is not cut, and ranges without input stand where there are fewer places than ranges.
///
/// # Errors
/// If the input cannot be read.
pub(super) fn cuts(files: &[InputFile], config: &InputConfig, count: u32) -> Result<Vec<Cut>, RunError> {
    let all: u64 = files.iter().map(|file| file.size).sum();
    let end = Cut { at: Position::of_file(files.len() as u32), stored_bytes: all };
    let mut cuts = vec![Cut { at: Position::default(), stored_bytes: 0 }];
    let mut take = |place: Cut| {
        let is_behind =
            |cut: usize| u128::from(place.stored_bytes) * u128::from(count) >= u128::from(all) * cut as u128;
        while cuts.len() < count as usize && is_behind(cuts.len()) {
            cuts.push(place);
        }
    };
    let mut before = 0;
    for (shard, file) in (0_u32..).zip(files) {
        take(Cut { at: Position::of_file(shard), stored_bytes: before });
        if file.can_seek(&config.map) {
            within(files, shard, config, &mut |place| {
                take(Cut { stored_bytes: before + place.stored_bytes, ..place });
            })?;
        }
        before += file.size;
    }
    cuts.resize(count as usize, end);
    cuts.push(end);
    Ok(cuts)
}

/// Gives the places within file `shard` where a portion begins, but for the first, each with the stored bytes of the file before it.
fn within(
    files: &[InputFile],
    shard: u32,
    config: &InputConfig,
    take: &mut dyn FnMut(Cut),
) -> Result<(), RunError> {
    let files = &files[..=shard as usize];
    let mut read = None;
    for portion in Portions::new(files, &config.map, Position::of_file(shard), config.max_record_bytes) {
        if let Some(why) = portion.failure() {
            return Err(ScanError::Read(why.to_owned()).into());
        }
        if let Some(stored_bytes) = read {
            take(Cut { at: portion.start(), stored_bytes });
        }
        read = Some(portion.stored_bytes_at_end());
    }
    Ok(())
}
