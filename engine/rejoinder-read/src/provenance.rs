//! Where a conversation comes from: the model, the source and the month that its columns name, and other columns that are asked for.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::json::moment::{moment, month_of};
use crate::record::Record;

/// Columns in which corpora name the model, the best first. Open WebUI lists models, and a list of one is taken.
const MODELS: [&str; 5] = ["model", "model_name", "model_slug", "default_model_slug", "models"];
/// Columns in which corpora name the source.
const SOURCES: [&str; 2] = ["source", "dataset"];
/// Columns in which corpora name the time of a conversation, the best first.
const TIMES: [&str; 18] = [
    "timestamp",
    "created_at",
    "create_time",
    "created",
    "conversation_start",
    "start_time",
    "started_at",
    "inserted_at",
    "createdAt",
    "startTime",
    "created_date",
    "datetime",
    "date",
    "time",
    "tstamp",
    "ts",
    "send_date",
    "conversation_time",
];
/// A column that may hold the others.
const ENVELOPE: &str = "metadata";
/// No moment is written with more bytes.
const MOMENT_BYTES: usize = 64;
/// Years in which people talk to assistants: a number that means another year is no time.
const YEARS: std::ops::RangeInclusive<i64> = 2000..=2100;

/// Where a conversation comes from, as far as its columns say it. Each value has at most 80 characters and is foreign text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provenance<'r> {
    /// The model that has answered.
    pub model: Option<Cow<'r, str>>,
    /// The data set or the application.
    pub source: Option<Cow<'r, str>>,
    /// The month of the conversation in UTC, such as `2024-05`.
    pub month: Option<String>,
    /// The value of each column that was asked for, in their order.
    pub columns: Vec<Option<Cow<'r, str>>>,
}

impl<'r> Provenance<'r> {
    /// Values are cut after so many characters.
    pub const MOST_CHARS: usize = 80;

    /// What the columns of a record say, and, of what they do not say, what an object in a column `metadata` says; with the values of the
    /// columns `wanted`.
    pub fn of(record: &'r Record<'_>, wanted: &[String]) -> Self {
        let mut found = FoundValues::new(wanted.len());
        for (key, column) in &record.metadata {
            if let Some(meaning) = ColumnMeaning::of(key, wanted) {
                found.take(meaning, &|kind| match kind {
                    ValueKind::Name => name_of_json(column.get()),
                    ValueKind::Scalar => scalar_of_json(column.get()),
                    ValueKind::Month => month_of_json(column.get()).map(Cow::Owned),
                });
            }
        }
        if !found.is_whole()
            && let Some(envelope) = record.column(ENVELOPE).filter(|column| column.get().starts_with('{'))
        {
            let fields: Map<String, Value> = serde_json::from_str(envelope.get()).unwrap_or_default();
            let mut inner = FoundValues::new(wanted.len());
            for (key, value) in &fields {
                if let Some(meaning) = ColumnMeaning::of(key, wanted) {
                    inner.take(meaning, &|kind| match kind {
                        ValueKind::Name => name_of(value).map(Cow::Owned),
                        ValueKind::Scalar => scalar_of(value).map(Cow::Owned),
                        ValueKind::Month => month_of_value(value).map(Cow::Owned),
                    });
                }
            }
            found.fill(inner);
        }
        found.end()
    }
}

/// What a column says.
#[derive(Clone, Copy)]
struct ColumnMeaning {
    /// The place of the value among those that are looked for: model, source, month, and the columns that are asked for.
    place: usize,
    /// The lower, the better.
    rank: usize,
}

const MODEL: usize = 0;
const SOURCE: usize = 1;
const MONTH: usize = 2;
const FIRST_WANTED: usize = 3;

impl ColumnMeaning {
    fn of(key: &str, wanted: &[String]) -> Option<Self> {
        if let Some(place) = wanted.iter().position(|column| column == key) {
            return Some(Self { place: FIRST_WANTED + place, rank: 0 });
        }
        let known: [(usize, &[&str]); 3] = [(MODEL, &MODELS), (SOURCE, &SOURCES), (MONTH, &TIMES)];
        known.into_iter().find_map(|(place, keys)| {
            let rank = keys.iter().position(|known| *known == key)?;
            Some(Self { place, rank })
        })
    }
}

