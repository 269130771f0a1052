//! What a plugin would change in decisions, with labels in the place of the judge.

use std::fmt::Write as _;

use rejoinder_cascade::Decision;
use rejoinder_core::{Answer, Category, Purpose};
use serde::Serialize;

use crate::evaluation::Proportion;
use crate::numbers::{counted, form, thousands};

/// Decisions on labelled turns with a plugin and without it, counted.
#[derive(Clone, Debug, Default)]
pub struct EffectTally {
    /// Labelled later turns.
    turns: u64,
    /// Turns that wait for the judge, without the plugin and with it.
    waiting: (u64, u64),
    /// Turns that the plugin has accepted: all of them, and those that hold feedback of the accepted category.
    accepted: (u64, u64),
    /// Turns that the plugin has rejected: all of them, and those that hold nothing that is wanted.
    rejected: (u64, u64),
    mistakes: NewMistakes,
    mended: u64,
    unsettled: u64,
    /// Conversations that do not count, since the score learned from them.
    left_out: u64,
}

/// Turns that are decided wrongly with the plugin, and would not be without it, if the judge says what the labels say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NewMistakes {
    /// Accepted, and hold nothing that is wanted.
    pub accepted_without_feedback: u64,
    /// Accepted, and hold feedback of another category.
    pub accepted_of_another_category: u64,
    /// Rejected, and hold feedback that is wanted.
    pub rejected_with_feedback: u64,
}

impl EffectTally {
    /// Counts a turn with a label, by the decisions about the turn without the plugin and with it.
    pub fn add(&mut self, without: Decision, with: Decision, label: Answer, purpose: Purpose) {
        let label = label.category().filter(|category| purpose.wants(*category));
        let waits = |decision| u64::from(decision == Decision::Undecided);
        self.turns += 1;
        self.waiting.0 += waits(without);
        self.waiting.1 += waits(with);
        if with == without {
            return;
        }
        // The judge is asked about a turn that waits, and says what the label says.
        let was_right = is_right(without, label);
        match with {
            Decision::Accepted(category) => {
                let is_right = label == Some(category);
                // Where the category alone is another, no turn more is accepted.
                let is_more = !matches!(without, Decision::Accepted(_));
                self.accepted.0 += u64::from(is_more);
                self.accepted.1 += u64::from(is_more && is_right);
                self.mended += u64::from(is_right && !was_right);
                self.mistakes.accepted_without_feedback += u64::from(was_right && label.is_none());
                self.mistakes.accepted_of_another_category +=
                    u64::from(was_right && label.is_some() && !is_right);
            }
            Decision::Rejected => {
                self.rejected.0 += 1;
                self.rejected.1 += u64::from(label.is_none());
                self.mistakes.rejected_with_feedback += u64::from(was_right && label.is_some());
            }
            Decision::Undecided => {
                self.unsettled += 1;
                self.mended += u64::from(!was_right);
            }
        }
    }

    /// Counts a conversation that the score learned from, and that therefore says nothing.
    pub const fn leave_out(&mut self) {
        self.left_out += 1;
    }

    /// Adds the counts of another part of the corpus.
    pub fn merge(&mut self, other: &Self) {
        let add = |sum: &mut (u64, u64), more: (u64, u64)| *sum = (sum.0 + more.0, sum.1 + more.1);
        self.turns += other.turns;
        add(&mut self.waiting, other.waiting);
        add(&mut self.accepted, other.accepted);
        add(&mut self.rejected, other.rejected);
        self.mistakes.accepted_without_feedback += other.mistakes.accepted_without_feedback;
        self.mistakes.accepted_of_another_category += other.mistakes.accepted_of_another_category;
        self.mistakes.rejected_with_feedback += other.mistakes.rejected_with_feedback;
        self.mended += other.mended;
        self.unsettled += other.unsettled;
        self.left_out += other.left_out;
    }
}

/// Whether a decision ends in what the label says: a turn that waits does.
fn is_right(decision: Decision, label: Option<Category>) -> bool {
    match decision {
        Decision::Accepted(category) => label == Some(category),
        Decision::Rejected => label.is_none(),
        Decision::Undecided => true,
    }
}

