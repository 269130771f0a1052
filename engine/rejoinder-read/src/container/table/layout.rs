//! Which columns of a Parquet file hold what is needed.

use std::io;

use parquet::basic::{Repetition, Type as Physical};
use parquet::schema::types::{ColumnDescriptor, Type};

use super::schema::{Schema, is_readable};
use crate::message::ELSEWHERE;
use crate::record::{IDS, MESSAGES, Mapping, OTHER_MESSAGES};
use crate::shape::Format;

/// Columns that are large and are not needed.
pub(crate) const IGNORED: [&str; 4] =
    ["openai_moderation", "detoxify_moderation", "toxic_chat_tag", "detoxify"];

/// How the rows of a file are read.
#[derive(Clone, Debug)]
pub(crate) enum Layout {
    /// By the columns of the messages.
    LeafColumns(LeafColumns),
    /// As JSON records of these columns.
    Json(Type),
}

/// The leaf columns that are read.
#[derive(Clone, Debug)]
pub(crate) struct LeafColumns {
    pub role: Leaf,
    pub content: Leaf,
    /// The conversation's id.
    pub id: Option<usize>,
    /// Simple columns beside the messages, and their names.
    pub metadata: Vec<(String, usize)>,
}

/// A leaf column below one repetition.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leaf {
    /// The place among the leaf columns.
    pub index: usize,
    /// From this definition level up there is an element.
    pub element: i16,
    /// At this definition level there is a value.
    pub value: i16,
}

impl Layout {
    /// The layout of rows of a shape.
    ///
    /// # Errors
    /// If a column is missing. The message names the column and shows the schema.
    pub(crate) fn find(schema: &Schema, format: Format, mapping: &Mapping) -> io::Result<Self> {
        let names = schema.names();
        let has = |name: &&str| names.iter().any(|n| n == name);
        let missing = |what: String| {
            let text = format!("no column {what}; its schema is\n{}", schema.text());
            io::Error::new(io::ErrorKind::InvalidData, text)
        };
        if format.is_direct() {
            let path = mapping.messages.as_deref();
            let looked_for: Vec<&str> = match path {
                Some(name) => vec![name, name.split('.').next().unwrap_or(name)],
                None => MESSAGES.iter().chain(&OTHER_MESSAGES).copied().collect(),
            };
            let shown =
                path.map_or("`conversation` or `messages`".to_owned(), |p| format!("`{}`", p.escape_debug()));
            let messages = looked_for.iter().copied().find(has).ok_or_else(|| missing(shown))?;
            if let Some(columns) = LeafColumns::of(schema, messages, mapping) {
                return Ok(Self::LeafColumns(columns));
            }
        }
        Self::json(schema)
    }

    /// All columns that can be read, as JSON.
    ///
    /// # Errors
    /// If no column can be read.
    pub(crate) fn projection(schema: &Schema) -> io::Result<Type> {
        match Self::json(schema)? {
            Self::Json(projection) => Ok(projection),
            Self::LeafColumns(_) => Err(io::ErrorKind::InvalidData.into()),
        }
    }

    fn json(schema: &Schema) -> io::Result<Self> {
        let root = schema.columns().root_schema();
        let is_kept = |name: &str| {
            let mut leaves = schema.columns().columns().iter().filter(|c| c.path().parts()[0] == name);
            !IGNORED.contains(&name) && leaves.all(|c| is_readable(c))
        };
        let fields = root.get_fields().iter().filter(|field| is_kept(field.name())).cloned().collect();
        let projection = Type::group_type_builder(root.name()).with_fields(fields).build();
        Ok(Self::Json(projection.map_err(super::guard::into_io)?))
    }
}

impl LeafColumns {
    /// The columns of the list `messages`; `None` where the messages are not simply a role and a text.
    fn of(schema: &Schema, messages: &str, mapping: &Mapping) -> Option<Self> {
        let columns = schema.columns().columns();
        let inside: Vec<usize> =
            (0..columns.len()).filter(|&i| columns[i].path().parts()[0] == messages).collect();
        let is_named =
            |i: usize, name: &str| columns[i].path().parts().iter().skip(1).any(|part| part == name);
        let has_more = || ELSEWHERE.iter().any(|name| inside.iter().any(|&i| is_named(i, name)));
        if inside.iter().any(|&i| columns[i].path().parts().len() == 1) || has_more() {
            return None;
        }
        let mut found = [None; 2];
        for (found, name) in found.iter_mut().zip([mapping.role_key(), mapping.content_key()]) {
            let &index = inside.iter().find(|&&i| is_named(i, name))?;
            let column = &columns[index];
            // A field of the list's elements, or a list of its own beside that of the others. Parts of a content are
            // nested deeper.
            let path = column.path().parts();
            let is_field = path.last().is_some_and(|last| last == name) || path[1] == name;
            if !is_field || column.max_rep_level() != 1 || column.physical_type() != Physical::BYTE_ARRAY {
                return None;
            }
            *found =
                Some(Leaf { index, element: element_level(schema, column), value: column.max_def_level() });
        }
        let [Some(role), Some(content)] = found else { return None };
        let is_metadata = |c: &ColumnDescriptor| {
            let name = &c.path().parts()[0];
            c.path().parts().len() == 1 && c.max_rep_level() == 0 && is_readable(c) && name != messages
        };
        let mut metadata: Vec<(String, usize)> = (0..columns.len())
            .filter(|&i| is_metadata(&columns[i]))
            .map(|i| (columns[i].path().parts()[0].clone(), i))
            .collect();
        let ids = mapping.id.as_deref().map_or_else(|| IDS.to_vec(), |id| vec![id]);
        let id = ids.iter().find_map(|id| metadata.iter().position(|(name, _)| name == id));
        let id = id.map(|at| metadata.remove(at).1);
        Some(Self { role, content, id, metadata })
    }

    /// Bytes of a row group's columns that are read, decompressed.
    pub(crate) fn bytes(&self, schema: &Schema, group: usize) -> u64 {
        let group = schema.metadata.row_group(group);
        let leaves = [self.role.index, self.content.index].into_iter();
        let sizes = leaves.chain(self.id).chain(self.metadata.iter().map(|(_, i)| *i));
        sizes.map(|i| u64::try_from(group.column(i).uncompressed_size()).unwrap_or_default()).sum()
    }
}

/// The definition level from which up the (one) repeated node above a column is there.
fn element_level(schema: &Schema, column: &ColumnDescriptor) -> i16 {
    let mut level = 0;
    let mut fields = schema.columns().root_schema().get_fields();
    for part in column.path().parts() {
        let Some(field) = fields.iter().find(|field| field.name() == part) else { break };
        match field.get_basic_info().repetition() {
            Repetition::REPEATED => return level + 1,
            Repetition::OPTIONAL => level += 1,
            Repetition::REQUIRED => {}
        }
        if field.is_primitive() {
            break;
        }
        fields = field.get_fields();
    }
    level
}
