//! Reads what is asked about, lets the engine look at it, and prints.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::slice;

use clap::Args;
use rejoinder_core::{Answer, RecordId, printable};
use rejoinder_judge::Finding;
use rejoinder_read::{Chunk, InputFile, Position};
use rejoinder_run::reading_sample::{ConversationPlace, TurnView, record_at, record_from};
use rejoinder_run::{RunDir, TurnOutcome, judging};
use rejoinder_scan::config::InputConfig;
use rejoinder_scan::{Engine, ScannedBatch, ScannedConversation, ScannedTurn, Worker, default_threads};

use super::find::{self, AskedName};
use super::script;
use crate::cli::args::OUTPUT;
use crate::cli::pager::{PagedOutput, PagerArgs};
use crate::cli::settings::{ConfigFileArgs, ConfigFlags, PluginFolderArgs, ReadingArgs, effective_config};
use crate::cli::show::known_rules;
use crate::cli::{InputRoot, find_input, json_line, terminal};
use crate::failure::{Exit, Failure};
use rejoinder_report::decision::TurnDecision;
use rejoinder_report::dialogue::{DialogueLook, brief, render};
use rejoinder_report::explanation::{Explanation, JudgeRow, ShownRules};
use rejoinder_report::numbers::counted;

#[derive(Debug, Args)]
pub(in crate::cli) struct ExplainArgs {
    /// A run's folder, or a file with dialogues
    ///
    /// JSON lines, or text whose lines begin with `User: `, `Assistant: `, `U: `, `A: `.
    #[arg(value_name = "RUN|FILE")]
    target: PathBuf,
    /// The id of a turn, such as 0:17:4, or of a conversation; needed with a run
    ///
    /// A turn's is shard:ordinal:message_index, as in the run's records. A conversation's id explains its one later turn, or
    /// lists all of them.
    #[arg(value_name = "ID")]
    id: Option<String>,
    #[command(flatten)]
    input: InputRoot,
    /// Show the rules that found nothing, too
    ///
    /// Also those of other languages than the conversation's that nearly hit.
    #[arg(long, help_heading = OUTPUT)]
    all: bool,
    /// Show this rule alone; may be repeated
    #[arg(long, value_name = "ID", help_heading = OUTPUT)]
    rule: Vec<String>,
    /// Show long texts whole
    #[arg(long, help_heading = OUTPUT)]
    full: bool,
    #[command(flatten)]
    pager: PagerArgs,
    /// Print one JSON object; a line for each later turn of a conversation
    #[arg(long, help_heading = OUTPUT)]
    json: bool,
    #[command(flatten)]
    reading: ReadingArgs,
    #[command(flatten)]
    config: ConfigFileArgs,
    #[command(flatten)]
    plugins: PluginFolderArgs,
}

pub(in crate::cli) fn main(args: &ExplainArgs) -> Result<Exit, Failure> {
    if RunDir::is_run(&args.target) {
        let name = args.id.as_deref().map(AskedName::new).ok_or_else(|| {
            Failure::usage(
                "name the turn by its id, the column `id` of its record, such as 0:17:4, or the conversation by its id",
            )
        })?;
        let run = find_input(&args.input, RunDir::open(&args.target)?)?;
        let engine = run.engine()?;
        let asked = run.asked()?;
        let worker = Worker::new(&engine)?.knowing(&asked);
        let source = Source { inputs: &run.manifest.inputs, run: Some(&run) };
        return Explainer::new(args, &engine, worker)?.explain(&source, &name);
    }
    let flags: [&dyn ConfigFlags; 2] = [&args.reading, &args.plugins];
    let engine = Engine::of(&effective_config(&args.config, &flags)?)?;
    let (file, _) = InputFile::describe_as(&args.target, engine.config.input.asked())?;
    let script = script::dialogue(&args.target, engine.config.input.max_record_bytes)?;
    let engine = match script {
        Some(_) => engine,
        None => engine.for_corpus(slice::from_ref(&file))?,
    };
    let worker = Worker::new(&engine)?;
    let mut explainer = Explainer::new(args, &engine, worker)?;
    let input = &engine.config.input;
    if let Some(dialogue) = script {
        let turn = match args.id.as_deref().map(AskedName::new) {
            None => AskedTurn::Last,
            Some(AskedName::Turn(id)) => AskedTurn::Message(id.message_index as usize),
            Some(AskedName::Conversation(id)) => {
                return Err(Failure::usage(format!(
                    "{}: a dialogue as text has no id; name a turn of it, such as 0:0:2",
                    printable(&id)
                )));
            }
        };
        explainer.turn(&dialogue, turn, None)?;
        return explainer.end();
    }
    let inputs = [file];
    let source = Source { inputs: &inputs, run: None };
    match args.id.as_deref().map(AskedName::new) {
        Some(name) => explainer.explain(&source, &name),
        None => {
            let first = RecordId { shard: 0, ordinal: 0, message_index: 0 };
            let chunk = source.record(input, first)?;
            explainer.turn(&chunk, AskedTurn::Last, None)?;
            explainer.end()
        }
    }
}

