//! What rules and plugins do in a run: hits, worth, and what they cost.

use std::collections::BTreeMap;

use rejoinder_core::Category;
use rejoinder_judge::QuestionForm;
use rejoinder_run::folder::Manifest;
use rejoinder_run::stats::ScanStats;
use rejoinder_run::tallies::{RuleTallies, RuleTally};
use rejoinder_scan::Engine;
use schemars::JsonSchema;
use serde::Serialize;

use super::cut::cut_text;
use super::share::Share;
use crate::summary::AskingCost;

/// Rules in a list of the dearest, or of those that nobody would miss.
const LISTED: usize = 10;
/// Rules in the table of all.
const ROWS: usize = 300;
/// Units of a name.
const NAME_UNITS: usize = 80;

/// What rules and plugins do.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RuleSection {
    /// Whose answers the judged figures of rules are; absent where no judge was asked.
    pub according_to: Option<String>,
    /// Rules in force.
    pub in_force: u64,
    /// Rules in force that hit no turn.
    pub without_hit: u64,
    /// The rules that hit most, the most hits first.
    pub rules: Vec<RuleCounts>,
    /// Rules that hit and have no row.
    pub without_row: u64,
    /// At most ten rules for which turns wait that would be rejected without the rule, the most turns first.
    pub dearest: Vec<RuleCounts>,
    /// At most ten rules that hit and change next to nothing, the least effect first.
    pub needless: Vec<RuleCounts>,
    /// The plugins, in their order.
    pub plugins: Vec<PluginCounts>,
}

/// The counts of one rule. All are of later turns that the rule hits.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RuleCounts {
    /// The rule's id.
    pub id: String,
    /// `accept`, `reject`, `escalate` or `score`.
    pub route: &'static str,
    /// The rule's category, if it has one.
    pub category: Option<&'static str>,
    /// Turns that the rule hits.
    pub hits: u64,
    /// Turns that no other rule makes candidates.
    pub alone: u64,
    /// Turns that would have been decided otherwise without the rule, or put elsewhere in the queue.
    pub effect: u64,
    /// Turns that were accepted, by whatever rule or plugin.
    pub accepted: u64,
    /// Turns that were rejected.
    pub rejected: u64,
    /// Turns that the scan left to the judge.
    pub waiting: u64,
    /// Turns that the scan left to the judge for this rule alone.
    pub waits_alone: u64,
    /// Requests about these turns.
    pub requests: u64,
    /// Input tokens of these requests, estimated by what a question of this run shows.
    pub input_tokens: u64,
    /// Of the turns that the judge settled, those with feedback of the rule's category; with any feedback where the rule has none. The
    /// judge settles what rules leave open, so this says little of what a rule accepts. Absent where the judge settled none.
    pub judged: Option<Share>,
}

/// The counts of one plugin.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PluginCounts {
    /// The plugin's name.
    pub name: String,
    /// The plugin's version.
    pub version: String,
    /// Turns that the plugin votes to accept.
    pub accepts: u64,
    /// Turns that the plugin votes to reject.
    pub rejects: u64,
    /// Turns that would have been decided otherwise without the plugin.
    pub effect: u64,
    /// Turns that wait for the judge for this plugin alone.
    pub waits_alone: u64,
    /// Turns that the plugin failed on.
    pub faults: u64,
}

/// What a question takes.
struct QuestionPrice<'a> {
    form: &'a QuestionForm,
    /// Tokens that a question shows on average.
    shown_tokens: f64,
}

impl RuleSection {
    /// The section of a run; `form` is how the judge is asked.
    pub(super) fn of(
        tallies: &RuleTallies,
        engine: &Engine,
        manifest: &Manifest,
        stats: &ScanStats,
        form: &QuestionForm,
        according_to: Option<String>,
    ) -> Self {
        let shown_tokens = stats.shown_tokens as f64 / stats.questions.max(1) as f64;
        let price = QuestionPrice { form, shown_tokens };
        let known: BTreeMap<&str, (&'static str, Option<Category>)> = engine
            .rules
            .rules()
            .iter()
            .map(|rule| (rule.id.as_str(), (rule.route.name(), rule.category)))
            .collect();
        let mut rules: Vec<RuleCounts> = tallies
            .rules
            .iter()
            .filter_map(|(id, tally)| {
                let (route, category) = known.get(id.as_str()).copied()?;
                Some(RuleCounts::new(id, route, category, tally, &price))
            })
            .collect();
        let hit = rules.len();
        let dearest = first(&rules, |rule| rule.waits_alone > 0, |rule| u64::MAX - rule.waits_alone);
        let rarely = |rule: &RuleCounts| rule.effect * 100 <= rule.hits;
        let mut needless = first(&rules, rarely, |rule| rule.effect);
        needless.truncate(LISTED);
        rules.sort_by(|a, b| b.hits.cmp(&a.hits).then_with(|| a.id.cmp(&b.id)));
        rules.truncate(ROWS);
        let versions = manifest.plugins.iter().map(|plugin| (plugin.name.as_str(), plugin.version.as_str()));
        Self {
            according_to,
            in_force: known.len() as u64,
            without_hit: (known.len() - hit) as u64,
            without_row: (hit - rules.len()) as u64,
            rules,
            dearest,
            needless,
            plugins: versions
                .filter_map(|(name, version)| {
                    let tally = tallies.plugins.get(name)?;
                    Some(PluginCounts {
                        name: cut_text(name, NAME_UNITS),
                        version: cut_text(version, NAME_UNITS),
                        accepts: tally.accepts,
                        rejects: tally.rejects,
                        effect: tally.effect,
                        waits_alone: tally.waits_alone,
                        faults: tally.faults,
                    })
                })
                .collect(),
        }
    }
}

/// The first ten rules that fit, by a key, then by hits, the most first.
fn first(
    rules: &[RuleCounts],
    fits: impl Fn(&RuleCounts) -> bool,
    key: impl Fn(&RuleCounts) -> u64,
) -> Vec<RuleCounts> {
    let mut found: Vec<&RuleCounts> = rules.iter().filter(|rule| fits(rule)).collect();
    found.sort_by_key(|rule| (key(rule), u64::MAX - rule.hits));
    found.into_iter().take(LISTED).cloned().collect()
}

impl RuleCounts {
    fn new(
        id: &str,
        route: &'static str,
        category: Option<Category>,
        tally: &RuleTally,
        price: &QuestionPrice<'_>,
    ) -> Self {
        let right = match category {
            Some(category) => tally.judged_as(category),
            None => tally.judged_feedback.total(),
        };
        let shown = (tally.waits_alone as f64 * price.shown_tokens) as u64;
        let cost = AskingCost::of_turns(price.form, tally.waits_alone, shown);
        Self {
            id: cut_text(id, NAME_UNITS),
            route,
            category: category.map(Category::code),
            hits: tally.hits,
            alone: tally.alone,
            effect: tally.effect,
            accepted: tally.accepted,
            rejected: tally.rejected,
            waiting: tally.waiting,
            waits_alone: tally.waits_alone,
            requests: cost.requests,
            input_tokens: cost.input_tokens,
            judged: (tally.judged > 0).then(|| Share::of_independent(right, tally.judged)),
        }
    }
}
