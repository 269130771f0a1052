//! The figures of a run at work, as `status.json` holds them and as lines of progress tell them.

use std::time::Duration;

use rejoinder_host::{BusyPlugin, PluginWork, busy_plugins};
use rejoinder_judge::NANOS_PER_UNIT;
use rejoinder_ledger::{Spending, SpendingLimits};
use serde::{Deserialize, Serialize};

/// How far a run is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunFigures {
    /// What the process does now.
    pub stage: StageName,
    /// The scan, if this process has scanned.
    pub scan: Option<ScanFigures>,
    /// The judge, if this process has asked.
    pub judge: Option<JudgeFigures>,
    /// The seconds until the end of the stage at its pace, within what the budget still holds; `None` where nobody can say.
    pub seconds_left: Option<f64>,
    /// Plugins that have been at the same call for some seconds, longest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub busy_plugins: Vec<BusyPluginFigures>,
}

/// A plugin that is busy with the same call is told of after this: a brisk one never is.
const BUSY: Duration = Duration::from_secs(5);

/// A plugin for which the process waits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BusyPluginFigures {
    /// The plugin's name; the path of its library while that is loaded.
    pub plugin: String,
    /// What it does.
    pub work: PluginWorkName,
    /// The turns of the batch that it is asked about.
    pub turns: Option<u32>,
    /// For how many seconds.
    pub seconds: f64,
    /// How many threads wait for it.
    pub threads: usize,
    /// Whether it runs in a process of its own.
    pub isolated: bool,
}

/// What a plugin does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PluginWorkName {
    /// Its library is loaded.
    Loading,
    /// A state of it is made.
    Starting,
    /// It is asked about a batch.
    Batch,
    /// Its state, or its process, ends.
    Ending,
}

impl BusyPluginFigures {
    /// The plugins for which this process has waited for a while.
    pub fn now() -> Vec<Self> {
        busy_plugins(BUSY).into_iter().map(Self::from).collect()
    }

    /// The same in a sentence.
    pub fn text(&self) -> String {
        BusyPlugin::from(self).to_string()
    }
}

impl From<BusyPlugin> for BusyPluginFigures {
    fn from(busy: BusyPlugin) -> Self {
        let (work, turns) = match busy.work {
            PluginWork::Loading => (PluginWorkName::Loading, None),
            PluginWork::Starting => (PluginWorkName::Starting, None),
            PluginWork::Batch(turns) => (PluginWorkName::Batch, Some(turns)),
            PluginWork::Ending => (PluginWorkName::Ending, None),
        };
        let BusyPlugin { plugin, is_isolated: isolated, time, threads, .. } = busy;
        Self { plugin, work, turns, seconds: time.as_secs_f64(), threads, isolated }
    }
}

impl From<&BusyPluginFigures> for BusyPlugin {
    fn from(figures: &BusyPluginFigures) -> Self {
        let work = match figures.work {
            PluginWorkName::Loading => PluginWork::Loading,
            PluginWorkName::Starting => PluginWork::Starting,
            PluginWorkName::Batch => PluginWork::Batch(figures.turns.unwrap_or_default()),
            PluginWorkName::Ending => PluginWork::Ending,
        };
        Self {
            plugin: figures.plugin.clone(),
            is_isolated: figures.isolated,
            work,
            time: Duration::try_from_secs_f64(figures.seconds).unwrap_or_default(),
            threads: figures.threads,
        }
    }
}

/// What a process does for a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StageName {
    /// Nothing is done yet: inputs, rules or the judge are looked at.
    #[default]
    Starting,
    /// Files to decisions.
    Scan,
    /// Undecided turns to answers.
    Judge,
}

