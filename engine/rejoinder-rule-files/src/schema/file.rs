//! A whole rule file: its top level, and the rules in it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use rejoinder_core::diagnostic::{Diagnostic, SourceText, did_you_mean};
use serde::{Deserialize, Serialize};
use toml::de::DeTable;

use super::lists::PhraseLists;
use super::{guard, rule};
use crate::guard::Guard;
use crate::keys;
use crate::lints::{self, FileLists, Spans};
use crate::rule::{Rule, RuleTest, RuleTests, StoredTests};
use crate::toml_reader::{Findings, SpannedValue, Table};
use crate::toml_text::with_line_feeds;

/// The format number that this engine reads.
pub(crate) const FORMAT: i64 = 1;

/// The content of a rule file: its sound rules, and every mistake in it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RuleFile {
    /// The author's version of the file; empty if there is none.
    pub version: String,
    /// Language codes that the author gave.
    pub lang: Vec<String>,
    /// Names of the packs that come into force with this file.
    #[serde(skip)]
    pub extends: Vec<NameReference>,
    /// Ids of rules in those packs that do not come into force.
    #[serde(skip)]
    pub disable: Vec<NameReference>,
    /// What must hold of the file's rules together.
    #[serde(default, skip_serializing_if = "Guard::is_empty")]
    pub guard: Guard,
    /// The sound rules, in the order of the file.
    pub rules: Vec<Rule>,
    /// All errors, in the order of the file.
    #[serde(skip)]
    pub errors: Vec<Diagnostic>,
    /// The ids of the rules that have errors.
    #[serde(skip)]
    pub unsound: HashSet<String>,
    /// Where the rules' parts stand; empty in a file that was stored.
    #[serde(skip)]
    spans: Vec<Spans>,
    /// Where the lists stand; empty in a file that was stored.
    #[serde(skip)]
    lists: FileLists,
}

/// A rule file in a form that is read fast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredRuleFile<T> {
    /// All but the tests.
    pub rules: T,
    /// The tests, rule by rule.
    pub tests: T,
}

/// A name in the file for a pack or rule that must exist elsewhere.
#[derive(Clone, Debug)]
pub struct NameReference {
    /// The name.
    pub name: String,
    /// Where the name stands: a diagnostic without code, message and help.
    place: Diagnostic,
}

impl NameReference {
    /// The diagnostic that nothing of this name exists.
    pub fn report(&self, code: &'static str, message: String, help: String) -> Diagnostic {
        Diagnostic { code, message, help, ..self.place.clone() }
    }
}

impl RuleFile {
    /// The file in a form that is read much faster than its text; `None` if the file has errors or names other packs, which
    /// the form does not keep.
    ///
    /// # Panics
    /// Never: rules hold nothing that JSON cannot say.
    pub fn stored(&self) -> Option<StoredRuleFile<String>> {
        let is_whole = self.errors.is_empty() && self.extends.is_empty() && self.disable.is_empty();
        let tests: Vec<&[RuleTest]> = self.rules.iter().map(|rule| rule.tests.all()).collect();
        is_whole.then(|| StoredRuleFile {
            rules: serde_json::to_string(self).expect("rules can be written as JSON"),
            tests: serde_json::to_string(&tests).expect("tests can be written as JSON"),
        })
    }

    /// A file as [`Self::stored`] wrote it.
    ///
    /// # Errors
    /// If the rules were not written so.
    pub fn from_stored(stored: &StoredRuleFile<&'static str>) -> Result<Self, serde_json::Error> {
        let mut file: Self = serde_json::from_str(stored.rules)?;
        let tests = Arc::new(StoredTests::new(stored.tests));
        for (place, rule) in file.rules.iter_mut().enumerate() {
            rule.tests = RuleTests::stored(Arc::clone(&tests), place);
        }
        Ok(file)
    }

    /// Whether it is known where the rules' parts stand, which a stored file does not keep.
    pub(crate) fn has_places(&self) -> bool {
        self.spans.len() == self.rules.len()
    }

    /// Where the parts of a rule stand.
    pub(crate) fn places(&self, rule: usize) -> Option<&Spans> {
        self.spans.get(rule)
    }

    /// Warnings about the sound rules, in the order of the file; `name` and `text` are those that it was read from.
    pub fn warnings(&self, name: &str, text: &str) -> Vec<Diagnostic> {
        if !self.has_places() {
            return parse(name, text).warnings(name, text);
        }
        let text = &with_line_feeds(text);
        let mut findings = Findings::new(SourceText { name, text });
        lints::check(&self.rules, &self.spans, &self.lists, &mut findings);
        findings.in_order()
    }
}

