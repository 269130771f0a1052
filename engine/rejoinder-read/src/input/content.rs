//! The bytes of an input file, decompressed and in UTF-8.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::InputFile;
use super::archive::Archive;
use super::compression::{Compression, sniff};
use super::encoding::{Encoding, Utf8Reader};

impl InputFile {
    /// Whether the stored bytes are the content: neither compressed nor in another encoding. False where the file cannot be read.
    pub(crate) fn is_stored_plain(&self) -> bool {
        let sniffed = File::open(self.current_path()).and_then(|mut file| sniff(&mut file));
        matches!(sniffed, Ok(Compression::None)) && self.reading.encoding == Encoding::Utf8
    }

    /// Opens the decompressed content, `skip` bytes after the beginning.
    ///
    /// # Errors
    /// If the file cannot be read, or ends before `skip`.
    pub fn open(&self, skip: u64) -> io::Result<Content> {
        let mut file = File::open(self.current_path())?;
        let compression = sniff(&mut file)?;
        let stored = Arc::new(StorageStatus::default());
        let encoding = self.reading.encoding;
        if matches!(compression, Compression::None) && encoding == Encoding::Utf8 {
            file.seek(SeekFrom::Start(skip))?;
            stored.read.store(skip, Ordering::Relaxed);
            return Ok(Content { source: ContentSource::Plain(file), stored });
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
            packed = Box::new(Utf8Reader::new(packed, encoding));
        }
        let skipped = io::copy(&mut (&mut packed).take(skip), &mut io::sink())?;
        if skipped < skip {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(Content { source: ContentSource::Packed(packed), stored })
    }
}

/// The decompressed content of an input file.
pub struct Content {
    source: ContentSource,
    stored: Arc<StorageStatus>,
}

enum ContentSource {
    Plain(File),
    Packed(Box<dyn Read + Send>),
}

/// How many stored bytes were read below the decompression, and whether reading failed.
#[derive(Default)]
pub(super) struct StorageStatus {
    read: AtomicU64,
    failed: AtomicBool,
}

impl Content {
    /// The number of stored bytes that have been read, to tell how far the reader is.
    pub fn stored_bytes_read(&self) -> u64 {
        self.stored.read.load(Ordering::Relaxed)
    }

    /// Whether the file itself could not be read, as opposed to holding what cannot be decompressed.
    pub(crate) fn storage_failed(&self) -> bool {
        self.stored.failed.load(Ordering::Relaxed)
    }

    /// The empty rest of a file of `size` stored bytes that cannot be read on.
    pub(crate) fn given_up(size: u64) -> Self {
        let stored = StorageStatus { read: AtomicU64::new(size), ..StorageStatus::default() };
        Self { source: ContentSource::Packed(Box::new(io::empty())), stored: Arc::new(stored) }
    }

    /// Appends the next `limit` bytes, or as many as there are, to `bytes`. Returns the number of bytes.
    ///
    /// # Errors
    /// If reading fails. Bytes that were read before are appended all the same.
    pub(crate) fn read_up_to(&mut self, limit: u64, bytes: &mut Vec<u8>) -> io::Result<usize> {
        let before = bytes.len();
        match &mut self.source {
            // The standard library reads a file, and no wrapper around one, into memory that was not zeroed first.
            ContentSource::Plain(file) => {
                let got = file.take(limit).read_to_end(bytes);
                self.stored.note((bytes.len() - before) as u64, got.as_ref().err());
                got
            }
            ContentSource::Packed(packed) => packed.take(limit).read_to_end(bytes),
        }
    }
}

impl Read for Content {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.source {
            ContentSource::Plain(file) => {
                let got = file.read(buffer);
                self.stored.note(*got.as_ref().unwrap_or(&0) as u64, got.as_ref().err());
                got
            }
            ContentSource::Packed(packed) => packed.read(buffer),
        }
    }
}

impl StorageStatus {
    fn note(&self, read: u64, error: Option<&io::Error>) {
        self.read.fetch_add(read, Ordering::Relaxed);
        if error.is_some_and(|e| e.kind() != io::ErrorKind::Interrupted) {
            self.failed.store(true, Ordering::Relaxed);
        }
    }
}

/// A file that notes how many bytes are read, and whether reading fails.
pub(super) struct StoredFile {
    pub(super) file: File,
    pub(super) stored: Arc<StorageStatus>,
}

impl Read for StoredFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = self.file.read(buffer);
        self.stored.note(*got.as_ref().unwrap_or(&0) as u64, got.as_ref().err());
        got
    }
}
