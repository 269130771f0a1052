//! Reads the input files one after another, in portions for threads or chunk by chunk.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::vec;

use crate::chunk::{Chunk, ChunkContent, Position};
use crate::container::Container;
use crate::container::array::ArrayReader;
use crate::container::csv_rows::CsvRows;
use crate::container::lines::LineReader;
use crate::container::table::{JsonRows, Layout, RowGroup, Schema, is_of_storage};
use crate::input::InputFile;
use crate::join::{self, JoinedChunks};
use crate::record::Mapping;

/// A part of the input that one thread works on.
pub struct Portion {
    content: PortionContent,
    /// The conversations of the file that were forgotten.
    forgotten: Arc<BTreeSet<u64>>,
}

enum PortionContent {
    Chunk(Box<Chunk>),
    Group(Box<RowGroup>),
}

impl From<Chunk> for Portion {
    fn from(chunk: Chunk) -> Self {
        Self { content: PortionContent::Chunk(Box::new(chunk)), forgotten: Arc::default() }
    }
}

impl Portion {
    /// Where the portion begins.
    pub fn start(&self) -> Position {
        match &self.content {
            PortionContent::Chunk(chunk) => chunk.start,
            PortionContent::Group(group) => group.start(),
        }
    }

    /// Where the next portion begins, where that is known before the portion is read: not of a row group of Parquet.
    pub fn end(&self) -> Option<Position> {
        match &self.content {
            PortionContent::Chunk(chunk) => Some(chunk.end),
            PortionContent::Group(_) => None,
        }
    }

    /// The bytes of the file, as stored, that are read at the end of the portion; an estimate of a row group of Parquet.
    pub fn stored_bytes_at_end(&self) -> u64 {
        match &self.content {
            PortionContent::Chunk(chunk) => chunk.stored_bytes_read,
            PortionContent::Group(group) => group.stored_bytes_at_end(),
        }
    }

    /// Why the portion cannot be read, where that is known before it is read: not of a row group of Parquet.
    pub fn failure(&self) -> Option<&str> {
        match &self.content {
            PortionContent::Chunk(chunk) => chunk.failure.as_deref(),
            PortionContent::Group(_) => None,
        }
    }

    /// The chunks of the portion, one after another. A row group of Parquet is read here.
    pub fn chunks(self) -> impl Iterator<Item = Chunk> {
        let (chunk, group) = match self.content {
            PortionContent::Chunk(chunk) => (Some(*chunk), None),
            PortionContent::Group(group) => (None, Some(group.chunks())),
        };
        let chunks = chunk.into_iter().chain(group.into_iter().flatten());
        chunks.map(move |chunk| chunk.without(&self.forgotten))
    }
}

type Chunks<'a> = Box<dyn Iterator<Item = Chunk> + Send + 'a>;

enum FileReader<'a> {
    Chunks(Chunks<'a>),
    Groups(vec::IntoIter<RowGroup>),
}

/// Reads the input files in portions.
pub struct Portions<'a> {
    files: &'a [InputFile],
    mapping: &'a Mapping,
    max_record_bytes: usize,
    /// The beginning of the next file.
    next: Position,
    open: Option<FileReader<'a>>,
    /// The conversations of the open file that were forgotten.
    forgotten: Arc<BTreeSet<u64>>,
}

impl<'a> Portions<'a> {
    /// A reader over `files` from position `from`; records longer than `max_record_bytes` are set aside.
    pub fn new(
        files: &'a [InputFile],
        mapping: &'a Mapping,
        from: Position,
        max_record_bytes: usize,
    ) -> Self {
        Self { files, mapping, max_record_bytes, next: from, open: None, forgotten: Arc::default() }
    }

