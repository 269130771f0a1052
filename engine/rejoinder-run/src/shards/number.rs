//! The name of a shard: its number, and of how many shards it is one.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The most shards of a job.
const MOST: u32 = 100_000;

/// The number of a shard, from 1, and the number of all shards; written as `3/64`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ShardNumber {
    number: u32,
    of: u32,
}

/// Text that names no shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShardNumberError;

impl ShardNumber {
    /// All shards of a job with so many.
    pub fn all(of: u32) -> impl Iterator<Item = Self> {
        (1..=of).map(move |number| Self { number, of })
    }

    /// The number of the shard, from 1.
    pub const fn number(self) -> u32 {
        self.number
    }

    /// The number of all shards.
    pub const fn of(self) -> u32 {
        self.of
    }

    /// The place among the shards, from 0.
    pub(super) const fn place(self) -> usize {
        self.number as usize - 1
    }

    /// The name of the shard's folder, such as `003-of-064`: names stand in the order of the numbers.
    pub fn folder(self) -> String {
        let width = self.of.to_string().len().max(3);
        format!("{:0width$}-of-{:0width$}", self.number, self.of)
    }
}

impl fmt::Display for ShardNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl fmt::Display for ShardNumberError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no shard K/N, such as 3/64, with K from 1 to N and N up to {MOST}")
    }
}

impl std::error::Error for ShardNumberError {}

impl FromStr for ShardNumber {
    type Err = ShardNumberError;

    fn from_str(text: &str) -> Result<Self, ShardNumberError> {
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok());
        let parsed = text.split_once('/').and_then(|(number, of)| Some((digits(number)??, digits(of)??)));
        match parsed {
            Some((number, of)) if (1..=of).contains(&number) && of <= MOST => Ok(Self { number, of }),
            _ => Err(ShardNumberError),
        }
    }
}

impl TryFrom<String> for ShardNumber {
    type Error = ShardNumberError;

    fn try_from(text: String) -> Result<Self, ShardNumberError> {
        text.parse()
    }
}

impl From<ShardNumber> for String {
    fn from(number: ShardNumber) -> Self {
        number.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_is_named_by_two_numbers() {
        let shard: ShardNumber = "3/64".parse().unwrap();
        assert_eq!((shard.number(), shard.of(), shard.to_string()), (3, 64, "3/64".to_owned()));
        assert_eq!(shard.folder(), "003-of-064");
        assert_eq!("7/12345".parse::<ShardNumber>().unwrap().folder(), "00007-of-12345");
        for wrong in
            ["", "3", "0/3", "4/3", "3/", "/3", "+1/3", "1/3/3", "1 / 3", "1/100001", "99999999999/1"]
        {
            assert_eq!(wrong.parse::<ShardNumber>(), Err(ShardNumberError), "{wrong}");
        }
    }
}