/// Where conversations come from.
struct Source<'s> {
    inputs: &'s [InputFile],
    run: Option<&'s RunDir>,
}

impl Source<'_> {
    /// A chunk of the one record that holds a turn.
    fn record(&self, input: &InputConfig, id: RecordId) -> Result<Chunk, Failure> {
        let read = match self.run {
            Some(run) => record_at(run, id),
            None => record_from(self.inputs, input, Position::of_file(id.shard), id),
        };
        read.map_err(find::no_record)
    }

    fn trace(&self, id: RecordId) -> Result<Option<judging::JudgeTrace>, Failure> {
        Ok(self.run.map(|run| judging::trace(run, id)).transpose()?.flatten())
    }
}

/// Which turn of a conversation is asked about.
#[derive(Clone, Copy)]
enum AskedTurn {
    /// The last later turn.
    Last,
    /// The message with this index.
    Message(usize),
}

/// Explains turns of conversations.
struct Explainer<'a> {
    args: &'a ExplainArgs,
    engine: &'a Engine,
    worker: Worker<'a>,
    out: PagedOutput,
    look: DialogueLook,
}

impl<'a> Explainer<'a> {
    fn new(args: &'a ExplainArgs, engine: &'a Engine, mut worker: Worker<'a>) -> Result<Self, Failure> {
        known_rules(engine, &args.rule)?;
        worker.want_notes();
        let out = if args.json { PagedOutput::plain() } else { PagedOutput::new(args.pager) };
        let look = DialogueLook { styles: terminal::styles(), full: args.full };
        Ok(Self { args, engine, worker, out, look })
    }

    fn end(self) -> Result<Exit, Failure> {
        self.out.end()?;
        Ok(Exit::Ok)
    }

    fn explain(mut self, source: &Source<'_>, name: &AskedName) -> Result<Exit, Failure> {
        let input = &self.engine.config.input;
        let places = match name {
            AskedName::Turn(id) => {
                let chunk = source.record(input, *id)?;
                let trace = source.trace(*id)?;
                self.turn(&chunk, AskedTurn::Message(id.message_index as usize), trace.as_ref())?;
                return self.end();
            }
            AskedName::Conversation(id) => find::conversations(source.inputs, input, id, threads())?,
        };
        for place in &places {
            self.conversation(source, place)?;
        }
        self.end()
    }

