//! Examples to read: turns of each kind in their context, each with why it was decided so.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use rejoinder_core::random::Random;
use rejoinder_core::{Category, RecordId};
use rejoinder_judge::Finding;
use rejoinder_run::judging::{self, JudgeTrace};
use rejoinder_run::reading_sample::{self, DrawnTurn, TurnView};
use rejoinder_run::tallies::KeptExamples;
use rejoinder_run::{RunDir, RunError, TurnOutcome};
use rejoinder_scan::{Engine, Worker};
use schemars::JsonSchema;
use serde::Serialize;

use super::cut::cut_text;
use super::example_texts::{self, ExampleMessage, TurnText};
use super::value::ReportOptions;
use crate::decision::TurnDecision;
use crate::explanation::{CheckLine, Explanation, JudgeRow, RuleTrialRow};
use crate::plugin_rows::PluginRow;

/// Examples of a report: with the longest and oddest texts they take 1.6 MB of a page.
const MOST: usize = 45;
/// Rules that an example explains.
const RULES: usize = 6;
/// Checks of a rule.
const CHECKS: usize = 4;
/// Units of a name, of what a check asks, and of what it found.
const TEXT_UNITS: usize = 80;

/// Examples to read.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ExampleSection {
    /// How the examples were drawn.
    pub drawn: String,
    /// By what became of the turns, and by whose word.
    pub strata: Vec<Stratum>,
}

/// Examples with the same outcome by the same decider.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Stratum {
    /// A name for programs, such as `accepted/UR2/rule`.
    pub name: String,
    /// What became of the turns, in words.
    pub words: String,
    /// The examples.
    pub examples: Vec<Example>,
}

/// A turn in its context, and why it was decided so. An anonymous report has neither texts nor the id of the conversation.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Example {
    /// The turn's address, which `rejoinder explain RUN ID` takes.
    pub id: String,
    /// The id of the turn's conversation.
    pub conversation_id: Option<String>,
    /// The language of the conversation.
    pub language: &'static str,
    /// The category, if the turn was found to be feedback.
    pub category: Option<&'static str>,
    /// What became of the turn, why, and who decided.
    pub decision: String,
    /// At most three messages before the turn.
    pub context: Vec<ExampleMessage>,
    /// The turn.
    pub turn: Option<TurnText>,
    /// The message behind the turn.
    pub reply: Option<ExampleMessage>,
    /// The rules that hit, then those that found their words and did not hit; at most six.
    pub rules: Vec<ExplainedRule>,
    /// What each plugin said.
    pub plugins: Vec<PluginSaid>,
    /// What follows from the judge's replies.
    pub judge: Option<String>,
}

/// A rule on a turn.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ExplainedRule {
    /// The rule's id.
    pub id: String,
    /// `accept`, `reject`, `escalate` or `score`.
    pub route: &'static str,
    /// Whether the rule hits.
    pub hit: bool,
    /// What the rule asks for, as the rule file says it, whether that holds, and what was found.
    pub checks: Vec<Check>,
}

/// One thing that must hold for a hit.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Check {
    /// The condition.
    pub asks: String,
    /// Whether the condition holds.
    pub holds: bool,
    /// What was found.
    pub actual: String,
}

/// A plugin on a turn.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PluginSaid {
    /// The plugin's name.
    pub plugin: String,
    /// `accept`, `reject`, `escalate`, `abstain` or `fault`, with the category.
    pub verdict: String,
    /// P(feedback), if the plugin gave it.
    pub score: Option<f32>,
    /// The plugin's reason, in the plugin's words.
    pub reason: String,
}

