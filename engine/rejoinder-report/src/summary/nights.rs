//! What a run takes over from the earlier run that it goes on with, what is new in it, and what is certified of that.

use std::path::Path;

use rejoinder_judge::NANOS_PER_UNIT;
use rejoinder_run::folder::Manifest;
use rejoinder_run::nights::{EarlierCertificate, EarlierRun, FileChanges, NightCounts, NightPart};
use rejoinder_run::stats::ScanCounts;
use rejoinder_run::{RunDir, RunError};
use rejoinder_score::Difference;
use serde::Serialize;

use crate::numbers::{counted, thousands};
use crate::remarks::{self, DriftedRun, Remark};

/// What a run takes over from the earlier run that it goes on with, and what is new in it.
#[derive(Clone, Debug, Serialize)]
pub struct NightSummary {
    /// The earlier run's folder.
    pub run_dir: String,
    /// The version of the engine that began the earlier run.
    pub engine: String,
    /// What is otherwise in engine, rules and plugins now, in words.
    pub changes: Vec<String>,
    /// What has become of its input files.
    pub files: FileChanges,
    /// What the certificate is about, or else what the earlier run has read.
    pub known: PartFigures,
    /// What has come in since.
    pub new: PartFigures,
    /// Conversations left out because a conversation of a later night goes on with them.
    pub superseded: u64,
    /// What had been spent before this run.
    pub spent: SpentBefore,
    /// The certificate of an earlier run.
    pub certificate: Option<EarlierCertificate>,
    /// In what the new turns are unlike the others; absent where they are too few to tell.
    pub drift: Option<Vec<Difference>>,
    /// All that in words.
    pub says: Vec<String>,
}

/// The figures of one part of the input.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct PartFigures {
    /// Conversations.
    pub conversations: u64,
    /// Later turns.
    pub turns: u64,
}

/// What had been spent before a run began; the run's own figures hold it, too.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct SpentBefore {
    /// HTTP requests.
    pub calls: u64,
    /// Tokens, with what was reserved.
    pub tokens: u64,
    /// Money, by the prices that were configured.
    pub money: f64,
    /// GPU-seconds, by the rates that were configured.
    pub gpu_seconds: f64,
}

impl NightSummary {
    /// What is new in a run, and a remark where it is unlike what was there before; `None` where the run goes on with no other.
    ///
    /// # Errors
    /// If the run's certificate cannot be read.
    pub(super) fn of(run: &RunDir, counts: &ScanCounts) -> Result<Option<(Self, Option<Remark>)>, RunError> {
        let Some(earlier) = &run.manifest.after else { return Ok(None) };
        let NightCounts { known, new } = counts.nights.clone().unwrap_or_default();
        let drift = (new.profile.is_enough() && known.profile.is_enough())
            .then(|| new.profile.differences_from(&known.profile));
        let (known, new) = (PartFigures::of(&known), PartFigures::of(&new));
        let mut says = vec![what_is_new(earlier, new)];
        says.extend(rewritten_files(&run.manifest));
        says.extend(certified(run, earlier, new.turns)?);
        says.extend(match &drift {
            None if new.turns > 0 => Some(
                "Too few turns stand on one side to tell whether the new ones are unlike the others."
                    .to_owned(),
            ),
            Some(found) if found.is_empty() => {
                Some("The new turns are not unlike the others, by all that is measured of them.".to_owned())
            }
            _ => None,
        });
        let drifted = drift.as_deref().filter(|found| !found.is_empty());
        let drifted_run =
            DriftedRun { folder: &run.path, earlier, is_certified: run.certificate()?.is_some() };
        let remark = drifted.map(|found| remarks::drift(found, drifted_run));
        let amount = earlier.spent.amount;
        let summary = Self {
            run_dir: earlier.folder.display().to_string(),
            engine: earlier.engine.clone(),
            changes: earlier.changes.clone(),
            files: earlier.files,
            known,
            new,
            superseded: counts.stats.read.superseded,
            spent: SpentBefore {
                calls: amount.calls,
                tokens: amount.tokens,
                money: amount.money as f64 / NANOS_PER_UNIT,
                gpu_seconds: amount.gpu as f64 / NANOS_PER_UNIT,
            },
            certificate: earlier.certificate.clone(),
            drift,
            says,
        };
        Ok(Some((summary, remark)))
    }
}

