//! Which files make up the input: paths, folders, globs and standard input, in a stable order; and their bytes,
//! whatever they are compressed with.

use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use crate::container::Container;
use crate::record::Mapping;
use crate::shape::{Format, Read as ShapeRead};

mod archive;
mod encoding;
mod look;
mod moved;

use archive::Archive;
use encoding::{Decoding, Encoding};
use look::Look;
pub use look::{Asked, Reading, Why};

/// Names that a folder is searched for.
const EXTENSIONS: [&str; 10] = [
    ".jsonl",
    ".ndjson",
    ".json",
    ".jsonl.gz",
    ".ndjson.gz",
    ".json.gz",
    ".jsonl.zst",
    ".ndjson.zst",
    ".json.zst",
    ".parquet",
];

/// Names of files that are read only where they are named: a folder of logs holds tables of other things, too.
const NAMED_ONLY: [&str; 6] = [".csv", ".tsv", ".csv.gz", ".tsv.gz", ".csv.zst", ".zip"];

/// One file of the input, as the manifest names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputFile {
    /// Where it was when it was described; records and messages call it so.
    pub path: PathBuf,
    /// Where it is, if it was moved since.
    #[serde(skip)]
    pub moved_to: Option<PathBuf>,
    /// Its size in bytes, as stored.
    pub size: u64,
    /// blake3 hash of its stored bytes.
    pub hash: String,
    /// The shape of its records.
    #[serde(default)]
    pub format: Format,
    /// What holds them.
    #[serde(default)]
    pub container: Container,
    /// How its content is read.
    #[serde(default)]
    pub reading: Reading,
}

/// The input cannot be read.
#[derive(Debug)]
pub enum InputError {
    /// Nothing is there under the name that the user gave.
    Nothing(String),
    /// A glob that cannot be parsed: the pattern, and why.
    BadGlob(String, String),
    /// The file is there and cannot be read.
    Unreadable(PathBuf, io::Error),
    /// A pipe or a device: it could be read only once.
    NoFile(PathBuf),
    /// Compressed in a way that is not known here: the file, and the format's name.
    UnknownCompression(PathBuf, &'static str),
    /// It cannot be read as what it is, or is said to be: the file, and why.
    Unfit(PathBuf, String),
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing(name) => {
                write!(
                    f,
                    "no input at `{}`: give a file, a folder with .jsonl or .parquet files, a glob or `-`",
                    name.escape_debug()
                )
            }
            Self::BadGlob(pattern, why) => write!(f, "`{}` is no valid glob: {why}", pattern.escape_debug()),
            Self::Unreadable(path, error) => write!(f, "cannot read {}: {error}", path.display()),
            Self::NoFile(path) => write!(
                f,
                "{} is no regular file and could be read only once; send it to standard input, and give `-` as the input",
                path.display()
            ),
            Self::UnknownCompression(path, format) => write!(
                f,
                "{} is a {format} file: decompress it, or recompress it with gzip or zstd",
                path.display()
            ),
            Self::Unfit(path, why) => write!(f, "cannot use {}: {why}", path.display()),
        }
    }
}

impl std::error::Error for InputError {}

/// What names stand for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The files, each once: names in the order given, folders and globs sorted inside.
    pub files: Vec<PathBuf>,
    /// What may hold chats and lies in a folder that was given, but is read only where it is named itself, sorted.
    pub left_out: Vec<PathBuf>,
}

impl Found {
    /// What was left out of folders, in one sentence; `None` if nothing was.
    pub fn remark(&self) -> Option<String> {
        const SHOWN: usize = 3;
        let names: Vec<String> =
            self.left_out.iter().take(SHOWN).map(|path| path.display().to_string()).collect();
        let more = self.left_out.len().saturating_sub(SHOWN);
        let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
        let shown = names.join(", ");
        (!names.is_empty())
            .then(|| format!("not read: {shown}{rest}; tables and archives are read where they are named"))
    }
}

