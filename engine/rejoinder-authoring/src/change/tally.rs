//! What has changed, counted.

use std::collections::{BTreeMap, HashMap};

use rejoinder_scan::Engine;

use super::standing::{Standing, Transition};

/// What has changed on an input, counted.
#[derive(Clone, Debug)]
pub struct ChangeTally {
    /// Later turns.
    pub turns: u64,
    /// Turns that are decided otherwise.
    pub changed: u64,
    /// Conversations with such a turn.
    pub changed_conversations: u64,
    /// Turns that are decided alike, for another reason.
    pub other_reason: u64,
    /// The changed turns by what has changed.
    pub transitions: BTreeMap<Transition, u64>,
    /// All turns by how they stand before the change, and after it.
    pub standings: [BTreeMap<Standing, u64>; 2],
    /// Changed turns that no rule is responsible for: the rules have changed what plugins, score or languages do.
    pub without_rule: u64,
    rules: [Vec<RuleCount>; 2],
}

/// What one rule of one side does.
#[derive(Clone, Debug, Default)]
struct RuleCount {
    hits: u64,
    transitions: BTreeMap<Transition, u64>,
}

/// What a rule has to do with a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleRow {
    /// The rule.
    pub id: String,
    /// Turns that the rule hits before the change; `None` where it is not in force.
    pub hits_before: Option<u64>,
    /// Turns that the rule hits after the change, likewise.
    pub hits_after: Option<u64>,
    /// The turns whose change the rule is responsible for, alone or with others, by what has changed.
    pub transitions: BTreeMap<Transition, u64>,
}

impl RuleRow {
    /// The turns whose change the rule is responsible for.
    pub fn changed(&self) -> u64 {
        self.transitions.values().sum()
    }
}

impl ChangeTally {
    /// Nothing counted yet.
    pub fn new(before: &Engine, after: &Engine) -> Self {
        let none = |engine: &Engine| vec![RuleCount::default(); engine.rules.rules().len()];
        Self {
            turns: 0,
            changed: 0,
            changed_conversations: 0,
            other_reason: 0,
            transitions: BTreeMap::new(),
            standings: Default::default(),
            without_rule: 0,
            rules: [none(before), none(after)],
        }
    }

    /// Counts a turn, and on each side the rules that hit it.
    pub(super) fn turn(&mut self, transition: Transition, is_other_reason: bool, hits: [&[u32]; 2]) {
        self.turns += 1;
        self.other_reason += u64::from(is_other_reason);
        for (standings, standing) in self.standings.iter_mut().zip([transition.before, transition.after]) {
            *standings.entry(standing).or_default() += 1;
        }
        for (rules, hits) in self.rules.iter_mut().zip(hits) {
            hits.iter().for_each(|rule| rules[*rule as usize].hits += 1);
        }
    }

    /// Counts a changed turn, and on each side the rules that are responsible for the change.
    pub(super) fn changed_turn(&mut self, transition: Transition, responsible: [&[u32]; 2]) {
        self.changed += 1;
        *self.transitions.entry(transition).or_default() += 1;
        self.without_rule += u64::from(responsible.iter().all(|rules| rules.is_empty()));
        for (rules, responsible) in self.rules.iter_mut().zip(responsible) {
            for rule in responsible {
                *rules[*rule as usize].transitions.entry(transition).or_default() += 1;
            }
        }
    }

    /// Adds what was counted in another part of the input.
    pub(super) fn add(&mut self, other: &Self) {
        self.turns += other.turns;
        self.changed += other.changed;
        self.changed_conversations += other.changed_conversations;
        self.other_reason += other.other_reason;
        self.without_rule += other.without_rule;
        add_all(&mut self.transitions, &other.transitions);
        for (sum, more) in self.standings.iter_mut().zip(&other.standings) {
            add_all(sum, more);
        }
        for (sum, more) in self.rules.iter_mut().flatten().zip(other.rules.iter().flatten()) {
            sum.hits += more.hits;
            add_all(&mut sum.transitions, &more.transitions);
        }
    }

    /// A row for each rule whose hits have changed in number, or that is responsible for a change; those with the most changes first.
    pub fn rules(&self, before: &Engine, after: &Engine) -> Vec<RuleRow> {
        let mut rows: Vec<RuleRow> = Vec::new();
        let mut place: HashMap<&str, usize> = HashMap::new();
        for (side, (engine, counts)) in [before, after].into_iter().zip(&self.rules).enumerate() {
            for (rule, count) in engine.rules.rules().iter().zip(counts) {
                let at = *place.entry(rule.id.as_str()).or_insert_with(|| {
                    rows.push(RuleRow {
                        id: rule.id.clone(),
                        hits_before: None,
                        hits_after: None,
                        transitions: BTreeMap::new(),
                    });
                    rows.len() - 1
                });
                let row = &mut rows[at];
                let hits = if side == 0 { &mut row.hits_before } else { &mut row.hits_after };
                *hits = Some(count.hits);
                add_all(&mut row.transitions, &count.transitions);
            }
        }
        let hits = |hits: Option<u64>| hits.unwrap_or_default();
        rows.retain(|row| hits(row.hits_before) != hits(row.hits_after) || row.changed() > 0);
        rows.sort_by_key(|row| {
            let by = hits(row.hits_before).abs_diff(hits(row.hits_after));
            (std::cmp::Reverse((row.changed(), by)), row.id.clone())
        });
        rows
    }
}

fn add_all<K: Copy + Ord>(sum: &mut BTreeMap<K, u64>, more: &BTreeMap<K, u64>) {
    for (key, count) in more {
        *sum.entry(*key).or_default() += count;
    }
}
