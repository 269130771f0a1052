//! The command as a whole: its verbs, and how it ends.

use std::ffi::OsString;

use clap::{Arg, Command, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use super::{
    ask, audit, calibrate, completions, config, eval, examples, explain, export, forget, import_labels, init,
    inspect, judge, plan, plugin, plugin_host, report, reproduce_paper, resume, review, rules, run, runs,
    shards, show, signals, status, terminal, train,
};
use crate::failure::Exit;

/// Extracts the feedback that users give in passing from chat logs.
#[derive(Debug, Parser)]
#[command(name = "rejoinder", version, before_long_help = examples::ALL, after_long_help = EXIT_CODES)]
pub(super) struct Cli {
    #[command(subcommand)]
    verb: CommandVerb,
    /// No summary, progress and remarks: errors only
    #[arg(long, short, global = true)]
    quiet: bool,
}

const EXIT_CODES: &str = "Exit codes: 0 ok · 1 bug · 2 usage · 3 a check failed · 4 budget reached · 5 judge unavailable · \
6 bad input under --strict · 7 invalid or changed config or rules · 8 I/O or plugin failure · 9 nothing read · 130 interrupted. \
After 4, 5, 8 and 130, `rejoinder resume RUN` goes on; `ask` goes on by the same command.";

#[derive(Debug, Subcommand)]
enum CommandVerb {
    /// Write a first config and a first rule file
    #[command(before_long_help = examples::INIT)]
    Init(init::InitArgs),
    /// Say what files hold and how they will be read
    #[command(before_long_help = examples::INSPECT)]
    Inspect(inspect::InspectArgs),
    /// Find the feedback in chat logs
    #[command(before_long_help = examples::RUN)]
    Run(run::RunArgs),
    /// Ask the judge about the turns of a run that wait for it
    #[command(before_long_help = examples::JUDGE)]
    Judge(judge::JudgeArgs),
    /// Ask the judge requests of your own, within a budget
    #[command(before_long_help = examples::ASK)]
    Ask(ask::AskArgs),
    /// Count what judging would take and cost, asking nobody
    #[command(before_long_help = examples::PLAN)]
    Plan(plan::PlanArgs),
    /// Go on with a run that was interrupted
    #[command(before_long_help = examples::RESUME)]
    Resume(resume::ResumeArgs),
    /// Say how far a run is, beside the process that works on it
    #[command(before_long_help = examples::STATUS)]
    Status(status::StatusArgs),
    /// List runs, show what they hold and take, and remove them
    #[command(before_long_help = examples::RUNS)]
    Runs(runs::RunsArgs),
    /// Make one run of the shards that several processes have scanned
    #[command(before_long_help = examples::MERGE)]
    Merge(shards::MergeArgs),
    /// Read turns of a run, with what decided about them
    #[command(before_long_help = examples::SHOW)]
    Show(show::ShowArgs),
    /// Read and label turns of a run in a browser
    #[command(before_long_help = examples::REVIEW)]
    Review(review::ReviewArgs),
    /// Make a page of what a run found, to look at in a browser
    #[command(before_long_help = examples::REPORT)]
    Report(report::ReportArgs),
    /// Write training files, the feedback itself or tasks for review
    #[command(before_long_help = examples::EXPORT)]
    Export(export::ExportArgs),
    /// Read labels that people made with other programs
    #[command(before_long_help = examples::IMPORT_LABELS)]
    ImportLabels(import_labels::ImportLabelsArgs),
    /// Compare a run over LMSYS-Chat-1M with what the paper released
    #[command(before_long_help = examples::REPRODUCE_PAPER)]
    ReproducePaper(reproduce_paper::ReproducePaperArgs),
    /// Remove a conversation from a run, its replies and its exports
    #[command(before_long_help = examples::FORGET)]
    Forget(forget::ForgetArgs),
    /// Certify by a sample what a run missed and wrongly took
    #[command(before_long_help = examples::AUDIT)]
    Audit(audit::AuditArgs),
    /// Find by a sample the scores between which the judge must be asked
    #[command(before_long_help = examples::CALIBRATE)]
    Calibrate(calibrate::CalibrateArgs),
    /// Learn a score from labels, or from what the judge said
    #[command(before_long_help = examples::TRAIN)]
    Train(train::TrainArgs),
    /// Compare decisions with labels
    #[command(before_long_help = examples::EVAL)]
    Eval(eval::EvalArgs),
    /// Say why a turn was decided as it was, rule by rule
    #[command(before_long_help = examples::EXPLAIN)]
    Explain(explain::ExplainArgs),
    /// Check, test, list and measure rules
    #[command(before_long_help = examples::RULES)]
    Rules(rules::RulesArgs),
    /// Show the config in force, or what it may say
    #[command(before_long_help = examples::CONFIG)]
    Config(config::ConfigArgs),
    /// Make, check, measure and list plugins
    #[command(before_long_help = examples::PLUGIN)]
    Plugin(plugin::PluginArgs),
    #[command(hide = true)]
    PluginHost(plugin_host::PluginHostArgs),
    /// Print a completion script for a shell
    #[command(before_long_help = examples::COMPLETIONS)]
    Completions(completions::CompletionsArgs),
}

/// The verbs as the help shows them, by what people do with them, in the order in which people need them.
const GROUPS: [(&str, &[&str]); 7] = [
    ("Find feedback", &["init", "inspect", "run", "merge", "report", "show", "explain", "review"]),
    ("Take it further", &["export", "import-labels"]),
    ("Ask a judge", &["plan", "judge", "resume", "ask"]),
    ("Keep runs", &["status", "runs", "forget"]),
    ("Extend", &["rules", "plugin", "config"]),
    ("Measure", &["eval", "audit", "calibrate", "train", "reproduce-paper"]),
    ("Other", &["completions"]),
];

/// The command with its verbs in groups.
pub(super) fn parser() -> Command {
    let command = Cli::command();
    let mut verbs = String::new();
    for (heading, names) in GROUPS {
        verbs += &format!("{heading}:\n");
        for name in names {
            let about = command.find_subcommand(name).and_then(Command::get_about);
            let about = about.map(ToString::to_string).unwrap_or_default();
            verbs += &format!("  {name:<16} {about}\n");
        }
        verbs += "\n";
    }
    command.help_template(format!(
        "{{before-help}}{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{verbs}Options:\n{{options}}{{after-help}}"
    ))
}

fn command_line(arguments: &[OsString]) -> Result<Cli, clap::Error> {
    let is_short_help = arguments.iter().any(|argument| argument == "-h");
    let parser = if is_short_help { without_values(parser()) } else { parser() };
    Cli::from_arg_matches(&parser.try_get_matches_from(arguments)?)
}

/// The command without the lists of what its options may be, for the help that has a line an option.
fn without_values(command: Command) -> Command {
    let without = |option: Arg| match option.get_action().takes_values() {
        true => option.hide_possible_values(true),
        false => option,
    };
    command.mut_args(without).mut_subcommands(without_values)
}

/// Runs the command that the process was started with; returns how it ended, with all messages printed.
pub fn main() -> Exit {
    rejoinder_host::name_plugins_that_end_the_process();
    main_of(&std::env::args_os().collect::<Vec<_>>())
}

/// Runs the command of a command line, whose first argument is the name of the program; returns how it ended, with all messages
/// printed.
pub fn main_of(arguments: &[OsString]) -> Exit {
    let cli = match command_line(arguments) {
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
        CommandVerb::Init(args) => init::main(&args),
        CommandVerb::Inspect(args) => inspect::main(&args),
        CommandVerb::Run(args) => run::main(&args),
        CommandVerb::Judge(args) => judge::main(&args),
        CommandVerb::Ask(args) => ask::main(&args),
        CommandVerb::Plan(args) => plan::main(&args),
        CommandVerb::Resume(args) => resume::main(&args),
        CommandVerb::Status(args) => status::main(&args),
        CommandVerb::Runs(args) => runs::main(&args),
        CommandVerb::Merge(args) => shards::merge(&args),
        CommandVerb::Show(args) => show::main(&args),
        CommandVerb::Review(args) => review::main(&args),
        CommandVerb::Report(args) => report::main(&args),
        CommandVerb::Export(args) => export::main(&args),
        CommandVerb::ImportLabels(args) => import_labels::main(&args),
        CommandVerb::ReproducePaper(args) => reproduce_paper::main(&args),
        CommandVerb::Forget(args) => forget::main(&args),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_verb_stands_in_one_group_of_the_help() {
        let command = Cli::command();
        let verbs = command.get_subcommands().filter(|verb| !verb.is_hide_set()).map(Command::get_name);
        let mut verbs: Vec<&str> = verbs.collect();
        let mut grouped: Vec<&str> = GROUPS.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        verbs.sort_unstable();
        grouped.sort_unstable();
        assert_eq!(grouped, verbs);
        parser().debug_assert();
    }
}
