//! Row groups: what one thread reads, piece by piece.
//!
//! Where a piece ends depends on the file alone, so that a resumed run cuts as the first one did. No more than the
//! pages under way are held, however large the row group is.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use parquet::errors::ParquetError;
use parquet::file::properties::ReaderProperties;
use parquet::file::reader::RowGroupReader as _;
use parquet::file::serialized_reader::SerializedRowGroupReader;
use parquet::record::Field;

use super::guard::{guarded, is_of_storage};
use super::layout::LeafColumns;
use super::leaf::{ListReader, ScalarReader};
use super::rows::TableRows;
use super::schema::Schema;
use crate::chunk::{Chunk, ChunkContent, Position};
use crate::input::InputFile;
use crate::quarantine::QuarantinedRecord;
use crate::record::Mapping;

/// Decompressed bytes that a piece stands for.
const PIECE_BYTES: u64 = 1 << 20;

/// A row group, from some row on.
#[derive(Clone, Debug)]
pub(crate) struct RowGroup {
    file: InputFile,
    shard: u32,
    schema: Schema,
    columns: Arc<LeafColumns>,
    mapping: Arc<Mapping>,
    group: usize,
    /// The number of the group's first row in the file.
    first: u64,
    /// The rows of the group that are still to be read.
    left: Range<u64>,
}

impl RowGroup {
    /// The row groups of a file from row `from` on.
    pub(crate) fn all(
        file: &InputFile,
        shard: u32,
        schema: &Schema,
        columns: LeafColumns,
        mapping: &Arc<Mapping>,
        from: u64,
    ) -> Vec<Self> {
        let columns = Arc::new(columns);
        let mut groups = Vec::new();
        let mut first = 0;
        for group in 0..schema.metadata.num_row_groups() {
            let rows = schema.group_rows(group);
            if from < first + rows {
                groups.push(Self {
                    file: file.clone(),
                    shard,
                    schema: schema.clone(),
                    columns: Arc::clone(&columns),
                    mapping: Arc::clone(mapping),
                    group,
                    first,
                    left: from.saturating_sub(first)..rows,
                });
            }
            first += rows;
        }
        groups
    }

    /// Where the rows that are still to be read begin.
    pub(crate) fn start(&self) -> Position {
        self.position(self.left.start)
    }

    /// The bytes of the file, as stored, up to the end of the row group.
    pub(crate) fn stored_bytes_at_end(&self) -> u64 {
        self.stored_bytes(self.left.end)
    }

    /// Reads the row group.
    pub(crate) fn chunks(self) -> GroupReader {
        GroupReader { group: self, open: None }
    }

    fn position(&self, row: u64) -> Position {
        Position { line: self.first + row, byte: self.first + row, ..Position::of_file(self.shard) }
    }

    fn rows(&self) -> u64 {
        self.schema.group_rows(self.group)
    }

    /// The bytes of the file, as stored, up to a row, estimated as if all rows were of one size.
    fn stored_bytes(&self, row: u64) -> u64 {
        let all = self.schema.rows().max(1);
        (u128::from(self.file.size) * u128::from(self.first + row) / u128::from(all)) as u64
    }
}

/// The columns of a row group, being read.
struct OpenColumns {
    role: ListReader,
    content: ListReader,
    id: Option<ScalarReader>,
    metadata: Vec<ScalarReader>,
    names: Arc<[String]>,
    mapping: Arc<Mapping>,
}

impl OpenColumns {
    fn new(group: &RowGroup) -> io::Result<Self> {
        let file = Arc::new(File::open(group.file.current_path())?);
        let columns = &group.columns;
        guarded(|| {
            let properties = Arc::new(ReaderProperties::builder().build());
            let metadata = &group.schema.metadata;
            let index = metadata.page_index_for_row_group(group.group);
            let reader =
                SerializedRowGroupReader::new(file, metadata.row_group(group.group), index, properties)?;
            let scalar = |index: usize| {
                let column = group.schema.columns().column(index);
                Ok(ScalarReader::new(reader.get_column_reader(index)?, column))
            };
            let mut open = Self {
                role: ListReader::new(columns.role, reader.get_column_reader(columns.role.index)?)?,
                content: ListReader::new(columns.content, reader.get_column_reader(columns.content.index)?)?,
                id: columns.id.map(scalar).transpose()?,
                metadata: columns
                    .metadata
                    .iter()
                    .map(|(_, i)| scalar(*i))
                    .collect::<Result<_, ParquetError>>()?,
                names: columns.metadata.iter().map(|(name, _)| name.clone()).collect(),
                mapping: Arc::clone(&group.mapping),
            };
            let done = usize::try_from(group.left.start).unwrap_or(usize::MAX);
            if done > 0 {
                open.role.skip(done)?;
                open.content.skip(done)?;
                open.id.iter_mut().chain(&mut open.metadata).try_for_each(|column| column.skip(done))?;
            }
            Ok(open)
        })
    }

