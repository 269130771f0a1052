//! The labels that people made for `yuhan-nlp/multiturn-feedback` (CC-BY-4.0), with the same five categories under other
//! names: a list with an entry for each user message after the first.

use rejoinder_core::{Answer, Category, Conversation, Role};

use super::error::LabelError;
use super::label::Label;
use super::selection::TurnSelection;

/// The column of the labels.
pub(super) const COLUMN: &str = "user_feedback_category";

/// What the data set's label `name` says of a turn; `None` if the data set has no such label.
fn answer(name: &str) -> Option<Answer> {
    Some(match name.trim().to_ascii_uppercase().as_str() {
        "NEU" => Answer::NoFeedback,
        "POS" => Answer::Feedback(Category::Ur5),
        "NEG_1" => Answer::Feedback(Category::Ur1),
        "NEG_2" => Answer::Feedback(Category::Ur2),
        "NEG_3" => Answer::Feedback(Category::Ur3),
        "NEG_4" => Answer::Feedback(Category::Ur4),
        _ => return None,
    })
}

/// The labels of a conversation.
///
/// # Errors
/// If the column holds no list of labels, or not as many labels as there are user messages after the first.
pub(super) fn read(column: &str, conversation: &Conversation<'_>) -> Result<Vec<Label>, LabelError> {
    // Tables without lists hold it as a text.
    let names: Vec<String> = serde_json::from_str(column)
        .or_else(|_| serde_json::from_str::<String>(column).and_then(|text| serde_json::from_str(&text)))
        .map_err(|error| LabelError::Malformed { column: COLUMN, reason: error.to_string() })?;
    let users = (0..conversation.messages.len()).filter(|&at| conversation.messages[at].role == Role::User);
    let turns: Vec<usize> = users.skip(1).collect();
    if turns.len() != names.len() {
        return Err(LabelError::WrongCount { labels: names.len(), messages: turns.len() });
    }
    let label = |(turn, name): (usize, &String)| match answer(name) {
        Some(answer) => Ok(Label { turn, answer, span: None, selection: TurnSelection::Independent }),
        None => Err(LabelError::UnknownName(name.clone())),
    };
    turns.into_iter().zip(&names).map(label).collect()
}

#[cfg(test)]
mod tests {
    use rejoinder_read::{Mapping, Record};

    use super::*;

    fn labels(column: &str) -> Result<Vec<(usize, Option<Category>)>, LabelError> {
        let line = format!(
            r#"{{"conversation":[{{"role":"user","content":"q"}},{{"role":"assistant","content":"a"}},{{"role":"user","content":"no"}},{{"role":"assistant","content":"b"}},{{"role":"user","content":"thanks"}}],"user_feedback_category":{column}}}"#
        );
        let record = Record::parse(line.as_bytes(), &Mapping::default()).unwrap();
        let labels = super::super::read(&record)?;
        Ok(labels.into_iter().map(|label| (label.turn, label.answer.category())).collect())
    }

    #[test]
    fn each_user_message_after_the_first_has_its_label() {
        assert_eq!(
            labels(r#"["NEG_3","POS"]"#),
            Ok(vec![(2, Some(Category::Ur3)), (4, Some(Category::Ur5))])
        );
        assert_eq!(labels(r#"["NEU","neg_4"]"#), Ok(vec![(2, None), (4, Some(Category::Ur4))]));
        assert_eq!(labels(r#""[\"NEG_1\", \"NEG_2\"]""#).unwrap()[1].1, Some(Category::Ur2));
        for (wrong, why) in [
            (r#"["POS"]"#, "1 labels in `user_feedback_category` and 2 user messages"),
            (r#"["POS","NEG_5"]"#, "is none of NEG_1"),
            ("7", "malformed"),
        ] {
            assert!(labels(wrong).unwrap_err().to_string().contains(why), "{wrong}");
        }
    }
}
