//! A plan for people and machines: what would be asked and what it would cost, beside the paper's method, and on whose bill.

use std::fmt::Write as _;

use rejoinder_judge::{BillUnit, JudgeConfig, NANOS_PER_UNIT, Price, QuestionForm};
use rejoinder_ledger::TokenUsage;
use rejoinder_run::plan::{Plan, Requests, Tokens, VoterBill};
use rejoinder_scan::Engine;
use serde::Serialize;

use crate::numbers::{counted, duration, share, thousands};
use crate::recall_forecast::{self, RecallPlan};

/// How fast the server is, as far as the operator knows.
#[derive(Clone, Copy, Debug, Default)]
pub struct ServerRate {
    /// Requests a second.
    pub requests: Option<f64>,
    /// Input and output tokens a second.
    pub tokens: Option<f64>,
}

/// A plan, as `--json` prints it.
#[derive(Clone, Debug, Serialize)]
pub struct PlanReport {
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
    pub undecided: u64,
    /// Records set aside.
    pub quarantined: u64,
    /// Requests with a prompt that another one has, too: asked once.
    pub identical: u64,
    /// Questions whose answer is stored: not asked.
    pub stored: u64,
    /// What asking takes here, in the form that is taken.
    pub here: Cost,
    /// What asking takes in each form, the one that is taken first.
    pub forms: Vec<FormCost>,
    /// By what the form was chosen; absent where the config names the form.
    pub chosen_by: Option<&'static str>,
    /// What the paper's method would take.
    pub paper: Cost,
    /// The bill by rule, the dearest first; rules that neither cost nor save are left out.
    pub rules: Vec<BillRow>,
    /// The bill by plugin.
    pub plugins: Vec<BillRow>,
    /// What each plugin is asked about, in the order of the plugins.
    pub asked: Vec<AskedRow>,
    /// What was reckoned with, in words.
    pub assumptions: Vec<String>,
    /// What keeping a recall will take, where one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keeping_recall: Option<RecallPlan>,
}

/// What one way of asking costs.
#[derive(Clone, Debug, Serialize)]
pub struct Cost {
    /// Requests and tokens.
    #[serde(flatten)]
    pub requests: Requests,
    /// Money by the configured prices, at the expected and at the high number of tokens; absent without prices.
    pub money: Option<[f64; 2]>,
    /// GPU-seconds by the configured rates, likewise.
    pub gpu_seconds: Option<[f64; 2]>,
    /// Seconds at the given rate; absent without one.
    pub seconds: Option<f64>,
}

/// What asking takes in one form.
#[derive(Clone, Debug, Serialize)]
pub struct FormCost {
    /// `single`, `grouped`, `json` or `conversation`.
    pub form: &'static str,
    /// The most turns of a request.
    pub turns_per_request: usize,
    /// The form in words.
    pub description: String,
    /// What asking takes.
    #[serde(flatten)]
    pub cost: Cost,
}

/// One rule or plugin.
#[derive(Clone, Debug, Serialize)]
pub struct BillRow {
    /// The rule's id, or the plugin's name.
    pub id: String,
    /// What the rule or plugin adds and saves.
    #[serde(flatten)]
    pub bill: VoterBill,
}

/// What a plugin is asked about.
#[derive(Clone, Debug, Serialize)]
pub struct AskedRow {
    /// The plugin's name.
    pub id: String,
    /// Later turns that the plugin is asked to vote on.
    pub turns: u64,
    /// Later turns about which the plugin is asked for facts.
    pub facts: u64,
    /// Milliseconds that a thousand such turns took here; absent where there are none.
    pub ms_per_thousand: Option<f64>,
}

impl AskedRow {
    fn of(engine: &Engine, plan: &Plan) -> Vec<Self> {
        let plugins = engine.registry.plugins().iter().zip(&plan.plugin_costs);
        let row = plugins.map(|(plugin, cost)| {
            let all = cost.turns + cost.facts;
            Self {
                id: plugin.name().to_owned(),
                turns: cost.turns,
                facts: cost.facts,
                ms_per_thousand: (all > 0).then(|| cost.time.as_secs_f64() * 1e6 / all as f64),
            }
        });
        row.collect()
    }
}

