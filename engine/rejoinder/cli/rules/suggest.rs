//! `rejoinder rules suggest`: rules worth writing, out of labelled turns.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use clap::Args;
use rejoinder_authoring::suggestion::{Gathered, Outcome, SearchTerms, gather, suggest};
use rejoinder_core::{RecordId, printable};
use rejoinder_ledger::part;
use rejoinder_report::excerpt::{TextLimit, cut};
use rejoinder_report::rule_author::suggestions::Suggestions;
use rejoinder_run::RunDir;
use rejoinder_run::training::{TrainingLabels, TrainingSource};
use rejoinder_scan::Engine;

use super::super::args::{CONFIG, OUTPUT};
use super::super::label_args::{LabelArgs, label_reader, nothing_labelled, remark_unlabelled};
use super::super::settings::{ConfigFileArgs, ConfigFlags, PluginFolderArgs, ReadingArgs, effective_config};
use super::super::terminal::remark;
use super::super::{InputRoot, described, find_input, print, print_json};
use crate::failure::{Exit, Failure};

/// Heading of the flags that say how is searched.
const SEARCH: &str = "Search";
/// Characters of a turn that is shown.
const SHOWN: TextLimit = TextLimit::Chars(160);

#[derive(Debug, Args)]
pub(super) struct SuggestArgs {
    /// Labelled chat logs, or run folders, whose judged turns count
    #[arg(required = true, value_name = "RUN|LABELS")]
    inputs: Vec<String>,
    #[command(flatten)]
    input: InputRoot,
    /// The rule file to write; without it the rules are printed
    #[arg(long, short, value_name = "FILE", help_heading = OUTPUT)]
    out: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long, help_heading = OUTPUT)]
    json: bool,
    /// Turns to show that a rule would decide wrongly
    #[arg(long, value_name = "N", default_value_t = 3, help_heading = OUTPUT)]
    examples: usize,
    /// Least share of right hits, as measured
    ///
    /// Measured in conversations that the search has not looked at.
    #[arg(long, value_name = "SHARE", default_value_t = SearchTerms::default().aim, value_parser = share, help_heading = SEARCH)]
    aim: f64,
    /// Least share of right hits, by a lower bound
    #[arg(long, value_name = "SHARE", default_value_t = SearchTerms::default().precision, value_parser = share, help_heading = SEARCH)]
    precision: f64,
    /// Confidence with which all bounds hold together
    #[arg(long, value_name = "SHARE", default_value_t = 1.0 - SearchTerms::default().delta, value_parser = share, help_heading = SEARCH)]
    confidence: f64,
    /// Conversations that a phrase stands in at least
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(5..), help_heading = SEARCH)]
    conversations: u32,
    /// All that is drawn depends on it
    #[arg(long, value_name = "N", default_value_t = 1, help_heading = SEARCH)]
    seed: u64,
    /// Leave the learned score out: rules and plugins alone
    #[arg(long, help_heading = CONFIG)]
    no_score: bool,
    #[command(flatten)]
    labelled: LabelArgs,
    #[command(flatten)]
    reading: ReadingArgs,
    #[command(flatten)]
    config: ConfigFileArgs,
    #[command(flatten)]
    plugins: PluginFolderArgs,
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.01..1.0).contains(&share) => Ok(share),
        _ => Err("a share from 0.01 to below 1 is wanted, such as 0.8".to_owned()),
    }
}

