//! The search for rules in one half of the conversations.
//!
//! A rule is a head and conditions. The head is a list of phrases, a list of rules, another rule, or nothing. Rules without lists come from
//! a beam search over conditions and rules; lists are gathered greedily in each of a few contexts, and narrowed by conditions.

use rejoinder_core::Verdict;

use super::bits::Bits;
use super::choices::ConditionChoice;
use super::corpus::Corpus;
use super::phrases::{Phrase, place};

/// Rules that the beam search goes on with.
const WIDTH: usize = 50;
/// Most conditions and rules of a rule without phrases.
const DEPTH: usize = 4;
/// Fewest judged turns in the half that a rule hits.
const FEWEST: u32 = 10;
/// Most phrases or rules of a list.
const LONGEST_LIST: usize = 40;
/// Most conditions that narrow a list of phrases, besides its context.
const MOST_NARROWING: usize = 2;
/// What a condition more costs, in right turns.
const COMPLEXITY: f64 = 1.0;
/// Turns without the verdict that each phrase or rule of a list is taken to have been seen in besides, so that few hits say little.
const PRIOR: f64 = 2.0;

/// Where a phrase must stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Anywhere.
    Anywhere,
    /// No word stands before it.
    Start,
    /// Neither before nor behind it.
    Whole,
}

impl Place {
    const ALL: [Self; 3] = [Self::Anywhere, Self::Start, Self::Whole];

    /// The name in rule files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Anywhere => "anywhere",
            Self::Start => "start",
            Self::Whole => "whole",
        }
    }

    const fn allows(self, posting: u32) -> bool {
        match self {
            Self::Anywhere => true,
            Self::Start => posting & place::START != 0,
            Self::Whole => posting & place::WHOLE != 0,
        }
    }
}

/// A rule that was found in a half.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) verdict: Verdict,
    /// Numbers of phrases; any of them must stand in the turn.
    pub(super) phrases: Vec<usize>,
    pub(super) place: Place,
    /// Numbers of rules; any of them must hit.
    pub(super) pool: Vec<usize>,
    /// Numbers of rules; all of them must hit.
    pub(super) bases: Vec<usize>,
    /// Numbers of conditions; all of them must hold.
    pub(super) conditions: Vec<usize>,
}

impl Candidate {
    /// The turns of the whole corpus that the rule hits.
    pub(super) fn hits(&self, corpus: &Corpus, phrases: &[Phrase]) -> Bits {
        let mut hits = Bits::new(corpus.len());
        if self.phrases.is_empty() && self.pool.is_empty() {
            (0..corpus.len()).for_each(|turn| hits.insert(turn));
        }
        self.pool.iter().flat_map(|&base| corpus.bases[base].iter()).for_each(|turn| hits.insert(turn));
        for posting in self.phrases.iter().flat_map(|&phrase| &phrases[phrase].postings) {
            if self.place.allows(*posting) {
                hits.insert((posting >> place::SHIFT) as usize);
            }
        }
        let sets = self.conditions.iter().map(|&c| &corpus.conditions[c]);
        sets.chain(self.bases.iter().map(|&b| &corpus.bases[b])).fold(hits, |hits, set| hits.and(set))
    }
}

/// One half, and what its labels say.
pub(super) struct Half<'c> {
    pub(super) corpus: &'c Corpus,
    pub(super) choices: &'c [ConditionChoice],
    pub(super) phrases: &'c [Phrase],
    /// Judged turns of the half.
    pub(super) turns: Bits,
}

/// What is wanted of the rules of a verdict.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub(super) verdict: Verdict,
    /// The least share of hits that must be right, by a bound.
    pub(super) bound: f64,
    /// The share that the search aims at.
    pub(super) aim: f64,
}

impl Wanted {
    /// How many right turns a wrong one weighs.
    pub(super) fn weight(self) -> f64 {
        self.aim / (1.0 - self.aim)
    }
}

