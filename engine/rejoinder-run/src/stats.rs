//! The funnel: what a run counts, part by part, and adds up.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use rejoinder_cascade::Decision;
use rejoinder_core::Category;
use rejoinder_score::Profile;
use serde::{Deserialize, Serialize};

use rejoinder_judge::{SHARED_TOKENS, prompt, tokens};
use rejoinder_scan::config::JudgeSection;
use rejoinder_scan::reading::{ReadCounts, ReadDetails, add};
use rejoinder_scan::{Engine, ScannedBatch, ScannedConversation, ScannedTurn};

use crate::forecast::AskingForecast;
use crate::judging::grouping::{self, QuestionSize, RequestSize};
use crate::judging::settings;
use crate::nights::NightCounts;
use crate::spool_row::SpoolRow;

/// Counts of a chunk, a part or a run: numbers, and by name what the numbers are made of. All counts are functions of
/// input and config.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScanCounts {
    /// The numbers.
    pub stats: ScanStats,
    /// What reading met, by name.
    pub details: ReadDetails,
    /// Turns accepted here, by the accepting rule or plugin.
    pub accepted_by: BTreeMap<String, u64>,
    /// What the later turns are like.
    pub profile: Profile,
    /// What asking would take for each purpose.
    pub forecast: AskingForecast,
    /// What is new and what is not, where the run goes on with an earlier one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nights: Option<NightCounts>,
}

/// The numbers of a chunk, a part or a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScanStats {
    /// What was read.
    pub read: ReadCounts,
    /// Conversations with a turn that was accepted here.
    pub with_accepted: u64,
    /// Later turns.
    pub turns: u64,
    /// Later turns that some rule other than a reject rule marked.
    pub candidates: u64,
    /// Later turns accepted here, by category.
    pub accepted: ByCategory,
    /// Later turns rejected here.
    pub rejected: u64,
    /// Later turns that nothing here could look at: no pack in force reads the language, no rule marked the turn, and no
    /// score ranks the turn.
    pub not_looked_at: u64,
    /// Later turns that wait for the judge.
    pub undecided: u64,
    /// Failures of plugins.
    pub faults: u64,
    /// Questions that the undecided turns make: one a turn, or one a conversation.
    pub questions: u64,
    /// Requests that the questions take where several questions share a request.
    pub groups: u64,
    /// The messages that the questions show, in estimated tokens, where each question has a request.
    pub shown_tokens: u64,
    /// The messages that the questions show, in estimated tokens, where several questions share a request.
    pub group_shown_tokens: u64,
    /// Requests of the paper's method: one for each conversation with a later turn.
    pub paper_requests: u64,
    /// The dialogues that these requests show, in estimated tokens.
    pub paper_shown_tokens: u64,
}

impl ScanStats {
    /// Later turns that are neither accepted nor wait: rejected, or not looked at.
    pub const fn passed_over(&self) -> u64 {
        self.rejected + self.not_looked_at
    }

    /// Counts what the paper's method would send for a conversation with these later turns: one request with the whole dialogue.
    fn count_paper(&mut self, conversation: &ScannedConversation<'_>, turns: &[ScannedTurn]) {
        if !turns.is_empty() {
            self.paper_requests += 1;
            let shown = prompt::count_conversation(&conversation.record.conversation);
            self.paper_shown_tokens += tokens::of(shown);
        }
    }

    /// Counts the questions of a stretch of input, and the requests that they take where several of them share a request.
    pub(crate) fn count_questions(&mut self, judge: &JudgeSection, rows: &[SpoolRow]) {
        let window = settings::shown_window(judge);
        let sizes: Vec<QuestionSize> =
            rows.iter().map(|row| QuestionSize::of(row, window.as_ref())).collect();
        let size = RequestSize { turns: judge.turns_per_request, tokens: SHARED_TOKENS };
        let groups = grouping::groups(&sizes, size);
        self.questions += rows.len() as u64;
        self.groups += groups.len() as u64;
        self.shown_tokens += rows.iter().map(|row| row.shown_tokens).sum::<u64>();
        self.group_shown_tokens += groups.iter().map(|group| group.tokens).sum::<u64>();
    }
}

/// Requests that were made beside the first one about each group of turns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ExtraRequests {
    /// Requests about what an earlier request, which several turns shared, did not settle.
    pub apart: u64,
    /// HTTP requests that were made again, since the first had no answer.
    pub again: u64,
}