/// What a plugin would change beside other voters.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PluginEffect {
    /// What decides beside the plugin, in words.
    pub beside: String,
    /// Labelled later turns.
    pub turns: u64,
    /// Conversations that do not count, since the score learned from them.
    pub left_out: u64,
    /// Turns that wait for the judge without the plugin.
    pub waiting_without: u64,
    /// Turns that wait for the judge with the plugin.
    pub waiting_with: u64,
    /// The change in turns that wait, a thousand labelled turns; negative where more turns wait with the plugin.
    pub requests_saved_per_thousand: f64,
    /// Among the turns that are accepted with the plugin alone, those that hold feedback of the accepted category.
    pub accepted: Proportion,
    /// Among the turns that are rejected with the plugin alone, those that hold nothing that is wanted.
    pub rejected: Proportion,
    /// Turns that wait with the plugin alone.
    pub unsettled: u64,
    /// Turns that are decided wrongly with the plugin alone.
    pub new_mistakes: NewMistakes,
    /// Turns that would be decided wrongly without the plugin, and are not with it.
    pub mended: u64,
}

impl PluginEffect {
    /// The figures of a tally; `beside` says what decides beside the plugin.
    pub fn new(beside: String, tally: &EffectTally) -> Self {
        let (waiting_without, waiting_with) = tally.waiting;
        let saved = waiting_without as f64 - waiting_with as f64;
        Self {
            beside,
            turns: tally.turns,
            left_out: tally.left_out,
            waiting_without,
            waiting_with,
            requests_saved_per_thousand: 1000.0 * saved / tally.turns.max(1) as f64,
            accepted: Proportion::new(tally.accepted.1, tally.accepted.0),
            rejected: Proportion::new(tally.rejected.1, tally.rejected.0),
            unsettled: tally.unsettled,
            new_mistakes: tally.mistakes,
            mended: tally.mended,
        }
    }

    /// For people, as sentences without a line break.
    pub fn text(&self) -> String {
        let mut out = format!("{}: ", self.beside);
        if self.accepted.n + self.rejected.n + self.unsettled == 0 {
            let _ = write!(out, "it changes nothing on {}.", counted(self.turns, "labelled turn"));
            return out + &self.left_out_text();
        }
        let _ = write!(
            out,
            "{} for {} labelled turns ({} → {} wait for the judge).",
            self.requests(),
            thousands(self.turns),
            thousands(self.waiting_without),
            thousands(self.waiting_with)
        );
        for (verb, right, share) in [
            ("accepts", "with feedback of that category", &self.accepted),
            ("rejects", "with none that is wanted", &self.rejected),
        ] {
            if share.n > 0 {
                let Proportion { value, low, high, of, n } = share;
                let turns = counted(*n, "turn");
                let _ = write!(
                    out,
                    " It {verb} {turns} more, {} {right}: precision {value:.3} (95 %: {low:.3}–{high:.3}).",
                    thousands(*of)
                );
            }
        }
        if self.unsettled > 0 {
            let _ = write!(out, " It lets {} wait that would not.", counted(self.unsettled, "turn"));
        }
        let _ = write!(out, " {}", self.mistakes());
        if self.mended > 0 {
            let _ = write!(out, " It mends {} that would be decided wrongly.", counted(self.mended, "turn"));
        }
        out + &self.left_out_text()
    }

    fn requests(&self) -> String {
        let saved = self.requests_saved_per_thousand;
        match saved {
            _ if saved > 0.0 => format!("{saved:.1} requests saved a thousand turns,"),
            _ if saved < 0.0 => format!("{:.1} requests more a thousand turns,", -saved),
            _ => "no request saved".to_owned(),
        }
    }

