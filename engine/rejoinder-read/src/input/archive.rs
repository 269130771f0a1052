//! The conversations in a zip archive, as one stream: `conversations.json`, or `conversations-000.json` and its
//! successors in the order of their names.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::sync::Arc;

use zip::{CompressionMethod, ZipArchive};

use super::{Stored, StoredFile};

/// Where a member of the archive lies.
struct Member {
    name: String,
    start: u64,
    size: u64,
    is_packed: bool,
}

/// The members that hold conversations, one after another.
pub(super) struct Archive {
    file: File,
    stored: Arc<Stored>,
    left: VecDeque<Member>,
    current: Box<dyn Read + Send>,
}

impl Archive {
    /// The conversations in an archive.
    ///
    /// # Errors
    /// If it is no archive, has no conversations, or they are packed in a way that is not known.
    pub(super) fn open(file: File, stored: Arc<Stored>) -> io::Result<Self> {
        let mut archive = ZipArchive::new(BufReader::new(file.try_clone()?)).map_err(io::Error::other)?;
        let mut members = Vec::new();
        for index in 0..archive.len() {
            let member = archive.by_index_raw(index).map_err(io::Error::other)?;
            let Ok(name) = member.name().map(Cow::into_owned) else { continue };
            let last = name.rsplit('/').next().unwrap_or_default();
            if !(last.starts_with("conversations") && last.ends_with(".json")) {
                continue;
            }
            let is_packed = match member.compression() {
                _ if member.encrypted() => {
                    return Err(io::Error::other(format!("{name} in it is encrypted")));
                }
                CompressionMethod::Stored => false,
                CompressionMethod::Deflated => true,
                other => return Err(io::Error::other(format!("{name} in it is packed with {other}"))),
            };
            let start = member.data_start().ok_or_else(|| io::Error::other("the archive is damaged"))?;
            members.push(Member { start, size: member.compressed_size(), is_packed, name });
        }
        if members.is_empty() {
            return Err(io::Error::other("a zip archive without conversations.json: unpack it first"));
        }
        members.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Self { file, stored, left: members.into(), current: Box::new(io::empty()) })
    }

    fn enter(&mut self, member: &Member) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(member.start))?;
        let file = StoredFile { file: self.file.try_clone()?, stored: Arc::clone(&self.stored) };
        let bytes = BufReader::with_capacity(1 << 18, file.take(member.size));
        self.current = match member.is_packed {
            false => Box::new(bytes),
            true => Box::new(flate2::bufread::DeflateDecoder::new(bytes)),
        };
        Ok(())
    }
}

impl Read for Archive {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.current.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            let Some(member) = self.left.pop_front() else { return Ok(0) };
            self.enter(&member)?;
        }
    }
}
