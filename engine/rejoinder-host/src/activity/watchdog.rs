//! Names plugins on standard error that are busy for long.

use std::collections::HashMap;
use std::sync::{Arc, Barrier, Once};
use std::thread::{Builder, sleep};
use std::time::Duration;

use super::busy::{BusyPlugin, busy_plugins};
use crate::services::write_line;

/// The time between two looks.
const TICK: Duration = Duration::from_secs(1);
/// A plugin is named for the first time after this, then after twice as long, and so on.
const FIRST: Duration = Duration::from_secs(5);

/// From now on, plugins that are busy for long are named on standard error. Costs them nothing.
pub(crate) fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let watching = Arc::new(Barrier::new(2));
        let in_thread = Arc::clone(&watching);
        let spawned = Builder::new().name("watch plugins".into()).spawn(move || {
            in_thread.wait();
            let mut told = Told::default();
            loop {
                sleep(TICK);
                for line in told.due(&busy_plugins(FIRST)) {
                    write_line(&format!("warning: {line}"));
                }
            }
        });
        // A thread that begins needs the loader, in which a plugin may hang. Where no thread is to be had, nobody watches.
        if spawned.is_ok() {
            watching.wait();
        }
    });
}

/// The times at which plugins were named last.
#[derive(Debug, Default)]
struct Told(HashMap<String, Duration>);

impl Told {
    /// What is to be said now of plugins that are busy.
    fn due(&mut self, busy: &[BusyPlugin]) -> Vec<String> {
        let Self(told) = self;
        // A plugin that has come back begins anew.
        told.retain(|plugin, at| busy.iter().any(|busy| busy.plugin == *plugin && busy.time >= *at));
        let mut lines = Vec::new();
        for busy in busy {
            let before = told.get(&busy.plugin).copied();
            if before.is_some_and(|before| busy.time < 2 * before) {
                continue;
            }
            lines.push(match before {
                Some(_) => busy.to_string(),
                None => format!("{busy}{}", way_on(busy)),
            });
            told.insert(busy.plugin.clone(), busy.time);
        }
        lines
    }
}

fn way_on(busy: &BusyPlugin) -> &'static str {
    match busy.is_isolated {
        true => "; what takes longer than the `timeout` of its [[plugin]] table is ended",
        false => {
            "; it runs inside of this process, which can only wait for it: with isolation = \"process\" in its [[plugin]] table what \
             hangs would be ended"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activity::PluginWork;

    #[test]
    fn a_busy_plugin_is_named_early_and_then_ever_more_seldom() {
        let busy = |seconds| {
            let time = Duration::from_secs(seconds);
            BusyPlugin {
                plugin: "slow".into(),
                is_isolated: true,
                work: PluginWork::Batch(9),
                time,
                threads: 1,
            }
        };
        let mut told = Told::default();
        let lines: Vec<String> = (5..=60).flat_map(|second| told.due(&[busy(second)])).collect();
        assert_eq!(lines.len(), 4, "after 5, 10, 20 and 40 s: {lines:?}");
        assert!(
            lines[0]
                .ends_with("for 5 s; what takes longer than the `timeout` of its [[plugin]] table is ended")
        );
        assert!(lines[3].ends_with("a batch of 9 turns for 40 s"), "{lines:?}");
        assert!(told.due(&[]).is_empty());
        assert_eq!(told.due(&[busy(6)]).len(), 1, "another call");
    }
}
