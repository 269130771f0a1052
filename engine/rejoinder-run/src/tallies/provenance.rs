//! The groups that a conversation belongs to.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use rejoinder_read::language::UNDETERMINED;
use rejoinder_read::{InputFile, Provenance};
use rejoinder_scan::ScannedConversation;
use rejoinder_scan::config::ReportConfig;

/// The divisions of every run, in the order of their values.
const ALWAYS: [&str; 4] = ["language", "model", "source", "month"];

/// What the conversations of a run are divided by.
#[derive(Clone, Debug)]
pub(crate) struct Divisions {
    /// The columns beside those of every run.
    columns: Vec<String>,
    /// The name of each input file, for conversations that name no source; empty where there is only one file.
    files: Vec<String>,
}

/// The value of a conversation in each division.
pub(super) type GroupValues<'c> = Vec<Option<Cow<'c, str>>>;

impl Divisions {
    pub(crate) fn new(config: &ReportConfig, files: &[InputFile]) -> Self {
        let files = if files.len() < 2 { Vec::new() } else { names_of(files) };
        Self { columns: config.by.clone(), files }
    }

    /// The names of the divisions, in the order of their values.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        ALWAYS.into_iter().chain(self.columns.iter().map(String::as_str))
    }

    /// The values of a conversation.
    pub(super) fn values<'c>(&'c self, conversation: &'c ScannedConversation<'_>) -> GroupValues<'c> {
        let Provenance { model, source, month, columns } =
            Provenance::of(&conversation.record, &self.columns);
        let language = Some(conversation.language).filter(|language| *language != UNDETERMINED);
        let file = || self.files.get(conversation.shard as usize).map(|name| Cow::Borrowed(name.as_str()));
        let source = source.or_else(file);
        let mut values = vec![language.map(Cow::Borrowed), model, source, month.map(Cow::Owned)];
        values.extend(columns);
        values
    }

    /// The values that a conversation has, by division.
    pub(super) fn named(&self, values: &GroupValues<'_>) -> BTreeMap<String, String> {
        let named = self.names().zip(values);
        named.filter_map(|(name, value)| Some((name.to_owned(), value.as_deref()?.to_owned()))).collect()
    }
}

/// A name for each file: the file's own where all differ, else the path without what all paths begin with.
fn names_of(files: &[InputFile]) -> Vec<String> {
    let own = |file: &InputFile| Some(file.path.file_name()?.to_string_lossy().into_owned());
    let names: Option<Vec<String>> = files.iter().map(own).collect();
    if let Some(names) = names
        && names.iter().collect::<HashSet<_>>().len() == files.len()
    {
        return names;
    }
    let shared = files.iter().map(|file| file.path.parent().unwrap_or(Path::new(""))).reduce(|a, b| {
        let shared = a.components().zip(b.components()).take_while(|(a, b)| a == b).count();
        a.ancestors().find(|folder| folder.components().count() == shared).unwrap_or(Path::new(""))
    });
    let shared = shared.unwrap_or(Path::new(""));
    files
        .iter()
        .map(|file| file.path.strip_prefix(shared).unwrap_or(&file.path).display().to_string())
        .collect()
}
