//! What judging a corpus would take, counted before anybody is asked: the real scan, the real prompts, no request.

use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::ops::AddAssign;

use rejoinder_cascade::Decision;
use rejoinder_judge::{Question, QuestionForm, QuestionUnit, prompt, tokens};
use rejoinder_ledger::ReplyStore;
use rejoinder_read::{Chunk, InputFile};
use rejoinder_scan::{Engine, Scan, ScannedBatch, ScannedConversation, ScannedTurn, Voter, Worker};
use serde::Serialize;

use crate::error::RunError;
use crate::judging::settings;
use crate::spool_row::{RequestGrouping, SpoolRow};

/// An estimate of a number of tokens: low, expected, high.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tokens {
    /// The number is hardly lower.
    pub low: u64,
    /// The expected number.
    pub expected: u64,
    /// The number is hardly higher.
    pub high: u64,
}

impl From<(u64, u64, u64)> for Tokens {
    fn from((low, expected, high): (u64, u64, u64)) -> Self {
        Self { low, expected, high }
    }
}

impl AddAssign for Tokens {
    fn add_assign(&mut self, other: Self) {
        self.low += other.low;
        self.expected += other.expected;
        self.high += other.high;
    }
}

/// What one way of asking takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Requests {
    /// Requests with different prompts and no stored reply: those that would be made.
    pub requests: u64,
    /// The input tokens of these requests.
    pub input_tokens: Tokens,
    /// The output tokens of these requests.
    pub output_tokens: Tokens,
}

impl AddAssign for Requests {
    fn add_assign(&mut self, other: Self) {
        self.requests += other.requests;
        self.input_tokens += other.input_tokens;
        self.output_tokens += other.output_tokens;
    }
}

/// What one rule or plugin adds to the questions, and what it saves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct VoterBill {
    /// Waiting turns with a hit or vote of this rule or plugin.
    pub waiting: u64,
    /// Turns that would not wait without this rule or plugin.
    pub asks: u64,
    /// Input tokens of asking about these turns one by one.
    pub asks_tokens: u64,
    /// Turns that would wait without this rule or plugin.
    pub saves: u64,
}

impl AddAssign for VoterBill {
    fn add_assign(&mut self, other: Self) {
        self.waiting += other.waiting;
        self.asks += other.asks;
        self.asks_tokens += other.asks_tokens;
        self.saves += other.saves;
    }
}

/// All that a plan counts.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Conversations.
    pub conversations: u64,
    /// Later turns.
    pub turns: u64,
    /// Later turns that some rule marked.
    pub candidates: u64,
    /// Later turns accepted without the judge.
    pub accepted: u64,
    /// Later turns rejected without the judge.
    pub rejected: u64,
    /// Later turns that wait for the judge.
    pub waiting: u64,
    /// Records set aside.
    pub quarantined: u64,
    /// What the judge would be asked.
    pub here: Requests,
    /// Requests with a prompt that another one has, too.
    pub identical: u64,
    /// Requests whose reply is stored.
    pub stored: u64,
    /// What the paper's method would ask of the same corpus.
    pub paper: Requests,
    /// A bill for each rule, in the order of the rules.
    pub rules: Vec<VoterBill>,
    /// A bill for each plugin, in the order of the plugins.
    pub plugins: Vec<VoterBill>,
}

/// What a chunk adds to a plan.
struct ChunkPlan {
    plan: Plan,
    /// For each request the beginning of its key, and what the request takes.
    requests: Vec<(u128, Requests)>,
}

/// Output tokens of an object of the paper's form, about: the two keys, a code, and a quotation of some words.
const OBJECT_TOKENS: Tokens = Tokens { low: 25, expected: 45, high: 120 };

/// Plans the judging of files as `form` would ask, with the replies in `known`.
///
/// # Errors
/// If reading or a plugin fails.
pub fn plan(
    engine: &Engine,
    files: &[InputFile],
    threads: NonZeroUsize,
    form: &QuestionForm,
    paper: &QuestionForm,
    known: Option<&ReplyStore>,
) -> Result<Plan, RunError> {
    let mut all = Plan {
        rules: vec![VoterBill::default(); engine.rules.rules().len()],
        plugins: vec![VoterBill::default(); engine.registry.plugins().len()],
        ..Plan::default()
    };
    let mut seen = HashSet::new();
    let work = |worker: &mut Worker<'_>, chunk: &Chunk| plan_chunk(worker, chunk, form, paper, known);
    Scan::of(engine, files, threads).run(work, |ChunkPlan { plan, requests }| {
        all.conversations += plan.conversations;
        all.turns += plan.turns;
        all.candidates += plan.candidates;
        all.accepted += plan.accepted;
        all.rejected += plan.rejected;
        all.waiting += plan.waiting;
        all.quarantined += plan.quarantined;
        all.stored += plan.stored;
        all.paper += plan.paper;
        all.rules.iter_mut().zip(plan.rules).for_each(|(sum, bill)| *sum += bill);
        all.plugins.iter_mut().zip(plan.plugins).for_each(|(sum, bill)| *sum += bill);
        for (key, request) in requests {
            if seen.insert(key) { all.here += request } else { all.identical += 1 }
        }
        Ok(())
    })?;
    Ok(all)
}

