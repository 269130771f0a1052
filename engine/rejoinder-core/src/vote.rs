//! What plugins say about a later turn, and what rules matched in it.

use rejoinder_vocabulary::Verdict;

/// A plugin's whole answer for one candidate.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Vote {
    /// The verdict.
    pub verdict: Verdict,
    /// P(feedback) in [0, 1], if the plugin gave one.
    pub score: Option<f32>,
    /// Probabilities of no feedback, UR1, …, UR5, if the plugin gave them.
    pub probs: Option<[f32; 6]>,
    /// Number of the reason among the plugin's reasons, from 1; 0 if the plugin gave none.
    pub reason: u16,
    /// Whether the plugin was asked, and answered.
    pub state: VoteState,
}

/// What became of the question to a plugin about one later turn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VoteState {
    /// The plugin was not asked; the verdict is [`Verdict::Abstain`].
    #[default]
    NotAsked,
    /// The plugin answered.
    Answered,
    /// The plugin failed on the turn; the verdict is [`Verdict::Escalate`].
    Faulted,
}

impl Vote {
    /// The vote of a plugin that had nothing to say.
    pub const SILENT: Self =
        Self { verdict: Verdict::Abstain, score: None, probs: None, reason: 0, state: VoteState::Answered };
    /// The vote of a plugin that failed on the turn.
    pub const FAULT: Self =
        Self { verdict: Verdict::Escalate, score: None, probs: None, reason: 0, state: VoteState::Faulted };

    /// Whether the plugin failed on the turn.
    pub fn is_fault(&self) -> bool {
        self.state == VoteState::Faulted
    }

    /// Whether the plugin was asked about the turn.
    pub fn was_asked(&self) -> bool {
        self.state != VoteState::NotAsked
    }
}

/// A match of a rule in a later turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Index of the rule in the compiled rule set.
    pub rule: u32,
    /// First byte of the matched span in the turn's original text.
    pub start: u32,
    /// One past the last byte of the matched span.
    pub end: u32,
}
