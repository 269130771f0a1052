//! Rules that build on rules: in which order they are tried, and what follows from the hits of those that they name.

use std::collections::{BTreeSet, HashMap, HashSet};

use rejoinder_core::Hit;
use rejoinder_core::diagnostic::{Diagnostic, did_you_mean};
use rejoinder_rule_files::{NamedRule, Quorum, Rule};

/// So many unknown names get advice: to look for the nearest name takes its time.
pub(crate) const WITH_ADVICE: usize = 20;

/// How the rules of a set build on one another.
#[derive(Clone, Debug, Default)]
pub(crate) struct RuleBuilding {
    /// The rules that build on others, each behind those that it builds on.
    built: Vec<BuiltRule>,
    /// By rule: its place in `built`.
    places: HashMap<u32, u32>,
    /// By rule: the places in `built` of the rules that name it.
    dependents: HashMap<u32, Vec<u32>>,
    /// The numbers of the rules that are named, by id.
    numbers: HashMap<String, u32>,
}

/// A rule that builds on others.
#[derive(Clone, Debug)]
struct BuiltRule {
    rule: u32,
    /// The rules of each of its conditions on rules, in the order of the conditions.
    conditions: Vec<(Quorum, Vec<u32>)>,
}

impl BuiltRule {
    /// The rules that it names.
    fn bases(&self) -> impl Iterator<Item = u32> {
        self.conditions.iter().flat_map(|(_, rules)| rules.iter().copied())
    }
}

impl RuleBuilding {
    /// How these rules build on one another; `may_hold` tells the ids of rules that may be there, though they could not be read.
    ///
    /// # Errors
    /// A finding for each other name that no rule has, and for each circle of rules.
    pub(crate) fn of(rules: &[Rule], may_hold: impl Fn(&str) -> bool) -> Result<Self, Vec<Diagnostic>> {
        let builds = |rule: &&Rule| rule.builds_on().next().is_some();
        if !rules.iter().any(|rule| builds(&rule)) {
            return Ok(Self::default());
        }
        let numbers: HashMap<&str, u32> = (0..).zip(rules).map(|(i, rule)| (rule.id.as_str(), i)).collect();
        let mut findings = Vec::new();
        let mut unordered = Vec::new();
        for (number, rule) in (0..).zip(rules).filter(|(_, rule)| builds(rule)) {
            let mut number_of = |named: &NamedRule| {
                let found = numbers.get(named.id.as_str()).copied();
                if found.is_none() && !may_hold(&named.id) {
                    findings.push(unknown(named, rule, &numbers, findings.len() < WITH_ADVICE));
                }
                found
            };
            let conditions = rule
                .builds_on()
                .map(|(quorum, named)| (quorum, named.iter().filter_map(&mut number_of).collect()))
                .collect();
            unordered.push(BuiltRule { rule: number, conditions });
        }
        let mut building = Self::in_order(unordered).unwrap_or_else(|circular| {
            findings.extend(circles(&circular, rules));
            Self::default()
        });
        if !findings.is_empty() {
            return Err(findings);
        }
        let named = building.dependents.keys().map(|&rule| (rules[rule as usize].id.clone(), rule));
        building.numbers = named.collect();
        Ok(building)
    }

    /// Orders the rules, each behind those that it builds on.
    ///
    /// # Errors
    /// The rules that have no such place: those of circles, and those that build on them.
    fn in_order(unordered: Vec<BuiltRule>) -> Result<Self, Vec<BuiltRule>> {
        let place_of: HashMap<u32, usize> =
            unordered.iter().enumerate().map(|(place, built)| (built.rule, place)).collect();
        let mut named_by: HashMap<u32, Vec<usize>> = HashMap::new();
        let mut waits_for = vec![0_usize; unordered.len()];
        for (place, built) in unordered.iter().enumerate() {
            for base in built.bases().filter(|base| place_of.contains_key(base)) {
                waits_for[place] += 1;
                named_by.entry(base).or_default().push(place);
            }
        }
        let mut order: Vec<usize> = (0..unordered.len()).filter(|&place| waits_for[place] == 0).collect();
        let mut done = 0;
        while let Some(&place) = order.get(done) {
            done += 1;
            for &dependent in named_by.get(&unordered[place].rule).into_iter().flatten() {
                waits_for[dependent] -= 1;
                if waits_for[dependent] == 0 {
                    order.push(dependent);
                }
            }
        }
        let mut slots: Vec<Option<BuiltRule>> = unordered.into_iter().map(Some).collect();
        let built: Vec<BuiltRule> = order.into_iter().filter_map(|place| slots[place].take()).collect();
        let circular: Vec<BuiltRule> = slots.into_iter().flatten().collect();
        if !circular.is_empty() {
            return Err(circular);
        }
        let mut building = Self { built, ..Self::default() };
        for (place, built) in (0..).zip(&building.built) {
            building.places.insert(built.rule, place);
            for base in built.bases() {
                building.dependents.entry(base).or_default().push(place);
            }
        }
        Ok(building)
    }

