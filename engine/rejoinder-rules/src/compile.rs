//! The rules in force, compiled into one scan.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use rejoinder_core::Hit;
use rejoinder_rule_files::{
    Condition, FactCondition, FactReading, MatchPosition, Pattern, Rule, folded_core,
};

use crate::building::RuleBuilding;
use crate::dialogue_search::DialogueSearch;
use crate::guards::Guards;
use crate::literals::{LiteralUse, Literals};
use crate::pack::RulesInForce;
use crate::selector::Selector;

/// All patterns of a rule.
fn patterns(rule: &mut Rule) -> impl Iterator<Item = &mut Pattern> {
    let of_conditions = rule.conditions.iter_mut().flat_map(|condition| match condition {
        Condition::Unless(pattern) => std::slice::from_mut(pattern),
        Condition::Dialogue(words) => &mut words.regexes,
        _ => &mut [],
    });
    rule.regexes.iter_mut().chain(of_conditions)
}

/// What runs on a turn that holds a literal, or on every turn.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Trial {
    /// A regex of a rule: the numbers of both.
    Regex(u32, u32),
    /// The phrases and regexes of a rule that reads the turn as written.
    AsWritten(u32),
}

/// The folded literals that a turn holds, unless it may compose, wherever a rule matches it as written; `None` if no useful ones are known.
fn written_literals(rule: &Rule) -> Option<Vec<String>> {
    let mut literals: Vec<String> = rule.phrases.iter().map(|phrase| folded_core(phrase)).collect();
    for regex in &rule.regexes {
        literals.extend(regex.literals()?.map(str::to_owned));
    }
    literals.sort_unstable();
    literals.dedup();
    Some(literals)
}

/// A fact that some rule asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactName {
    /// The plugin that tells the fact.
    pub plugin: String,
    /// The fact's name.
    pub fact: String,
}

/// A metadata column that some rule asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnName {
    /// The column's name; behind a dot stands a key inside of it.
    pub column: String,
    /// The first rule that asks for it.
    pub rule: u32,
}

/// Tells each condition on a column the place of its column in the list that is returned.
fn number_columns(rules: &mut [Rule]) -> Vec<ColumnName> {
    let mut columns: Vec<ColumnName> = Vec::new();
    let mut places: HashMap<String, u32> = HashMap::new();
    for (rule, own) in (0..).zip(rules) {
        for condition in &mut own.conditions {
            let Condition::Column(condition) = condition else { continue };
            condition.slot = *places.entry(condition.column.clone()).or_insert_with(|| {
                columns.push(ColumnName { column: condition.column.clone(), rule });
                columns.len() as u32 - 1
            });
        }
    }
    columns
}

/// Tells each condition on a fact the place of its fact in the list that is returned.
fn number_facts(rules: &mut [Rule]) -> Vec<FactName> {
    let mut facts: Vec<FactName> = Vec::new();
    for condition in rules.iter_mut().flat_map(|rule| &mut rule.conditions) {
        let Condition::Fact(condition) = condition else { continue };
        let FactCondition { plugin, fact, slot, .. } = condition;
        let known = facts.iter().position(|known| known.plugin == *plugin && known.fact == *fact);
        *slot = known.unwrap_or_else(|| {
            facts.push(FactName { plugin: plugin.clone(), fact: fact.clone() });
            facts.len() - 1
        }) as u32;
    }
    facts
}

/// The compiled rules: immutable, shared by all worker threads.
#[derive(Debug)]
pub struct RuleSet {
    /// The rules in force, and behind them those that serve others alone.
    rules: Vec<Rule>,
    in_force: usize,
    hash: String,
    /// Selectors have the numbers behind those of all rules.
    selectors: Vec<Selector>,
    /// By number of a rule or selector: where its phrases must stand.
    pub(crate) positions: Vec<MatchPosition>,
    /// By rule: its conditions that need neither other rules, whose conditions stand before them, nor plugins, whose conditions stand
    /// behind them.
    own_conditions: Vec<Range<u32>>,
    /// How the rules build on one another.
    pub(crate) building: RuleBuilding,
    /// The metadata columns that the rules ask for.
    columns: Vec<ColumnName>,
    /// The facts that the rules ask for.
    facts: Vec<FactName>,
    guards: Guards,
    /// The literals in ASCII, and those that only a turn beyond ASCII can hold. Together they would take three
    /// times the memory, since the bytes of each make the other's automaton wide.
    pub(crate) literals: [Literals; 2],
    /// What waits for a literal, by number.
    pub(crate) gated: Vec<Trial>,
    /// What runs on every turn.
    pub(crate) ungated: Vec<Trial>,
    /// The numbers of what waits for a literal and reads the turn as written: where the turn may compose, its literals tell nothing.
    pub(crate) written: Vec<u32>,
    /// The searches for words in other texts than the turn.
    pub(crate) dialogue: DialogueSearch,
    /// Rules and selectors without phrase or regex: their conditions are tried on every turn.
    pub(crate) wordless: Vec<u32>,
}

