//! Why a rule hits nothing, or little: what its words alone would hit, and what each condition leaves of it.

use std::num::NonZeroUsize;

use rejoinder_core::Hit;
use rejoinder_core::fold::Folded;
use rejoinder_read::{Chunk, InputFile};
use rejoinder_rules::{MatchPosition, Pack, Route, Rule, TextReading, toml_string};
use rejoinder_run::RunError;
use rejoinder_run::labels::LabelReader;
use rejoinder_scan::config::CascadeSection;
use rejoinder_scan::{Config, Engine, RuleColumns, Scan, Worker};
use serde::Serialize;

use super::draft::rule_of;

/// What stands between a rule's words and its hits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Obstacle {
    /// The condition, as rules show it, or `at = …`.
    pub condition: String,
    /// Turns that the words and this condition alone would hit.
    pub left: u64,
}

/// Why a rule hits nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Obstacles {
    /// Turns that hold the rule's words; all later turns where it has none.
    pub words: u64,
    /// Turns that hold the phrases as a part of longer words, too; absent where the rule has no phrases.
    pub inside_words: Option<u64>,
    /// Turns that hold the words where case, quotes and spaces make no difference; absent where the rule reads folded text anyway.
    pub words_folded: Option<u64>,
    /// The regexes as folded text would have them, and what they hit; absent where the rule has none that asks for characters that
    /// folded text never has.
    pub regex_as_folded: Option<Obstacle>,
    /// What each condition alone leaves, that which leaves the least first.
    pub conditions: Vec<Obstacle>,
    /// The metadata columns that the rule asks for, and those of the records.
    #[serde(skip_serializing_if = "RuleColumns::is_empty")]
    pub columns: RuleColumns,
}

impl Obstacles {
    /// Counts on the records of an input that pass the filters what the parts of the one rule of a pack would hit. Conditions that plugins tell about are left aside.
    ///
    /// # Errors
    /// If the input cannot be read, or the rule asks for other rules.
    pub fn of(
        pack: &Pack,
        config: &Config,
        files: &[InputFile],
        threads: NonZeroUsize,
        filters: &LabelReader,
    ) -> Result<Self, RunError> {
        let rule = rule_of(pack);
        let own = rule.conditions.len() - rule.facts().count();
        let part = |at: MatchPosition, condition: Option<usize>| Rule {
            route: Route::Score,
            weight: 0.0,
            at,
            conditions: condition.map(|place| rule.conditions[place].clone()).into_iter().collect(),
            ..rule.clone()
        };
        let mut parts = vec![part(MatchPosition::Anywhere, None)];
        let mut names = Vec::new();
        if rule.at != MatchPosition::Anywhere {
            parts.push(part(rule.at, None));
            names.push(format!("at = {}", rule.at.name()));
        }
        for place in 0..own {
            parts.push(part(MatchPosition::Anywhere, Some(place)));
            names.push(rule.conditions[place].to_string());
        }
        let as_folded = regexes_as_folded(rule);
        let others = [
            as_folded.as_ref().and_then(|regexes| words_rule(TextReading::Folded, &[], regexes)),
            folded_words(rule),
            inside_words(rule),
        ];
        let are_there = others.each_ref().map(Option::is_some);
        parts.extend(others.into_iter().flatten());
        if !rule.has_matcher() {
            // Without words and conditions, a rule hits every turn, and cannot be written.
            parts.remove(0);
        }
        let mut all = pack.clone();
        all.content.rules =
            (0..).zip(parts).map(|(place, part)| Rule { id: format!("part{place}"), ..part }).collect();
        let alone = Config {
            rules: rejoinder_scan::config::RulesConfig {
                packs: Vec::new(),
                disable: Vec::new(),
                ..config.rules.clone()
            },
            plugins: Vec::new(),
            cascade: CascadeSection::without_score(),
            ..config.clone()
        };
        let engine = Engine::build_with(alone, vec![all])?;
        let mut counts = vec![0_u64; engine.rules.rules().len()];
        let mut turns = 0;
        let mut columns = RuleColumns::default();
        let work = |worker: &mut Worker<'_>, chunk: &Chunk| {
            let mut scanned = worker.scan(chunk)?;
            scanned.conversations.retain(|conversation| filters.admits(&conversation.record));
            let mut counts = vec![0_u64; worker.engine.rules.rules().len()];
            let mut turns = 0;
            for turn in scanned.conversations.iter().flat_map(|conversation| scanned.turns(conversation)) {
                turns += 1;
                let hits: &[Hit] = scanned.hits(turn);
                hits.iter().for_each(|hit| counts[hit.rule as usize] += 1);
            }
            Ok::<_, RunError>((counts, turns, scanned.rule_columns.clone()))
        };
        Scan::of(&engine, files, threads).run(work, |(more, more_turns, more_columns)| {
            counts.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
            turns += more_turns;
            columns += more_columns;
            Ok(())
        })?;
        let [regex_as_folded, words_folded, inside_words] = {
            let mut found = are_there.map(|is_there| is_there.then_some(0));
            for count in found.iter_mut().rev().flatten() {
                *count = counts.pop().unwrap_or_default();
            }
            found
        };
        let regex_as_folded = as_folded
            .zip(regex_as_folded)
            .map(|(regexes, left)| Obstacle { condition: format!("regex = [{}]", listed(&regexes)), left });
        // The parts of the rule ask for the columns in its name.
        columns.asked.values_mut().for_each(|asked| asked.rule.clone_from(&rule.id));
        let mut counts = counts.into_iter();
        let words = if rule.has_matcher() { counts.next().unwrap_or_default() } else { turns };
        let mut conditions: Vec<Obstacle> =
            names.into_iter().zip(counts).map(|(condition, left)| Obstacle { condition, left }).collect();
        conditions.sort_by_key(|obstacle| obstacle.left);
        Ok(Self { words, inside_words, words_folded, regex_as_folded, conditions, columns })
    }
}

