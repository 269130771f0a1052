//! The checks, by name.

use std::path::Path;

use rejoinder_core::case::Cases;
use serde_json::{Map, Value};

use super::outcome::{Breach, Outcome};
use super::{Subject, answers, config, config_schema, growth, memory, scores, start, versions};

/// What a plugin is checked with.
#[derive(Clone, Debug, Default)]
pub struct Setting {
    /// The configuration; left out, the one of the cases.
    pub config: Option<Map<String, Value>>,
    /// The author's cases.
    pub cases: Option<Cases>,
}

impl Setting {
    /// The configuration in force.
    pub(super) fn config(&self) -> Map<String, Value> {
        let of_cases = self.cases.as_ref().map(|cases| &cases.config);
        self.config.as_ref().or(of_cases).cloned().unwrap_or_default()
    }
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

/// All checks, in the order in which their failures are best read. Where one of the first two fails, the others have
/// nothing to ask.
pub const CHECKS: &[Check] = checks! {
    "loads", "the library loads and passes the handshake", |_, _| Outcome::Passed;
    "starts", "it starts with the configuration", start::starts;
    "schema", "its config_schema is a JSON Schema that allows the configuration and the defaults, and these are what it does without", config_schema::schema;
    "two-states", "two states side by side do not disturb each other", start::two_states;
    "bad-config", "a configuration that makes no sense is refused with a message", config::bad_config;
    "growth", "states made and destroyed by the thousand, and calls by the thousand, leave no memory behind", growth::growth;
    "empty-batch", "it takes a batch of nothing", answers::empty_batch;
    "sizes", "it takes batches of 1 and of 4096", answers::sizes;
    "huge-turn", "it takes empty turns, a turn of 1 MiB and a dialogue of 2001 messages", answers::huge;
    "scripts", "it takes all scripts, joiners, lone marks, NUL and text that runs backwards", answers::scripts;
    "answers", "its verdicts, categories, reasons, scores and probabilities are allowed ones", answers::allowed;
    "repeats", "the same batch gets the same answers, now and from another state", answers::repeats;
    "permutes", "an answer does not depend on the batch around it, nor on the id", answers::permutes;
    "threads", "eight threads at once on one state get the same answers", answers::threads;
    "facts", "facts have the values that their declarations allow", answers::facts;
    "scores", "where it declares that it scores: the probabilities sum to 1, the score agrees with them, and a model can take its own one's place", scores::scores;
    "notes", "answers are the same whether notes are wanted or not", answers::notes;
    "over-read-text", "it reads text_off[n_messages] bytes of `text`, no more", |s, _| memory::over_read(s, 0);
    "over-read-text_off", "it reads n_messages + 1 items of `text_off`, no more", |s, _| memory::over_read(s, 1);
    "over-read-role", "it reads n_messages items of `role`, no more", |s, _| memory::over_read(s, 2);
    "over-read-time", "it reads n_messages items of `time`, no more", |s, _| memory::over_read(s, 3);
    "over-read-language", "it reads n_conversations * 4 bytes of `language`, no more", |s, _| memory::over_read(s, 4);
    "over-read-column_off", "it reads n_conversations + 1 items of `column_off`, no more", |s, _| memory::over_read(s, 5);
    "over-read-columns", "it reads n_columns items of `columns`, no more", |s, _| memory::over_read(s, 6);
    "over-read-column_text", "it reads `column_text` up to the end of the last column, no more", |s, _| memory::over_read(s, 7);
    "over-read-conversation", "it reads n items of `conversation`, no more", |s, _| memory::over_read(s, 8);
    "over-read-first", "it reads n items of `first`, no more", |s, _| memory::over_read(s, 9);
    "over-read-target", "it reads n items of `target`, no more", |s, _| memory::over_read(s, 10);
    "over-read-answer", "it reads n items of `answer`, no more", |s, _| memory::over_read(s, 11);
    "over-read-answer_end", "it reads n items of `answer_end`, no more", |s, _| memory::over_read(s, 12);
    "over-read-id", "it reads n items of `id`, no more", |s, _| memory::over_read(s, 13);
    "over-read-prior", "it reads n items of `prior`, no more", |s, _| memory::over_read(s, 14);
    "over-read-hit_off", "it reads n + 1 items of `hit_off`, no more", |s, _| memory::over_read(s, 15);
    "over-read-hits", "it reads n_hits items of `hits`, no more", |s, _| memory::over_read(s, 16);
    "over-read-earlier_verdict", "it reads n * n_earlier items of `earlier_verdict`, no more", |s, _| memory::over_read(s, 17);
    "over-read-earlier_category", "it reads n * n_earlier items of `earlier_category`, no more", |s, _| memory::over_read(s, 18);
    "over-read-earlier_score", "it reads n * n_earlier items of `earlier_score`, no more", |s, _| memory::over_read(s, 19);
    "inputs", "it leaves its inputs as they are", |s, _| memory::inputs(s);
    "canaries", "it writes nothing before or after its output columns", |s, _| memory::canaries(s);
    "error-slot", "it writes no more of a message than there is room for", |s, _| memory::error_slot(s);
    "later-host", "it works with a later minor version of the engine", |s, _| versions::later(s);
    "oldest-host", "it works with the oldest engine that its ABI promises", |s, _| versions::oldest(s);
    "cases", "its cases come out as their file says", answers::cases;
};

impl Check {
    /// Whether the others can say nothing where this one fails.
    pub fn is_needed_by_all(&self) -> bool {
        matches!(self.name, "loads" | "starts")
    }

    /// What the environment of the process of this check is to have, so that the check sees what it is about.
    pub fn environment(&self) -> &'static [(&'static str, &'static str)] {
        match self.name {
            // The stock that the C library keeps for each thread counts as handed out, and fills up slowly.
            "growth" => &[("GLIBC_TUNABLES", "glibc.malloc.tcache_count=0")],
            _ => &[],
        }
    }

    /// What a crash in this check means, unless it may mean anything.
    pub fn meaning_of_a_crash(&self) -> Option<&'static str> {
        match self.name {
            "inputs" => {
                Some("it wrote to what is only lent to it: those bytes lie on a page that may only be read")
            }
            name if name.starts_with("over-read") => {
                Some("the next byte lies on a page that nobody may touch")
            }
            _ => None,
        }
    }
}

/// Runs one check on a library, in this process; `None` where there is no such check.
///
/// # Errors
/// The plugin cannot be loaded, or does not start; the text says why.
pub fn run(name: &str, library: &Path, setting: &Setting) -> Option<Outcome> {
    let check = CHECKS.iter().find(|check| check.name == name)?;
    Some(match Subject::load(library, setting) {
        Ok(subject) => (check.body)(&subject, setting),
        Err(Breach(why)) => Outcome::Failed(why),
    })
}
