//! `rejoinder eval --cascade`: strategies side by side, with the labels in the judge's place.

use clap::Args;
use rejoinder_core::{Answer, Purpose};
use rejoinder_judge::AskingForm;
use rejoinder_run::judging::Judge;
use rejoinder_run::labels::Unlabelled;
use rejoinder_run::recall::{LabelledTurns, PricedJudges, RecallTarget};
use rejoinder_scan::config::UnitName;
use rejoinder_scan::{Engine, Scan};

use super::super::label_args::{label_reader, nothing_labelled, remark_unlabelled};
use super::super::terminal::remark;
use super::super::{described, print, print_json};
use super::EvalArgs;
use crate::failure::{Exit, Failure};
use rejoinder_report::numbers::thousands;
use rejoinder_report::strategies::Comparison;

#[derive(Debug, Args)]
#[command(next_help_heading = "Strategies")]
pub(super) struct CascadeArgs {
    /// Compare strategies, with the labels in the judge's place
    ///
    /// The paper's method, the rules, the learned score.
    #[arg(long, conflicts_with_all = ["by_rule", "out"])]
    pub(super) cascade: bool,
    /// What the feedback is for: all, sft, kto, or UR2,UR5
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
    /// Let a share of the answers be wrong
    ///
    /// As a poor judge's are: what is promised is promised about what the judge says.
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, requires = "cascade")]
    noise: f64,
}

/// The forms whose bills are compared.
const FORMS: [AskingForm; 4] = [
    AskingForm::Single,
    AskingForm::Grouped { turns: 4 },
    AskingForm::Grouped { turns: 8 },
    AskingForm::Json { turns: 4 },
];

/// What a chunk adds.
#[derive(Default)]
struct ChunkLabels {
    turns: LabelledTurns,
    unlabelled: Unlabelled,
    /// Conversations whose labelled turns were chosen by what is found in them.
    selected: u64,
}

pub(super) fn main(args: &EvalArgs) -> Result<Exit, Failure> {
    let CascadeArgs { purpose, recall, confidence, seed, noise, .. } = args.cascade;
    if !(0.0..=1.0).contains(&noise) {
        return Err(Failure::usage("--noise is a share between 0 and 1"));
    }
    let target = RecallTarget { purpose, recall, confidence };
    let mut effective = args.effective_config()?;
    effective.config.score_all_turns(purpose);
    let judge = &mut effective.config.judge;
    judge.all = false;
    judge.unit = UnitName::Turn;
    let engine = Engine::of(&effective)?;
    let model = engine.score_model()?;
    let judge = &engine.config.judge;
    let in_form = |form| Judge::in_form(judge, None, form);
    let judges = PricedJudges {
        here: Judge::expected(judge, None)?,
        forms: FORMS.into_iter().map(in_form).collect::<Result<_, _>>()?,
        paper: Judge::papers()?,
    };
    let files = described(&args.inputs, &engine.config.input)?;
    let reader = label_reader(&args.labelled, true)?;
    let mut all = ChunkLabels::default();
    Scan::of(&engine, &files, args.threads.get()).run(
        |worker, chunk| {
            let scanned = worker.scan(chunk)?;
            let mut read = ChunkLabels::default();
            let missing = &mut read.unlabelled;
            for (conversation, labels) in reader.all(&scanned, &chunk.file, missing) {
                let counts = |message_index| labels.drawn(message_index).gives_recall();
                let mut turns = scanned.turns(conversation).iter();
                read.selected += u64::from(turns.any(|turn| !counts(turn.message_index)));
                let label = |message_index| match counts(message_index) {
                    true => labels.of(message_index),
                    false => Answer::Unknown,
                };
                read.turns.add(worker.engine, &model, &judges, &scanned, conversation, label)?;
            }
            Ok::<_, Failure>(read)
        },
        |read| {
            all.turns.extend(read.turns);
            all.selected += read.selected;
            all.unlabelled.extend(read.unlabelled);
            Ok(())
        },
    )?;
    remark_unlabelled(&all.unlabelled);
    if all.selected > 0 {
        let left_out = format!(
            "the labels of {} conversations are of turns that were chosen because of what a run made of them, or nobody says how: no \
             curve follows from them. Label whole conversations that were drawn without looking at what is found in them",
            thousands(all.selected)
        );
        if all.turns.turns.is_empty() {
            return Err(Failure::usage(left_out));
        }
        remark(&left_out);
    }
    if all.turns.turns.is_empty() {
        return Err(nothing_labelled(&reader.source));
    }
    all.turns.disturb(noise, seed);
    if all.turns.trained_on > 0 {
        remark(&format!(
            "the score was trained on {} of these {} conversations: its figures flatter",
            thousands(all.turns.trained_on),
            thousands(all.turns.conversations() as u64)
        ));
    }
    let comparison = Comparison::of(&engine, &model, &judges, &all.turns, &target, seed)?;
    if args.json {
        print_json(&comparison)?;
    } else {
        print(&comparison.text(&args.inputs.join(", ")))?;
    }
    Ok(Exit::Ok)
}
