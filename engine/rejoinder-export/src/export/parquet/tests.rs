use std::fs::File;
use std::io::{self, Write};

use parquet::file::metadata::RowGroupMetaData;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{ParquetRows, is_parquet, retain_rows};

const SCHEMA: &str = "message rows {
    REQUIRED BYTE_ARRAY text (STRING);
    REQUIRED INT64 number;
    OPTIONAL FLOAT share;
    OPTIONAL GROUP pair {
        REQUIRED BYTE_ARRAY left (STRING);
        OPTIONAL BYTE_ARRAY right (STRING);
    }
    OPTIONAL GROUP words (LIST) {
        REPEATED GROUP list {
            OPTIONAL BYTE_ARRAY element (STRING);
        }
    }
    REQUIRED GROUP grid (LIST) {
        REPEATED GROUP list {
            REQUIRED GROUP element (LIST) {
                REPEATED GROUP list {
                    REQUIRED GROUP element {
                        REQUIRED INT64 x;
                        OPTIONAL FLOAT y;
                    }
                }
            }
        }
    }
    REQUIRED BYTE_ARRAY last (STRING);
}";

fn write(path: &std::path::Path, rows: &[Value]) {
    let mut file = ParquetRows::new(File::create(path).unwrap(), SCHEMA).unwrap();
    rows.iter().for_each(|row| file.push(row).unwrap());
    file.finish().unwrap();
}

fn open(path: &std::path::Path) -> SerializedFileReader<File> {
    SerializedFileReader::new(File::open(path).unwrap()).unwrap()
}

fn row(text: &str) -> Value {
    json!({
        "text": text, "number": 1, "share": 0.5, "pair": {"left": "l", "right": null}, "words": ["a", null],
        "grid": [[{"x": 1, "y": 0.25}], []], "last": ""
    })
}

fn any_row() -> impl Strategy<Value = Value> {
    let share = || prop::option::of(any::<i8>().prop_map(|n| f32::from(n) / 8.0));
    let pair = prop::option::of(("\\PC{0,3}", prop::option::of("\\PC{0,3}")));
    let words = prop::option::of(prop::collection::vec(prop::option::of("\\PC{0,3}"), 0..4));
    let cell = (any::<i64>(), share()).prop_map(|(x, y)| json!({"x": x, "y": y}));
    let grid = prop::collection::vec(prop::collection::vec(cell, 0..3), 0..3);
    (("\\PC{0,9}", any::<i64>(), share()), pair, words, grid, "[a-c]{0,2}").prop_map(
        |((text, number, share), pair, words, grid, last)| {
            let pair = pair.map(|(left, right)| json!({"left": left, "right": right}));
            json!({
                "text": text, "number": number, "share": share, "pair": pair, "words": words, "grid": grid, "last": last
            })
        },
    )
}

proptest! {
    #[test]
    fn what_is_written_is_read(rows in prop::collection::vec(any_row(), 0..20)) {
        let file = tempfile::NamedTempFile::new().unwrap();
        write(file.path(), &rows);
        let read: Vec<Value> = open(file.path()).into_iter().map(|row| row.unwrap().to_json_value()).collect();
        prop_assert_eq!(read, rows);
    }
}

proptest! {
    #[test]
    fn rows_that_stay_are_what_they_were(rows in prop::collection::vec(any_row(), 0..20)) {
        let [file, left] = [(); 2].map(|()| tempfile::NamedTempFile::new().unwrap());
        write(file.path(), &rows);
        let stays = |row: &Value| row["last"] != "b";
        let removed = retain_rows(file.reopen().unwrap(), left.reopen().unwrap(), stays).unwrap();
        let read: Vec<Value> = open(left.path()).into_iter().map(|row| row.unwrap().to_json_value()).collect();
        let others: Vec<Value> = rows.iter().filter(|row| stays(row)).cloned().collect();
        prop_assert_eq!((removed, &read), ((rows.len() - others.len()) as u64, &others));
        prop_assert!(is_parquet(left.as_file()).unwrap());
    }
}

#[test]
fn a_row_group_ends_when_it_has_rows_or_bytes_enough() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let long = "long ".repeat(1 << 20);
    let mut rows = vec![row("short"); super::file::GROUP_ROWS + 1];
    rows.extend((0..13).map(|_| row(&long)));
    rows.push(row("last"));
    write(file.path(), &rows);
    let read = open(file.path());
    let groups: Vec<i64> = read.metadata().row_groups().iter().map(RowGroupMetaData::num_rows).collect();
    assert_eq!(groups, [super::file::GROUP_ROWS as i64, 14, 1]);
    let last = read.get_row_iter(None).unwrap().last().unwrap().unwrap();
    assert_eq!(last.to_json_value(), row("last"));
}

#[test]
fn a_row_that_does_not_fit_the_schema_is_refused() {
    let mut wrong = vec![json!([]), json!({})];
    let places = [
        ("text", json!(1)),
        ("text", json!(null)),
        ("number", json!(0.5)),
        ("number", json!(u64::MAX)),
        ("share", json!("0.5")),
        ("pair", json!([])),
        ("words", json!("a")),
        ("grid", json!([{"x": 1, "y": null}])),
        ("another", json!(1)),
    ];
    for (key, value) in places {
        let mut row = row("");
        row[key] = value;
        wrong.push(row);
    }
    for row in wrong {
        let mut file = ParquetRows::new(Vec::new(), SCHEMA).unwrap();
        assert!(file.push(&row).is_err(), "{row}");
    }
}

#[test]
fn a_full_disk_is_told_as_one() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    // The first bytes are buffered.
    let error = ParquetRows::new(Full, SCHEMA).and_then(|mut file| {
        file.push(&row(""))?;
        file.finish()
    });
    assert_eq!(error.unwrap_err().kind(), io::ErrorKind::StorageFull);
}
