//! Conditions on the other columns of a record, as users write them: `split=dev`, `toxic=true`,
//! `openai_moderation.flagged=true`, `detoxify.toxicity>0.5`.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::str::FromStr;

use serde_json::Value;

use crate::record::Record;

/// A condition on one column of a record.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    column: String,
    comparison: Comparison,
    value: String,
    /// `value` as a number, which an order needs.
    number: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Equal,
    Above,
    Below,
}

impl Condition {
    /// Whether the record meets the condition. A column that holds lists meets it with any value in them.
    ///
    /// A dot in the name leads into a column that is an object, unless the record has a column of the whole name.
    pub fn holds(&self, record: &Record<'_>) -> bool {
        column_values(record, &self.column).iter().any(|value| match (self.comparison, value) {
            (Comparison::Equal, value) => written(value) == self.value,
            (Comparison::Above, other) => other.as_f64().is_some_and(|number| number > self.number),
            (Comparison::Below, other) => other.as_f64().is_some_and(|number| number < self.number),
        })
    }
}

/// The first value of a column, as text.
pub fn column_text(record: &Record<'_>, column: &str) -> Option<String> {
    column_values(record, column).first().map(|value| written(value).into_owned())
}

/// The values of a column as text, as conditions compare them: those of a list one by one, those of an object by a dotted name.
pub fn column_texts(record: &Record<'_>, column: &str) -> Vec<String> {
    column_values(record, column).iter().map(|value| written(value).into_owned()).collect()
}

fn written(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => text.into(),
        other => other.to_string().into(),
    }
}

/// The values of a column, or of the place inside a column that a dotted name leads to.
pub fn column_values(record: &Record<'_>, column: &str) -> Vec<Value> {
    let parsed = |name: &str| record.column(name).and_then(|json| serde_json::from_str(json.get()).ok());
    let mut found = Vec::new();
    if let Some(value) = parsed(column) {
        collect(value, &mut std::iter::empty(), &mut found);
    } else if let Some((first, rest)) = column.split_once('.')
        && let Some(value) = parsed(first)
    {
        collect(value, &mut rest.split('.'), &mut found);
    }
    found
}

fn collect<'p>(value: Value, path: &mut (impl Iterator<Item = &'p str> + Clone), found: &mut Vec<Value>) {
    match value {
        Value::Array(values) => {
            values.into_iter().for_each(|value| collect(value, &mut path.clone(), found));
        }
        Value::Object(mut object) => {
            if let Some(inner) = path.next().and_then(|key| object.remove(key)) {
                collect(inner, path, found);
            }
        }
        value if path.next().is_none() => found.push(value),
        _ => {}
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.comparison {
            Comparison::Equal => '=',
            Comparison::Above => '>',
            Comparison::Below => '<',
        };
        write!(f, "{}{sign}{}", self.column, self.value)
    }
}

/// The text is no [`Condition`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConditionError;

impl fmt::Display for ConditionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected KEY=VALUE, such as split=dev, or KEY>NUMBER or KEY<NUMBER")
    }
}

impl Error for ConditionError {}

impl FromStr for Condition {
    type Err = ConditionError;

    fn from_str(text: &str) -> Result<Self, ConditionError> {
        let at = text.find(['=', '>', '<']).ok_or(ConditionError)?;
        let (column, value) = (&text[..at], &text[at + 1..]);
        let comparison = match text.as_bytes()[at] {
            b'=' => Comparison::Equal,
            b'>' => Comparison::Above,
            _ => Comparison::Below,
        };
        let number = value.parse().unwrap_or(f64::NAN);
        if column.is_empty() || (comparison != Comparison::Equal && number.is_nan()) {
            return Err(ConditionError);
        }
        Ok(Self { column: column.to_owned(), comparison, value: value.to_owned(), number })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Mapping;

    #[test]
    fn conditions_look_into_lists_and_objects() {
        let line = br#"{"conversation":[{"role":"user","content":"q"}],"split":"dev","n":0.7,"toxic":true,"a.b":"dotted",
            "moderation":[{"flagged":false,"scores":{"x":0.1}},{"flagged":true,"scores":{"x":0.9}}]}"#;
        let record = Record::parse(line, &Mapping::default()).unwrap();
        let holds = |text: &str| text.parse::<Condition>().unwrap().holds(&record);
        for yes in [
            "split=dev",
            "toxic=true",
            "n=0.7",
            "n>0.5",
            "n<1",
            "a.b=dotted",
            "moderation.flagged=true",
            "moderation.scores.x>0.8",
        ] {
            assert!(holds(yes), "{yes}");
        }
        for no in [
            "split=test",
            "toxic=false",
            "n>0.7",
            "moderation=true",
            "moderation.scores=1",
            "a=dotted",
            "none.x=1",
            "split>1",
        ] {
            assert!(!holds(no), "{no}");
        }
        for wrong in ["split", "=dev", "n>much", ""] {
            assert!(wrong.parse::<Condition>().is_err(), "{wrong}");
        }
        assert_eq!("n>0.50".parse::<Condition>().unwrap().to_string(), "n>0.50");
    }
}