impl Cost {
    fn new(requests: Requests, price: &Price, rate: &ServerRate) -> Self {
        let usage = |of: fn(&Tokens) -> u64| TokenUsage {
            prompt_tokens: of(&requests.input_tokens),
            cached_tokens: 0,
            completion_tokens: of(&requests.output_tokens),
        };
        let spent = [usage(|t| t.expected), usage(|t| t.high)].map(|usage| price.of(usage));
        let all = (requests.input_tokens.expected + requests.output_tokens.expected) as f64;
        let by_requests = rate.requests.map(|rate| requests.requests as f64 / rate);
        let by_tokens = rate.tokens.map(|rate| all / rate);
        Self {
            requests,
            money: price.has_money().then(|| spent.map(|s| s.money as f64 / NANOS_PER_UNIT)),
            gpu_seconds: price.has_gpu().then(|| spent.map(|s| s.gpu as f64 / NANOS_PER_UNIT)),
            seconds: [by_requests, by_tokens].into_iter().flatten().reduce(f64::max),
        }
    }
}

impl PlanReport {
    /// From what was counted; `judge` has the prices to reckon with, and `chosen_by` says by what its form was chosen.
    pub fn new(
        engine: &Engine,
        plan: &Plan,
        forms: &[&QuestionForm],
        (judge, chosen_by): (&JudgeConfig, BillUnit),
        rate: &ServerRate,
        assumptions: Vec<String>,
    ) -> Self {
        let price = &judge.price;
        let costs = forms.iter().zip(&plan.forms).map(|(form, planned)| FormCost {
            form: form.form.name(),
            turns_per_request: form.questions_per_request(),
            description: form.form.to_string(),
            cost: Cost::new(planned.requests, price, rate),
        });
        let taken = plan.forms.first().copied().unwrap_or_default();
        let is_chosen = judge.answer.is_none() && forms.len() > 1;
        let rules = engine.rules.rules().iter().map(|rule| rule.id.clone());
        let plugins = engine.registry.plugins().iter().map(|plugin| plugin.name().to_owned());
        let rows = |ids: &mut dyn Iterator<Item = String>, bills: &[VoterBill]| -> Vec<BillRow> {
            let mut rows: Vec<BillRow> = ids.zip(bills).map(|(id, &bill)| BillRow { id, bill }).collect();
            rows.retain(|row| row.bill != VoterBill::default());
            rows.sort_by_key(|row| {
                std::cmp::Reverse((row.bill.asks_tokens, row.bill.waiting, row.bill.saves))
            });
            rows
        };
        Self {
            conversations: plan.conversations,
            turns: plan.turns,
            candidates: plan.candidates,
            accepted: plan.accepted,
            rejected: plan.rejected,
            undecided: plan.waiting,
            quarantined: plan.quarantined,
            identical: taken.identical,
            stored: taken.stored,
            here: Cost::new(taken.requests, price, rate),
            forms: costs.collect(),
            chosen_by: is_chosen.then_some(chosen_by.name()),
            paper: Cost::new(plan.paper, price, rate),
            rules: rows(&mut rules.into_iter(), &plan.rules),
            plugins: rows(&mut plugins.into_iter(), &plan.plugins),
            asked: AskedRow::of(engine, plan),
            assumptions,
            keeping_recall: None,
        }
    }

    /// For people; at most `rows` rules.
    pub fn text(&self, rows: usize) -> String {
        let mut out = String::new();
        let _ = writeln!(
            out,
            "{}, {}: {} accepted, {} rejected, {} ({}) would wait for the judge",
            counted(self.conversations, "conversation"),
            counted(self.turns, "later turn"),
            thousands(self.accepted),
            thousands(self.rejected),
            thousands(self.undecided),
            share(self.undecided, self.turns)
        );
        self.write_costs(&mut out);
        let _ = writeln!(
            out,
            "not counted: {} with the same prompt as another, {} with a stored answer",
            counted(self.identical, "request"),
            counted(self.stored, "turn")
        );
        for assumption in &self.assumptions {
            let _ = writeln!(out, "{assumption}");
        }
        if let Some(RecallPlan { forecast, turns_per_request, .. }) = &self.keeping_recall {
            let _ = writeln!(out, "\n{}", recall_forecast::text(forecast, *turns_per_request));
        }
        self.write_asked(&mut out);
        let head = ["turns that wait", "wait for it alone", "their input tokens", "turns it saves"];
        for (what, bills) in [("rule", &self.rules), ("plugin", &self.plugins)] {
            let _ = writeln!(out, "\n{what:<44}{:>16}{:>19}{:>20}{:>16}", head[0], head[1], head[2], head[3]);
            for BillRow { id, bill } in bills.iter().take(rows) {
                let VoterBill { waiting, asks, asks_tokens, saves } = *bill;
                let [a, b, c, d] = [waiting, asks, asks_tokens, saves].map(thousands);
                let _ = writeln!(out, "{id:<44}{a:>16}{b:>19}{c:>20}{d:>16}");
            }
            if bills.len() > rows {
                let _ = writeln!(out, "and {} more; --all shows them", bills.len() - rows);
            }
        }
        out
    }
}

