//! `rejoinder train`: a score learned from labels, or from what the judge said in runs.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use rejoinder_core::{Category, RecordId, Role};
use rejoinder_ledger::part;
use rejoinder_read::{ChunkReader, InputFile, Position, condition};
use rejoinder_score::features::{KnownWords, Rarity};
use rejoinder_score::{
    Evidence, Examples, Label, Model, Origin, Profile, Score, TrainOptions, Trait, conversation_hash, refit,
    train,
};
use serde_json::json;

use super::labelled::{LabelArgs, Unlabelled};
use super::run::Settings;
use super::terminal::remark;
use super::{InputRoot, described, print, print_json};
use crate::config::InputConfig;
use crate::failure::{Exit, Failure};
use crate::pipeline::audit::Sample;
use crate::pipeline::engine::Engine;
use crate::pipeline::judging;
use crate::pipeline::profile::{self, Profiler};
use crate::pipeline::run_dir::RunDir;
use crate::pipeline::worker::{Scanned, ScannedConversation, Worker};
use crate::report::summary::thousands;

#[derive(Debug, Args)]
pub(super) struct TrainArgs {
    /// Files, folders or globs of conversations with a `labels` column, or run folders, whose judged turns count
    #[arg(required = true, value_name = "LABELS|RUN")]
    inputs: Vec<String>,
    #[command(flatten)]
    input: InputRoot,
    /// The model file to write
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
    /// Go on from a model instead of beginning anew: a file, or `shipped`; a few hundred labels move it a little
    #[arg(long, value_name = "MODEL", conflicts_with = "unlabelled")]
    base: Option<PathBuf>,
    /// Conversations without labels, from which the model learns what words go together; may be repeated
    #[arg(long, value_name = "INPUT")]
    unlabelled: Vec<String>,
    #[command(flatten)]
    labelled: LabelArgs,
    #[command(flatten)]
    settings: Settings,
    /// Leave out what rules find: shows what the score is worth where they miss
    #[arg(long)]
    blind: bool,
    /// The column that tells kinds of dialogue apart, such as source; a corpus is unlike what the model was measured on if it is
    /// unlike each kind and each mixture of them [default: each input is a kind]
    #[arg(long, value_name = "COLUMN")]
    kinds: Option<String>,
    /// All that is drawn depends on it
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Print one JSON object instead of the table
    #[arg(long)]
    json: bool,
}

/// Turns without a label that are learned from at most: more teach little, and all are held in memory.
const MOST_UNLABELLED: usize = 20_000;

/// Conversations to learn from.
struct Source {
    name: String,
    files: Vec<InputFile>,
    labels: Labels,
}

/// Where the labels of a source come from.
enum Labels {
    /// The records' own column.
    Column,
    /// What a judge said.
    Judge(HashMap<RecordId, Option<Category>>),
    /// There are none.
    None,
}

impl Source {
    fn of(input: &str, root: &InputRoot, config: &InputConfig) -> Result<Self, Failure> {
        let path = Path::new(input);
        if !RunDir::is_run(path) {
            return Ok(Self {
                name: input.to_owned(),
                files: described(&[input.to_owned()], config)?,
                labels: Labels::Column,
            });
        }
        let run = root.find(RunDir::open(path)?)?;
        run.unchanged_input()?;
        let mut judged = judging::judged(&run)?;
        judged.extend(audited(&run)?);
        Ok(Self { name: input.to_owned(), files: run.manifest.inputs, labels: Labels::Judge(judged) })
    }

    fn unlabelled(input: &String, config: &InputConfig) -> Result<Self, Failure> {
        let files = described(std::slice::from_ref(input), config)?;
        Ok(Self { name: input.clone(), files, labels: Labels::None })
    }

