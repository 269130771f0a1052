//! The labels that people made for `yuhan-nlp/multiturn-feedback` (CC-BY-4.0), with the same five categories under other
//! names: a list with an entry for each user message after the first.

use rejoinder_core::{Category, Conversation, Role};

use super::Label;

/// The column that holds them.
pub(super) const COLUMN: &str = "user_feedback_category";

/// The category that the data set calls `name`; `None` = no feedback.
fn category(name: &str) -> Option<Option<Category>> {
    Some(match name.trim().to_ascii_uppercase().as_str() {
        "NEU" => None,
        "POS" => Some(Category::Ur5),
        "NEG_1" => Some(Category::Ur1),
        "NEG_2" => Some(Category::Ur2),
        "NEG_3" => Some(Category::Ur3),
        "NEG_4" => Some(Category::Ur4),
        _ => return None,
    })
}

/// The labels of a conversation.
///
/// # Errors
/// If they are no list, name no category, or are not as many as the user messages after the first.
pub(super) fn read(column: &str, conversation: &Conversation<'_>) -> Result<Vec<Label>, String> {
    // Tables without lists hold it as a text.
    let names: Vec<String> = serde_json::from_str(column)
        .or_else(|_| serde_json::from_str::<String>(column).and_then(|text| serde_json::from_str(&text)))
        .map_err(|e| format!("malformed `{COLUMN}`: {e}"))?;
    let users = (0..conversation.messages.len()).filter(|&at| conversation.messages[at].role == Role::User);
    let turns: Vec<usize> = users.skip(1).collect();
    if turns.len() != names.len() {
        return Err(format!(
            "{} labels in `{COLUMN}` and {} user messages after the first",
            names.len(),
            turns.len()
        ));
    }
    let label = |(turn, name): (usize, &String)| match category(name) {
        Some(category) => Ok(Label { turn, category, span: None }),
        None => {
            Err(format!("`{}` in `{COLUMN}` is none of NEG_1 to NEG_4, POS and NEU", name.escape_debug()))
        }
    };
    turns.into_iter().zip(&names).map(label).collect()
}

#[cfg(test)]
mod tests {
    use rejoinder_read::{Mapping, Record};

    use super::*;

    fn labels(column: &str) -> Result<Vec<(usize, Option<Category>)>, String> {
        let line = format!(
            r#"{{"conversation":[{{"role":"user","content":"q"}},{{"role":"assistant","content":"a"}},{{"role":"user","content":"no"}},{{"role":"assistant","content":"b"}},{{"role":"user","content":"thanks"}}],"user_feedback_category":{column}}}"#
        );
        let record = Record::parse(line.as_bytes(), &Mapping::default()).unwrap();
        let labels = super::super::read(&record)?;
        Ok(labels.into_iter().map(|label| (label.turn, label.category)).collect())
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
            assert!(labels(wrong).unwrap_err().contains(why), "{wrong}");
        }
    }
}
