//! Which shape the records of a file have.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{ReadMode, SHAPES, Shape};
use crate::record::Mapping;

/// The shape of a file's records: one of [`Format::all`].
#[derive(Clone, Copy)]
pub struct Format(&'static Shape);

impl Format {
    /// A list of messages in each record, under the usual keys or those of the mapping.
    pub const JSON: Self = Self(&super::messages::JSON);
    /// OpenAI's `{"messages": […]}`.
    pub const OPENAI: Self = Self(&super::messages::OPENAI);
    /// ShareGPT: `{"id", "conversations": [{"from", "value"}]}`.
    pub const SHAREGPT: Self = Self(&super::sharegpt::SHAPE);
    /// Logs of requests, each with the messages so far and the answer.
    pub(crate) const LOG: Self = Self(&super::log::SHAPE);

    /// A message a record.
    pub(crate) const ROWS: Self = Self(&super::rows::SHAPE);

    /// All shapes, in the order in which they are tried.
    pub fn all() -> impl ExactSizeIterator<Item = Self> {
        SHAPES.iter().map(|shape| Self(shape))
    }

    /// The name of the shape in a configuration.
    pub const fn name(self) -> &'static str {
        self.0.name
    }

    /// What the shape is, in words for people.
    pub const fn describe(self) -> &'static str {
        self.0.describe
    }

    /// The names of keys in records of the shape: those that the user gives, then those of the shape; `messages` is the path that was
    /// found to lead to the messages.
    pub(crate) fn mapping(self, given: &Mapping, messages: Option<&str>) -> Mapping {
        let mut mapping = match &self.shape().read {
            ReadMode::Lines(named) | ReadMode::Pieces(named) => named(given),
            _ => given.clone(),
        };
        mapping.messages = mapping.messages.or_else(|| messages.map(str::to_owned));
        mapping
    }

    pub(crate) const fn shape(self) -> &'static Shape {
        self.0
    }

    /// Whether a record holds one list of messages, which is parsed as it is.
    pub(crate) fn is_direct(self) -> bool {
        matches!(self.0.read, ReadMode::Lines(_))
    }
}

impl Default for Format {
    fn default() -> Self {
        Self::JSON
    }
}

impl PartialEq for Format {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Format {}

impl Hash for Format {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name().hash(state);
    }
}

impl fmt::Debug for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Serialize for Format {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Format {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        // In serde's own words, from which the nearest name is told.
        let names: Vec<String> = Self::all().map(|format| format!("`{format}`")).collect();
        name.parse().map_err(|_| {
            D::Error::custom(format!(
                "unknown variant `{}`, expected one of {}",
                name.escape_debug(),
                names.join(", ")
            ))
        })
    }
}

/// The text names no [`Format`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownFormat;

impl fmt::Display for UnknownFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = Format::all().map(Format::name).collect();
        write!(f, "expected one of {}", names.join(", "))
    }
}

impl std::error::Error for UnknownFormat {}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        Self::all().find(|format| format.name() == name).ok_or(UnknownFormat)
    }
}
