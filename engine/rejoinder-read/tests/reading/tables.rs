//! Tables in memory: whatever way Arrow has to lay them out, they are read as the same rows in a file of JSON lines are.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, RecordBatch, StructArray};
use arrow_cast::cast;
use arrow_json::ReaderBuilder;
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use proptest::prelude::*;
use rejoinder_read::{InputOptions, Mapping, Record, TableReader, table_column, table_rows};
use serde_json::{Value, json};

const MAX: usize = 1 << 20;

fn field(name: &str, of: DataType) -> Field {
    Field::new(name, of, true)
}

fn list(of: DataType) -> DataType {
    DataType::List(Arc::new(field("item", of)))
}

fn messages(text: &DataType) -> DataType {
    let fields = ["content", "role"].map(|name| field(name, text.clone()));
    DataType::Struct(fields.into_iter().collect())
}

fn schema(columns: Vec<Field>) -> Arc<Schema> {
    Arc::new(Schema::new(columns))
}

fn table(rows: &[Value], schema: &Arc<Schema>) -> RecordBatch {
    let mut decoder =
        ReaderBuilder::new(Arc::clone(schema)).with_batch_size(rows.len() + 1).build_decoder().unwrap();
    decoder.serialize(rows).unwrap();
    decoder.flush().unwrap().unwrap_or_else(|| RecordBatch::new_empty(Arc::clone(schema)))
}

fn reader(batch: &RecordBatch) -> std::io::Result<TableReader> {
    let options = InputOptions { format: None, mapping: &Mapping::default(), joins: true };
    TableReader::new("a table", &batch.schema(), std::slice::from_ref(batch), options, MAX)
}

/// What a record is compared by: id, messages, other columns.
type Told = Result<(String, Vec<(String, String)>, Value), String>;

fn told(record: Result<Record<'_>, impl std::fmt::Display>) -> Told {
    let record = record.map_err(|why| why.to_string())?;
    let messages = record.conversation.messages.iter();
    let messages = messages.map(|message| (message.role.name().to_owned(), message.text.to_string()));
    let mut metadata = Value::Object(record.metadata_values());
    // A column that no row fills is a null in a table, and no key in a line.
    metadata.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    Ok((record.conversation.id.to_string(), messages.collect(), metadata))
}

fn read(batch: &RecordBatch) -> Vec<(u64, Told)> {
    let reader = reader(batch).unwrap();
    let mut all = Vec::new();
    for chunk in reader.chunks(std::iter::once(batch.clone())) {
        all.extend(chunk.entries().map(|entry| (entry.ordinal, told(entry.record()))));
    }
    all
}

/// The batch with its messages and ids as other types.
fn laid_out(batch: &RecordBatch, text: &DataType, lists: impl Fn(Field) -> DataType) -> RecordBatch {
    let messages = cast(batch.column(1), &lists(field("item", messages(text)))).unwrap();
    let id = cast(batch.column(0), text).unwrap();
    let columns = vec![
        field("conversation_id", text.clone()),
        field("conversation", messages.data_type().clone()),
        field("turns", DataType::Int64),
    ];
    RecordBatch::try_new(schema(columns), vec![id, messages, Arc::clone(batch.column(2))]).unwrap()
}

/// The batch with a list of roles and a list of texts in the place of the list of messages.
fn by_field(batch: &RecordBatch) -> RecordBatch {
    let lists = batch.column(1).as_any().downcast_ref::<arrow_array::ListArray>().unwrap();
    let elements = lists.values().as_any().downcast_ref::<StructArray>().unwrap();
    let of = |name: &str| -> ArrayRef {
        let values = elements.column_by_name(name).unwrap();
        let item = Arc::new(field("item", DataType::Utf8));
        let (offsets, nulls) = (lists.offsets().clone(), lists.nulls().cloned());
        Arc::new(arrow_array::ListArray::new(item, offsets, Arc::clone(values), nulls))
    };
    let fields = ["content", "role"].map(|name| field(name, list(DataType::Utf8)));
    let of = StructArray::new(fields.clone().into_iter().collect(), vec![of("content"), of("role")], None);
    let columns = vec![
        field("conversation_id", DataType::Utf8),
        field("conversation", DataType::Struct(fields.into_iter().collect())),
        field("turns", DataType::Int64),
    ];
    let arrays = vec![Arc::clone(batch.column(0)), Arc::new(of), Arc::clone(batch.column(2))];
    RecordBatch::try_new(schema(columns), arrays).unwrap()
}

