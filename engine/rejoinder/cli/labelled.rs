//! Which records and turns of a labelled corpus count: what `eval` and `rules stats` ask alike.

use clap::{Args, ValueEnum};
use rejoinder_core::Category;
use rejoinder_data::Record;
use rejoinder_data::labels::{self, Label};

use crate::failure::Failure;

#[derive(Debug, Args)]
pub(super) struct LabelArgs {
    /// What later turns without a label are
    #[arg(long, value_enum, default_value_t = Unlisted::None)]
    unlisted: Unlisted,
    /// Only records whose column KEY is VALUE, such as split=dev
    #[arg(long = "where", value_name = "KEY=VALUE", value_parser = key_value)]
    filter: Option<(String, String)>,
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

/// The labels of one record.
pub(super) struct Labels<'a> {
    args: &'a LabelArgs,
    listed: Vec<Label>,
}

impl LabelArgs {
    /// Whether the record passes the filter: its column is compared as text.
    pub(super) fn admits(&self, record: &Record<'_>) -> bool {
        self.filter.as_ref().is_none_or(|(key, value)| {
            record.column(key).is_some_and(|raw| {
                let raw = raw.get();
                raw == value || serde_json::from_str::<String>(raw).is_ok_and(|text| text == *value)
            })
        })
    }

    /// Reads the record's labels.
    ///
    /// # Errors
    /// Why it has none that can be used.
    pub(super) fn read(&self, record: &Record<'_>) -> Result<Labels<'_>, String> {
        Ok(Labels { args: self, listed: labels::read(record)? })
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
    pub(super) fn add(&mut self, file: &str, line: u64, why: &str) {
        self.0.push(format!("{file}:{}: {why}", line + 1));
    }

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
