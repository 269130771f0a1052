//! Which shape the records of a file have, and what holds them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::record::Mapping;

/// The shape of records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// A list of messages under `conversation` or `messages`, or as the mapping says.
    #[default]
    Json,
    /// OpenAI's `{"messages": […]}`.
    Openai,
    /// Rows of LMSYS-Chat-1M.
    Lmsys,
    /// Rows of WildChat.
    Wildchat,
    /// ShareGPT: `{"id", "conversations": [{"from", "value"}]}`.
    Sharegpt,
    /// OpenAssistant: trees, threads or flat messages.
    Oasst,
    /// Chatbot Arena: two conversations a row.
    Arena,
    /// The conversations of a ChatGPT account export.
    Chatgpt,
    /// Spans with messages: OpenTelemetry GenAI or OpenInference, as OTLP-JSON or one span a record.
    Spans,
    /// Langfuse traces or observations.
    Langfuse,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Json,
        Self::Openai,
        Self::Lmsys,
        Self::Wildchat,
        Self::Sharegpt,
        Self::Oasst,
        Self::Arena,
        Self::Chatgpt,
        Self::Spans,
        Self::Langfuse,
    ];

    /// Its name in flags and config.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Openai => "openai",
            Self::Lmsys => "lmsys",
            Self::Wildchat => "wildchat",
            Self::Sharegpt => "sharegpt",
            Self::Oasst => "oasst",
            Self::Arena => "arena",
            Self::Chatgpt => "chatgpt",
            Self::Spans => "spans",
            Self::Langfuse => "langfuse",
        }
    }

    /// What it is, for people.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Json => "a list of messages a record",
            Self::Openai => "OpenAI messages",
            Self::Lmsys => "LMSYS-Chat-1M rows",
            Self::Wildchat => "WildChat rows",
            Self::Sharegpt => "ShareGPT conversations",
            Self::Oasst => "OpenAssistant trees or messages",
            Self::Arena => "Chatbot Arena pairs",
            Self::Chatgpt => "a ChatGPT account export",
            Self::Spans => "OpenTelemetry GenAI or OpenInference spans",
            Self::Langfuse => "Langfuse traces or observations",
        }
    }

    /// Whether a record holds one list of messages, which is read where it stands.
    pub(crate) const fn is_direct(self) -> bool {
        matches!(self, Self::Json | Self::Openai | Self::Lmsys | Self::Wildchat)
    }

    /// The names of keys that a record of this shape has, where `given` names none.
    pub(crate) fn mapping(self, given: &Mapping) -> Mapping {
        let mut mapping = given.clone();
        if self == Self::Sharegpt {
            let name = |key: &mut Option<String>, name: &str| {
                key.get_or_insert_with(|| name.to_owned());
            };
            name(&mut mapping.messages, "conversations");
            name(&mut mapping.role, "from");
            name(&mut mapping.content, "value");
        }
        mapping
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The text names no [`Format`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownFormat;

impl fmt::Display for UnknownFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected one of {}", Format::ALL.map(Format::name).join(", "))
    }
}

impl std::error::Error for UnknownFormat {}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        Self::ALL.into_iter().find(|format| format.name() == name).ok_or(UnknownFormat)
    }
}

/// What holds the records of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Container {
    /// A record a line.
    #[default]
    Lines,
    /// JSON that does not keep to lines: an array of records, or records over several lines.
    Array,
    /// Files of JSON arrays in a zip archive.
    Zip,
    /// A record a row.
    Parquet,
    /// A record a row, under a row of names.
    Csv,
}

impl Container {
    /// What it is, for people.
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
