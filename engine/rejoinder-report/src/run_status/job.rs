//! How a job of shards is: a line a shard, and the sum.

use rejoinder_run::status::{AmountFigures, JobLook, RunState, ShardLook};
use rejoinder_run::{FolderError, RunError};
use serde::Serialize;

use super::page::flat;
use super::report::RunStatusReport;
use crate::numbers::{counted, thousands};
use crate::progress::packed;

/// Columns of what a shard does.
const COLUMNS: usize = 58;

/// All that can be told of a job from outside, as `status --json` prints it.
#[derive(Clone, Debug, Serialize)]
pub struct JobReport {
    /// The job's folder.
    pub job_dir: String,
    /// The number of shards that the job was cut into: the sum of the six figures that follow.
    pub of: u32,
    /// Shards whose scan has come to its end and on which nobody works.
    pub done: u32,
    /// Shards on which a process works, or has been silent for more than a minute.
    pub running: u32,
    /// Shards whose scan has not come to its end and on which nobody works.
    pub stopped: u32,
    /// Shards whose process is gone, and has not said how it ended.
    pub killed: u32,
    /// Shards about which nothing can be told.
    pub unreadable: u32,
    /// Shards that have not begun.
    pub not_begun: u32,
    /// Conversations of all shards.
    pub conversations: u64,
    /// Turns of all shards found to be feedback.
    pub feedback: u64,
    /// Turns of all shards that wait for the judge.
    pub waiting: u64,
    /// What was spent for all shards.
    pub spent: AmountFigures,
    /// The shards that have begun.
    pub shards: Vec<ShardReport>,
}

/// A shard that has begun.
#[derive(Clone, Debug, Serialize)]
pub struct ShardReport {
    /// The shard's number, from 1.
    pub number: u32,
    /// The shard; absent where nothing can be told.
    pub run: Option<RunStatusReport>,
    /// Why nothing can be told.
    pub error: Option<String>,
}

impl JobReport {
    /// What a look at a job tells.
    pub fn of(look: &JobLook) -> Self {
        let shards: Vec<ShardReport> = look.shards.iter().map(ShardReport::of).collect();
        let mut report = Self {
            job_dir: look.path.display().to_string(),
            of: look.of,
            done: 0,
            running: 0,
            stopped: 0,
            killed: 0,
            unreadable: 0,
            not_begun: look.of.saturating_sub(shards.len() as u32),
            conversations: 0,
            feedback: 0,
            waiting: 0,
            spent: AmountFigures::default(),
            shards: Vec::new(),
        };
        for shard in &look.shards {
            *report.count_of(shard) += 1;
        }
        for shard in shards.iter().filter_map(|shard| shard.run.as_ref()) {
            report.conversations += shard.conversations;
            report.feedback += shard.feedback;
            report.waiting += shard.waiting;
            report.spent.calls += shard.spent.calls;
            report.spent.tokens += shard.spent.tokens;
            report.spent.money += shard.spent.money;
            report.spent.gpu_seconds += shard.spent.gpu_seconds;
        }
        report.shards = shards;
        report
    }

    /// A line a shard, and the sum.
    pub fn text(&self) -> String {
        let mut text = format!("{}\n", flat(&self.line()));
        for shard in &self.shards {
            text += &format!("{:>9}  {}\n", shard.number, shard.line());
        }
        text
    }

    /// The sum in one line.
    pub fn line(&self) -> String {
        let mut line = format!(
            "{}: {} · {} · {} with feedback · {} waiting",
            self.job_dir,
            self.counted(),
            counted(self.conversations, "conversation"),
            counted(self.feedback, "turn"),
            thousands(self.waiting)
        );
        if self.spent.calls > 0 {
            line += &format!(" · {}", counted(self.spent.calls, "call"));
        }
        line
    }

    /// The shards by what they are.
    pub(crate) fn counted(&self) -> String {
        let (shards, running) = (counted(self.of.into(), "shard"), self.running);
        let mut line = format!("{} of {shards} done, {running} running", self.done);
        for (count, how) in
            [(self.stopped, "stopped"), (self.killed, "killed"), (self.unreadable, "unreadable")]
        {
            if count > 0 {
                line += &format!(", {count} {how}");
            }
        }
        line + &format!(", {} not begun", self.not_begun)
    }

    /// The figure that counts a shard.
    const fn count_of(&mut self, shard: &ShardLook) -> &mut u32 {
        match &shard.look {
            Ok(look) => match look.state {
                RunState::Running | RunState::Silent => &mut self.running,
                RunState::Stopped => &mut self.stopped,
                RunState::Killed => &mut self.killed,
                RunState::Waiting | RunState::Finished => &mut self.done,
            },
            Err(RunError::Folder(FolderError::Beginning { .. })) => &mut self.running,
            Err(_) => &mut self.unreadable,
        }
    }

    /// Whether a process works on one of the shards.
    pub const fn is_running(&self) -> bool {
        self.running > 0
    }
}

impl ShardReport {
    fn of(shard: &ShardLook) -> Self {
        let (run, error) = match &shard.look {
            Ok(look) => (Some(RunStatusReport::of(look)), None),
            Err(error) => (None, Some(error.to_string())),
        };
        Self { number: shard.number, run, error }
    }

    fn line(&self) -> String {
        let Some(run) = &self.run else {
            return flat(self.error.as_deref().unwrap_or_default());
        };
        let found =
            || format!("{} · {} waiting", counted(run.conversations, "conversation"), thousands(run.waiting));
        let said = run.work_line().unwrap_or_else(found);
        let first = packed(&said, COLUMNS).into_iter().next().unwrap_or_default();
        format!("{:<9} {first}", super::state(run.state))
    }
}
