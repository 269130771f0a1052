//! What the stored replies say of a sample in one form, and what they took.

use std::collections::BTreeSet;

use rejoinder_core::Answer;
use rejoinder_judge::{BillUnit, Finding, NANOS_PER_UNIT, Question, ReplyChain};
use rejoinder_ledger::{Reply, ReplyStore, TokenUsage};

use crate::error::RunError;
use crate::judging::Judge;
use crate::judging::grouping::{self, QuestionSize, RequestSize};
use crate::plan::{self, Requests};
use crate::spool_row::SpoolRow;

/// The places of the rows that share each request of a form: a function of the rows alone, whatever was answered before.
pub(super) fn groups(judge: &Judge, rows: &[SpoolRow], places: &[usize]) -> Vec<Vec<usize>> {
    let form = &judge.form;
    let sizes: Vec<QuestionSize> =
        places.iter().map(|&place| QuestionSize::of(&rows[place], form.window())).collect();
    let size = RequestSize { turns: form.questions_per_request(), tokens: form.shared_tokens() };
    let groups = grouping::groups(&sizes, size).into_iter();
    groups.map(|group| group.places.into_iter().map(|at| places[at]).collect()).collect()
}

fn questions(rows: &[SpoolRow], group: &[usize]) -> Vec<Question> {
    group.iter().map(|&place| rows[place].question.clone()).collect()
}

/// What asking about groups takes that have no reply yet, and the number of the replies that are stored.
///
/// # Errors
/// If the store fails.
pub(super) fn planned(
    judge: &Judge,
    rows: &[SpoolRow],
    groups: &[Vec<usize>],
    store: &ReplyStore,
) -> Result<(Requests, u64), RunError> {
    let (mut taken, mut stored) = (Requests::default(), 0);
    for group in groups {
        let questions = questions(rows, group);
        for chain in judge.form.follow(&questions, store)? {
            let asked = questions[chain.questions.clone()].to_vec();
            let chain = judge.form.to_ask(&asked, chain);
            stored += chain.replies.len() as u64;
            if let Some(request) = &chain.next {
                taken += plan::of_request(&judge.form, request, asked.len());
            }
        }
    }
    Ok((taken, stored))
}

/// What replies say and took.
#[derive(Default)]
pub(super) struct VariantReading {
    /// The answer about each row of the sample.
    pub(super) answers: Vec<Answer>,
    /// The rows with a reply about each, whether it answers or not.
    pub(super) asked: u64,
    /// Rows that are still to be asked about.
    pub(super) open: u64,
    /// Requests with a reply.
    pub(super) calls: u64,
    /// The tokens of these requests.
    pub(super) usage: TokenUsage,
    /// The cost of these requests, in the unit of the bill.
    pub(super) cost: f64,
    /// Whether the server left tokens out, which are then estimated.
    pub(super) is_estimated: bool,
    /// The models that the server named.
    pub(super) models: BTreeSet<String>,
    /// Why the first turn without an answer has none.
    pub(super) why_unanswered: Option<String>,
}

impl VariantReading {
    /// Reads the stored replies about groups of rows.
    ///
    /// # Errors
    /// If the store fails.
    pub(super) fn of(
        judge: &Judge,
        rows: &[SpoolRow],
        groups: &[Vec<usize>],
        store: &ReplyStore,
    ) -> Result<Self, RunError> {
        let mut read = Self { answers: vec![Answer::Unknown; rows.len()], ..Self::default() };
        for group in groups {
            let questions = questions(rows, group);
            for chain in judge.form.follow_all(&questions, store)? {
                read.count_requests(judge, &questions, &chain);
                let places = &group[chain.questions.clone()];
                if chain.replies.is_empty() || chain.next.is_some() {
                    read.open += places.len() as u64;
                    continue;
                }
                read.asked += places.len() as u64;
                for (&place, found) in places.iter().zip(judge.form.findings(&questions, &chain)) {
                    let wanted = rows[place].question.id.message_index;
                    let finding = found.into_iter().find(|turn| turn.message_index == wanted);
                    read.answers[place] = match finding.map(|turn| turn.finding) {
                        Some(Finding::Feedback { category, .. }) => Answer::Feedback(category),
                        Some(Finding::NoFeedback) => Answer::NoFeedback,
                        Some(Finding::Unverified(why)) => {
                            read.why_unanswered.get_or_insert(why);
                            Answer::Unknown
                        }
                        None => Answer::Unknown,
                    };
                }
            }
        }
        Ok(read)
    }

    fn count_requests(&mut self, judge: &Judge, questions: &[Question], chain: &ReplyChain) {
        let asked = &questions[chain.group.clone()];
        for (nth, reply) in chain.replies.iter().enumerate() {
            self.calls += 1;
            let is_note = reply.is_refused() || reply.is_too_long() || reply.is_empty();
            let usage = match reply.usage {
                Some(usage) => usage,
                None if is_note => TokenUsage::default(),
                None => {
                    self.is_estimated = true;
                    estimated(judge, asked, &chain.replies[..nth])
                }
            };
            if !is_note {
                self.models.insert(reply.model.clone());
            }
            self.usage += usage;
            self.cost += cost(judge, usage);
        }
    }
}

/// The tokens of the request after these replies, as far as they are known beforehand.
fn estimated(judge: &Judge, asked: &[Question], replies: &[Reply]) -> TokenUsage {
    let request = judge.form.next(asked, replies);
    let taken = request.map(|request| plan::of_request(&judge.form, &request, asked.len()));
    let taken = taken.unwrap_or_default();
    TokenUsage {
        prompt_tokens: taken.input_tokens.expected,
        cached_tokens: 0,
        completion_tokens: taken.output_tokens.expected,
    }
}

/// What a request costs in the unit by which the config compares bills.
fn cost(judge: &Judge, usage: TokenUsage) -> f64 {
    let spent = judge.client.price.of(usage);
    let pace = &judge.client.pace;
    match BillUnit::of(&judge.client) {
        BillUnit::Money => spent.money as f64 / NANOS_PER_UNIT,
        BillUnit::GpuSeconds => spent.gpu as f64 / NANOS_PER_UNIT,
        BillUnit::Minutes => {
            let by_requests = pace.requests_per_minute.map_or(0.0, |limit| 1.0 / limit);
            by_requests.max(pace.tokens_per_minute.map_or(0.0, |limit| spent.tokens as f64 / limit))
        }
        BillUnit::Tokens => {
            let new = usage.prompt_tokens.saturating_sub(usage.cached_tokens);
            (new + usage.completion_tokens) as f64
        }
    }
}
