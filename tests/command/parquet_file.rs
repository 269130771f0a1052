//! Parquet files with as many row groups as a test needs.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use parquet::data_type::{ByteArray, ByteArrayType};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use serde_json::Value;

const SCHEMA: &str = "message schema { REQUIRED BYTE_ARRAY conversation_id (UTF8); REQUIRED GROUP conversation (LIST) { REPEATED \
    GROUP list { REQUIRED GROUP element { REQUIRED BYTE_ARRAY content (UTF8); REQUIRED BYTE_ARRAY role (UTF8); } } } }";

/// Writes records with `conversation_id` and `conversation` as a file of this many row groups.
pub fn write(path: &Path, records: &[Value], groups: usize) {
    let schema = Arc::new(parse_message_type(SCHEMA).expect("the schema is one"));
    let file = File::create(path).expect("the temporary folder takes files");
    let mut writer = SerializedFileWriter::new(file, schema, Arc::default()).expect("it can be written");
    for records in records.chunks(records.len().div_ceil(groups)) {
        let mut group = writer.next_row_group().expect("it can be written");
        let ids = records.iter().map(|record| text(&record["conversation_id"])).collect::<Vec<_>>();
        column(&mut group, &ids, None);
        let (mut levels, mut texts) = (Vec::new(), [Vec::new(), Vec::new()]);
        for record in records {
            for (place, message) in record["conversation"].as_array().expect("a list").iter().enumerate() {
                levels.push(i16::from(place > 0));
                texts[0].push(text(&message["content"]));
                texts[1].push(text(&message["role"]));
            }
        }
        texts.iter().for_each(|texts| column(&mut group, texts, Some(&levels)));
        group.close().expect("it can be written");
    }
    writer.close().expect("it can be written");
}

fn text(value: &Value) -> ByteArray {
    value.as_str().expect("a text").into()
}

fn column(group: &mut SerializedRowGroupWriter<'_, File>, values: &[ByteArray], repetitions: Option<&[i16]>) {
    let definitions = repetitions.map(|levels| vec![1; levels.len()]);
    let mut column = group.next_column().expect("it can be written").expect("there is one more column");
    let typed = column.typed::<ByteArrayType>();
    typed.write_batch(values, definitions.as_deref(), repetitions).expect("it can be written");
    column.close().expect("it can be written");
}
