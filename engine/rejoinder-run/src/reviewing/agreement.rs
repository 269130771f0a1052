//! How far readers of a run agree with each other, and with what the run says.

use std::collections::{BTreeMap, HashMap};

use rejoinder_cascade::agreement::{Agreement, TwiceReadTurn};
use rejoinder_core::{Answer, Category, RecordId};
use serde::Serialize;

use super::readers::ReaderLabels;
use super::sample::ReviewSample;
use crate::outcome::TurnOutcome;

/// The seed of the resamples, so that the same labels give the same intervals.
const SEED: u64 = 1;
/// The answers of a reader: no feedback, and the categories.
const ANSWERS: usize = Category::ALL.len() + 1;

/// How far one reader agrees with others.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ReviewAgreement {
    /// The labels beside what the run says of the turns of the draw: accepted turns and those that the judge settled by category,
    /// rejected turns as no feedback; turns that wait are left out. `None` where there is no turn to compare.
    pub with_run: Option<LabelAgreement>,
    /// The labels beside those of each other reader with whom there is a turn to compare.
    pub readers: Vec<ReaderAgreement>,
}

/// How far one reader agrees with another one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReaderAgreement {
    /// The other reader.
    pub reader: String,
    /// How far.
    #[serde(flatten)]
    pub agreement: LabelAgreement,
}

/// How far two readers agree on turns that both have labelled; a turn that one is unsure about is left out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LabelAgreement {
    /// The agreement on no feedback and the five categories.
    #[serde(flatten)]
    pub overall: Agreement,
    /// The agreement on each category against all else, by its code; without the categories that neither names.
    pub by_category: BTreeMap<&'static str, CategoryAgreement>,
    /// Turns that were left out because one of both was unsure.
    pub unsure: u64,
}

/// How far two readers agree on which turns are of one category.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CategoryAgreement {
    /// How many turns the first reader says are of the category.
    pub first: u64,
    /// How many turns the second reader says are of the category.
    pub second: u64,
    /// How many turns both say are of the category.
    pub both: u64,
    /// The agreement.
    #[serde(flatten)]
    pub agreement: Agreement,
}

impl ReviewAgreement {
    /// How far a reader agrees with the run and with others; the reader's own labels among `readers` are left out. `sample` is what the reader reads.
    pub fn of(own: &ReaderLabels, sample: &ReviewSample, readers: &[ReaderLabels]) -> Self {
        let of_run = sample.turns.iter().filter_map(|turn| Some((turn.id, said_by_run(turn.outcome)?)));
        let others = readers.iter().filter(|other| other.reader != own.reader);
        Self {
            with_run: LabelAgreement::of(&own.answers, &of_run.collect()),
            readers: others
                .filter_map(|other| {
                    let agreement = LabelAgreement::of(&own.answers, &other.answers)?;
                    Some(ReaderAgreement { reader: other.reader.clone(), agreement })
                })
                .collect(),
        }
    }
}

/// What a run says of a turn; `None` of a turn that waits.
fn said_by_run(outcome: TurnOutcome) -> Option<Answer> {
    (outcome != TurnOutcome::Undecided).then(|| outcome.category().into())
}

impl LabelAgreement {
    /// The agreement on turns that both have labelled; `None` where there is no such turn.
    pub fn of(first: &BTreeMap<RecordId, Answer>, second: &BTreeMap<RecordId, Answer>) -> Option<Self> {
        let mut numbers = HashMap::new();
        let (mut turns, mut unsure) = (Vec::new(), 0);
        for (id, own) in first {
            let Some(other) = second.get(id) else { continue };
            if !own.is_known() || !other.is_known() {
                unsure += 1;
                continue;
            }
            let next = numbers.len();
            let conversation = *numbers.entry((id.shard, id.ordinal)).or_insert(next);
            turns.push(TwiceReadTurn { conversation, answers: [own, other].map(|answer| number(*answer)) });
        }
        let overall = Agreement::of(&turns, ANSWERS, SEED)?;
        let by_category = Category::ALL.into_iter().filter_map(|category| {
            Some((category.code(), CategoryAgreement::of(&turns, number(Answer::Feedback(category)))?))
        });
        Some(Self { overall, by_category: by_category.collect(), unsure })
    }
}

impl CategoryAgreement {
    /// The agreement on one answer against all others; `None` where nobody gives the answer.
    fn of(turns: &[TwiceReadTurn], answer: usize) -> Option<Self> {
        let against: Vec<TwiceReadTurn> = turns
            .iter()
            .map(|turn| TwiceReadTurn {
                answers: turn.answers.map(|said| usize::from(said == answer)),
                ..*turn
            })
            .collect();
        let count =
            |is: fn(&[usize; 2]) -> bool| against.iter().filter(|turn| is(&turn.answers)).count() as u64;
        let (first, second) = (count(|said| said[0] == 1), count(|said| said[1] == 1));
        if first + second == 0 {
            return None;
        }
        let agreement = Agreement::of(&against, 2, SEED)?;
        Some(Self { first, second, both: count(|said| *said == [1, 1]), agreement })
    }
}

/// The number of an answer: 0 for none, then the categories in their order.
fn number(answer: Answer) -> usize {
    answer.category().map_or(0, |category| category.index() + 1)
}
