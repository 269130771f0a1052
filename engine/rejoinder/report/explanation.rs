//! Why a turn was decided as it was: each rule with each of its conditions, PASS or FAIL, and what was measured; and what
//! each plugin said.

use std::fmt::Write as _;

use rejoinder_cascade::DecisionReason;
use rejoinder_core::{Answer, AnswerProbabilities, Category, PluginVote, printable};
use rejoinder_judge::{Finding, NANOS_PER_UNIT};
use rejoinder_rules::{RuleMatch, RuleTrial};
use rejoinder_run::judging::JudgeTrace;
use rejoinder_scan::Engine;
use serde::Serialize;

/// All rules on one turn.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// What decided, in words.
    pub decision: &'static str,
    /// What each plugin said, in the order of the plugins.
    pub plugins: Vec<PluginRow>,
    /// A row a rule, in the order of the rules.
    pub rules: Vec<RuleTrialRow>,
    /// What the judge said, if the judge was asked and has answered.
    pub judge: Option<JudgeRow>,
}

/// The judge on the turn.
#[derive(Clone, Debug, Serialize)]
pub struct JudgeRow {
    /// What follows from the judge's replies, in words.
    pub finding: String,
    /// The category that the judge found.
    pub category: Option<Category>,
    /// How probable the judge's answers were.
    pub probabilities: AnswerProbabilities,
    /// The requests to the judge and its replies, in order.
    pub requests: Vec<RequestRow>,
    #[serde(skip)]
    is_settled: bool,
}

/// One request about the turn.
#[derive(Clone, Debug, Serialize)]
pub struct RequestRow {
    /// Key of the reply in the store.
    pub reply_key: String,
    /// The model that answered.
    pub model: String,
    /// The reply, word for word.
    pub reply: String,
    /// Why the reply ended.
    pub finish_reason: String,
    /// HTTP requests of this run for the reply; none where another run asked.
    pub calls: u64,
    /// Tokens that these HTTP requests took.
    pub tokens: u64,
    /// Money that these HTTP requests took.
    pub money: f64,
    /// GPU-seconds that these HTTP requests took.
    pub gpu_seconds: f64,
}

impl JudgeRow {
    /// The row of a judge's trace.
    pub fn new(told: &JudgeTrace) -> Self {
        let (finding, category) = match &told.found.finding {
            Finding::Feedback { category, start, end } => (
                format!("it is {} ({category}), bytes {start} to {end} of the turn", category.name()),
                Some(*category),
            ),
            Finding::NoFeedback => ("it is no feedback".to_owned(), None),
            Finding::Unverified(why) => (format!("it keeps waiting: {why}"), None),
        };
        let probabilities = told.found.probabilities.map(Into::into).unwrap_or_default();
        let requests = told.replies.iter().map(|(key, reply, spent)| RequestRow {
            reply_key: key.clone(),
            model: reply.model.clone(),
            reply: reply.content.clone(),
            finish_reason: reply.finish_reason.clone(),
            calls: spent.calls,
            tokens: spent.tokens,
            money: spent.money as f64 / NANOS_PER_UNIT,
            gpu_seconds: spent.gpu as f64 / NANOS_PER_UNIT,
        });
        Self {
            finding,
            category,
            probabilities,
            requests: requests.collect(),
            is_settled: !matches!(told.found.finding, Finding::Unverified(_)),
        }
    }

    /// The judge's answer about the turn.
    pub fn answer(&self) -> Answer {
        if self.is_settled { self.category.into() } else { Answer::Unknown }
    }

    fn text(&self) -> String {
        let mut out = format!("\njudge: {}\n", self.finding);
        let AnswerProbabilities { none, ur1, ur2, ur3, ur4, ur5 } = self.probabilities;
        if none.is_some() {
            let names = ["none", "UR1", "UR2", "UR3", "UR4", "UR5"];
            let shown = names.iter().zip([none, ur1, ur2, ur3, ur4, ur5]);
            let shown: Vec<String> =
                shown.map(|(name, p)| format!("{name} {:.3}", p.unwrap_or(0.0))).collect();
            let _ = writeln!(out, "     probabilities: {}", shown.join(" · "));
        }
        for request in &self.requests {
            let RequestRow { reply_key, model, reply, calls, tokens, money, gpu_seconds, .. } = request;
            let _ = writeln!(out, "     {} said: {}", printable(model), printable(reply));
            let _ = write!(
                out,
                "     reply {}…, {calls} HTTP requests of this run, {tokens} tokens",
                &reply_key[..12]
            );
            if *money > 0.0 {
                let _ = write!(out, ", {money:.6} in money");
            }
            if *gpu_seconds > 0.0 {
                let _ = write!(out, ", {gpu_seconds:.3} GPU-seconds");
            }
            out.push('\n');
        }
        out
    }
}

