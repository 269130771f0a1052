//! Labelled later turns as a corpus whose judge is its labels: what rules, votes and score say of each, and what it would
//! cost to ask about some of them.

use rejoinder_cascade::Ground;
use rejoinder_core::Category;
use rejoinder_score::{Example, Scratch};

use crate::failure::Failure;
use crate::pipeline::calibration::no_score;
use crate::pipeline::engine::{Engine, Taught};
use crate::pipeline::judging::Judge;
use crate::pipeline::plan::{Requests, output, papers};
use crate::pipeline::waiting::{Grouper, Waiting};
use crate::pipeline::worker::{Scanned, ScannedConversation, ScannedTurn};

/// A later turn with its label.
#[derive(Clone, Debug)]
pub struct Unit {
    /// Index of its conversation.
    pub conversation: usize,
    /// What the label says; `None` = no feedback.
    pub label: Option<Category>,
    /// What rules and votes say, the score left aside.
    pub ground: Ground,
    /// Whether a rule marked it.
    pub is_candidate: bool,
    /// Sum of the weights of the rules that hit: log-odds.
    pub prior: f32,
    /// The learned score: the probability of what is wanted.
    pub score: f32,
    /// The likeliest category of those wanted.
    pub likeliest: Category,
    /// What the judge would be asked.
    row: Waiting,
}

/// All labelled later turns of a corpus, in input order.
#[derive(Debug, Default)]
pub struct Population {
    /// The turns.
    pub units: Vec<Unit>,
    /// Conversations that the score was trained on: what it is good for on others, they do not tell.
    pub trained_on: u64,
    /// By turn, what a score learns from, where it is a model of this engine's.
    pub examples: Vec<Example>,
    /// What the paper's method asks: a request a conversation with such turns.
    papers: Vec<Requests>,
    scratch: Scratch,
}

/// What asking takes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    /// Requests.
    pub requests: f64,
    /// Input tokens, the instructions charged in full.
    pub input: f64,
    /// Input tokens, the shared prefix charged once.
    pub input_cached: f64,
    /// Output tokens.
    pub output: f64,
}

impl Cost {
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
pub struct Judges {
    /// As it is asked here.
    pub here: Judge,
    /// As the paper asks it.
    pub paper: Judge,
}

impl Population {
    /// Adds the turns of a conversation for which there is a label; `label` gives none where a turn does not count.
    ///
    /// # Errors
    /// If no plugin gave the probabilities of a turn.
    pub fn add(
        &mut self,
        engine: &Engine,
        taught: &Taught,
        judges: &Judges,
        scanned: &Scanned<'_>,
        conversation: &ScannedConversation<'_>,
        label: impl Fn(usize) -> Option<Option<Category>>,
    ) -> Result<(), Failure> {
        let turns: Vec<(&ScannedTurn, Option<Category>)> = scanned
            .turns(conversation)
            .iter()
            .filter_map(|turn| Some((turn, label(turn.message_index)?)))
            .collect();
        if turns.is_empty() {
            return Ok(());
        }
        let only: Vec<&ScannedTurn> = turns.iter().map(|(turn, _)| *turn).collect();
        let rows = Waiting::about(engine, scanned, conversation, &only);
        let index = self.papers.len();
        self.trained_on += u64::from(taught.holds(&conversation.record.conversation));
        self.papers.push(papers(&judges.paper.form, conversation));
        self.scratch.begin();
        for ((turn, label), row) in turns.into_iter().zip(rows) {
            let (hits, votes) = (scanned.hits(turn), scanned.votes(turn));
            let (score, likeliest) = engine.score(votes).ok_or_else(no_score)?;
            self.examples.extend(taught.example(engine, &mut self.scratch, scanned, conversation, turn));
            self.units.push(Unit {
                conversation: index,
                label,
                ground: engine.settle(hits, votes, None),
                is_candidate: turn.is_candidate,
                prior: turn.prior,
                score,
                likeliest,
                row,
            });
        }
        Ok(())
    }

    /// Appends another population, of conversations that come after.
    pub fn extend(&mut self, other: Self) {
        let before = self.papers.len();
        self.units.extend(
            other.units.into_iter().map(|unit| Unit { conversation: unit.conversation + before, ..unit }),
        );
        self.trained_on += other.trained_on;
        self.examples.extend(other.examples);
        self.papers.extend(other.papers);
    }

    /// Makes a share of the labels wrong, uniformly: feedback becomes none, none becomes any category.
    pub fn disturb(&mut self, share: f64, seed: u64) {
        let mut random = fastrand::Rng::with_seed(seed ^ 0x6e6f_6973);
        for unit in &mut self.units {
            if random.f64() < share {
                unit.label = match unit.label {
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
    pub fn cost_of_paper(&self, judges: &Judges) -> Cost {
        Cost::of(self.papers.iter().copied(), judges.paper.form.prefix_tokens())
    }

    /// What asking about some of the turns takes, in the groups in which they would be spooled.
    pub fn cost(&self, engine: &Engine, judges: &Judges, is_asked: impl Fn(usize) -> bool) -> Cost {
        let form = &judges.here.form;
        let mut grouper = Grouper::default();
        let mut groups = Vec::new();
        for (_, unit) in self.units.iter().enumerate().filter(|(index, _)| is_asked(*index)) {
            let mut row = unit.row.clone();
            let begins = grouper.place(&mut row, engine) || form.questions_per_request() == 1;
            match groups.last_mut() {
                Some(group) if !begins => Vec::push(group, row.question),
                _ => groups.push(vec![row.question]),
            }
        }
        let requests = groups.iter().filter_map(|group| {
            let request = form.next(group, &[])?;
            Some(Requests {
                requests: 1,
                input_tokens: request.input_tokens.into(),
                output_tokens: output(form, group.len() as u64),
            })
        });
        Cost::of(requests, form.prefix_tokens())
    }
}