    /// Whether no rule builds on another.
    pub(crate) const fn is_empty(&self) -> bool {
        self.built.is_empty()
    }

    /// The rules that build on others, each behind those that it builds on.
    pub(crate) fn rules(&self) -> impl Iterator<Item = u32> {
        self.built.iter().map(|built| built.rule)
    }

    /// The rule at a place of the order.
    pub(crate) fn rule_at(&self, place: u32) -> u32 {
        self.built[place as usize].rule
    }

    /// Notes the places in the order of the rules that build on a rule, and says whether there are any.
    pub(crate) fn note_dependents(&self, rule: u32, places: &mut BTreeSet<u32>) -> bool {
        let dependents = self.dependents.get(&rule);
        places.extend(dependents.into_iter().flatten());
        dependents.is_some()
    }

    /// The number of a rule that some rule names.
    pub(crate) fn number_of(&self, id: &str) -> Option<u32> {
        self.numbers.get(id).copied()
    }

    /// The first of the named rules of a rule that hits, in the rule's order, if the rule's conditions on rules hold; `hit` tells the hit
    /// of a rule.
    pub(crate) fn first_hit(&self, rule: u32, hit: impl Fn(u32) -> Option<Hit>) -> Option<Hit> {
        let built = &self.built[*self.places.get(&rule)? as usize];
        let hits =
            |quorum: Quorum, rules: &[u32]| quorum.is_met(rules.iter().map(|&rule| hit(rule).is_some()));
        let holds = built.conditions.iter().all(|(quorum, rules)| hits(*quorum, rules));
        let mut first = built.bases().filter_map(hit);
        if holds { first.next() } else { None }
    }

    /// The rules that these ones build on, directly and by others, themselves left out.
    pub(crate) fn foundations(&self, of: impl Iterator<Item = u32>) -> HashSet<u32> {
        let mut found = HashSet::new();
        let mut open: Vec<u32> = of.collect();
        while let Some(rule) = open.pop() {
            let Some(place) = self.places.get(&rule) else { continue };
            open.extend(self.built[*place as usize].bases().filter(|&base| found.insert(base)));
        }
        found
    }

    /// Sorts hits so that each stands behind those that it may build on.
    pub(crate) fn sort(&self, hits: &mut [Hit]) {
        hits.sort_by_key(|hit| (self.places.get(&hit.rule), hit.rule));
    }
}

/// That no rule has a name that a rule builds on.
fn unknown(named: &NamedRule, rule: &Rule, numbers: &HashMap<&str, u32>, with_advice: bool) -> Diagnostic {
    let message = format!("no pack in force has the rule `{}`", named.id.escape_debug());
    if !with_advice {
        return named.finding("R017", &rule.file, message, "");
    }
    let known: Vec<&str> = numbers.keys().copied().collect();
    let near = did_you_mean(&named.id, &known);
    let help = match crate::pack::shipped_with(&named.id) {
        Some(pack) => format!("it stands in the shipped pack `{pack}`: extends = [\"{pack}\"]"),
        None if near.starts_with("did") => near,
        None => "if it stands in another file, name that file: extends = [\"./FILE.toml\"]; `rejoinder rules list` names all rules"
            .to_owned(),
    };
    named.finding("R017", &rule.file, message, help)
}

/// The circles among rules that no order fits, each once.
fn circles(circular: &[BuiltRule], rules: &[Rule]) -> Vec<Diagnostic> {
    let by_rule: HashMap<u32, &BuiltRule> = circular.iter().map(|built| (built.rule, built)).collect();
    let mut findings = Vec::new();
    let mut met: HashSet<u32> = HashSet::new();
    for start in circular {
        let mut way: Vec<u32> = Vec::new();
        let mut places: HashMap<u32, usize> = HashMap::new();
        let mut at = start.rule;
        // Of each of these rules some named rule is one of them, too.
        while met.insert(at) {
            places.insert(at, way.len());
            way.push(at);
            let next = by_rule[&at].bases().find(|base| by_rule.contains_key(base));
            at = next.expect("a rule that fits nowhere waits for another one");
        }
        if let Some(&first) = places.get(&at) {
            findings.push(circle(&way[first..], rules));
        }
    }
    findings
}

/// That rules build on one another in a circle.
fn circle(way: &[u32], rules: &[Rule]) -> Diagnostic {
    /// So many rules of a circle are named.
    const NAMED: usize = 8;
    let id = |number: &u32| format!("`{}`", rules[*number as usize].id);
    let mut chain: Vec<String> = way.iter().take(NAMED).map(id).collect();
    if way.len() > NAMED {
        chain.push(format!("… ({} more)", way.len() - NAMED));
    }
    chain.push(id(&way[0]));
    let (rule, next) = (&rules[way[0] as usize], &rules[way[1 % way.len()] as usize]);
    let mut named = rule.builds_on().flat_map(|(_, named)| named);
    let named = named.find(|named| named.id == next.id).expect("the rule names the next one");
    named.finding(
        "R018",
        &rule.file,
        format!("the rule builds on itself: {}", chain.join(" → ")),
        "take one of the names out",
    )
}
