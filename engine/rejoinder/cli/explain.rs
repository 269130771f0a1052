//! `rejoinder explain`: what every rule and plugin made of a turn, for the author whose rule does not do what it should,
//! and for the operator who wonders about a record.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use clap::Args;
use rejoinder_core::{Answer, RecordId};
use rejoinder_read::{Chunk, ChunkReader, InputFile, Position, RecordError};
use rejoinder_run::reading_sample::TurnView;
use rejoinder_run::{RunDir, TurnOutcome, judging};
use rejoinder_scan::config::InputConfig;
use rejoinder_scan::{Engine, Worker};

use super::args::OUTPUT;
use super::settings::{ConfigFileArgs, ConfigFlags, PluginFolderArgs, ReadingArgs, effective_config};
use super::{InputRoot, find_input, print, print_json};
use crate::failure::{Exit, Failure};
use crate::report::dialogue::render;
use crate::report::explanation::{Explanation, JudgeRow, PluginRow};

#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// A run's folder, or a file with dialogues
    ///
    /// JSON lines, or text whose lines begin with `U: `, `A: ` or `S: `.
    #[arg(value_name = "RUN|FILE")]
    target: PathBuf,
    /// The turn's id, such as 0:17:4; needed with a run
    ///
    /// shard:ordinal:message_index, as in the run's records.
    #[arg(value_name = "ID")]
    id: Option<RecordId>,
    #[command(flatten)]
    input: InputRoot,
    /// Show the rules that found nothing, too
    #[arg(long, help_heading = OUTPUT)]
    all: bool,
    /// Show this rule alone; may be repeated
    #[arg(long, value_name = "ID", help_heading = OUTPUT)]
    rule: Vec<String>,
    /// Print one JSON object
    #[arg(long, help_heading = OUTPUT)]
    json: bool,
    #[command(flatten)]
    reading: ReadingArgs,
    #[command(flatten)]
    config: ConfigFileArgs,
    #[command(flatten)]
    plugins: PluginFolderArgs,
}

pub(super) fn main(args: &ExplainArgs) -> Result<Exit, Failure> {
    if RunDir::is_run(&args.target) {
        let id = args.id.ok_or_else(|| {
            Failure::usage("name the turn by its id, the column `id` of its record, such as 0:17:4")
        })?;
        let run = find_input(&args.input, RunDir::open(&args.target)?)?;
        let engine = run.engine()?;
        let line = find_line(&run.manifest.inputs, id, &engine.config.input)?;
        let trace = judging::trace(&run, id)?;
        let asked = run.asked()?;
        let worker = Worker::new(&engine)?.knowing(&asked);
        return explain(args, worker, &line, Some(id.message_index as usize), trace.as_ref());
    }
    let flags: [&dyn ConfigFlags; 2] = [&args.reading, &args.plugins];
    let engine = Engine::of(&effective_config(&args.config, &flags)?)?;
    let (line, turn) = read_dialogue(&args.target, args.id, &engine.config.input)?;
    explain(args, Worker::new(&engine)?, &line, turn, None)
}

/// A chunk of the one record.
fn find_line(inputs: &[InputFile], id: RecordId, input: &InputConfig) -> Result<Chunk, Failure> {
    let from = Position::of_file(id.shard);
    for chunk in ChunkReader::new(inputs, &input.map, from, input.max_record_bytes) {
        if chunk.start.shard != id.shard || chunk.start.line > id.ordinal {
            break;
        }
        if let Some(why) = chunk.failure {
            return Err(Failure::new(Exit::Io, why));
        }
        if let Some(found) = chunk.single(id.ordinal) {
            return Ok(found);
        }
        if let Some(lost) = chunk.set_aside.iter().find(|lost| lost.line == id.ordinal) {
            return Err(Failure::usage(format!("{}:{}: {}", lost.file, lost.line + 1, lost.reason)));
        }
    }
    Err(Failure::usage(format!("there is no record {id} in the input")))
}