    /// The next `count` rows. The first has the number `first` in the file.
    fn read(&mut self, first: u64, count: usize) -> io::Result<TableRows> {
        guarded(|| {
            let mut json = String::new();
            let mut column = |reader: &mut ScalarReader| {
                let mut values = Vec::with_capacity(count);
                reader.read(count, |field| {
                    let start = json.len();
                    match field {
                        None => json.push_str("null"),
                        Some(Field::Str(text)) => json += &serde_json::Value::from(text).to_string(),
                        Some(field) => json += &field.to_json_value().to_string(),
                    }
                    values.push(start..json.len());
                })?;
                whole(values.len(), count).map(|()| values)
            };
            let ids = self.id.as_mut().map(&mut column).transpose()?;
            let metadata = self.metadata.iter_mut().map(&mut column).collect::<Result<_, _>>()?;
            let (roles, contents) = (self.role.read(count)?, self.content.read(count)?);
            whole(roles.rows.len() - 1, count)?;
            whole(contents.rows.len() - 1, count)?;
            let (names, mapping) = (Arc::clone(&self.names), Arc::clone(&self.mapping));
            Ok(TableRows { first, roles, contents, ids, names, metadata, json, mapping })
        })
    }
}

fn whole(read: usize, count: usize) -> Result<(), ParquetError> {
    if read == count {
        return Ok(());
    }
    Err(ParquetError::General(format!("a column ends {count} - {read} rows early")))
}

/// Reads a row group piece by piece.
pub(crate) struct GroupReader {
    group: RowGroup,
    open: Option<OpenColumns>,
}

impl GroupReader {
    fn read(&mut self, rows: Range<u64>) -> io::Result<TableRows> {
        if self.open.is_none() {
            self.open = Some(OpenColumns::new(&self.group)?);
        }
        let open = self.open.as_mut().expect("just opened");
        open.read(self.group.first + rows.start, (rows.end - rows.start) as usize)
    }
}

impl Iterator for GroupReader {
    type Item = Chunk;

    fn next(&mut self) -> Option<Chunk> {
        let group = &self.group;
        let Range { start, end } = group.left;
        if start >= end {
            return None;
        }
        let (rows, bytes) = (group.rows(), group.columns.bytes(&group.schema, group.group));
        let rows_a_piece =
            (u128::from(rows) * u128::from(PIECE_BYTES) / u128::from(bytes.max(1))).max(1) as u64;
        let mut stop = end.min((start / rows_a_piece + 1) * rows_a_piece);
        let file = group.file.path.display().to_string();
        let from = group.position(start);
        let read = self.read(start..stop);
        let mut chunk = match read {
            Ok(rows) => Chunk::new(file, from, ChunkContent::Rows(rows)),
            Err(error) => {
                let mut chunk =
                    Chunk::new(file.clone(), from, ChunkContent::Lines(Vec::new(), Arc::default()));
                if is_of_storage(&error) {
                    chunk.failure = Some(format!("cannot read {file}: {error}"));
                }
                stop = end;
                let reason = format!("the {} rows from here on cannot be read: {error}", end - start);
                chunk.set_aside.push(QuarantinedRecord {
                    shard: from.shard,
                    line: from.line,
                    file,
                    bytes: 0,
                    reason,
                });
                chunk
            }
        };
        self.group.left.start = stop;
        chunk.end = self.group.position(stop);
        chunk.content_bytes = (u128::from(bytes) * u128::from(stop - start) / u128::from(rows)) as u64;
        chunk.stored_bytes_read = self.group.stored_bytes(stop);
        Some(chunk)
    }
}
