//! From labelled turns to rules worth writing.

use rejoinder_cascade::Decision;
use rejoinder_core::{Category, Verdict};

use super::bits::Bits;
use super::choices::{ConditionChoice, condition_choices};
use super::confirm::Hits;
use super::corpus::{Corpus, verdicts};
use super::cover::{Contender, decisions, greedy_cover, without_idle};
use super::effect::{Effect, RightAndWrong};
use super::phrases::{Phrase, frequent_phrases};
use super::rule_search::{Candidate, Half, Place, Wanted};

/// What is searched for, and how surely.
#[derive(Clone, Copy, Debug)]
pub struct SearchTerms {
    /// The share of the turns newly decided by a suggested rule that must be right: its bound reaches it.
    pub precision: f64,
    /// The share of right turns that the search aims at: by it, wrong turns weigh against right ones, and conversations that the search
    /// has not seen must show it.
    pub aim: f64,
    /// The probability that any printed bound is too high.
    pub delta: f64,
    /// Conversations that a phrase stands in at least.
    pub conversations: u32,
    /// Most rules that are put to the test in each half.
    pub tried: usize,
    /// All that is drawn depends on it.
    pub seed: u64,
}

impl Default for SearchTerms {
    fn default() -> Self {
        Self { precision: 0.3, aim: 0.6, delta: 0.1, conversations: 5, tried: 8, seed: 1 }
    }
}

/// A rule worth writing.
#[derive(Clone, Debug)]
pub struct SuggestedRule {
    /// What a hit says.
    pub verdict: Verdict,
    /// The category that the rule stands for: of a rule that escalates the most frequent one among its hits.
    pub category: Option<Category>,
    /// Folded phrases, any of them must stand in the turn; none where the rule looks at the dialogue alone.
    pub phrases: Vec<String>,
    /// Where a phrase must stand.
    pub place: Place,
    /// Ids of rules, any of them must hit; none where the rule does not gather others.
    pub pool: Vec<String>,
    /// Ids of rules that must all hit.
    pub bases: Vec<String>,
    /// Conditions that must all hold.
    pub conditions: Vec<ConditionChoice>,
    /// Conversations with a hit.
    pub conversations: u64,
    /// Turns that the rule hits.
    pub hits: u64,
    /// Conversations that the search had not seen, by a judged hit of each that would be decided otherwise.
    pub held_out: RightAndWrong,
    /// Such conversations with hits that would be decided otherwise and that nobody judged.
    pub unjudged: u64,
    /// The lower bound of the share that is right of the hits that would be decided otherwise.
    pub bound: f64,
    /// What the rule would change, over all turns.
    pub effect: Effect,
}

/// Rules worth writing, or why there are none.
#[derive(Clone, Debug)]
pub struct Found {
    /// The rules, the best first.
    pub rules: Vec<SuggestedRule>,
    /// What all of them together would change.
    pub together: Effect,
    /// Phrases that stand in enough conversations.
    pub phrases: usize,
    /// Rules that were put to the test, in both halves.
    pub tried: usize,
    /// The rule that came nearest where none was confirmed.
    pub nearest: Option<SuggestedRule>,
    /// Why there is no rule.
    pub outcome: Outcome,
}

/// How the search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Rules were found.
    Found,
    /// There is none.
    Nothing(Shortfall),
}

/// Why no rule was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shortfall {
    /// Too few conversations with labels: no rule could reach the bound, however right it is.
    FewConversations {
        /// Conversations with hits, all of them right, that a bound takes.
        needed: u64,
    },
    /// Nothing looked right often enough in the half that was searched.
    NothingLooksRight,
    /// What looked right was not confirmed by conversations that the search had not seen.
    NotConfirmed,
}

/// What a rule that rejects must reach: what it takes from all others is lost, so more is asked of it.
const LEAST_OF_REJECT: f64 = 0.9;
/// What the search for rules that reject aims at.
const AIM_OF_REJECT: f64 = 0.98;
/// Conversations in each half without which no rule is searched for.
const FEWEST_CONVERSATIONS: u64 = 20;

