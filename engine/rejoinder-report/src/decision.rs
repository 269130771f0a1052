//! What became of a turn, why, and who decided: one line.

use rejoinder_cascade::DecisionReason;
use rejoinder_core::{Category, FeedbackSource, Verdict, Vote, printable};
use rejoinder_rules::Route;
use rejoinder_run::TurnOutcome;
use rejoinder_run::reading_sample::TurnView;
use rejoinder_scan::ScoreRole;
use serde::Serialize;

/// What became of a turn, why, and who decided.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TurnDecision {
    /// `accepted`, `rejected`, `waiting` or `judged`.
    pub outcome: &'static str,
    /// The category, if the turn was found to be feedback.
    pub category: Option<Category>,
    /// What rules and plugins decided, in words.
    pub decision: String,
    /// Who decided, or marked the turn.
    pub by: Vec<Decider>,
    #[serde(skip)]
    words: String,
}

/// Who decided about a turn, or marked it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Decider {
    /// `rule`, `plugin` or `judge`.
    pub kind: &'static str,
    /// The rule's id, the plugin's name, or the judge's model.
    pub name: String,
    /// The rule's file and line.
    pub place: Option<String>,
}

impl Decider {
    fn words(&self) -> String {
        let Self { kind, name, place } = self;
        let place = place.as_ref().map(|place| format!(" ({place})")).unwrap_or_default();
        format!("{kind} {}{}", printable(name), printable(&place))
    }
}

impl TurnDecision {
    /// The decision about a turn; `model` is the judge's, where the judge has settled the turn.
    pub fn of(view: &TurnView<'_>, model: Option<&str>) -> Self {
        let outcome = match view.outcome {
            TurnOutcome::Accepted(_) => "accepted",
            TurnOutcome::Rejected => "rejected",
            TurnOutcome::Undecided => "waiting",
            TurnOutcome::Judged(_) => "judged",
        };
        let mut by = deciders(view);
        let is_judged = matches!(view.outcome, TurnOutcome::Judged(_));
        if let Some(model) = model.filter(|_| is_judged) {
            by.insert(0, Decider { kind: "judge", name: model.to_owned(), place: None });
        }
        let words = describe(view.outcome, view.turn.ground);
        Self { outcome, category: view.outcome.category(), decision: why(view), by, words }
    }

    /// What became of the turn, in words.
    pub fn words(&self) -> &str {
        &self.words
    }

    /// What became of the turn, why, and who decided.
    pub fn line(&self) -> String {
        let is_judged = self.outcome == "judged";
        let mut line = match (is_judged, reason(&self.decision)) {
            (true, reason) => format!("{}; before that: {reason}", self.words),
            (false, reason) => format!("{}: {reason}", self.words),
        };
        let by: Vec<String> = self.by.iter().map(Decider::words).collect();
        if !by.is_empty() {
            line += &format!(" — {}", by.join(", "));
        }
        line
    }
}

/// What rules, plugins and score decided, in words; where the score did, with the score and the cut.
fn why(view: &TurnView<'_>) -> String {
    let TurnView { engine, scanned, turn, .. } = *view;
    let ground = turn.ground;
    let (Some((score, likeliest)), Some(cuts)) = (engine.score(scanned.votes(turn)), engine.cuts()) else {
        return ground.describe().to_owned();
    };
    let accept_at = cuts.accept_at[likeliest.index()];
    let outcome = match ground {
        DecisionReason::LowScore => "rejected",
        DecisionReason::MiddleScore => "waits for the judge",
        DecisionReason::HighScore(_) => "accepted",
        _ => return ground.describe().to_owned(),
    };
    let is_low = ground == DecisionReason::LowScore;
    let below = if is_low { "below" } else { "not below" };
    let reason = match &engine.role {
        ScoreRole::Assumed(cut) => format!(
            "score {score:.3} {below} the cut {:.3} that kept {} of the feedback on the labels it was measured on",
            cut.score, cut.recall
        ),
        ScoreRole::Accepting(_) | ScoreRole::AcceptingTold if is_low && accept_at.is_infinite() => {
            format!("score {score:.3}, and no score is high enough to accept {likeliest} without a judge")
        }
        ScoreRole::Accepting(_) | ScoreRole::AcceptingTold if is_low => {
            format!(
                "score {score:.3} below {accept_at:.3}, from which on {likeliest} is accepted without a judge"
            )
        }
        ScoreRole::Accepting(measured) => format!(
            "score {score:.3} reaches {accept_at:.3}, from which on {} of what was accepted as {likeliest} was right on the labels it \
             was measured on",
            measured.precision
        ),
        _ if matches!(ground, DecisionReason::HighScore(_)) => {
            format!("score {score:.3} reaches `accept-at` {accept_at:.3}")
        }
        _ if is_low || accept_at.is_infinite() => {
            format!("score {score:.3} {below} `reject-below` {:.3}", cuts.reject_below)
        }
        _ => format!(
            "score {score:.3} not below `reject-below` {:.3} and below `accept-at` {accept_at:.3}",
            cuts.reject_below
        ),
    };
    format!("{outcome}: {reason}")
}

