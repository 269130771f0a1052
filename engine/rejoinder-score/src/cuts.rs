//! Cuts that ship with a model: the scores that kept a recall, and those from which on accepting was right so often, on the labels that
//! the model was measured on. Each turn's score is that of a model that had not seen its conversation, and rules and plugins count as
//! they do in a run: feedback that these reject is missed, feedback that these accept is found.

use rejoinder_cascade::DecisionReason;
use rejoinder_cascade::assumed::Resamples;
use rejoinder_core::{Category, Purpose};
use serde::{Deserialize, Serialize};

use crate::model::Score;

/// The recalls that cuts are measured for.
pub const CUT_RECALLS: [f32; 3] = [0.8, 0.9, 0.95];
/// The precisions that cuts are measured for.
pub const CUT_PRECISIONS: [f32; 4] = [0.8, 0.85, 0.9, 0.95];

/// The cuts of a model; none where there were too few labels to measure any.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MeasuredCuts {
    /// Later turns with a label that the cuts were measured on.
    pub turns: u64,
    /// Conversations of these turns.
    pub conversations: u64,
    /// Below which score turns are rejected, by purpose and recall.
    pub rejecting: Vec<RejectingCut>,
    /// From which score on turns are accepted, by purpose and precision.
    pub accepting: Vec<AcceptingCuts>,
}

/// The score that kept a recall. Scores and shares are `f32`, since these survive JSON to the bit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RejectingCut {
    /// What the feedback is for.
    #[serde(rename = "for")]
    pub purpose: Purpose,
    /// The recall that the cut kept in 19 of 20 samples of the labels.
    pub recall: f32,
    /// Turns with a lower score are rejected, where the score is asked for just this purpose.
    pub score: f32,
    /// The cut of a score that is the sum of the purpose's categories, which leaves as many turns to ask about: what a run that the score
    /// was not told the purpose of forecasts by.
    pub sum: f32,
    /// The share of the feedback that was found.
    pub found: f32,
    /// The share of the turns that had to be asked about.
    pub asked: f32,
}

/// The scores from which on accepting the likeliest category was right so often.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptingCuts {
    /// What the feedback is for.
    #[serde(rename = "for")]
    pub purpose: Purpose,
    /// The share of what the score accepts that was right in 19 of 20 samples of the labels. Right is wanted feedback with the same
    /// sign: praise taken for praise, criticism for criticism.
    pub precision: f32,
    /// By category: from which score on; `None` where no score is high enough.
    pub scores: [Option<f32>; 5],
    /// The share of all that is accepted, by rules and plugins as well, that was right.
    pub right: f32,
    /// The share of it that had just this category.
    pub same_category: f32,
    /// The share of the wanted feedback that was found.
    pub recall: f32,
    /// The same by category; 1 where there was none.
    pub recall_by_category: [f32; 5],
}

/// A later turn with a label and with a score that had not seen it.
#[derive(Clone, Copy, Debug)]
pub struct MeasuredTurn {
    /// The number of its conversation.
    pub conversation: usize,
    /// What the label says; `None` = no feedback.
    pub label: Option<Category>,
    /// What rules and plugins alone make of the turn.
    pub ground: DecisionReason,
    /// The score.
    pub score: Score,
}

impl MeasuredTurn {
    /// Whether rules and plugins leave the turn to the score.
    fn is_open(&self) -> bool {
        matches!(
            self.ground,
            DecisionReason::Candidate | DecisionReason::Escalated | DecisionReason::Unmarked
        )
    }

    /// What a cut is compared with: the score, or an infinity where rules and plugins have settled the turn.
    fn standing(&self, purpose: Purpose, score: f32) -> f64 {
        match self.ground {
            _ if self.is_open() => f64::from(score),
            DecisionReason::Rejected => f64::NEG_INFINITY,
            DecisionReason::Accepted(category) if !purpose.wants(category) => f64::NEG_INFINITY,
            _ => f64::INFINITY,
        }
    }
}

impl MeasuredCuts {
    /// Chooses cuts by labelled turns.
    ///
    /// # Panics
    /// If a turn's conversation has a number that is not below `conversations`.
    pub fn of(turns: &[MeasuredTurn], conversations: usize, seed: u64) -> Self {
        let samples = Resamples::new(conversations, seed);
        Self {
            turns: turns.len() as u64,
            conversations: conversations as u64,
            rejecting: purposes().flat_map(|purpose| rejecting(turns, purpose, &samples)).collect(),
            accepting: [Purpose::ALL, Purpose::KTO, Purpose::SFT]
                .into_iter()
                .flat_map(|purpose| accepting(turns, purpose, &samples))
                .collect(),
        }
    }

