//! The metadata columns that rules ask for, beside those that records have: whether a rule waits for a column in vain.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::AddAssign;

use rejoinder_read::Record;
use rejoinder_rules::RuleSet;
use serde::{Deserialize, Serialize};

/// The names of columns that are kept.
const MOST: usize = 100;
/// Longer names, in bytes, are not kept.
const LONGEST: usize = 64;

/// The metadata columns that rules ask for, and those of the records; empty where no rule asks for any.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RuleColumns {
    /// Conversations with later turns.
    pub conversations: u64,
    /// The columns that rules ask for.
    pub asked: BTreeMap<String, AskedColumn>,
    /// Names of the records' columns, at most 100, of plain characters.
    pub present: BTreeSet<String>,
}

/// A metadata column that rules ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskedColumn {
    /// The id of the first rule that asks.
    pub rule: String,
    /// Conversations with later turns whose records have a value in the column.
    pub conversations: u64,
}

impl RuleColumns {
    /// Whether no rule asks for a column, or nothing was scanned.
    pub fn is_empty(&self) -> bool {
        self.asked.is_empty()
    }

    /// Counts a conversation whose record holds so many values in each column that the rules ask for.
    pub(crate) fn count(
        &mut self,
        rules: &RuleSet,
        record: &Record<'_>,
        values: impl Iterator<Item = usize>,
    ) {
        self.conversations += 1;
        for (name, values) in rules.columns().iter().zip(values) {
            if !self.asked.contains_key(&name.column) {
                let rule = rules.rule(name.rule).id.clone();
                self.asked.insert(name.column.clone(), AskedColumn { rule, conversations: 0 });
            }
            if let Some(asked) = self.asked.get_mut(&name.column) {
                asked.conversations += u64::from(values > 0);
            }
        }
        let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
        for (name, _) in &record.metadata {
            let is_kept = name.len() <= LONGEST && name.chars().all(is_plain);
            if is_kept && !self.present.contains(&**name) {
                self.present.insert(name.to_string());
                self.keep_first();
            }
        }
    }

    /// The columns that rules ask for and no record has, with the first rule that asks.
    pub fn missing(&self) -> impl Iterator<Item = (&str, &str)> {
        let missing = self.asked.iter().filter(|(_, asked)| asked.conversations == 0);
        missing.map(|(column, asked)| (column.as_str(), asked.rule.as_str()))
    }

    fn keep_first(&mut self) {
        while self.present.len() > MOST {
            self.present.pop_last();
        }
    }
}

impl AddAssign for RuleColumns {
    fn add_assign(&mut self, other: Self) {
        self.conversations += other.conversations;
        for (column, asked) in other.asked {
            match self.asked.get_mut(&column) {
                Some(known) => known.conversations += asked.conversations,
                None => drop(self.asked.insert(column, asked)),
            }
        }
        self.present.extend(other.present);
        self.keep_first();
    }
}
