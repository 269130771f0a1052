//! The conversations in a zip archive, as one stream: `conversations.json`, or `conversations-000.json` and its
//! successors in the order of their names.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::sync::Arc;

use flate2::Crc;
use zip::{CompressionMethod, ZipArchive};

use super::content::{StorageStatus, StoredFile};

/// The place of a member in the archive.
struct Member {
    name: String,
    start: u64,
    size: u64,
    is_packed: bool,
    /// The length and the checksum of the decompressed member.
    whole: (u64, u32),
}

/// The members that hold conversations, one after another.
pub(super) struct Archive {
    file: File,
    stored: Arc<StorageStatus>,
    left: VecDeque<Member>,
    current: Box<dyn Read + Send>,
    /// The length and the checksum that `current` must have at the end.
    whole: (u64, u32),
    sum: Crc,
    read: u64,
}

impl Archive {
    /// Opens the conversations in an archive.
    ///
    /// # Errors
    /// If the file is no archive, holds no conversations, or packs them in a way that is not known.
    pub(super) fn open(file: File, stored: Arc<StorageStatus>) -> io::Result<Self> {
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
            let whole = (member.size(), member.crc32());
            members.push(Member { start, size: member.compressed_size(), is_packed, whole, name });
        }
        if members.is_empty() {
            return Err(io::Error::other("a zip archive without conversations.json: unpack it first"));
        }
        members.sort_by(|a, b| a.name.cmp(&b.name));
        let current = Box::new(io::empty());
        Ok(Self { file, stored, left: members.into(), current, whole: (0, 0), sum: Crc::new(), read: 0 })
    }

    fn enter(&mut self, member: &Member) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(member.start))?;
        let file = StoredFile { file: self.file.try_clone()?, stored: Arc::clone(&self.stored) };
        let bytes = BufReader::with_capacity(1 << 18, file.take(member.size));
        self.current = match member.is_packed {
            false => Box::new(bytes),
            true => Box::new(flate2::bufread::DeflateDecoder::new(bytes)),
        };
        (self.whole, self.sum, self.read) = (member.whole, Crc::new(), 0);
        Ok(())
    }

    /// Checks that all of the member was read, and as it was packed.
    fn check(&self) -> io::Result<()> {
        match (self.read, self.sum.sum()) == self.whole {
            true => Ok(()),
            false => {
                Err(io::Error::new(io::ErrorKind::InvalidData, "a file in the archive is cut or damaged"))
            }
        }
    }
}

impl Read for Archive {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.current.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                self.sum.update(&buffer[..read]);
                self.read += read as u64;
                return Ok(read);
            }
            self.check()?;
            let Some(member) = self.left.pop_front() else { return Ok(0) };
            self.enter(&member)?;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;
    use crate::{ChunkReader, InputFile, Mapping, Position};

    const CHAT: &str = r#"[{"title":"t","mapping":{"a":{"id":"a","message":{"author":{"role":"user"},"content":{"content_type":"text","parts":["hello there"]}},"children":[]}},"current_node":"a"}]"#;

    /// What is told of an archive of two members, each as `packed`, after `damage` was done to its bytes.
    fn told(packed: CompressionMethod, damage: impl Fn(&mut Vec<u8>)) -> Vec<String> {
        let mut archive = ZipWriter::new(io::Cursor::new(Vec::new()));
        for name in ["conversations-000.json", "conversations-001.json"] {
            archive.start_file(name, SimpleFileOptions::default().compression_method(packed)).unwrap();
            archive.write_all(CHAT.as_bytes()).unwrap();
        }
        let mut bytes = archive.finish().unwrap().into_inner();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &bytes).unwrap();
        let (files, mapping) = ([InputFile::describe(file.path()).unwrap()], Mapping::default());
        damage(&mut bytes);
        std::fs::write(file.path(), bytes).unwrap();
        let chunks = ChunkReader::new(&files, &mapping, Position::default(), 1 << 20);
        chunks.flat_map(|chunk| chunk.set_aside).map(|set_aside| set_aside.reason).collect()
    }

    fn replace(bytes: &mut [u8], from: &[u8], to: &[u8], nth: usize) {
        let at = (0..bytes.len()).filter(|&at| bytes[at..].starts_with(from)).nth(nth).unwrap();
        bytes[at..at + to.len()].copy_from_slice(to);
    }

    #[test]
    fn a_member_with_another_checksum_is_reported() {
        assert!(told(CompressionMethod::Stored, |_| {}).is_empty());
        for nth in [0, 1] {
            let told = told(CompressionMethod::Stored, |bytes| replace(bytes, b"hello", b"jello", nth));
            assert!(matches!(&*told, [one] if one.contains("cut or damaged")), "{nth}: {told:?}");
        }
        // The checksum that the directory of the archive names, at its end.
        let checksum = {
            let mut sum = Crc::new();
            sum.update(CHAT.as_bytes());
            sum.sum().to_le_bytes()
        };
        for packed in [CompressionMethod::Stored, CompressionMethod::Deflated] {
            let told = told(packed, |bytes| {
                let all = (0..bytes.len()).filter(|&at| bytes[at..].starts_with(&checksum)).count();
                replace(bytes, &checksum, &[0; 4], all - 1);
            });
            assert!(matches!(&*told, [one] if one.contains("cut or damaged")), "{packed}: {told:?}");
        }
    }
}
