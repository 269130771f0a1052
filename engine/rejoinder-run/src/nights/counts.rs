//! What a run that goes on with an earlier one counts apart: the part of its input that is not new, and the new one.

use std::ops::AddAssign;

use rejoinder_read::InputFile;
use rejoinder_score::Profile;
use serde::{Deserialize, Serialize};

use crate::folder::Manifest;

/// The counts of both parts of a run's input.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NightCounts {
    /// The part that the certificate of an earlier run is about, or that the earlier run has read.
    pub known: NightPart,
    /// What has come in since.
    pub new: NightPart,
}

/// The counts of one part.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NightPart {
    /// Conversations.
    pub conversations: u64,
    /// Later turns.
    pub turns: u64,
    /// What the later turns are like.
    pub profile: Profile,
}

impl AddAssign for NightCounts {
    fn add_assign(&mut self, other: Self) {
        self.known += other.known;
        self.new += other.new;
    }
}

impl AddAssign for NightPart {
    fn add_assign(&mut self, other: Self) {
        self.conversations += other.conversations;
        self.turns += other.turns;
        self.profile += other.profile;
    }
}

/// Tells the conversations that are new in a run from those that are not.
#[derive(Clone, Copy, Debug)]
pub struct NightSplit<'a> {
    inputs: &'a [InputFile],
    last_known_night: u32,
}

impl<'a> NightSplit<'a> {
    /// For a run; `None` where it goes on with no earlier run.
    pub fn of(manifest: &'a Manifest) -> Option<Self> {
        let earlier = manifest.after.as_ref()?;
        Some(Self { inputs: &manifest.inputs, last_known_night: earlier.last_known_night() })
    }

    /// The part of the counts that a conversation belongs to.
    pub fn part_of<'c>(&self, counts: &'c mut NightCounts, shard: u32, ordinal: u64) -> &'c mut NightPart {
        match self.inputs[shard as usize].night_of(ordinal) > self.last_known_night {
            true => &mut counts.new,
            false => &mut counts.known,
        }
    }
}
