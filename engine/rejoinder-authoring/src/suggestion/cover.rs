//! Few general rules rather than many narrow ones: rules that together settle most, each for what the others leave.

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
    contenders: &[Contender],
    among: &Bits,
    most: usize,
) -> Vec<usize> {
    let mut covered = Bits::new(corpus.len());
    let mut kept = Vec::new();
    while kept.len() < most {
        let gain = |contender: &Contender| {
            let (mut right, mut wrong) = (0.0, 0.0);
            for turn in contender.changed.iter().filter(|&turn| among.has(turn) && !covered.has(turn)) {
                match corpus.turns[turn].is_right(contender.wanted.verdict) {
                    true => right += 1.0,
                    false => wrong += 1.0,
                }
            }
            let parts = contender.rule.conditions.len() + contender.rule.bases.len();
            right - contender.wanted.weight() * wrong - 0.3 * parts as f64
        };
        let best = contenders.iter().enumerate().map(|(place, contender)| (gain(contender), place));
        let Some((gain, place)) = best.max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1))) else { break };
        if gain < LEAST_GAIN {
            break;
        }
        kept.push(place);
        contenders[place].changed.iter().for_each(|turn| covered.insert(turn));
    }
    kept
}