pub(super) fn main(args: &SuggestArgs) -> Result<Exit, Failure> {
    if let Some(out) = args.out.as_ref().filter(|out| out.exists()) {
        return Err(Failure::usage(format!(
            "{} is there already, and may hold what somebody has changed: name another file",
            out.display()
        )));
    }
    let flags: [&dyn ConfigFlags; 2] = [&args.reading, &args.plugins];
    let mut effective = effective_config(&args.config, &flags)?;
    if args.no_score {
        effective.config.cascade.score = false;
    }
    let engine = Engine::of(&effective)?;
    let mut sources = Vec::new();
    let mut drawn = HashSet::new();
    for (place, input) in args.inputs.iter().enumerate() {
        let (source, of_audit) = source(input, args, &engine)?;
        drawn.extend(of_audit.into_iter().map(|id| (place, id)));
        sources.push(source);
    }
    let files: Vec<_> = sources.iter().flat_map(|source| source.files.iter().cloned()).collect();
    let engine = engine.for_corpus(&files)?;
    let reader = label_reader(&args.labelled, true)?;
    let gathered = gather(&engine, &sources, &reader, &drawn)?;
    remark_unlabelled(&gathered.unlabelled);
    if gathered.corpus.judged() == 0 {
        let is_run = |source: &TrainingSource| matches!(source.labels, TrainingLabels::Judge(_));
        if sources.iter().all(is_run) {
            let names: Vec<&str> = sources.iter().map(|source| source.name.as_str()).collect();
            return Err(Failure::usage(format!(
                "no judge has answered about a turn of {}: `rejoinder judge` asks one",
                names.join(", ")
            )));
        }
        return Err(nothing_labelled(&reader.source));
    }
    let terms = SearchTerms {
        precision: args.precision,
        aim: args.aim,
        delta: 1.0 - args.confidence,
        conversations: args.conversations,
        seed: args.seed,
        ..SearchTerms::default()
    };
    let found = suggest(&gathered.corpus, &terms);
    let rules = engine.rules.rules();
    let packs: BTreeMap<_, _> = rules.iter().map(|rule| (rule.id.clone(), pack_name(&rule.file))).collect();
    let tests = |rule: &rejoinder_rules::Rule| {
        rule.tests
            .all()
            .iter()
            .filter(|test| !test.is_negative(&rule.id))
            .map(|test| test.dialogue.clone())
            .collect()
    };
    let dialogues = rules.iter().map(|rule| (rule.id.clone(), tests(rule))).collect();
    let suggestions = Suggestions {
        found: &found,
        corpus: &gathered.corpus,
        terms,
        population: population(&sources, &gathered, &reader.part()),
        has_score: engine.cuts().is_some(),
        packs,
        dialogues,
    };
    if args.json {
        print_json(&suggestions.json())?;
    }
    let texts = match args.examples {
        0 => HashMap::new(),
        _ => texts(
            &engine,
            &sources,
            &gathered,
            found.rules.iter().flat_map(|rule| rule.effect.wrong.iter().take(args.examples)),
        )?,
    };
    let sample = |turn: usize| texts.get(&turn).cloned().unwrap_or_default();
    let summary = suggestions.summary(args.examples, sample);
    match &args.out {
        _ if found.outcome != Outcome::Found && !args.json => print(&printable(&summary))?,
        Some(out) => {
            part::write(out, suggestions.rule_file().as_bytes())?;
            if !args.json {
                print(&printable(&summary))?;
            }
            remark(&format!(
                "written to {}: `rejoinder rules check` and `rejoinder rules test` come next",
                out.display()
            ));
        }
        None if !args.json => {
            print(&suggestions.rule_file())?;
            remark(&summary);
        }
        None => {}
    }
    Ok(Exit::Ok)
}

/// The conversations that an input names, and the turns of a run that an audit drew.
fn source(
    input: &str,
    args: &SuggestArgs,
    engine: &Engine,
) -> Result<(TrainingSource, Vec<RecordId>), Failure> {
    let path = Path::new(input);
    if RunDir::is_run(path) {
        let run = find_input(&args.input, RunDir::open(path)?.whole()?)?;
        let drawn = TrainingSource::audited_turns(&run)?;
        return Ok((TrainingSource::of_run(input.to_owned(), &run)?, drawn));
    }
    let files = described(&[input.to_owned()], &engine.config.input)?;
    Ok((TrainingSource { name: input.to_owned(), files, labels: TrainingLabels::Read }, Vec::new()))
}

/// What the labels are drawn from, in words without dates and paths of folders.
fn population(sources: &[TrainingSource], gathered: &Gathered, part: &str) -> String {
    let corpus = &gathered.corpus;
    let names: Vec<String> = sources
        .iter()
        .map(|source| {
            let name = Path::new(&source.name)
                .file_name()
                .map_or_else(String::new, |name| name.display().to_string());
            match &source.labels {
                TrainingLabels::Judge(_) => {
                    format!("the later turns of run {} that its judge answered about", printable(&name))
                }
                _ => format!("the later turns of {}", printable(&name)),
            }
        })
        .collect();
    let part = if part.is_empty() { String::new() } else { format!(" ({part})") };
    let whole = match corpus.judged() == corpus.len() {
        true => "",
        false => ", where others have no label",
    };
    format!("{}{part}{whole}", names.join(" and "))
}

/// The name by which a rule file extends the pack in a file.
fn pack_name(file: &str) -> String {
    let shipped = rejoinder_rules::Pack::shipped().find(|name| file == format!("rules/{name}.toml"));
    shipped.map_or_else(|| file.to_owned(), str::to_owned)
}

/// The texts of some turns, each cut to a line.
fn texts<'t>(
    engine: &Engine,
    sources: &[TrainingSource],
    gathered: &Gathered,
    turns: impl Iterator<Item = &'t usize>,
) -> Result<HashMap<usize, String>, Failure> {
    let wanted: HashMap<(usize, RecordId), usize> =
        turns.map(|&turn| (gathered.places[turn], turn)).collect();
    let mut texts = HashMap::new();
    rejoinder_authoring::suggestion::each_turn(engine, sources, |place, id, text| {
        if let Some(&turn) = wanted.get(&(place, id)) {
            let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
            texts.insert(turn, cut(&line, SHOWN).text);
        }
    })?;
    Ok(texts)
}