    fn mistakes(&self) -> String {
        let NewMistakes { accepted_without_feedback, accepted_of_another_category, rejected_with_feedback } =
            self.new_mistakes;
        let kinds = [
            (accepted_without_feedback, "accepted without feedback"),
            (accepted_of_another_category, "accepted with another category"),
            (rejected_with_feedback, "rejected with feedback"),
        ];
        let all: u64 = kinds.iter().map(|(count, _)| count).sum();
        let parts: Vec<String> = kinds
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, kind)| format!("{} {kind}", thousands(*count)))
            .collect();
        match parts.is_empty() {
            true => "No new mistake.".to_owned(),
            false => format!("{} new {}: {}.", thousands(all), form(all, "mistake"), parts.join(", ")),
        }
    }

    fn left_out_text(&self) -> String {
        match self.left_out {
            0 => String::new(),
            n => format!(" ({} left out, since the score learned from them.)", counted(n, "conversation")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UR5: Decision = Decision::Accepted(Category::Ur5);

    fn effect(turns: &[(Decision, Decision, Answer)]) -> PluginEffect {
        let mut tally = EffectTally::default();
        for (without, with, label) in turns {
            tally.add(*without, *with, *label, Purpose::ALL);
        }
        PluginEffect::new("beside the rules alone".into(), &tally)
    }

    #[test]
    fn each_change_is_counted_once_and_by_what_the_labels_say() {
        use Answer::{Feedback, NoFeedback};
        use Decision::{Rejected, Undecided};
        let effect = effect(&[
            (Undecided, UR5, Feedback(Category::Ur5)),
            (Undecided, UR5, Feedback(Category::Ur2)),
            (Undecided, UR5, NoFeedback),
            (Undecided, Rejected, NoFeedback),
            (Undecided, Rejected, Feedback(Category::Ur1)),
            (Rejected, UR5, Feedback(Category::Ur5)),
            (Rejected, UR5, Feedback(Category::Ur3)),
            (UR5, Undecided, NoFeedback),
            (Undecided, Undecided, NoFeedback),
            (Rejected, Rejected, NoFeedback),
        ]);
        assert_eq!((effect.waiting_without, effect.waiting_with), (6, 2));
        assert_eq!((effect.accepted.of, effect.accepted.n), (2, 5));
        assert_eq!((effect.rejected.of, effect.rejected.n), (1, 2));
        assert_eq!((effect.mended, effect.unsettled), (2, 1));
        let expected = NewMistakes {
            accepted_without_feedback: 1,
            accepted_of_another_category: 1,
            rejected_with_feedback: 1,
        };
        assert_eq!(effect.new_mistakes, expected);
        assert!((effect.requests_saved_per_thousand - 400.0).abs() < 1e-9);
        let text = effect.text();
        for part in [
            "beside the rules alone: 400.0 requests saved a thousand turns, for 10 labelled turns (6 → 2 wait for the judge).",
            "It accepts 5 turns more, 2 with feedback of that category: precision 0.400 (95 %: ",
            "It lets 1 turn wait that would not.",
            "3 new mistakes: 1 accepted without feedback, 1 accepted with another category, 1 rejected with feedback.",
            "It mends 2 turns that would be decided wrongly.",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
    }

    #[test]
    fn another_category_of_an_accepted_turn_is_no_turn_more() {
        use Answer::Feedback;
        let ur2 = Decision::Accepted(Category::Ur2);
        let effect = effect(&[
            (UR5, ur2, Feedback(Category::Ur2)),
            (UR5, ur2, Feedback(Category::Ur5)),
            (Decision::Undecided, ur2, Feedback(Category::Ur2)),
        ]);
        assert_eq!((effect.accepted.of, effect.accepted.n, effect.mended), (1, 1, 1));
        let expected = NewMistakes { accepted_of_another_category: 1, ..NewMistakes::default() };
        assert_eq!(effect.new_mistakes, expected);
    }

    #[test]
    fn what_is_not_wanted_is_no_feedback() {
        let mut tally = EffectTally::default();
        tally.add(Decision::Undecided, Decision::Rejected, Answer::Feedback(Category::Ur1), Purpose::SFT);
        let effect = PluginEffect::new(String::new(), &tally);
        assert_eq!((effect.rejected.of, effect.new_mistakes), (1, NewMistakes::default()));
    }

    #[test]
    fn a_plugin_that_changes_nothing_is_said_to() {
        let effect = effect(&[(UR5, UR5, Answer::NoFeedback)]);
        assert_eq!(effect.text(), "beside the rules alone: it changes nothing on 1 labelled turn.");
    }
}