    /// The cut that kept a recall of what a purpose wants.
    pub fn rejecting(&self, purpose: Purpose, recall: f64) -> Option<&RejectingCut> {
        self.rejecting.iter().find(|cut| cut.purpose == purpose && is_about(cut.recall, recall))
    }

    /// The cuts from which on so large a share was right.
    pub fn accepting(&self, purpose: Purpose, precision: f64) -> Option<&AcceptingCuts> {
        self.accepting.iter().find(|cuts| cuts.purpose == purpose && is_about(cuts.precision, precision))
    }

    /// Whether all scores and shares are such.
    pub(crate) fn is_sound(&self) -> bool {
        let is_share = |share: f32| (0.0..=1.0).contains(&share);
        let rejecting = |cut: &RejectingCut| {
            [cut.recall, cut.score, cut.sum, cut.found, cut.asked].into_iter().all(is_share)
        };
        let accepting = |cuts: &AcceptingCuts| {
            let shares = [cuts.precision, cuts.right, cuts.same_category, cuts.recall];
            let scores = cuts.scores.into_iter().flatten();
            shares.into_iter().chain(scores).chain(cuts.recall_by_category).all(is_share)
        };
        self.rejecting.iter().all(rejecting) && self.accepting.iter().all(accepting)
    }
}

/// Whether a share of a model is the one that a user wrote.
fn is_about(ours: f32, written: f64) -> bool {
    (f64::from(ours) - written).abs() < 1e-6
}

/// All purposes that there are: each choice of categories.
fn purposes() -> impl Iterator<Item = Purpose> {
    (1_u32..32).filter_map(|members| {
        let wanted: Vec<Category> =
            Category::ALL.into_iter().filter(|category| members >> category.index() & 1 == 1).collect();
        Purpose::of(&wanted)
    })
}

fn rejecting(turns: &[MeasuredTurn], purpose: Purpose, samples: &Resamples) -> Vec<RejectingCut> {
    let is_wanted = |turn: &MeasuredTurn| turn.label.is_some_and(|label| purpose.wants(label));
    let wanted = turns.iter().filter(|turn| is_wanted(turn));
    let told: Vec<(usize, f64)> =
        wanted.map(|turn| (turn.conversation, turn.standing(purpose, turn.score.of(purpose)))).collect();
    let open = || turns.iter().filter(|turn| turn.is_open());
    let mut sums: Vec<f32> = open().map(|turn| purpose.probability(&turn.score.probabilities())).collect();
    sums.sort_by(|a, b| b.total_cmp(a));
    let cuts = samples.rejecting(&told, &CUT_RECALLS.map(f64::from));
    let chosen = CUT_RECALLS.into_iter().zip(cuts).filter_map(|(recall, score)| {
        let score = score?;
        let asked = open().filter(|turn| f64::from(turn.score.of(purpose)) >= score).count();
        // Above all sums where nobody is asked.
        let sum = asked.checked_sub(1).map_or(1.0, |last| sums[last]);
        let found = told.iter().filter(|(_, standing)| *standing >= score).count();
        let is_asked = |turn: &&MeasuredTurn| match turn.is_open() {
            true => f64::from(turn.score.of(purpose)) >= score,
            false => turn.ground.decision() == rejoinder_cascade::Decision::Undecided,
        };
        Some(RejectingCut {
            purpose,
            recall,
            score: score as f32,
            sum,
            found: share(found, told.len()),
            asked: share(turns.iter().filter(is_asked).count(), turns.len()),
        })
    });
    chosen.collect()
}

