//! Labelled turns, as the search sees them.

use std::collections::HashMap;

use rejoinder_cascade::{Decision, ScoreBand, TurnVerdicts, decide};
use rejoinder_core::fold::{is_unsegmented, words_with};
use rejoinder_core::random::splitmix::first;
use rejoinder_core::{Answer, Category, Verdict};

use super::bits::Bits;

/// Stands between words that no phrase joins.
pub(super) const BREAK: u32 = 0;
/// A comma and a space between two words.
pub(super) const COMMA: u32 = 1;

/// What rules, plugins and score say of a turn, and how it is decided now.
#[derive(Clone, Copy, Debug)]
pub struct TurnState {
    /// The verdicts.
    pub verdicts: TurnVerdicts,
    /// Whether a rule marked the turn.
    pub is_candidate: bool,
    /// Where the score lies; none where no score decides.
    pub band: Option<ScoreBand>,
    /// The decision.
    pub decision: Decision,
}

impl TurnState {
    /// The decision if one more rule hit the turn.
    pub(super) fn with(&self, verdict: Verdict) -> Decision {
        self.with_all([verdict])
    }

    /// The decision if more rules hit the turn, one for each verdict.
    pub(super) fn with_all(&self, added: impl IntoIterator<Item = Verdict>) -> Decision {
        let (mut verdicts, mut is_candidate) = (self.verdicts, self.is_candidate);
        for verdict in added {
            verdicts.add(verdict);
            is_candidate |= verdict != Verdict::Reject;
        }
        decide(&verdicts, is_candidate, self.band).decision()
    }
}

/// A rule in force that a suggested rule can build on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseRule {
    /// The rule's id.
    pub id: String,
    /// Whether the rule settles turns already: then it is no news.
    pub accepts: bool,
}

/// A turn for [`Corpus::push`].
#[derive(Clone, Debug)]
pub struct TurnEvidence<'a> {
    /// The number of the conversation. Turns of one conversation follow each other.
    pub conversation: u32,
    /// The folded text.
    pub folded: &'a str,
    /// What the labels say; unknown where nobody judged the turn.
    pub answer: Answer,
    /// Whether the turn was drawn uniformly from turns that nobody judged otherwise.
    pub is_drawn: bool,
    /// How the turn is decided.
    pub state: TurnState,
    /// Numbers of the conditions that hold.
    pub conditions: Vec<usize>,
    /// Numbers of the rules that hit.
    pub bases: Vec<usize>,
}

/// A turn of the corpus.
#[derive(Clone, Debug)]
pub(super) struct Turn {
    pub(super) conversation: u32,
    pub(super) answer: Answer,
    pub(super) is_drawn: bool,
    pub(super) state: TurnState,
}

impl Turn {
    /// Whether a verdict is what the labels say.
    pub(super) fn is_right(&self, verdict: Verdict) -> bool {
        match verdict {
            Verdict::Accept(category) => self.answer == Answer::Feedback(category),
            Verdict::Reject => self.answer == Answer::NoFeedback,
            Verdict::Escalate | Verdict::Abstain => self.answer.category().is_some(),
        }
    }

    /// Whether a decision is what the labels say; a turn that waits holds feedback.
    pub(super) fn is_decided_rightly(&self, decision: Decision) -> bool {
        self.is_right(match decision {
            Decision::Accepted(category) => Verdict::Accept(category),
            Decision::Rejected => Verdict::Reject,
            Decision::Undecided => Verdict::Escalate,
        })
    }
}

/// Labelled turns, in the order of their conversations.
#[derive(Debug, Default)]
pub struct Corpus {
    pub(super) turns: Vec<Turn>,
    /// The words of all turns, one after the other; [`BREAK`] stands behind each turn.
    pub(super) words: Vec<u32>,
    /// The turn of each of the words.
    pub(super) turn_of: Vec<u32>,
    /// The words by their numbers.
    pub(super) vocabulary: Vec<String>,
    numbers: HashMap<String, u32>,
    /// By condition: the turns that it holds for.
    pub(super) conditions: Vec<Bits>,
    /// By rule: the turns that it hits.
    pub(super) bases: Vec<Bits>,
    /// The rules.
    pub(super) base_rules: Vec<BaseRule>,
}

impl Corpus {
    /// An empty corpus, whose turns are told by so many conditions and by these rules.
    pub fn new(conditions: usize, base_rules: Vec<BaseRule>) -> Self {
        let vocabulary = vec![String::new(), ",".to_owned()];
        let bases = vec![Bits::default(); base_rules.len()];
        Self {
            vocabulary,
            conditions: vec![Bits::default(); conditions],
            bases,
            base_rules,
            ..Self::default()
        }
    }

    /// Adds a turn.
    pub fn push(&mut self, turn: &TurnEvidence<'_>) {
        let number = self.turns.len();
        let TurnEvidence { conversation, answer, is_drawn, state, .. } = *turn;
        self.turns.push(Turn { conversation, answer, is_drawn, state });
        turn.conditions.iter().for_each(|&condition| self.conditions[condition].insert(number));
        turn.bases.iter().for_each(|&rule| self.bases[rule].insert(number));
        let mut end = 0;
        for (range, ()) in words_with(turn.folded, (), |(), _| ()) {
            let between = &turn.folded[end..range.start];
            let word = &turn.folded[range.clone()];
            let is_joined = match between {
                "" => end == 0 || word.chars().all(is_unsegmented),
                " " | "\n" => true,
                ", " => {
                    self.words.push(COMMA);
                    true
                }
                _ => false,
            };
            if !is_joined && end > 0 {
                self.words.push(BREAK);
            }
            let word = self.number(word);
            self.words.push(word);
            end = range.end;
        }
        self.words.push(BREAK);
        self.turn_of.resize(self.words.len(), number as u32);
    }

    fn number(&mut self, word: &str) -> u32 {
        if let Some(&known) = self.numbers.get(word) {
            return known;
        }
        let new = self.vocabulary.len() as u32;
        self.vocabulary.push(word.to_owned());
        self.numbers.insert(word.to_owned(), new);
        new
    }

    /// The number of turns.
    pub fn len(&self) -> usize {
        self.turns.len()
    }

    /// Whether there is no turn.
    pub fn is_empty(&self) -> bool {
        self.turns.is_empty()
    }

    /// The number of turns with an answer.
    pub fn judged(&self) -> usize {
        self.turns.iter().filter(|turn| turn.answer.is_known()).count()
    }

    /// The number of conversations with a turn that has an answer.
    pub fn judged_conversations(&self) -> usize {
        let mut of: Vec<u32> =
            self.turns.iter().filter(|turn| turn.answer.is_known()).map(|turn| turn.conversation).collect();
        of.dedup();
        of.len()
    }

    /// The half that a conversation belongs to.
    pub(super) fn half(&self, turn: usize, seed: u64) -> usize {
        (first(seed ^ first(u64::from(self.turns[turn].conversation))) & 1) as usize
    }
}

/// All verdicts that a suggested rule can give.
pub(super) fn verdicts() -> impl Iterator<Item = Verdict> {
    Category::ALL.into_iter().map(Verdict::Accept).chain([Verdict::Reject, Verdict::Escalate])
}
