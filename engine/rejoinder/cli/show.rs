//! `rejoinder show`: turns of a run to read with one's own eyes, drawn evenly from all that fit.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use rejoinder_core::Category;
use rejoinder_core::diagnostic::did_you_mean;
use rejoinder_run::RunDir;
use rejoinder_run::reading_sample::{self, DrawSize, TurnDraw, TurnFilter};
use rejoinder_scan::Engine;

use super::args::{DRAW, OUTPUT, TURNS};
use super::pager::{PagedOutput, PagerArgs};
use super::terminal::{self, remark};
use super::{InputRoot, Threads, find_input, json_line};
use crate::failure::{Exit, Failure};
use rejoinder_report::dialogue::{DialogueLook, render};
use rejoinder_report::numbers::{counted, thousands};
use rejoinder_report::turn_row::TurnRow;

#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    /// The run's folder
    #[arg(value_name = "RUN")]
    run: PathBuf,
    #[command(flatten)]
    input: InputRoot,
    /// Turns that rules and plugins accepted
    #[arg(long, help_heading = TURNS)]
    accepted: bool,
    /// Turns that rules and plugins rejected, or never marked
    #[arg(long, help_heading = TURNS)]
    rejected: bool,
    /// Turns that wait for the judge
    #[arg(long, alias = "undecided", help_heading = TURNS)]
    waiting: bool,
    /// Turns that the judge settled
    #[arg(long, help_heading = TURNS)]
    judged: bool,
    /// Only feedback of these categories (UR1 … UR5)
    #[arg(long, value_name = "CATEGORY", value_delimiter = ',', help_heading = TURNS)]
    category: Vec<Category>,
    /// Only turns that this rule hit; may be repeated
    ///
    /// Whatever became of them; of several rules one hit is enough.
    #[arg(long, value_name = "ID", help_heading = TURNS)]
    rule: Vec<String>,
    /// How many, drawn at random, or all
    #[arg(long, value_name = "N|all", default_value = "20", help_heading = DRAW)]
    sample: SampleSize,
    /// Another seed draws other turns
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = DRAW)]
    seed: u64,
    /// Show long texts whole
    #[arg(long, help_heading = OUTPUT)]
    full: bool,
    #[command(flatten)]
    threads: Threads,
    #[command(flatten)]
    pager: PagerArgs,
    /// Print one JSON object a turn, a line each
    #[arg(long, help_heading = OUTPUT)]
    json: bool,
}

/// How many turns are drawn.
#[derive(Clone, Copy, Debug)]
struct SampleSize(DrawSize);

impl FromStr for SampleSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "all" => Ok(Self(DrawSize::All)),
            _ => match text.parse::<NonZeroUsize>() {
                Ok(most) => Ok(Self(DrawSize::Most(most.get()))),
                Err(_) => Err("expected a number above 0, or all".to_owned()),
            },
        }
    }
}

pub(super) fn main(args: &ShowArgs) -> Result<Exit, Failure> {
    let run = find_input(&args.input, RunDir::open(&args.run)?)?;
    let engine = run.engine()?;
    known_rules(&engine, &args.rule)?;
    let filter = TurnFilter {
        accepted: args.accepted,
        rejected: args.rejected,
        waiting: args.waiting,
        judged: args.judged,
        categories: args.category.clone(),
        rules: args.rule.clone(),
    };
    let threads = args.threads.get();
    let TurnDraw { turns, fitting, is_whole } =
        reading_sample::draw(&run, &engine, &filter, args.sample.0, args.seed, threads)?;
    if !is_whole {
        remark(&format!(
            "the run has not read its whole input; these are turns of what it has read. To go on with it: rejoinder resume {}",
            run.path.display()
        ));
    }
    let model = Some(run.manifest.config.judge.model.as_str()).filter(|model| !model.is_empty());
    let mut out = if args.json { PagedOutput::plain() } else { PagedOutput::new(args.pager) };
    let look = DialogueLook { styles: terminal::styles(), full: args.full };
    let make = |view: reading_sample::TurnView<'_>| match args.json {
        true => json_line(&TurnRow::of(&view, model, args.full)),
        false => format!("{}\n", render(view, look)),
    };
    reading_sample::view(&run, &engine, &turns, threads, make, |text| out.print(&text))?;
    if !args.json {
        let shown = thousands(turns.len() as u64);
        out.print(&format!("{shown} of {}\n", counted(fitting, "turn")))?;
    }
    out.end()?;
    Ok(Exit::Ok)
}

/// Checks that each id is a rule's in force.
///
/// # Errors
/// If one is not.
pub(super) fn known_rules(engine: &Engine, ids: &[String]) -> Result<(), Failure> {
    let known: Vec<&str> = engine.rules.rules().iter().map(|rule| rule.id.as_str()).collect();
    let Some(unknown) = ids.iter().find(|id| !known.contains(&id.as_str())) else { return Ok(()) };
    let meant = did_you_mean(unknown, &known);
    let next = match meant.starts_with("did you mean") {
        true => meant,
        false => "`rejoinder rules list` names the rules that ship".to_owned(),
    };
    Err(Failure::usage(format!("--rule {unknown}: no rule in force has this id; {next}")))
}
