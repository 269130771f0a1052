//! The conformance kit: does a plugin keep the rules of the header? What an author's own tests cannot see, because it shows
//! only under another host, another batch, another thread, or one byte beyond the end of a column.
//!
//! Each check is meant for a process of its own ([`run`] in a child): a plugin that breaks a rule may crash or hang.

mod answers;
mod guard;
mod material;
mod memory;
mod start;
mod subject;
mod versions;

use std::path::Path;

use rejoinder_core::case::Cases;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use subject::Subject;

/// How a check came out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// As it should.
    Passed,
    /// A rule is broken: which, and how it showed.
    Failed(String),
    /// It does not apply here: why.
    Skipped(String),
}

/// What a plugin is checked with.
#[derive(Clone, Debug, Default)]
pub struct Setting {
    /// The configuration, an object.
    pub config: Map<String, Value>,
    /// The author's cases.
    pub cases: Option<Cases>,
}

type Body = fn(&Subject, &Setting) -> Outcome;

/// One check.
#[derive(Clone, Copy)]
pub struct Check {
    /// Its name, for the command line.
    pub name: &'static str,
    /// What holds where it passes.
    pub about: &'static str,
    body: Body,
}

impl std::fmt::Debug for Check {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

macro_rules! checks {
    ($($name:literal, $about:literal, $body:expr;)*) => {
        &[$(Check { name: $name, about: $about, body: $body }),*]
    };
}

/// All checks, in the order in which their failures are best read.
pub const CHECKS: &[Check] = checks! {
    "loads", "the library loads and passes the handshake", |_, _| Outcome::Passed;
    "schema", "its config_schema is a JSON Schema that allows the configuration", start::schema;
    "starts", "it starts with the configuration, twice side by side", start::starts;
    "bad-config", "it survives a configuration that makes no sense, and says what is wrong", start::bad_config;
    "growth", "1000 states made and destroyed leave no memory behind", start::growth;
    "empty-batch", "it takes a batch of nothing", answers::empty_batch;
    "sizes", "it takes batches of 1 and of 4096", answers::sizes;
    "huge-turn", "it takes empty turns, a turn of 1 MiB and a dialogue of 2000 messages", answers::huge;
    "scripts", "it takes all scripts, joiners, lone marks, NUL and text that runs backwards", answers::scripts;
    "repeats", "the same batch gets the same answers, now and from another state", answers::repeats;
    "permutes", "an answer does not depend on the batch around it, nor on the id", answers::permutes;
    "threads", "eight threads at once on one state get the same answers", answers::threads;
    "notes", "answers are the same whether notes are wanted or not", answers::notes;
    "over-read-text", "it does not read beyond the end of `text`", |s, _| memory::over_read(s, 0);
    "over-read-text_off", "it does not read beyond the end of `text_off`", |s, _| memory::over_read(s, 1);
    "over-read-role", "it does not read beyond the end of `role`", |s, _| memory::over_read(s, 2);
    "over-read-first", "it does not read beyond the end of `first`", |s, _| memory::over_read(s, 3);
    "over-read-target", "it does not read beyond the end of `target`", |s, _| memory::over_read(s, 4);
    "over-read-id", "it does not read beyond the end of `id`", |s, _| memory::over_read(s, 5);
    "over-read-prior", "it does not read beyond the end of `prior`", |s, _| memory::over_read(s, 6);
    "over-read-hit_off", "it does not read beyond the end of `hit_off`", |s, _| memory::over_read(s, 7);
    "over-read-hits", "it does not read beyond the end of `hits`", |s, _| memory::over_read(s, 8);
    "over-read-earlier", "it does not read beyond the ends of `earlier_…`", |s, _| memory::over_read(s, 9);
    "canaries", "it writes nothing before or after its output columns", |s, _| memory::canaries(s);
    "error-slot", "it writes no more of a message than there is room for", |s, _| memory::error_slot(s);
    "later-host", "it works with a later minor version of the engine", |s, _| versions::later(s);
    "oldest-host", "it works with the oldest engine that its ABI promises", |s, _| versions::oldest(s);
    "cases", "its cases come out as their file says", answers::cases;
};

/// Runs one check on a library, in this process; `None` where there is no such check.
///
/// # Errors
/// The plugin cannot be loaded, or does not start; the text says why.
pub fn run(name: &str, library: &Path, setting: &Setting) -> Option<Outcome> {
    let check = CHECKS.iter().find(|check| check.name == name)?;
    Some(match Subject::load(library, setting) {
        Ok(subject) => (check.body)(&subject, setting),
        Err(why) => Outcome::Failed(why),
    })
}

/// `Passed`, or what went wrong.
fn outcome(result: Result<(), String>) -> Outcome {
    result.map_or_else(Outcome::Failed, |()| Outcome::Passed)
}
