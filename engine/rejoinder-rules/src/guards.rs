//! The guards of the rules in force, and which rules each is about.

use std::collections::HashMap;

use rejoinder_rule_files::{Guard, Route, Rule, RuleGuard};

/// The guards of the rules in force.
#[derive(Clone, Debug, Default)]
pub struct Guards {
    all: Vec<RuleGuard>,
    /// By rule: the numbers of the guards of its file and of its own; empty where nothing is guarded.
    of_rules: Vec<[Option<u32>; 2]>,
}

impl Guards {
    /// The guards of `rules`, and of the files in which rules among them stand: a file's name and its guard. A guard is about the
    /// rules that accept or escalate; one about no rule in force is left out.
    pub(crate) fn of(rules: &[Rule], files: Vec<(String, Guard)>) -> Self {
        let files: HashMap<String, Guard> =
            files.into_iter().filter(|(_, guard)| !guard.is_empty()).collect();
        if files.is_empty() && rules.iter().all(|rule| rule.guard.is_empty()) {
            return Self::default();
        }
        let mut guards = Self::default();
        let mut known: HashMap<&str, u32> = HashMap::new();
        for rule in rules {
            if !matches!(rule.route, Route::Accept | Route::Escalate) {
                guards.of_rules.push([None; 2]);
                continue;
            }
            let of_file = files.get(&rule.file).map(|guard| {
                *known.entry(&rule.file).or_insert_with(|| guards.push(&rule.file, None, guard))
            });
            let own = (!rule.guard.is_empty()).then(|| guards.push(&rule.file, Some(&rule.id), &rule.guard));
            guards.of_rules.push([of_file, own]);
        }
        guards
    }

    fn push(&mut self, file: &str, rule: Option<&str>, guard: &Guard) -> u32 {
        self.all.push(RuleGuard {
            file: file.to_owned(),
            rule: rule.map(str::to_owned),
            guard: guard.clone(),
        });
        self.all.len() as u32 - 1
    }

    /// All guards; a guard's place is its number.
    pub fn all(&self) -> &[RuleGuard] {
        &self.all
    }

    /// The numbers of the guards that are about a rule.
    pub fn of_rule(&self, rule: u32) -> impl Iterator<Item = usize> {
        let own = self.of_rules.get(rule as usize).copied().unwrap_or_default();
        own.into_iter().flatten().map(|guard| guard as usize)
    }
}
