//! Rules worth writing: as a rule file with its figures in comments, and as a summary.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use rejoinder_authoring::suggestion::{
    Corpus, Effect, Found, Outcome, SearchTerms, Shortfall, SuggestedRule, file_head, invented_tests,
    rule_keys,
};
use rejoinder_core::printable;
use rejoinder_rules::format_text;
use serde_json::{Value, json};

use crate::numbers::{counted, thousands};

/// Suggestions, and what they are drawn from.
pub struct Suggestions<'a> {
    /// The rules, or why there is none.
    pub found: &'a Found,
    /// What was searched.
    pub corpus: &'a Corpus,
    /// How.
    pub terms: SearchTerms,
    /// The turns that the labels are drawn from, in words.
    pub population: String,
    /// Whether a score decides turns that no rule settles.
    pub has_score: bool,
    /// By rule in force: the shipped name or the file of its pack.
    pub packs: BTreeMap<String, String>,
    /// By rule in force: the dialogues of its tests.
    pub dialogues: BTreeMap<String, Vec<Vec<String>>>,
}

impl Suggestions<'_> {
    /// The rule file. It holds no text of a user but the phrases of the rules.
    pub fn rule_file(&self) -> String {
        let rules = &self.found.rules;
        let mut file = String::new();
        let _ = writeln!(
            file,
            "# Rules suggested by `rejoinder rules suggest`. Each bound is a lower one, and all bounds of this file hold together with \
             {} % confidence,\n# for: {}. Read each rule, rename it, and write tests of your own before you use it.",
            percent(1.0 - self.terms.delta),
            // The name of a file must not end the comment.
            printable(&self.population).replace('\n', " "),
        );
        let mut extends: Vec<String> =
            rules.iter().flat_map(built_on).filter_map(|id| self.packs.get(id)).cloned().collect();
        extends.sort();
        extends.dedup();
        file += &file_head(&extends);
        let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
        for rule in rules {
            let kind = kind(rule);
            let number = numbers.entry(kind.clone()).or_default();
            *number += 1;
            file.push('\n');
            for line in self.figures(rule) {
                let _ = writeln!(file, "# {line}");
            }
            file += &rule_keys(rule, &format!("suggested.{kind}.{number}"));
            let known: Vec<Vec<String>> =
                built_on(rule).filter_map(|id| self.dialogues.get(id)).flatten().cloned().collect();
            file += &invented_tests(rule, &extends, &known);
        }
        format_text("suggested", &file).unwrap_or(file)
    }

    /// What is known of a rule, a line each.
    fn figures(&self, rule: &SuggestedRule) -> Vec<String> {
        let mut lines = vec![
            format!("hits {} of {}", counted(rule.hits, "turn"), counted(rule.conversations, "conversation")),
            format!(
                "right in {} of {} that the search had not seen (of each a turn that it newly decides): bound {:.2}",
                rule.held_out.right,
                counted(rule.held_out.all(), "conversation"),
                rule.bound
            ),
        ];
        if rule.unjudged > 0 {
            lines.push(format!(
                "in {} more, hits change what nobody judged; the bound takes them for wrong, but for those that an audit drew",
                counted(rule.unjudged, "such conversation")
            ));
        }
        lines.push(self.effect(&rule.effect));
        lines
    }

    /// What is changed, for a thousand turns.
    fn effect(&self, effect: &Effect) -> String {
        let per = |turns: u64| 1000.0 * turns as f64 / self.corpus.len().max(1) as f64;
        let mut parts = vec![format!("a thousand turns: {:.1} wait no longer", per(effect.spared))];
        if effect.asked > 0 {
            parts.push(format!("{:.1} wait anew", per(effect.asked)));
        }
        if effect.found > 0 {
            parts.push(format!("{:.1} with feedback are found that are rejected now", per(effect.found)));
        }
        if effect.lost > 0 {
            parts.push(format!("{:.1} with feedback are lost", per(effect.lost)));
        }
        parts.push(format!(
            "of {} that change and have labels, {} come out wrong",
            counted(effect.judged.all(), "turn"),
            thousands(effect.judged.wrong)
        ));
        if effect.unjudged > 0 {
            parts.push(format!("{} more change that nobody judged", thousands(effect.unjudged)));
        }
        format!(
            "{} ({})",
            parts.join(", "),
            if self.has_score { "with the score in force" } else { "without a score" }
        )
    }

    /// The summary for people. `sample` shows a turn.
    pub fn summary(&self, examples: usize, sample: impl Fn(usize) -> String) -> String {
        let found = self.found;
        let mut out = format!(
            "{}: {}, {} of them with labels; {} stand in at least {} conversations; {} put to the test\n",
            counted(self.corpus.len() as u64, "turn"),
            self.population,
            thousands(self.corpus.judged() as u64),
            counted(found.phrases as u64, "phrase"),
            self.terms.conversations,
            counted(found.tried as u64, "rule"),
        );
        for (number, rule) in found.rules.iter().enumerate() {
            let _ = writeln!(out, "\n{}. {}", number + 1, title(rule));
            for line in self.figures(rule) {
                let _ = writeln!(out, "   {line}");
            }
            for &turn in rule.effect.wrong.iter().take(examples) {
                let _ = writeln!(out, "   would come out wrong: {}", sample(turn));
            }
        }
        match found.outcome {
            Outcome::Found => {
                let _ = writeln!(
                    out,
                    "\nall together, {}\nall bounds hold together with {} % confidence (Bonferroni over the rules put to the test, \
                     Clopper-Pearson by conversation)",
                    self.effect(&found.together),
                    percent(1.0 - self.terms.delta)
                );
            }
            Outcome::Nothing(why) => out += &self.nothing(why),
        }
        out
    }

    /// Why there is no rule, and what to do.
    fn nothing(&self, why: Shortfall) -> String {
        let conversations = self.corpus.judged_conversations() as u64;
        match why {
            Shortfall::FewConversations { needed } => format!(
                "\nno rule: too few conversations have labels ({}). A bound of {:.2} takes at least {} with hits, all right, in each half \
                 of them. Label more turns (`rejoinder review`, `rejoinder judge`), or lower --precision\n",
                thousands(conversations),
                self.terms.precision,
                needed
            ),
            Shortfall::NothingLooksRight => {
                "\nno rule: no phrase and no condition looks right often enough for what is not settled yet. The rules in force settle what \
                 can be told so, or the labels are too few; lower --aim to see what comes near\n"
                    .to_owned()
            }
            Shortfall::NotConfirmed => {
                let mut text = format!(
                    "\nno rule: what looked right in one half of the conversations did not reach {:.2}, with a bound of {:.2}, in the other one\n",
                    self.terms.aim, self.terms.precision
                );
                if let Some(nearest) = &self.found.nearest {
                    let _ = writeln!(text, "nearest: {}", title(nearest));
                    for line in self.figures(nearest) {
                        let _ = writeln!(text, "   {line}");
                    }
                }
                text += "more labels make bounds narrower; a lower --aim or --precision lets more through\n";
                text
            }
        }
    }

    /// The suggestions as JSON, without any text of a turn but phrases.
    pub fn json(&self) -> Value {
        let effect = |effect: &Effect| {
            json!({ "spared": effect.spared, "asked": effect.asked, "found": effect.found, "lost": effect.lost,
                    "right": effect.judged.right, "wrong": effect.judged.wrong, "unjudged": effect.unjudged })
        };
        let row = |rule: &SuggestedRule| {
            let (route, category) = rule.verdict.names();
            json!({
                "route": route, "category": category, "any": rule.phrases, "at": rule.place.name(), "any_of": rule.pool,
                "all_of": rule.bases,
                "conditions": rule.conditions.iter().map(ToString::to_string).collect::<Vec<_>>(),
                "hits": rule.hits, "conversations": rule.conversations,
                "held_out": { "right": rule.held_out.right, "wrong": rule.held_out.wrong, "unjudged": rule.unjudged },
                "precision_bound": rule.bound, "effect": effect(&rule.effect),
            })
        };
        json!({
            "population": self.population, "turns": self.corpus.len(), "labelled": self.corpus.judged(),
            "phrases": self.found.phrases, "tried": self.found.tried, "confidence": 1.0 - self.terms.delta,
            "rules": self.found.rules.iter().map(row).collect::<Vec<_>>(), "together": effect(&self.found.together),
        })
    }
}

