//! Values as JSON, as a Parquet file with the same columns gives them.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, DurationMicrosecondType, DurationMillisecondType,
    DurationNanosecondType, DurationSecondType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, TimeUnit};
use parquet::record::Field;
use serde_json::{Map, Value};

use super::lists::{Lists, element_type};
use super::texts::{Texts, is_text};

/// Years that a date has a name for, in milliseconds.
const NAMED_MILLIS: u64 = 8_000_000_000_000_000;
const MILLIS_A_DAY: i64 = 86_400_000;

/// Whether all values of a type can be told in JSON. Decimals, half floats, times without a day and their like cannot, nor can they in
/// Parquet.
pub(super) fn is_readable(of: &DataType) -> bool {
    match of {
        DataType::Null | DataType::Boolean => true,
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => true,
        DataType::UInt8 | DataType::UInt16 | DataType::UInt32 | DataType::UInt64 => true,
        DataType::Float32 | DataType::Float64 => true,
        DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) | DataType::Duration(_) => true,
        DataType::Struct(fields) => fields.iter().all(|field| is_readable(field.data_type())),
        DataType::Map(entries, _) => is_readable(entries.data_type()),
        DataType::Dictionary(_, values) => is_text(values),
        other => {
            is_text(other) || element_type(other).is_some_and(|element| is_readable(element.data_type()))
        }
    }
}

fn is_bytes(of: &DataType) -> bool {
    match of {
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => true,
        DataType::Dictionary(_, values) => is_bytes(values),
        _ => false,
    }
}

/// A column whose values are asked for one by one.
pub(super) struct Values {
    column: ArrayRef,
    kind: Kind,
}

enum Kind {
    Simple,
    Texts(Texts),
    /// Bytes of any kind, told in Base64.
    Bytes(Texts),
    List(Lists, Box<Values>),
    Struct(Vec<(String, Values)>),
    /// The entries of each row, their keys and their values.
    Map(Vec<i32>, Box<Values>, Box<Values>),
}

impl Values {
    /// The values of a column whose type [`is_readable`].
    pub(super) fn of(column: &ArrayRef) -> Self {
        let kind = if let Some(texts) = Texts::of(column) {
            if is_bytes(column.data_type()) { Kind::Bytes(texts) } else { Kind::Texts(texts) }
        } else if let Some(lists) = Lists::of(column) {
            let elements = Self::of(&lists.elements);
            Kind::List(lists, Box::new(elements))
        } else if let Some(structs) = column.as_struct_opt() {
            let names = structs.fields().iter().map(|field| field.name().clone());
            Kind::Struct(names.zip(structs.columns().iter().map(Self::of)).collect())
        } else if let Some(maps) = column.as_map_opt() {
            Kind::Map(
                maps.value_offsets().to_vec(),
                Box::new(Self::of(maps.keys())),
                Box::new(Self::of(maps.values())),
            )
        } else {
            Kind::Simple
        };
        Self { column: column.clone(), kind }
    }

    /// The value of a row as JSON.
    pub(super) fn get(&self, row: usize) -> Value {
        if self.column.is_null(row) {
            return Value::Null;
        }
        match &self.kind {
            Kind::Simple => simple(&self.column, row).to_json_value(),
            Kind::Texts(texts) => {
                texts.get(row).map_or(Value::Null, |text| String::from_utf8_lossy(text.data()).into())
            }
            Kind::Bytes(bytes) => bytes.get(row).map_or(Field::Null, Field::Bytes).to_json_value(),
            Kind::List(lists, elements) => lists.of_row(row).map(|at| elements.get(at)).collect(),
            Kind::Struct(fields) => {
                object(fields.iter().map(|(name, values)| (name.clone(), values.get(row))))
            }
            Kind::Map(offsets, keys, values) => {
                let entries = offsets[row] as usize..offsets[row + 1] as usize;
                object(entries.map(|at| {
                    let key = match keys.get(at) {
                        Value::String(key) => key,
                        other => other.to_string(),
                    };
                    (key, values.get(at))
                }))
            }
        }
    }
}

