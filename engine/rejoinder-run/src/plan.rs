//! What judging a corpus would take, counted before anybody is asked: the real scan, the real prompts, no request.

use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::ops::AddAssign;

use rejoinder_cascade::Decision;
use rejoinder_host::PluginCost;
use rejoinder_judge::{JudgeRequest, QuestionForm, QuestionUnit, prompt, tokens};
use rejoinder_ledger::ReplyStore;
use rejoinder_read::{Chunk, InputFile};
use rejoinder_scan::{
    Engine, RuleColumns, Scan, ScannedBatch, ScannedConversation, ScannedTurn, Voter, Worker,
};
use serde::Serialize;

use crate::error::RunError;
use crate::judging::{grouping, settings};
use crate::spool_row::SpoolRow;

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
    /// What the judge would be asked, in each of the forms, in their order.
    pub forms: Vec<PlannedForm>,
    /// What the paper's method would ask of the same corpus.
    pub paper: Requests,
    /// A bill for each rule, in the order of the rules.
    pub rules: Vec<VoterBill>,
    /// A bill for each plugin, in the order of the plugins.
    pub plugins: Vec<VoterBill>,
    /// What asking each plugin took, in the order of the plugins.
    pub plugin_costs: Vec<PluginCost>,
    /// The metadata columns that rules ask for.
    pub rule_columns: RuleColumns,
}

/// What asking in one form would take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlannedForm {
    /// The requests that would be made.
    pub requests: Requests,
    /// Requests with a prompt that another one has, too.
    pub identical: u64,
    /// Questions whose answer is stored.
    pub stored: u64,
}

/// What a scanned chunk adds to a plan.
pub struct ChunkPlan {
    plan: Plan,
    /// For each form and each request the beginning of its key, and what the request takes.
    requests: Vec<Vec<(u128, Requests)>>,
}

/// How judging is planned.
#[derive(Clone, Copy)]
pub struct Planning<'p> {
    /// The forms that would be asked in; the bills of rules and plugins are those of the first one.
    pub forms: &'p [&'p QuestionForm],
    /// The form of the paper's method.
    pub paper: &'p QuestionForm,
    /// The replies that are stored, if there is a store.
    pub known: Option<&'p ReplyStore>,
}

/// A plan under way: requests with the same prompt are counted once over all chunks.
pub struct PlanSum {
    plan: Plan,
    seen: Vec<HashSet<u128>>,
}

/// Output tokens of an object of the paper's form, about: the two keys, a code, and a quotation of some words.
const OBJECT_TOKENS: Tokens = Tokens { low: 25, expected: 45, high: 120 };

/// Plans the judging of files as each of `forms` would ask, with the replies in `known`; the bills of rules and plugins are those of
/// the first form.
///
/// # Errors
/// If reading or a plugin fails.
pub fn plan(
    engine: &Engine,
    files: &[InputFile],
    threads: NonZeroUsize,
    forms: &[&QuestionForm],
    paper: &QuestionForm,
    known: Option<&ReplyStore>,
) -> Result<Plan, RunError> {
    let planning = Planning { forms, paper, known };
    let mut all = PlanSum::new(engine, forms.len());
    let work = |worker: &mut Worker<'_>, chunk: &Chunk| {
        let scanned = worker.scan(chunk)?;
        planning.chunk(worker, &scanned)
    };
    Scan::of(engine, files, threads).run(work, |chunk| {
        all.add(chunk);
        Ok(())
    })?;
    Ok(all.into_plan())
}

impl Plan {
    /// Nothing counted yet of what an engine decides, in so many forms.
    fn empty(engine: &Engine, forms: usize) -> Self {
        Self {
            rules: vec![VoterBill::default(); engine.rules.rules().len()],
            plugins: vec![VoterBill::default(); engine.registry.plugins().len()],
            plugin_costs: vec![PluginCost::default(); engine.registry.plugins().len()],
            forms: vec![PlannedForm::default(); forms],
            ..Self::default()
        }
    }
}

impl PlanSum {
    /// Nothing counted yet of what an engine decides, in so many forms.
    pub fn new(engine: &Engine, forms: usize) -> Self {
        Self { plan: Plan::empty(engine, forms), seen: vec![HashSet::new(); forms] }
    }

