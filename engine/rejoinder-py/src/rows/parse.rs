//! Rows about turns that come back from Python.

use arrow_array::RecordBatch;
use rejoinder::failure::Failure;
use rejoinder_core::{AnswerProbabilities, Feedback, TurnRecord};
use rejoinder_read::table_rows;
use rejoinder_run::SpoolRow;
use serde_json::{Map, Value, json};

use super::turn_row::{Decision, WaitingTurn};

/// A row that a caller gives back: what the scan made of it, and the columns that the caller added.
pub struct GivenRow {
    fields: Map<String, Value>,
    /// The number of the row in the table, for messages.
    number: u64,
}

/// What a row says.
pub enum GivenTurn {
    /// The turn is feedback.
    Accepted(Box<Feedback>),
    /// The turn is no feedback.
    Rejected(Box<TurnRecord>),
    /// The turn waits; what it is to be asked.
    Waiting(Box<WaitingTurn>),
    /// A record cannot be read.
    SetAside(LostRecord),
}

/// A record that cannot be read.
pub struct LostRecord {
    /// The id of its conversation, if that can be told.
    pub conversation_id: Option<String>,
    /// Why it cannot be read.
    pub reason: String,
    /// The shard and the ordinal.
    pub place: (u32, u64),
}

/// The columns of whole numbers, which come back as floats from libraries that have no missing whole numbers.
const WHOLE: [&str; 11] = [
    "feedback_turn",
    "label",
    "span_start",
    "span_end",
    "span_start_char",
    "span_end_char",
    "span_start_utf16",
    "span_end_utf16",
    "message_index",
    "shard",
    "ordinal",
];

/// The rows of batches.
pub fn given_rows(batches: &[RecordBatch]) -> impl Iterator<Item = GivenRow> + use<'_> {
    let rows = (0..).zip(batches.iter().flat_map(table_rows));
    rows.map(|(number, row)| {
        let mut fields = if let Value::Object(fields) = row { fields } else { Map::new() };
        for name in WHOLE {
            if let Some(value) = fields.get_mut(name)
                && let Some(float) = value.as_f64().filter(|float| value.is_f64() && float.fract() == 0.0)
            {
                *value = (float as i64).into();
            }
        }
        GivenRow { number, fields }
    })
}

impl GivenRow {
    /// Whether there is such a column.
    pub fn has(&self, column: &str) -> bool {
        self.fields.contains_key(column)
    }

    /// The text of a column; `None` for a null and for a missing column.
    pub fn text(&self, column: &str) -> Option<&str> {
        self.fields.get(column)?.as_str()
    }

    /// The value of a column as JSON: a text as it is, any other value as JSON writes it; `None` for a null and for a missing column.
    pub fn json(&self, column: &str) -> Option<String> {
        match self.fields.get(column)? {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        }
    }

    /// What became of the turn.
    ///
    /// # Errors
    /// If the row has no such column.
    pub fn decision(&self) -> Result<Decision, Failure> {
        if !self.has("decision") {
            return Err(Failure::usage(
                "these are no rows of Engine.scan: there is no column `decision`. Scan the conversations first",
            ));
        }
        self.read("decision", self.fields.get("decision").cloned().unwrap_or_default())
    }

    /// What the row says.
    ///
    /// # Errors
    /// If a column is missing, or holds something else.
    pub fn turn(mut self) -> Result<GivenTurn, Failure> {
        match self.decision()? {
            Decision::Accepted => {
                self.unwrap_metadata()?;
                if self.fields.get("probabilities").is_none_or(Value::is_null) {
                    self.fields.insert("probabilities".to_owned(), json!(AnswerProbabilities::default()));
                }
                let fields = std::mem::take(&mut self.fields);
                self.read("feedback", Value::Object(fields)).map(GivenTurn::Accepted)
            }
            Decision::Rejected => {
                self.unwrap_metadata()?;
                let fields = std::mem::take(&mut self.fields);
                self.read("turn", Value::Object(fields)).map(GivenTurn::Rejected)
            }
            Decision::Waiting => {
                let question = self.text("question").unwrap_or_default();
                let row: SpoolRow =
                    serde_json::from_str(question).map_err(|why| self.wrong("question", &why))?;
                let probabilities = match self.fields.get("probabilities") {
                    None | Some(Value::Null) => AnswerProbabilities::default(),
                    Some(given) => self.read("probabilities", given.clone())?,
                };
                match row.turns.len() {
                    1 => Ok(GivenTurn::Waiting(Box::new(WaitingTurn { row, probabilities }))),
                    turns => Err(self.wrong("question", &format!("it is about {turns} turns"))),
                }
            }
            Decision::SetAside => {
                let number = |column| self.fields.get(column).and_then(Value::as_u64).unwrap_or_default();
                let place = (number("shard").try_into().unwrap_or_default(), number("ordinal"));
                let reason = self.text("error").unwrap_or_default().to_owned();
                let conversation_id = self.text("conversation_id").map(str::to_owned);
                Ok(GivenTurn::SetAside(LostRecord { conversation_id, reason, place }))
            }
        }
    }

    /// That something of the row cannot be read.
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