/// Some columns of a batch as JSON objects, one a row.
pub(crate) fn json(batch: &RecordBatch, columns: &[usize]) -> impl Iterator<Item = Value> + use<> {
    let schema = batch.schema();
    let named = |&column: &usize| (schema.field(column).name().clone(), Values::of(batch.column(column)));
    let columns: Vec<_> = columns.iter().map(named).collect();
    (0..batch.num_rows())
        .map(move |row| object(columns.iter().map(|(name, values)| (name.clone(), values.get(row)))))
}

fn object(fields: impl Iterator<Item = (String, Value)>) -> Value {
    Value::Object(fields.collect::<Map<_, _>>())
}

/// A value that is neither a text nor nested, as the Parquet library knows it, which then writes it.
fn simple(column: &ArrayRef, row: usize) -> Field {
    fn of<T: ArrowPrimitiveType>(column: &ArrayRef, row: usize) -> T::Native {
        column.as_primitive::<T>().value(row)
    }
    let millis = |millis: i64| match millis.unsigned_abs() < NAMED_MILLIS {
        true => Field::TimestampMillis(millis),
        false => Field::Long(millis),
    };
    let micros = |micros: i64| match (micros / 1000).unsigned_abs() < NAMED_MILLIS {
        true => Field::TimestampMicros(micros),
        false => Field::Long(micros),
    };
    let days = |days: i64| match days.saturating_mul(MILLIS_A_DAY).unsigned_abs() < NAMED_MILLIS {
        true => Field::Date(days as i32),
        false => Field::Long(days),
    };
    match column.data_type() {
        DataType::Boolean => Field::Bool(column.as_boolean().value(row)),
        DataType::Int8 => Field::Byte(of::<Int8Type>(column, row)),
        DataType::Int16 => Field::Short(of::<Int16Type>(column, row)),
        DataType::Int32 => Field::Int(of::<Int32Type>(column, row)),
        DataType::Int64 => Field::Long(of::<Int64Type>(column, row)),
        DataType::UInt8 => Field::UByte(of::<UInt8Type>(column, row)),
        DataType::UInt16 => Field::UShort(of::<UInt16Type>(column, row)),
        DataType::UInt32 => Field::UInt(of::<UInt32Type>(column, row)),
        DataType::UInt64 => Field::ULong(of::<UInt64Type>(column, row)),
        DataType::Float32 => Field::Float(of::<Float32Type>(column, row)),
        DataType::Float64 => Field::Double(of::<Float64Type>(column, row)),
        DataType::Date32 => days(of::<Date32Type>(column, row).into()),
        DataType::Date64 => days(of::<Date64Type>(column, row).div_euclid(MILLIS_A_DAY)),
        DataType::Timestamp(TimeUnit::Second, _) => {
            millis(of::<TimestampSecondType>(column, row).saturating_mul(1000))
        }
        DataType::Timestamp(TimeUnit::Millisecond, _) => millis(of::<TimestampMillisecondType>(column, row)),
        DataType::Timestamp(TimeUnit::Microsecond, _) => micros(of::<TimestampMicrosecondType>(column, row)),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            micros(of::<TimestampNanosecondType>(column, row).div_euclid(1000))
        }
        DataType::Duration(TimeUnit::Second) => Field::Long(of::<DurationSecondType>(column, row)),
        DataType::Duration(TimeUnit::Millisecond) => Field::Long(of::<DurationMillisecondType>(column, row)),
        DataType::Duration(TimeUnit::Microsecond) => Field::Long(of::<DurationMicrosecondType>(column, row)),
        DataType::Duration(TimeUnit::Nanosecond) => Field::Long(of::<DurationNanosecondType>(column, row)),
        _ => Field::Null,
    }
}
