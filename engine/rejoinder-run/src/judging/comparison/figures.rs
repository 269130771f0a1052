//! The figures of one form: what it costs a turn, and how far its answers agree with others.

use rejoinder_cascade::agreement::{Agreement, TwiceReadTurn};
use rejoinder_core::{Answer, Category};
use rejoinder_judge::ServerTime;
use serde::Serialize;

use super::compare::AskedForm;
use super::reading::VariantReading;
use super::variant::{ShownWindow, VariantRole};

/// Answers told apart six ways: the categories, and no feedback.
const SIX: usize = 6;
/// Answers told apart two ways: feedback, and no feedback.
const TWO: usize = 2;

/// The figures of one form.
#[derive(Clone, Debug, Serialize)]
pub struct ComparedForm {
    /// The form's name.
    pub name: &'static str,
    /// What the form is asked for.
    pub role: VariantRole,
    /// The form in words.
    pub form: String,
    /// The name of the form of a request.
    pub form_name: &'static str,
    /// The most turns of a request.
    pub turns_per_request: usize,
    /// The name of the prompt.
    pub prompt: String,
    /// Whether the prompt is the config's own.
    pub is_own_prompt: bool,
    /// What a request shows.
    pub window: ShownWindow,
    /// The turns that were to be asked about.
    pub turns: u64,
    /// The turns with a reply.
    pub asked: u64,
    /// The turns with an answer.
    pub answered: u64,
    /// Why the first turn without an answer has none.
    pub why_unanswered: Option<String>,
    /// Replies that were stored before this comparison asked.
    pub stored: u64,
    /// The agreement with the reference on whether there is feedback, on turns that both answer.
    pub feedback_or_none: Option<Agreement>,
    /// The agreement with the reference six ways, on turns that both answer.
    pub six_ways: Option<Agreement>,
    /// What is lost by the form: the agreement of the reference with itself, or 1 where it was not asked twice, less the share of
    /// the turns that the reference answers on which the form says the same, six ways. A turn that the form leaves without an
    /// answer is not the same.
    pub loss: Option<f64>,
    /// What asking takes; `None` where nothing was asked.
    pub cost: Option<TurnCost>,
    /// How the form agrees with labels; `None` where no answered turn has a label.
    pub labels: Option<LabelFigures>,
}

/// What asking about a turn takes, on average over the sample.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct TurnCost {
    /// Requests.
    pub calls: f64,
    /// Input tokens.
    pub input_tokens: f64,
    /// Input tokens that the server had computed before.
    pub cached_tokens: f64,
    /// Output tokens.
    pub output_tokens: f64,
    /// Seconds of the server, those of its endpoints together; `None` where all replies were stored before.
    pub seconds: Option<f64>,
    /// The cost in the unit of the bill.
    pub amount: f64,
    /// Whether tokens are estimated, since the server does not count them.
    pub is_estimated: bool,
}

/// How a form's answers agree with labels, on turns that have both.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct LabelFigures {
    /// The agreement on whether there is feedback.
    pub feedback_or_none: Agreement,
    /// The agreement six ways.
    pub six_ways: Agreement,
    /// The share of what the form calls feedback that the labels call feedback; `None` where the form finds none.
    pub precision: Option<f64>,
    /// The share of what the labels call feedback that the form calls feedback; `None` where the labels hold none.
    pub recall: Option<f64>,
}

/// What the reference says most often.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CommonestAnswer {
    /// The code of the category, or `none`.
    pub answer: &'static str,
    /// The number of turns with this answer.
    pub turns: u64,
    /// The share of the answered turns.
    pub share: f64,
}

impl CommonestAnswer {
    /// What is said most often; `None` where nothing is.
    pub(super) fn of(answers: &[Answer]) -> Option<Self> {
        let mut counts = [0_u64; SIX];
        answers.iter().filter_map(|answer| number(*answer)).for_each(|number| counts[number] += 1);
        let all: u64 = counts.iter().sum();
        let (number, &turns) = counts.iter().enumerate().max_by_key(|(_, turns)| **turns)?;
        let answer = Category::ALL.get(number).map_or("none", |category| category.code());
        (all > 0).then(|| Self { answer, turns, share: turns as f64 / all as f64 })
    }
}

/// What the figures of all forms are worked out with.
pub(super) struct ComparisonBase<'c> {
    /// The answers of the reference.
    pub(super) reference: &'c [Answer],
    /// For each turn the number of its conversation.
    pub(super) conversations: &'c [usize],
    /// What labels say.
    pub(super) labels: &'c [Answer],
    /// What resamples depend on.
    pub(super) seed: u64,
}

