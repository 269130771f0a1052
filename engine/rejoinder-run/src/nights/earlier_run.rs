//! What a run's manifest keeps of the earlier run that it goes on with.

use std::path::{Path, PathBuf};

use rejoinder_cascade::certificate::Certificate;
use rejoinder_ledger::SpendingTotal;
use rejoinder_read::InputFile;
use rejoinder_scan::Engine;
use serde::{Deserialize, Serialize};

use super::inputs::FileChanges;
use crate::error::RunError;
use crate::folder::{Manifest, RunDir, absolute};

/// The earlier run that a run goes on with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EarlierRun {
    /// The id of the earlier run.
    pub id: String,
    /// The folder in which the earlier run lay when the later one began.
    pub folder: PathBuf,
    /// The version of the engine that began the earlier run.
    pub engine: String,
    /// What is otherwise in engine, rules and plugins now, in words.
    pub changes: Vec<String>,
    /// What has become of its input files, and how many have come in.
    pub files: FileChanges,
    /// The last night of its input, from 0.
    pub last_night: u32,
    /// What the earlier run had spent.
    pub spent: SpendingTotal,
    /// Whether the cut that it has found is in force: then no cut is searched for, and nothing audits the run unasked.
    pub keeps_cut: bool,
    /// The certificate of its audit, or else of the audit of a run before it.
    pub certificate: Option<EarlierCertificate>,
}

/// What an audit of an earlier run certifies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EarlierCertificate {
    /// The folder of the run that was audited.
    pub folder: PathBuf,
    /// The last night of the input that the certificate is about, from 0.
    pub last_night: u32,
    /// Later turns of the run that was audited.
    pub turns: u64,
    /// Whose answers count as the truth.
    pub oracle: String,
    /// What the feedback is for.
    #[serde(rename = "for")]
    pub purpose: String,
    /// The probability with which all bounds hold together.
    pub confidence: f64,
    /// The share of the feedback that was surely found.
    pub recall_at_least: f64,
    /// The share of what was found that surely is feedback.
    pub precision_at_least: f64,
}

impl EarlierRun {
    /// What a run of an engine keeps of the earlier run that it goes on with, whose files have changed so.
    pub(super) fn of(run: &RunDir, engine: &Engine, files: FileChanges) -> Result<Self, RunError> {
        let manifest = &run.manifest;
        Ok(Self {
            id: manifest.id.clone(),
            folder: absolute(&run.path)?,
            engine: manifest.engine.clone(),
            changes: manifest.changes_of_engine(&Manifest::new(engine, Vec::new(), false)),
            files,
            last_night: last_night(&manifest.inputs),
            spent: run.ledger.spent()?,
            keeps_cut: has_cut(run) && engine.config.cascade == manifest.config.cascade,
            certificate: certificate(run)?,
        })
    }

    /// The last night of the input that is not new: that the certificate is about, or else that of the earlier run.
    pub fn last_known_night(&self) -> u32 {
        self.certificate.as_ref().map_or(self.last_night, |certificate| certificate.last_night)
    }

    /// The files among those of the later run that hold something else than when the earlier run read them.
    pub fn rewritten<'f>(&self, inputs: &'f [InputFile]) -> impl Iterator<Item = &'f Path> {
        let FileChanges { known, grown, rewritten, .. } = self.files;
        let (earlier, last_night) = (known + grown + rewritten, self.last_night);
        let files = inputs.iter().take(usize::try_from(earlier).unwrap_or(usize::MAX));
        files.filter(move |file| file.night > last_night).map(|file| file.path.as_path())
    }

    /// The folder of the run that the part of the input that is not new was read by.
    pub fn known_by(&self) -> &PathBuf {
        self.certificate.as_ref().map_or(&self.folder, |certificate| &certificate.folder)
    }
}

/// Whether a run has found the cut that keeps its recall.
pub(super) fn has_cut(run: &RunDir) -> bool {
    let cascade = &run.manifest.config.cascade;
    cascade.recall.is_some() && cascade.cuts().is_some()
}

/// The last night of a run's input, from 0.
pub(super) fn last_night(inputs: &[InputFile]) -> u32 {
    inputs.iter().map(InputFile::last_night).max().unwrap_or(0)
}

/// The certificate of a run, or else the one that the run has of an earlier run.
fn certificate(run: &RunDir) -> Result<Option<EarlierCertificate>, RunError> {
    /// As much of `certificate.json` as is kept.
    #[derive(Deserialize)]
    struct Written {
        oracle: String,
        #[serde(rename = "for")]
        purpose: String,
        #[serde(flatten)]
        certificate: Certificate,
    }
    // One of another format says something else.
    let own = run.certificate()?.and_then(|json| serde_json::from_value::<Written>(json).ok());
    let Some(Written { oracle, purpose, certificate }) = own else {
        return Ok(run.manifest.after.as_ref().and_then(|earlier| earlier.certificate.clone()));
    };
    let Some(main) = certificate.claims.first() else { return Ok(None) };
    Ok(Some(EarlierCertificate {
        folder: absolute(&run.path)?,
        last_night: last_night(&run.manifest.inputs),
        turns: run.scan_stats()?.turns,
        oracle,
        purpose,
        confidence: certificate.confidence,
        recall_at_least: main.recall.at_least,
        precision_at_least: main.precision.at_least,
    }))
}