/// What is read of a column.
#[derive(Clone, Copy)]
enum ValueKind {
    /// A text.
    Name,
    /// A text, a number or a truth value.
    Scalar,
    /// A moment.
    Month,
}

/// The best values so far, each with its rank.
struct FoundValues<'r>(Vec<Option<(usize, Cow<'r, str>)>>);

impl<'r> FoundValues<'r> {
    fn new(wanted: usize) -> Self {
        Self(vec![None; FIRST_WANTED + wanted])
    }

    fn take(&mut self, meaning: ColumnMeaning, read: &dyn Fn(ValueKind) -> Option<Cow<'r, str>>) {
        let ColumnMeaning { place, rank } = meaning;
        if self.0[place].as_ref().is_some_and(|(best, _)| *best <= rank) {
            return;
        }
        let kind = match place {
            MODEL | SOURCE => ValueKind::Name,
            MONTH => ValueKind::Month,
            _ => ValueKind::Scalar,
        };
        if let Some(value) = read(kind) {
            self.0[place] = Some((rank, value));
        }
    }

    fn is_whole(&self) -> bool {
        self.0.iter().all(Option::is_some)
    }

    fn fill(&mut self, other: Self) {
        for (own, other) in self.0.iter_mut().zip(other.0) {
            *own = own.take().or(other);
        }
    }

    fn end(self) -> Provenance<'r> {
        let mut values = self.0.into_iter().map(|found| found.map(|(_, value)| value));
        let mut next = || values.next().flatten();
        let (model, source, month) = (next(), next(), next().map(Cow::into_owned));
        Provenance { model, source, month, columns: values.collect() }
    }
}

fn name_of_json(json: &str) -> Option<Cow<'_, str>> {
    match json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(text) if !text.contains('\\') => cut(text).map(Cow::Borrowed),
        Some(_) => name_of(&Value::String(serde_json::from_str(json).ok()?)).map(Cow::Owned),
        None if json.starts_with('[') => name_of(&serde_json::from_str(json).ok()?).map(Cow::Owned),
        None => None,
    }
}

fn scalar_of_json(json: &str) -> Option<Cow<'_, str>> {
    match json.as_bytes().first()? {
        b'"' => name_of_json(json),
        b'{' | b'[' | b'n' => None,
        _ => cut(json).map(Cow::Borrowed),
    }
}

fn month_of_json(json: &str) -> Option<String> {
    match json.len() {
        0..=MOMENT_BYTES => month_of_value(&serde_json::from_str(json).ok()?),
        _ => None,
    }
}

/// A text, or the one text of a list.
fn name_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => cut(text).map(str::to_owned),
        Value::Array(list) => match list.as_slice() {
            [Value::String(text)] => cut(text).map(str::to_owned),
            _ => None,
        },
        _ => None,
    }
}

fn scalar_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => cut(text).map(str::to_owned),
        Value::Number(number) => cut(&number.to_string()).map(str::to_owned),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn month_of_value(value: &Value) -> Option<String> {
    let (year, month) = month_of(moment(value)?)?;
    YEARS.contains(&year).then(|| format!("{year:04}-{month:02}"))
}

