//! Which columns of a table in memory hold what is needed, and how a batch of its rows is read.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, Fields, Schema};
use parquet::data_type::ByteArray;

use super::lists::{Lists, element_type};
use super::texts::{Texts, is_text};
use super::values::{Values, is_readable};
use crate::container::table::{IGNORED, ListValues, TableRows};
use crate::message::ELSEWHERE;
use crate::record::{IDS, MESSAGES, Mapping, OTHER_MESSAGES};
use crate::shape::Format;

/// How the rows of a table are read.
#[derive(Clone, Debug)]
pub(crate) enum ArrowLayout {
    /// By the roles and the texts of the messages.
    Messages(MessageColumns),
    /// As JSON records of these columns.
    Json(Vec<usize>),
}

/// The columns that are read.
#[derive(Clone, Debug)]
pub(crate) struct MessageColumns {
    /// The column of the messages: a list of structs, or a struct of lists.
    messages: usize,
    role: String,
    content: String,
    /// The conversation's id.
    id: Option<usize>,
    /// Simple columns beside the messages.
    metadata: Vec<usize>,
    names: Arc<[String]>,
}

impl ArrowLayout {
    /// The layout of rows of a shape.
    ///
    /// # Errors
    /// If a column is missing. The message names the column and shows the columns that are there.
    pub(crate) fn find(schema: &Schema, format: Format, mapping: &Mapping) -> io::Result<Self> {
        if format.is_direct() {
            let path = mapping.messages.as_deref();
            let looked_for: Vec<&str> = match path {
                Some(name) => vec![name, name.split('.').next().unwrap_or(name)],
                None => MESSAGES.iter().chain(&OTHER_MESSAGES).copied().collect(),
            };
            let Some(messages) = looked_for.iter().find_map(|name| schema.index_of(name).ok()) else {
                let shown = path.map_or("`conversation` or `messages`".to_owned(), |path| {
                    format!("`{}`", path.escape_debug())
                });
                let columns: Vec<String> = schema
                    .fields()
                    .iter()
                    .map(|field| format!("  {}: {}", field.name().escape_debug(), field.data_type()))
                    .collect();
                let columns = match columns.as_slice() {
                    [] => "it has no columns".to_owned(),
                    columns => format!("its columns are\n{}", columns.join("\n")),
                };
                let text = format!("no column {shown}; {columns}");
                return Err(io::Error::new(io::ErrorKind::InvalidData, text));
            };
            if let Some(columns) = MessageColumns::of(schema, messages, mapping) {
                return Ok(Self::Messages(columns));
            }
        }
        Ok(Self::Json(Self::readable(schema)))
    }

    /// The columns that can be told in JSON, without those that are large and not needed.
    pub(crate) fn readable(schema: &Schema) -> Vec<usize> {
        let fields = schema.fields().iter().enumerate();
        let kept = fields.filter(|(_, field)| !IGNORED.contains(&field.name().as_str()));
        kept.filter(|(_, field)| is_readable(field.data_type())).map(|(at, _)| at).collect()
    }
}

/// The fields of messages, and whether they stand in each element of a list, rather than in a list for each field.
fn message_fields(of: &DataType) -> Option<(&Fields, bool)> {
    match (of, element_type(of).map(|element| element.data_type())) {
        (_, Some(DataType::Struct(fields))) => Some((fields, true)),
        (DataType::Struct(fields), _) => Some((fields, false)),
        _ => None,
    }
}

impl MessageColumns {
    /// The columns of the messages; `None` where the messages are not simply a role and a text.
    fn of(schema: &Schema, messages: usize, mapping: &Mapping) -> Option<Self> {
        let (fields, is_list) = message_fields(schema.field(messages).data_type())?;
        if fields.iter().any(|field| ELSEWHERE.contains(&field.name().as_str())) {
            return None;
        }
        let holds_texts = |name: &str| {
            let of = fields.iter().find(|field| field.name() == name)?.data_type();
            match is_list {
                true => is_text(of).then_some(()),
                false => is_text(element_type(of)?.data_type()).then_some(()),
            }
        };
        let (role, content) = (mapping.role_key(), mapping.content_key());
        holds_texts(role).and_then(|()| holds_texts(content))?;
        let is_metadata = |at: &usize| {
            let of = schema.field(*at).data_type();
            let is_nested =
                matches!(of, DataType::Struct(_) | DataType::Map(..)) || element_type(of).is_some();
            *at != messages && !is_nested && is_readable(of)
        };
        let mut metadata: Vec<usize> = (0..schema.fields().len()).filter(is_metadata).collect();
        let ids = mapping.id.as_deref().map_or_else(|| IDS.to_vec(), |id| vec![id]);
        let id = ids.iter().find_map(|id| metadata.iter().position(|&at| schema.field(at).name() == id));
        let id = id.map(|place| metadata.remove(place));
        let names = metadata.iter().map(|&at| schema.field(at).name().clone()).collect();
        Some(Self { messages, role: role.to_owned(), content: content.to_owned(), id, metadata, names })
    }

