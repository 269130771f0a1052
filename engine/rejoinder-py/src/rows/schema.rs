//! The columns of rows about turns, and how rows become a table.

use std::sync::{Arc, LazyLock};

use arrow_array::RecordBatch;
use arrow_json::ReaderBuilder;
use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef};
use rejoinder::failure::{Exit, Failure};
use serde::Serialize;

/// The columns: those of the feedback table, with the same types as in its Parquet file, then those of turns that wait.
static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let number = |name: &str| Field::new(name, DataType::Int64, true);
    let share = |name: &str| Field::new(name, DataType::Float32, true);
    let list = |element: DataType| DataType::List(Arc::new(Field::new("element", element, true)));
    let vote: Fields = ["plugin", "identity", "verdict", "category"]
        .into_iter()
        .map(text)
        .chain([share("score"), text("reason")])
        .collect();
    let probabilities: Fields = ["none", "UR1", "UR2", "UR3", "UR4", "UR5"].into_iter().map(share).collect();
    Arc::new(Schema::new(vec![
        text("conversation_id"),
        number("feedback_turn"),
        text("category"),
        number("label"),
        text("span"),
        number("span_start"),
        number("span_end"),
        number("span_start_char"),
        number("span_end_char"),
        number("span_start_utf16"),
        number("span_end_utf16"),
        text("source"),
        text("id"),
        number("message_index"),
        Field::new("rules", list(DataType::Utf8), true),
        Field::new("plugins", list(DataType::Struct(vote)), true),
        text("model"),
        text("reply_key"),
        text("reply_form"),
        Field::new("probabilities", DataType::Struct(probabilities), true),
        text("engine"),
        text("rules_hash"),
        text("metadata"),
        text("decision"),
        text("prompt"),
        text("request_key"),
        text("question"),
        text("error"),
        number("shard"),
        number("ordinal"),
    ]))
});

/// The columns of rows about turns.
pub fn schema() -> SchemaRef {
    Arc::clone(&SCHEMA)
}

/// Rows as a table with these columns.
///
/// # Errors
/// If a row has a value of another type than its column.
pub fn table_of(rows: &[impl Serialize], schema: &SchemaRef) -> Result<RecordBatch, Failure> {
    let wrong = |error| Failure::new(Exit::Bug, format!("rows that fit no table: {error}"));
    let mut decoder = ReaderBuilder::new(Arc::clone(schema))
        .with_batch_size(rows.len().max(1))
        .build_decoder()
        .map_err(wrong)?;
    decoder.serialize(rows).map_err(wrong)?;
    Ok(decoder.flush().map_err(wrong)?.unwrap_or_else(|| RecordBatch::new_empty(Arc::clone(schema))))
}