    /// Explains the later turn of a conversation, or, where there are several, says what became of each.
    fn conversation(&mut self, source: &Source<'_>, place: &ConversationPlace) -> Result<(), Failure> {
        let ConversationPlace { shard, ordinal, turns } = place;
        let first = RecordId { shard: *shard, ordinal: *ordinal, message_index: 0 };
        let chunk = source.record(&self.engine.config.input, first)?;
        if turns.len() <= 1 || self.args.json {
            for id in turns {
                let trace = source.trace(*id)?;
                self.turn(&chunk, AskedTurn::Message(id.message_index as usize), trace.as_ref())?;
            }
            // Says that there is none.
            return if turns.is_empty() { self.turn(&chunk, AskedTurn::Last, None) } else { Ok(()) };
        }
        let found = source.run.map(judging::findings).transpose()?.unwrap_or_default();
        let scanned = self.worker.scan(&chunk)?;
        let conversation = only(&scanned, &chunk)?;
        let id = printable(&conversation.record.conversation.id);
        let count = counted(turns.len() as u64, "later turn");
        self.out.print(&format!("conversation {id} · {shard}:{ordinal} in {} · {count}\n", chunk.file))?;
        for turn in scanned.turns(conversation) {
            let answer = match found.get(&conversation.id(turn)) {
                Some(Finding::Feedback { category, .. }) => Answer::Feedback(*category),
                Some(Finding::NoFeedback) => Answer::NoFeedback,
                Some(Finding::Unverified(_)) | None => Answer::Unknown,
            };
            let view = view(self.engine, &scanned, conversation, turn, answer);
            let model = source.run.map(|run| run.manifest.config.judge.model.as_str());
            self.out.print(&brief(view, model, self.look))?;
        }
        let last = turns.last().map(|id| format!(" {id}")).unwrap_or_default();
        self.out.print(&format!(
            "\none of them in full: rejoinder explain {}{last}\n",
            self.args.target.display()
        ))
    }

    /// Explains a turn of the conversation of a chunk.
    fn turn(
        &mut self,
        chunk: &Chunk,
        asked: AskedTurn,
        trace: Option<&judging::JudgeTrace>,
    ) -> Result<(), Failure> {
        let (args, engine, worker) = (self.args, self.engine, &mut self.worker);
        let scanned = worker.scan(chunk)?;
        let conversation = only(&scanned, chunk)?;
        let turns = scanned.turns(conversation);
        let found = match asked {
            AskedTurn::Message(index) => turns.iter().find(|t| t.message_index == index),
            AskedTurn::Last => turns.last(),
        };
        let Some(turn) = found else {
            return Err(Failure::usage(
                "that is no later turn: rules look at user messages that come after an answer of the assistant",
            ));
        };
        let trials = worker.explain(&scanned, conversation, turn);
        let judge = trace.map(JudgeRow::new);
        let answer = judge.as_ref().map_or(Answer::Unknown, JudgeRow::answer);
        let view = view(engine, &scanned, conversation, turn, answer);
        let model = judge.as_ref().and_then(JudgeRow::model);
        let decision = TurnDecision::of(&view, model);
        let explanation = Explanation::new(&view, decision, &trials, judge, args.full);
        if args.json {
            return self.out.print(&json_line(&explanation));
        }
        let shown = ShownRules { only: &args.rule, all: args.all };
        self.out.print(&explanation.headline(self.look.styles))?;
        self.out.print(&render(view, self.look))?;
        self.out.print(&explanation.text(shown, self.look))
    }
}

fn threads() -> NonZeroUsize {
    default_threads()
}

fn view<'v>(
    engine: &'v Engine,
    scanned: &'v ScannedBatch<'v>,
    conversation: &'v ScannedConversation<'v>,
    turn: &'v ScannedTurn,
    answer: Answer,
) -> TurnView<'v> {
    let outcome = TurnOutcome::new(turn.decision(), answer);
    TurnView { engine, scanned, conversation, turn, outcome, span: None }
}

/// The one conversation of a chunk, scanned.
fn only<'s, 'c>(
    scanned: &'s ScannedBatch<'c>,
    chunk: &Chunk,
) -> Result<&'s ScannedConversation<'c>, Failure> {
    if let Some(bad) = scanned.set_aside.first() {
        return Err(Failure::usage(format!("{}:{}: {}", bad.file, bad.line + 1, bad.reason)));
    }
    scanned.conversations.first().ok_or_else(|| {
        let why = match (scanned.too_short, scanned.other_language) {
            (0, 0) => "holds no conversation",
            (0, _) => "the conversation is left out: it is in another language than `lang` asks for",
            _ => "the conversation is left out: it has fewer messages than `min-messages` asks for",
        };
        Failure::usage(format!("{}:{}: {why}", chunk.file, chunk.start.line + 1))
    })
}
