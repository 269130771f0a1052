//! The funnel: what a run counts, part by part, and adds up.

use std::ops::AddAssign;

use rejoinder_core::Category;
use serde::{Deserialize, Serialize};

/// Counts of a chunk, a part or a run. All of them are functions of input and config.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScanStats {
    /// Conversations read, without those that are too short.
    pub conversations: u64,
    /// Conversations with fewer messages than `min-messages`.
    pub too_short: u64,
    /// Conversations in other languages than wanted.
    pub other_language: u64,
    /// Conversations that stand in the input before.
    pub duplicates: u64,
    /// Calls whose messages stand in the conversation that is kept.
    pub repeated: u64,
    /// Calls that an application makes for itself, and asides of agents.
    pub helpers: u64,
    /// Records in which there is no chat.
    pub without_chat: u64,
    /// Records that were joined with others to one conversation.
    pub joined: u64,
    /// Records that may go on in others and were left alone.
    pub unjoined: u64,
    /// Conversations whose record held a token that is no JSON, or no UTF-8, and was put right.
    pub mended: u64,
    /// Later turns with no text: an image, a sound or a file.
    pub wordless: u64,
    /// Later turns.
    pub turns: u64,
    /// Later turns that some rule other than a reject rule marked.
    pub candidates: u64,
    /// Later turns accepted here, by category.
    pub accepted: ByCategory,
    /// Later turns rejected here.
    pub rejected: u64,
    /// Later turns that wait for the judge.
    pub undecided: u64,
    /// Records set aside.
    pub quarantined: u64,
    /// Failures of plugins.
    pub faults: u64,
    /// Bytes of decompressed input.
    pub bytes: u64,
    /// Questions that the undecided turns make: one a turn, or one a conversation.
    pub questions: u64,
    /// Requests that they take where several share one.
    pub groups: u64,
    /// The messages that they show, in estimated tokens.
    pub shown_tokens: u64,
    /// Requests of the paper's method: one for each conversation with a later turn.
    pub paper_requests: u64,
    /// The dialogues that they show, in estimated tokens.
    pub paper_shown_tokens: u64,
}

/// A count for each category.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "UPPERCASE")]
pub struct ByCategory {
    ur1: u64,
    ur2: u64,
    ur3: u64,
    ur4: u64,
    ur5: u64,
}

impl ByCategory {
    /// The count of one category.
    pub fn get(&self, category: Category) -> u64 {
        let Self { ur1, ur2, ur3, ur4, ur5 } = *self;
        [ur1, ur2, ur3, ur4, ur5][category.index()]
    }

    /// Counts one more.
    pub fn count(&mut self, category: Category) {
        let Self { ur1, ur2, ur3, ur4, ur5 } = self;
        *[ur1, ur2, ur3, ur4, ur5][category.index()] += 1;
    }

    /// The sum over all categories.
    pub fn total(&self) -> u64 {
        Category::ALL.into_iter().map(|c| self.get(c)).sum()
    }
}

impl AddAssign for ByCategory {
    fn add_assign(&mut self, other: Self) {
        self.ur1 += other.ur1;
        self.ur2 += other.ur2;
        self.ur3 += other.ur3;
        self.ur4 += other.ur4;
        self.ur5 += other.ur5;
    }
}

impl AddAssign for ScanStats {
    fn add_assign(&mut self, other: Self) {
        self.conversations += other.conversations;
        self.too_short += other.too_short;
        self.other_language += other.other_language;
        self.duplicates += other.duplicates;
        self.repeated += other.repeated;
        self.helpers += other.helpers;
        self.without_chat += other.without_chat;
        self.joined += other.joined;
        self.unjoined += other.unjoined;
        self.mended += other.mended;
        self.wordless += other.wordless;
        self.turns += other.turns;
        self.candidates += other.candidates;
        self.accepted += other.accepted;
        self.rejected += other.rejected;
        self.undecided += other.undecided;
        self.quarantined += other.quarantined;
        self.faults += other.faults;
        self.bytes += other.bytes;
        self.questions += other.questions;
        self.groups += other.groups;
        self.shown_tokens += other.shown_tokens;
        self.paper_requests += other.paper_requests;
        self.paper_shown_tokens += other.paper_shown_tokens;
    }
}

/// What the judge's replies made of the undecided turns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JudgeStats {
    /// Turns settled by a reply.
    pub judged: u64,
    /// Those that are feedback, by category.
    pub feedback: ByCategory,
    /// Turns whose reply could not be read or did not fit the turn: they stay undecided.
    pub unverified: u64,
}