/// Searches for rules worth writing.
pub fn suggest(corpus: &Corpus, terms: &SearchTerms) -> Found {
    let choices = condition_choices();
    let phrases = frequent_phrases(corpus, terms.conversations);
    let mut found = Found {
        rules: Vec::new(),
        together: Effect::default(),
        phrases: phrases.len(),
        tried: 0,
        nearest: None,
        outcome: Outcome::Nothing(Shortfall::NothingLooksRight),
    };
    let needed = conversations_needed(terms.precision, terms.delta / 2.0);
    if (corpus.judged_conversations() as u64) < 2 * needed.max(FEWEST_CONVERSATIONS) {
        found.outcome = Outcome::Nothing(Shortfall::FewConversations { needed });
        return found;
    }
    let mut halves = [Bits::new(corpus.len()), Bits::new(corpus.len())];
    (0..corpus.len()).for_each(|turn| halves[corpus.half(turn, terms.seed)].insert(turn));
    let mut judged = Bits::new(corpus.len());
    let known = |turn: &usize| corpus.turns[*turn].answer.is_known();
    (0..corpus.len()).filter(known).for_each(|turn| judged.insert(turn));
    let mut confirmed: Vec<(Contender, Hits, f64)> = Vec::new();
    let mut refused: Vec<(Contender, Hits, f64)> = Vec::new();
    for (searched, held_out) in [(0, 1), (1, 0)] {
        let turns = halves[searched].and(&judged);
        let half = Half { corpus, choices: &choices, phrases: &phrases, turns };
        let contenders = contenders(&half, terms);
        let tried = tried(&half, &contenders, terms.tried);
        found.tried += tried.len();
        let delta = terms.delta / 2.0 / tried.len().max(1) as f64;
        let mut contenders: Vec<Option<Contender>> = contenders.into_iter().map(Some).collect();
        for place in tried {
            let Some(contender) = contenders[place].take() else { continue };
            let Wanted { verdict, bound: precision, aim } = contender.wanted;
            let hits = Hits::count(corpus, &contender.changed, &halves[held_out], verdict, terms.seed);
            let bound = hits.bound(delta);
            let to = if bound >= precision && hits.share() >= aim { &mut confirmed } else { &mut refused };
            to.push((contender, hits, bound));
        }
    }
    if found.tried > 0 {
        found.outcome = Outcome::Nothing(Shortfall::NotConfirmed);
    }
    let described = |(contender, hits, bound): &(Contender, Hits, f64)| {
        describe(corpus, &choices, &phrases, contender, *hits, *bound)
    };
    let nearest = refused.iter().max_by(|a, b| (a.2 - a.0.wanted.bound).total_cmp(&(b.2 - b.0.wanted.bound)));
    found.nearest = nearest.map(described);
    let (contenders, figures): (Vec<Contender>, Vec<(Hits, f64)>) =
        confirmed.into_iter().map(|(contender, hits, bound)| (contender, (hits, bound))).unzip();
    let all: Vec<&Contender> = contenders.iter().collect();
    let kept = without_idle(corpus, &contenders, greedy_cover(corpus, &all, &judged, all.len()));
    for &place in &kept {
        let (hits, bound) = figures[place];
        found.rules.push(describe(corpus, &choices, &phrases, &contenders[place], hits, bound));
    }
    let rules: Vec<&Contender> = kept.iter().map(|&place| &contenders[place]).collect();
    found.together = Effect::of_decisions(corpus, &decisions(corpus, &rules));
    if !found.rules.is_empty() {
        found.outcome = Outcome::Found;
    }
    found
}

/// The places of the rules to put to the test: of those that accept at most `most`, of those that reject and of those that escalate a
/// few, since each that is tried makes all bounds wider.
fn tried(half: &Half<'_>, contenders: &[Contender], most: usize) -> Vec<usize> {
    let kinds = [
        (most, (|verdict| matches!(verdict, Verdict::Accept(_))) as fn(Verdict) -> bool),
        (most / 4, |verdict| verdict == Verdict::Reject),
        (most / 4, |verdict| verdict == Verdict::Escalate),
    ];
    let mut tried = Vec::new();
    for (most, is_kind) in kinds {
        let is_contender = |place: &usize| is_kind(contenders[*place].wanted.verdict);
        let of: Vec<usize> = (0..contenders.len()).filter(is_contender).collect();
        let among: Vec<&Contender> = of.iter().map(|&place| &contenders[place]).collect();
        tried.extend(greedy_cover(half.corpus, &among, &half.turns, most).into_iter().map(|place| of[place]));
    }
    tried
}

