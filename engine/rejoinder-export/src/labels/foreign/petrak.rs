//! The dialogues of Petrak et al. 2023 (doi 10.18653/v1/2023.emnlp-main.703), as their repository's folder
//! `data/preprocessed` has them: one dialogue a file, in which the user reacts to an error. The files hold the texts of the
//! dialogues, so the dialogues become a corpus of their own. Reactions are named in words, so no numbering is needed.

use rejoinder_read::JsonValuesError;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::{EntryError, ImportError};
use crate::labels::LabelRow;

/// A dialogue of Petrak et al. with a label.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LabelledDialogue {
    /// The id that the caller gives.
    pub conversation_id: String,
    /// The messages.
    pub conversation: Vec<DialogueMessage>,
    /// The label: the reaction to the error.
    pub labels: Vec<LabelRow>,
}

/// A message of a dialogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DialogueMessage {
    /// `user` or `assistant`.
    pub role: &'static str,
    /// The words.
    pub content: String,
}

#[derive(Deserialize)]
struct DialogueFile {
    context: String,
    error_text: String,
    user_reaction: String,
    user_reaction_type: String,
    #[serde(default)]
    target: String,
}

const REACTIONS: [(&str, &str); 5] = [
    ("Ignore and Continue", "none"),
    ("Repeat or Rephrase", "UR1"),
    ("Make Aware with Correction", "UR2"),
    ("Make Aware without Correction", "UR3"),
    ("Ask for Clarification", "UR4"),
];

/// The dialogue of a file, which is the only record of the file.
///
/// # Errors
/// If the record cannot be read, is no dialogue of Petrak et al., or holds no reaction.
pub fn read(
    mut records: impl Iterator<Item = Result<Value, JsonValuesError>>,
    conversation_id: &str,
) -> Result<LabelledDialogue, ImportError> {
    let record = records.next().ok_or(ImportError::Empty)??;
    if records.next().is_some() {
        return Err(ImportError::SeveralDialogues);
    }
    let file =
        DialogueFile::deserialize(record).map_err(|error| EntryError::NoDialogue(error.to_string()))?;
    let reaction =
        REACTIONS.iter().find(|(name, _)| name.eq_ignore_ascii_case(file.user_reaction_type.trim()));
    let (_, category) =
        reaction.ok_or_else(|| EntryError::UnknownReaction(file.user_reaction_type.clone()))?;
    let mut conversation = turns(&file.context);
    let mut add = |role, text: &str| {
        if !text.trim().is_empty() {
            conversation.push(DialogueMessage { role, content: text.trim().to_owned() });
        }
        conversation.len()
    };
    let before = add("assistant", &file.error_text);
    let after = add("user", &file.user_reaction);
    if after == before {
        return Err(EntryError::NoReaction.into());
    }
    add("assistant", &file.target);
    let row =
        LabelRow { turn: Some(before), feedback_turn: None, category: (*category).to_owned(), span: None };
    Ok(LabelledDialogue { conversation_id: conversation_id.to_owned(), conversation, labels: vec![row] })
}

/// The turns of a context, in which `<user>` and `<system>` begin each.
fn turns(context: &str) -> Vec<DialogueMessage> {
    let mut turns = Vec::new();
    for piece in context.split("<user>").skip(1) {
        let mut said = piece.split("<system>");
        let user = said.next().into_iter().map(|text| ("user", text));
        for (role, text) in user.chain(said.map(|text| ("assistant", text))) {
            if !text.trim().is_empty() {
                turns.push(DialogueMessage { role, content: text.trim().to_owned() });
            }
        }
    }
    turns
}
