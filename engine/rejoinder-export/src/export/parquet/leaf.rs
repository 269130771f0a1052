//! Values of one leaf column, until their row group is written.

use std::io;

use parquet::basic::Type as Physical;
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::schema::types::ColumnDescPtr;
use serde_json::Value;

/// Where a value stands among optional and repeated fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Levels {
    /// How many of the optional and repeated fields around the value, itself among them, are there.
    pub definition: i16,
    /// The innermost list that goes on with this value, 1 for the outermost one; 0 at the beginning of a row.
    pub repetition: i16,
}

/// Values of a leaf column.
#[derive(Debug)]
pub struct LeafColumn {
    column: ColumnDescPtr,
    values: Values,
    definitions: Vec<i16>,
    repetitions: Vec<i16>,
}

#[derive(Debug)]
enum Values {
    Whole(Vec<i64>),
    Fractions(Vec<f32>),
    /// All texts in one piece, and the length of each.
    Texts(Vec<u8>, Vec<usize>),
}

impl LeafColumn {
    pub fn new(column: &ColumnDescPtr) -> io::Result<Self> {
        let values = match column.physical_type() {
            Physical::INT64 => Values::Whole(Vec::new()),
            Physical::FLOAT => Values::Fractions(Vec::new()),
            Physical::BYTE_ARRAY => Values::Texts(Vec::new(), Vec::new()),
            other => return Err(io::Error::other(format!("no values of type {other} are written"))),
        };
        let column = column.clone();
        Ok(Self { column, values, definitions: Vec::new(), repetitions: Vec::new() })
    }

    /// Bytes of the values.
    pub fn bytes(&self) -> usize {
        let levels = 2 * (self.definitions.len() + self.repetitions.len());
        levels
            + match &self.values {
                Values::Whole(values) => 8 * values.len(),
                Values::Fractions(values) => 4 * values.len(),
                Values::Texts(texts, lengths) => texts.len() + 8 * lengths.len(),
            }
    }

    /// Adds a value.
    pub fn push(&mut self, value: &Value, levels: Levels) -> io::Result<()> {
        match (&mut self.values, value) {
            (Values::Texts(texts, lengths), Value::String(text)) => {
                texts.extend_from_slice(text.as_bytes());
                lengths.push(text.len());
            }
            (Values::Whole(values), value) if value.is_i64() => values.extend(value.as_i64()),
            (Values::Fractions(values), value) if value.is_number() => {
                values.extend(value.as_f64().map(|value| value as f32));
            }
            _ => {
                return Err(io::Error::other(format!(
                    "a row does not fit the column `{}`",
                    self.column.path()
                )));
            }
        }
        self.push_absent(levels);
        Ok(())
    }

    /// Says that there is no value in this place.
    pub fn push_absent(&mut self, levels: Levels) {
        if self.column.max_def_level() > 0 {
            self.definitions.push(levels.definition);
        }
        if self.column.max_rep_level() > 0 {
            self.repetitions.push(levels.repetition);
        }
    }

    /// Writes the values, and forgets them.
    pub fn write(&mut self, column: &mut ColumnWriter<'_>) -> Result<(), ParquetError> {
        let definitions = (self.column.max_def_level() > 0).then_some(&self.definitions[..]);
        let repetitions = (self.column.max_rep_level() > 0).then_some(&self.repetitions[..]);
        match (column, &mut self.values) {
            (ColumnWriter::Int64ColumnWriter(column), Values::Whole(values)) => {
                column.write_batch(values, definitions, repetitions)?;
                values.clear();
            }
            (ColumnWriter::FloatColumnWriter(column), Values::Fractions(values)) => {
                column.write_batch(values, definitions, repetitions)?;
                values.clear();
            }
            (ColumnWriter::ByteArrayColumnWriter(column), Values::Texts(texts, lengths)) => {
                let all = ByteArray::from(std::mem::take(texts));
                let mut start = 0;
                let mut next = |length: usize| {
                    start += length;
                    all.slice(start - length, length)
                };
                let values: Vec<ByteArray> = lengths.drain(..).map(&mut next).collect();
                column.write_batch(&values, definitions, repetitions)?;
            }
            _ => return Err(ParquetError::General("a column of another type".to_owned())),
        }
        self.definitions.clear();
        self.repetitions.clear();
        Ok(())
    }
}
