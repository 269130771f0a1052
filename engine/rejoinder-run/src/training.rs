//! A score learned from labels, or from what the judge said in runs.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use rejoinder_cascade::DecisionReason;
use rejoinder_core::{Answer, Category, RecordId, Role};
use rejoinder_read::{ChunkReader, InputFile, Position, condition};
use rejoinder_scan::{Engine, Profiler, ScanError, ScannedBatch, ScannedConversation, Worker, mark};
use rejoinder_score::features::{KnownWords, Rarity};
use rejoinder_score::{
    Evidence, Examples, Label, MeasuredCuts, MeasuredTurn, Model, Profile, Report, Score, TrainError,
    TrainOptions, TrainingOrigin, Trait, conversation_hash, refit, train,
};

use crate::error::RunError;
use crate::folder::RunDir;
use crate::judging;
use crate::labels::{LabelReader, Unlabelled};
use crate::recall::audit::AuditSample;

/// Turns without a label that are learned from at most: more teach little, and all are held in memory.
const MOST_UNLABELLED: usize = 20_000;

/// Conversations to learn from.
#[derive(Debug)]
pub struct TrainingSource {
    /// The name that the user gave, such as a path.
    pub name: String,
    /// The files.
    pub files: Vec<InputFile>,
    /// Where the labels come from.
    pub labels: TrainingLabels,
}

/// Where the labels of conversations come from.
#[derive(Debug)]
pub enum TrainingLabels {
    /// The reader of labels says the labels.
    Read,
    /// A judge said the labels: an answer for each turn.
    Judge(HashMap<RecordId, Answer>),
    /// There are no labels.
    None,
}

/// How a score learns.
#[derive(Clone, Copy)]
pub struct Training<'a> {
    /// The engine: its rules mark the turns, and the cuts are measured beside what its rules and plugins settle.
    pub engine: &'a Engine,
    /// Conversations to learn from.
    pub sources: &'a [TrainingSource],
    /// Which records and turns count.
    pub reader: &'a LabelReader,
    /// The model to go on from; without one the score begins anew.
    pub base: Option<&'a Model>,
    /// Whether the score learns without what the rules find.
    pub is_blind: bool,
    /// The column that tells kinds of dialogue apart; else each source is a kind.
    pub kinds: Option<&'a str>,
    /// The seed of all that is drawn.
    pub seed: u64,
}

/// A score that has learned.
pub struct TrainedModel {
    /// The model.
    pub model: Model,
    /// How good the score is on conversations held out.
    pub report: Report,
    /// The number of turns that the score learned from.
    pub turns: usize,
    /// The number of these turns with a label.
    pub labelled: usize,
    /// The number of conversations that the base model was trained on.
    pub known: u64,
    /// Records that were left out for want of labels.
    pub unlabelled: Unlabelled,
}

/// Why a score could not learn.
#[derive(Debug)]
pub enum TrainingError {
    /// The conversations could not be read.
    Run(RunError),
    /// There is too little to learn from.
    Train(TrainError),
}

impl<E: Into<RunError>> From<E> for TrainingError {
    fn from(error: E) -> Self {
        Self::Run(error.into())
    }
}

impl TrainingSource {
    /// The turns of a run that the run's judge has answered about, labelled by the answers.
    ///
    /// # Errors
    /// If the run cannot be read, or its input is not what it was.
    pub fn of_run(name: String, run: &RunDir) -> Result<Self, RunError> {
        run.unchanged_input()?;
        let mut answers = judging::judged(run)?;
        answers.extend(audited(run)?);
        Ok(Self { name, files: run.manifest.inputs.clone(), labels: TrainingLabels::Judge(answers) })
    }

    /// The turns of a run that its audit drew, and that the judge answered about.
    ///
    /// # Errors
    /// If the run cannot be read.
    pub fn audited_turns(run: &RunDir) -> Result<Vec<RecordId>, RunError> {
        Ok(audited(run)?.into_keys().collect())
    }

