//! Dialogues out of odd texts, and what is to be read of them.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

/// A conversation before it is written down.
#[derive(Clone, Debug)]
pub struct Dialogue {
    pub id: String,
    pub system: Option<String>,
    /// What was asked, and what was answered: at times nothing.
    pub exchanges: Vec<[String; 2]>,
}

/// Who says what.
pub type Said = (&'static str, String);

impl Dialogue {
    /// All messages, the instructions first.
    pub fn said(&self) -> Vec<Said> {
        let system = self.system.iter().map(|text| ("system", text.clone()));
        system.chain(self.talk()).collect()
    }

    /// What user and assistant say.
    pub fn talk(&self) -> Vec<Said> {
        let both =
            |[asked, answered]: &[String; 2]| [("user", asked.clone()), ("assistant", answered.clone())];
        self.exchanges.iter().flat_map(both).collect()
    }

    /// The messages as OpenAI writes them.
    pub fn messages(&self) -> Vec<Value> {
        messages(&self.said())
    }
}

pub fn message(role: &str, text: &str) -> Value {
    json!({"role": role, "content": text})
}

pub fn messages(said: &[Said]) -> Vec<Value> {
    said.iter().map(|(role, text)| message(role, text)).collect()
}

/// Pieces of texts over which some writer or reader may trip.
const PIECES: [&str; 40] = [
    "no, ",
    "ok",
    " ",
    "  ",
    "\n",
    "\n\n",
    "\t",
    "\"",
    "'",
    "''",
    "\\",
    "\\n",
    "\\u00e9",
    "`",
    "🙂",
    "👩‍💻",
    "你好。",
    "مرحبا",
    "é",
    "ß",
    "{",
    "}",
    "[",
    "]",
    "[{",
    "}]",
    ",",
    ";",
    ":",
    "|",
    "...",
    " ... ",
    "null",
    "</b>",
    "&amp;",
    "%s",
    "\u{a0}",
    "# ",
    "\r\n",
    "role",
];

fn piece() -> impl Strategy<Value = String> {
    prop::collection::vec(select(PIECES.to_vec()), 0..4).prop_map(|pieces| pieces.concat())
}

type Around = (String, String);

/// Answers that are JSON or code from end to end, and texts in quotes.
const WHOLE: [[&str; 2]; 6] =
    [["\"", "\""], ["'", "'"], ["[1, \"", "\"]"], ["['", "']"], ["{\"answer\": \"", "\"}"], ["[[", "]]"]];

fn around() -> impl Strategy<Value = Around> {
    let whole = select(WHOLE.to_vec()).prop_map(|[before, after]| (before.to_owned(), after.to_owned()));
    prop_oneof![9 => (piece(), piece()), 1 => whole]
}

/// What is around a system prompt's number, and around those of each request and of its answer, where there is one.
type Raw = (Option<Around>, Vec<(Around, Option<Around>)>);

/// One to six dialogues of one to five exchanges. A number in each text keeps it apart from all others.
pub fn dialogues() -> impl Strategy<Value = Vec<Dialogue>> {
    let exchange = (around(), prop::option::weighted(0.93, around()));
    let dialogue = (prop::option::weighted(0.4, around()), prop::collection::vec(exchange, 1..=5));
    prop::collection::vec(dialogue, 1..=6).prop_map(numbered)
}

fn numbered(all: Vec<Raw>) -> Vec<Dialogue> {
    let mut number = 0;
    let mut text = |(before, after): Around| {
        number += 1;
        format!("{before}say{number}{after}")
    };
    let mut dialogues = Vec::new();
    for (nth, (system, exchanges)) in all.into_iter().enumerate() {
        let id = format!("c-{nth}f{}", nth * 7919);
        let system = system.map(&mut text);
        let both = |(asked, answered): (Around, Option<Around>)| {
            [text(asked), answered.map(&mut text).unwrap_or_default()]
        };
        let exchanges = exchanges.into_iter().map(both).collect();
        dialogues.push(Dialogue { id, system, exchanges });
    }
    dialogues
}

/// A conversation as it is to be read: its id, where the shape keeps it; its messages; the texts of its later turns.
pub type Read = (Option<String>, Vec<Said>, Vec<String>);

/// User turns after the first answer that says something.
pub fn later_turns(said: &[Said]) -> Vec<String> {
    let first = said.iter().position(|(role, text)| *role == "assistant" && !text.trim().is_empty());
    let after = said.iter().skip(first.unwrap_or(said.len()));
    after.filter(|(role, _)| *role == "user").map(|(_, text)| text.clone()).collect()
}
