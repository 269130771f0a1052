//! `rejoinder reproduce-paper`: our run over the user's own copy of LMSYS-Chat-1M beside the data set that the paper released,
//! on one page. The run is a common one, so a judge, a budget and `resume` work as they always do.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use rejoinder_export::labels::foreign::{CategoryNumbering, LeftOutEntries};
use rejoinder_read::InputFile;
use rejoinder_run::judging::{Judge, settings};
use rejoinder_run::label_import::paper_labels;
use rejoinder_run::recall::ReferenceTurns;
use rejoinder_run::watch::Watch;
use rejoinder_run::{RunDir, stages};
use rejoinder_scan::config::EffectiveConfig;
use rejoinder_scan::{Config, Engine};

use super::args::{INPUT, OUTPUT};
use super::import_labels::NumberingName;
use super::inputs::described_silently;
use super::run;
use super::settings::{
    AskingArgs, ConfigFileArgs, ConfigFlags, PluginFolderArgs, ReadingArgs, effective_config,
};
use super::terminal::remark;
use super::work::at_work;
use super::{Threads, asking, print, print_json, signals};
use crate::failure::{Exit, Failure};
use rejoinder_report::numbers::{counted, thousands};
use rejoinder_report::reproduction::{ReleasedLabels, Reproduction, WithoutServer};
use rejoinder_report::summary::Summary;

/// The paper leaves out shorter conversations.
const MIN_MESSAGES: usize = 4;

#[derive(Debug, Args)]
pub(super) struct ReproducePaperArgs {
    /// Folder with the conversations (Parquet or JSONL) and the released .csv
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// The .csv, where it lies elsewhere, or there are several
    ///
    /// The same table as .jsonl will do.
    #[arg(long, value_name = "FILE", help_heading = INPUT)]
    csv: Option<PathBuf>,
    /// Which numbers the .csv calls the categories by
    ///
    /// Old copies use those of Petrak et al., one higher.
    #[arg(long, value_enum, default_value = "paper", help_heading = INPUT)]
    numbering: NumberingName,
    /// Compare this run instead of making a new one
    ///
    /// A run over the same conversations.
    #[arg(long, value_name = "RUN", help_heading = INPUT, conflicts_with_all = ["out", "config"])]
    run: Option<PathBuf>,
    /// Folder for the run [default: runs/0001, runs/0002, …]
    #[arg(long, value_name = "DIR", help_heading = OUTPUT)]
    out: Option<PathBuf>,
    /// Print one JSON object instead of the page
    #[arg(long, help_heading = OUTPUT)]
    json: bool,
    #[command(flatten)]
    reading: ReadingArgs,
    #[command(flatten)]
    config: ConfigFileArgs,
    #[command(flatten)]
    plugins: PluginFolderArgs,
    #[command(flatten)]
    asking: AskingArgs,
    #[command(flatten)]
    threads: Threads,
}

/// The run that is compared.
enum RunChoice {
    Made(Box<RunDir>),
    New(Box<EffectiveConfig>),
}

pub(super) fn main(args: &ReproducePaperArgs) -> Result<Exit, Failure> {
    let begun = Instant::now();
    let choice = match &args.run {
        Some(path) => RunChoice::Made(Box::new(RunDir::open(path)?.whole()?)),
        None => {
            let flags: [&dyn ConfigFlags; 3] = [&args.reading, &args.plugins, &args.asking];
            let mut effective = effective_config(&args.config, &flags)?;
            effective.config.input.min_messages = effective.config.input.min_messages.max(MIN_MESSAGES);
            RunChoice::New(Box::new(effective))
        }
    };
    let released = released(args)?;
    let watch = Watch::default();
    signals::stop_on_interrupt(&watch.stop)?;
    // Before a judge is asked: with rows of another corpus its answers would be paid for in vain.
    let (config, files) = match &choice {
        RunChoice::Made(run) => (run.config(), run.unchanged_input()?.to_vec()),
        RunChoice::New(effective) => {
            let config = effective.config.clone();
            settings::client(&config.judge)?;
            let files = described_silently(&[args.dir.display().to_string()], &config.input)?;
            (config, files)
        }
    };
    let without_server = without_server(args, config, &files, &released, &watch)?;
    let (run, stopped) = match choice {
        RunChoice::Made(run) => (*run, None),
        RunChoice::New(effective) => {
            let (mut run, engine) =
                run::begin(&effective, &[args.dir.display().to_string()], args.out.as_deref())?;
            let stopped = at_work(&run.path.clone(), "reproduce-paper", &watch, || {
                let ended = asking::with_operator(&watch, args.threads.get(), |operator| {
                    stages::scan_and_ask(&mut run, engine, operator, false)
                });
                asking::outcome(&run, ended)
            })?;
            (run, stopped)
        }
    };
    let summary = Summary::of(&run, begun.elapsed().as_secs_f64())?;
    let page = Reproduction::of(&run, &released, without_server, summary)?;
    if args.json {
        print_json(&page)?;
    } else {
        print(&page.text())?;
    }
    stopped.map_or(Ok(Exit::Ok), Err)
}