/// One plugin on the turn.
#[derive(Clone, Debug, Serialize)]
pub struct PluginRow {
    /// The plugin's vote.
    #[serde(flatten)]
    pub vote: PluginVote,
    /// What the plugin measured, in the plugin's words.
    pub note: String,
}

/// One rule on the turn.
#[derive(Clone, Debug, Serialize)]
pub struct RuleTrialRow {
    /// The rule.
    pub id: String,
    /// The rule's file and line.
    pub place: String,
    /// The rule's route.
    pub route: &'static str,
    /// The rule's category, if it has one.
    pub category: Option<Category>,
    /// Whether the rule hits.
    pub hit: bool,
    /// The check of the rule's words, then the checks of its conditions.
    pub checks: Vec<CheckLine>,
}

/// One thing that must hold for a hit.
#[derive(Clone, Debug, Serialize)]
pub struct CheckLine {
    /// The condition, as a rule file says it.
    pub asks: String,
    /// Whether the condition holds.
    pub holds: bool,
    /// What was found.
    pub actual: String,
}

impl Explanation {
    /// Explains a turn by the trials of all rules on the turn.
    pub fn new(
        engine: &Engine,
        trials: &[RuleTrial<'_>],
        plugins: Vec<PluginRow>,
        ground: DecisionReason,
        judge: Option<JudgeRow>,
    ) -> Self {
        let rules = trials.iter().map(|trial| {
            let rule = engine.rules.rule(trial.rule);
            let words = match &trial.matched {
                RuleMatch::Found(text, span) => Some((
                    true,
                    format!("found `{}` at byte {} of the folded turn", text.escape_debug(), span.start),
                )),
                RuleMatch::Misplaced(text) => Some((
                    false,
                    format!(
                        "found `{}`, but not where at = \"{}\" wants it",
                        text.escape_debug(),
                        rule.at.name()
                    ),
                )),
                RuleMatch::Nowhere if rule.has_matcher() => Some((false, "not found".to_owned())),
                RuleMatch::Nowhere => Some((false, "the turn is blank".to_owned())),
                RuleMatch::Wordless(_) => None,
            };
            let words =
                words.map(|(holds, actual)| CheckLine { asks: "any, regex".to_owned(), holds, actual });
            let conditions = trial.checks.iter().map(|check| CheckLine {
                asks: check.condition.to_string(),
                holds: check.holds,
                actual: check.actual.clone(),
            });
            RuleTrialRow {
                id: rule.id.clone(),
                place: format!("{}:{}", rule.file, rule.line),
                route: rule.route.name(),
                category: rule.category,
                hit: trial.hit.is_some(),
                checks: words.into_iter().chain(conditions).collect(),
            }
        });
        Self { decision: ground.describe(), plugins, rules: rules.collect(), judge }
    }

    /// The explanation for people: with the rules in `only`, or, where `only` is empty, with the rules that hit or found their
    /// words, or with `all` rules.
    pub fn text(&self, only: &[String], all: bool) -> String {
        let mut out = String::new();
        let mut hidden = 0;
        for trial in &self.rules {
            let found_words = trial.checks.first().is_none_or(|c| c.holds);
            let is_wanted = if only.is_empty() { all || found_words } else { only.contains(&trial.id) };
            if !is_wanted {
                hidden += 1;
                continue;
            }
            let verdict = if trial.hit { "HIT " } else { "miss" };
            let category = trial.category.map_or(String::new(), |c| format!(" {c}"));
            let _ = writeln!(out, "\n{verdict} {} {}{category} ({})", trial.id, trial.route, trial.place);
            for line in &trial.checks {
                let verdict = if line.holds { "PASS" } else { "FAIL" };
                let _ = writeln!(out, "     {verdict} {:<44} {}", line.asks, printable(&line.actual));
            }
        }
        let _ = writeln!(out, "\n{}", self.decision);
        if let Some(judge) = &self.judge {
            out += &judge.text();
        }
        if hidden > 0 && only.is_empty() {
            let _ = writeln!(out, "{hidden} more rules found none of their words; --all shows them");
        }
        out
    }
}
