//! Which compression a file has, and how a stream is kept as a compressed file.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

/// Keeps a stream as the file `path`, so that the stream can be read again. A compressed stream is kept as it is, any other is
/// compressed with zstd.
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

/// The number of bytes that tell the compression.
const HEAD: usize = 6;

pub(super) enum Compression {
    None,
    Gzip,
    Zstd,
    Zip,
    Parquet,
    Unknown(&'static str),
}

impl Compression {
    /// Tells the compression by the first bytes, not by the name.
    pub(super) fn of(head: &[u8]) -> Self {
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

/// Whether a file is compressed as a whole, so that its bytes do not show what it holds.
///
/// # Errors
/// If the file cannot be read.
pub fn is_compressed(path: &Path) -> io::Result<bool> {
    Ok(!matches!(sniff(&mut File::open(path)?)?, Compression::None | Compression::Parquet))
}

/// The compression of a file. The file is left at its beginning.
pub(super) fn sniff(file: &mut File) -> io::Result<Compression> {
    let mut head = Vec::with_capacity(HEAD);
    file.by_ref().take(HEAD as u64).read_to_end(&mut head)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(Compression::of(&head))
}