/// The dialogue of a file, and the turn that is asked about; `None` for the last later turn.
fn read_dialogue(
    path: &Path,
    id: Option<RecordId>,
    input: &InputConfig,
) -> Result<(Chunk, Option<usize>), Failure> {
    let (file, _) = InputFile::describe_as(path, input.asked())?;
    let Some(text) = script(path, input.max_record_bytes)? else {
        let id_or_first = id.unwrap_or(RecordId { shard: 0, ordinal: 0, message_index: 0 });
        let chunk = find_line(&[file], id_or_first, input)?;
        return Ok((chunk, id.map(|id| id.message_index as usize)));
    };
    let mut messages: Vec<(&str, String)> = Vec::new();
    for line in text.lines() {
        let role = match line.get(..2) {
            Some("U:") => "user",
            Some("A:") => "assistant",
            Some("S:") => "system",
            _ => {
                // A line without a role goes on with the message before it.
                if let Some((_, message)) = messages.last_mut() {
                    message.push('\n');
                    message.push_str(line);
                }
                continue;
            }
        };
        messages.push((role, line[2..].strip_prefix(' ').unwrap_or(&line[2..]).to_owned()));
    }
    let messages: Vec<_> = messages
        .iter()
        .map(|(role, content)| serde_json::json!({ "role": role, "content": content.trim_end() }))
        .collect();
    let bytes = serde_json::json!({ "id": "dialogue", "messages": messages }).to_string().into_bytes();
    let chunk = Chunk::of_lines(path.display().to_string(), Position::default(), bytes);
    Ok((chunk, id.map(|id| id.message_index as usize)))
}

/// The text of a file that begins with a message of somebody; `None` where it holds records.
fn script(path: &Path, max_bytes: usize) -> Result<Option<String>, Failure> {
    let failed = |e: io::Error| Failure::io(format!("cannot read {}", path.display()), &e);
    let file = File::open(path).map_err(failed)?;
    let size = file.metadata().map_err(failed)?.len();
    let mut file = BufReader::new(file);
    let head = file.fill_buf().map_err(failed)?.trim_ascii_start();
    if !["U:", "A:", "S:"].iter().any(|role| head.starts_with(role.as_bytes())) {
        return Ok(None);
    }
    if size > max_bytes as u64 {
        return Err(Failure::usage(format!(
            "{}: {}",
            path.display(),
            RecordError::TooLong { bytes: size, limit: max_bytes }
        )));
    }
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(failed)?;
    Ok(Some(text))
}

fn explain(
    args: &ExplainArgs,
    mut worker: Worker<'_>,
    chunk: &Chunk,
    turn: Option<usize>,
    trace: Option<&judging::JudgeTrace>,
) -> Result<Exit, Failure> {
    let engine = worker.engine;
    for id in &args.rule {
        if engine.rules.rules().iter().all(|r| r.id != *id) {
            return Err(Failure::usage(format!("--rule {id}: no rule in force has this id")));
        }
    }
    worker.want_notes();
    let scanned = worker.scan(chunk)?;
    if let Some(bad) = scanned.set_aside.first() {
        return Err(Failure::usage(format!("{}:{}: {}", bad.file, bad.line + 1, bad.reason)));
    }
    let Some(conversation) = scanned.conversations.first() else {
        return Err(Failure::usage(format!("{} holds no conversation", chunk.file)));
    };
    let turns = scanned.turns(conversation);
    let found = match turn {
        Some(index) => turns.iter().find(|t| t.message_index == index),
        None => turns.last(),
    };
    let Some(turn) = found else {
        return Err(Failure::usage(
            "that is no later turn: rules look at user messages that come after an answer of the assistant",
        ));
    };
    let trials = worker.explain(&conversation.record.conversation, turn.message_index);
    let notes = scanned.notes(turn).iter().cloned();
    let votes = scanned.plugin_votes(engine, turn).into_iter();
    let plugins = votes.zip(notes).map(|(vote, note)| PluginRow { vote, note }).collect();
    let judge = trace.map(JudgeRow::new);
    let answer = judge.as_ref().map_or(Answer::Unknown, JudgeRow::answer);
    let outcome = TurnOutcome::new(turn.decision(), answer);
    let explanation = Explanation::new(engine, &trials, plugins, turn.ground, judge);
    if args.json {
        print_json(&explanation)?;
    } else {
        print(&render(TurnView { engine, scanned: &scanned, conversation, turn, outcome }))?;
        print(&explanation.text(&args.rule, args.all))?;
    }
    Ok(Exit::Ok)
}