impl PlanReport {
    /// What each plugin is asked about: a line each.
    fn write_asked(&self, out: &mut String) {
        if self.asked.is_empty() {
            return;
        }
        let head = ["turns it votes on", "turns it tells of", "ms a thousand turns"];
        let _ = writeln!(out, "\n{:<44}{:>19}{:>19}{:>21}", "plugin", head[0], head[1], head[2]);
        for AskedRow { id, turns, facts, ms_per_thousand } in &self.asked {
            let [turns, facts] = [turns, facts].map(|&count| thousands(count));
            let time = ms_per_thousand.map_or_else(|| "—".to_owned(), |ms| format!("{ms:.2}"));
            let _ = writeln!(out, "{id:<44}{turns:>19}{facts:>19}{time:>21}");
        }
    }

    /// What asking takes in each form, and what the paper's method would take: a line each.
    fn write_costs(&self, out: &mut String) {
        let range = |tokens: &Tokens| match tokens.low == tokens.high {
            true => thousands(tokens.expected),
            false => format!("{} – {} – {}", short(tokens.low), short(tokens.expected), short(tokens.high)),
        };
        let mut row = |cells: [&str; 7]| {
            let [label, requests, input, output, money, gpu, time] = cells;
            let mut line = format!("{label:<38}{requests:>12}{input:>28}{output:>28}");
            for (cell, is_known) in [
                (money, self.here.money.is_some()),
                (gpu, self.here.gpu_seconds.is_some()),
                (time, self.here.seconds.is_some()),
            ] {
                if is_known {
                    let _ = write!(line, "{cell:>20}");
                }
            }
            let _ = writeln!(out, "{}", line.trim_end());
        };
        row(["", "requests", "input tokens", "output tokens", "money", "GPU-seconds", "time"]);
        let all = self.forms.iter().map(|form| (form.description.as_str(), &form.cost));
        for (label, cost) in all.chain([("the paper's method", &self.paper)]) {
            let tokens = [&cost.requests.input_tokens, &cost.requests.output_tokens].map(range);
            let time = cost.seconds.map_or(String::new(), duration);
            row([
                label,
                &thousands(cost.requests.requests),
                &tokens[0],
                &tokens[1],
                &amounts(cost.money),
                &amounts(cost.gpu_seconds),
                &time,
            ]);
        }
        let Some(taken) = self.forms.first() else { return };
        let _ = match self.chosen_by {
            Some(unit) => writeln!(out, "taken: {}, the cheapest here by {unit}", taken.description),
            None => writeln!(out, "taken: {}, as the config says", taken.description),
        };
        let (requests, papers) = (self.here.requests.requests, self.paper.requests.requests);
        if self.chosen_by.is_some() && requests > papers {
            let _ = writeln!(
                out,
                "these are more requests than the paper's method makes ({} against {}), and cost less all the same; turns-per-request and \
                 answer = \"letters\" under [judge] make fewer of them",
                thousands(requests),
                thousands(papers)
            );
        }
    }
}

/// Expected and high amount.
fn amounts(of: Option<[f64; 2]>) -> String {
    of.map_or(String::new(), |[expected, high]| format!("{expected:.2}, {high:.2}"))
}

/// `999`, `12.3 k`, `4.56 M`.
fn short(number: u64) -> String {
    match number {
        0..10_000 => thousands(number),
        10_000..1_000_000 => format!("{:.1} k", number as f64 / 1e3),
        _ => format!("{:.2} M", number as f64 / 1e6),
    }
}
