//! Plugins that have been at the same thing for a while.

use std::fmt;
use std::time::Duration;

use super::slot::{PluginWork, Seen, Slot};

/// A plugin that has been at work for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BusyPlugin {
    /// The plugin's name; the path of its library while that is loaded.
    pub plugin: String,
    /// Whether it runs in a process of its own.
    pub is_isolated: bool,
    /// What it does, on the thread that has waited longest.
    pub work: PluginWork,
    /// For how long.
    pub time: Duration,
    /// How many threads wait for it.
    pub threads: usize,
}

/// The plugins that have been at the same call for at least so long, those that have been longest first.
pub fn busy_plugins(at_least: Duration) -> Vec<BusyPlugin> {
    gathered(Slot::seen(), at_least)
}

fn gathered(mut seen: Vec<Seen>, at_least: Duration) -> Vec<BusyPlugin> {
    seen.retain(|seen| seen.time >= at_least);
    seen.sort_by_key(|seen| std::cmp::Reverse(seen.time));
    let mut busy: Vec<BusyPlugin> = Vec::new();
    for Seen { plugin, work, time } in seen {
        match busy.iter_mut().find(|busy| busy.plugin == plugin.name) {
            Some(busy) => busy.threads += 1,
            None => busy.push(BusyPlugin {
                plugin: plugin.name.clone(),
                is_isolated: plugin.is_isolated,
                work,
                time,
                threads: 1,
            }),
        }
    }
    busy
}

impl fmt::Display for PluginWork {
    /// What a plugin is busy with.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loading => f.write_str("the loading of its library"),
            Self::Starting => f.write_str("its start (`create`)"),
            Self::Batch(1) => f.write_str("a batch of 1 turn"),
            Self::Batch(turns) => write!(f, "a batch of {turns} turns"),
            Self::Ending => f.write_str("its end (`destroy`)"),
        }
    }
}

impl fmt::Display for BusyPlugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { plugin, work, time, threads, .. } = self;
        write!(f, "plugin `{plugin}` has been busy with {work} for {} s", time.as_secs())?;
        if *threads > 1 {
            write!(f, ", on {threads} threads")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activity::PluginTag;

    #[test]
    fn the_longest_call_of_each_plugin_is_told_once() {
        let call = |name, work, seconds| Seen {
            plugin: PluginTag::of(name, false),
            work,
            time: Duration::from_secs(seconds),
        };
        let seen = vec![
            call("brisk", PluginWork::Batch(256), 1),
            call("slow", PluginWork::Starting, 6),
            call("stuck", PluginWork::Batch(1), 8),
            call("slow", PluginWork::Batch(256), 12),
        ];
        let told: Vec<String> =
            gathered(seen, Duration::from_secs(5)).iter().map(ToString::to_string).collect();
        let expected = [
            "plugin `slow` has been busy with a batch of 256 turns for 12 s, on 2 threads",
            "plugin `stuck` has been busy with a batch of 1 turn for 8 s",
        ];
        assert_eq!(told, expected);
    }
}
