//! Rows about turns that come back from Python.

use arrow_array::RecordBatch;
use rejoinder::failure::Failure;
use rejoinder_core::{AnswerProbabilities, Feedback, TurnRecord};
use rejoinder_read::table_rows;
use serde_json::{Map, Value, json};

use super::turn_row::Decision;

/// A row that a caller gives back: what the scan made of it, and the columns that the caller added.
pub struct GivenRow {
    fields: Map<String, Value>,
    /// The number of the row in the table, for messages.
    number: u64,
}

/// The rows of a batch whose first row has the number `first`.
pub fn given_rows(batch: &RecordBatch, first: u64) -> impl Iterator<Item = GivenRow> + use<> {
    let rows = (first..).zip(table_rows(batch));
    rows.map(|(number, row)| GivenRow {
        number,
        fields: if let Value::Object(fields) = row { fields } else { Map::new() },
    })
}

impl GivenRow {
    /// What became of the turn.
    ///
    /// # Errors
    /// If the row has no such column.
    pub fn decision(&self) -> Result<Decision, Failure> {
        self.read("decision", self.fields.get("decision").cloned().unwrap_or_default())
    }

    /// A column of texts; `None` for a null and for a missing column.
    pub fn text(&self, column: &str) -> Option<&str> {
        self.fields.get(column)?.as_str()
    }

    /// Where the row's conversation stands.
    pub fn place(&self) -> (u32, u64) {
        let number = |column| self.fields.get(column).and_then(Value::as_u64).unwrap_or_default();
        (number("shard").try_into().unwrap_or_default(), number("ordinal"))
    }

    /// The record of a row of feedback.
    ///
    /// # Errors
    /// If a column is missing, or holds something else.
    pub fn feedback(mut self) -> Result<Feedback, Failure> {
        self.unwrap_metadata()?;
        if self.fields.get("probabilities").is_none_or(Value::is_null) {
            self.fields.insert("probabilities".to_owned(), json!(AnswerProbabilities::default()));
        }
        let fields = std::mem::take(&mut self.fields);
        self.read("feedback", Value::Object(fields))
    }

    /// The record of a row of a turn that is no feedback, or not yet.
    ///
    /// # Errors
    /// If a column is missing, or holds something else.
    pub fn turn(mut self) -> Result<TurnRecord, Failure> {
        self.unwrap_metadata()?;
        let fields = std::mem::take(&mut self.fields);
        self.read("turn", Value::Object(fields))
    }

    /// The wrong value of a column, in words.
    pub fn wrong(&self, what: &str, why: &dyn std::fmt::Display) -> Failure {
        Failure::invalid(format!(
            "row {}: its {what} cannot be read: {why}; rows come from Engine.scan, with columns added and none changed",
            self.number
        ))
    }

    fn unwrap_metadata(&mut self) -> Result<(), Failure> {
        let metadata = match self.text("metadata") {
            Some(text) => serde_json::from_str(text).map_err(|why| self.wrong("metadata", &why))?,
            None => json!({}),
        };
        self.fields.insert("metadata".to_owned(), metadata);
        Ok(())
    }

    fn read<T: serde::de::DeserializeOwned>(&self, what: &str, value: Value) -> Result<T, Failure> {
        serde_json::from_value(value).map_err(|why| self.wrong(what, &why))
    }
}
