//! Chatbot Arena: two models answer the same user. Each side is a conversation; what the user says next may be about
//! either answer, which the column `ambiguous_target` says.

use rejoinder_core::Role;
use serde_json::{Map, Value};

use super::line::{Line, id, messages, simple, text};
use super::unquoted;
use crate::record::Mapping;

/// One line a side.
pub(super) fn made(record: &Value, mapping: &Mapping) -> Result<Vec<Result<Line, String>>, String> {
    let sides = sides(record, mapping)?;
    let own = ["question_id", "id", "conversation_id"].iter().find_map(|key| id(&record[*key]));
    let later = sides[0].iter().filter(|(role, _)| *role == Role::User).count() > 1;
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
    let mut lines = Vec::new();
    for (side, messages) in ["a", "b"].into_iter().zip(&sides) {
        let mut metadata: Map<String, Value> = simple(record, &columns);
        metadata.insert("side".to_owned(), side.into());
        metadata.insert("model".to_owned(), record[format!("model_{side}")].clone());
        metadata.insert("ambiguous_target".to_owned(), later.into());
        lines.push(Ok(Line::new(own.as_ref().map(|id| format!("{id}:{side}")), messages, 0, metadata)));
    }
    Ok(lines)
}

type Messages = Vec<(Role, String)>;

fn sides(record: &Value, mapping: &Mapping) -> Result<[Messages; 2], String> {
    let list = |key: &str| match unquoted(&record[key]) {
        Some(Value::Array(list)) => Some(list),
        _ => None,
    };
    // All rounds, where the conversations are those of the last one only.
    if let Some(rounds) = list("full_conversation").filter(|rounds| !rounds.is_empty()) {
        let side = |key: &str| {
            let round = |round: &Value| [round["user"].clone(), round[key].clone()];
            let all: Vec<Value> = rounds.iter().flat_map(round).filter(|m| !m.is_null()).collect();
            messages(&all, mapping)
        };
        return Ok([side("model_side_a")?, side("model_side_b")?]);
    }
    if let (Some(a), Some(b)) = (list("conversation_a"), list("conversation_b")) {
        return Ok([messages(&a, mapping)?, messages(&b, mapping)?]);
    }
    let texts = |key: &str| list(key).ok_or_else(|| format!("no `{key}` that is a list"));
    if record.get("prompt").is_none() {
        return Err("neither `conversation_a` and `conversation_b` nor `prompt` in the record".to_owned());
    }
    let prompts = texts("prompt")?;
    let side = |key: &str| {
        let answers = texts(key)?;
        if answers.len() != prompts.len() {
            return Err(format!("{} prompts and {} answers in `{key}`", prompts.len(), answers.len()));
        }
        let both = prompts.iter().zip(&answers);
        Ok(both.flat_map(|(p, a)| [(Role::User, text(p)), (Role::Assistant, text(a))]).collect())
    };
    Ok([side("response_a")?, side("response_b")?])
}
