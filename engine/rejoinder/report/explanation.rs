//! Why a turn was decided as it was: each rule with each of its conditions, PASS or FAIL, and what was measured; and what
//! each plugin said.

use std::fmt::Write as _;

use rejoinder_cascade::Ground;
use rejoinder_core::{Category, PluginVote, printable};
use rejoinder_rules::{Match, Trial};
use serde::Serialize;

use crate::pipeline::engine::Engine;

/// All rules on one turn.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// What decided, in words.
    pub decision: &'static str,
    /// What each plugin said, in their order.
    pub plugins: Vec<PluginTrial>,
    /// A row a rule, in the order of the rules.
    pub rules: Vec<RuleTrial>,
}

/// One plugin on the turn.
#[derive(Clone, Debug, Serialize)]
pub struct PluginTrial {
    /// Its vote.
    #[serde(flatten)]
    pub vote: PluginVote,
    /// What it measured, in its own words.
    pub note: String,
}

/// One rule on the turn.
#[derive(Clone, Debug, Serialize)]
pub struct RuleTrial {
    /// The rule.
    pub id: String,
    /// Its file and line.
    pub place: String,
    /// Its route.
    pub route: &'static str,
    /// Its category, if it has one.
    pub category: Option<Category>,
    /// Whether it hits.
    pub hit: bool,
    /// Its words first, then its conditions.
    pub checks: Vec<Line>,
}

/// One thing that must hold for a hit.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// As a rule file says it.
    pub asks: String,
    /// Whether it holds.
    pub holds: bool,
    /// What was found.
    pub actual: String,
}

impl Explanation {
    /// Explains a turn from what its rules were found to be.
    pub fn new(engine: &Engine, trials: &[Trial<'_>], plugins: Vec<PluginTrial>, ground: Ground) -> Self {
        let rules = trials.iter().map(|trial| {
            let rule = engine.rules.rule(trial.rule);
            let words = match &trial.matched {
                Match::Found(text, span) => Some((
                    true,
                    format!("found `{}` at byte {} of the folded turn", text.escape_debug(), span.start),
                )),
                Match::Misplaced(text) => Some((
                    false,
                    format!(
                        "found `{}`, but not where at = \"{}\" wants it",
                        text.escape_debug(),
                        rule.at.name()
                    ),
                )),
                Match::Nowhere if rule.has_matcher() => Some((false, "not found".to_owned())),
                Match::Nowhere => Some((false, "the turn is blank".to_owned())),
                Match::Wordless(_) => None,
            };
            let words = words.map(|(holds, actual)| Line { asks: "any, regex".to_owned(), holds, actual });
            let conditions = trial.checks.iter().map(|check| Line {
                asks: check.condition.to_string(),
                holds: check.holds,
                actual: check.actual.clone(),
            });
            RuleTrial {
                id: rule.id.clone(),
                place: format!("{}:{}", rule.file, rule.line),
                route: rule.route.name(),
                category: rule.category,
                hit: trial.hit.is_some(),
                checks: words.into_iter().chain(conditions).collect(),
            }
        });
        Self { decision: ground.describe(), plugins, rules: rules.collect() }
    }

    /// For people: the rules in `only`, or, where that is empty, those that hit or found their words, or `all`.
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
        if hidden > 0 && only.is_empty() {
            let _ = writeln!(out, "{hidden} more rules found none of their words; --all shows them");
        }
        out
    }
}