/// Reads a rule file; `name` stands in the messages.
pub fn parse(name: &str, text: &str) -> RuleFile {
    let text = &with_line_feeds(text);
    let mut findings = Findings::new(SourceText { name, text });
    let (document, errors) = DeTable::parse_recoverable(text);
    let mut unread = Vec::new();
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        unread.push(span.start);
        findings.report("R001", span, error.message().to_owned(), "");
    }
    let mut file = RuleFile::default();
    let before = findings.list.len();
    let top = Table::new(document.get_ref(), 0..0, "a rule file", keys::FILE, &mut findings);
    if let Some(&first) = unread.iter().min() {
        // A key behind brackets that do not close seems to stand at the top.
        let line = findings.line_of(first);
        findings.forget(before, |finding| finding.line > line);
    }
    let tables = top.tables("rule", &mut findings);
    let ends: Vec<usize> =
        tables.iter().skip(1).map(|table| table.span.start).chain([text.len() + 1]).collect();
    let top_end = tables.first().map_or(text.len() + 1, |table| table.span.start);
    let is_hit = |from: usize, to: usize| unread.iter().any(|at| (from..to).contains(at));
    if top.has("format") || !is_hit(0, top_end) {
        check_format(&top, &mut findings);
    }
    if let Some(version) = top.string("version", &mut findings) {
        version.value.clone_into(&mut file.version);
    }
    if let Some(lang) = top.strings("lang", &mut findings) {
        file.lang = lang.into_iter().map(|l| l.value.to_owned()).collect();
    }
    file.extends = references(&top, "extends", &mut findings);
    file.disable = references(&top, "disable", &mut findings);
    file.guard = guard::read(&top, &mut findings);
    let lists = PhraseLists::read(&top, &mut findings);
    let controls = std::mem::take(&mut findings.controls);
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut rules = Vec::new();
    for (table, end) in tables.into_iter().zip(ends) {
        let (before, is_whole) = (findings.list.len(), !is_hit(table.span.start, end));
        let rule = rule::read(table, &lists, &mut seen, &mut findings);
        if is_whole {
            rules.extend(rule);
        } else {
            // What seems to be missing may stand where TOML could not be read.
            findings.forget(before, |finding| matches!(finding.code, "R003" | "R008"));
        }
    }
    (file.rules, file.spans) = rules.into_iter().unzip();
    for rule in &file.rules {
        seen.remove(&rule.id);
    }
    file.unsound = seen.into_keys().collect();
    // In the place of a value that TOML could not read stands one of another type.
    let unread: Vec<usize> = unread.iter().map(|&at| findings.line_of(at)).collect();
    findings.forget(0, |finding| finding.code == "R004" && unread.contains(&finding.line));
    file.lists = FileLists { lists: lists.spans(), controls };
    file.errors = findings.in_order();
    file
}

fn check_format(top: &Table<'_>, findings: &mut Findings<'_>) {
    match top.integer("format", findings) {
        Some(format) if format.value != FORMAT => findings.report(
            "R010",
            format.span,
            format!("rule format {} is not known to this engine", format.value),
            format!("it reads format = {FORMAT}"),
        ),
        None if !top.has("format") => findings.report(
            "R003",
            0..0,
            "missing key `format`",
            format!("begin the file with `format = {FORMAT}`"),
        ),
        Some(_) | None => {}
    }
}

fn references(top: &Table<'_>, key: &str, findings: &mut Findings<'_>) -> Vec<NameReference> {
    let names = top.strings(key, findings).unwrap_or_default();
    let place = |at: &SpannedValue<&str>| findings.source.diagnostic("", at.span.clone(), "", "");
    names.iter().map(|at| NameReference { name: at.value.to_owned(), place: place(at) }).collect()
}

/// The position of `given` among `names`; reports a value that is none of them.
pub(super) fn choose(
    key: &str,
    given: &SpannedValue<&str>,
    names: &[&str],
    findings: &mut Findings<'_>,
) -> Option<usize> {
    let found = names.iter().position(|n| *n == given.value);
    if found.is_none() {
        let mut help = did_you_mean(given.value, names);
        if help.is_empty() && key == "language" {
            "a language is named by its code of two letters, such as `en`".clone_into(&mut help);
        }
        let message = format!("`{}` is no value of `{key}`", given.value);
        findings.report("R005", given.span.clone(), message, help);
    }
    found
}
