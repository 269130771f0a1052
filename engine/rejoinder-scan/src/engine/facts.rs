//! The facts that the rules ask for: which plugin tells each, and whether the plugins tell them at all.

use std::collections::HashSet;

use rejoinder_core::diagnostic::{Diagnostic, Severity};
use rejoinder_host::{FactKind as GivenKind, LoadedPlugin, Registry};
use rejoinder_rules::{FactDeclaration, FactKind, FactReading, FactValue, Rule, RuleSet};

use super::Engine;
use crate::scanned_batch::{ScannedBatch, ScannedTurn};

/// Where the facts that the rules ask for come from.
#[derive(Debug, Default)]
pub(crate) struct FactPlan {
    /// By the number of a fact among those that the rules ask for.
    sources: Vec<FactSource>,
    /// The plugins that tell them, each once.
    plugins: Vec<usize>,
    /// By place among these plugins: the numbers of the rules that ask the plugin for facts.
    asking: Vec<HashSet<u32>>,
}

#[derive(Debug)]
struct FactSource {
    /// The plugin, by its place in the config.
    plugin: usize,
    /// The place of the fact among those of the plugin.
    place: usize,
    kind: FactKind,
}

impl FactPlan {
    /// The plan for compiled rules, whose conditions have no [problem](problems).
    pub(super) fn of(rules: &RuleSet, registry: &Registry) -> Self {
        let loaded = registry.plugins();
        let source = |name: &rejoinder_rules::FactName| {
            let plugin = loaded.iter().position(|plugin| plugin.name() == name.plugin)?;
            let mut declared = declarations(&loaded[plugin]);
            let place = declared.iter().position(|fact| fact.name == name.fact)?;
            Some(FactSource { plugin, place, kind: declared.swap_remove(place).kind })
        };
        let sources: Vec<FactSource> = rules.facts().iter().filter_map(source).collect();
        let mut plugins: Vec<usize> = sources.iter().map(|source| source.plugin).collect();
        plugins.sort_unstable();
        plugins.dedup();
        let asking = plugins.iter().map(|plugin| {
            rules
                .asking(|fact| sources.get(fact.slot as usize).is_some_and(|source| source.plugin == *plugin))
        });
        let asking = asking.collect();
        Self { sources, plugins, asking }
    }

    /// How many facts the rules ask for.
    pub(crate) const fn len(&self) -> usize {
        self.sources.len()
    }

    /// The plugins that tell the facts, in their order.
    pub(crate) fn plugins(&self) -> &[usize] {
        &self.plugins
    }

    /// The numbers of the rules that ask a plugin for facts; `None` where no rule does.
    pub(crate) fn asking(&self, plugin: usize) -> Option<&HashSet<u32>> {
        Some(&self.asking[self.plugins.binary_search(&plugin).ok()?])
    }

    /// The plugin that tells a fact.
    pub(crate) fn plugin(&self, slot: u32) -> usize {
        self.sources[slot as usize].plugin
    }

    /// The place of a fact among those of its plugin.
    pub(crate) fn place(&self, slot: u32) -> usize {
        self.sources[slot as usize].place
    }

    /// What a plugin's value says of a fact; `None` where the plugin was not asked.
    fn reading(&self, slot: u32, value: Option<f64>) -> FactReading {
        match (value, &self.sources[slot as usize].kind) {
            (None, _) => FactReading::NotAsked,
            (Some(value), _) if value.is_nan() => FactReading::Unknown,
            (Some(value), FactKind::Number { .. }) => FactReading::Known(FactValue::Number(value)),
            (Some(value), FactKind::Truth) => FactReading::Known(FactValue::Truth(value != 0.0)),
            (Some(value), FactKind::Word(words)) => match words.get(value as usize) {
                Some(word) => FactReading::Known(FactValue::Word(word.clone())),
                None => FactReading::Unknown,
            },
        }
    }
}

impl ScannedBatch<'_> {
    /// What is known of a fact about a turn, by the number of the fact among those that the rules ask for.
    pub fn fact(&self, engine: &Engine, turn: &ScannedTurn, slot: u32) -> FactReading {
        let row = &self.facts[turn.facts.clone()];
        engine.facts.reading(slot, row.get(slot as usize).copied().flatten())
    }

    /// Whether a plugin was asked for a fact about a turn.
    pub fn has_told(&self, engine: &Engine, turn: &ScannedTurn, plugin: usize) -> bool {
        let row = &self.facts[turn.facts.clone()];
        (0..).zip(row).any(|(slot, value)| value.is_some() && engine.facts.plugin(slot) == plugin)
    }

    /// The facts that rules asked for about a turn, by their full names, in the order of the rules; empty where no rule came so far.
    pub fn facts(&self, engine: &Engine, turn: &ScannedTurn) -> Vec<(String, FactReading)> {
        let known = |(slot, name): (u32, &rejoinder_rules::FactName)| {
            let reading = self.fact(engine, turn, slot);
            (reading != FactReading::NotAsked).then(|| (format!("{}.{}", name.plugin, name.fact), reading))
        };
        (0..).zip(engine.rules.facts()).filter_map(known).collect()
    }
}

/// What a run refuses in the conditions of rules on facts, by what the loaded plugins declare.
pub(crate) fn errors(rules: &[Rule], registry: &Registry) -> Vec<Diagnostic> {
    if rules.iter().all(|rule| rule.facts().next().is_none()) {
        return Vec::new();
    }
    let mut found = problems(rules, registry, false);
    found.retain(|finding| finding.severity == Severity::Error);
    found
}

/// What is wrong with the conditions of rules on facts, and with the facts that the rules' tests give if `with_tests`, by what the
/// loaded plugins declare.
pub(crate) fn problems(rules: &[Rule], registry: &Registry, with_tests: bool) -> Vec<Diagnostic> {
    let plugins = registry.plugins();
    let names: Vec<&str> = plugins.iter().map(LoadedPlugin::name).collect();
    let declared: Vec<Vec<FactDeclaration>> = plugins.iter().map(declarations).collect();
    let of = |plugin: &str| {
        let place = names.iter().position(|name| *name == plugin);
        place.map(|place| declared[place].as_slice())
    };
    let mut found = Vec::new();
    for rule in rules {
        for condition in rule.facts() {
            let problem = condition.problem(&rule.file, of(&condition.plugin), &names);
            found.extend(problem.filter(|problem| !rule.allow.iter().any(|code| code == problem.code)));
        }
        if with_tests {
            for (name, given) in rule.tests.all().iter().flat_map(|test| &test.facts) {
                let plugin = name.split('.').next().unwrap_or_default();
                found.extend(given.problem(name, &rule.file, of(plugin), &names));
            }
        }
    }
    found.sort_by(|one, other| {
        (&one.file, one.line, one.column).cmp(&(&other.file, other.line, other.column))
    });
    found
}

/// The facts that a plugin declares, as rules know them.
fn declarations(plugin: &LoadedPlugin) -> Vec<FactDeclaration> {
    let facts = plugin.description().facts.iter();
    let declaration = facts.map(|fact| FactDeclaration {
        name: fact.name.clone(),
        kind: match &fact.kind {
            GivenKind::Number { least, most } => FactKind::Number { least: *least, most: *most },
            GivenKind::Truth => FactKind::Truth,
            GivenKind::Word { words } => {
                FactKind::Word(words.iter().map(|word| word.as_str().into()).collect())
            }
        },
    });
    declaration.collect()
}