/// The files that `names` stand for.
///
/// # Errors
/// If a name stands for nothing, a glob is malformed, or a folder cannot be read.
pub fn find(names: &[String]) -> Result<Found, InputError> {
    let mut files: Vec<PathBuf> = Vec::new();
    let mut left_out: Vec<PathBuf> = Vec::new();
    let mut add = |path: PathBuf| {
        if !files.contains(&path) {
            files.push(path);
        }
    };
    for name in names {
        let path = Path::new(name);
        if path.is_dir() {
            let mut inside = Vec::new();
            walk(path, &mut inside, &mut left_out)?;
            if inside.is_empty() {
                let only = Found { files: Vec::new(), left_out };
                return Err(match only.remark() {
                    Some(remark) => InputError::Unfit(path.to_owned(), remark),
                    None => InputError::Nothing(name.clone()),
                });
            }
            inside.sort();
            inside.into_iter().for_each(&mut add);
        } else if path.exists() || path.is_symlink() {
            add(path.to_owned());
        } else if name.contains(['*', '?', '[']) {
            let found = glob::glob(name).map_err(|e| InputError::BadGlob(name.clone(), e.msg.to_owned()))?;
            let mut matches = Vec::new();
            for found in found {
                let path = found.map_err(|e| InputError::Unreadable(e.path().to_owned(), e.into()))?;
                if !path.is_dir() {
                    matches.push(path);
                }
            }
            if matches.is_empty() {
                return Err(InputError::Nothing(name.clone()));
            }
            matches.sort();
            matches.into_iter().for_each(&mut add);
        } else {
            return Err(InputError::Nothing(name.clone()));
        }
    }
    left_out.retain(|path| !files.contains(path));
    left_out.sort();
    Ok(Found { files, left_out })
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>, left_out: &mut Vec<PathBuf>) -> Result<(), InputError> {
    let unreadable = |e| InputError::Unreadable(folder.to_owned(), e);
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        if path.is_dir() {
            if !path.is_symlink() && !name.starts_with('.') {
                walk(&path, files, left_out)?;
            }
        } else if EXTENSIONS.iter().any(|e| name.ends_with(e)) {
            files.push(path);
        } else if NAMED_ONLY.iter().any(|e| name.ends_with(e)) {
            left_out.push(path);
        }
    }
    Ok(())
}

/// How many bytes are left in a file, and their blake3 hash.
fn size_and_hash(file: &mut File) -> io::Result<(u64, String)> {
    let mut hasher = blake3::Hasher::new();
    let size = io::copy(file, &mut hasher)?;
    Ok((size, hasher.finalize().to_hex().to_string()))
}

impl InputFile {
    /// As [`describe_as`](Self::describe_as), with the shape told by the content.
    ///
    /// # Errors
    /// See there.
    pub fn describe(path: &Path) -> Result<Self, InputError> {
        let asked = Asked { format: None, mapping: &Mapping::default(), joins: true };
        Self::describe_as(path, asked).map(|(file, _)| file)
    }

    /// Reads the whole file once for its size and hash, and its beginning for what it holds, where that is not `asked`
    /// for; refuses what cannot be read, and what is no regular file. Also says why it is taken for what it is.
    ///
    /// # Errors
    /// If it cannot be read or decompressed, or lacks what its shape needs.
    pub fn describe_as(path: &Path, asked: Asked<'_>) -> Result<(Self, Why), InputError> {
        let unreadable = |e| InputError::Unreadable(path.to_owned(), e);
        // Asked before it is opened: to open a named pipe waits for its writer.
        if !path.metadata().map_err(unreadable)?.is_file() || is_of_the_kernel(path) {
            return Err(InputError::NoFile(path.to_owned()));
        }
        let mut file = File::open(path).map_err(unreadable)?;
        let compression = sniff(&mut file).map_err(unreadable)?;
        if let Compression::Unknown(name) = compression {
            return Err(InputError::UnknownCompression(path.to_owned(), name));
        }
        let (size, hash) = size_and_hash(&mut file).map_err(unreadable)?;
        let container = match compression {
            Compression::Zip => Container::Zip,
            Compression::Parquet => Container::Parquet,
            _ => Container::Lines,
        };
        let format = asked.format.unwrap_or_default();
        let reading = Reading::default();
        let mut described =
            Self { path: path.to_owned(), moved_to: None, size, hash, format, container, reading };
        let look = match container {
            Container::Parquet => Look::at_parquet(&file, asked),
            _ => described.look(asked),
        };
        let look = look.map_err(|e| InputError::Unfit(path.to_owned(), e.to_string()))?;
        (described.format, described.container, described.reading) =
            (look.format, look.container, look.reading);
        Ok((described, look.why))
    }

