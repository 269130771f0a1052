//! Where a record stands in the input: the join key of everything that a run writes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A later turn's address, written `shard:ordinal:message_index`; its order is the order of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId {
    /// 0-based index of the input file in the run's list of inputs.
    pub shard: u32,
    /// 0-based line number in the (decompressed) file.
    pub ordinal: u64,
    /// 0-based index into the conversation's messages.
    pub message_index: u32,
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.shard, self.ordinal, self.message_index)
    }
}

/// The text is not `shard:ordinal:message_index`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MalformedId;

impl fmt::Display for MalformedId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected an id of the form shard:ordinal:message_index, such as 0:17:4")
    }
}

impl std::error::Error for MalformedId {}

impl FromStr for RecordId {
    type Err = MalformedId;

    fn from_str(text: &str) -> Result<Self, MalformedId> {
        let mut fields = text.split(':');
        let mut next = || fields.next().ok_or(MalformedId);
        let (shard, ordinal, message_index) = (next()?, next()?, next()?);
        if fields.next().is_some() {
            return Err(MalformedId);
        }
        Ok(Self {
            shard: shard.parse().map_err(|_| MalformedId)?,
            ordinal: ordinal.parse().map_err(|_| MalformedId)?,
            message_index: message_index.parse().map_err(|_| MalformedId)?,
        })
    }
}

impl Serialize for RecordId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RecordId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
