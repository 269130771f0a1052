//! Which records and turns of a labelled corpus count: what `eval` and `rules stats` ask alike.

use std::sync::Arc;

use clap::{Args, ValueEnum};
use rejoinder_core::{Category, printable};
use rejoinder_export::labels::beside::SideCar;
use rejoinder_export::labels::drawn::Drawn;
use rejoinder_export::labels::{self, Label};
use rejoinder_read::Record;
use rejoinder_read::condition::Condition;

use crate::failure::Failure;
use crate::pipeline::worker::{Scanned, ScannedConversation};

#[derive(Debug, Args)]
pub(super) struct LabelArgs {
    /// Labels beside the corpus, joined by the conversation's id, in place of the records' own; as import-labels writes them
    #[arg(long, value_name = "FILE", value_parser = side_car)]
    label_file: Option<Arc<SideCar>>,
    /// What later turns without a label are
    #[arg(long, value_enum, default_value_t = Unlisted::None)]
    unlisted: Unlisted,
    /// Only records whose column KEY is VALUE, such as split=dev
    #[arg(long = "where", value_name = "KEY=VALUE")]
    filter: Option<Condition>,
    /// No records whose column KEY is VALUE; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    except: Vec<Condition>,
}

/// Reads a file of labels that is named on the command line.
pub(super) fn side_car(file: &str) -> Result<Arc<SideCar>, String> {
    let lines = std::fs::read_to_string(file).map_err(|e| format!("cannot read it: {e}"))?;
    SideCar::new(&lines).map(Arc::new)
}

/// What later turns without a label are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Unlisted {
    /// No feedback: the labellers read every turn
    None,
    /// Not judged: they count for nothing
    Ignore,
}

/// The labels of one record.
pub(super) struct Labels<'a> {
    args: &'a LabelArgs,
    listed: Vec<Label>,
    /// How the labelled turns were chosen.
    pub(super) drawn: Drawn,
    /// Whether turns that are not listed were judged, too.
    is_complete: bool,
}

impl LabelArgs {
    /// Whether the record passes the filters: its columns are compared as text.
    fn admits(&self, record: &Record<'_>) -> bool {
        self.filter.as_ref().is_none_or(|filter| filter.holds(record)) && !self.is_excepted(record)
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

    /// The failure of a comparison with no labels at all, and its likeliest reason.
    pub(super) fn nothing_labelled(&self) -> Failure {
        let labels = match &self.label_file {
            None => {
                "the records have no usable `labels`: give --label-file FILE for labels that stand beside the corpus".to_owned()
            }
            Some(file) => {
                let named = file.example().map_or_else(
                    || "it is empty".to_owned(),
                    |id| format!("such as `{}`", printable(id)),
                );
                format!(
                    "none of the {} conversations in the file of labels ({named}) is one of them with a later turn that counts: the \
                     labels are of another corpus, or the ids were made anew. `rejoinder inspect INPUT` shows the input's ids",
                    file.len()
                )
            }
        };
        Failure::usage(format!("no labelled turn was found in the input: {labels}"))
    }

    /// Whether labels are asked for: by a flag of the verb, or by naming their file.
    pub(super) fn are_wanted(&self, by_flag: bool) -> bool {
        by_flag || self.label_file.is_some()
    }

    /// Which records count, in words.
    pub(super) fn part(&self) -> String {
        let only = self.filter.iter().map(Condition::to_string);
        let except = self.except.iter().map(|condition| format!("without {condition}"));
        only.chain(except).collect::<Vec<_>>().join(", ")
    }

    /// Whether the record is one of those that must not count.
    pub(super) fn is_excepted(&self, record: &Record<'_>) -> bool {
        self.except.iter().any(|filter| filter.holds(record))
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
        let wanted = self.are_wanted(wanted);
        let read = || self.label_file.as_ref().map_or_else(|| labels::read(record), |file| file.read(record));
        match wanted.then(read) {
            None => Some(None),
            Some(Ok(listed)) => {
                let id = &*record.conversation.id;
                let draw = self.label_file.as_ref().and_then(|file| file.draw_of(id));
                let (drawn, is_complete) = draw.unwrap_or((Drawn::Whole, true));
                Some(Some(Labels { args: self, listed, drawn, is_complete }))
            }
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
            None => (self.is_complete && self.args.unlisted == Unlisted::None).then_some(None),
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
