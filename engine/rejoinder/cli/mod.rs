//! The command line: one file a verb; each checks what it was given, calls the pipeline and prints.

use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand};
use rejoinder_core::printable_json;
use rejoinder_read::{InputFile, input};
use rejoinder_run::RunDir;
use rejoinder_scan::config::InputConfig;
use rejoinder_scan::default_threads;

use crate::failure::{Exit, Failure};

mod asking;
mod audit;
mod calibrate;
mod completions;
mod config;
mod eval;
mod explain;
mod export;
mod import_labels;
mod inspect;
mod judge;
mod labelled;
mod oracle;
mod plan;
mod plugin;
mod plugin_host;
mod progress;
mod reproduce_paper;
mod resume;
mod rules;
mod run;
mod show;
mod signals;
mod terminal;
mod train;

use terminal::remark;

/// Extracts the feedback that users give in passing from chat logs.
#[derive(Debug, Parser)]
#[command(name = "rejoinder", version, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
    /// No progress and no remarks on standard error, errors only
    #[arg(long, short, global = true)]
    quiet: bool,
}

const EXIT_CODES: &str = "Exit codes: 0 ok · 1 bug · 2 usage · 3 a check failed · 4 budget reached · 5 judge unavailable · \
6 bad input under --strict · 7 invalid or changed config or rules · 8 I/O or plugin failure · 9 nothing read · 130 interrupted. \
After 4, 5, 8 and 130, `rejoinder resume RUN` goes on.";

#[derive(Debug, Subcommand)]
enum Verb {
    /// Say what files hold and how they will be read
    Inspect(inspect::InspectArgs),
    /// Find the feedback in chat logs
    Run(run::RunArgs),
    /// Ask the judge about the turns of a run that wait for it
    Judge(judge::JudgeArgs),
    /// Count what judging would take and cost, beside the paper's method, without asking anybody
    Plan(plan::PlanArgs),
    /// Go on with a run that was interrupted
    Resume(resume::ResumeArgs),
    /// Read turns of a run, with what decided about them
    Show(show::ShowArgs),
    /// Write training files, the feedback itself or tasks for review out of a run
    Export(export::ExportArgs),
    /// Read labels that people made with other programs, to measure and to train with
    ImportLabels(import_labels::ImportLabelsArgs),
    /// Compare a run over LMSYS-Chat-1M with the data set that the paper released
    ReproducePaper(reproduce_paper::ReproducePaperArgs),
    /// Certify what a run missed and wrongly took, by a sample of what the judge was not asked about
    Audit(audit::AuditArgs),
    /// Find the scores between which the judge must be asked, by a sample of a corpus
    Calibrate(calibrate::CalibrateArgs),
    /// Learn a score from labels, or from what the judge said
    Train(train::TrainArgs),
    /// Compare decisions with labels
    Eval(eval::EvalArgs),
    /// Say what every rule made of a turn, and why it was decided as it was
    Explain(explain::ExplainArgs),
    /// Check, test, list and measure rules
    Rules(rules::RulesArgs),
    /// Show the config in force, or what it may say
    Config(config::ConfigArgs),
    /// Make, check, measure and list plugins
    Plugin(plugin::PluginArgs),
    #[command(hide = true)]
    PluginHost(plugin_host::PluginHostArgs),
    /// Print a completion script for a shell
    Completions(completions::CompletionsArgs),
}

/// How many threads scan.
#[derive(Clone, Copy, Debug, Args)]
struct Threads {
    /// Threads that scan [default: one a core]
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
}

impl Threads {
    fn get(self) -> NonZeroUsize {
        self.threads.unwrap_or_else(default_threads)
    }
}

/// Where a run's input lies.
#[derive(Debug, Args)]
struct InputRoot {
    /// Folder under which the run's input files lie now, if they were moved: each is looked for by its path or the end of it,
    /// and must hold what it did
    #[arg(long, value_name = "DIR")]
    input_root: Option<PathBuf>,
}

impl InputRoot {
    /// The run, with its input where it is now.
    ///
    /// # Errors
    /// If it is not there.
    fn find(&self, mut run: RunDir) -> Result<RunDir, Failure> {
        self.input_root.iter().try_for_each(|root| run.look_under(root))?;
        Ok(run)
    }
}

/// Runs the command that the process was started with; returns how it ended, with all messages printed.
pub fn main() -> Exit {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Ok };
            // There is nobody left to tell if this cannot be printed.
            let _ = error.print();
            return exit;
        }
    };
    if cli.quiet {
        terminal::be_quiet();
    }
    signals::survive_file_size_limits();
    let ended = match cli.verb {
        Verb::Inspect(args) => inspect::main(&args),
        Verb::Run(args) => run::main(&args),
        Verb::Judge(args) => judge::main(&args),
        Verb::Plan(args) => plan::main(&args),
        Verb::Resume(args) => resume::main(&args),
        Verb::Show(args) => show::main(&args),
        Verb::Export(args) => export::main(&args),
        Verb::ImportLabels(args) => import_labels::main(&args),
        Verb::ReproducePaper(args) => reproduce_paper::main(&args),
        Verb::Audit(args) => audit::main(&args),
        Verb::Calibrate(args) => calibrate::main(&args),
        Verb::Train(args) => train::main(&args),
        Verb::Eval(args) => eval::main(&args),
        Verb::Explain(args) => explain::main(&args),
        Verb::Rules(args) => rules::main(&args),
        Verb::Config(args) => config::main(&args),
        Verb::Plugin(args) => plugin::main(&args),
        Verb::PluginHost(args) => plugin_host::main(&args),
        Verb::Completions(args) => completions::main(&args),
    };
    match ended {
        Ok(exit) => exit,
        Err(failure) if failure.closed_pipe => Exit::Ok,
        Err(failure) => {
            if !failure.message.is_empty() {
                terminal::complain(&failure.message);
            }
            failure.exit
        }
    }
}

fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|e| Failure::io(format!("cannot use {}", path.display()), &e))
}

/// The files that paths, folders and globs stand for; says what is left out of folders.
fn files(inputs: &[String]) -> Result<Vec<PathBuf>, Failure> {
    let found = input::find(inputs)?;
    found.left_out_note().iter().for_each(|text| remark(text));
    Ok(found.files)
}

/// The input files behind paths, folders and globs, as they are now.
fn described(inputs: &[String], config: &InputConfig) -> Result<Vec<InputFile>, Failure> {
    let describe = |file: &PathBuf| InputFile::describe_as(file, config.asked()).map(|(file, _)| file);
    Ok(files(inputs)?.iter().map(describe).collect::<Result<_, _>>()?)
}

/// Prints to standard output; a closed pipe ends the command as a success.
fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

fn print_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    let json = serde_json::to_string(value).expect("a report is plain data");
    print(&format!("{}\n", printable_json(&json)))
}

/// Says how to go on after a failure that leaves the run resumable.
fn resumable(mut failure: Failure, run: &RunDir) -> Failure {
    if matches!(failure.exit, Exit::Io | Exit::Interrupted) && !failure.closed_pipe {
        failure.message +=
            &format!("\nwhat was done is kept; go on with: rejoinder resume {}", run.path.display());
    }
    failure
}
