//! What can hold the records of a file.

use serde::{Deserialize, Serialize};

/// The container of the records of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Container {
    /// One JSON record a line.
    #[default]
    Lines,
    /// JSON that does not keep to lines: an array of records, or records that go over several lines.
    Array,
    /// Files of JSON arrays in a zip archive.
    Zip,
    /// One record a row of a Parquet file.
    Parquet,
    /// One record a row of CSV, under a row of names.
    Csv,
}

impl Container {
    /// What the container is, in words for people.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Lines => "a JSON record a line",
            Self::Array => "JSON records in an array or over several lines",
            Self::Zip => "JSON arrays in a zip archive",
            Self::Parquet => "Parquet",
            Self::Csv => "CSV",
        }
    }
}