impl PartFigures {
    const fn of(part: &NightPart) -> Self {
        Self { conversations: part.conversations, turns: part.turns }
    }
}

/// What a run reads beside what was read before.
fn what_is_new(earlier: &EarlierRun, new: PartFigures) -> String {
    let since = match earlier.known_by() == &earlier.folder {
        true => String::new(),
        false => format!(" since {}", earlier.known_by().display()),
    };
    format!(
        "The run goes on with {}; {}. {} with {} came in{since}.",
        earlier.folder.display(),
        file_changes(&earlier.files),
        counted(new.conversations, "conversation"),
        counted(new.turns, "later turn"),
    )
}

/// That files hold something else than when the earlier run read them; `None` where none does.
pub fn rewritten_files(manifest: &Manifest) -> Option<String> {
    const NAMED: usize = 3;
    let all: Vec<&Path> =
        manifest.after.iter().flat_map(|earlier| earlier.rewritten(&manifest.inputs)).collect();
    let named: Vec<String> = all.iter().take(NAMED).map(|path| path.display().to_string()).collect();
    let more = all.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!named.is_empty()).then(|| {
        format!(
            "Rewritten since: {}{more}. All that stands there now counts as new. What no longer stands there is no part of this run: if it \
             lies elsewhere by now, name that file, too.",
            named.join(", ")
        )
    })
}

/// What has become of input files, in words.
pub fn file_changes(files: &FileChanges) -> String {
    let FileChanges { known, grown, rewritten, added } = *files;
    let all = [(known, "as before"), (grown, "grown"), (rewritten, "rewritten"), (added, "new")];
    let said = all.into_iter().filter(|(count, _)| *count > 0);
    let said: Vec<String> = said.map(|(count, what)| format!("{} {what}", thousands(count))).collect();
    format!("input files: {}", said.join(", "))
}

/// What the certificate of a run that goes on with an earlier one is about; `None` where the run goes on with no other, or nobody has
/// certified either.
///
/// # Errors
/// If the run's certificate or ledger cannot be read.
pub fn certified_turns(run: &RunDir) -> Result<Option<String>, RunError> {
    let Some(earlier) = &run.manifest.after else { return Ok(None) };
    let new = run.scan_counts()?.nights.map_or(0, |nights| nights.new.turns);
    certified(run, earlier, new)
}

fn certified(run: &RunDir, earlier: &EarlierRun, new: u64) -> Result<Option<String>, RunError> {
    if run.certificate()?.is_some() {
        let all = counted(run.scan_stats()?.turns, "later turn");
        return Ok(Some(format!(
            "The certificate of this run is about all of its {all}, those that came in as well."
        )));
    }
    let audit = format!("`rejoinder audit {}`", run.path.display());
    let Some(certificate) = &earlier.certificate else {
        return Ok(earlier.keeps_cut.then(|| {
            format!(
                "The cut that {} has found is in force, and nobody has measured what it finds: {audit} does.",
                earlier.folder.display()
            )
        }));
    };
    let EarlierCertificate { folder, turns, oracle, purpose, .. } = certificate;
    Ok(Some(format!(
        "The certificate of {} is about its {}: at least {:.3} of the feedback for `{purpose}` was found there, and at least {:.3} of what was \
         found is right ({} % sure, against {oracle}). It does not cover the {}: {audit} certifies all of them together, and answers \
         that are stored cost nothing.",
        folder.display(),
        counted(*turns, "later turn"),
        certificate.recall_at_least,
        certificate.precision_at_least,
        100.0 * certificate.confidence,
        counted(new, "new turn"),
    )))
}