impl Half<'_> {
    /// The rules of a verdict that look worth it in this half.
    pub(super) fn search(&self, wanted: Wanted) -> Vec<Candidate> {
        let mut right = Bits::new(self.corpus.len());
        let is_right = |turn: &usize| self.corpus.turns[*turn].is_right(wanted.verdict);
        self.turns.iter().filter(is_right).for_each(|turn| right.insert(turn));
        let literals = self.literals();
        let mut found = self.beam(wanted, &right, &literals);
        for context in self.contexts() {
            found.extend(self.lists(wanted, &right, &context, &literals));
        }
        found
    }

    /// Conditions and rules, with the judged turns of the half for which they hold.
    fn literals(&self) -> Vec<(Literal, Bits)> {
        let conditions =
            self.corpus.conditions.iter().enumerate().map(|(n, set)| (Literal::Condition(n), set));
        let bases = self.corpus.bases.iter().enumerate();
        let bases = bases.filter(|(n, _)| !self.corpus.base_rules[*n].accepts);
        let all = conditions.chain(bases.map(|(n, set)| (Literal::Base(n), set)));
        let sized = all.map(|(literal, set)| (literal, self.turns.and(set)));
        sized.filter(|(_, set)| set.common(set) >= FEWEST).collect()
    }

    fn excludes(&self, used: &[Literal], literal: Literal) -> bool {
        used.iter().any(|&other| match (other, literal) {
            (Literal::Condition(a), Literal::Condition(b)) => self.choices[a].key == self.choices[b].key,
            (Literal::Base(_), Literal::Base(_)) => true,
            _ => false,
        })
    }

    fn beam(&self, wanted: Wanted, right: &Bits, literals: &[(Literal, Bits)]) -> Vec<Candidate> {
        let weight = wanted.weight();
        let mut found = Vec::new();
        let mut front: Vec<(Vec<Literal>, Bits)> = vec![(Vec::new(), self.turns.clone())];
        for _ in 0..DEPTH {
            let mut next: Vec<Grown> = Vec::new();
            for (parent, (used, turns)) in front.iter().enumerate() {
                let all = turns.common(turns);
                for (number, (literal, set)) in literals.iter().enumerate() {
                    if used.contains(literal) || self.excludes(used, *literal) {
                        continue;
                    }
                    let hits = turns.common(set);
                    if hits < FEWEST || hits == all {
                        continue;
                    }
                    next.push(Grown { parent, number, hits, right: turns.common_of(set, right) });
                }
            }
            let by = |score: fn(&Grown, f64) -> f64| {
                let mut sorted: Vec<&Grown> = next.iter().collect();
                sorted.sort_by(|a, b| score(b, weight).total_cmp(&score(a, weight)));
                // Rules that hit as many turns and are as often right are mostly one rule, said in several ways.
                sorted.dedup_by_key(|grown| (grown.hits, grown.right));
                sorted.truncate(WIDTH);
                sorted
            };
            let mut kept = by(|grown, _| grown.lower());
            kept.extend(by(Grown::gain));
            kept.sort_by_key(|grown| (grown.parent, grown.number));
            kept.dedup_by_key(|grown| (grown.parent, grown.number));
            let grown: Vec<(Vec<Literal>, Bits)> = kept
                .iter()
                .map(|grown| {
                    let (used, turns) = &front[grown.parent];
                    let (literal, set) = &literals[grown.number];
                    ([used.as_slice(), &[*literal]].concat(), turns.and(set))
                })
                .collect();
            for (grown, (used, _)) in kept.iter().zip(&grown) {
                if grown.gain(weight) > COMPLEXITY * used.len() as f64 {
                    found.push(candidate(wanted.verdict, &[], Place::Anywhere, used));
                }
            }
            front = grown;
        }
        found
    }

    /// Places and conditions in which lists are gathered.
    fn contexts(&self) -> Vec<(Place, Vec<Literal>)> {
        let named = |line: &str| {
            let number = self.choices.iter().position(|choice| choice.to_string() == line);
            number.map(Literal::Condition)
        };
        let short = ["max-words = 8", "max-words = 20", "max-words = 40"];
        let no_question = "previous-assistant.ends-with-question = false";
        let mut contexts = Vec::new();
        for place in Place::ALL {
            contexts.push((place, Vec::new()));
            contexts.push((place, named(no_question).into_iter().collect()));
            for words in short {
                contexts.push((place, named(words).into_iter().collect()));
                contexts.push((place, named(words).into_iter().chain(named(no_question)).collect()));
            }
        }
        contexts.dedup();
        contexts
    }

    /// Lists of phrases, and of rules, in a context, each narrowed by conditions.
    fn lists(
        &self,
        wanted: Wanted,
        right: &Bits,
        (place, context): &(Place, Vec<Literal>),
        literals: &[(Literal, Bits)],
    ) -> Vec<Candidate> {
        let of = |wanted: &Literal| literals.iter().find(|(literal, _)| literal == wanted);
        let sets: Option<Vec<&Bits>> =
            context.iter().map(|literal| of(literal).map(|(_, set)| set)).collect();
        let Some(sets) = sets else { return Vec::new() };
        let turns = sets.into_iter().fold(self.turns.clone(), |turns, set| turns.and(set));
        let base = f64::from(turns.common(right)) / f64::from(turns.common(&turns).max(1));
        let weight = wanted.weight();
        let phrases = (0..self.phrases.len()).map(Item::Phrase).collect();
        let rules = (0..self.corpus.bases.len()).filter(|&n| !self.corpus.base_rules[n].accepts);
        let rules = rules.filter(|_| *place == Place::Anywhere).map(Item::Base).collect();
        let mut found = Vec::new();
        for items in [phrases, rules] {
            let scored = self.scored(items, *place, &turns, right, base);
            for share in [wanted.aim - 0.1, wanted.aim - 0.3] {
                let (list, hits) = self.gathered(&scored, share, *place, &turns, right, weight);
                if list.is_empty() {
                    continue;
                }
                let used = self.narrowed(context, hits, right, weight, literals);
                found.push(candidate(wanted.verdict, &list, *place, &used));
            }
        }
        found
    }

    /// The turns with a phrase at a place, or that a rule hits, in order.
    fn turns_of(&self, item: Item, place: Place) -> Box<dyn Iterator<Item = usize> + '_> {
        match item {
            Item::Base(base) => Box::new(self.corpus.bases[base].iter()),
            Item::Phrase(phrase) => {
                let postings = self.phrases[phrase].postings.iter();
                let allowed = postings.filter(move |posting| place.allows(**posting));
                Box::new(allowed.map(|posting| (posting >> place::SHIFT) as usize))
            }
        }
    }

    /// Phrases or rules with the share of their conversations in which they are right, drawn towards the share of all turns; the best
    /// first.
    fn scored(
        &self,
        items: Vec<Item>,
        place: Place,
        turns: &Bits,
        right: &Bits,
        base: f64,
    ) -> Vec<(Item, f64)> {
        let mut scored = Vec::new();
        for item in items {
            let (mut all, mut good, mut last) = (0_u32, 0_u32, None);
            for turn in self.turns_of(item, place).filter(|&turn| turns.has(turn)) {
                let conversation = self.corpus.turns[turn].conversation;
                if last.replace(conversation) != Some(conversation) {
                    all += 1;
                    good += u32::from(right.has(turn));
                }
            }
            if all >= 3 && good >= 2 {
                scored.push((item, (f64::from(good) + PRIOR * base) / (f64::from(all) + PRIOR)));
            }
        }
        scored.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        scored
    }

    /// The phrases or rules of at least such a share that each add more than they spoil, and the turns that they hit.
    fn gathered(
        &self,
        scored: &[(Item, f64)],
        share: f64,
        place: Place,
        turns: &Bits,
        right: &Bits,
        weight: f64,
    ) -> (Vec<Item>, Bits) {
        let (mut list, mut hits) = (Vec::new(), Bits::new(self.corpus.len()));
        for &(item, _) in scored.iter().take_while(|(_, score)| *score >= share) {
            let is_new = |turn: &usize| turns.has(*turn) && !hits.has(*turn);
            let new: Vec<usize> = self.turns_of(item, place).filter(is_new).collect();
            let good = new.iter().filter(|&&turn| right.has(turn)).count() as f64;
            if good - weight * (new.len() as f64 - good) <= 0.5 {
                continue;
            }
            list.push(item);
            new.into_iter().for_each(|turn| hits.insert(turn));
            if list.len() == LONGEST_LIST {
                break;
            }
        }
        (list, hits)
    }

    /// The context with conditions added, each of which makes the rule better.
    fn narrowed(
        &self,
        context: &[Literal],
        mut hits: Bits,
        right: &Bits,
        weight: f64,
        literals: &[(Literal, Bits)],
    ) -> Vec<Literal> {
        let mut used = context.to_vec();
        let gain = |hits: u32, right: u32| f64::from(right) - weight * f64::from(hits - right);
        for _ in 0..MOST_NARROWING {
            let now = gain(hits.common(&hits), hits.common(right));
            let best = literals
                .iter()
                .filter(|(literal, _)| !self.excludes(&used, *literal))
                .map(|(literal, set)| (gain(hits.common(set), hits.common_of(set, right)), literal, set))
                .max_by(|a, b| a.0.total_cmp(&b.0));
            match best {
                Some((then, literal, set)) if then > now + COMPLEXITY => {
                    hits = hits.and(set);
                    used.push(*literal);
                }
                _ => break,
            }
        }
        used
    }
}