/// The reason of a decision without the decision.
fn reason(decision: &str) -> &str {
    let outcomes = ["accepted: ", "rejected: ", "waits for the judge: ", "not looked at: "];
    outcomes.iter().find_map(|outcome| decision.strip_prefix(outcome)).unwrap_or(decision)
}

/// An outcome in words.
fn describe(outcome: TurnOutcome, ground: DecisionReason) -> String {
    let named = |c: Category| format!("{c} {}", c.name());
    match outcome {
        TurnOutcome::Accepted(category) => format!("accepted as {}", named(category)),
        TurnOutcome::Rejected if ground == DecisionReason::NotLookedAt => "not looked at".to_owned(),
        TurnOutcome::Rejected => "rejected".to_owned(),
        TurnOutcome::Undecided => "waiting for the judge".to_owned(),
        TurnOutcome::Judged(Some(category)) => format!("judged to be {}", named(category)),
        TurnOutcome::Judged(None) => "judged to be no feedback".to_owned(),
    }
}

/// The rules and plugins that the decision rests on.
fn deciders(view: &TurnView<'_>) -> Vec<Decider> {
    let TurnView { engine, scanned, conversation, turn, .. } = *view;
    let rules = |fits: &dyn Fn(Route) -> bool| {
        let rules = scanned.hits(turn).iter().map(|hit| engine.rules.rule(hit.rule));
        let rules = rules.filter(|rule| fits(rule.route));
        let decider = rules.map(|rule| Decider {
            kind: "rule",
            name: rule.id.clone(),
            place: Some(format!("{}:{}", rule.file, rule.line)),
        });
        decider.collect::<Vec<_>>()
    };
    let plugins = |fits: &dyn Fn(&Vote) -> bool| {
        let votes = scanned.votes(turn).iter().zip(engine.registry.plugins());
        let votes = votes.filter(|(vote, _)| fits(vote));
        let decider =
            votes.map(|(_, plugin)| Decider { kind: "plugin", name: plugin.name().to_owned(), place: None });
        decider.collect::<Vec<_>>()
    };
    let accepts = |vote: &Vote| !vote.is_fault() && matches!(vote.verdict, Verdict::Accept(_));
    let rejects = |vote: &Vote| !vote.is_fault() && vote.verdict == Verdict::Reject;
    let scores = || {
        let scorer = engine.scorer().map(|place| engine.registry.plugins()[place].name().to_owned());
        scorer.map(|name| Decider { kind: "plugin", name, place: None }).into_iter().collect()
    };
    match turn.ground {
        DecisionReason::Accepted(category) => {
            match scanned.accepted_by(engine, conversation, turn, category) {
                (FeedbackSource::Rule, _, name) => rules(&|route| route == Route::Accept)
                    .into_iter()
                    .filter(|rule| rule.name == name)
                    .collect(),
                _ => plugins(&accepts),
            }
        }
        DecisionReason::Rejected => [rules(&|route| route == Route::Reject), plugins(&rejects)].concat(),
        DecisionReason::AcceptAgainstReject | DecisionReason::TwoCategories => {
            let rules = rules(&|route| matches!(route, Route::Accept | Route::Reject));
            [rules, plugins(&|vote| accepts(vote) || rejects(vote))].concat()
        }
        DecisionReason::Faulted => plugins(&|vote| vote.is_fault()),
        DecisionReason::LowScore | DecisionReason::MiddleScore | DecisionReason::HighScore(_) => scores(),
        DecisionReason::Escalated => plugins(&|vote| !vote.is_fault() && vote.verdict == Verdict::Escalate),
        DecisionReason::Candidate => rules(&|route| matches!(route, Route::Accept | Route::Escalate)),
        DecisionReason::Unmarked
        | DecisionReason::NotLookedAt
        | DecisionReason::AskedUnread
        | DecisionReason::AskedAnyway
        | DecisionReason::AskedBefore => Vec::new(),
    }
}
