//! `rejoinder eval --cascade`: strategies side by side, with the labels in the judge's place.

use clap::Args;
use rejoinder_core::Purpose;
use rejoinder_read::Position;

use super::super::labelled::Unlabelled;
use super::super::terminal::remark;
use super::super::{described, print, print_json};
use super::EvalArgs;
use crate::config::{AnswerForm, UnitName};
use crate::failure::{Exit, Failure};
use crate::pipeline::cuts::Wanted;
use crate::pipeline::engine::Engine;
use crate::pipeline::flow;
use crate::pipeline::judging::Judge;
use crate::pipeline::population::{Judges, Population};
use crate::report::strategies::Comparison;
use crate::report::summary::thousands;

#[derive(Debug, Args)]
pub(super) struct CascadeArgs {
    /// Compare strategies, the labels in the judge's place: the paper's method, the rules, the learned score
    #[arg(long, conflicts_with_all = ["by_rule", "out"])]
    pub(super) cascade: bool,
    /// What the feedback is for: all, sft, kto, or categories such as UR2,UR5
    #[arg(long = "for", value_name = "PURPOSE", default_value_t = Purpose::ALL, requires = "cascade")]
    purpose: Purpose,
    /// Share of the wanted feedback that must be found
    #[arg(long, value_name = "SHARE", default_value_t = 0.9, requires = "cascade")]
    recall: f64,
    /// How surely
    #[arg(long, value_name = "SHARE", default_value_t = 0.95, requires = "cascade")]
    confidence: f64,
    /// What the draws depend on
    #[arg(long, value_name = "N", default_value_t = 1, requires = "cascade")]
    seed: u64,
    /// Let a share of the answers be wrong, as a poor judge's are: what is promised is promised about what it says
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, requires = "cascade")]
    noise: f64,
}

/// What a chunk adds.
#[derive(Default)]
struct Read {
    population: Population,
    unlabelled: Unlabelled,
    /// Conversations whose labelled turns were chosen by what is found in them.
    selected: u64,
}

pub(super) fn main(args: &EvalArgs) -> Result<Exit, Failure> {
    let CascadeArgs { purpose, recall, confidence, seed, noise, .. } = args.cascade;
    if !(0.0..=1.0).contains(&noise) {
        return Err(Failure::usage("--noise is a share between 0 and 1"));
    }
    let wanted = Wanted { purpose, recall, confidence };
    let mut effective = args.settings.effective()?;
    effective.config.score_all_turns(purpose);
    let judge = &mut effective.config.judge;
    judge.all = false;
    judge.unit = UnitName::Turn;
    // As cheaply as it can be asked: several turns a request.
    if judge.answer == AnswerForm::Auto {
        judge.answer = AnswerForm::Json;
    }
    let engine = Engine::of(&effective)?;
    let taught = engine.taught()?;
    let judges = Judges { here: Judge::expected(&engine.config.judge, None)?, paper: Judge::papers()? };
    let files = described(&args.inputs, &engine.config.input)?;
    let mut all = Read::default();
    flow::run(
        &engine,
        &files,
        Position::default(),
        args.threads.get(),
        |worker, chunk| {
            let scanned = worker.process(chunk)?;
            let mut read = Read::default();
            let missing = &mut read.unlabelled;
            for (conversation, labels) in args.labelled.all(&scanned, &chunk.file, missing) {
                if !labels.drawn.gives_recall() {
                    read.selected += 1;
                    continue;
                }
                let label = |message_index| labels.of(message_index);
                read.population.add(worker.engine, &taught, &judges, &scanned, conversation, label)?;
            }
            Ok(read)
        },
        |read| {
            all.population.extend(read.population);
            all.selected += read.selected;
            all.unlabelled.extend(read.unlabelled);
            Ok(())
        },
    )?;
    all.unlabelled.remark();
    if all.selected > 0 {
        let left_out = format!(
            "the labels of {} conversations are of turns that were chosen because a run had found them, or nobody says how: no \
             curve follows from them. Label whole conversations that were drawn without looking at what is found in them",
            thousands(all.selected)
        );
        if all.population.units.is_empty() {
            return Err(Failure::usage(left_out));
        }
        remark(&left_out);
    }
    if all.population.units.is_empty() {
        return Err(args.labelled.nothing_labelled());
    }
    all.population.disturb(noise, seed);
    if all.population.trained_on > 0 {
        remark(&format!(
            "the score was trained on {} of these {} conversations: its figures flatter",
            thousands(all.population.trained_on),
            thousands(all.population.conversations() as u64)
        ));
    }
    let comparison = Comparison::of(&engine, &taught, &judges, &all.population, &wanted, seed)?;
    if args.json {
        print_json(&comparison)?;
    } else {
        print(&comparison.text(&args.inputs.join(", ")))?;
    }
    Ok(Exit::Ok)
}
