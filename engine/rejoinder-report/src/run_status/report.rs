//! All that can be told of a run from outside.

use rejoinder_cascade::certificate::Certificate;
use rejoinder_run::folder::LockHolder;
use rejoinder_run::status::{AmountFigures, LimitFigures, PluginCrash, RunLook, RunState, RunStatus};
use serde::{Deserialize, Serialize};

use super::words;
use crate::shell::word;

/// All that can be told of a run from outside, as `status --json` prints it.
#[derive(Clone, Debug, Serialize)]
pub struct RunStatusReport {
    /// The run's folder.
    pub run_dir: String,
    /// How the run is.
    pub state: RunState,
    /// What the process says that works on the run, or did last; absent where no process has said anything.
    pub status: Option<RunStatus>,
    /// The seconds since then.
    pub seconds_since_word: Option<u64>,
    /// The process that works on the run, as the lock's file says; absent where that process is not there.
    pub holder: Option<LockHolder>,
    /// How a plugin has ended the process that worked on the run last; absent where none has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crash: Option<PluginCrash>,
    /// Whether the scan has come to its end.
    pub scanned: bool,
    /// Conversations read, as far as parts are committed.
    pub conversations: u64,
    /// Later turns.
    pub turns: u64,
    /// Later turns accepted by rules and plugins.
    pub accepted: u64,
    /// Later turns rejected by rules and plugins, never marked, or not looked at.
    pub rejected: u64,
    /// Later turns that wait for the judge.
    pub waiting: u64,
    /// Later turns that the judge settled, as far as its replies were collected.
    pub judged: u64,
    /// Turns found to be feedback, by whomever.
    pub feedback: u64,
    /// Records set aside.
    pub quarantined: u64,
    /// What was spent over the run's whole life, with what is reserved.
    pub spent: AmountFigures,
    /// What may be spent.
    pub limits: LimitFigures,
    /// What the last audit certified; absent where there was none.
    pub certificate: Option<CertifiedRecall>,
    /// The command that goes on; absent while a process is at work.
    pub next: Option<String>,
}

/// The main claim of a certificate.
#[derive(Clone, Debug, Serialize)]
pub struct CertifiedRecall {
    /// What the feedback is for.
    #[serde(rename = "for")]
    pub purpose: String,
    /// The share of the feedback that was surely found.
    pub recall_at_least: f64,
    /// How surely.
    pub confidence: f64,
}

/// The fields of a certificate's file that tell its main claim.
#[derive(Deserialize)]
struct KeptClaim {
    #[serde(rename = "for")]
    purpose: String,
    #[serde(flatten)]
    certificate: Certificate,
}

impl RunStatusReport {
    /// What a look at a run tells.
    pub fn of(look: &RunLook) -> Self {
        let RunLook { run, status, holder, state, crash, facts } = look;
        let run_dir = run.path.display().to_string();
        Self {
            state: *state,
            status: status.clone(),
            seconds_since_word: look.seconds_since_word(),
            holder: holder.clone(),
            crash: crash.clone(),
            scanned: facts.is_scanned,
            conversations: facts.scan.read.conversations,
            turns: facts.scan.turns,
            accepted: facts.scan.accepted.total(),
            rejected: facts.scan.passed_over(),
            waiting: facts.waiting(),
            judged: facts.judge.judged,
            feedback: facts.feedback(),
            quarantined: facts.scan.read.quarantined,
            spent: facts.spent.amount.into(),
            limits: run.limits().into(),
            certificate: CertifiedRecall::of(look),
            next: look.next().map(|step| words::command(step, &word(&run.path))),
            run_dir,
        }
    }
}

impl CertifiedRecall {
    fn of(look: &RunLook) -> Option<Self> {
        let kept: KeptClaim = serde_json::from_value(look.run.certificate().ok()??).ok()?;
        let main = kept.certificate.claims.first()?;
        Some(Self {
            purpose: kept.purpose,
            recall_at_least: main.recall.at_least,
            confidence: kept.certificate.confidence,
        })
    }

    /// The claim in a few words. The bound is rounded down, or it is none.
    pub fn text(&self) -> String {
        let least = (self.recall_at_least * 1_000.0).floor() / 1_000.0;
        format!("recall surely at least {least:.3} for {}", self.purpose)
    }
}