    fn origin(&self, args: &TrainArgs) -> Origin {
        let part = match &self.labels {
            Labels::Column => args.labelled.part(),
            Labels::Judge(judged) => {
                format!("{} turns by their judge's answers", thousands(judged.len() as u64))
            }
            Labels::None => "unlabelled".to_owned(),
        };
        let hash = match self.files.as_slice() {
            [file] => file.hash.clone(),
            _ => String::new(),
        };
        Origin { name: self.short_name(), part, hash }
    }

    fn short_name(&self) -> String {
        Path::new(&self.name).file_name().map_or_else(String::new, |name| name.display().to_string())
    }
}

/// What the judge said when the run was audited: the only of its answers that nobody chose.
fn audited(run: &RunDir) -> Result<HashMap<RecordId, Option<Category>>, Failure> {
    let (Some(sample), Some(judge)) = (Sample::of(run)?, judging::judge_of(run)?) else {
        return Ok(HashMap::new());
    };
    let store = run.replies()?;
    let mut answers = HashMap::new();
    for drawn in &sample.turns {
        if let (Some(turn), Some(answer)) =
            (drawn.turn.row.turns.first(), judging::answer(&judge, &drawn.turn.row, &store)?)
        {
            answers.insert(turn.id, answer);
        }
    }
    Ok(answers)
}

pub(super) fn main(args: &TrainArgs) -> Result<Exit, Failure> {
    let begun = Instant::now();
    let mut effective = args.settings.effective()?;
    // The score knows what rules found, not what plugins said: one of them is the score.
    effective.config.plugins.clear();
    effective.config.cascade = Default::default();
    let engine = Engine::of(&effective)?;
    let config = &engine.config.input;
    let source = |input: &String| Source::of(input, &args.input, config);
    let mut sources = args.inputs.iter().map(source).collect::<Result<Vec<_>, _>>()?;
    for input in &args.unlabelled {
        sources.push(Source::unlabelled(input, config)?);
    }
    let base = args.base.as_deref().map(base).transpose()?;
    let mut rarity = match &base {
        Some(_) => Rarity::default(),
        None => rarity(&engine, args, &sources)?,
    };
    let mut examples = match &base {
        Some(base) => Examples::after(base),
        None => Examples::new(rarity.finish()),
    };
    let mut kinds = Kinds::default();
    let (mut without, mut known) = (0, 0);
    let mut unlabelled = Unlabelled::default();
    each(&engine, args, &sources, &mut unlabelled, |from, scanned, conversation, labels| {
        let source = &conversation.record.conversation;
        let turns = scanned.turns(conversation);
        if turns.iter().zip(labels).all(|(_, label)| *label == Label::Unknown) && without >= MOST_UNLABELLED {
            return;
        }
        examples.begin(source);
        known += u64::from(base.as_ref().is_some_and(|b| b.was_trained_on(conversation_hash(source))));
        for (turn, label) in turns.iter().zip(labels) {
            without += usize::from(*label == Label::Unknown);
            let rules = scanned.rule_ids(&engine, turn);
            let evidence = match args.blind {
                true => Evidence::default(),
                false => Evidence { rules: &rules, prior: turn.prior, votes: &[] },
            };
            examples.push(source, turn.message_index, &evidence, *label);
        }
        let judged = labels.iter().filter(|label| **label != Label::Unknown).count();
        if judged > 0 {
            let known =
                base.as_ref().map_or_else(|| rarity.without(source), |base| KnownWords::Model(base.idf()));
            let kind =
                args.kinds.as_deref().and_then(|column| condition::text_of(&conversation.record, column));
            let profile = kinds.of(kind.unwrap_or_else(|| from.short_name()), judged);
            Profiler::of_training(known).texts(&conversation.record, profile);
            turns.iter().for_each(|turn| profile.count(Trait::Mark, profile::mark(&engine, scanned, turn)));
        }
    })?;
    let options = TrainOptions {
        seed: args.seed,
        rules: engine.rules.hash().to_owned(),
        origins: sources.iter().map(|source| source.origin(args)).collect(),
        ..TrainOptions::default()
    };
    unlabelled.remark();
    if known > 0 {
        remark(&format!(
            "the base was trained on {} of these conversations: the figures flatter",
            thousands(known)
        ));
    }
    let trained = match &base {
        Some(base) => refit(base, &examples, &options),
        None => train(&examples, &options),
    };
    let (mut model, report) = trained.map_err(|why| Failure::usage(why.to_string()))?;
    model.add_measured(kinds.scored(&report.held_out));
    let bytes = model.to_bytes();
    part::write(&args.out, &bytes)?;
    let seconds = begun.elapsed().as_secs_f64();
    if args.json {
        print_json(&json!({
            "out": args.out, "bytes": bytes.len(), "turns": examples.len(), "labelled_turns": examples.judged(),
            "seconds": seconds, "provenance": model.provenance(), "quality": report.quality,
        }))?;
    } else {
        print(&format!("On conversations held out ({} parts):\n{report}", report.quality.folds))?;
        remark(&format!(
            "{} turns, {} of them labelled, learned in {seconds:.1} s; {} bytes in {}",
            thousands(examples.len() as u64),
            thousands(examples.judged() as u64),
            thousands(bytes.len() as u64),
            args.out.display()
        ));
    }
    Ok(Exit::Ok)
}

