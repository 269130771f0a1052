//! Why the input cannot be read.

use std::path::PathBuf;
use std::{fmt, io};

/// Why the input cannot be read.
#[derive(Debug)]
pub enum InputError {
    /// No file has the name that the user gave.
    NotFound(String),
    /// The glob cannot be parsed: the pattern, and why.
    BadGlob(String, String),
    /// The file cannot be read.
    Unreadable(PathBuf, io::Error),
    /// The path is a pipe or a device, which could be read only once.
    NotRegularFile(PathBuf),
    /// The file is compressed in a format that is not supported: the file, and the name of the format.
    UnknownCompression(PathBuf, &'static str),
    /// The file does not hold what its format needs: the file, and why.
    Unusable(PathBuf, String),
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound(name) => {
                write!(
                    f,
                    "no input at `{}`: give a file, a folder with .jsonl or .parquet files, a glob or `-`",
                    name.escape_debug()
                )
            }
            Self::BadGlob(pattern, why) => write!(f, "`{}` is no valid glob: {why}", pattern.escape_debug()),
            Self::Unreadable(path, error) => write!(f, "cannot read {}: {error}", path.display()),
            Self::NotRegularFile(path) => write!(
                f,
                "{} is no regular file and could be read only once; send it to standard input, and give `-` as the input",
                path.display()
            ),
            Self::UnknownCompression(path, format) => write!(
                f,
                "{} is a {format} file: decompress it, or recompress it with gzip or zstd",
                path.display()
            ),
            Self::Unusable(path, why) => write!(f, "cannot use {}: {why}", path.display()),
        }
    }
}

impl std::error::Error for InputError {}