impl RuleSet {
    /// Compiles the rules in force, and selectors beside them.
    ///
    /// # Panics
    /// If an automaton would exceed its limit (a table of 2³¹ cells, far beyond any rule set that can be written), or if there are more
    /// selectors than [`Selector::MOST`].
    pub(crate) fn new(rules: RulesInForce, selectors: Vec<Selector>) -> Self {
        let RulesInForce { mut rules, in_force, building, guards, hash } = rules;
        assert!(selectors.len() <= Selector::MOST, "a turn's selections fit into a number");
        let facts = number_facts(&mut rules);
        let columns = number_columns(&mut rules);
        (0..).zip(rules.iter_mut().flat_map(patterns)).for_each(|(place, pattern)| pattern.put_at(place));
        let dialogue = DialogueSearch::of(&mut rules);
        let as_written = (0..).zip(&rules).filter(|(_, rule)| !rule.text.is_folded() && rule.has_matcher());
        let as_written: Vec<(u32, Option<Vec<String>>)> =
            as_written.map(|(index, rule)| (index, written_literals(rule))).collect();
        let mut written = Vec::new();
        let mut all: Vec<LiteralUse<'_>> = Vec::new();
        let mut gated = Vec::new();
        let mut ungated = Vec::new();
        let mut wordless = Vec::new();
        for (index, rule) in (0..).zip(&rules) {
            if !rule.has_matcher() && rule.builds_on().next().is_none() {
                wordless.push(index);
            }
            if !rule.text.is_folded() {
                continue;
            }
            all.extend(rule.phrases.iter().map(|phrase| LiteralUse::new(phrase, Some(index), None)));
            for (regex_index, regex) in (0..).zip(&rule.regexes) {
                match regex.literals() {
                    Some(set) => {
                        let number = gated.len() as u32;
                        all.extend(set.map(|literal| LiteralUse::new(literal, None, Some(number))));
                        gated.push(Trial::Regex(index, regex_index));
                    }
                    None => ungated.push(Trial::Regex(index, regex_index)),
                }
            }
        }
        for (index, literals) in &as_written {
            let Some(literals) = literals else {
                ungated.push(Trial::AsWritten(*index));
                continue;
            };
            let number = gated.len() as u32;
            all.extend(literals.iter().map(|literal| LiteralUse::new(literal, None, Some(number))));
            gated.push(Trial::AsWritten(*index));
            written.push(number);
        }
        for (index, selector) in (rules.len() as u32..).zip(&selectors) {
            if selector.phrases.is_empty() {
                wordless.push(index);
            }
            all.extend(selector.phrases.iter().map(|phrase| LiteralUse::new(phrase, Some(index), None)));
        }
        let literals = Literals::split(all);
        let anywhere = selectors.iter().map(|_| MatchPosition::Anywhere);
        let positions = rules.iter().map(|rule| rule.at).chain(anywhere).collect();
        let own = |rule: &Rule| {
            let end = rule.conditions.len() - rule.facts().count();
            rule.builds_on().count() as u32..end as u32
        };
        let own_conditions = rules.iter().map(own).collect();
        Self {
            rules,
            in_force,
            hash,
            selectors,
            positions,
            own_conditions,
            building,
            columns,
            facts,
            guards,
            literals,
            gated,
            ungated,
            written,
            dialogue,
            wordless,
        }
    }

    /// What must hold of the rules.
    pub const fn guards(&self) -> &Guards {
        &self.guards
    }

    /// The rules in force, in the order of their indices.
    pub fn rules(&self) -> &[Rule] {
        &self.rules[..self.in_force]
    }

    /// The rules in force, and behind them those that serve others alone.
    pub(crate) fn all_rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Whether a rule serves others alone, and gives no hits.
    pub(crate) const fn only_serves(&self, index: u32) -> bool {
        index as usize >= self.in_force
    }