    fn short_name(&self) -> String {
        Path::new(&self.name).file_name().map_or_else(String::new, |name| name.display().to_string())
    }
}

/// What the judge said when the run was audited: only these turns were chosen by nobody.
fn audited(run: &RunDir) -> Result<HashMap<RecordId, Answer>, RunError> {
    let (Some(sample), Some(judge)) = (AuditSample::of(run)?, judging::judge_of(run)?) else {
        return Ok(HashMap::new());
    };
    let store = run.replies()?;
    let mut answers = HashMap::new();
    for drawn in &sample.turns {
        let answer = judging::answer(&judge, &drawn.turn.row, &store)?;
        if let Some(turn) = drawn.turn.row.turns.first().filter(|_| answer.is_known()) {
            answers.insert(turn.id, answer);
        }
    }
    Ok(answers)
}

impl Training<'_> {
    /// Lets the score learn; `describe` says in words which part of a source it learns from.
    ///
    /// # Errors
    /// If the conversations cannot be read, or there is too little to learn from.
    pub fn train(&self, describe: impl Fn(&TrainingSource) -> String) -> Result<TrainedModel, TrainingError> {
        let mut rarity = match self.base {
            Some(_) => Rarity::default(),
            None => self.rarity()?,
        };
        let mut examples = match self.base {
            Some(base) => Examples::after(base),
            None => Examples::new(rarity.finish()),
        };
        let mut kinds = KindProfiles::default();
        let mut grounds: Vec<JudgedGround> = Vec::new();
        let mut conversations = 0;
        let (mut without, mut known) = (0, 0);
        let mut unlabelled = Unlabelled::default();
        self.each(&mut unlabelled, |from, scanned, conversation, labels| {
            let source = &conversation.record.conversation;
            let turns = scanned.turns(conversation);
            let is_judged = |label: &Label| *label != Label::Unknown;
            if turns.iter().zip(labels).all(|(_, label)| !is_judged(label)) && without >= MOST_UNLABELLED {
                return;
            }
            examples.begin(source);
            conversations += usize::from(labels.iter().any(is_judged));
            known += u64::from(self.base.is_some_and(|base| base.was_trained_on(conversation_hash(source))));
            for (turn, label) in turns.iter().zip(labels) {
                without += usize::from(!is_judged(label));
                let rules = scanned.rule_ids(self.engine, turn);
                let evidence = match self.is_blind {
                    true => Evidence::default(),
                    false => Evidence { rules: &rules, prior: turn.prior },
                };
                examples.push(source, turn.message_index, &evidence, *label);
                if let Label::Judged(label) = *label {
                    let ground = self.engine.settle(scanned.hits(turn), scanned.votes(turn), None);
                    grounds.push(JudgedGround { conversation: conversations - 1, label, ground });
                }
            }
            let judged = labels.iter().filter(|label| is_judged(label)).count();
            if judged > 0 {
                let known =
                    self.base.map_or_else(|| rarity.without(source), |base| KnownWords::Model(base.idf()));
                let kind = self.kinds.and_then(|column| condition::column_text(&conversation.record, column));
                let profile = kinds.of(kind.unwrap_or_else(|| from.short_name()), judged);
                Profiler::of_training(known).texts(&conversation.record, profile);
                let marks = turns.iter().map(|turn| mark(self.engine, scanned, turn));
                marks.for_each(|mark| profile.count(Trait::Mark, mark));
            }
        })?;
        let origin = |source: &TrainingSource| TrainingOrigin {
            name: source.short_name(),
            part: describe(source),
            hash: match source.files.as_slice() {
                [file] => file.hash.clone(),
                _ => String::new(),
            },
        };
        let options = TrainOptions {
            seed: self.seed,
            rules: self.engine.rules.hash().to_owned(),
            origins: self.sources.iter().map(origin).collect(),
            ..TrainOptions::default()
        };
        let trained = match self.base {
            Some(base) => refit(base, &examples, &options),
            None => train(&examples, &options),
        };
        let (mut model, report) = trained.map_err(TrainingError::Train)?;
        model.add_measured(kinds.scored(&report.held_out));
        let measured = grounds.iter().zip(&report.held_out);
        let measured: Vec<MeasuredTurn> = measured.map(|(turn, score)| turn.scored(*score)).collect();
        model.set_cuts(MeasuredCuts::of(&measured, conversations, self.seed));
        let (turns, labelled) = (examples.len(), examples.judged());
        Ok(TrainedModel { model, report, turns, labelled, known, unlabelled })
    }

    /// How rare users' words are in the sources.
    fn rarity(&self) -> Result<Rarity, RunError> {
        let mut rarity = Rarity::default();
        self.each(&mut Unlabelled::default(), |_, _, conversation, _| {
            let messages = conversation.record.conversation.messages.iter();
            messages
                .filter(|message| message.role == Role::User)
                .for_each(|message| rarity.add(&message.text));
        })?;
        Ok(rarity)
    }

    /// Calls `visit` with each conversation of the sources that counts, its source, and the labels of its later turns.
    fn each(
        &self,
        unlabelled: &mut Unlabelled,
        mut visit: impl FnMut(&TrainingSource, &ScannedBatch<'_>, &ScannedConversation<'_>, &[Label]),
    ) -> Result<(), RunError> {
        let label = |answer: Answer| match answer {
            Answer::Unknown => Label::Unknown,
            known => Label::Judged(known.category()),
        };
        let mut worker = Worker::new(self.engine)?;
        let input = &self.engine.config.input;
        for source in self.sources {
            let chunks =
                ChunkReader::new(&source.files, &input.map, Position::default(), input.max_record_bytes);
            for chunk in chunks {
                if let Some(why) = chunk.failure {
                    return Err(ScanError::Read(why).into());
                }
                let scanned = worker.scan(&chunk)?;
                for conversation in &scanned.conversations {
                    let turns = scanned.turns(conversation).iter();
                    let labels: Vec<Label> = match &source.labels {
                        TrainingLabels::None if self.reader.is_excepted(&conversation.record) => continue,
                        TrainingLabels::None => turns.map(|_| Label::Unknown).collect(),
                        TrainingLabels::Judge(answers) => {
                            let of = |id| answers.get(&id).copied().unwrap_or_default();
                            turns.map(|turn| label(of(conversation.id(turn)))).collect()
                        }
                        TrainingLabels::Read => {
                            let Some(labels) = self.reader.of(conversation, &chunk.file, unlabelled) else {
                                continue;
                            };
                            turns.map(|turn| label(labels.of(turn.message_index))).collect()
                        }
                    };
                    visit(source, &scanned, conversation, &labels);
                }
            }
        }
        Ok(())
    }
}

/// What rules and plugins make of a turn with a label.
struct JudgedGround {
    conversation: usize,
    label: Option<Category>,
    ground: DecisionReason,
}

impl JudgedGround {
    const fn scored(&self, score: Score) -> MeasuredTurn {
        let Self { conversation, label, ground } = *self;
        MeasuredTurn { conversation, label, ground, score }
    }
}

/// What the labelled conversations are like, by kind.
#[derive(Default)]
struct KindProfiles {
    profiles: BTreeMap<String, Profile>,
    /// The kind of each judged turn, in the order of the turns.
    judged: Vec<String>,
}

impl KindProfiles {
    /// The profile of a kind; one more conversation of the kind has `judged` turns with labels.
    fn of(&mut self, kind: String, judged: usize) -> &mut Profile {
        self.judged.extend(std::iter::repeat_n(kind.clone(), judged));
        self.profiles.entry(kind).or_default()
    }

    /// The profiles with the scores of the judged turns, each by a model that had not seen its conversation.
    fn scored(mut self, held_out: &[Score]) -> BTreeMap<String, Profile> {
        for (kind, score) in self.judged.into_iter().zip(held_out) {
            self.profiles.entry(kind).or_default().count(Trait::Score, score.feedback());
        }
        self.profiles
    }
}
