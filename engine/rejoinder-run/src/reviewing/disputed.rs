//! Turns about which rules, plugins, score and judge disagree, and turns that a person's label would likely bring into an export or
//! take out of it. Found in the rows of the run's folder alone.

use std::collections::HashMap;

use rejoinder_core::{Category, RecordId};
use rejoinder_judge::Finding;
use rejoinder_rules::{Route, Rule};
use rejoinder_scan::Engine;
use serde::Deserialize;

use super::sample::KeptTurn;
use crate::error::RunError;
use crate::folder::{PartKind, RunDir};
use crate::judging;
use crate::reading_sample::rank;

/// A turn counts as disputed from here on.
const LEAST: f64 = 0.5;
/// How disputed a turn is about which voters contradict each other: above turns that only wait, below those where a score is sure that
/// somebody is wrong.
const CONTRADICTION: f64 = 0.75;
/// How disputed a turn is that a rule with another category hit as well.
const OTHER_RULE: f64 = 0.6;
/// So many disputes more than wanted are kept before the disputes are sorted.
const SPARE: usize = 4096;

/// What the rows of parts and spool have in common.
#[derive(Deserialize)]
struct MarkedRow {
    id: RecordId,
    rules: Vec<String>,
    plugins: Vec<VoteHead>,
}

#[derive(Deserialize)]
struct VoteHead {
    plugin: String,
    verdict: String,
    category: String,
    score: Option<f32>,
}

/// A row of `parts/`.
#[derive(Deserialize)]
struct AcceptedRow {
    category: Category,
    #[serde(flatten)]
    turn: MarkedRow,
}

/// A row of `spool/`.
#[derive(Deserialize)]
struct SpooledRow {
    turns: Vec<MarkedRow>,
}

/// How disputed a turn is, from [`LEAST`] to 1, and why.
struct Dispute {
    measure: f64,
    why: String,
}

/// The most disputed turns, the most disputed first, each with why; and how many turns are disputed.
///
/// # Errors
/// If the run cannot be read.
pub(super) fn most_disputed(
    run: &RunDir,
    engine: &Engine,
    size: usize,
) -> Result<(u64, Vec<KeptTurn>), RunError> {
    let voters = Voters::of(engine);
    let found = judging::findings(run)?;
    let mut disputes = Disputes { size, fitting: 0, turns: Vec::new() };
    for (part, _) in run.parts()? {
        for row in run.rows::<AcceptedRow>(PartKind::Parts, part) {
            let AcceptedRow { category, turn } = row?;
            disputes.add(turn.id, voters.about_accepted(category, &turn));
        }
        for row in run.rows::<SpooledRow>(PartKind::Spool, part) {
            for turn in row?.turns {
                let dispute = match found.get(&turn.id) {
                    Some(Finding::Feedback { category, .. }) => voters.about_judged(Some(*category), &turn),
                    Some(Finding::NoFeedback) => voters.about_judged(None, &turn),
                    Some(Finding::Unverified(_)) | None => voters.about_waiting(&turn),
                };
                disputes.add(turn.id, dispute);
            }
        }
    }
    for turn in run.disputes()? {
        let why = format!("a rule or a plugin rejects the turn; the score says {:.2}", turn.score);
        disputes.add(turn.id, Some(Dispute { measure: f64::from(turn.score), why }));
    }
    Ok(disputes.end())
}

/// The disputes so far.
struct Disputes {
    size: usize,
    fitting: u64,
    turns: Vec<(RecordId, Dispute)>,
}

impl Disputes {
    fn add(&mut self, id: RecordId, dispute: Option<Dispute>) {
        let Some(dispute) = dispute.filter(|dispute| dispute.measure >= LEAST) else { return };
        self.fitting += 1;
        self.turns.push((id, dispute));
        if self.turns.len() >= self.size.saturating_mul(2).saturating_add(SPARE) {
            self.keep_most();
        }
    }

    fn keep_most(&mut self) {
        let order = |(id, dispute): &(RecordId, Dispute)| (dispute.measure, rank(0, *id));
        self.turns.sort_by(|a, b| {
            let ((of_a, rank_a), (of_b, rank_b)) = (order(a), order(b));
            of_b.total_cmp(&of_a).then(rank_a.cmp(&rank_b))
        });
        self.turns.truncate(self.size);
    }

    fn end(mut self) -> (u64, Vec<KeptTurn>) {
        self.keep_most();
        let turns = self.turns.into_iter();
        (self.fitting, turns.map(|(id, dispute)| KeptTurn { id, dispute: Some(dispute.why) }).collect())
    }
}

/// Who says something of a turn.
struct Voters<'e> {
    engine: &'e Engine,
    rules: HashMap<&'e str, &'e Rule>,
    /// The plugin that scores.
    scorer: Option<&'e str>,
}

impl<'e> Voters<'e> {
    fn of(engine: &'e Engine) -> Self {
        let rules = engine.rules.rules().iter().map(|rule| (rule.id.as_str(), rule)).collect();
        let scorer = engine.scorer().map(|place| engine.registry.plugins()[place].name());
        Self { engine, rules, scorer }
    }