fn base() -> Arc<Schema> {
    schema(vec![
        field("conversation_id", DataType::Utf8),
        field("conversation", list(messages(&DataType::Utf8))),
        field("turns", DataType::Int64),
    ])
}

fn any_message() -> impl Strategy<Value = Value> {
    let role = prop_oneof![
        4 => Just("user"), 4 => Just("assistant"), 1 => Just("system"), 1 => Just("tool"), 1 => Just("narrator")
    ];
    let text = prop_oneof![6 => any::<String>().prop_map(Value::from), 1 => Just(Value::Null), 1 => Just(json!("<think>no</think>yes"))];
    (role, text).prop_map(|(role, content)| json!({ "role": role, "content": content }))
}

fn any_row() -> impl Strategy<Value = Value> {
    let id = prop::option::of("[a-z0-9 \"é]{0,20}");
    let messages = prop_oneof![9 => prop::collection::vec(any_message(), 0..6).prop_map(Value::from), 1 => Just(Value::Null)];
    (id, messages, prop::option::of(any::<i64>())).prop_map(
        |(id, messages, turns)| json!({ "conversation_id": id, "conversation": messages, "turns": turns }),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_layout_of_a_table_is_read_alike(rows in prop::collection::vec(any_row(), 1..8), cut in 0_usize..8) {
        let plain = json!({ "conversation_id": "first", "turns": 1, "conversation": [
            { "role": "user", "content": "Hello there" }, { "role": "assistant", "content": "Hello" } ]});
        let rows: Vec<Value> = [plain].into_iter().chain(rows).collect();
        let batch = table(&rows, &base());
        let expected = read(&batch);
        prop_assert_eq!(expected.len(), rows.len());
        for (at, (ordinal, told_by_table)) in expected.iter().enumerate() {
            prop_assert_eq!(*ordinal, at as u64);
            let line = rows[at].to_string();
            // A null list is no list in a line, and an empty one in a table, as in Parquet.
            if !rows[at]["conversation"].is_null() {
                let told_by_line = told(Record::parse(line.as_bytes(), &Mapping::default()));
                if let (Ok(by_table), Ok(by_line)) = (told_by_table, &told_by_line) {
                    prop_assert_eq!(by_table, by_line, "{}", line);
                }
                prop_assert_eq!(told_by_table.is_ok(), told_by_line.is_ok(), "{}", line);
            }
        }
        let dictionary = DataType::Dictionary(Box::new(DataType::Int16), Box::new(DataType::Utf8));
        for text in [DataType::Utf8, DataType::LargeUtf8, DataType::Utf8View, dictionary] {
            let of_lists: [&dyn Fn(Field) -> DataType; 3] = [
                &|item| DataType::List(Arc::new(item)),
                &|item| DataType::LargeList(Arc::new(item)),
                &|item| DataType::ListView(Arc::new(item)),
            ];
            for lists in of_lists {
                let other = laid_out(&batch, &text, lists);
                prop_assert_eq!(&read(&other), &expected, "{:?}", other.schema());
            }
        }
        prop_assert_eq!(&read(&by_field(&batch)), &expected);
        let cut = cut.min(rows.len());
        let whole = reader(&batch).unwrap();
        let (one, other) = (batch.slice(0, cut), batch.slice(cut, rows.len() - cut));
        let mut in_two = Vec::new();
        for chunk in whole.chunks([one, other].into_iter()) {
            in_two.extend(chunk.entries().map(|entry| (entry.ordinal, told(entry.record()))));
        }
        prop_assert_eq!(in_two, expected);
    }
}

#[test]
fn texts_of_messages_are_views_of_the_tables_own_memory() {
    let said = "What is the capital of Peru, and why is it not Cusco?";
    let row = json!({ "conversation_id": "a", "turns": 1, "conversation": [
        { "role": "user", "content": said }, { "role": "assistant", "content": "Lima." }, { "role": "user", "content": said } ]});
    let batch = table(&[row], &base());
    let texts = batch.column(1).to_data().child_data()[0].child_data()[0].buffers()[1].clone();
    let reader = reader(&batch).unwrap();
    let chunk = reader.chunks(std::iter::once(batch)).next().unwrap();
    let entry = chunk.entries().next().unwrap();
    let record = entry.record().unwrap();
    let read = record.conversation.messages[2].text.as_ptr();
    assert!(texts.as_slice().as_ptr_range().contains(&read));
}

#[test]
fn rows_of_one_message_each_are_joined() {
    let columns = ["session", "role", "content"].map(|name| field(name, DataType::Utf8));
    let of = |session: &str, role: &str, content: &str| json!({ "session": session, "role": role, "content": content });
    let rows = [
        of("a", "user", "Hi"),
        of("b", "user", "Ho"),
        of("a", "assistant", "Hello."),
        of("a", "user", "Thanks!"),
    ];
    let columns = columns.into_iter().map(|column| {
        let name = if column.name() == "session" { "session_id".to_owned() } else { column.name().clone() };
        column.with_name(name)
    });
    let rows: Vec<Value> = rows
        .into_iter()
        .map(|mut row| {
            let session = row["session"].take();
            row.as_object_mut().unwrap().remove("session");
            row["session_id"] = session;
            row
        })
        .collect();
    let batch = table(&rows, &schema(columns.collect()));
    assert!(reader(&batch).unwrap().joins_rows());
    let conversations = read(&batch);
    let of_a = conversations.iter().find(|(_, told)| told.as_ref().is_ok_and(|(id, ..)| id == "a")).unwrap();
    assert_eq!(of_a.1.as_ref().unwrap().1.len(), 3, "{conversations:?}");
}

#[test]
fn a_table_without_conversations_is_refused_with_its_columns() {
    let batch = table(&[json!({ "a": 1 })], &schema(vec![field("a", DataType::Int64)]));
    let why = reader(&batch).unwrap_err().to_string();
    assert!(why.contains("no column") && why.contains("a: Int64"), "{why}");
}

#[test]
fn batches_of_another_schema_are_set_aside_and_not_lost() {
    let row =
        json!({ "conversation_id": "a", "turns": 1, "conversation": [{ "role": "user", "content": "Hi" }] });
    let batch = table(&[row], &base());
    let other = schema(
        ["conversation_id", "conversation", "turns"].map(|name| field(name, DataType::Int64)).to_vec(),
    );
    let other = table(&[json!({ "turns": 1 }), json!({ "turns": 2 })], &other);
    let reader = reader(&batch).unwrap();
    let chunks: Vec<_> = reader.chunks([batch, other].into_iter()).collect();
    let set_aside: Vec<_> = chunks.iter().flat_map(|chunk| &chunk.set_aside).collect();
    assert_eq!(set_aside.len(), 1);
    assert!(set_aside[0].reason.contains("2 rows"), "{}", set_aside[0].reason);
}

#[test]
fn values_are_told_in_json_as_parquet_tells_them() {
    let columns = vec![
        field("when", DataType::Timestamp(TimeUnit::Nanosecond, Some("+00:00".into()))),
        field("day", DataType::Date32),
        field("share", DataType::Float32),
        field("list", list(DataType::UInt8)),
        field("price", DataType::Decimal128(9, 2)),
        field("half", DataType::Float16),
        field("nothing", DataType::Null),
    ];
    let row = json!({ "when": "2026-11-29T12:00:00.5Z", "day": "1969-12-31", "share": 0.5, "list": [1, 2], "price": "1.25", "half": 0.5 });
    let batch = table(&[row], &schema(columns));
    let told: Vec<Value> = table_rows(&batch).collect();
    let expected = json!([{ "when": "2026-11-29 12:00:00.500000 +00:00", "day": "1969-12-31", "share": 0.5, "list": [1, 2], "nothing": null }]);
    assert_eq!(json!(told), expected);
    assert!(table_column(&batch, "price").is_none() && table_column(&batch, "half").is_none());
    assert_eq!(table_column(&batch, "day").unwrap().collect::<Vec<_>>(), [json!("1969-12-31")]);
}

#[test]
fn moments_beyond_the_calendar_are_numbers() {
    for (of, value) in [
        (DataType::Date32, i64::from(i32::MAX)),
        (DataType::Timestamp(TimeUnit::Second, None), i64::MAX),
        (DataType::Timestamp(TimeUnit::Millisecond, None), i64::MIN),
        (DataType::Timestamp(TimeUnit::Microsecond, None), i64::MAX),
    ] {
        let numbers = table(&[json!({ "at": value })], &schema(vec![field("at", DataType::Int64)]));
        let at = match &of {
            DataType::Date32 => cast(&cast(numbers.column(0), &DataType::Int32).unwrap(), &of).unwrap(),
            _ => cast(numbers.column(0), &of).unwrap(),
        };
        let batch = RecordBatch::try_new(schema(vec![field("at", of)]), vec![at]).unwrap();
        assert!(table_column(&batch, "at").unwrap().all(|told| told.is_number()));
    }
}