/// The text without the blanks around it, cut after 80 characters; `None` where nothing is left.
fn cut(text: &str) -> Option<&str> {
    let text = text.trim();
    let end = text.char_indices().nth(Provenance::MOST_CHARS).map_or(text.len(), |(end, _)| end);
    Some(&text[..end]).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::record::Mapping;

    fn told(columns: &Value, wanted: &[&str]) -> Provenance<'static> {
        let mut record = columns.clone();
        record["messages"] = json!([{ "role": "user", "content": "hi" }]);
        let line = record.to_string();
        let record = Record::parse(line.as_bytes(), &Mapping::default()).unwrap();
        let wanted: Vec<String> = wanted.iter().map(|column| (*column).to_owned()).collect();
        let own = |value: Option<Cow<'_, str>>| value.map(|value| Cow::Owned(value.into_owned()));
        let Provenance { model, source, month, columns } = Provenance::of(&record, &wanted);
        Provenance {
            model: own(model),
            source: own(source),
            month,
            columns: columns.into_iter().map(own).collect(),
        }
    }

    #[test]
    fn the_best_column_with_a_value_is_taken() {
        for (columns, model) in [
            (json!({ "model": "gpt-4", "model_name": "x" }), Some("gpt-4")),
            (json!({ "model_name": "x", "model": "gpt-4" }), Some("gpt-4")),
            (json!({ "model": null, "default_model_slug": "gpt-4o" }), Some("gpt-4o")),
            (json!({ "model": " ", "metadata": { "model": "llama" } }), Some("llama")),
            (json!({ "metadata": { "model": "inner" }, "model": "outer" }), Some("outer")),
            (json!({ "models": ["llama3"] }), Some("llama3")),
            (json!({ "models": ["llama3", "gpt-4"] }), None),
            (json!({ "model": 4 }), None),
            (json!({ "model": { "name": "x" } }), None),
            (json!({ "model": "a \"quoted\" \u{202e}name" }), Some("a \"quoted\" \u{202e}name")),
            (json!({ "metadata": "{\"model\":\"x\"}" }), None),
            (json!({}), None),
        ] {
            assert_eq!(told(&columns, &[]).model.as_deref(), model, "{columns}");
        }
        let source = |columns: Value| told(&columns, &[]).source.map(Cow::into_owned);
        assert_eq!(source(json!({ "dataset": "b", "source": "a" })).as_deref(), Some("a"));
    }

    #[test]
    fn months_are_read_of_texts_and_numbers_of_sane_years() {
        for (columns, month) in [
            (json!({ "timestamp": "2023-04-09T00:02:53+00:00" }), Some("2023-04")),
            (json!({ "timestamp": "2024-01-01T00:30:00+02:00" }), Some("2023-12")),
            (json!({ "create_time": 1_718_000_000.123 }), Some("2024-06")),
            (json!({ "created": 1_718_000_000_123_u64 }), Some("2024-06")),
            (json!({ "tstamp": 1_718_000_000_123_456_u64 }), Some("2024-06")),
            (json!({ "time": "1718000000" }), Some("2024-06")),
            (json!({ "date": "2024-06" }), None),
            (json!({ "time": 12.5 }), None),
            (json!({ "time": 12.5, "date": "2024-06-10" }), Some("2024-06")),
            (json!({ "created_at": "1999-12-31" }), None),
            (json!({ "created_at": "2000-01-01" }), Some("2000-01")),
            (json!({ "created_at": "2100-12-31" }), Some("2100-12")),
            (json!({ "created_at": "2101-01-01" }), None),
            (json!({ "date": "yesterday" }), None),
            (json!({ "metadata": { "created_at": "2024-06-10T06:13:20Z" } }), Some("2024-06")),
        ] {
            assert_eq!(told(&columns, &[]).month.as_deref(), month, "{columns}");
        }
    }

    #[test]
    fn columns_that_are_asked_for_may_be_numbers_and_are_cut() {
        let long = "ü".repeat(200);
        let columns = json!({ "country": "DE", "tier": 2, "paid": true, "tags": ["a", "b"], "long": long, "time": "noon" });
        let told = told(&columns, &["tier", "country", "paid", "tags", "long", "missing", "time"]);
        let cut = "ü".repeat(80);
        let columns: Vec<Option<&str>> = told.columns.iter().map(Option::as_deref).collect();
        assert_eq!(
            columns,
            [Some("2"), Some("DE"), Some("true"), None, Some(cut.as_str()), None, Some("noon")]
        );
    }

    proptest! {
        #[test]
        fn values_are_short_and_not_empty_whatever_a_column_holds(
            key in "model|source|timestamp|metadata|mine",
            text in "\\PC{0,100}",
            number: f64,
        ) {
            for value in [json!(text), json!(number), json!([text]), json!({ "model": text, "mine": number })] {
                let told = told(&json!({ key.as_str(): value }), &["mine"]);
                let mut values = vec![told.model.as_deref(), told.source.as_deref(), told.month.as_deref()];
                values.extend(told.columns.iter().map(Option::as_deref));
                for value in values.into_iter().flatten() {
                    prop_assert!(!value.is_empty() && value.chars().count() <= Provenance::MOST_CHARS);
                }
            }
        }
    }
}
