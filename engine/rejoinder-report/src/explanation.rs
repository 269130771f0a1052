//! Why a turn was decided as it was: the decision, then each rule with each of its conditions, PASS or FAIL, and what was
//! measured; and what each plugin and the judge said.

use std::fmt::Write as _;

use rejoinder_core::{Answer, AnswerProbabilities, Category, RecordId, printable};
use rejoinder_judge::{Finding, NANOS_PER_UNIT};
use rejoinder_rules::{RuleMatch, RuleTrial, TextReading};
use rejoinder_run::judging::JudgeTrace;
use rejoinder_run::reading_sample::TurnView;
use rejoinder_scan::{Engine, is_read};
use serde::Serialize;

use super::decision::TurnDecision;
use super::dialogue::DialogueLook;
use super::excerpt::{TextLimit, cut};
use super::numbers::counted;
use super::plugin_rows::{FactRow, NotAskedRow, PluginRow};
use super::styles::{Styles, styled};

/// How much of a judge's reply is shown.
const REPLY_CHARS: usize = 2_000;
/// How much is shown of what was found for a condition.
const FOUND_CHARS: usize = 300;
/// A condition is cut to so many characters where a person reads it: its phrases may be hundreds.
const ASKS_CHARS: usize = 300;

/// All rules on one turn.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// The turn's address.
    pub id: RecordId,
    /// The id of the turn's conversation.
    pub conversation_id: String,
    /// The language of the conversation.
    pub language: &'static str,
    /// What became of the turn, why, and who decided.
    #[serde(flatten)]
    pub decision: TurnDecision,
    /// What each plugin said that was asked, in the order of the plugins.
    pub plugins: Vec<PluginRow>,
    /// The plugins that were not asked, and why.
    pub not_asked: Vec<NotAskedRow>,
    /// The facts that rules asked for, which were else ready to hit.
    pub facts: Vec<FactRow>,
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

    /// The model that gave the last reply.
    pub fn model(&self) -> Option<&str> {
        self.requests.last().map(|request| request.model.as_str())
    }

    fn text(&self, full: bool) -> String {
        let mut out = format!("\njudge: {}\n", printable(&self.finding));
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
            let reply = cut(reply, TextLimit::of(full, REPLY_CHARS)).text;
            let _ = writeln!(out, "     {} said: {}", printable(model), printable(&reply));
            let requests = counted(*calls, "HTTP request");
            let _ = write!(out, "     reply {}…, {requests} of this run, {tokens} tokens", &reply_key[..12]);
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
    /// Whether the rule's pack is for the conversation's language, or for any.
    pub is_of_language: bool,
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
    /// Explains a turn by the trials of all rules on the turn; with `full`, long texts are whole.
    pub fn new(
        view: &TurnView<'_>,
        decision: TurnDecision,
        trials: &[RuleTrial<'_>],
        judge: Option<JudgeRow>,
        full: bool,
    ) -> Self {
        let found = |actual: &str| cut(actual, TextLimit::of(full, FOUND_CHARS)).text;
        let TurnView { engine, conversation, turn, .. } = *view;
        let rules = trials.iter().map(|trial| {
            let rule = engine.rules.rule(trial.rule);
            let words = match &trial.matched {
                RuleMatch::Found(text, span) => Some((
                    true,
                    match rule.text {
                        TextReading::Folded => {
                            format!(
                                "found `{}` at byte {} of the folded turn",
                                text.escape_debug(),
                                span.start
                            )
                        }
                        TextReading::AsWritten => {
                            format!("found `{}` in {}", text.escape_debug(), rule.text.of_turn())
                        }
                    },
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
            let words = words.map(|(holds, actual)| CheckLine {
                asks: "any, regex".to_owned(),
                holds,
                actual: found(&actual),
            });
            let conditions = trial.checks.iter().map(|check| CheckLine {
                asks: check.condition.to_string(),
                holds: check.holds,
                actual: found(&check.actual),
            });
            RuleTrialRow {
                id: rule.id.clone(),
                place: format!("{}:{}", rule.file, rule.line),
                route: rule.route.name(),
                category: rule.category,
                is_of_language: is_of_language(engine, &rule.file, conversation.language),
                hit: trial.hit.is_some(),
                checks: words.into_iter().chain(conditions).collect(),
            }
        });
        let rules = rules.collect();
        let conversation_id = conversation.record.conversation.id.to_string();
        let (id, language) = (conversation.id(turn), conversation.language);
        Self {
            id,
            conversation_id,
            language,
            decision,
            plugins: PluginRow::of(view),
            not_asked: NotAskedRow::of(view),
            facts: FactRow::of(view),
            rules,
            judge,
        }
    }

    /// What became of the turn, in one line.
    pub fn headline(&self, styles: Styles) -> String {
        format!("{}\n", styled(styles.heading, &self.decision.line()))
    }

    /// The evidence for people: who was not asked, the rules with the facts that they asked for, and what the judge said.
    pub fn text(&self, shown: ShownRules<'_>, look: DialogueLook) -> String {
        let styles = look.styles;
        let mut out = String::new();
        for row in &self.not_asked {
            let _ = writeln!(out, "  {} {}", styled(styles.frame, "plugin   "), row.line());
        }
        for row in &self.facts {
            let _ = writeln!(out, "  {} {}", styled(styles.frame, "fact     "), row.line());
        }
        let (mut wordless, mut foreign) = (0, 0);
        for trial in &self.rules {
            match shown.of(trial) {
                RuleShown::Shown => {}
                RuleShown::Wordless => {
                    wordless += 1;
                    continue;
                }
                RuleShown::Foreign => {
                    foreign += 1;
                    continue;
                }
            }
            let verdict = if trial.hit { styled(styles.good, "HIT ") } else { styled(styles.bad, "miss") };
            let category = trial.category.map_or(String::new(), |c| format!(" {c}"));
            let place = printable(&trial.place);
            let _ = writeln!(out, "\n{verdict} {} {}{category} ({place})", trial.id, trial.route);
            for line in &trial.checks {
                let verdict =
                    if line.holds { styled(styles.good, "PASS") } else { styled(styles.bad, "FAIL") };
                let asks = cut(&line.asks, TextLimit::of(look.full, ASKS_CHARS)).text;
                let asks = printable(&asks).replace('\n', "\\n");
                let _ = writeln!(out, "     {verdict} {asks:<44} {}", printable(&line.actual));
            }
        }
        if let Some(judge) = &self.judge {
            out += &judge.text(look.full);
        }
        let mut hidden = Vec::new();
        if foreign > 0 {
            hidden.push(format!("{} of other languages nearly hit", counted(foreign, "rule")));
        }
        if wordless > 0 {
            hidden.push(format!("{} found none of their words", counted(wordless, "rule")));
        }
        if !hidden.is_empty() && shown.only.is_empty() {
            let note = format!("{}; --all shows them", hidden.join(", "));
            let _ = writeln!(out, "\n{}", styled(styles.frame, &note));
        }
        out
    }
}

/// Which rules an explanation shows: by default those that hit, and those for the conversation's language that found their words.
#[derive(Clone, Copy, Debug)]
pub struct ShownRules<'a> {
    /// The ids of the rules that are shown; empty where no rule is named.
    pub only: &'a [String],
    /// Whether all rules are shown.
    pub all: bool,
}

/// Whether a rule is shown, or why not.
enum RuleShown {
    Shown,
    /// The rule found none of its words.
    Wordless,
    /// The rule found its words, did not hit, and is for another language.
    Foreign,
}

impl ShownRules<'_> {
    fn of(&self, trial: &RuleTrialRow) -> RuleShown {
        if !self.only.is_empty() {
            return if self.only.contains(&trial.id) { RuleShown::Shown } else { RuleShown::Wordless };
        }
        match trial.checks.first().is_none_or(|words| words.holds) {
            _ if self.all || trial.hit => RuleShown::Shown,
            false => RuleShown::Wordless,
            true if trial.is_of_language => RuleShown::Shown,
            true => RuleShown::Foreign,
        }
    }
}

/// Whether the rule file `file` is for a language, or for any.
fn is_of_language(engine: &Engine, file: &str, language: &str) -> bool {
    let packs = engine.packs.iter().filter(|pack| pack.file == file);
    is_read(language, packs.map(|pack| pack.lang.as_slice()))
}