    /// Adds what a chunk adds.
    pub fn add(&mut self, ChunkPlan { plan, requests }: ChunkPlan) {
        let all = &mut self.plan;
        all.conversations += plan.conversations;
        all.turns += plan.turns;
        all.candidates += plan.candidates;
        all.accepted += plan.accepted;
        all.rejected += plan.rejected;
        all.waiting += plan.waiting;
        all.quarantined += plan.quarantined;
        all.paper += plan.paper;
        all.rule_columns += plan.rule_columns;
        all.rules.iter_mut().zip(plan.rules).for_each(|(sum, bill)| *sum += bill);
        all.plugins.iter_mut().zip(plan.plugins).for_each(|(sum, bill)| *sum += bill);
        all.plugin_costs.iter_mut().zip(plan.plugin_costs).for_each(|(sum, cost)| *sum += cost);
        for (place, requests) in requests.into_iter().enumerate() {
            let form = &mut all.forms[place];
            form.stored += plan.forms[place].stored;
            for (key, request) in requests {
                if self.seen[place].insert(key) { form.requests += request } else { form.identical += 1 }
            }
        }
    }

    /// The plan.
    pub fn into_plan(self) -> Plan {
        self.plan
    }
}

impl Planning<'_> {
    /// What a chunk that the worker has just scanned adds to a plan.
    ///
    /// # Errors
    /// If the store of replies fails.
    pub fn chunk(&self, worker: &mut Worker<'_>, scanned: &ScannedBatch<'_>) -> Result<ChunkPlan, RunError> {
        let Self { forms, paper, known } = *self;
        let engine = worker.engine;
        let mut plan = Plan {
            plugin_costs: worker.take_plugin_costs(),
            rule_columns: scanned.rule_columns.clone(),
            conversations: scanned.conversations.len() as u64,
            quarantined: scanned.set_aside.count(),
            ..Plan::empty(engine, forms.len())
        };
        let fixed_tokens = forms.first().map_or(0, |form| form.fixed_tokens());
        let mut all_rows: Vec<SpoolRow> = Vec::new();
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
            let rows = SpoolRow::of(engine, scanned, conversation);
            if !engine.config.judge.all {
                bill(&mut plan, engine, scanned, conversation, &rows, fixed_tokens);
            }
            SpoolRow::extend_stretch(&mut all_rows, rows);
        }
        let mut requests = Vec::with_capacity(forms.len());
        for (form, planned) in forms.iter().zip(&mut plan.forms) {
            let mut open = Vec::new();
            for row in &all_rows {
                match known.map_or(Ok(false), |store| form.is_answered(&row.question, store))? {
                    true => planned.stored += 1,
                    false => open.push(row.clone()),
                }
            }
            requests.push(taken(form, &open));
        }
        Ok(ChunkPlan { plan, requests })
    }
}

/// The requests about rows: the beginning of the key, and what the request takes.
fn taken(form: &QuestionForm, rows: &[SpoolRow]) -> Vec<(u128, Requests)> {
    let taken = grouping::requests(form, rows).into_iter().filter_map(|group| {
        let request = form.next(&group, &[])?;
        let key = u128::from_str_radix(&request.key[..32], 16).unwrap_or_default();
        Some((key, of_request(form, &request, group.len())))
    });
    taken.collect()
}

/// What a request about so many turns takes.
pub(crate) fn of_request(form: &QuestionForm, request: &JudgeRequest, turns: usize) -> Requests {
    Requests { requests: 1, input_tokens: request.input_tokens.into(), output_tokens: output(form, turns) }
}

/// Output of a request about so many turns.
pub(crate) fn output(form: &QuestionForm, turns: usize) -> Tokens {
    let most = u64::from(form.max_tokens(turns));
    let of = |tokens: u64| (turns as u64 * tokens).min(most);
    match form.letter_tokens(turns) {
        Some(letters) => (letters, letters, most).into(),
        None => Tokens { low: of(OBJECT_TOKENS.low), expected: of(OBJECT_TOKENS.expected), high: most },
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
        let plugins = 0..engine.registry.plugins().len();
        for plugin in plugins.filter(|&plugin| scanned.was_heard(engine, turn, plugin)) {
            note(&mut plan.plugins[plugin], Voter::Plugin(plugin));
        }
    }
}