    /// The rule of a hit.
    ///
    /// # Panics
    /// If the index does not come from this set.
    pub fn rule(&self, index: u32) -> &Rule {
        &self.rules[index as usize]
    }

    /// The conditions of a rule that need neither other rules nor plugins.
    pub(crate) fn own_conditions(&self, index: u32) -> &[Condition] {
        let Range { start, end } = self.own_conditions[index as usize];
        &self.rules[index as usize].conditions[start as usize..end as usize]
    }

    /// Whether a number is that of a rule that builds on others.
    pub(crate) fn builds(&self, index: u32) -> bool {
        self.own_conditions.get(index as usize).is_some_and(|own| own.start > 0)
    }

    /// Whether a rule asks for facts.
    pub(crate) fn asks_facts(&self, index: u32) -> bool {
        self.own_conditions[index as usize].end as usize != self.rules[index as usize].conditions.len()
    }

    /// The metadata columns that the rules ask for, each once; a condition knows the place of its column.
    pub fn columns(&self) -> &[ColumnName] {
        &self.columns
    }

    /// How many rules and selectors there are.
    pub(crate) fn targets(&self) -> usize {
        self.positions.len()
    }

    /// The selector with a number behind those of the rules, and its place among the selectors; `None` if the number is a rule's.
    pub(crate) fn selector(&self, number: u32) -> Option<(usize, &Selector)> {
        let place = (number as usize).checked_sub(self.rules.len())?;
        Some((place, &self.selectors[place]))
    }

    /// The facts that the rules ask for, each once; a condition knows the place of its fact.
    pub fn facts(&self) -> &[FactName] {
        &self.facts
    }

    /// The pending hits of a turn that what is known of its facts allows; `hits` are the turn's others.
    pub fn allowed(
        &self,
        hits: &[Hit],
        pending: &[Hit],
        reading: impl Fn(&FactCondition) -> FactReading,
    ) -> Vec<Hit> {
        let facts_hold =
            |hit: &Hit| self.rule(hit.rule).facts().all(|condition| condition.holds(&reading(condition)));
        let mut allowed: Vec<Hit> = pending.iter().filter(|hit| facts_hold(hit)).copied().collect();
        if self.building.is_empty() {
            return allowed;
        }
        self.building.sort(&mut allowed);
        let mut known: HashMap<u32, Hit> = hits.iter().map(|hit| (hit.rule, *hit)).collect();
        allowed.retain_mut(|hit| {
            if self.builds(hit.rule) {
                let found = |rule: u32| known.get(&rule).copied();
                let Some(first) = self.building.first_hit(hit.rule, found) else { return false };
                if !self.rule(hit.rule).has_matcher() {
                    (hit.start, hit.end) = (first.start, first.end);
                }
            }
            known.insert(hit.rule, *hit);
            !self.only_serves(hit.rule)
        });
        allowed
    }

    /// The numbers of the rules that ask for one of some facts.
    pub fn asking(&self, is_meant: impl Fn(&FactCondition) -> bool) -> HashSet<u32> {
        let asks = |(_, rule): &(u32, &Rule)| rule.facts().any(&is_meant);
        (0..).zip(&self.rules).filter(asks).map(|(number, _)| number).collect()
    }

    /// The hits of a turn that would be left if the facts that some rules ask for were unknown; `lost` are the numbers of these rules. A
    /// rule that serves others alone counts as hitting unless it is lost itself.
    pub fn left_without(&self, hits: &[Hit], lost: &HashSet<u32>) -> Vec<Hit> {
        let mut left: Vec<Hit> = hits.iter().filter(|hit| !lost.contains(&hit.rule)).copied().collect();
        if self.building.is_empty() {
            return left;
        }
        let hitting: HashSet<u32> = hits.iter().map(|hit| hit.rule).collect();
        // Rules that fall since others are lost.
        let mut fallen: HashSet<u32> = HashSet::new();
        for number in self.building.rules() {
            let stays = |base: u32| {
                let is_left = !lost.contains(&base) && !fallen.contains(&base);
                let stays = is_left && (self.only_serves(base) || hitting.contains(&base));
                stays.then_some(Hit { rule: base, start: 0, end: 0 })
            };
            if self.building.first_hit(number, stays).is_none() {
                fallen.insert(number);
            }
        }
        left.retain(|hit| !fallen.contains(&hit.rule));
        left
    }

    /// Hash of all rule files in force and of what is disabled.
    pub fn hash(&self) -> &str {
        &self.hash
    }
}
