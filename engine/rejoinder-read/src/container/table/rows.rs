//! Rows in memory: texts as they lay in the decompressed pages, simple columns as JSON.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use parquet::data_type::ByteArray;
use rejoinder_core::{Conversation, Message, Role};
use serde_json::Value;

use super::leaf::ListValues;
use crate::chunk::{Entry, EntrySource};
use crate::message::{self, Speaker, may_think, speaker};
use crate::record::{JsonColumn, Mapping, Record, RecordError};

/// Some rows of a file.
#[derive(Clone, Debug)]
pub(crate) struct TableRows {
    /// The number of the first row in the file.
    pub(crate) first: u64,
    pub(crate) roles: ListValues,
    pub(crate) contents: ListValues,
    /// Where the ids stand in `json`, if there is a column of ids.
    pub(crate) ids: Option<Vec<Range<usize>>>,
    /// Names of the columns beside the messages.
    pub(crate) names: Arc<[String]>,
    /// For each of these columns, where the values of the rows stand in `json`.
    pub(crate) metadata: Vec<Vec<Range<usize>>>,
    pub(crate) json: String,
    pub(crate) mapping: Arc<Mapping>,
}

impl TableRows {
    pub(super) fn len(&self) -> usize {
        self.roles.rows.len() - 1
    }

    /// The rows, not yet parsed.
    pub(crate) fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        (0..self.len()).map(|at| Entry {
            ordinal: self.first + at as u64,
            source: EntrySource::Row(TableRow { rows: self, at }),
        })
    }

    /// The same with only the row `at`.
    fn only(&self, at: usize) -> Self {
        let list = |lists: &ListValues| {
            let elements = lists.elements[lists.of(at)].to_vec();
            ListValues { rows: vec![0, elements.len() as u32], elements }
        };
        Self {
            first: self.first + at as u64,
            roles: list(&self.roles),
            contents: list(&self.contents),
            ids: self.ids.as_ref().map(|ids| vec![ids[at].clone()]),
            names: Arc::clone(&self.names),
            metadata: self.metadata.iter().map(|values| vec![values[at].clone()]).collect(),
            json: self.json.clone(),
            mapping: Arc::clone(&self.mapping),
        }
    }
}

impl ListValues {
    fn of(&self, row: usize) -> Range<usize> {
        self.rows[row] as usize..self.rows[row + 1] as usize
    }
}

/// One row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TableRow<'c> {
    rows: &'c TableRows,
    at: usize,
}

impl<'c> TableRow<'c> {
    fn contents(&self) -> &'c [Option<ByteArray>] {
        &self.rows.contents.elements[self.rows.contents.of(self.at)]
    }

    /// Rows that hold this one alone.
    pub(crate) fn alone(&self) -> TableRows {
        self.rows.only(self.at)
    }

    /// The length of the texts in bytes.
    pub(crate) fn size(&self) -> u64 {
        self.contents().iter().flatten().map(|text| text.len() as u64).sum()
    }

    /// Parses the row.
    ///
    /// # Errors
    /// Why the record is set aside.
    pub(crate) fn record(&self) -> Result<Record<'c>, RecordError> {
        let mapping = &self.rows.mapping;
        let roles = &self.rows.roles.elements[self.rows.roles.of(self.at)];
        let contents = self.contents();
        if roles.len() != contents.len() {
            return Err(format!("{} roles and {} contents", roles.len(), contents.len()).into());
        }
        let mut messages = Vec::with_capacity(roles.len());
        let mut unknown: Vec<String> = Vec::new();
        for (role, content) in roles.iter().zip(contents) {
            let role = role.as_ref().ok_or_else(|| format!("a message without `{}`", mapping.role_key()))?;
            let name = text(role)?;
            let text = content.as_ref().map_or(Ok(""), text)?;
            match speaker(mapping, name) {
                // What is more than a role and a text is read as everywhere else.
                Some(Speaker::Role(role @ (Role::User | Role::System))) if !text.contains('\0') => {
                    messages.push(Message::new(role, text));
                }
                Some(Speaker::Role(Role::Assistant))
                    if !text.contains('\0') && !may_think(text.as_bytes()) =>
                {
                    messages.push(Message::new(Role::Assistant, text));
                }
                Some(_) => return self.in_full(),
                None if unknown.iter().any(|known| known == name) => {}
                None => unknown.push(name.to_owned()),
            }
        }
        if !unknown.is_empty() {
            return Err(RecordError::UnknownRoles(unknown));
        }
        Record::of_messages(self.id()?, messages, self.metadata())
    }

    /// Parses the row by way of JSON.
    fn in_full(&self) -> Result<Record<'c>, RecordError> {
        let mapping = &self.rows.mapping;
        let roles = &self.rows.roles.elements[self.rows.roles.of(self.at)];
        let value = |bytes: &Option<ByteArray>| {
            bytes.as_ref().map_or(Ok(Value::Null), |bytes| text(bytes).map(Value::from))
        };
        let message = |(role, content)| -> Result<Value, RecordError> {
            let fields = [(mapping.role_key(), value(role)?), (mapping.content_key(), value(content)?)];
            Ok(Value::Object(fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()))
        };
        let list = roles.iter().zip(self.contents()).map(message).collect::<Result<Vec<_>, _>>()?;
        let read = Record::of_parsed(None, message::of_list(&list, mapping)?, serde_json::Map::new())?;
        let id = self.id()?.unwrap_or(read.conversation.id);
        let conversation = Conversation { id, ..read.conversation };
        Ok(Record { conversation, metadata: self.metadata(), ..read })
    }

    fn json(&self, range: &Range<usize>) -> &'c str {
        &self.rows.json[range.clone()]
    }

    /// The id of the conversation, if the row has one.
    ///
    /// # Errors
    /// If the id cannot be read.
    pub(crate) fn id(&self) -> Result<Option<Cow<'c, str>>, RecordError> {
        Ok(match self.rows.ids.as_ref().map(|ids| self.json(&ids[self.at])) {
            None | Some("null" | "\"\"") => None,
            Some(quoted) if quoted.starts_with('"') => Some(Cow::Owned(
                serde_json::from_str::<String>(quoted).map_err(|e| RecordError::NotJson(e.to_string()))?,
            )),
            Some(number) => Some(Cow::Borrowed(number)),
        })
    }

    fn metadata(&self) -> Vec<(Cow<'c, str>, JsonColumn<'c>)> {
        let columns = self.rows.names.iter().zip(&self.rows.metadata);
        columns
            .map(|(name, values)| (Cow::Borrowed(&**name), JsonColumn::checked(self.json(&values[self.at]))))
            .collect()
    }
}

fn text(bytes: &ByteArray) -> Result<&str, RecordError> {
    simdutf8::basic::from_utf8(bytes.data()).map_err(|_| RecordError::from("a text that is not UTF-8"))
}