/// How far the scan is, over the run's whole life.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ScanFigures {
    /// Bytes of the input files that are done, as stored.
    pub bytes_read: u64,
    /// Bytes of all input files, as stored.
    pub bytes_total: u64,
    /// Bytes a second in the last minute.
    pub bytes_per_second: Option<f64>,
    /// Conversations read.
    pub conversations: u64,
    /// Later turns.
    pub turns: u64,
    /// Later turns accepted by rules and plugins.
    pub accepted: u64,
    /// Later turns rejected by rules and plugins, never marked, or not looked at.
    pub rejected: u64,
    /// Later turns that wait for the judge, whether it has answered since or not.
    pub undecided: u64,
    /// Records set aside.
    pub quarantined: u64,
    /// Failures of plugins.
    pub plugin_faults: u64,
}

/// How far asking the judge is. Requests are those about what is asked now: the waiting turns, or a sample.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct JudgeFigures {
    /// How the judge is.
    pub health: JudgeHealth,
    /// Requests to make, as far as is known.
    pub requests: u64,
    /// Requests that were answered.
    pub answered: u64,
    /// Requests whose reply was stored before.
    pub from_store: u64,
    /// Answers that say nothing of what was asked.
    pub unreadable: u64,
    /// Requests that were answered with nothing.
    pub empty: u64,
    /// Requests that the server refused.
    pub refused: u64,
    /// Requests that were given up after all attempts.
    pub failed: u64,
    /// HTTP requests that were made again, since the first had no answer.
    pub retries: u64,
    /// Requests in flight.
    pub in_flight: u64,
    /// Requests that may be in flight.
    pub in_flight_limit: u64,
    /// Requests answered in a second, in the last minute.
    pub requests_per_second: Option<f64>,
    /// Tokens a second, in the last minute.
    pub tokens_per_second: Option<f64>,
    /// Input tokens as the server counts them.
    pub input_tokens: u64,
    /// Output tokens as the server counts them.
    pub output_tokens: u64,
    /// What was spent over the run's whole life.
    pub spent: AmountFigures,
    /// What may be spent.
    pub limits: LimitFigures,
    /// The seconds since the server's last answer; `None` where there was none.
    pub seconds_since_answer: Option<f64>,
    /// For how many seconds the server has answered no request, though it was asked; `None` while it answers.
    pub seconds_down: Option<f64>,
    /// What the last request met that had no answer, in words of this program.
    pub last_trouble: Option<String>,
    /// The seconds since then.
    pub seconds_since_trouble: Option<f64>,
}

impl JudgeFigures {
    /// Requests that need no more asking.
    pub const fn done(&self) -> u64 {
        self.answered + self.from_store + self.refused + self.failed
    }
}

/// How the judge is, as far as its answers tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JudgeHealth {
    /// Nobody has asked it yet.
    #[default]
    NotAsked,
    /// It answers.
    Answering,
    /// Requests are in flight, and no answer has come for a while.
    Slow,
    /// It answers no request, and says so, or cannot be reached.
    Failing,
}

/// An amount in each unit of a budget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AmountFigures {
    /// HTTP requests.
    pub calls: u64,
    /// Input and output tokens.
    pub tokens: u64,
    /// Money, by the configured prices.
    pub money: f64,
    /// GPU-seconds, by the configured rates.
    pub gpu_seconds: f64,
}

impl From<Spending> for AmountFigures {
    fn from(Spending { calls, tokens, money, gpu }: Spending) -> Self {
        Self { calls, tokens, money: units(money), gpu_seconds: units(gpu) }
    }
}

/// The most that may be spent in each unit; `None` without a limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LimitFigures {
    /// HTTP requests.
    pub calls: Option<u64>,
    /// Input and output tokens.
    pub tokens: Option<u64>,
    /// Money.
    pub money: Option<f64>,
    /// GPU-seconds.
    pub gpu_seconds: Option<f64>,
}

impl From<SpendingLimits> for LimitFigures {
    fn from(SpendingLimits { calls, tokens, money, gpu }: SpendingLimits) -> Self {
        Self { calls, tokens, money: money.map(units), gpu_seconds: gpu.map(units) }
    }
}

fn units(nano: u64) -> f64 {
    nano as f64 / NANOS_PER_UNIT
}
