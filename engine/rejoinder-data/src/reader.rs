//! Reads the input files one after another, whatever they are: in portions for threads, or chunk by chunk.

use std::iter;
use std::vec;

use crate::adapt::{Adapted, Adapter};
use crate::array::ArrayReader;
use crate::chunk::{Chunk, Content, Position};
use crate::csv_rows::CsvRows;
use crate::format::Container;
use crate::input::InputFile;
use crate::lines::LineReader;
use crate::record::Mapping;
use crate::table::{JsonRows, Layout, RowGroup, Schema, is_of_storage};

/// What one thread works on.
pub struct Portion(Inner);

enum Inner {
    Chunk(Box<Chunk>),
    Group(RowGroup),
}

impl Portion {
    /// Its chunks, one after another; a row group is read here.
    pub fn chunks(self) -> impl Iterator<Item = Chunk> {
        let (chunk, group) = match self.0 {
            Inner::Chunk(chunk) => (Some(*chunk), None),
            Inner::Group(group) => (None, Some(group.chunks())),
        };
        chunk.into_iter().chain(group.into_iter().flatten())
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
    /// Where the file begins that comes next.
    next: Position,
    open: Option<FileReader<'a>>,
}

impl<'a> Portions<'a> {
    /// A reader over `files` from position `from`; records longer than `max_record_bytes` are set aside.
    pub const fn new(
        files: &'a [InputFile],
        mapping: &'a Mapping,
        from: Position,
        max_record_bytes: usize,
    ) -> Self {
        Self { files, mapping, max_record_bytes, next: from, open: None }
    }

    /// The records of a file, as they stand in it.
    fn records(&self, file: &'a InputFile, from: Position) -> Result<FileReader<'a>, std::io::Error> {
        let max = self.max_record_bytes;
        Ok(match file.container {
            Container::Lines => FileReader::Chunks(Box::new(LineReader::new(file, from, max))),
            Container::Array | Container::Zip => {
                FileReader::Chunks(Box::new(ArrayReader::new(file, from, max)))
            }
            Container::Csv => FileReader::Chunks(Box::new(CsvRows::new(file, from, max))),
            Container::Parquet => {
                let schema = Schema::read(&std::fs::File::open(&file.path)?)?;
                match Layout::find(&schema, file.format, self.mapping)? {
                    Layout::Columns(columns) => {
                        let groups = RowGroup::all(file, from.shard, &schema, columns, from.byte);
                        FileReader::Groups(groups.into_iter())
                    }
                    Layout::Json(projection) => {
                        FileReader::Chunks(Box::new(JsonRows::new(file, from, projection, schema.rows())))
                    }
                }
            }
        })
    }

    fn open(&self, file: &'a InputFile, from: Position) -> Result<FileReader<'a>, std::io::Error> {
        let records = self.records(file, from)?;
        let FileReader::Chunks(chunks) = records else { return Ok(records) };
        if file.format.is_direct() {
            return Ok(FileReader::Chunks(chunks));
        }
        let all = match self.records(file, Position::of_file(from.shard))? {
            FileReader::Chunks(all) => all,
            FileReader::Groups(_) => Box::new(iter::empty()),
        };
        let adapter = Adapter::new(file.format, self.mapping, all);
        let name = file.path.display().to_string();
        Ok(FileReader::Chunks(Box::new(Adapted::new(chunks, adapter, name, from, self.max_record_bytes))))
    }

    /// A chunk that says why a file cannot be read at all.
    fn unreadable(file: &InputFile, at: Position, error: &std::io::Error) -> Chunk {
        let name = file.path.display().to_string();
        let mut chunk = Chunk::new(name.clone(), at, Content::Lines(Vec::new(), file.format));
        let reason = format!("cannot read {name}: {error}");
        if is_of_storage(error) {
            chunk.failure = Some(reason);
        } else {
            chunk.lost.push(crate::Quarantined {
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

impl Iterator for Portions<'_> {
    type Item = Portion;

    fn next(&mut self) -> Option<Portion> {
        loop {
            let next = match &mut self.open {
                Some(FileReader::Chunks(chunks)) => chunks.next().map(|c| Inner::Chunk(Box::new(c))),
                Some(FileReader::Groups(groups)) => groups.next().map(Inner::Group),
                None => None,
            };
            if let Some(portion) = next {
                return Some(Portion(portion));
            }
            let at = self.next;
            let file = self.files.get(at.shard as usize)?;
            self.next = Position::of_file(at.shard + 1);
            match self.open(file, at) {
                Ok(open) => self.open = Some(open),
                Err(error) => {
                    self.open = None;
                    return Some(Portion(Inner::Chunk(Box::new(Self::unreadable(file, at, &error)))));
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
