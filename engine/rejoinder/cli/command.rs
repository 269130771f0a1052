//! The command as a whole: its verbs, and how it ends.

use clap::{Parser, Subcommand};

use super::{
    audit, calibrate, completions, config, eval, explain, export, import_labels, inspect, judge, plan,
    plugin, plugin_host, reproduce_paper, resume, rules, run, show, signals, terminal, train,
};
use crate::failure::Exit;

/// Extracts the feedback that users give in passing from chat logs.
#[derive(Debug, Parser)]
#[command(name = "rejoinder", version, after_help = EXIT_CODES)]
pub(super) struct Cli {
    #[command(subcommand)]
    verb: CommandVerb,
    /// No progress and no remarks on standard error, errors only
    #[arg(long, short, global = true)]
    quiet: bool,
}

const EXIT_CODES: &str = "Exit codes: 0 ok · 1 bug · 2 usage · 3 a check failed · 4 budget reached · 5 judge unavailable · \
6 bad input under --strict · 7 invalid or changed config or rules · 8 I/O or plugin failure · 9 nothing read · 130 interrupted. \
After 4, 5, 8 and 130, `rejoinder resume RUN` goes on.";

#[derive(Debug, Subcommand)]
enum CommandVerb {
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
        CommandVerb::Inspect(args) => inspect::main(&args),
        CommandVerb::Run(args) => run::main(&args),
        CommandVerb::Judge(args) => judge::main(&args),
        CommandVerb::Plan(args) => plan::main(&args),
        CommandVerb::Resume(args) => resume::main(&args),
        CommandVerb::Show(args) => show::main(&args),
        CommandVerb::Export(args) => export::main(&args),
        CommandVerb::ImportLabels(args) => import_labels::main(&args),
        CommandVerb::ReproducePaper(args) => reproduce_paper::main(&args),
        CommandVerb::Audit(args) => audit::main(&args),
        CommandVerb::Calibrate(args) => calibrate::main(&args),
        CommandVerb::Train(args) => train::main(&args),
        CommandVerb::Eval(args) => eval::main(&args),
        CommandVerb::Explain(args) => explain::main(&args),
        CommandVerb::Rules(args) => rules::main(&args),
        CommandVerb::Config(args) => config::main(&args),
        CommandVerb::Plugin(args) => plugin::main(&args),
        CommandVerb::PluginHost(args) => plugin_host::main(&args),
        CommandVerb::Completions(args) => completions::main(&args),
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