impl ExampleSection {
    /// The examples of a run.
    ///
    /// # Errors
    /// If run or input cannot be read, or the input is not what it was.
    pub(super) fn of(
        run: &RunDir,
        engine: &Engine,
        kept: &KeptExamples,
        options: &ReportOptions,
        threads: NonZeroUsize,
    ) -> Result<Self, RunError> {
        let chosen = chosen(kept, options);
        let judged: Vec<RecordId> =
            chosen.iter().filter(|(name, _)| name.starts_with("judged/")).map(|(_, id)| *id).collect();
        let traces = judging::traces(run, &judged)?;
        let mut turns: Vec<DrawnTurn> =
            chosen.iter().filter_map(|(name, id)| drawn_turn(name, *id, &traces)).collect();
        turns.sort_by_key(|turn| turn.id);
        turns.dedup_by_key(|turn| turn.id);
        let made = read(run, engine, &turns, &traces, options, threads)?;
        let mut strata: Vec<Stratum> = Vec::new();
        for (name, id) in chosen {
            let Some(example) = made.get(&id) else { continue };
            match strata.iter_mut().find(|stratum| stratum.name == name) {
                Some(stratum) => stratum.examples.push(example.clone()),
                None => strata.push(Stratum { words: words(&name), name, examples: vec![example.clone()] }),
            }
        }
        strata.sort_by_key(|stratum| (place(&stratum.name), stratum.name.clone()));
        Ok(Self {
            drawn: format!(
                "Of each kind at most {} turns, drawn evenly from all turns of that kind (seed {}).",
                options.examples_each, options.seed
            ),
            strata,
        })
    }
}

/// Which turns are shown: the first of each stratum, then the second of each, and so on.
fn chosen(kept: &KeptExamples, options: &ReportOptions) -> Vec<(String, RecordId)> {
    let mut strata = kept.strata.clone();
    if options.seed != 0 {
        let mut random = Random::with_seed(options.seed);
        strata.values_mut().for_each(|ids| random.shuffle(ids));
    }
    let rounds = (0..options.examples_each).flat_map(|nth| {
        let of_round = strata.iter().filter_map(move |(name, ids)| Some((name.clone(), *ids.get(nth)?)));
        of_round.collect::<Vec<_>>()
    });
    rounds.take(MOST).collect()
}

/// What became of the turns of a stratum.
fn drawn_turn(stratum: &str, id: RecordId, traces: &HashMap<RecordId, JudgeTrace>) -> Option<DrawnTurn> {
    let mut parts = stratum.split('/');
    let (kind, what) = (parts.next()?, parts.next()?);
    let span = traces.get(&id).and_then(|trace| match trace.found.finding {
        Finding::Feedback { start, end, .. } => Some((start, end)),
        _ => None,
    });
    let outcome = match kind {
        "accepted" => TurnOutcome::Accepted(what.parse().ok()?),
        "judged" => TurnOutcome::Judged(what.parse::<Category>().ok()),
        "waiting" => TurnOutcome::Undecided,
        _ => TurnOutcome::Rejected,
    };
    Some(DrawnTurn { id, outcome, span })
}

/// Accepted turns first, then judged, waiting and rejected ones.
fn place(stratum: &str) -> usize {
    let kinds = ["accepted/", "judged/", "waiting/", "rejected/"];
    kinds.iter().position(|kind| stratum.starts_with(kind)).unwrap_or(kinds.len())
}

/// What became of the turns of a stratum, in words.
fn words(stratum: &str) -> String {
    let mut parts = stratum.split('/');
    let (kind, what) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let named = match what.parse::<Category>() {
        Ok(category) => format!("{category} {}", category.name()),
        Err(_) => what.replace('-', " "),
    };
    match (kind, parts.next()) {
        ("accepted", Some("score")) => format!("{named}, accepted by its score"),
        ("accepted", by) => format!("{named}, accepted by a {}", by.unwrap_or("rule")),
        ("judged", _) if what == "none" => "No feedback, as the judge says".to_owned(),
        ("judged", _) => format!("{named}, as the judge says"),
        ("waiting", _) => format!("Waiting for the judge: {named}"),
        ("rejected", _) if what == "rejected" => "Rejected by a rule or a plugin".to_owned(),
        _ => format!("Rejected: {named}"),
    }
}

