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
    shards: Option<Vec<u32>>,
    ordinals: Option<Vec<u64>>,
}

impl Places {
    /// The places that columns of a table hold; the first of its rows has the number `first` where no column says another.
    ///
    /// # Errors
    /// If there is no such column, or it holds something else than whole numbers from 0 on.
    pub fn of_columns(columns: &PlaceColumns, batches: &[RecordBatch], first: u64) -> Result<Self, Failure> {
        let shards = columns.shard.as_deref().map(|name| numbers(batches, name, "below 2^32")).transpose()?;
        let ordinals =
            columns.ordinal.as_deref().map(|name| numbers(batches, name, "below 2^64")).transpose()?;
        Ok(Self { first, shards, ordinals })
    }

    /// Puts conversations where their rows stand.
    pub fn put(&self, scanned: &mut ScannedBatch<'_>) {
        for conversation in &mut scanned.conversations {
            (conversation.shard, conversation.ordinal) = self.of(conversation.ordinal);
        }
    }

    /// The shard and the ordinal of a row of the table.
    pub fn of(&self, row: u64) -> (u32, u64) {
        let row_of = |numbers: usize| usize::try_from(row).ok().filter(|row| *row < numbers);
        let shard = self.shards.as_ref().and_then(|all| Some(all[row_of(all.len())?]));
        let ordinal = self.ordinals.as_ref().and_then(|all| Some(all[row_of(all.len())?]));
        (shard.unwrap_or_default(), ordinal.unwrap_or(self.first + row))
    }
}

/// The numbers in a column; `bound` says which there are.
fn numbers<N: TryFrom<u64>>(batches: &[RecordBatch], name: &str, bound: &str) -> Result<Vec<N>, Failure> {
    let mut numbers = Vec::new();
    for batch in batches {
        let Some(values) = table_column(batch, name) else {
            return Err(Failure::usage(format!("the table has no column `{}`", name.escape_debug())));
        };
        for value in values {
            let number = value.as_u64().and_then(|number| N::try_from(number).ok());
            numbers.push(number.ok_or_else(|| {
                let row = numbers.len();
                let shown = if value == Value::Null { "a null".to_owned() } else { value.to_string() };
                Failure::usage(format!(
                    "row {row}: column `{}` holds {shown}, no whole number from 0 on and {bound}",
                    name.escape_debug()
                ))
            })?);
        }
    }
    Ok(numbers)
}