fn accepting(turns: &[MeasuredTurn], purpose: Purpose, samples: &Resamples) -> Vec<AcceptingCuts> {
    let likeliest = |turn: &MeasuredTurn| purpose.likeliest(&turn.score.probabilities());
    let of_category = |category: Category| {
        let group = turns.iter().filter(|turn| turn.is_open() && likeliest(turn) == category);
        let turns: Vec<_> = group
            .map(|turn| {
                let score = f64::from(turn.score.of(purpose));
                (turn.conversation, score, purpose.is_right(category, turn.label))
            })
            .collect();
        samples.accepting(&turns, &CUT_PRECISIONS.map(f64::from))
    };
    let by_category: [Vec<Option<f64>>; 5] = Category::ALL.map(of_category);
    let cuts = |(level, precision): (usize, f32)| {
        let scores: [Option<f32>; 5] =
            std::array::from_fn(|category| by_category[category][level].map(|score| score as f32));
        let accepted_as = |turn: &MeasuredTurn| match turn.ground {
            DecisionReason::Accepted(category) => purpose.wants(category).then_some(category),
            _ if turn.is_open() => {
                let category = likeliest(turn);
                scores[category.index()].filter(|at| turn.score.of(purpose) >= *at).map(|_| category)
            }
            _ => None,
        };
        let decided: Vec<(Option<Category>, Option<Category>)> =
            turns.iter().map(|turn| (accepted_as(turn), turn.label)).collect();
        let count = |test: &dyn Fn(Option<Category>, Option<Category>) -> bool| {
            decided.iter().filter(|(accepted, label)| test(*accepted, *label)).count()
        };
        let right = |accepted: Option<Category>, label| {
            accepted.is_some_and(|category| purpose.is_right(category, label))
        };
        let wants = |label: Option<Category>| label.is_some_and(|label| purpose.wants(label));
        let all = count(&|accepted, _| accepted.is_some());
        let recall_of = |is_label: &dyn Fn(Option<Category>) -> bool| {
            let found = count(&|accepted, label| is_label(label) && right(accepted, label));
            share(found, count(&|_, label| is_label(label)))
        };
        AcceptingCuts {
            purpose,
            precision,
            scores,
            right: share(count(&right), all),
            same_category: share(count(&|accepted, label| accepted.is_some() && accepted == label), all),
            recall: recall_of(&wants),
            recall_by_category: Category::ALL.map(|category| recall_of(&|label| label == Some(category))),
        }
    };
    // Without one such cut there is nothing that the score could add.
    let has_any = |cuts: &AcceptingCuts| cuts.scores.iter().any(Option::is_some);
    CUT_PRECISIONS.into_iter().enumerate().map(cuts).filter(has_any).collect()
}

fn share(part: usize, of: usize) -> f32 {
    if of == 0 { 1.0 } else { part as f32 / of as f32 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::heads::{HEADS, PerHead};

    /// A turn whose score says with so many log-odds that it is UR2.
    fn turn(
        conversation: usize,
        log_odds: f32,
        label: Option<Category>,
        ground: DecisionReason,
    ) -> MeasuredTurn {
        let logits: PerHead = [log_odds, log_odds, -9.0, log_odds, -9.0, -9.0, -9.0, log_odds];
        MeasuredTurn { conversation, label, ground, score: Score::new(&logits, &[(1.0, 0.0); HEADS]) }
    }

    #[test]
    fn what_rules_settle_is_found_or_missed_whatever_the_score() {
        let of = |ground: DecisionReason| {
            let turns: Vec<MeasuredTurn> = (0..200)
                .map(|k| match k % 2 {
                    0 => turn(k, 2.0, Some(Category::Ur2), DecisionReason::Candidate),
                    _ => turn(k, -2.0, Some(Category::Ur2), ground),
                })
                .collect();
            MeasuredCuts::of(&turns, 200, 1).rejecting(Purpose::KTO, 0.8).copied()
        };
        assert_eq!(of(DecisionReason::Rejected), None, "half of the feedback is rejected");
        let accepted = of(DecisionReason::Accepted(Category::Ur2)).unwrap();
        assert!(accepted.score > 0.8 && accepted.found == 1.0 && accepted.asked == 0.5, "{accepted:?}");
        let open = of(DecisionReason::Unmarked).unwrap();
        assert!(open.score < 0.2 && open.asked == 1.0, "{open:?}");
        assert_eq!(of(DecisionReason::Accepted(Category::Ur1)), None, "it is taken for what nobody wants");
    }

    #[test]
    fn praise_taken_for_criticism_is_wrong_and_another_criticism_is_right() {
        let of = |label| {
            let turns: Vec<MeasuredTurn> =
                (0..100).map(|k| turn(k, 3.0, Some(label), DecisionReason::Candidate)).collect();
            MeasuredCuts::of(&turns, 100, 1).accepting(Purpose::ALL, 0.9).copied()
        };
        assert_eq!(of(Category::Ur5), None);
        let cuts = of(Category::Ur3).unwrap();
        assert!(cuts.scores[1].is_some() && cuts.right == 1.0 && cuts.same_category == 0.0, "{cuts:?}");
        assert_eq!((cuts.recall, cuts.recall_by_category[2]), (1.0, 1.0));
    }
}
