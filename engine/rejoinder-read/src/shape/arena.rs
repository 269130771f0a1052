//! Chatbot Arena: two models answer the same user. Each side is a conversation. The user's next message may be about either answer,
//! and the column `ambiguous_target` says so.

use rejoinder_core::Role;
use serde_json::{Map, Value};

use super::{ReadMode, RecordResult, Shape, Sign, id_of, sign, simple, unquoted};
use crate::message::{ParsedMessage, keys_of, of_list};
use crate::record::{Mapping, Record, RecordError};

pub(super) static SHAPE: Shape =
    Shape { name: "arena", describe: "Chatbot Arena pairs", fits, read: ReadMode::PerRecord(read) };

fn fits(record: &Value) -> Option<Sign> {
    let has = |key: &str| record.get(key).is_some_and(|value| value.is_array() || value.is_string());
    match () {
        () if has("conversation_a") && has("conversation_b") => {
            sign(3, "`conversation_a` and `conversation_b`")
        }
        () if has("response_a") && has("response_b") && has("prompt") => {
            sign(3, "`prompt`, `response_a` and `response_b`")
        }
        () => None,
    }
}

/// A conversation a side.
fn read(record: &Value, mapping: &Mapping) -> Vec<RecordResult> {
    let sides = match sides(record, mapping) {
        Ok(sides) => sides,
        Err(why) => return vec![Err(why)],
    };
    let own = id_of(record, &["question_id", "id", "conversation_id"]);
    let later = sides[0].iter().filter(|said| said.role == Role::User).count() > 1;
    let columns = [
        "conversation_a",
        "conversation_b",
        "full_conversation",
        "prompt",
        "response_a",
        "response_b",
        "conv_metadata",
        "category_tag",
    ];
    let made = ["a", "b"].into_iter().zip(sides).map(|(side, said)| {
        let mut metadata: Map<String, Value> = simple(record, &columns);
        metadata.insert("side".to_owned(), side.into());
        metadata.insert("model".to_owned(), record[format!("model_{side}")].clone());
        metadata.insert("ambiguous_target".to_owned(), later.into());
        Record::of_parsed(own.as_ref().map(|id| format!("{id}:{side}")), said, metadata)
    });
    made.collect()
}

fn sides(record: &Value, mapping: &Mapping) -> Result<[Vec<ParsedMessage>; 2], RecordError> {
    let list = |key: &str| match unquoted(&record[key]) {
        Some(Value::Array(list)) => Some(list),
        _ => None,
    };
    // All rounds, where the conversations are those of the last one only.
    if let Some(rounds) = list("full_conversation").filter(|rounds| !rounds.is_empty()) {
        let side = |key: &str| {
            let round = |round: &Value| [round["user"].clone(), round[key].clone()];
            let all: Vec<Value> = rounds.iter().flat_map(round).filter(|m| !m.is_null()).collect();
            of_list(&all, mapping)
        };
        return Ok([side("model_side_a")?, side("model_side_b")?]);
    }
    if let (Some(a), Some(b)) = (list("conversation_a"), list("conversation_b")) {
        return Ok([of_list(&a, mapping)?, of_list(&b, mapping)?]);
    }
    if record.get("prompt").is_none() {
        let keys = keys_of(record);
        let missing = "neither `conversation_a` and `conversation_b` nor `prompt` in the record";
        return Err(format!("{missing}; it has {keys}").into());
    }
    let texts = |key: &str| list(key).ok_or_else(|| RecordError::from(format!("no `{key}` that is a list")));
    let prompts = texts("prompt")?;
    let side = |key: &str| {
        let answers = texts(key)?;
        if answers.len() != prompts.len() {
            let (prompts, answers) = (prompts.len(), answers.len());
            return Err(RecordError::from(format!("{prompts} prompts and {answers} answers in `{key}`")));
        }
        let both = prompts.iter().zip(&answers);
        Ok(both
            .flat_map(|(p, a)| [ParsedMessage::new(Role::User, p), ParsedMessage::new(Role::Assistant, a)])
            .collect())
    };
    Ok([side("response_a")?, side("response_b")?])
}
