//! Parquet is read alike however it is laid out, from any place on, and damaged files cost no more than what is damaged.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use parquet::basic::{Compression, ZstdLevel};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::file::metadata::ParquetMetaDataReader;
use parquet::file::properties::{WriterProperties, WriterVersion};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use proptest::prelude::*;
use rejoinder_read::{ChunkReader, Container, Format, InputFile, InputOptions, Mapping, Position};
use serde_json::{Value, json};

/// A conversation: roles and texts; some texts are null.
type Dialogue = Vec<(&'static str, Option<String>)>;

/// How a file is written.
#[derive(Clone, Debug)]
struct Writing {
    /// Names in the list: of the repeated group, and of the element in it.
    list: (&'static str, &'static str),
    content_first: bool,
    struct_of_lists: bool,
    /// Whether lists, elements and texts may be null.
    nullable: [bool; 3],
    dictionary: bool,
    compression: Compression,
    version: WriterVersion,
    page_bytes: usize,
    group_rows: usize,
}

impl Default for Writing {
    fn default() -> Self {
        Self {
            list: ("list", "element"),
            content_first: true,
            struct_of_lists: false,
            nullable: [true; 3],
            dictionary: true,
            compression: Compression::SNAPPY,
            version: WriterVersion::PARQUET_1_0,
            page_bytes: 1 << 20,
            group_rows: 1000,
        }
    }
}

impl Writing {
    fn schema(&self) -> String {
        let [list, element, text] = self.nullable.map(|n| if n { "OPTIONAL" } else { "REQUIRED" });
        let (repeated, inner) = self.list;
        let mut fields = ["content", "role"];
        if !self.content_first {
            fields.reverse();
        }
        let messages = if self.struct_of_lists {
            let field = |name| {
                format!(
                    "{list} GROUP {name} (LIST) {{ REPEATED GROUP {repeated} {{ {text} BYTE_ARRAY {inner} (UTF8); }} }}"
                )
            };
            format!("REQUIRED GROUP conversation {{ {} }}", fields.map(field).join(" "))
        } else {
            let field = |name| format!("{text} BYTE_ARRAY {name} (UTF8);");
            let fields = fields.map(field).join(" ");
            format!(
                "{list} GROUP conversation (LIST) {{ REPEATED GROUP {repeated} {{ {element} GROUP {inner} {{ {fields} }} }} }}"
            )
        };
        format!(
            "message schema {{ OPTIONAL BYTE_ARRAY model (UTF8); REQUIRED BYTE_ARRAY conversation_id (UTF8); {messages} \
             OPTIONAL INT64 turn; OPTIONAL INT64 timestamp (TIMESTAMP(MICROS, true)); REQUIRED FIXED_LEN_BYTE_ARRAY (2) odd; }}"
        )
    }

    fn write(&self, path: &Path, dialogues: &[Dialogue]) {
        let schema = Arc::new(parse_message_type(&self.schema()).unwrap());
        let properties = WriterProperties::builder()
            .set_dictionary_enabled(self.dictionary)
            .set_compression(self.compression)
            .set_writer_version(self.version)
            .set_data_page_size_limit(self.page_bytes)
            .set_write_batch_size(8)
            .build();
        let mut writer =
            SerializedFileWriter::new(File::create(path).unwrap(), schema, Arc::new(properties)).unwrap();
        let mut first = 0;
        for rows in dialogues.chunks(self.group_rows) {
            let mut group = writer.next_row_group().unwrap();
            self.write_group(&mut group, rows, first);
            group.close().unwrap();
            first += rows.len();
        }
        writer.close().unwrap();
    }

    fn write_group(&self, group: &mut SerializedRowGroupWriter<'_, File>, rows: &[Dialogue], first: usize) {
        let mut index = 0;
        while let Some(mut column) = group.next_column().unwrap() {
            let numbers = first..first + rows.len();
            match (column.untyped(), index) {
                (ColumnWriter::ByteArrayColumnWriter(w), 0) => {
                    let names: Vec<ByteArray> = numbers
                        .clone()
                        .filter(|n| n % 3 > 0)
                        .map(|n| format!("m{}", n % 3).as_str().into())
                        .collect();
                    let levels: Vec<i16> = numbers.map(|n| i16::from(n % 3 > 0)).collect();
                    w.write_batch(&names, Some(&levels), None).unwrap();
                }
                (ColumnWriter::ByteArrayColumnWriter(w), 1) => {
                    let ids: Vec<ByteArray> =
                        numbers.map(|n| format!("id \"{n}\"").as_str().into()).collect();
                    w.write_batch(&ids, None, None).unwrap();
                }
                (ColumnWriter::ByteArrayColumnWriter(w), column) => {
                    let is_content = (column == 2) == self.content_first;
                    let (values, definitions, repetitions) = self.levels(rows, is_content);
                    w.write_batch(&values, Some(&definitions), Some(&repetitions)).unwrap();
                }
                (ColumnWriter::Int64ColumnWriter(w), 4) => {
                    let turns: Vec<i64> = rows.iter().map(|row| row.len() as i64 / 2).collect();
                    w.write_batch(&turns, Some(&vec![1; rows.len()]), None).unwrap();
                }
                (ColumnWriter::Int64ColumnWriter(w), _) => {
                    w.write_batch(&vec![1_681_000_000_000_000; rows.len()], Some(&vec![1; rows.len()]), None)
                        .unwrap();
                }
                (ColumnWriter::FixedLenByteArrayColumnWriter(w), _) => {
                    let odd = vec![ByteArray::from("xx").into(); rows.len()];
                    w.write_batch(&odd, None, None).unwrap();
                }
                _ => unreachable!("the schema has no other columns"),
            }
            column.close().unwrap();
            index += 1;
        }
    }

    fn levels(&self, rows: &[Dialogue], is_content: bool) -> (Vec<ByteArray>, Vec<i16>, Vec<i16>) {
        let [list, element, text] = self.nullable.map(i16::from);
        let element = if self.struct_of_lists { 0 } else { element };
        let value_level = list + 1 + element + text;
        let (mut values, mut definitions, mut repetitions) = (Vec::new(), Vec::new(), Vec::new());
        for row in rows {
            if row.is_empty() {
                definitions.push(list);
                repetitions.push(0);
            }
            for (nth, (role, content)) in row.iter().enumerate() {
                repetitions.push(i16::from(nth > 0));
                let value = if is_content { content.as_deref() } else { Some(*role) };
                // Where nulls cannot be written, empty texts are.
                match value.or((text == 0).then_some("")) {
                    Some(value) => {
                        values.push(value.into());
                        definitions.push(value_level);
                    }
                    None => definitions.push(value_level - 1),
                }
            }
        }
        (values, definitions, repetitions)
    }
}

/// What is read from a place on: number, id, messages and metadata, or why not.
fn read(file: &InputFile, from: Position) -> Vec<(u64, Value)> {
    let (files, mapping) = ([file.clone()], Mapping::default());
    let mut all = Vec::new();
    for chunk in ChunkReader::new(&files, &mapping, from, 1 << 20) {
        for entry in chunk.entries() {
            let single = chunk.single(entry.ordinal).unwrap();
            assert_eq!(single.entries().next().unwrap().record(), entry.record());
            let value = match entry.record() {
                Err(why) => json!(why.to_string()),
                Ok(record) => {
                    let messages: Vec<_> = record
                        .conversation
                        .messages
                        .iter()
                        .map(|m| (m.role.name(), m.text.to_string()))
                        .collect();
                    json!([record.conversation.id, messages, record.metadata_values()])
                }
            };
            all.push((entry.ordinal, value));
        }
        all.extend(chunk.set_aside.iter().map(|set_aside| (set_aside.line, json!(set_aside.reason))));
    }
    all
}

fn expected(dialogues: &[Dialogue]) -> Vec<(u64, Value)> {
    let one = |(n, dialogue): (usize, &Dialogue)| {
        let value = if dialogue.iter().all(|(role, _)| *role != "user") {
            json!("no user message in the conversation")
        } else {
            let messages: Vec<_> = dialogue
                .iter()
                .map(|(r, t)| (*r, t.clone().unwrap_or_default().replace('\0', "\u{fffd}")))
                .collect();
            let model = (n % 3 > 0).then(|| format!("m{}", n % 3));
            let metadata = json!({"model": model, "turn": dialogue.len() / 2, "timestamp": "2023-04-09 00:26:40.000000 +00:00"});
            json!([format!("id \"{n}\""), messages, metadata])
        };
        (n as u64, value)
    };
    dialogues.iter().enumerate().map(one).collect()
}

fn dialogues() -> impl Strategy<Value = Vec<Dialogue>> {
    let text = prop_oneof![
        Just(None),
        Just(Some(String::new())),
        "[a-zé谢\n\"\\\\]{1,30}".prop_map(Some),
        "x{200,400}".prop_map(Some),
        Just(Some("a\0b".to_owned())),
    ];
    let role = prop::sample::select(vec!["user", "user", "assistant", "assistant", "system"]);
    prop::collection::vec(prop::collection::vec((role, text), 0..6), 1..40)
}

fn writing() -> impl Strategy<Value = Writing> {
    let list = prop::sample::select(vec![("list", "element"), ("list", "item"), ("bag", "array_element")]);
    let compression = prop::sample::select(vec![
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(Default::default()),
        Compression::ZSTD(ZstdLevel::default()),
        Compression::LZ4_RAW,
        Compression::BROTLI(Default::default()),
    ]);
    let version = prop::sample::select(vec![WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0]);
    (list, any::<(bool, bool, bool)>(), any::<[bool; 3]>(), compression, version, 1_usize..2000, 1_usize..30)
        .prop_map(
            |(
                list,
                (content_first, struct_of_lists, dictionary),
                nullable,
                compression,
                version,
                page_bytes,
                group_rows,
            )| {
                Writing {
                    list,
                    content_first,
                    struct_of_lists,
                    nullable,
                    dictionary,
                    compression,
                    version,
                    page_bytes,
                    group_rows,
                }
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn it_is_read_alike_however_it_is_laid_out(writing in writing(), dialogues in dialogues()) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.parquet");
        writing.write(&path, &dialogues);
        let file = InputFile::describe(&path).unwrap();
        prop_assert_eq!((file.format, file.container), (Format::JSON, Container::Parquet));
        let all = read(&file, Position::default());
        prop_assert_eq!(&all, &expected(&dialogues));
        // Any chunk's end is a place to resume.
        let (files, mapping) = ([file.clone()], Mapping::default());
        for chunk in ChunkReader::new(&files, &mapping, Position::default(), 1 << 20) {
            prop_assert_eq!(&read(&file, chunk.end)[..], &all[chunk.end.line as usize..]);
        }
    }

    #[test]
    fn damaged_bytes_are_told_and_nothing_panics(dialogues in dialogues(), at in any::<prop::sample::Index>(), bytes in prop::collection::vec(any::<u8>(), 1..6)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.parquet");
        Writing { group_rows: 10, ..Writing::default() }.write(&path, &dialogues);
        let mut content = std::fs::read(&path).unwrap();
        let at = at.index(content.len());
        let end = content.len().min(at + bytes.len());
        content.splice(at..end, bytes);
        std::fs::write(&path, content).unwrap();
        if let Ok(file) = InputFile::describe(&path) {
            read(&file, Position::default());
        }
    }
}

#[test]
fn a_large_row_group_comes_in_pieces_and_each_end_is_a_place_to_resume() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    let dialogues: Vec<Dialogue> = (0..3000)
        .map(|n| {
            vec![("user", Some(format!("{n} ").repeat(400))), ("assistant", None), ("user", Some("x".into()))]
        })
        .collect();
    Writing { group_rows: 2000, dictionary: false, ..Writing::default() }.write(&path, &dialogues);
    let file = InputFile::describe(&path).unwrap();
    let (files, mapping) = ([file.clone()], Mapping::default());
    let chunks: Vec<_> = ChunkReader::new(&files, &mapping, Position::default(), 1 << 20).collect();
    assert!(chunks.len() > 4, "{}", chunks.len());
    let all = read(&file, Position::default());
    assert_eq!(all, expected(&dialogues));
    for chunk in &chunks {
        assert_eq!(read(&file, chunk.end)[..], all[chunk.end.line as usize..]);
        let text: u64 = chunk.entries().map(|e| e.size()).sum();
        assert!(text < 3 << 20, "{text} bytes in one chunk");
    }
    assert_eq!(chunks.last().unwrap().stored_bytes_read, file.size);
}

#[test]
fn a_missing_column_is_named_and_the_schema_shown() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    Writing::default().write(&path, &[vec![("user", None)]]);
    let refused = |mapping: &Mapping| {
        InputFile::describe_as(&path, InputOptions { format: None, mapping, joins: true })
            .unwrap_err()
            .to_string()
    };
    let mapping = Mapping { messages: Some("chat".into()), ..Mapping::default() };
    let message = refused(&mapping);
    assert!(message.contains("no column `chat`"), "{message}");
    assert!(message.contains("REPEATED group list") && message.contains("BYTE_ARRAY role"), "{message}");
    std::fs::write(&path, b"PAR1 and so on PAR1").unwrap();
    assert!(refused(&Mapping::default()).contains("no whole Parquet file"));
}

#[test]
fn a_row_group_that_is_damaged_costs_only_itself() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    let dialogues: Vec<Dialogue> =
        (0..30).map(|n| vec![("user", Some(format!("{n}{}", "é".repeat(500))))]).collect();
    let writing = Writing { group_rows: 10, dictionary: false, ..Writing::default() };
    writing.write(&path, &dialogues);
    let mut content = std::fs::read(&path).unwrap();
    let metadata = ParquetMetaDataReader::new().parse_and_finish(&File::open(&path).unwrap()).unwrap();
    let (start, length) = metadata.row_group(1).column(2).byte_range();
    content[start as usize..(start + length) as usize].fill(0xFF);
    std::fs::write(&path, content).unwrap();
    let file = InputFile::describe(&path).unwrap();
    let all = read(&file, Position::default());
    let good: Vec<u64> = all.iter().filter(|(_, v)| v.is_array()).map(|(n, _)| *n).collect();
    assert_eq!(good, (0..10).chain(20..30).collect::<Vec<_>>());
    assert!(
        all[10].0 == 10 && all[10].1.as_str().unwrap().contains("the 10 rows from here on"),
        "{:?}",
        all[10]
    );
}
