//! Reading a TOML table key by key, with every mistake pinned to its place and none hiding the next.
//!
//! serde stops at the first error; a rule author wants them all at once. So the tables are walked by hand.

use std::ops::Range;

use rejoinder_core::diagnostic::{Diagnostic, SourceText, did_you_mean};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::keys::Key;
use crate::lints::ControlCharacter;

/// Findings of one file as they are gathered.
pub(crate) struct Findings<'a> {
    pub(crate) source: SourceText<'a>,
    pub(crate) list: Vec<Diagnostic>,
    /// Control characters in the phrases and regexes of the rule that is being read.
    pub(crate) controls: Vec<ControlCharacter>,
    /// Where the lines end.
    line_ends: Vec<usize>,
}

impl<'a> Findings<'a> {
    /// No findings yet.
    pub(crate) fn new(source: SourceText<'a>) -> Self {
        let line_ends = source.text.match_indices('\n').map(|(at, _)| at).collect();
        Self { source, list: Vec::new(), controls: Vec::new(), line_ends }
    }

    /// 1-based line of a byte offset.
    pub(crate) fn line_of(&self, offset: usize) -> usize {
        self.line_ends.partition_point(|&end| end < offset) + 1
    }

    /// Forgets those of the findings from a place on that follow from another one.
    pub(crate) fn forget(&mut self, from: usize, follows: impl Fn(&Diagnostic) -> bool) {
        let rest = self.list.split_off(from);
        self.list.extend(rest.into_iter().filter(|finding| !follows(finding)));
    }

    /// All findings, in the order of the file.
    pub(crate) fn in_order(self) -> Vec<Diagnostic> {
        let mut list = self.list;
        list.sort_by_key(|d| (d.line, d.column));
        list
    }

    pub(crate) fn report(
        &mut self,
        code: &'static str,
        span: Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let line = self.line_of(span.start.min(self.source.text.len()));
        self.list.push(self.source.diagnostic_in_line(line, code, span, message, help));
    }

    /// A diagnostic about a place, without code, message and help.
    pub(crate) fn place(&self, span: Range<usize>) -> Diagnostic {
        let line = self.line_of(span.start.min(self.source.text.len()));
        self.source.diagnostic_in_line(line, "", span, "", "")
    }
}

/// A value and where it stands.
pub(crate) struct SpannedValue<T> {
    pub(crate) value: T,
    pub(crate) span: Range<usize>,
}

/// One table under reading.
pub(crate) struct Table<'t> {
    table: &'t DeTable<'t>,
    /// Where the table stands, for what is missing in it.
    pub(crate) span: Range<usize>,
}

impl<'t> Table<'t> {
    /// Starts reading; reports keys that are not `known`.
    pub(crate) fn new(
        table: &'t DeTable<'t>,
        span: Range<usize>,
        what: &str,
        known: &[Key],
        findings: &mut Findings<'_>,
    ) -> Self {
        for key in table.keys() {
            let name: &str = key.get_ref();
            if !known.iter().any(|key| key.name == name) {
                let names: Vec<&str> = known.iter().map(|key| key.name).collect();
                let mut help = did_you_mean(name, &names);
                if help.is_empty() {
                    "`rejoinder rules schema` prints all keys and what each means".clone_into(&mut help);
                }
                findings.report("R002", key.span(), format!("unknown key `{name}` in {what}"), help);
            }
        }
        Self { table, span }
    }

    /// Starts reading a table whose keys are names that its author chose.
    pub(crate) const fn of_names(table: &'t DeTable<'t>, span: Range<usize>) -> Self {
        Self { table, span }
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.table.get(key).is_some()
    }

    /// Where the value of a key stands.
    pub(crate) fn span_of(&self, key: &str) -> Option<Range<usize>> {
        self.table.get(key).map(Spanned::span)
    }