/// What a list holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Item {
    Phrase(usize),
    Base(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Literal {
    Condition(usize),
    Base(usize),
}

/// A rule of the beam with one literal more.
#[derive(Clone, Copy, Debug)]
struct Grown {
    parent: usize,
    number: usize,
    hits: u32,
    right: u32,
}

impl Grown {
    fn gain(&self, weight: f64) -> f64 {
        f64::from(self.right) - weight * f64::from(self.hits - self.right)
    }

    fn lower(&self) -> f64 {
        let (share, hits) = (f64::from(self.right) / f64::from(self.hits), f64::from(self.hits));
        rejoinder_cascade::interval::wilson_of_share(share, hits).0
    }
}

fn candidate(verdict: Verdict, list: &[Item], place: Place, used: &[Literal]) -> Candidate {
    let (mut phrases, mut pool, mut bases, mut conditions) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for &item in list {
        match item {
            Item::Phrase(number) => phrases.push(number),
            Item::Base(number) => pool.push(number),
        }
    }
    for &literal in used {
        match literal {
            Literal::Base(number) => bases.push(number),
            Literal::Condition(number) => conditions.push(number),
        }
    }
    bases.sort_unstable();
    conditions.sort_unstable();
    Candidate { verdict, phrases, place, pool, bases, conditions }
}
