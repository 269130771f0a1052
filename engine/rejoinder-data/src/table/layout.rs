//! Which columns of a Parquet file hold what is needed.

use std::io;

use parquet::basic::{Repetition, Type as Physical};
use parquet::schema::types::{ColumnDescriptor, Type};

use super::schema::{Schema, is_readable};
use crate::format::Format;
use crate::record::{IDS, MESSAGES, Mapping};

/// Columns that are large and that nobody asks for.
const IGNORED: [&str; 4] = ["openai_moderation", "detoxify_moderation", "toxic_chat_tag", "detoxify"];

/// How the rows of a file are read.
#[derive(Clone, Debug)]
pub(crate) enum Layout {
    /// By the columns of their messages.
    Columns(Columns),
    /// As JSON records of these columns.
    Json(Type),
}

/// The leaf columns that are read.
#[derive(Clone, Debug)]
pub(crate) struct Columns {
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
    /// Its place among the leaf columns.
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
    /// If a column is missing; the message names it and shows the schema.
    pub(crate) fn find(schema: &Schema, format: Format, mapping: &Mapping) -> io::Result<Self> {
        let names = schema.names();
        let has = |name: &&str| names.iter().any(|n| n == name);
        let missing = |what: String| {
            let text = format!("no column {what}; its schema is\n{}", schema.text());
            io::Error::new(io::ErrorKind::InvalidData, text)
        };
        if format.is_direct() {
            let looked_for: Vec<&str> = match &mapping.messages {
                Some(name) => vec![name],
                None => MESSAGES.to_vec(),
            };
            let quoted = || looked_for.iter().map(|n| format!("`{}`", n.escape_debug())).collect::<Vec<_>>();
            let messages =
                looked_for.iter().copied().find(has).ok_or_else(|| missing(quoted().join(" or ")))?;
            match Columns::of(schema, messages, mapping) {
                Ok(Some(columns)) => return Ok(Self::Columns(columns)),
                Ok(None) => {}
                Err(name) => {
                    return Err(missing(format!("`{messages}` with `{}` in it", name.escape_debug())));
                }
            }
        }
        let needed: &[&[&str]] = match format {
            Format::Sharegpt => &[&["conversations"]],
            Format::Oasst => &[&["message_id", "parent_id", "text", "role"], &["prompt", "message_tree_id"]],
            Format::Arena => {
                &[&["conversation_a", "conversation_b"], &["prompt", "response_a", "response_b"]]
            }
            Format::Chatgpt => &[&["mapping"]],
            Format::Langfuse => &[&["input", "output"]],
            _ => &[],
        };
        if !needed.is_empty() && !needed.iter().any(|all| all.iter().all(has)) {
            let name = needed[0].iter().find(|name| !has(name)).unwrap_or(&needed[0][0]);
            return Err(missing(format!("`{name}`")));
        }
        Self::json(schema)
    }

    fn json(schema: &Schema) -> io::Result<Self> {
        let root = schema.columns().root_schema();
        let is_kept = |name: &str| {
            let mut leaves = schema.columns().columns().iter().filter(|c| c.path().parts()[0] == name);
            !IGNORED.contains(&name) && leaves.all(|c| is_readable(c))
        };
        let fields = root.get_fields().iter().filter(|field| is_kept(field.name())).cloned().collect();
        let projection = Type::group_type_builder(root.name()).with_fields(fields).build();
        Ok(Self::Json(projection.map_err(super::into_io)?))
    }
}

impl Columns {
    /// The columns of a list `messages`; `None` where its messages are not simply a role and a text, and as an error
    /// the name of what a message lacks.
    fn of<'n>(schema: &Schema, messages: &str, mapping: &'n Mapping) -> Result<Option<Self>, &'n str> {
        let columns = schema.columns().columns();
        let inside: Vec<usize> =
            (0..columns.len()).filter(|&i| columns[i].path().parts()[0] == messages).collect();
        if inside.iter().any(|&i| columns[i].path().parts().len() == 1) {
            return Ok(None);
        }
        let mut found = [None; 2];
        for (found, name) in found.iter_mut().zip([mapping.role_key(), mapping.content_key()]) {
            let is_named = |i: &&usize| columns[**i].path().parts().iter().skip(1).any(|part| part == name);
            let &index = inside.iter().find(is_named).ok_or(name)?;
            let column = &columns[index];
            // A field of the list's elements, or a list of its own beside that of the others. Parts of a content are
            // nested deeper.
            let path = column.path().parts();
            let is_field = path.last().is_some_and(|last| last == name) || path[1] == name;
            if !is_field || column.max_rep_level() != 1 || column.physical_type() != Physical::BYTE_ARRAY {
                return Ok(None);
            }
            *found =
                Some(Leaf { index, element: element_level(schema, column), value: column.max_def_level() });
        }
        let [Some(role), Some(content)] = found else { return Ok(None) };
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
        Ok(Some(Self { role, content, id, metadata }))
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