/// What rules and score alone make of the released rows.
fn without_server(
    args: &ReproducePaperArgs,
    mut config: Config,
    files: &[InputFile],
    released: &ReleasedLabels,
    watch: &Watch,
) -> Result<WithoutServer, Failure> {
    let purpose = config.purpose;
    config.score_all_turns(purpose);
    let engine = Engine::build(config)?;
    let rows = |conversation: &str| released.of(conversation);
    let read = ReferenceTurns::of(&engine, files, args.threads.get(), &watch.stop, &rows)?;
    check(args, released, &read)?;
    let judge = Judge::expected(&engine.config.judge, None)?;
    Ok(WithoutServer::of(released, &read, &engine, &judge)?)
}

/// Refuses rows that say nothing about what was read.
fn check(args: &ReproducePaperArgs, released: &ReleasedLabels, read: &ReferenceTurns) -> Result<(), Failure> {
    let folder = args.dir.display();
    let Some(first) = &read.example else {
        return Err(Failure::new(
            Exit::Nothing,
            format!(
                "{folder} holds no conversation with more than three messages, and the paper looks at no other: `rejoinder inspect \
                 {folder}` says what is there"
            ),
        ));
    };
    let rows = counted(released.rows(), "row");
    if read.with_rows == 0 {
        return Err(Failure::usage(format!(
            "of {rows} none is about a conversation that was read here: the first id among the rows is `{}`, the first \
             conversation here is `{}`. Probably they belong to another corpus, or the ids were given anew when this copy was made: \
             the paper's rows go by `conversation_id` of lmsys/lmsys-chat-1m",
            released.example().unwrap_or_default().escape_debug(),
            first.escape_debug()
        )));
    }
    if read.turns.iter().all(|turn| turn.found.is_none()) {
        return Err(Failure::usage(format!(
            "{} with rows are here, but none of {rows} names an exchange that a user's turn follows. Probably `feedback_turn` counts \
             something else than the paper does: exchanges, from 1",
            counted(read.with_rows, "conversation")
        )));
    }
    Ok(())
}

/// Of so many rows one at most may fit the other numbering.
const FEW: u64 = 100;

/// What the paper released.
fn released(args: &ReproducePaperArgs) -> Result<ReleasedLabels, Failure> {
    let file = match &args.csv {
        Some(file) => file.clone(),
        None => only_csv(&args.dir)?,
    };
    if file.extension().is_some_and(|name| name == "parquet") {
        return Err(Failure::usage(format!(
            "{}: the rows are read as CSV or JSON lines, not as Parquet. pandas writes the one as the other: \
             read_parquet(FILE).to_csv(\"rows.csv\", index=False)",
            file.display()
        )));
    }
    let numbering = args.numbering.numbering();
    let read = paper_labels(&file, numbering)?;
    let (labels, contrary) = (read.labels(), read.contrary);
    let LeftOutEntries { count, first } = &read.left_out;
    let shown = file.display();
    if contrary * FEW > labels + count {
        let other = match numbering {
            CategoryNumbering::Paper => "those of Petrak et al., one higher: --numbering petrak",
            CategoryNumbering::Petrak => "the paper's: --numbering paper",
        };
        return Err(Failure::usage(format!(
            "{shown}: {} of {} name a category that does not go with their label, or none of this numbering. Its numbers are \
             probably {other}",
            thousands(contrary),
            counted(labels + count, "row")
        )));
    }
    if labels == 0 {
        return Err(Failure::usage(format!(
            "{shown}: no row can be used, {} were left out; the first: {first}. The columns are `conversation_id`, `feedback_turn` \
             (exchanges, from 1) and `category` (UR1 to UR5)",
            thousands(*count)
        )));
    }
    if *count > 0 {
        remark(&format!("{shown}: {} left out; the first: {first}", counted(*count, "row")));
    }
    Ok(ReleasedLabels::new(read.rows()))
}

/// The one .csv of a folder.
fn only_csv(dir: &Path) -> Result<PathBuf, Failure> {
    let entries =
        std::fs::read_dir(dir).map_err(|e| Failure::usage(format!("cannot read {}: {e}", dir.display())))?;
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut found = paths.filter(|path| path.extension().is_some_and(|name| name == "csv"));
    match (found.next(), found.next()) {
        (Some(file), None) => Ok(file),
        (None, _) => Err(Failure::usage(format!(
            "{} holds no .csv: put the paper's dataset_extraction.csv there, or name it by --csv",
            dir.display()
        ))),
        _ => Err(Failure::usage(format!("{} holds several .csv: name the paper's by --csv", dir.display()))),
    }
}
