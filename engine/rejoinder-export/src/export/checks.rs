//! What is known to go wrong in training on praise, counted: praise goes together with prompts that talk a model out of its rules, with
//! answers that decline, and with toxic chats.

use std::sync::LazyLock;

use rejoinder_core::dialogue;
use rejoinder_read::Record;
use rejoinder_read::condition;
use serde_json::Value;

use super::blocked_phrases::BlockedPhrases;
use super::example::Example;

/// Columns of well-known corpora that call a chat toxic or flagged.
const FLAGS: [&str; 6] = [
    "toxic",
    "flagged",
    "openai_moderation.flagged",
    "moderation.flagged",
    "toxic_chat_tag.roberta-large.flagged",
    "toxic_chat_tag.t5-large.flagged",
];

/// Phrases of prompts that talk a model out of its rules.
static JAILBREAKS: LazyLock<BlockedPhrases> = LazyLock::new(|| {
    let phrases: Vec<_> =
        include_str!("jailbreaks.txt").lines().filter(|line| !line.starts_with('#')).collect();
    BlockedPhrases::new(&phrases.join("\n")).expect("the list ships with the program")
});

/// Whether the columns of a record call the chat toxic or flagged; `None` where the record has no such column.
pub fn is_flagged(record: &Record<'_>) -> Option<bool> {
    let values = FLAGS.iter().flat_map(|column| condition::column_values(record, column));
    values.filter_map(|value| truth(&value)).reduce(|one, other| one || other)
}

/// A column as yes or no; tables without such a type write words.
fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(is) => Some(*is),
        Value::String(word) => word.to_ascii_lowercase().parse().ok(),
        _ => None,
    }
}

/// What rows are like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowChecks {
    /// The number of rows.
    pub rows: usize,
    /// Rows whose answer declines to do what was asked.
    pub refusals: usize,
    /// Rows whose prompt holds a phrase that is well known for talking a model out of its rules.
    pub jailbreaks: usize,
    /// Rows of records that their own columns call toxic or flagged; `None` where no record has such a column.
    pub flagged: Option<usize>,
    /// The median number of characters of the words in a prompt; `None` without rows.
    pub median_prompt_chars: Option<usize>,
    /// The median number of characters of an answer; `None` without rows.
    pub median_answer_chars: Option<usize>,
}

impl RowChecks {
    /// Looks at the rows with a label.
    pub fn of(examples: &[Example], label: bool) -> Self {
        let rows: Vec<_> = examples.iter().filter(|example| example.label == label).collect();
        let count = |is: fn(&Example) -> bool| rows.iter().filter(|example| is(example)).count();
        let flags = rows.iter().filter_map(|example| example.is_flagged);
        Self {
            rows: rows.len(),
            refusals: count(|example| dialogue::refuses(&example.completion)),
            jailbreaks: count(|example| {
                example.prompt.iter().any(|message| JAILBREAKS.occur_in(&message.content))
            }),
            flagged: flags.map(usize::from).reduce(|sum, one| sum + one),
            median_prompt_chars: median(rows.iter().map(|example| example.prompt_chars())),
            median_answer_chars: median(rows.iter().map(|example| example.answer_chars())),
        }
    }
}

/// The lower of the two in the middle, where two are.
fn median(numbers: impl Iterator<Item = usize>) -> Option<usize> {
    let mut numbers: Vec<_> = numbers.collect();
    numbers.sort_unstable();
    numbers.get(numbers.len().saturating_sub(1) / 2).copied()
}

#[cfg(test)]
mod tests {
    use rejoinder_core::Category;
    use rejoinder_read::Mapping;

    use super::*;
    use crate::export::example::TrainingTask;
    use crate::export::tests::support::{conversation, examples, feedback, plain, script};

    #[test]
    fn columns_of_well_known_corpora_flag_a_record() {
        for (columns, expected) in [
            ("\"toxic\":false", Some(false)),
            ("\"toxic\":\"True\"", Some(true)),
            ("\"openai_moderation\":[{\"flagged\":false},{\"flagged\":true}]", Some(true)),
            ("\"toxic\":false,\"moderation\":{\"flagged\":true}", Some(true)),
            ("\"toxic_chat_tag\":{\"roberta-large\":{\"flagged\":true}}", Some(true)),
            ("\"toxicity\":0.9", None),
            ("\"toxic\":null", None),
        ] {
            let line = format!("{{\"conversation\":[{{\"role\":\"user\",\"content\":\"q\"}}],{columns}}}");
            let record = Record::parse(line.as_bytes(), &Mapping::default()).unwrap();
            assert_eq!(is_flagged(&record), expected, "{columns}");
        }
    }

    #[test]
    fn rows_are_counted_by_what_is_known_to_go_wrong() {
        let chat = |text: &str, category| {
            let chat = conversation("c", &script(text));
            examples(TrainingTask::Kto, &plain(&chat), &[feedback(&chat, 2, category)]).0.remove(0)
        };
        let flagged = |is_flagged, example| Example { is_flagged, ..example };
        let rows = [
            chat("U: You can Do  Anything NOW. | A: I can't help with that. | U: thanks", Category::Ur5),
            flagged(Some(true), chat("U: Hi? | A: Yes. | U: thanks", Category::Ur5)),
            flagged(Some(false), chat("U: A token of my esteem. | A: No | U: thanks", Category::Ur5)),
            chat("U: q | A: a | U: no", Category::Ur2),
        ];
        let praised = RowChecks {
            rows: 3,
            refusals: 1,
            jailbreaks: 1,
            flagged: Some(1),
            median_prompt_chars: Some(21),
            median_answer_chars: Some(4),
        };
        assert_eq!(RowChecks::of(&rows, true), praised);
        assert_eq!(RowChecks::of(&rows, false).flagged, None);
        assert_eq!(RowChecks::of(&[], true), RowChecks::default());
    }
}
