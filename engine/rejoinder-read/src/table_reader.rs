//! Reads tables that another program holds in memory.

use std::io;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::Schema;
use serde_json::Value;

use crate::chunk::{Chunk, ChunkContent, Position};
use crate::container::arrow::{ArrowLayout, json};
use crate::container::window::CHUNK_BYTES;
use crate::input::{FormatEvidence, InputOptions, RECORDS, of_columns};
use crate::join::{self, JoinedChunks};
use crate::quarantine::QuarantinedRecord;
use crate::record::{IDS, Mapping};
use crate::shape::{Format, recognise};

/// Reads batches of rows, all with one schema: a table that another program holds in memory, by the same shapes and in the same way as
/// a Parquet file.
#[derive(Clone, Debug)]
pub struct TableReader {
    /// The name of the table in reasons and messages.
    name: String,
    layout: ArrowLayout,
    format: Format,
    mapping: Arc<Mapping>,
    joins: bool,
    max_record_bytes: usize,
    has_ids: bool,
    /// Why the table is taken for what it is.
    pub evidence: FormatEvidence,
}

/// The rows of a batch as JSON objects, in which columns of decimals, intervals and their like are left out.
pub fn table_rows(batch: &RecordBatch) -> impl Iterator<Item = Value> + use<> {
    let readable = ArrowLayout::readable(batch.schema_ref());
    json(batch, &readable)
}

/// The values of a column of a batch as JSON; `None` where there is no such column, or its values cannot be told in JSON.
pub fn table_column(batch: &RecordBatch, name: &str) -> Option<impl Iterator<Item = Value> + use<>> {
    let at = batch.schema_ref().index_of(name).ok()?;
    let at = ArrowLayout::readable(batch.schema_ref()).into_iter().find(|column| *column == at)?;
    let name = name.to_owned();
    Some(json(batch, &[at]).map(move |mut row| row[&name].take()))
}

impl TableReader {
    /// A reader of a table, told by its schema and its first rows; `first` may be any number of batches, the first few rows of them
    /// are looked at. Records longer than `max_record_bytes` are set aside.
    ///
    /// # Errors
    /// If the table lacks a column that its shape needs.
    pub fn new(
        name: impl Into<String>,
        schema: &Schema,
        first: &[RecordBatch],
        options: InputOptions<'_>,
        max_record_bytes: usize,
    ) -> io::Result<Self> {
        let readable = ArrowLayout::readable(schema);
        let rows: Vec<Value> = first.iter().flat_map(|batch| json(batch, &readable)).take(RECORDS).collect();
        let names: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
        let records = of_columns(rows, &names);
        let found = recognise(&records, options.format, options.mapping, "the columns", options.joins);
        let mapping = found.format.mapping(options.mapping, found.messages.as_deref());
        Ok(Self {
            name: name.into(),
            layout: ArrowLayout::find(schema, found.format, &mapping)?,
            format: found.format,
            has_ids: mapping.id.is_some() || IDS.iter().any(|id| schema.index_of(id).is_ok()),
            mapping: Arc::new(mapping),
            joins: options.joins,
            max_record_bytes,
            evidence: FormatEvidence { text: found.why, candidates: found.candidates },
        })
    }

    /// The shape of the rows.
    pub const fn format(&self) -> Format {
        self.format
    }

    /// Whether a conversation may be spread over several rows, so that only the whole table can be read rightly.
    pub fn joins_rows(&self) -> bool {
        self.join().is_some_and(|join| !join.is_per_record())
    }

    /// Whether rows are single messages, and no column is known to hold the ids of their conversations: then all rows are one conversation.
    pub fn lacks_ids(&self) -> bool {
        self.format == Format::ROWS && !self.has_ids
    }

    fn join(&self) -> Option<Box<dyn join::Join>> {
        join::of(self.format, &self.mapping, self.joins, self.max_record_bytes)
    }