fn plan_chunk(
    worker: &mut Worker<'_>,
    chunk: &Chunk,
    form: &QuestionForm,
    paper: &QuestionForm,
    known: Option<&ReplyStore>,
) -> Result<ChunkPlan, RunError> {
    let engine = worker.engine;
    let scanned = worker.scan(chunk)?;
    let mut plan = Plan {
        conversations: scanned.conversations.len() as u64,
        quarantined: scanned.set_aside.count(),
        rules: vec![VoterBill::default(); engine.rules.rules().len()],
        plugins: vec![VoterBill::default(); engine.registry.plugins().len()],
        ..Plan::default()
    };
    let mut grouper = RequestGrouping::default();
    let mut groups: Vec<Vec<Question>> = Vec::new();
    for conversation in &scanned.conversations {
        let turns = scanned.turns(conversation);
        if !turns.is_empty() {
            plan.paper += papers(paper, conversation);
        }
        for turn in turns {
            plan.turns += 1;
            plan.candidates += u64::from(turn.is_candidate);
            match turn.decision() {
                Decision::Accepted(_) => plan.accepted += 1,
                Decision::Rejected => plan.rejected += 1,
                Decision::Undecided => plan.waiting += 1,
            }
        }
        let mut rows = SpoolRow::of(engine, &scanned, conversation);
        if !engine.config.judge.all {
            bill(&mut plan, engine, &scanned, conversation, &rows, form.fixed_tokens());
        }
        for row in &mut rows {
            let begins = grouper.place(row, engine, &HashSet::new()) || form.questions_per_request() == 1;
            match groups.last_mut() {
                Some(group) if !begins => group.push(row.question.clone()),
                _ => groups.push(vec![row.question.clone()]),
            }
        }
    }
    let mut requests = Vec::with_capacity(groups.len());
    for group in groups {
        let Some(request) = form.next(&group, &[]) else { continue };
        if known.map_or(Ok(false), |store| store.contains(&request.key))? {
            plan.stored += 1;
            continue;
        }
        let taken = Requests {
            requests: 1,
            input_tokens: request.input_tokens.into(),
            output_tokens: output(form, group.len() as u64),
        };
        requests.push((u128::from_str_radix(&request.key[..32], 16).unwrap_or_default(), taken));
    }
    Ok(ChunkPlan { plan, requests })
}

/// Output of a request about so many turns.
pub(crate) fn output(form: &QuestionForm, objects: u64) -> Tokens {
    let most = u64::from(form.max_tokens());
    let of = |tokens: u64| (objects * tokens).min(most);
    match most {
        1 => (1, 1, 1).into(),
        _ => Tokens { low: of(OBJECT_TOKENS.low), expected: of(OBJECT_TOKENS.expected), high: most },
    }
}

/// One request with the whole dialogue, as it is.
pub(crate) fn papers(form: &QuestionForm, conversation: &ScannedConversation<'_>) -> Requests {
    let shown = tokens::range(prompt::count_conversation(&conversation.record.conversation));
    let fixed = form.prefix_tokens();
    let input_tokens = Tokens { low: shown.0 + fixed, expected: shown.1 + fixed, high: shown.2 + fixed };
    Requests { requests: 1, input_tokens, output_tokens: output(form, 1) }
}

/// Puts a conversation's turns on the bills of the rules and plugins without which they would be decided otherwise.
fn bill(
    plan: &mut Plan,
    engine: &Engine,
    scanned: &ScannedBatch<'_>,
    conversation: &ScannedConversation<'_>,
    rows: &[SpoolRow],
    fixed_tokens: u64,
) {
    let is_undecided = |decision: Decision| decision == Decision::Undecided;
    let whole = settings::unit(&engine.config.judge) == QuestionUnit::Conversation;
    let tokens_of = |turn: &ScannedTurn| {
        let index = turn.message_index as u32;
        let row = rows.iter().find(|row| row.question.open.contains(&index));
        row.map_or(0, |row| {
            (row.shown_tokens + fixed_tokens) / if whole { row.turns.len() as u64 } else { 1 }
        })
    };
    for turn in scanned.turns(conversation) {
        let waits = is_undecided(turn.decision());
        let note = |bill: &mut VoterBill, part: Voter| {
            let without = scanned.ground_without(engine, conversation, turn, part).decision();
            bill.waiting += u64::from(waits);
            if waits && !is_undecided(without) {
                bill.asks += 1;
                bill.asks_tokens += tokens_of(turn);
            }
            bill.saves += u64::from(!waits && is_undecided(without));
        };
        let hits = scanned.hits(turn);
        for (i, hit) in hits.iter().enumerate() {
            if hits[..i].iter().all(|earlier| earlier.rule != hit.rule) {
                note(&mut plan.rules[hit.rule as usize], Voter::Rule(hit.rule));
            }
        }
        for plugin in 0..scanned.votes(turn).len() {
            note(&mut plan.plugins[plugin], Voter::Plugin(plugin));
        }
    }
}
