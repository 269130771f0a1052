//! Finds the files of the input (paths, folders, globs and standard input, in a stable order), tells what each file holds, and
//! gives the decompressed bytes.

mod archive;
mod blank_out;
mod compression;
mod content;
mod detect;
mod encoding;
mod error;
mod file;
mod find;
pub mod forgotten_mark;
mod night;
mod relocate;
mod speaker;

pub use compression::{is_compressed, keep_stream};
pub use content::Content;
pub use detect::{FormatEvidence, InputOptions, ReadSettings};
#[cfg(feature = "arrow")]
pub(crate) use detect::{RECORDS, of_columns};
pub use encoding::Encoding;
pub use error::InputError;
pub use file::InputFile;
pub use find::{InputPaths, find};
pub use night::Growth;
pub use relocate::{OtherFile, RelocationError};
pub use speaker::speaker_of_line;
