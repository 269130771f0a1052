//! An input file as a manifest describes it, and how the description is made.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::compression::{Compression, sniff};
use super::detect::{Detection, FormatEvidence, HEAD, InputOptions, MOST, ReadSettings};
use super::encoding::Encoding;
use super::error::InputError;
use super::night::Growth;
use crate::container::Container;
use crate::record::Mapping;
use crate::shape::Format;

/// One file of the input, as the manifest names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputFile {
    /// The path when the file was described. Records and messages name the file by this path.
    pub path: PathBuf,
    /// The present path, if the file was moved since.
    #[serde(skip)]
    pub moved_to: Option<PathBuf>,
    /// The size in bytes, as stored.
    pub size: u64,
    /// The blake3 hash of the stored bytes.
    pub hash: String,
    /// The shape of the records.
    #[serde(default)]
    pub format: Format,
    /// The container of the records.
    #[serde(default)]
    pub container: Container,
    /// How the content is read.
    #[serde(default)]
    pub reading: ReadSettings,
    /// The night in which the file came in, from 0.
    #[serde(default, skip_serializing_if = "is_first")]
    pub night: u32,
    /// What came in at the file's end in later nights, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub growth: Vec<Growth>,
    /// The numbers of the conversations that were forgotten: no reader gives them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub forgotten: BTreeSet<u64>,
    /// Marks of conversations that were forgotten before some of the file came in ([`forgotten_mark`](super::forgotten_mark)):
    /// what came in later and has such a mark is not taken in.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub forgotten_marks: BTreeSet<u64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
const fn is_first(night: &u32) -> bool {
    *night == 0
}

/// The number of bytes that are left in a file, and their blake3 hash.
pub(super) fn size_and_hash(file: &mut File) -> io::Result<(u64, String)> {
    let mut hasher = blake3::Hasher::new();
    let size = io::copy(file, &mut hasher)?;
    Ok((size, hasher.finalize().to_hex().to_string()))
}

impl InputFile {
    /// Describes a file as [`describe_as`](Self::describe_as) does, with the shape told by the content.
    ///
    /// # Errors
    /// As [`describe_as`](Self::describe_as).
    pub fn describe(path: &Path) -> Result<Self, InputError> {
        let options = InputOptions { format: None, mapping: &Mapping::default(), joins: true };
        Self::describe_as(path, options).map(|(file, _)| file)
    }

    /// Reads the whole file once for the size and the hash, and the beginning for what the file holds, where `options` do not say.
    /// Also returns why the file is taken for what it is.
    ///
    /// # Errors
    /// If the file is no regular file, cannot be read or decompressed, or lacks what its shape needs.
    pub fn describe_as(path: &Path, options: InputOptions<'_>) -> Result<(Self, FormatEvidence), InputError> {
        let unreadable = |e| InputError::Unreadable(path.to_owned(), e);
        // InputOptions before it is opened: to open a named pipe waits for its writer.
        if !path.metadata().map_err(unreadable)?.is_file() || is_of_the_kernel(path) {
            return Err(InputError::NotRegularFile(path.to_owned()));
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
        let format = options.format.unwrap_or_default();
        let mut described = Self { size, hash, format, container, ..Self::undescribed(path) };
        let look = match container {
            Container::Parquet => Detection::at_parquet(&file, options),
            _ => described.look(options),
        };
        let look = look.map_err(|e| InputError::Unusable(path.to_owned(), e.to_string()))?;
        (described.format, described.container, described.reading) =
            (look.format, look.container, look.reading);
        Ok((described, look.why))
    }

    /// Describes a file that holds no chats and whose reader knows the container (see [`json_values`](crate::json_values())).
    ///
    /// # Errors
    /// If the file is not there.
    pub fn of_json_values(path: &Path, container: Container) -> Result<Self, InputError> {
        let size = path.metadata().map_err(|e| InputError::Unreadable(path.to_owned(), e))?.len();
        Ok(Self { size, container, ..Self::undescribed(path) })
    }

    /// Takes size and hash from the file as it is now.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn renew(&mut self) -> io::Result<()> {
        (self.size, self.hash) = size_and_hash(&mut File::open(self.current_path())?)?;
        Ok(())
    }

    /// A file about which nothing is known.
    pub fn undescribed(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            moved_to: None,
            size: 0,
            hash: String::new(),
            format: Format::default(),
            container: Container::default(),
            reading: ReadSettings::default(),
            night: 0,
            growth: Vec::new(),
            forgotten: BTreeSet::new(),
            forgotten_marks: BTreeSet::new(),
        }
    }

    /// The names of keys in the records, where the user gives some of them.
    pub(crate) fn mapping(&self, given: &Mapping) -> Mapping {
        self.format.mapping(given, self.reading.messages.as_deref())
    }

    fn look(&mut self, options: InputOptions<'_>) -> io::Result<Detection> {
        let (mut head, mut is_whole) = self.head(HEAD)?;
        self.reading.encoding = Encoding::of(&head);
        if self.reading.encoding != Encoding::Utf8 {
            (head, is_whole) = self.head(HEAD)?;
        }
        let mut look = Detection::at_text(&head, is_whole, self.container, self.reading.encoding, options);
        if look.needs_more {
            (head, is_whole) = self.head(MOST)?;
            look = Detection::at_text(&head, is_whole, self.container, self.reading.encoding, options);
        }
        Ok(look)
    }

    /// The first `most` bytes of the content, and whether the content ends there. Broken content is reported where it is read.
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
}

/// Whether a path leads to a file that the kernel makes up, which may keep a reader waiting for ever.
fn is_of_the_kernel(path: &Path) -> bool {
    path.canonicalize().is_ok_and(|path| ["/proc", "/sys"].iter().any(|root| path.starts_with(root)))
}
