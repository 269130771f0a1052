//! Which records and turns of a labelled corpus count: what `eval` and `rules stats` ask alike.

use clap::{Args, ValueEnum};
use rejoinder_core::Category;
use rejoinder_data::Record;
use rejoinder_data::labels::{self, Label};

use crate::failure::Failure;
use crate::pipeline::worker::{Scanned, ScannedConversation};

#[derive(Debug, Args)]
pub(super) struct LabelArgs {
    /// What later turns without a label are
    #[arg(long, value_enum, default_value_t = Unlisted::None)]
    unlisted: Unlisted,
    /// Only records whose column KEY is VALUE, such as split=dev
    #[arg(long = "where", value_name = "KEY=VALUE", value_parser = key_value)]
    filter: Option<(String, String)>,
    /// No records whose column KEY is VALUE; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_value)]
    except: Vec<(String, String)>,
}

/// What later turns without a label are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Unlisted {
    /// No feedback: the labellers read every turn
    None,
    /// Not judged: they count for nothing
    Ignore,
}

fn key_value(text: &str) -> Result<(String, String), String> {
    let (key, value) =
        text.split_once('=').ok_or_else(|| "expected KEY=VALUE, such as split=dev".to_owned())?;
    Ok((key.to_owned(), value.to_owned()))
}

fn has_column(record: &Record<'_>, (key, value): &(String, String)) -> bool {
    record.column(key).is_some_and(|raw| {
        let raw = raw.get();
        raw == value || serde_json::from_str::<String>(raw).is_ok_and(|text| text == *value)
    })
}

/// The labels of one record.
pub(super) struct Labels<'a> {
    args: &'a LabelArgs,
    listed: Vec<Label>,
}

impl LabelArgs {
    /// Whether the record passes the filters: its columns are compared as text.
    fn admits(&self, record: &Record<'_>) -> bool {
        self.filter.as_ref().is_none_or(|filter| has_column(record, filter)) && !self.is_excepted(record)
    }

    /// The conversations that count, with their labels; those without labels that can be used are noted.
    pub(super) fn all<'a, 'c>(
        &'a self,
        scanned: &'a Scanned<'c>,
        file: &'a str,
        unlabelled: &'a mut Unlabelled,
    ) -> impl Iterator<Item = (&'a ScannedConversation<'c>, Labels<'a>)> {
        let labelled = |conversation| Some((conversation, self.of(true, conversation, file, unlabelled)??));
        scanned.conversations.iter().filter_map(labelled)
    }

    /// Which records count, in words.
    pub(super) fn part(&self) -> String {
        let only = self.filter.iter().map(|(key, value)| format!("{key}={value}"));
        let except = self.except.iter().map(|(key, value)| format!("without {key}={value}"));
        only.chain(except).collect::<Vec<_>>().join(", ")
    }

    /// Whether the record is one of those that must not count.
    pub(super) fn is_excepted(&self, record: &Record<'_>) -> bool {
        self.except.iter().any(|filter| has_column(record, filter))
    }

    /// The labels of a conversation, if they are `wanted`; `None` if it does not count, because of the filter or because
    /// it has no labels that can be used, which is noted.
    pub(super) fn of(
        &self,
        wanted: bool,
        conversation: &ScannedConversation<'_>,
        file: &str,
        unlabelled: &mut Unlabelled,
    ) -> Option<Option<Labels<'_>>> {
        let record = &conversation.record;
        if !self.admits(record) {
            return None;
        }
        match wanted.then(|| labels::read(record)) {
            None => Some(None),
            Some(Ok(listed)) => Some(Some(Labels { args: self, listed })),
            Some(Err(why)) => {
                unlabelled.0.push(format!("{file}:{}: {why}", conversation.ordinal + 1));
                None
            }
        }
    }
}

impl Labels<'_> {
    /// The label of a later turn: its category or that it is none; `None` if the turn does not count.
    pub(super) fn of(&self, message_index: usize) -> Option<Option<Category>> {
        match self.listed.iter().find(|l| l.turn == message_index) {
            Some(label) => Some(label.category),
            None => (self.args.unlisted == Unlisted::None).then_some(None),
        }
    }
}

/// Where records had no usable labels.
#[derive(Default)]
pub(super) struct Unlabelled(Vec<String>);

impl Unlabelled {
    pub(super) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Tells the user, if there were any.
    pub(super) fn remark(&self) {
        if let Some(first) = self.0.first() {
            super::remark(&format!(
                "{} records were left out for want of labels; the first: {first}",
                self.0.len()
            ));
        }
    }
}

/// The failure of a comparison with no labels at all.
pub(super) fn nothing_labelled() -> Failure {
    Failure::usage("no labelled turn was found in the input")
}
