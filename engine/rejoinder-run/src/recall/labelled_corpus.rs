//! Later turns with labels as a corpus: what rules, votes and score say of each turn, and what asking about some of the
//! turns would cost.

use rejoinder_cascade::DecisionReason;
use rejoinder_core::random::Random;
use rejoinder_core::{Answer, Category, RecordId};
use rejoinder_judge::QuestionForm;
use rejoinder_scan::{Engine, ScanError, ScannedBatch, ScannedConversation, ScannedTurn, ScoreModel};
use rejoinder_score::{Example, Model, Scratch};

use super::corpus::{Corpus, SampleScope, SampledTurn, ScoredSample, before};
use super::draw::{DrawnTurn, UniformDraw, hash};
use super::target::{JudgedTurn, RecallTarget};
use crate::error::RunError;
use crate::judging::{Judge, grouping};
use crate::plan::{Requests, of_request, papers};
use crate::spool_row::SpoolRow;

/// A later turn with its label.
#[derive(Clone, Debug)]
pub struct LabelledTurn {
    /// The address of the turn.
    pub id: RecordId,
    /// The index of the conversation.
    pub conversation: usize,
    /// What the label says; `None` = no feedback.
    pub label: Option<Category>,
    /// The reason of the decision by rules and votes alone, without the score.
    pub ground: DecisionReason,
    /// Whether a rule marked the turn.
    pub is_candidate: bool,
    /// Sum of the weights of the rules that hit: log-odds.
    pub prior: f32,
    /// The learned score: the probability of what is wanted.
    pub score: f32,
    /// The likeliest of the wanted categories.
    pub likeliest: Category,
    /// The learned probabilities of none, UR1, …, UR5.
    probabilities: [f32; 6],
    /// What a score learns from the turn, where the score can learn.
    example: Option<Example>,
    /// What the judge would be asked.
    row: SpoolRow,
}

/// All labelled later turns of a corpus, in input order.
#[derive(Debug, Default)]
pub struct LabelledTurns {
    /// The turns.
    pub turns: Vec<LabelledTurn>,
    /// Conversations that the score was trained on, which say nothing of how good the score is on others.
    pub trained_on: u64,
    /// What the paper's method asks: a request for each conversation with labelled turns.
    papers: Vec<Requests>,
    scratch: Scratch,
}

/// What asking takes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AskingBill {
    /// Requests.
    pub requests: f64,
    /// Input tokens, the instructions charged in full.
    pub input: f64,
    /// Input tokens, the shared prefix charged once.
    pub input_cached: f64,
    /// Output tokens.
    pub output: f64,
}

impl AskingBill {
    fn of(requests: impl Iterator<Item = Requests>, prefix: u64) -> Self {
        let mut sum = Requests::default();
        requests.for_each(|request| sum += request);
        let repeated = sum.requests.saturating_sub(1) * prefix;
        Self {
            requests: sum.requests as f64,
            input: sum.input_tokens.expected as f64,
            input_cached: sum.input_tokens.expected.saturating_sub(repeated) as f64,
            output: sum.output_tokens.expected as f64,
        }
    }
}

/// The judges whose bills are compared.
pub struct PricedJudges {
    /// The judge as this program asks by default.
    pub here: Judge,
    /// The judge in each form in which this program can ask.
    pub forms: Vec<Judge>,
    /// The judge as the paper asks.
    pub paper: Judge,
}

impl LabelledTurns {
    /// Adds the turns of a conversation for which there is a label; `label` gives [`Answer::Unknown`] where a turn does not
    /// count.
    ///
    /// # Errors
    /// If no plugin gave the probabilities of a turn.
    pub fn add(
        &mut self,
        engine: &Engine,
        model: &ScoreModel,
        judges: &PricedJudges,
        scanned: &ScannedBatch<'_>,
        conversation: &ScannedConversation<'_>,
        label: impl Fn(usize) -> Answer,
    ) -> Result<(), RunError> {
        let turns: Vec<(&ScannedTurn, Answer)> = scanned
            .turns(conversation)
            .iter()
            .map(|turn| (turn, label(turn.message_index)))
            .filter(|(_, label)| label.is_known())
            .collect();
        if turns.is_empty() {
            return Ok(());
        }
        let only: Vec<&ScannedTurn> = turns.iter().map(|(turn, _)| *turn).collect();
        let rows = SpoolRow::about(engine, scanned, conversation, &only);
        let index = self.papers.len();
        self.trained_on += u64::from(model.was_trained_on(&conversation.record.conversation));
        self.papers.push(papers(&judges.paper.form, conversation));
        self.scratch.begin();
        for ((turn, label), row) in turns.into_iter().zip(rows) {
            let (hits, votes) = (scanned.hits(turn), scanned.votes(turn));
            let (score, likeliest) = engine.score(votes).ok_or(ScanError::NoScore)?;
            self.turns.push(LabelledTurn {
                id: conversation.id(turn),
                conversation: index,
                label: label.category(),
                ground: engine.settle(hits, votes, None),
                is_candidate: turn.is_candidate,
                prior: turn.prior,
                score,
                likeliest,
                probabilities: engine.probabilities(votes).copied().unwrap_or_default(),
                example: model.example(engine, &mut self.scratch, scanned, conversation, turn),
                row,
            });
        }
        Ok(())
    }

    /// Appends turns of conversations that come after.
    pub fn extend(&mut self, other: Self) {
        let before = self.papers.len();
        let later = other.turns.into_iter();
        self.turns
            .extend(later.map(|turn| LabelledTurn { conversation: turn.conversation + before, ..turn }));
        self.trained_on += other.trained_on;
        self.papers.extend(other.papers);
    }

