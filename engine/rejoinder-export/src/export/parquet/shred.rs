//! A row to values of leaf columns, as the Parquet specification says under "Nested Encoding".

use std::io;

use parquet::basic::{ConvertedType, Repetition};
use parquet::schema::types::Type;
use serde_json::Value;

use super::leaf::{LeafColumn, Levels};

/// Adds the values of a row to the leaf columns of its schema.
///
/// # Errors
/// The row has other fields than the schema, or a value of another type.
pub fn shred(schema: &Type, row: &Value, leaves: &mut [LeafColumn]) -> io::Result<()> {
    Shredder { leaves, next: 0, lists: 0 }.add(schema, row, Levels::default())
}

struct Shredder<'l> {
    leaves: &'l mut [LeafColumn],
    /// The leaf that the next value without fields belongs to.
    next: usize,
    /// How many lists the value stands in.
    lists: i16,
}

impl Shredder<'_> {
    fn add(&mut self, field: &Type, value: &Value, mut levels: Levels) -> io::Result<()> {
        let info = field.get_basic_info();
        if info.has_repetition() && info.repetition() == Repetition::OPTIONAL {
            if value.is_null() {
                self.add_absent(field, levels);
                return Ok(());
            }
            levels.definition += 1;
        }
        if field.is_primitive() {
            self.next += 1;
            return self.leaves[self.next - 1].push(value, levels);
        }
        if info.converted_type() == ConvertedType::LIST {
            let elements = value.as_array().ok_or_else(|| mismatch(field))?;
            return self.add_list(field, elements, levels);
        }
        let (fields, values) = (field.get_fields(), value.as_object().ok_or_else(|| mismatch(field))?);
        if values.len() != fields.len() {
            return Err(mismatch(field));
        }
        for field in fields {
            let value = values.get(field.name()).ok_or_else(|| mismatch(field))?;
            self.add(field, value, levels)?;
        }
        Ok(())
    }

    /// Adds a list: a group with one repeated group, which has one field, the element.
    fn add_list(&mut self, field: &Type, elements: &[Value], mut levels: Levels) -> io::Result<()> {
        let element = &field.get_fields()[0].get_fields()[0];
        if elements.is_empty() {
            self.add_absent(element, levels);
            return Ok(());
        }
        let first = self.next;
        self.lists += 1;
        levels.definition += 1;
        for value in elements {
            self.next = first;
            self.add(element, value, levels)?;
            levels.repetition = self.lists;
        }
        self.lists -= 1;
        Ok(())
    }

    fn add_absent(&mut self, field: &Type, levels: Levels) {
        if field.is_primitive() {
            self.leaves[self.next].push_absent(levels);
            self.next += 1;
        } else {
            field.get_fields().iter().for_each(|field| self.add_absent(field, levels));
        }
    }
}

fn mismatch(field: &Type) -> io::Error {
    io::Error::other(format!("a row does not fit the column `{}`", field.name()))
}