    /// The records of a file, before any are joined.
    fn records(
        &self,
        file: &'a InputFile,
        mapping: &Arc<Mapping>,
        from: Position,
    ) -> Result<FileReader<'a>, std::io::Error> {
        let max = self.max_record_bytes;
        let own = Arc::clone(mapping);
        Ok(match file.container {
            Container::Lines => FileReader::Chunks(Box::new(LineReader::new(file, own, from, max))),
            Container::Array | Container::Zip => {
                FileReader::Chunks(Box::new(ArrayReader::new(file, own, from, max)))
            }
            Container::Csv => FileReader::Chunks(Box::new(CsvRows::new(file, own, from, max))),
            Container::Parquet => {
                let schema = Schema::read(&std::fs::File::open(file.current_path())?)?;
                match Layout::find(&schema, file.format, mapping)? {
                    Layout::LeafColumns(columns) => {
                        let groups = RowGroup::all(file, from.shard, &schema, columns, mapping, from.byte);
                        FileReader::Groups(groups.into_iter())
                    }
                    Layout::Json(projection) => FileReader::Chunks(Box::new(JsonRows::new(
                        file,
                        own,
                        from,
                        projection,
                        schema.rows(),
                    ))),
                }
            }
        })
    }

    fn open(&self, file: &'a InputFile, from: Position) -> Result<FileReader<'a>, std::io::Error> {
        let mapping = Arc::new(file.mapping(self.mapping));
        let max = self.max_record_bytes;
        let Some(mut join) = join::of(file.format, &mapping, file.reading.joins, max) else {
            return self.records(file, &mapping, from);
        };
        let begin = if join.is_per_record() { from } else { Position::of_file(from.shard) };
        let chunks = |from| -> Result<Chunks<'a>, std::io::Error> {
            Ok(match self.records(file, &mapping, from)? {
                FileReader::Chunks(chunks) => chunks,
                FileReader::Groups(groups) => Box::new(groups.flat_map(RowGroup::chunks)),
            })
        };
        if join.needs_preview() {
            for chunk in chunks(Position::of_file(from.shard))? {
                let records = chunk.lines().map(|(_, record)| record).filter(|record| record.len() <= max);
                records.for_each(|record| join.preview(record));
            }
            join.end_preview();
        }
        let name = file.path.display().to_string();
        Ok(FileReader::Chunks(Box::new(JoinedChunks::new(chunks(begin)?, join, name, from, max))))
    }

    /// A chunk that holds nothing but the reason why a file cannot be read at all.
    fn unreadable(file: &InputFile, at: Position, error: &std::io::Error) -> Chunk {
        let name = file.path.display().to_string();
        let mut chunk = Chunk::new(name.clone(), at, ChunkContent::Lines(Vec::new(), Arc::default()));
        let reason = format!("cannot read {}: {error}", file.current_path().display());
        if is_of_storage(error) {
            chunk.failure = Some(reason);
        } else {
            chunk.set_aside.push(crate::QuarantinedRecord {
                shard: at.shard,
                line: at.line,
                file: name,
                bytes: 0,
                reason,
            });
        }
        chunk
    }
}

impl InputFile {
    /// Whether reading from a place within the file begins there. If not, all before the place is read too: of a compressed file, and
    /// of one whose records are joined with others. `given` names keys in the records, where the user names some.
    pub fn can_seek(&self, given: &Mapping) -> bool {
        let mapping = Arc::new(self.mapping(given));
        let is_joined = join::of(self.format, &mapping, self.reading.joins, 0)
            .is_some_and(|join| join.needs_preview() || !join.is_per_record());
        !is_joined && (self.container == Container::Parquet || self.is_stored_plain())
    }
}

impl Iterator for Portions<'_> {
    type Item = Portion;

    fn next(&mut self) -> Option<Portion> {
        loop {
            let next = match &mut self.open {
                Some(FileReader::Chunks(chunks)) => chunks.next().map(|c| PortionContent::Chunk(Box::new(c))),
                Some(FileReader::Groups(groups)) => {
                    groups.next().map(|group| PortionContent::Group(Box::new(group)))
                }
                None => None,
            };
            if let Some(content) = next {
                return Some(Portion { content, forgotten: Arc::clone(&self.forgotten) });
            }
            let at = self.next;
            let file = self.files.get(at.shard as usize)?;
            self.next = Position::of_file(at.shard + 1);
            self.forgotten = Arc::new(file.forgotten.clone());
            match self.open(file, at) {
                Ok(open) => self.open = Some(open),
                Err(error) => {
                    self.open = None;
                    return Some(Self::unreadable(file, at, &error).into());
                }
            }
        }
    }
}

/// Reads the input files chunk by chunk.
pub struct ChunkReader<'a>(Chunks<'a>);

impl<'a> ChunkReader<'a> {
    /// As [`Portions::new`].
    pub fn new(
        files: &'a [InputFile],
        mapping: &'a Mapping,
        from: Position,
        max_record_bytes: usize,
    ) -> Self {
        let portions = Portions::new(files, mapping, from, max_record_bytes);
        Self(Box::new(portions.flat_map(Portion::chunks)))
    }
}

impl Iterator for ChunkReader<'_> {
    type Item = Chunk;

    fn next(&mut self) -> Option<Chunk> {
        self.0.next()
    }
}