    /// A file that is no input: its reader knows what it holds (see [`values`](crate::values())).
    ///
    /// # Errors
    /// If it is not there.
    pub fn of_values(path: &Path, container: Container) -> Result<Self, InputError> {
        let size = path.metadata().map_err(|e| InputError::Unreadable(path.to_owned(), e))?.len();
        let (hash, format, reading) = (String::new(), Format::default(), Reading::default());
        Ok(Self { path: path.to_owned(), moved_to: None, size, hash, format, container, reading })
    }

    /// The names of keys in its records, where the user gives `mapping`.
    pub(crate) fn mapping(&self, given: &Mapping) -> Mapping {
        let mut mapping = match &self.format.shape().read {
            ShapeRead::Lines(named) | ShapeRead::Pieces(named) => named(given),
            _ => given.clone(),
        };
        mapping.messages = mapping.messages.or_else(|| self.reading.messages.clone());
        mapping
    }

    fn look(&mut self, asked: Asked<'_>) -> io::Result<Look> {
        let (mut head, mut is_whole) = self.head(look::HEAD)?;
        self.reading.encoding = Encoding::of(&head);
        if self.reading.encoding != Encoding::Utf8 {
            (head, is_whole) = self.head(look::HEAD)?;
        }
        let mut look = Look::at_text(&head, is_whole, self.container, self.reading.encoding, asked);
        if look.needs_more {
            (head, is_whole) = self.head(look::MOST)?;
            look = Look::at_text(&head, is_whole, self.container, self.reading.encoding, asked);
        }
        Ok(look)
    }

    /// The beginning of the content, `most` bytes of it, and whether that is all of it. What is broken in it is told where it is read.
    fn head(&self, most: u64) -> io::Result<(Vec<u8>, bool)> {
        let mut head = Vec::new();
        let mut content = self.open(0)?;
        match content.read_up_to(most, &mut head) {
            Err(e) if self.container == Container::Zip => Err(e),
            read => {
                let is_whole = read.is_ok_and(|read| (read as u64) < most);
                Ok((head, is_whole))
            }
        }
    }

    /// Opens the decompressed content, `skip` bytes after its beginning.
    ///
    /// # Errors
    /// If the file cannot be read, or ends before `skip`.
    pub fn open(&self, skip: u64) -> io::Result<Content> {
        let mut file = File::open(self.place())?;
        let compression = sniff(&mut file)?;
        let stored = Arc::new(Stored::default());
        let encoding = self.reading.encoding;
        if matches!(compression, Compression::None) && encoding == Encoding::Utf8 {
            file.seek(SeekFrom::Start(skip))?;
            stored.read.store(skip, Ordering::Relaxed);
            return Ok(Content { source: Source::Plain(file), stored });
        }
        let stored_file = |file| StoredFile { file, stored: Arc::clone(&stored) };
        let mut packed: Box<dyn Read + Send> = match compression {
            Compression::None => Box::new(BufReader::with_capacity(1 << 18, stored_file(file))),
            Compression::Gzip => Box::new(flate2::read::MultiGzDecoder::new(BufReader::with_capacity(
                1 << 18,
                stored_file(file),
            ))),
            Compression::Zstd => Box::new(zstd::Decoder::new(stored_file(file))?),
            Compression::Zip => Box::new(Archive::open(file, Arc::clone(&stored))?),
            Compression::Parquet => return Err(io::Error::other("Parquet is no stream of records")),
            Compression::Unknown(name) => {
                return Err(io::Error::other(format!("{name} compression is not known")));
            }
        };
        if encoding != Encoding::Utf8 {
            packed = Box::new(Decoding::new(packed, encoding));
        }
        let skipped = io::copy(&mut (&mut packed).take(skip), &mut io::sink())?;
        if skipped < skip {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(Content { source: Source::Packed(packed), stored })
    }
}

/// The decompressed content of an input file.
pub struct Content {
    source: Source,
    stored: Arc<Stored>,
}

enum Source {
    Plain(File),
    Packed(Box<dyn Read + Send>),
}

/// What happened to the stored bytes below the decompression.
#[derive(Default)]
struct Stored {
    read: AtomicU64,
    failed: AtomicBool,
}

impl Content {
    /// Bytes of the stored file that have been read, to tell how far one is.
    pub fn stored_bytes_read(&self) -> u64 {
        self.stored.read.load(Ordering::Relaxed)
    }

