//! Reads rows of one leaf column.

use parquet::basic::{LogicalType, TimeUnit};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, ByteArrayType, DataType};
use parquet::errors::ParquetError;
use parquet::record::Field;
use parquet::schema::types::ColumnDescPtr;

use super::layout::Leaf;

/// The values of a column of lists: those of row `i` are the elements `rows[i]..rows[i + 1]`.
#[derive(Clone, Debug, Default)]
pub(crate) struct ListValues {
    pub rows: Vec<u32>,
    /// The value of each element; `None` for a null.
    pub elements: Vec<Option<ByteArray>>,
}

/// A column of lists of texts.
pub(super) struct ListReader {
    leaf: Leaf,
    reader: ColumnReaderImpl<ByteArrayType>,
    levels: [Vec<i16>; 2],
}

impl ListReader {
    pub(super) fn new(leaf: Leaf, reader: ColumnReader) -> Result<Self, ParquetError> {
        match reader {
            ColumnReader::ByteArrayColumnReader(reader) => {
                Ok(Self { leaf, reader, levels: Default::default() })
            }
            _ => {
                Err(ParquetError::General("a column of texts has another type in this row group".to_owned()))
            }
        }
    }

    pub(super) fn skip(&mut self, rows: usize) -> Result<(), ParquetError> {
        self.reader.skip_records(rows).map(drop)
    }

    /// Reads the next `count` rows, or as many as there are.
    pub(super) fn read(&mut self, count: usize) -> Result<ListValues, ParquetError> {
        let [definitions, repetitions] = &mut self.levels;
        definitions.clear();
        repetitions.clear();
        let mut values = Vec::new();
        self.reader.read_records(count, Some(definitions), Some(repetitions), &mut values)?;
        let mut lists = ListValues::default();
        let mut values = values.into_iter();
        // A list whose values can never be null has no levels to tell it from its neighbours but these.
        for (&definition, &repetition) in definitions.iter().zip(repetitions.iter()) {
            if repetition == 0 {
                lists.rows.push(lists.elements.len() as u32);
            }
            if definition >= self.leaf.element {
                let value = (definition == self.leaf.value).then(|| values.next());
                lists.elements.push(value.flatten());
            }
        }
        lists.rows.push(lists.elements.len() as u32);
        Ok(lists)
    }
}

/// A column beside the messages.
pub(super) struct ScalarReader {
    reader: ColumnReader,
    column: ColumnDescPtr,
}

impl ScalarReader {
    pub(super) const fn new(reader: ColumnReader, column: ColumnDescPtr) -> Self {
        Self { reader, column }
    }

    pub(super) fn skip(&mut self, rows: usize) -> Result<(), ParquetError> {
        match &mut self.reader {
            ColumnReader::BoolColumnReader(r) => r.skip_records(rows),
            ColumnReader::Int32ColumnReader(r) => r.skip_records(rows),
            ColumnReader::Int64ColumnReader(r) => r.skip_records(rows),
            ColumnReader::Int96ColumnReader(r) => r.skip_records(rows),
            ColumnReader::FloatColumnReader(r) => r.skip_records(rows),
            ColumnReader::DoubleColumnReader(r) => r.skip_records(rows),
            ColumnReader::ByteArrayColumnReader(r) => r.skip_records(rows),
            ColumnReader::FixedLenByteArrayColumnReader(r) => r.skip_records(rows),
        }
        .map(drop)
    }

    /// Calls `each` with the next `count` values in turn, `None` for a null.
    pub(super) fn read(&mut self, count: usize, each: impl FnMut(Option<Field>)) -> Result<(), ParquetError> {
        let column = &self.column;
        match &mut self.reader {
            ColumnReader::BoolColumnReader(r) => values(r, column, count, |v| Ok(Field::Bool(v)), each),
            ColumnReader::Int32ColumnReader(r) => {
                values(r, column, count, |v| Ok(Field::convert_int32(column, v)), each)
            }
            ColumnReader::Int64ColumnReader(r) => values(r, column, count, |v| Ok(of_int64(column, v)), each),
            ColumnReader::FloatColumnReader(r) => values(r, column, count, |v| Ok(Field::Float(v)), each),
            ColumnReader::DoubleColumnReader(r) => values(r, column, count, |v| Ok(Field::Double(v)), each),
            ColumnReader::ByteArrayColumnReader(r) => {
                values(r, column, count, |v| Field::convert_byte_array(column, v), each)
            }
            ColumnReader::Int96ColumnReader(_) | ColumnReader::FixedLenByteArrayColumnReader(_) => {
                Err(ParquetError::NYI("a column of this type".to_owned()))
            }
        }
    }
}

/// A number; or a time, where the column holds times and the number is one.
fn of_int64(column: &ColumnDescPtr, value: i64) -> Field {
    /// Years that a date has a name for, in microseconds.
    const MICROS: u64 = 8_000_000_000_000_000_000;
    match column.logical_type_ref() {
        Some(LogicalType::Timestamp(of)) => match of.unit {
            TimeUnit::MILLIS if value.unsigned_abs() < MICROS / 1000 => Field::TimestampMillis(value),
            TimeUnit::MICROS if value.unsigned_abs() < MICROS => Field::TimestampMicros(value),
            TimeUnit::NANOS => Field::TimestampMicros(value.div_euclid(1000)),
            _ => Field::Long(value),
        },
        _ => Field::convert_int64(column, value),
    }
}

fn values<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    column: &ColumnDescPtr,
    count: usize,
    mut field: impl FnMut(T::T) -> Result<Field, ParquetError>,
    mut each: impl FnMut(Option<Field>),
) -> Result<(), ParquetError> {
    let (mut definitions, mut read) = (Vec::new(), Vec::new());
    reader.read_records(count, Some(&mut definitions), None, &mut read)?;
    let mut read = read.into_iter();
    if column.max_def_level() == 0 {
        for value in read {
            each(Some(field(value)?));
        }
        return Ok(());
    }
    for definition in definitions {
        let value = if definition == column.max_def_level() { read.next() } else { None };
        each(value.map(&mut field).transpose()?);
    }
    Ok(())
}