    /// The conversations of a whole table, chunk by chunk. Where rows are joined, all batches are held until the end.
    pub fn chunks<'t>(
        &'t self,
        batches: impl Iterator<Item = RecordBatch> + Send + 't,
    ) -> Box<dyn Iterator<Item = Chunk> + Send + 't> {
        let Some(mut join) = self.join() else { return Box::new(self.rows(batches)) };
        let start = Position::default();
        let joined = |source: Box<dyn Iterator<Item = Chunk> + Send + 't>, join| {
            Box::new(JoinedChunks::new(source, join, self.name.clone(), start, self.max_record_bytes))
        };
        if !join.needs_preview() {
            return joined(Box::new(self.rows(batches)), join);
        }
        let batches: Vec<RecordBatch> = batches.collect();
        for chunk in self.rows(batches.iter().cloned()) {
            let records = chunk.lines().map(|(_, record)| record);
            records
                .filter(|record| record.len() <= self.max_record_bytes)
                .for_each(|record| join.preview(record));
        }
        join.end_preview();
        joined(Box::new(self.rows(batches.into_iter())), join)
    }

    /// The rows of batches as chunks, before any are joined.
    fn rows<'t>(
        &'t self,
        batches: impl Iterator<Item = RecordBatch> + Send + 't,
    ) -> impl Iterator<Item = Chunk> + Send + 't {
        let mut first = 0;
        batches.flat_map(move |batch| {
            let chunks = self.of_batch(&batch, first);
            first += batch.num_rows() as u64;
            chunks
        })
    }

    /// The chunks of a batch whose first row has the number `first` in the table.
    fn of_batch(&self, batch: &RecordBatch, first: u64) -> Vec<Chunk> {
        let end = batch.num_rows();
        let mut chunks = Vec::new();
        let mut push = |start: usize, stop: usize, bytes: usize, content: ChunkContent| {
            let at = |row: usize| Position {
                line: first + row as u64,
                byte: first + row as u64,
                ..Position::default()
            };
            let chunk = Chunk::new(self.name.clone(), at(start), content);
            chunks.push(Chunk { end: at(stop), content_bytes: bytes as u64, ..chunk });
        };
        let open = match &self.layout {
            ArrowLayout::Messages(columns) => columns.open(batch),
            ArrowLayout::Json(_) => None,
        };
        match (&self.layout, open) {
            (_, Some(columns)) => {
                let mut start = 0;
                while start < end {
                    let (mut stop, mut bytes) = (start, 0);
                    while stop < end && bytes < CHUNK_BYTES {
                        bytes += columns.bytes(stop);
                        stop += 1;
                    }
                    let rows = columns.read(start..stop, first + start as u64, &self.mapping);
                    push(start, stop, bytes, ChunkContent::Rows(rows));
                    start = stop;
                }
            }
            (ArrowLayout::Json(columns), None) => {
                let (mut start, mut lines) = (0, Vec::new());
                for (row, value) in json(batch, columns).enumerate() {
                    lines.extend_from_slice(value.to_string().as_bytes());
                    lines.push(b'\n');
                    if lines.len() >= CHUNK_BYTES || row + 1 == end {
                        let bytes = lines.len();
                        let content =
                            ChunkContent::Lines(std::mem::take(&mut lines), Arc::clone(&self.mapping));
                        push(start, row + 1, bytes, content);
                        start = row + 1;
                    }
                }
            }
            (ArrowLayout::Messages(_), None) => {
                push(0, end, 0, ChunkContent::Lines(Vec::new(), Arc::clone(&self.mapping)));
                let reason = format!("{end} rows have other columns than the first rows of the table");
                let (file, line) = (self.name.clone(), first);
                let lost = QuarantinedRecord { shard: 0, line, file, bytes: 0, reason };
                chunks.iter_mut().for_each(|chunk| chunk.set_aside.push(lost.clone()));
            }
        }
        chunks
    }
}