/// How many conversations, all of them right, it takes for a bound.
fn conversations_needed(precision: f64, delta: f64) -> u64 {
    (delta.ln() / precision.ln()).ceil().max(1.0) as u64
}

/// The rules of all verdicts that look worth it in a half.
fn contenders(half: &Half<'_>, terms: &SearchTerms) -> Vec<Contender> {
    let corpus = half.corpus;
    let waiting = share_of_waiting(corpus, &half.turns);
    let wanted = verdicts().map(|verdict| {
        let (bound, aim) = match verdict {
            Verdict::Reject => (terms.precision.max(LEAST_OF_REJECT), terms.aim.max(AIM_OF_REJECT)),
            Verdict::Escalate | Verdict::Abstain => (waiting.clamp(0.05, 0.9), waiting.clamp(0.05, 0.9)),
            Verdict::Accept(_) => (terms.precision, terms.aim),
        };
        Wanted { verdict, bound, aim }
    });
    let mut contenders = Vec::new();
    for wanted in wanted {
        // What is settled so already says nothing about the turns that a rule would newly decide.
        let news = half.turns.and(&Effect::changed(corpus, &half.turns, wanted.verdict));
        let half = Half { turns: news, ..*half };
        for rule in half.search(wanted) {
            let hits = rule.hits(corpus, half.phrases);
            let changed = Effect::changed(corpus, &hits, wanted.verdict);
            contenders.push(Contender { rule, wanted, hits, changed });
        }
    }
    contenders
}

/// The share of feedback among judged turns that wait: what asking finds now.
fn share_of_waiting(corpus: &Corpus, turns: &Bits) -> f64 {
    let waiting = turns.iter().map(|turn| &corpus.turns[turn]);
    let waiting = waiting.filter(|turn| turn.state.decision == Decision::Undecided);
    let mut of = RightAndWrong::default();
    waiting.for_each(|turn| match turn.is_right(Verdict::Escalate) {
        true => of.right += 1,
        false => of.wrong += 1,
    });
    of.share()
}

fn describe(
    corpus: &Corpus,
    choices: &[ConditionChoice],
    phrases: &[Phrase],
    contender: &Contender,
    hits: Hits,
    bound: f64,
) -> SuggestedRule {
    let Candidate { verdict, place, ref pool, ref bases, ref conditions, phrases: ref list } = contender.rule;
    let id = |&number: &usize| corpus.base_rules[number].id.clone();
    let mut conversations: Vec<u32> =
        contender.hits.iter().map(|turn| corpus.turns[turn].conversation).collect();
    conversations.dedup();
    SuggestedRule {
        verdict,
        category: category(corpus, contender),
        phrases: list.iter().map(|&number| phrases[number].text.clone()).collect(),
        place,
        pool: pool.iter().map(id).collect(),
        bases: bases.iter().map(id).collect(),
        conditions: conditions.iter().map(|&number| choices[number].clone()).collect(),
        conversations: conversations.len() as u64,
        hits: contender.hits.iter().count() as u64,
        held_out: RightAndWrong {
            right: hits.judged.right + hits.drawn.right,
            wrong: hits.judged.wrong + hits.drawn.wrong,
        },
        unjudged: hits.unjudged,
        bound,
        effect: Effect::of(corpus, &contender.hits, verdict),
    }
}

/// The category that a rule stands for.
fn category(corpus: &Corpus, contender: &Contender) -> Option<Category> {
    match contender.wanted.verdict {
        Verdict::Accept(category) => Some(category),
        Verdict::Reject | Verdict::Abstain => None,
        Verdict::Escalate => {
            let of = |category| {
                contender.hits.iter().filter(|&t| corpus.turns[t].answer.category() == Some(category)).count()
            };
            Category::ALL.into_iter().max_by_key(|&category| of(category))
        }
    }
}