    /// The score of a turn: the probability of what the run wants.
    fn score(&self, turn: &MarkedRow) -> Option<f64> {
        let vote = turn.plugins.iter().find(|vote| Some(vote.plugin.as_str()) == self.scorer)?;
        vote.score.map(f64::from)
    }

    /// Those who accept a turn, with the category, in words.
    fn accepting<'t>(&'t self, turn: &'t MarkedRow) -> impl Iterator<Item = (Category, String)> + 't {
        let rules = turn.rules.iter().filter_map(|id| {
            let rule = self.rules.get(id.as_str()).filter(|rule| rule.route == Route::Accept)?;
            Some((rule.category?, format!("rule `{id}`")))
        });
        let plugins = turn
            .plugins
            .iter()
            .filter(|vote| vote.verdict == "accept")
            .filter_map(|vote| Some((vote.category.parse().ok()?, format!("plugin `{}`", vote.plugin))));
        rules.chain(plugins)
    }

    /// One who rejects a turn, in words.
    fn rejecting(&self, turn: &MarkedRow) -> Option<String> {
        let is_reject =
            |id: &&String| self.rules.get(id.as_str()).is_some_and(|rule| rule.route == Route::Reject);
        let rule = turn.rules.iter().find(is_reject).map(|id| format!("rule `{id}`"));
        let plugin = || turn.plugins.iter().find(|vote| vote.verdict == "reject");
        rule.or_else(|| plugin().map(|vote| format!("plugin `{}`", vote.plugin)))
    }

    /// The first rule with another category that hits a turn.
    fn other_rule<'t>(&self, category: Option<Category>, turn: &'t MarkedRow) -> Option<(Category, &'t str)> {
        let of_rule = |id: &'t String| Some((self.rules.get(id.as_str())?.category?, id.as_str()));
        turn.rules.iter().filter_map(of_rule).find(|(other, _)| Some(*other) != category)
    }

    /// An accepted turn about which the score or another rule thinks otherwise.
    fn about_accepted(&self, category: Category, turn: &MarkedRow) -> Option<Dispute> {
        let score = self.score(turn).filter(|_| self.engine.config.purpose.wants(category));
        let by = self.accepting(turn).find(|(accepted, _)| *accepted == category);
        let who = by.map_or_else(|| "the run".to_owned(), |(_, who)| who);
        let by_score = score.map(|score| Dispute {
            measure: 1.0 - score,
            why: format!("{who} accepts {category}; the score says {score:.2}"),
        });
        let by_rule = self.other_rule(Some(category), turn).map(|(other, id)| Dispute {
            measure: OTHER_RULE,
            why: format!("{who} accepts {category}; rule `{id}` is for {other}"),
        });
        greater(by_score, by_rule)
    }

    /// A turn that waits although voters have settled it, each otherwise; or one that the score thinks is feedback.
    fn about_waiting(&self, turn: &MarkedRow) -> Option<Dispute> {
        let mut accepting = self.accepting(turn);
        if let Some((category, who)) = accepting.next() {
            let other = accepting.find(|(other, _)| *other != category);
            let against = match other {
                Some((other, of_other)) => Some(format!("{of_other} accepts {other}")),
                None => self.rejecting(turn).map(|of_other| format!("{of_other} rejects the turn")),
            };
            if let Some(against) = against {
                let why = format!("{who} accepts {category}; {against}");
                return Some(Dispute { measure: CONTRADICTION, why });
            }
        }
        let score = self.score(turn)?;
        let why = format!("the turn waits for the judge; the score says {score:.2}");
        Some(Dispute { measure: LEAST + (score - 0.5) * (CONTRADICTION - LEAST) / 0.5, why })
    }

    /// A turn about which the judge and the score, or the judge and a rule, think otherwise.
    fn about_judged(&self, judged: Option<Category>, turn: &MarkedRow) -> Option<Dispute> {
        let is_wanted = judged.is_some_and(|category| self.engine.config.purpose.wants(category));
        let said = judged.map_or_else(|| "no feedback".to_owned(), |category| category.to_string());
        let by_score = self.score(turn).map(|score| Dispute {
            measure: if is_wanted { 1.0 - score } else { score },
            why: format!("the judge says {said}; the score says {score:.2}"),
        });
        // Most rules only mark what may be feedback: that the judge finds none is no contradiction.
        let category_of = |id: &String| self.rules.get(id.as_str()).and_then(|rule| rule.category);
        let is_named = judged.is_none() || turn.rules.iter().any(|id| category_of(id) == judged);
        let by_rule = self.other_rule(judged, turn).filter(|_| !is_named).map(|(category, id)| Dispute {
            measure: OTHER_RULE,
            why: format!("the judge says {said}; rule `{id}` is for {category}"),
        });
        greater(by_score, by_rule)
    }
}

/// The greater of two disputes about a turn.
fn greater(one: Option<Dispute>, other: Option<Dispute>) -> Option<Dispute> {
    match (one, other) {
        (Some(one), Some(other)) => Some(if other.measure > one.measure { other } else { one }),
        (one, other) => one.or(other),
    }
}