impl ComparisonBase<'_> {
    /// The figures of a form that was asked about the turns at `places`.
    pub(super) fn figures(&self, form: &AskedForm, read: &VariantReading, time: ServerTime) -> ComparedForm {
        let AskedForm { variant, judge, places, stored, .. } = form;
        let answered = read.answers.iter().filter(|answer| answer.is_known()).count() as u64;
        let is_reference = variant.role == VariantRole::Reference;
        let with_reference = |answers| match is_reference {
            true => None,
            false => self.agreement(self.reference, &read.answers, answers),
        };
        ComparedForm {
            name: variant.name,
            role: variant.role,
            form: variant.form.to_string(),
            form_name: variant.form.name(),
            turns_per_request: variant.form.turns(),
            prompt: judge.form.template.name.clone(),
            is_own_prompt: judge.client.template.is_some() && variant.role != VariantRole::Reversed,
            window: variant.window,
            turns: places.len() as u64,
            asked: read.asked,
            answered,
            why_unanswered: read.why_unanswered.clone(),
            stored: *stored,
            feedback_or_none: with_reference(TWO),
            six_ways: with_reference(SIX),
            loss: None,
            cost: cost(read, time),
            labels: self.with_labels(&read.answers),
        }
    }

    /// The agreement of two readers, told apart so many ways.
    fn agreement(&self, first: &[Answer], second: &[Answer], ways: usize) -> Option<Agreement> {
        let of = |answer: Answer| {
            number(answer).map(|number| if ways == TWO { number / (SIX - 1) } else { number })
        };
        let both = first.iter().zip(second).zip(self.conversations);
        let turns: Vec<TwiceReadTurn> = both
            .filter_map(|((first, second), &conversation)| {
                Some(TwiceReadTurn { conversation, answers: [of(*first)?, of(*second)?] })
            })
            .collect();
        Agreement::of(&turns, ways, self.seed)
    }

    fn with_labels(&self, answers: &[Answer]) -> Option<LabelFigures> {
        let pairs =
            self.labels.iter().zip(answers).filter(|(label, said)| label.is_known() && said.is_known());
        let count = |test: &dyn Fn(bool, bool) -> bool| {
            let is = |answer: &Answer| answer.category().is_some();
            pairs.clone().filter(|(label, said)| test(is(label), is(said))).count() as f64
        };
        let share = |part: f64, all: f64| (all > 0.0).then(|| part / all);
        let right = count(&|label, said| label && said);
        Some(LabelFigures {
            feedback_or_none: self.agreement(self.labels, answers, TWO)?,
            six_ways: self.agreement(self.labels, answers, SIX)?,
            precision: share(right, count(&|_, said| said)),
            recall: share(right, count(&|label, _| label)),
        })
    }
}

/// The share of the turns that the reference answers on which the form says the same, six ways.
pub(super) fn same_share(reference: &[Answer], said: &[Answer]) -> Option<f64> {
    let known = reference.iter().zip(said).filter(|(reference, _)| reference.is_known());
    let all = known.clone().count();
    let same = known.filter(|(reference, said)| reference == said).count();
    (all > 0).then(|| same as f64 / all as f64)
}

/// The number of an answer: no feedback comes last.
fn number(answer: Answer) -> Option<usize> {
    match answer {
        Answer::Feedback(category) => Some(category.index()),
        Answer::NoFeedback => Some(SIX - 1),
        Answer::Unknown => None,
    }
}

fn cost(read: &VariantReading, time: ServerTime) -> Option<TurnCost> {
    let turns = read.asked as f64;
    if read.asked == 0 {
        return None;
    }
    let calls = read.calls as f64 / turns;
    Some(TurnCost {
        calls,
        input_tokens: read.usage.prompt_tokens as f64 / turns,
        cached_tokens: read.usage.cached_tokens as f64 / turns,
        output_tokens: read.usage.completion_tokens as f64 / turns,
        seconds: (time.requests > 0).then(|| time.seconds / time.requests as f64 * calls),
        amount: read.cost / turns,
        is_estimated: read.is_estimated,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_apart_two_ways_and_six_ways() {
        let said = |text: &str| -> Vec<Answer> {
            let answer = |c: char| match c.to_digit(10) {
                Some(n) => Answer::Feedback(Category::ALL[n as usize - 1]),
                None if c == '-' => Answer::NoFeedback,
                None => Answer::Unknown,
            };
            text.chars().map(answer).collect()
        };
        let (reference, labels) = (said("12345--?"), said("1?345---"));
        let conversations: Vec<usize> = (0..8).collect();
        let base =
            ComparisonBase { reference: &reference, conversations: &conversations, labels: &labels, seed: 1 };
        let form = said("13345-2-");
        let two = base.agreement(&reference, &form, TWO).unwrap();
        let six = base.agreement(&reference, &form, SIX).unwrap();
        assert_eq!((two.turns, two.equal, six.equal), (7, 6, 5));
        // By chance: ((5 · 6) + (2 · 1)) / 49.
        assert!((two.kappa.unwrap() - (6.0 / 7.0 - 32.0 / 49.0) / (17.0 / 49.0)).abs() < 1e-12);
        assert_eq!(same_share(&reference, &said("1??45-2-")), Some(4.0 / 7.0));
        let against = base.with_labels(&form).unwrap();
        assert_eq!((against.precision, against.recall), (Some(4.0 / 5.0), Some(1.0)));
        let commonest = CommonestAnswer::of(&reference).unwrap();
        assert_eq!((commonest.answer, commonest.turns), ("none", 2));
        assert_eq!(CommonestAnswer::of(&said("??")), None);
    }
}
