//! Where the rows of a table stand in their source, where the caller says so.

use arrow_array::RecordBatch;
use rejoinder::failure::Failure;
use rejoinder_read::table_column;
use rejoinder_scan::ScannedBatch;
use serde_json::Value;

/// What the caller says of where rows stand.
#[derive(Clone, Debug, Default)]
pub struct PlaceColumns {
    /// The column with the number of a row's source.
    pub shard: Option<String>,
    /// The column with the number of a row in its source.
    pub ordinal: Option<String>,
}

/// The sources of a table's rows, and their numbers in them.
#[derive(Debug, Default)]
pub struct Places {
    /// The number of the first row, where no column says it.
    first: u64,
    shards: Option<Vec<u64>>,
    ordinals: Option<Vec<u64>>,
}

impl Places {
    /// The places that columns of a table hold; the first of its rows has the number `first` where no column says another.
    ///
    /// # Errors
    /// If there is no such column, or it holds something else than whole numbers from 0 on.
    pub fn of_columns(columns: &PlaceColumns, batches: &[RecordBatch], first: u64) -> Result<Self, Failure> {
        let read = |name: &Option<String>| -> Result<Option<Vec<u64>>, Failure> {
            let Some(name) = name else { return Ok(None) };
            let mut numbers = Vec::new();
            for batch in batches {
                let Some(values) = table_column(batch, name) else {
                    return Err(Failure::usage(format!("the table has no column `{}`", name.escape_debug())));
                };
                for value in values {
                    let number = value.as_u64().ok_or_else(|| {
                        let row = numbers.len();
                        let shown =
                            if value == Value::Null { "a null".to_owned() } else { value.to_string() };
                        Failure::usage(format!(
                            "row {row}: column `{}` holds {shown}, no whole number from 0 on",
                            name.escape_debug()
                        ))
                    })?;
                    numbers.push(number);
                }
            }
            Ok(Some(numbers))
        };
        Ok(Self { first, shards: read(&columns.shard)?, ordinals: read(&columns.ordinal)? })
    }

    /// Puts conversations where their rows stand.
    pub fn put(&self, scanned: &mut ScannedBatch<'_>) {
        for conversation in &mut scanned.conversations {
            (conversation.shard, conversation.ordinal) = self.of(conversation.ordinal);
        }
    }

    /// The shard and the ordinal of a row of the table.
    pub fn of(&self, row: u64) -> (u32, u64) {
        let at = |numbers: &Option<Vec<u64>>| numbers.as_ref().and_then(|all| all.get(row as usize)).copied();
        let shard = at(&self.shards).and_then(|shard| u32::try_from(shard).ok()).unwrap_or_default();
        (shard, at(&self.ordinals).unwrap_or(self.first + row))
    }
}
