//! The key `where`: conditions on metadata columns; and the columns that a rule's test gives.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::column::ColumnCondition;
use crate::toml_reader::{Findings, Table, double, whole};

/// The key that turns a comparison round.
const NOT: &str = "not";
const HELP: &str =
    "for example where = { model = \"gpt-4\", source = [\"web\", \"app\"], plan = { not = \"free\" } }";

/// The conditions of `where`.
pub(super) fn read(table: &Table<'_>, findings: &mut Findings<'_>) -> Vec<ColumnCondition> {
    let mut conditions = Vec::new();
    if let Some(columns) = table.table("where", findings) {
        if columns.value.is_empty() {
            findings.report("R019", columns.span, "`where` names no column", HELP);
        }
        read_columns(columns.value, "", &mut conditions, findings);
    }
    conditions
}

/// The columns of a table whose own name is `path`: TOML reads `a.b = 1` as a table in a table.
fn read_columns(
    table: &DeTable<'_>,
    path: &str,
    conditions: &mut Vec<ColumnCondition>,
    findings: &mut Findings<'_>,
) {
    for (key, value) in table {
        let name: &str = key.get_ref();
        if name.is_empty() {
            findings.report("R019", key.span(), "an empty name is no column's", HELP);
            continue;
        }
        let column = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        let (value, is_negated) = match value.get_ref() {
            DeValue::Table(inner) => match inner.get(NOT) {
                Some(excluded) if inner.len() == 1 => (excluded, true),
                Some(_) => {
                    findings.report(
                        "R019",
                        value.span(),
                        format!("`{NOT}` stands alone in the braces of `{}`", column.escape_debug()),
                        HELP,
                    );
                    continue;
                }
                None if inner.is_empty() => {
                    no_value(&column, value.span(), findings);
                    continue;
                }
                None => {
                    read_columns(inner, &column, conditions, findings);
                    continue;
                }
            },
            _ => (value, false),
        };
        if let Some(values) = read_values(&column, value, findings) {
            if values.is_empty() {
                no_value(&column, value.span(), findings);
            }
            conditions.push(ColumnCondition { column, is_negated, values, slot: 0 });
        }
    }
}

fn no_value(column: &str, span: Range<usize>, findings: &mut Findings<'_>) {
    findings.report(
        "R019",
        span,
        format!("`{}` is compared with no value: the rule can never hit", column.escape_debug()),
        HELP,
    );
}

/// The values under a column's name, as text; `None` where one of them can be no column's value, which is reported.
fn read_values(
    column: &str,
    value: &Spanned<DeValue<'_>>,
    findings: &mut Findings<'_>,
) -> Option<Vec<String>> {
    let items = match value.get_ref() {
        DeValue::Array(items) => items.iter().collect(),
        _ => vec![value],
    };
    let mut values = Vec::with_capacity(items.len());
    let mut are_sound = true;
    for item in items {
        match text_of(item.get_ref()) {
            Some(text) => values.push(text),
            None => {
                are_sound = false;
                findings.report(
                    "R019",
                    item.span(),
                    format!(
                        "`{}` is compared with a string, a number, true or false, or a list of these, found {}",
                        column.escape_debug(),
                        item.get_ref().type_str()
                    ),
                    "write what the column's text is, in quotes",
                );
            }
        }
    }
    are_sound.then_some(values)
}

/// The value as the text that a column with it has: a string as it is, a number, true or false as JSON.
fn text_of(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Boolean(is) => Some(is.to_string()),
        DeValue::Integer(_) => whole(value).map(|number| number.to_string()),
        DeValue::Float(_) => double(value).map(|number| serde_json::Value::from(number).to_string()),
        _ => None,
    }
}

/// The columns of the record of a test's dialogue, by their names.
pub(super) fn given(test: &Table<'_>, findings: &mut Findings<'_>) -> BTreeMap<String, Vec<String>> {
    let mut columns = BTreeMap::new();
    if let Some(table) = test.table("columns", findings) {
        give(table.value, "", &mut columns, findings);
    }
    columns
}

fn give(
    table: &DeTable<'_>,
    path: &str,
    columns: &mut BTreeMap<String, Vec<String>>,
    findings: &mut Findings<'_>,
) {
    for (key, value) in table {
        let name = key.get_ref();
        let column = if path.is_empty() { name.to_string() } else { format!("{path}.{name}") };
        match value.get_ref() {
            DeValue::Table(inner) => give(inner, &column, columns, findings),
            _ => {
                if let Some(values) = read_values(&column, value, findings) {
                    columns.insert(column, values);
                }
            }
        }
    }
}
