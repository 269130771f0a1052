//! Why a rule hits nothing, or little: what its words alone would hit, and what each condition leaves of it.

use std::num::NonZeroUsize;

use rejoinder_core::Hit;
use rejoinder_read::{Chunk, InputFile};
use rejoinder_rules::{MatchPosition, Pack, Route, Rule};
use rejoinder_run::RunError;
use rejoinder_scan::config::CascadeSection;
use rejoinder_scan::{Config, Engine, Scan, Worker};
use serde::Serialize;

use super::draft::{rule_of, toml_string};

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
    /// What each condition alone leaves, that which leaves the least first.
    pub conditions: Vec<Obstacle>,
}

impl Obstacles {
    /// Counts on an input what the parts of the one rule of a pack would hit. Conditions that plugins tell about are left aside.
    ///
    /// # Errors
    /// If the input cannot be read, or the rule asks for other rules.
    pub fn of(
        pack: &Pack,
        config: &Config,
        files: &[InputFile],
        threads: NonZeroUsize,
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
        let inside = inside_words(rule);
        let has_inside = inside.is_some();
        parts.extend(inside);
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
        let work = |worker: &mut Worker<'_>, chunk: &Chunk| {
            let scanned = worker.scan(chunk)?;
            let mut counts = vec![0_u64; worker.engine.rules.rules().len()];
            let mut turns = 0;
            for turn in scanned.conversations.iter().flat_map(|conversation| scanned.turns(conversation)) {
                turns += 1;
                let hits: &[Hit] = scanned.hits(turn);
                for (place, hit) in hits.iter().enumerate() {
                    let is_first = hits[..place].iter().all(|earlier| earlier.rule != hit.rule);
                    counts[hit.rule as usize] += u64::from(is_first);
                }
            }
            Ok::<_, RunError>((counts, turns))
        };
        Scan::of(&engine, files, threads).run(work, |(more, more_turns)| {
            counts.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
            turns += more_turns;
            Ok(())
        })?;
        let inside_words = if has_inside { counts.pop() } else { None };
        let mut counts = counts.into_iter();
        let words = if rule.has_matcher() { counts.next().unwrap_or_default() } else { turns };
        let mut conditions: Vec<Obstacle> =
            names.into_iter().zip(counts).map(|(condition, left)| Obstacle { condition, left }).collect();
        conditions.sort_by_key(|obstacle| obstacle.left);
        Ok(Self { words, inside_words, conditions })
    }
}

/// A rule that hits the phrases wherever they stand, also within longer words.
fn inside_words(rule: &Rule) -> Option<Rule> {
    if rule.phrases.is_empty() {
        return None;
    }
    let escaped = |phrase: &String| {
        let mut regex = String::new();
        for c in phrase.chars() {
            if c.is_ascii_punctuation() {
                regex.push('\\');
            }
            regex.push(c);
        }
        toml_string(&regex)
    };
    let regexes: Vec<String> = rule.phrases.iter().map(escaped).collect();
    let text = format!(
        "format = 1\n[[rule]]\nid = \"inside\"\nroute = \"score\"\nweight = 0.0\nregex = [{}]\n",
        regexes.join(", ")
    );
    Pack::new("inside", "inside", &text).content.rules.into_iter().next()
}