/// What the labelled conversations are like, by kind.
#[derive(Default)]
struct Kinds {
    profiles: BTreeMap<String, Profile>,
    /// The kind of each judged turn, in the order of the turns.
    judged: Vec<String>,
}

impl Kinds {
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

/// The model to go on from.
fn base(name: &Path) -> Result<Model, Failure> {
    let file = (name != Path::new("shipped")).then_some(name);
    rejoinder_plugin_scorer::load(file).map_err(Failure::usage)
}

/// How rare users' words are in the sources.
fn rarity(engine: &Engine, args: &TrainArgs, sources: &[Source]) -> Result<Rarity, Failure> {
    let mut rarity = Rarity::default();
    each(engine, args, sources, &mut Unlabelled::default(), |_, _, conversation, _| {
        let messages = &conversation.record.conversation.messages;
        messages
            .iter()
            .filter(|message| message.role == Role::User)
            .for_each(|message| rarity.add(&message.text));
    })?;
    Ok(rarity)
}

/// Calls `visit` with each conversation of the sources that counts, its source, and the labels of its later turns.
fn each(
    engine: &Engine,
    args: &TrainArgs,
    sources: &[Source],
    unlabelled: &mut Unlabelled,
    mut visit: impl FnMut(&Source, &Scanned<'_>, &ScannedConversation<'_>, &[Label]),
) -> Result<(), Failure> {
    let mut worker = Worker::new(engine)?;
    for source in sources {
        let input = &engine.config.input;
        for chunk in ChunkReader::new(&source.files, &input.map, Position::default(), input.max_record_bytes)
        {
            if let Some(why) = chunk.failure {
                return Err(Failure::new(Exit::Io, why));
            }
            let scanned = worker.process(&chunk)?;
            for conversation in &scanned.conversations {
                let turns = scanned.turns(conversation).iter();
                let labels: Vec<Label> = match &source.labels {
                    Labels::None if args.labelled.is_excepted(&conversation.record) => continue,
                    Labels::None => turns.map(|_| Label::Unknown).collect(),
                    Labels::Judge(judged) => {
                        let of = |id| judged.get(&id).map_or(Label::Unknown, |found| Label::Judged(*found));
                        turns.map(|turn| of(conversation.id(turn))).collect()
                    }
                    Labels::Column => match args.labelled.of(true, conversation, &chunk.file, unlabelled) {
                        Some(Some(labels)) => {
                            let of = |index| labels.of(index).map_or(Label::Unknown, Label::Judged);
                            turns.map(|turn| of(turn.message_index)).collect()
                        }
                        _ => continue,
                    },
                };
                visit(source, &scanned, conversation, &labels);
            }
        }
    }
    Ok(())
}
