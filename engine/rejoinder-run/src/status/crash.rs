//! The last words of a process that a plugin has taken with it: a file that the host of plugins writes while the process ends.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// Name of the file in a run's folder.
pub const CRASH_FILE: &str = "crash.json";
/// Nothing longer is one.
const MOST_BYTES: u64 = 1 << 12;

/// How a plugin has ended the process that worked on a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PluginCrash {
    /// The plugin in which the process was; `None` where it was in none, and one may have harmed it before.
    pub plugin: Option<String>,
    /// The signal that ended the process; 0 where the plugin called `exit`.
    pub signal: i32,
}

impl PluginCrash {
    /// What the file in a run's folder says; `None` where there is none, or none that can be read.
    pub fn read(run: &Path) -> Option<Self> {
        let file = run.join(CRASH_FILE);
        if !fs::metadata(&file).is_ok_and(|found| found.is_file() && found.len() <= MOST_BYTES) {
            return None;
        }
        serde_json::from_slice(&fs::read(file).ok()?).ok()
    }

    /// Removes the file from a run's folder.
    pub(super) fn forget(run: &Path) {
        // Where it cannot be removed, it cannot be written either; mostly there is none.
        let _ = fs::remove_file(run.join(CRASH_FILE));
    }

    /// What has happened, in a sentence.
    pub fn text(&self) -> String {
        let signal = self.signal;
        match &self.plugin {
            Some(plugin) if signal == 0 => {
                format!("plugin `{plugin}` has ended the process: it called `exit`")
            }
            Some(plugin) => {
                format!("plugin `{plugin}` has crashed, and the process with it (signal {signal})")
            }
            None => format!(
                "the process has crashed (signal {signal}), outside of all calls of plugins; those that ran inside of it may have \
                 harmed it"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_words_are_read_whatever_lies_there() {
        let run = tempfile::tempdir().unwrap();
        let read = |text: &str| {
            fs::write(run.path().join(CRASH_FILE), text).unwrap();
            PluginCrash::read(run.path())
        };
        assert_eq!(PluginCrash::read(run.path()), None);
        assert_eq!(read(""), None);
        assert_eq!(read(&"[".repeat(1 << 13)), None);
        let crash = read("{\"plugin\":\"bad\",\"signal\":6}\n").unwrap();
        assert_eq!(crash.text(), "plugin `bad` has crashed, and the process with it (signal 6)");
        assert!(read("{\"plugin\":null,\"signal\":11}\n").unwrap().text().contains("outside of all calls"));
        PluginCrash::forget(run.path());
        assert_eq!(PluginCrash::read(run.path()), None);
    }
}