/// Ids of the rules that a rule builds on.
fn built_on(rule: &SuggestedRule) -> impl Iterator<Item = &String> {
    rule.pool.iter().chain(&rule.bases)
}

/// The kind of a rule, as its id has it.
fn kind(rule: &SuggestedRule) -> String {
    match rule.verdict.names() {
        (route, "") => route.to_owned(),
        (_, category) => category.to_lowercase(),
    }
}

/// A rule in a line.
fn title(rule: &SuggestedRule) -> String {
    let (route, category) = rule.verdict.names();
    let mut parts = Vec::new();
    if !rule.phrases.is_empty() {
        let shown: Vec<String> = rule.phrases.iter().take(4).map(|phrase| format!("\"{phrase}\"")).collect();
        let more = if rule.phrases.len() > 4 {
            format!(", … ({} phrases)", rule.phrases.len())
        } else {
            String::new()
        };
        parts.push(format!("{}: {}{more}", rule.place.name(), shown.join(", ")));
    }
    if !rule.pool.is_empty() {
        parts.push(format!("one of {} hits", rule.pool.join(", ")));
    }
    parts.extend(rule.bases.iter().map(|id| format!("{id} hits")));
    parts.extend(rule.conditions.iter().map(ToString::to_string));
    format!("{route} {category} {}", parts.join(" · ")).replace("  ", " ")
}

fn percent(share: f64) -> f64 {
    (share * 1000.0).round() / 10.0
}