/// Reads the turns, which stand in input order.
fn read(
    run: &RunDir,
    engine: &Engine,
    turns: &[DrawnTurn],
    traces: &HashMap<RecordId, JudgeTrace>,
    options: &ReportOptions,
    threads: NonZeroUsize,
) -> Result<HashMap<RecordId, Example>, RunError> {
    let worker = Mutex::new(Worker::new(engine)?);
    let make = |view: TurnView<'_>| {
        let id = view.conversation.id(view.turn);
        let judge = traces.get(&id).map(JudgeRow::new);
        if options.anonymous {
            return (id, Example::without_text(&view, judge.as_ref()));
        }
        // A worker is whole between two turns, whatever happened in one.
        let mut worker = worker.lock().unwrap_or_else(PoisonError::into_inner);
        let trials = worker.explain(view.scanned, view.conversation, view.turn);
        drop(worker);
        let decision = TurnDecision::of(&view, judge.as_ref().and_then(JudgeRow::model));
        let explanation = Explanation::new(&view, decision, &trials, judge, false);
        (id, Example::new(&view, &explanation))
    };
    let mut made = HashMap::new();
    reading_sample::view::<_, RunError>(run, engine, turns, threads, make, |(id, example)| {
        made.insert(id, example);
        Ok(())
    })?;
    Ok(made)
}

impl Example {
    fn new(view: &TurnView<'_>, explanation: &Explanation) -> Self {
        let hits = explanation.rules.iter().filter(|rule| rule.hit);
        let near = explanation.rules.iter().filter(|rule| {
            !rule.hit && rule.is_of_language && rule.checks.first().is_some_and(|words| words.holds)
        });
        let plugins = explanation.plugins.iter().map(|PluginRow { vote, .. }| PluginSaid {
            plugin: cut_text(&vote.plugin, TEXT_UNITS),
            verdict: format!("{} {}", vote.verdict, vote.category).trim_end().to_owned(),
            score: vote.score,
            reason: cut_text(&vote.reason, TEXT_UNITS),
        });
        Self {
            id: explanation.id.to_string(),
            conversation_id: Some(cut_text(&explanation.conversation_id, TEXT_UNITS)),
            language: explanation.language,
            category: explanation.decision.category.map(Category::code),
            decision: cut_text(&explanation.decision.line(), 3 * TEXT_UNITS),
            context: example_texts::context(view),
            turn: Some(example_texts::turn(view)),
            reply: example_texts::reply(view),
            rules: hits.chain(near).take(RULES).map(ExplainedRule::new).collect(),
            plugins: plugins.take(RULES).collect(),
            judge: explanation.judge.as_ref().map(|judge| cut_text(&judge.finding, 3 * TEXT_UNITS)),
        }
    }

    /// An example without anything that a chat says.
    fn without_text(view: &TurnView<'_>, judge: Option<&JudgeRow>) -> Self {
        let decision = TurnDecision::of(view, judge.and_then(JudgeRow::model));
        let rules = view.scanned.hits(view.turn).iter().map(|hit| view.engine.rules.rule(hit.rule));
        Self {
            id: view.conversation.id(view.turn).to_string(),
            conversation_id: None,
            language: view.conversation.language,
            category: decision.category.map(Category::code),
            decision: cut_text(&decision.line(), 3 * TEXT_UNITS),
            context: Vec::new(),
            turn: None,
            reply: None,
            rules: rules
                .take(RULES)
                .map(|rule| ExplainedRule {
                    id: cut_text(&rule.id, TEXT_UNITS),
                    route: rule.route.name(),
                    hit: true,
                    checks: Vec::new(),
                })
                .collect(),
            plugins: Vec::new(),
            judge: None,
        }
    }
}

impl ExplainedRule {
    fn new(row: &RuleTrialRow) -> Self {
        let check = |line: &CheckLine| Check {
            asks: cut_text(&line.asks, TEXT_UNITS),
            holds: line.holds,
            actual: cut_text(&line.actual, TEXT_UNITS),
        };
        Self {
            id: cut_text(&row.id, TEXT_UNITS),
            route: row.route,
            hit: row.hit,
            checks: row.checks.iter().take(CHECKS).map(check).collect(),
        }
    }
}
