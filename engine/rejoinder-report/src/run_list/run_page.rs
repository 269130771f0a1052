//! One run in full: its figures, its inputs, what takes the space, and what can be done next.

use std::time::SystemTime;

use rejoinder_run::RunDir;
use rejoinder_run::run_list::{EntryContent, RunEntry};
use serde::Serialize;

use super::row::{EntryKind, RunRow};
use crate::numbers::{counted, duration, size};
use crate::run_status::{Page, flat};

/// The most names that a list for people shows.
const MOST_NAMES: usize = 12;

/// One run in full, as `runs show --json` prints it.
#[derive(Clone, Debug, Serialize)]
pub struct RunPage {
    /// The run as a row.
    #[serde(flatten)]
    pub row: RunRow,
    /// Version of the engine that began the run; absent where its manifest cannot be read.
    pub engine: Option<String>,
    /// The input files.
    pub inputs: Vec<InputRow>,
    /// What takes the space, the largest first.
    pub space: Vec<SpaceRow>,
    /// The file of replies that runs share; absent where the run has its own.
    pub shared_replies: Option<String>,
}

/// An input file of a run.
#[derive(Clone, Debug, Serialize)]
pub struct InputRow {
    /// Where the file lay when the run began.
    pub path: String,
    /// Its bytes then.
    pub bytes: u64,
    /// Whether a file of this size lies there now.
    pub is_there: bool,
}

/// A file of a run's folder with the files of SQLite beside it, or a folder in it.
#[derive(Clone, Debug, Serialize)]
pub struct SpaceRow {
    /// The name.
    pub name: String,
    /// The bytes.
    pub bytes: u64,
    /// The number of files.
    pub files: u64,
}

impl RunPage {
    /// What a look at a folder tells.
    pub fn of(entry: &RunEntry) -> Self {
        let run = match &entry.content {
            EntryContent::Run(look) | EntryContent::Damaged(look, _) => Some(&look.run),
            _ => None,
        };
        let space = entry.space.items.iter();
        Self {
            row: RunRow::of(entry),
            engine: run.map(|run| run.manifest.engine.clone()),
            inputs: run.map(inputs).unwrap_or_default(),
            space: space
                .map(|item| SpaceRow { name: item.name.clone(), bytes: item.bytes, files: item.files })
                .collect(),
            shared_replies: run
                .and_then(|run| run.manifest.config.judge.replies.as_ref())
                .map(|file| file.display().to_string()),
        }
    }

    /// The run for people, as it is read `now`.
    pub fn text(&self, now: SystemTime) -> String {
        let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        let ago = |then: u64| format!("{} ago", duration(now.saturating_sub(then) as f64));
        let mut page = Page::default();
        match (&self.row.run, &self.row.job) {
            (Some(run), _) => page.put(&run.text()),
            (None, Some(job)) => page.put(&job.text()),
            (None, None) => page.put(&format!("{}: {}\n", flat(&self.row.folder), self.row.state())),
        }
        if self.row.kind == EntryKind::Damaged
            && let Some(why) = &self.row.why
        {
            page.write("damaged", why);
        }
        let times =
            [self.row.begun.map(ago), self.row.changed.map(|then| format!("last changed {}", ago(then)))];
        page.write_all("begun", times.into_iter().flatten());
        if let Some(engine) = &self.engine {
            let ours = env!("CARGO_PKG_VERSION");
            let other =
                (engine != ours).then(|| format!("this program is {ours}, and cannot go on with the scan"));
            page.write_all("engine", std::iter::once(engine.clone()).chain(other));
        }
        page.write_all("inputs", self.inputs.iter().take(MOST_NAMES).map(InputRow::text));
        if self.inputs.len() > MOST_NAMES {
            page.write("", &format!("and {} more", self.inputs.len() - MOST_NAMES));
        }
        if let Some(file) = &self.shared_replies {
            page.write("replies", &format!("shared with other runs, in {file}"));
        }
        let files = self.space.iter().map(|item| item.files).sum();
        page.write("space", &format!("{} in {}", size(self.row.bytes as f64), counted(files, "file")));
        for item in self.space.iter().take(MOST_NAMES) {
            page.write("", &format!("{:>9}  {}", size(item.bytes as f64), item.name));
        }
        page.into_text()
    }
}

impl InputRow {
    fn text(&self) -> String {
        let gone = if self.is_there { "" } else { "GONE, or of another size: " };
        format!("{gone}{} ({})", self.path, size(self.bytes as f64))
    }
}

fn inputs(run: &RunDir) -> Vec<InputRow> {
    let row = |input: &rejoinder_read::InputFile| InputRow {
        path: input.current_path().display().to_string(),
        bytes: input.size,
        is_there: input.current_path().metadata().is_ok_and(|now| now.len() == input.size),
    };
    run.manifest.inputs.iter().map(row).collect()
}
