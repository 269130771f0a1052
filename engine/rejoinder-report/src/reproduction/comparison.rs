//! Our run beside what the paper released (arXiv 2407.10944): how much feedback each finds, where they agree, and what each
//! asks of the judge. Neither is the truth: the released rows are the answers of one Mixtral-8x7B.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use rejoinder_core::Category;
use rejoinder_run::folder::PartKind;
use rejoinder_run::stats::ByCategory;
use rejoinder_run::{RunDir, SpoolRow, replay};
use serde::Serialize;

use super::released::ReleasedLabels;
use super::without_server::WithoutServer;
use crate::numbers::{counted, share, thousands};
use crate::summary::Summary;
use rejoinder_run::RunError;

/// A judged exchange: the conversation's id, and its number.
type Exchange = (String, u32);

/// What became here of the released rows of one category.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Agreement {
    /// Released rows of the category.
    pub released: u64,
    /// Rows that were found here as the same category.
    pub same: u64,
    /// Rows that were found here as another category.
    pub other: u64,
    /// Rows about turns that wait here for the judge.
    pub waiting: u64,
    /// Rows of none of these kinds: rejected here, or not in this copy of the corpus.
    pub none: u64,
    /// Feedback found here as this category at exchanges that were not released.
    pub only_here: u64,
}

/// The comparison of a run with the released rows.
#[derive(Clone, Debug, Serialize)]
pub struct Reproduction {
    /// Conversations that the paper looks at: conversations with more than three messages.
    pub conversations: u64,
    /// Conversations with released feedback.
    pub released_conversations: u64,
    /// Conversations with feedback found here.
    pub found_conversations: u64,
    /// Conversations with feedback found here, or with a waiting turn.
    pub possible_conversations: u64,
    /// Released rows, by category.
    pub released: ByCategory,
    /// Feedback found here, by category.
    pub found: ByCategory,
    /// By category, as in [`Category::ALL`].
    pub agreement: [Agreement; 5],
    /// What rules and score alone make of the released rows.
    pub without_server: WithoutServer,
    /// The figures of the run, with requests and tokens beside the paper's.
    pub run: Summary,
}

impl Reproduction {
    /// Compares a run with what was released.
    ///
    /// # Errors
    /// If the run cannot be read.
    pub fn of(
        run: &RunDir,
        released: &ReleasedLabels,
        without_server: WithoutServer,
        summary: Summary,
    ) -> Result<Self, RunError> {
        let mut found: HashMap<Exchange, Category> = HashMap::new();
        let mut by_category = ByCategory::default();
        for feedback in replay::feedback(run)? {
            let feedback = feedback?;
            by_category.count(feedback.category);
            found.insert((feedback.conversation_id, feedback.feedback_turn), feedback.category);
        }
        let judged = rejoinder_run::judging::judged(run)?;
        let mut waiting: HashSet<Exchange> = HashSet::new();
        for (part, _) in run.parts()? {
            for row in run.rows::<SpoolRow>(PartKind::Spool, part) {
                let turns = row?.turns.into_iter().filter(|turn| !judged.contains_key(&turn.id));
                waiting.extend(turns.map(|turn| (turn.conversation_id, turn.feedback_turn)));
            }
        }
        let mut agreement = [Agreement::default(); 5];
        let mut of_released = ByCategory::default();
        for (conversation, turn, category) in released.iter() {
            of_released.count(category);
            let counts = &mut agreement[category.index()];
            counts.released += 1;
            let exchange = (conversation.to_owned(), turn);
            match found.get(&exchange) {
                Some(here) if *here == category => counts.same += 1,
                Some(_) => counts.other += 1,
                None if waiting.contains(&exchange) => counts.waiting += 1,
                None => counts.none += 1,
            }
        }
        for (_, category) in found.iter().filter(|((id, turn), _)| !released.holds(id, *turn)) {
            agreement[category.index()].only_here += 1;
        }
        let ids = |exchanges: &mut dyn Iterator<Item = &Exchange>| {
            exchanges.map(|(id, _)| id.as_str()).collect::<HashSet<_>>().len() as u64
        };
        Ok(Self {
            conversations: summary.conversations,
            released_conversations: released.conversations(),
            found_conversations: ids(&mut found.keys()),
            possible_conversations: ids(&mut found.keys().chain(&waiting)),
            released: of_released,
            found: by_category,
            agreement,
            without_server,
            run: summary,
        })
    }

    /// The page for people.
    pub fn text(&self) -> String {
        let mut out = String::new();
        let _ = writeln!(
            out,
            "{} with more than three messages; released: the answers of the paper's Mixtral-8x7B\n\n{:<34}{:>20}{:>20}",
            counted(self.conversations, "conversation"),
            "",
            "released",
            "here"
        );
        let mut row = |name: &str, released: String, here: String| {
            let _ = writeln!(out, "{name:<34}{released:>20}{here:>20}");
        };
        let of_all = |n: u64| format!("{} ({})", thousands(n), share(n, self.conversations));
        row(
            "conversations with feedback",
            of_all(self.released_conversations),
            of_all(self.found_conversations),
        );
        row("  with one, or a turn that waits", "-".to_owned(), of_all(self.possible_conversations));
        row("feedback", thousands(self.released.total()), thousands(self.found.total()));
        for category in Category::ALL {
            row(
                &format!("  {category} {}", category.name()),
                thousands(self.released.get(category)),
                thousands(self.found.get(category)),
            );
        }
        row("requests", thousands(self.run.paper_requests), thousands(self.run.requests));
        row(
            "input tokens (estimated)",
            thousands(self.run.paper_input_tokens),
            thousands(self.run.input_tokens),
        );
        row(
            "  the instructions counted once",
            thousands(self.run.paper_input_tokens_shared_prefix),
            thousands(self.run.input_tokens_shared_prefix),
        );
        let _ = writeln!(
            out,
            "\n{:<14}{:>10}{:>10}{:>8}{:>16}{:>10}{:>10}{:>12}",
            "agreement", "released", "same", "", "other category", "waiting", "none", "only here"
        );
        for (category, counts) in Category::ALL.into_iter().zip(&self.agreement) {
            let Agreement { released, same, other, waiting, none, only_here } = *counts;
            let _ = writeln!(
                out,
                "  {:<12}{:>10}{:>10}{:>8}{:>16}{:>10}{:>10}{:>12}",
                category.code(),
                thousands(released),
                thousands(same),
                share(same, released),
                thousands(other),
                thousands(waiting),
                thousands(none),
                thousands(only_here)
            );
        }
        let _ = writeln!(
            out,
            "\n`none`: rejected here, or not in this copy. `waiting`: for the judge, which was {} here.",
            if self.run.calls > 0 { "asked, but not about all," } else { "not asked" }
        );
        out.push_str(&self.without_server.text(&self.run));
        let _ = writeln!(out, "\nThe run: {}", self.run.run_dir);
        out
    }
}
