//! How programs print values: JSON with odd columns, Python's and numpy's print, CSV, encodings.

use std::fmt::Write as _;
use std::io::Write as _;

use fastrand::Rng;
use serde_json::{Value, json};

/// Stands for something that no value can hold, until the text is made.
const NAN: &str = "~nan~";
const HALF: &str = "~half~";
const TWICE: &str = "~twice~";

/// A record with columns that are odd and mean nothing.
pub fn odd(mut record: Value, rng: &mut Rng) -> Value {
    let Some(fields) = record.as_object_mut() else { return record };
    for (name, value) in [("loss", NAN), ("note", HALF), (TWICE, "1")] {
        if rng.u8(..) < 40 {
            fields.insert(name.to_owned(), value.into());
        }
    }
    record
}

/// JSON text, odd columns and all; at times with all but ASCII escaped, as Python does it.
pub fn json(value: &Value, escapes: bool) -> String {
    as_written(&value.to_string(), escapes)
}

pub fn pretty(value: &Value, escapes: bool) -> String {
    as_written(&serde_json::to_string_pretty(value).unwrap(), escapes)
}

fn as_written(text: &str, escapes: bool) -> String {
    let text = text
        .replace(&format!("\"{NAN}\""), "NaN")
        .replace(HALF, "cut \\ud83d")
        .replace(&format!("\"{TWICE}\""), "\"twice\":0,\"twice\"");
    if !escapes {
        return text;
    }
    let mut ascii = String::new();
    for c in text.chars() {
        match c.is_ascii() {
            true => ascii.push(c),
            false => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| {
                write!(ascii, "\\u{unit:04x}").unwrap();
            }),
        }
    }
    ascii
}

/// A record a line.
pub fn lines(records: impl IntoIterator<Item = Value>, rng: &mut Rng) -> Vec<u8> {
    let escapes = rng.bool();
    let line = |record| json(&odd(record, rng), escapes) + "\n";
    records.into_iter().map(line).collect::<String>().into_bytes()
}

/// Rows under a row of names. What is no text is printed as JSON; null is nothing.
pub fn csv(records: &[Value], delimiter: u8, rng: &mut Rng) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
    let names: Vec<&String> = records.iter().flat_map(|record| record.as_object().unwrap().keys()).collect();
    let mut names: Vec<String> = names.into_iter().cloned().collect();
    names.sort();
    names.dedup();
    rng.shuffle(&mut names);
    // pandas' index, and a column of numbers that are missing.
    let (has_index, has_gaps) = (rng.bool(), rng.bool());
    let head = has_index.then(String::new).into_iter().chain(names.iter().cloned());
    writer.write_record(head.chain(has_gaps.then(|| "score".to_owned()))).unwrap();
    for (nth, record) in records.iter().enumerate() {
        let cell = |name: &String| match &record[name] {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let index = has_index.then(|| nth.to_string());
        let gap = has_gaps.then(|| ["", "nan", "0.5"][rng.usize(..3)].to_owned());
        writer.write_record(index.into_iter().chain(names.iter().map(cell)).chain(gap)).unwrap();
    }
    writer.into_inner().unwrap()
}

/// As Python prints it.
pub fn python(value: &Value) -> String {
    printed(value, ", ")
}

/// As numpy prints an array of dicts: nothing but white space stands between the elements.
pub fn numpy(list: &[Value], rng: &mut Rng) -> String {
    let between = if rng.bool() { "\n " } else { " " };
    format!("[{}]", list.iter().map(python).collect::<Vec<_>>().join(between))
}

fn printed(value: &Value, between: &str) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) if text == NAN => "nan".to_owned(),
        Value::String(text) => quoted(text),
        Value::Array(list) => {
            format!(
                "[{}]",
                list.iter().map(|inner| printed(inner, between)).collect::<Vec<_>>().join(between)
            )
        }
        Value::Object(fields) => {
            let field =
                |(key, inner): (&String, &Value)| format!("{}: {}", quoted(key), printed(inner, between));
            format!("{{{}}}", fields.iter().map(field).collect::<Vec<_>>().join(between))
        }
    }
}

fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::from(quote);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\\' => out.push_str("\\\\"),
            c if c == quote => write!(out, "\\{c}").unwrap(),
            '\u{a0}' => out.push_str("\\xa0"),
            '\u{200d}' => out.push_str("\\u200d"),
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}

pub fn utf16(text: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(text).unwrap();
    "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

pub fn gzip(content: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(content).unwrap();
    packer.finish().unwrap()
}

pub fn zstd(content: &[u8]) -> Vec<u8> {
    zstd::encode_all(content, 1).unwrap()
}

/// How a file writes moments: all of it alike.
#[derive(Clone, Copy)]
pub enum Clock {
    Utc,
    Offset,
    Spaced,
    Seconds,
    Fraction,
    Millis,
}

impl Clock {
    pub fn any(rng: &mut Rng) -> Self {
        [Self::Utc, Self::Offset, Self::Spaced, Self::Seconds, Self::Fraction, Self::Millis][rng.usize(..6)]
    }

    /// Some seconds after a noon of 2026.
    pub fn at(self, seconds: u64) -> Value {
        let (hours, minutes, rest) = (12 + seconds / 3_600, seconds / 60 % 60, seconds % 60);
        let epoch = 1_769_515_200 + seconds;
        match self {
            Self::Utc => json!(format!("2026-01-27T{hours:02}:{minutes:02}:{rest:02}.120Z")),
            Self::Offset => json!(format!("2026-01-27T{hours:02}:{minutes:02}:{rest:02}+08:00")),
            Self::Spaced => json!(format!("2026-01-27 {hours:02}:{minutes:02}:{rest:02}")),
            Self::Seconds => json!(epoch),
            Self::Fraction => json!(epoch as f64 + 0.25),
            Self::Millis => json!(epoch * 1_000),
        }
    }
}