    /// Opens the columns of a batch; `None` for a batch of another schema.
    pub(crate) fn open(&self, batch: &RecordBatch) -> Option<OpenColumns> {
        let messages = batch.column(self.messages);
        let field = |name: &str| -> Option<TextLists> {
            if let Some(lists) = Lists::of(messages) {
                let elements = lists.elements.as_struct_opt()?;
                let absent = elements.nulls().cloned();
                let texts = Texts::of(elements.column_by_name(name)?)?;
                return Some(TextLists { lists, texts, absent });
            }
            let lists = Lists::of(messages.as_struct_opt()?.column_by_name(name)?)?;
            let texts = Texts::of(&lists.elements)?;
            Some(TextLists { lists, texts, absent: None })
        };
        let column = |&at: &usize| Values::of(batch.column(at));
        Some(OpenColumns {
            nulls: messages.clone(),
            roles: field(&self.role)?,
            contents: field(&self.content)?,
            id: self.id.as_ref().map(column),
            metadata: self.metadata.iter().map(column).collect(),
            names: Arc::clone(&self.names),
        })
    }
}

/// Lists of texts.
struct TextLists {
    lists: Lists,
    texts: Texts,
    /// The elements that are no message at all.
    absent: Option<arrow_buffer::NullBuffer>,
}

impl TextLists {
    fn read(&self, rows: Range<usize>, is_null: impl Fn(usize) -> bool) -> ListValues {
        let mut values = ListValues::default();
        for row in rows {
            values.rows.push(values.elements.len() as u32);
            if !is_null(row) {
                values.elements.extend(self.lists.of_row(row).map(|at| self.get(at)));
            }
        }
        values.rows.push(values.elements.len() as u32);
        values
    }

    fn get(&self, at: usize) -> Option<ByteArray> {
        let is_absent = self.absent.as_ref().is_some_and(|absent| absent.is_null(at));
        if is_absent { None } else { self.texts.get(at) }
    }

    fn bytes(&self, row: usize) -> usize {
        self.lists.of_row(row).map(|at| self.texts.length(at)).sum()
    }
}

/// The columns of a batch.
pub(crate) struct OpenColumns {
    /// The column of the messages, for its nulls.
    nulls: ArrayRef,
    roles: TextLists,
    contents: TextLists,
    id: Option<Values>,
    metadata: Vec<Values>,
    names: Arc<[String]>,
}

impl OpenColumns {
    /// The bytes of a row's texts.
    pub(crate) fn bytes(&self, row: usize) -> usize {
        self.contents.bytes(row)
    }

    /// Some rows. The first has the number `first` in the table.
    pub(crate) fn read(&self, rows: Range<usize>, first: u64, mapping: &Arc<Mapping>) -> TableRows {
        let mut json = String::new();
        let mut column = |values: &Values| {
            let write = |row| {
                let start = json.len();
                json += &values.get(row).to_string();
                start..json.len()
            };
            rows.clone().map(write).collect::<Vec<_>>()
        };
        let ids = self.id.as_ref().map(&mut column);
        let metadata = self.metadata.iter().map(&mut column).collect();
        let is_null = |row| self.nulls.is_null(row);
        TableRows {
            first,
            roles: self.roles.read(rows.clone(), is_null),
            contents: self.contents.read(rows, is_null),
            ids,
            names: Arc::clone(&self.names),
            metadata,
            json,
            mapping: Arc::clone(mapping),
        }
    }
}