    /// Makes a share of the labels wrong, uniformly: feedback becomes none, none becomes any category.
    pub fn disturb(&mut self, share: f64, seed: u64) {
        let mut random = Random::with_seed(seed ^ 0x6e6f_6973);
        for turn in &mut self.turns {
            if random.f64() < share {
                turn.label = match turn.label {
                    Some(_) => None,
                    None => random.choice(Category::ALL),
                };
            }
        }
    }

    /// Number of conversations.
    pub fn conversations(&self) -> usize {
        self.papers.len()
    }

    /// What the paper's method takes.
    pub fn cost_of_paper(&self, judges: &PricedJudges) -> AskingBill {
        AskingBill::of(self.papers.iter().copied(), judges.paper.form.prefix_tokens())
    }

    /// What asking about some of the turns in a form takes, in the groups in which a run would ask about them.
    pub fn cost(&self, form: &QuestionForm, is_asked: impl Fn(usize) -> bool) -> AskingBill {
        let asked = self.turns.iter().enumerate().filter(|(index, _)| is_asked(*index));
        let mut rows: Vec<SpoolRow> = Vec::new();
        SpoolRow::extend_stretch(&mut rows, asked.map(|(_, turn)| turn.row.clone()));
        let requests = grouping::requests(form, &rows).into_iter().filter_map(|group| {
            let request = form.next(&group, &[])?;
            Some(of_request(form, &request, group.len()))
        });
        AskingBill::of(requests, form.prefix_tokens())
    }
}

/// Labelled turns as a corpus for a search, with a score that may learn.
pub struct LabelledCorpus<'a> {
    all: &'a LabelledTurns,
    target: &'a RecallTarget,
    base: Option<&'a Model>,
    rules: &'a str,
    /// The present score of each turn.
    scores: Vec<f32>,
    /// The present probabilities of each turn.
    probabilities: Vec<[f32; 6]>,
}

impl<'a> LabelledCorpus<'a> {
    /// Labelled turns with the scores that the turns have; `base` is the model behind these scores, and `rules` the hash of
    /// the rules in force.
    pub fn new(
        all: &'a LabelledTurns,
        target: &'a RecallTarget,
        base: Option<&'a Model>,
        rules: &'a str,
    ) -> Self {
        let scores = all.turns.iter().map(|turn| turn.score).collect();
        let probabilities = all.turns.iter().map(|turn| turn.probabilities).collect();
        Self { all, target, base, rules, scores, probabilities }
    }

    /// The turns.
    pub fn turns(&self) -> &'a [LabelledTurn] {
        &self.all.turns
    }

    /// Place of a turn.
    pub fn index_of(&self, id: RecordId) -> Option<usize> {
        self.all.turns.binary_search_by_key(&id, |turn| turn.id).ok()
    }

    /// The present score of the turn at a place.
    pub fn score(&self, index: usize) -> f64 {
        f64::from(self.scores[index])
    }

    /// Where the turn at a place stands by its present score.
    pub fn standing(&self, index: usize) -> f64 {
        self.target.standing(self.all.turns[index].ground, self.scores[index])
    }

    /// The turn at a place, as an oracle is asked about it.
    pub fn drawn(&self, index: usize) -> DrawnTurn {
        let turn = &self.all.turns[index];
        DrawnTurn { row: turn.row.clone(), is_labelled: true, label: turn.label }
    }

    fn before(&self, index: usize) -> JudgedTurn {
        let likeliest = self.target.purpose.likeliest(&self.probabilities[index]);
        before(self.all.turns[index].ground, self.standing(index), likeliest)
    }
}

impl Corpus for LabelledCorpus<'_> {
    fn sample(&self, scope: SampleScope<'_>, most: usize, seed: u64) -> Result<ScoredSample, RunError> {
        let conversations = self.all.conversations() as u64;
        let mut sample = ScoredSample { conversations, ..ScoredSample::default() };
        let mut eligible = Vec::new();
        for (index, turn) in self.all.turns.iter().enumerate() {
            let before = self.before(index);
            if before.is_open {
                sample.histograms.count(&self.probabilities[index]);
            }
            if scope.asked.contains(&turn.id) {
                continue;
            }
            sample.count(turn.ground, before.standing);
            if scope.among.holds(turn.ground, before.standing) {
                eligible.push((hash(seed, turn.id), index));
            }
        }
        let mut lowest = UniformDraw::new(most, 0);
        lowest.add(eligible);
        let mut drawn: Vec<usize> = lowest.found().copied().collect();
        drawn.sort_unstable();
        let sampled = |index: usize| SampledTurn {
            turn: self.drawn(index),
            ground: self.all.turns[index].ground,
            before: self.before(index),
            example: self.all.turns[index].example.clone(),
        };
        sample.turns = drawn.into_iter().map(sampled).collect();
        Ok(sample)
    }

    fn base_model(&self) -> Option<&Model> {
        self.base
    }

    fn rules_hash(&self) -> &str {
        self.rules
    }

    fn adopt(&mut self, model: &Model) -> Result<(), RunError> {
        for (index, turn) in self.all.turns.iter().enumerate() {
            if let Some(example) = &turn.example {
                let score = example.score(model);
                self.scores[index] = score.of(self.target.purpose);
                self.probabilities[index] = score.probabilities();
            }
        }
        Ok(())
    }
}
