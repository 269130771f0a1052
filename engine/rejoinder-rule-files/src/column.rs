//! Conditions of rules on the metadata columns of records.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::toml_text::{toml_list, toml_string};

/// A condition on a metadata column: the column has one of some values, or has values and none of these. It does not hold for a
/// record that lacks the column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnCondition {
    /// The column's name; behind a dot stands a key inside of it.
    pub column: String,
    /// Whether the column must have none of the values.
    pub is_negated: bool,
    /// The values as text: a string as it is, anything else as JSON.
    pub values: Vec<String>,
    /// The number of the column among those that the rules in force ask for.
    #[serde(skip)]
    pub slot: u32,
}

/// What a record holds in one column: the values as text, or those in the column's list; none where the record lacks the column.
pub type ColumnValues = Arc<[String]>;

impl ColumnCondition {
    /// Whether the condition holds for what a record holds in the column.
    pub fn holds(&self, found: &[String]) -> bool {
        !found.is_empty() && found.iter().any(|value| self.values.contains(value)) != self.is_negated
    }
}

impl ColumnCondition {
    /// Whether the other condition does not hold where this one does, for a record that has one value in the column.
    pub(crate) fn excludes(&self, other: &Self) -> bool {
        let are_common =
            |wanted: &Self, values: &[String]| wanted.values.iter().any(|one| values.contains(one));
        let are_all = |wanted: &Self, values: &[String]| wanted.values.iter().all(|one| values.contains(one));
        self.column == other.column
            && match (self.is_negated, other.is_negated) {
                (false, false) => !are_common(self, &other.values),
                (false, true) => are_all(self, &other.values),
                (true, false) => are_all(other, &self.values),
                (true, true) => false,
            }
    }
}

impl fmt::Display for ColumnCondition {
    /// The condition as a rule file says it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        let name = match !self.column.is_empty() && self.column.chars().all(is_bare) {
            true => self.column.clone(),
            false => toml_string(&self.column),
        };
        let values = match &*self.values {
            [one] => toml_string(one),
            several => toml_list(several),
        };
        match self.is_negated {
            true => write!(f, "where.{name} = {{ not = {values} }}"),
            false => write!(f, "where.{name} = {values}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_without_the_column_meets_no_condition_on_it() {
        let condition = |is_negated| ColumnCondition {
            column: "model".to_owned(),
            is_negated,
            values: vec!["a".to_owned(), "b".to_owned()],
            slot: 0,
        };
        let found = |values: &[&str]| values.iter().map(|&value| value.to_owned()).collect::<Vec<_>>();
        for (values, holds, holds_negated) in [
            (&[][..], false, false),
            (&["a"], true, false),
            (&["c"], false, true),
            (&["c", "b"], true, false),
        ] {
            assert_eq!(condition(false).holds(&found(values)), holds, "{values:?}");
            assert_eq!(condition(true).holds(&found(values)), holds_negated, "{values:?}");
        }
        assert_eq!(condition(true).to_string(), "where.model = { not = [\"a\", \"b\"] }");
    }

    #[test]
    fn conditions_on_one_value_exclude_each_other_where_no_value_meets_both() {
        let condition = |is_negated, values: &[&str]| ColumnCondition {
            column: "model".to_owned(),
            is_negated,
            values: values.iter().map(|&value| value.to_owned()).collect(),
            slot: 0,
        };
        let (a, ab, bc) = (["a"], ["a", "b"], ["b", "c"]);
        for (one, other, excludes) in [
            (condition(false, &a), condition(false, &bc), true),
            (condition(false, &ab), condition(false, &bc), false),
            (condition(false, &a), condition(true, &ab), true),
            (condition(false, &ab), condition(true, &a), false),
            (condition(true, &a), condition(true, &bc), false),
        ] {
            assert_eq!(one.excludes(&other), excludes, "{one} and {other}");
            assert_eq!(other.excludes(&one), excludes, "{other} and {one}");
        }
        let elsewhere = ColumnCondition { column: "plan".to_owned(), ..condition(false, &bc) };
        assert!(!condition(false, &a).excludes(&elsewhere));
    }
}
