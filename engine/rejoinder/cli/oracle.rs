//! Whose answers about drawn turns count as the truth: the judge's, or the labels of the records. `audit` and `calibrate` ask
//! alike.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use rejoinder_core::{Purpose, printable};
use rejoinder_export::labels::beside::SideCar;

use super::labelled::side_car;
use super::{asking, signals};
use crate::failure::Failure;
use crate::pipeline::draw::DrawnTurn;
use crate::pipeline::run_dir::RunDir;
use crate::pipeline::watch::Watch;
use crate::report::audit::JUDGE;

#[derive(Debug, Args)]
pub(super) struct OracleArgs {
    /// Config file whose [judge] and [budget] take the place of the run's
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Greatest number of HTTP requests to the judge over the run's whole life
    #[arg(long, value_name = "N")]
    calls: Option<u64>,
    /// Ask nobody: take the records' own `labels` for the truth; turns that they do not list are no feedback
    #[arg(long)]
    labels: bool,
    /// The same, with labels that stand in a file beside the corpus, as import-labels writes them
    #[arg(long, value_name = "FILE", value_parser = side_car, conflicts_with = "labels")]
    label_file: Option<Arc<SideCar>>,
    /// What the feedback is for: all, sft, kto, or categories such as UR2,UR5 [default: as the run's config says]
    #[arg(long = "for", value_name = "PURPOSE")]
    purpose: Option<Purpose>,
}

/// What an oracle said.
pub(super) struct Answers {
    /// Who it is.
    pub(super) oracle: String,
    /// About each turn.
    pub(super) labels: asking::Labels,
}

impl Answers {
    /// How many answers say nothing.
    pub(super) fn unreadable(&self) -> usize {
        self.labels.iter().filter(|answer| answer.is_none()).count()
    }
}

/// The judge's answers about turns of a run's corpus, or why asking ended before its end; `verb` goes on after a stop.
///
/// # Errors
/// If the run directory or the config fails.
pub(super) fn judge(
    run: &mut RunDir,
    watch: &Watch,
    turns: &[&DrawnTurn],
    verb: &str,
) -> Result<Result<Answers, Failure>, Failure> {
    let rows: Vec<_> = turns.iter().map(|turn| turn.row.clone()).collect();
    let answered = asking::answers(run, watch, &rows, verb)?;
    Ok(answered
        .map(|labels| Answers { oracle: format!("{JUDGE} {}", run.manifest.config.judge.model), labels }))
}

impl OracleArgs {
    /// What the feedback is for.
    pub(super) fn purpose(&self, run: &RunDir) -> Purpose {
        self.purpose.unwrap_or(run.manifest.config.purpose)
    }

    /// Asks about turns of a run's corpus, at the run's expense; `verb` goes on after a stop.
    ///
    /// # Errors
    /// If there is nobody to ask, or asking ended before its end.
    pub(super) fn ask(&self, run: &mut RunDir, turns: &[&DrawnTurn], verb: &str) -> Result<Answers, Failure> {
        if let Some(file) = &self.label_file {
            let label = |turn: &&DrawnTurn| {
                let record = turn.row.turns.first()?;
                let index = record.id.message_index as usize;
                file.of(&record.conversation_id, index, record.feedback_turn)
            };
            let labels: asking::Labels = turns.iter().map(label).collect();
            let mut missing = turns.iter().zip(&labels).filter(|(_, label)| label.is_none());
            if let Some(record) = missing.next().and_then(|(turn, _)| turn.row.turns.first()) {
                return Err(Failure::usage(format!(
                    "--label-file does not judge all of the {} turns that were drawn here, without looking at what a run finds: {} are \
                     missing, the first is message {} of conversation `{}`. Turns that were chosen otherwise cannot stand for them. \
                     `rejoinder export review {} --for argilla --audit` writes all of them for people, and those on which reviewers do not \
                     agree count for nothing; label the others, too, or leave --label-file away, and the judge is asked",
                    labels.len(),
                    missing.count() + 1,
                    record.id.message_index,
                    printable(&record.conversation_id),
                    run.path.display(),
                )));
            }
            return Ok(Answers { oracle: "the labels of a file".to_owned(), labels });
        }
        if self.labels {
            if turns.iter().any(|turn| !turn.is_labelled) {
                return Err(Failure::usage(
                    "not all records have usable `labels`; without --labels the judge is asked",
                ));
            }
            let labels = turns.iter().map(|turn| Some(turn.label)).collect();
            return Ok(Answers { oracle: "the records' own labels".to_owned(), labels });
        }
        let config = asking::config_for(run, self.config.as_deref(), self.calls)?;
        if config.judge.base_url.is_none() {
            return Err(Failure::usage(
                "no judge is configured: give --config FILE with [judge] base-url and model, or --labels where the records \
                 have them",
            ));
        }
        run.set_judge(&config)?;
        let watch = Watch::default();
        signals::stop_on_interrupt(&watch)?;
        judge(run, &watch, turns, verb)?
    }
}