    /// Whether the file itself could not be read, as opposed to holding what cannot be decompressed.
    pub(crate) fn storage_failed(&self) -> bool {
        self.stored.failed.load(Ordering::Relaxed)
    }

    /// What is left of a file of `size` stored bytes that cannot be read on: nothing.
    pub(crate) fn given_up(size: u64) -> Self {
        let stored = Stored { read: AtomicU64::new(size), ..Stored::default() };
        Self { source: Source::Packed(Box::new(io::empty())), stored: Arc::new(stored) }
    }

    /// Appends the next `limit` bytes, or what there is of them, to `bytes`; returns how many.
    ///
    /// # Errors
    /// If reading fails; what was read before is appended all the same.
    pub(crate) fn read_up_to(&mut self, limit: u64, bytes: &mut Vec<u8>) -> io::Result<usize> {
        let before = bytes.len();
        match &mut self.source {
            // The standard library reads a file, and no wrapper around one, into memory that was not zeroed first.
            Source::Plain(file) => {
                let got = file.take(limit).read_to_end(bytes);
                self.stored.note((bytes.len() - before) as u64, got.as_ref().err());
                got
            }
            Source::Packed(packed) => packed.take(limit).read_to_end(bytes),
        }
    }
}

impl Read for Content {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.source {
            Source::Plain(file) => {
                let got = file.read(buffer);
                self.stored.note(*got.as_ref().unwrap_or(&0) as u64, got.as_ref().err());
                got
            }
            Source::Packed(packed) => packed.read(buffer),
        }
    }
}

impl Stored {
    fn note(&self, read: u64, error: Option<&io::Error>) {
        self.read.fetch_add(read, Ordering::Relaxed);
        if error.is_some_and(|e| e.kind() != io::ErrorKind::Interrupted) {
            self.failed.store(true, Ordering::Relaxed);
        }
    }
}

/// A file that notes what is read from it, and whether that fails.
struct StoredFile {
    file: File,
    stored: Arc<Stored>,
}

impl Read for StoredFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = self.file.read(buffer);
        self.stored.note(*got.as_ref().unwrap_or(&0) as u64, got.as_ref().err());
        got
    }
}

/// Keeps a stream as the file `path`, so that it can be read again: compressed with zstd, or as it is if it came
/// compressed.
///
/// # Errors
/// If reading or writing fails.
pub fn keep_stream(mut stream: impl Read, path: &Path) -> io::Result<()> {
    let mut head = Vec::with_capacity(HEAD);
    stream.by_ref().take(HEAD as u64).read_to_end(&mut head)?;
    let compression = Compression::of(&head);
    let mut stream = head.as_slice().chain(stream);
    let mut file = File::create(path)?;
    if matches!(compression, Compression::None) {
        zstd::stream::copy_encode(&mut stream, &mut file, 1)?;
    } else {
        io::copy(&mut stream, &mut file)?;
    }
    file.sync_all()
}

/// Bytes that tell the compression.
const HEAD: usize = 6;

enum Compression {
    None,
    Gzip,
    Zstd,
    Zip,
    Parquet,
    Unknown(&'static str),
}

impl Compression {
    /// Tells the compression by the first bytes, not by the name.
    fn of(head: &[u8]) -> Self {
        match head {
            [0x1F, 0x8B, ..] => Self::Gzip,
            [0x28, 0xB5, 0x2F, 0xFD, ..] => Self::Zstd,
            [0xFD, b'7', b'z', b'X', b'Z', 0] => Self::Unknown("xz"),
            [b'B', b'Z', b'h', ..] => Self::Unknown("bzip2"),
            [b'P', b'K', 3, 4, ..] => Self::Zip,
            [b'P', b'A', b'R', b'1', ..] => Self::Parquet,
            _ => Self::None,
        }
    }
}

/// The compression of a file, which is left at its beginning.
fn sniff(file: &mut File) -> io::Result<Compression> {
    let mut head = Vec::with_capacity(HEAD);
    file.by_ref().take(HEAD as u64).read_to_end(&mut head)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(Compression::of(&head))
}
/// Whether a path leads to what looks like a file and is the kernel's own voice, which may keep a reader waiting for ever.
fn is_of_the_kernel(path: &Path) -> bool {
    path.canonicalize().is_ok_and(|path| ["/proc", "/sys"].iter().any(|root| path.starts_with(root)))
}
