//! Few general rules rather than many narrow ones: rules that together settle most, each for what the others leave.

use rejoinder_cascade::Decision;
use rejoinder_core::Verdict;

use super::bits::Bits;
use super::corpus::Corpus;
use super::rule_search::{Candidate, Wanted};

/// A rule with the turns that it decides otherwise, and what is wanted of its kind.
pub(super) struct Contender {
    pub(super) rule: Candidate,
    pub(super) wanted: Wanted,
    /// All turns that the rule hits.
    pub(super) hits: Bits,
    /// Turns that the rule decides otherwise.
    pub(super) changed: Bits,
}

/// How much a rule has to gain to be worth its place, in turns.
const LEAST_GAIN: f64 = 3.0;

/// The places of the rules to keep, the best first: at each step the rule that saves most among the turns of `among` that the rules
/// before it leave; at most `most`.
pub(super) fn greedy_cover(
    corpus: &Corpus,
    contenders: &[&Contender],
    among: &Bits,
    most: usize,
) -> Vec<usize> {
    let mut rights: Vec<(Verdict, Bits)> = Vec::new();
    for contender in contenders {
        let verdict = contender.wanted.verdict;
        if rights.iter().all(|(known, _)| *known != verdict) {
            let mut right = Bits::new(corpus.len());
            let is_right = |turn: &usize| corpus.turns[*turn].is_right(verdict);
            (0..corpus.len()).filter(is_right).for_each(|turn| right.insert(turn));
            rights.push((verdict, right));
        }
    }
    let mut left = among.clone();
    let mut kept = Vec::new();
    while kept.len() < most {
        let gain = |contender: &Contender| {
            let right = rights.iter().find(|(verdict, _)| *verdict == contender.wanted.verdict);
            let right = f64::from(right.map_or(0, |(_, right)| left.common_of(&contender.changed, right)));
            let wrong = f64::from(left.common(&contender.changed)) - right;
            let parts = contender.rule.conditions.len() + contender.rule.bases.len();
            right - contender.wanted.weight() * wrong - 0.3 * parts as f64
        };
        let best = contenders.iter().enumerate().map(|(place, contender)| (gain(contender), place));
        let Some((gain, place)) = best.max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1))) else { break };
        if gain < LEAST_GAIN {
            break;
        }
        kept.push(place);
        left = left.without(&contenders[place].changed);
    }
    kept
}

/// The decisions about all turns with rules in force beside all others.
pub(super) fn decisions(corpus: &Corpus, rules: &[&Contender]) -> Vec<Decision> {
    let of = |number: usize| {
        let hitting = rules.iter().filter(|rule| rule.hits.has(number));
        corpus.turns[number].state.with_all(hitting.map(|rule| rule.wanted.verdict))
    };
    (0..corpus.len()).map(of).collect()
}

/// The places of `kept` without those whose rules change nothing beside the others: a turn that a rule accepts is not asked about,
/// whatever escalates it. Rules that escalate are tried first, the last ones before the others.
pub(super) fn without_idle(corpus: &Corpus, contenders: &[Contender], mut kept: Vec<usize>) -> Vec<usize> {
    let all = |places: &[usize]| {
        let rules: Vec<&Contender> = places.iter().map(|&place| &contenders[place]).collect();
        decisions(corpus, &rules)
    };
    let mut tried: Vec<usize> = kept.iter().rev().copied().collect();
    tried.sort_by_key(|&place| contenders[place].wanted.verdict != Verdict::Escalate);
    let whole = all(&kept);
    for place in tried {
        let others: Vec<usize> = kept.iter().copied().filter(|&other| other != place).collect();
        if all(&others) == whole {
            kept = others;
        }
    }
    kept
}