    /// The value of a key as `convert` reads it; reports a value that `convert` does not take.
    pub(crate) fn typed<T>(
        &self,
        key: &str,
        expected: &str,
        findings: &mut Findings<'_>,
        convert: impl Fn(&'t DeValue<'t>) -> Option<T>,
    ) -> Option<SpannedValue<T>> {
        let value = self.table.get(key)?;
        let converted = convert(value.get_ref());
        if converted.is_none() {
            wrong_type(key, expected, value, findings);
        }
        Some(SpannedValue { value: converted?, span: value.span() })
    }

    pub(crate) fn string(&self, key: &str, findings: &mut Findings<'_>) -> Option<SpannedValue<&'t str>> {
        self.typed(key, "a string", findings, DeValue::as_str)
    }

    pub(crate) fn bool(&self, key: &str, findings: &mut Findings<'_>) -> Option<bool> {
        self.typed(key, "true or false", findings, DeValue::as_bool).map(|b| b.value)
    }

    pub(crate) fn integer(&self, key: &str, findings: &mut Findings<'_>) -> Option<SpannedValue<i64>> {
        self.typed(key, "a whole number", findings, whole)
    }

    pub(crate) fn number(&self, key: &str, findings: &mut Findings<'_>) -> Option<SpannedValue<f32>> {
        self.typed(key, "a number", findings, |value| {
            let float = value.as_float().and_then(|f| f.as_str().replace('_', "").parse::<f32>().ok());
            float.filter(|f| f.is_finite()).or_else(|| whole(value).map(|i| i as f32))
        })
    }

    /// The strings of an array; items of another type are reported and left out.
    pub(crate) fn strings(
        &self,
        key: &str,
        findings: &mut Findings<'_>,
    ) -> Option<Vec<SpannedValue<&'t str>>> {
        let items = self.typed(key, "a list of strings", findings, DeValue::as_array)?;
        let mut strings = Vec::new();
        for item in items.value {
            match item.get_ref().as_str() {
                Some(value) => strings.push(SpannedValue { value, span: item.span() }),
                None => wrong_type(&format!("{key}[…]"), "a string", item, findings),
            }
        }
        Some(strings)
    }

    pub(crate) fn table(
        &self,
        key: &str,
        findings: &mut Findings<'_>,
    ) -> Option<SpannedValue<&'t DeTable<'t>>> {
        self.typed(key, "a table", findings, DeValue::as_table)
    }

    /// The tables of an array of tables (`[[key]]`).
    pub(crate) fn tables(
        &self,
        key: &str,
        findings: &mut Findings<'_>,
    ) -> Vec<SpannedValue<&'t DeTable<'t>>> {
        let Some(items) = self.typed(key, "a list of tables ([[…]])", findings, DeValue::as_array) else {
            return Vec::new();
        };
        let mut tables = Vec::new();
        for item in items.value {
            match item.get_ref().as_table() {
                Some(value) => tables.push(SpannedValue { value, span: item.span() }),
                None => wrong_type(key, "a table", item, findings),
            }
        }
        tables
    }
}

/// A number, whole or not, that is neither infinite nor NaN.
pub(crate) fn double(value: &DeValue<'_>) -> Option<f64> {
    let float = value.as_float().and_then(|f| f.as_str().replace('_', "").parse::<f64>().ok());
    float.filter(|f| f.is_finite()).or_else(|| whole(value).map(|i| i as f64))
}

/// A whole number.
pub(crate) fn whole(value: &DeValue<'_>) -> Option<i64> {
    let integer = value.as_integer()?;
    i64::from_str_radix(&integer.as_str().replace('_', ""), integer.radix()).ok()
}

fn wrong_type(key: &str, expected: &str, value: &Spanned<DeValue<'_>>, findings: &mut Findings<'_>) {
    let not_finite = |text: &str| text.ends_with("nan") || text.ends_with("inf");
    let found = match value.get_ref().as_float() {
        Some(float) if not_finite(float.as_str()) => float.as_str(),
        _ => value.get_ref().type_str(),
    };
    findings.report("R004", value.span(), format!("`{key}` must be {expected}, found {found}"), "");
}