/// A rule that hits the phrases wherever they stand, also within longer words.
fn inside_words(rule: &Rule) -> Option<Rule> {
    let escaped = |phrase: &String| {
        let mut regex = String::new();
        for c in phrase.chars() {
            if c.is_ascii_punctuation() {
                regex.push('\\');
            }
            regex.push(c);
        }
        regex
    };
    let regexes: Vec<String> = rule.phrases.iter().map(escaped).collect();
    words_rule(rule.text, &[], &regexes)
}

/// A rule that hits the words in folded text; `None` where the rule reads it so itself.
fn folded_words(rule: &Rule) -> Option<Rule> {
    if rule.text.is_folded() {
        return None;
    }
    let regexes: Vec<String> = rule.patterns().map(str::to_owned).collect();
    words_rule(TextReading::Folded, &rule.phrases, &regexes)
}

/// The regexes with those characters folded that stand for nothing but themselves, and each run of spaces made one; `None` where that
/// changes none, or the rule reads text as it is written.
fn regexes_as_folded(rule: &Rule) -> Option<Vec<String>> {
    let regexes: Vec<String> = rule.patterns().map(as_folded).collect();
    let is_other = rule.patterns().zip(&regexes).any(|(regex, folded)| regex != folded);
    (rule.text.is_folded() && is_other).then_some(regexes)
}

fn as_folded(regex: &str) -> String {
    let mut out = String::new();
    for c in regex.chars() {
        let folded =
            if c.is_ascii() { String::from(c) } else { Folded::new(&c.to_string()).text().to_owned() };
        match folded.as_str() {
            // White space at the start of a text is dropped.
            "" if c.is_whitespace() && !out.ends_with(' ') => out.push(' '),
            " " if out.ends_with(' ') => {}
            // Capitals match as they are.
            folded if c.to_lowercase().eq(folded.chars()) => out.push(c),
            folded => out.push_str(folded),
        }
    }
    out
}

/// A rule with words and no condition; `None` if it has no words, or cannot be.
fn words_rule(reading: TextReading, phrases: &[String], regexes: &[String]) -> Option<Rule> {
    let keys: String = [("any", phrases), ("regex", regexes)]
        .into_iter()
        .filter(|(_, words)| !words.is_empty())
        .map(|(key, words)| format!("{key} = [{}]\n", listed(words)))
        .collect();
    let reading = toml_string(reading.name());
    let text = format!(
        "format = 1\n[[rule]]\nid = \"words\"\nroute = \"score\"\nweight = 0.0\ntext = {reading}\n{keys}"
    );
    Pack::new("words", "words", &text).content.rules.into_iter().next()
}

fn listed(words: &[String]) -> String {
    words.iter().map(|words| toml_string(words)).collect::<Vec<_>>().join(", ")
}