impl AddAssign for ExtraRequests {
    fn add_assign(&mut self, other: Self) {
        self.apart += other.apart;
        self.again += other.again;
    }
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
        self.add(category, 1);
    }

    /// Counts so many more.
    pub(crate) fn add(&mut self, category: Category, more: u64) {
        let Self { ur1, ur2, ur3, ur4, ur5 } = self;
        *[ur1, ur2, ur3, ur4, ur5][category.index()] += more;
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
        self.read += other.read;
        self.with_accepted += other.with_accepted;
        self.turns += other.turns;
        self.candidates += other.candidates;
        self.accepted += other.accepted;
        self.rejected += other.rejected;
        self.not_looked_at += other.not_looked_at;
        self.undecided += other.undecided;
        self.faults += other.faults;
        self.questions += other.questions;
        self.groups += other.groups;
        self.shown_tokens += other.shown_tokens;
        self.group_shown_tokens += other.group_shown_tokens;
        self.paper_requests += other.paper_requests;
        self.paper_shown_tokens += other.paper_shown_tokens;
    }
}

impl AddAssign for ScanCounts {
    fn add_assign(&mut self, other: Self) {
        self.stats += other.stats;
        self.details += other.details;
        other.accepted_by.into_iter().for_each(|(who, count)| add(&mut self.accepted_by, &who, count));
        self.profile += other.profile;
        self.forecast += other.forecast;
        if let Some(nights) = other.nights {
            *self.nights.get_or_insert_default() += nights;
        }
    }
}

impl ScanCounts {
    /// What a batch adds, as far as that does not depend on how conversations were batched: what was read, and the turns by decision.
    pub(crate) fn of(engine: &Engine, scanned: &ScannedBatch<'_>) -> Self {
        let mut counts = Self::default();
        let Self { stats, details, accepted_by, .. } = &mut counts;
        stats.faults = scanned.faults.len() as u64;
        stats.read = ReadCounts {
            too_short: scanned.too_short,
            quarantined: scanned.set_aside.count(),
            other_language: scanned.other_language,
            duplicates: scanned.duplicates,
            superseded: scanned.superseded,
            ..ReadCounts::default()
        };
        details.rule_columns += scanned.rule_columns.clone();
        for conversation in &scanned.conversations {
            let turns = scanned.turns(conversation);
            stats.count_paper(conversation, turns);
            stats.read.count(&conversation.record);
            details.count_turns(conversation.language, turns.len());
            stats.with_accepted +=
                u64::from(turns.iter().any(|t| matches!(t.decision(), Decision::Accepted(_))));
            for turn in turns {
                stats.turns += 1;
                stats.candidates += u64::from(turn.is_candidate);
                match turn.decision() {
                    Decision::Rejected if turn.is_looked_at() => stats.rejected += 1,
                    Decision::Rejected => stats.not_looked_at += 1,
                    Decision::Undecided => stats.undecided += 1,
                    Decision::Accepted(category) => {
                        stats.accepted.count(category);
                        let (_, _, name) = scanned.accepted_by(engine, conversation, turn, category);
                        add(accepted_by, name, 1);
                    }
                }
            }
        }
        counts
    }
}

/// What the judge's replies made of the undecided turns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JudgeStats {
    /// Turns settled by a reply.
    pub judged: u64,
    /// Turns that the judge found to be feedback, by category.
    pub feedback: ByCategory,
    /// Conversations with feedback that the judge found, and without a turn that was accepted before.
    pub with_feedback: u64,
    /// Turns whose reply could not be read or did not fit the turn: such turns stay undecided.
    pub unverified: u64,
}

impl JudgeStats {
    /// The answers, in no order; `None` = no feedback.
    pub(crate) fn answers(&self) -> impl Iterator<Item = Option<Category>> {
        let Self { judged, feedback, .. } = *self;
        let of = move |category| {
            let count = usize::try_from(feedback.get(category)).unwrap_or(usize::MAX);
            std::iter::repeat_n(Some(category), count)
        };
        let none = usize::try_from(judged.saturating_sub(feedback.total())).unwrap_or(usize::MAX);
        Category::ALL.into_iter().flat_map(of).chain(std::iter::repeat_n(None, none))
    }
}
