//! One `[[rule]]`.

use std::collections::HashMap;

use rejoinder_core::Category;
use toml::de::DeTable;

use super::file::choose;
use super::lists::PhraseLists;
use super::matchers::MatcherReader;
use super::{conditions, guard, rule_test};
use crate::codes;
use crate::guard::Guard;
use crate::keys;
use crate::lints::Spans;
use crate::reading::TextReading;
use crate::rule::{MatchPosition, Route, Rule};
use crate::toml_reader::{Findings, SpannedValue, Table};

/// Reads a rule and where its parts stand; `None` if it has errors. `seen` maps ids to the lines where they were first
/// used.
pub(super) fn read(
    table: SpannedValue<&DeTable<'_>>,
    lists: &PhraseLists<'_>,
    seen: &mut HashMap<String, usize>,
    findings: &mut Findings<'_>,
) -> Option<(Rule, Spans)> {
    let before = findings.list.len();
    let line = findings.line_of(table.span.start);
    let table = Table::new(table.value, table.span, "a rule", keys::RULE, findings);
    let id = read_id(&table, line, seen, findings);
    let route = required(&table, "route", findings)
        .and_then(|name| choose("route", &name, &Route::NAMES, findings))
        .map(|i| Route::ALL[i]);
    let category = table.string("category", findings).and_then(|text| read_category(&text, findings));
    if let Some(route @ (Route::Accept | Route::Escalate)) = route
        && !table.has("category")
    {
        findings.report(
            "R003",
            table.span.clone(),
            format!("a rule with route `{}` needs a `category`", route.name()),
            "add category = \"UR1\" … \"UR5\"",
        );
    }
    let allow = read_allow(&table, findings);
    let text = table
        .string("text", findings)
        .and_then(|text| choose("text", &text, &TextReading::NAMES, findings).map(|i| TextReading::ALL[i]));
    let text = text.unwrap_or_default();
    let at = table.string("at", findings).and_then(|at| {
        choose("at", &at, &MatchPosition::NAMES, findings).map(|i| (MatchPosition::ALL[i], at.span))
    });
    let mut matchers = MatcherReader {
        reading: text,
        lists,
        allows_useless: allow.iter().any(|code| code == "W104"),
        capitals: Vec::new(),
        unfoldable: Vec::new(),
    };
    let position = at.as_ref().map_or(MatchPosition::Anywhere, |(place, _)| *place);
    let before_matchers = findings.list.len();
    let phrases = matchers.phrases(&table, "any", position, findings);
    let (regexes, regex_spans) = matchers.regexes(&table, "regex", findings);
    let has_matcher = table.has("any") || table.has("regex");
    if has_matcher && phrases.texts.is_empty() && regexes.is_empty() && findings.list.len() == before_matchers
    {
        let span = table.span_of("any").or(table.span_of("regex")).unwrap_or(table.span.clone());
        let message = "nothing stands in `any` and `regex`, so the rule never hits";
        findings.report("R008", span, message, "name a phrase or regex, or leave the key out");
    }
    let before_conditions = findings.list.len();
    let (conditions, unless_spans) = conditions::read(&table, &mut matchers, findings);
    let weight = table.number("weight", findings).map(|w| w.value);

    if !has_matcher && conditions.is_empty() && findings.list.len() == before_conditions {
        findings.report(
            "R008",
            table.span.clone(),
            "the rule has nothing to match: it would hit every turn",
            "add `any`, `regex`, or a condition such as `max-words` or `similar-to-earlier`",
        );
    }
    if let Some((place, span)) = &at
        && !has_matcher
        && *place != MatchPosition::Anywhere
    {
        findings.report(
            "R008",
            span.clone(),
            "`at` needs a phrase or regex whose place it names",
            "add `any` or `regex`",
        );
    }
    let guard = match route {
        Some(route @ (Route::Reject | Route::Score)) => {
            guard::refuse(&table, route.name(), findings);
            Guard::default()
        }
        _ => guard::read(&table, findings),
    };
    let (tests, test_spans) = rule_test::read(&table, findings);
    let controls = std::mem::take(&mut findings.controls);
    if findings.list.len() > before {
        return None;
    }
    let route = route?;
    let spans = Spans {
        rule: table.span.clone(),
        phrases: phrases.spans,
        listed: phrases.listed,
        capitals: matchers.capitals,
        unfoldable: matchers.unfoldable,
        regexes: regex_spans,
        unless: unless_spans,
        tests: test_spans,
        controls,
    };
    let rule = Rule {
        id: id?,
        category,
        route,
        text,
        phrases: phrases.texts,
        regexes,
        at: position,
        conditions,
        weight: weight.unwrap_or(if route == Route::Reject { -1.0 } else { 1.0 }),
        allow,
        guard,
        tests: tests.into(),
        file: findings.source.name.to_owned(),
        line,
    };
    Some((rule, spans))
}

fn required<'t>(table: &Table<'t>, key: &str, findings: &mut Findings<'_>) -> Option<SpannedValue<&'t str>> {
    if !table.has(key) {
        findings.report(
            "R003",
            table.span.clone(),
            format!("missing key `{key}`"),
            format!("every rule has `{key} = …`"),
        );
    }
    table.string(key, findings)
}

fn read_id(
    table: &Table<'_>,
    line: usize,
    seen: &mut HashMap<String, usize>,
    findings: &mut Findings<'_>,
) -> Option<String> {
    let id = required(table, "id", findings)?;
    let sound = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '-');
    if id.value.is_empty() || !id.value.chars().all(sound) {
        findings.report(
            "R005",
            id.span,
            "an id is made of a-z, 0-9, `.`, `_` and `-`",
            "for example id = \"en.correction.not_what_i_asked\"",
        );
        return None;
    }
    if let Some(first) = seen.get(id.value) {
        findings.report(
            "R006",
            id.span,
            format!("rule id `{}` is already used in line {first}", id.value),
            "ids are unique",
        );
        return None;
    }
    seen.insert(id.value.to_owned(), line);
    Some(id.value.to_owned())
}

/// A category by its code; reports anything else.
pub(super) fn read_category(given: &SpannedValue<&str>, findings: &mut Findings<'_>) -> Option<Category> {
    let found = Category::ALL.into_iter().find(|category| category.code() == given.value);
    if found.is_none() {
        // Each code is one letter away from each other: none is likelier to be meant.
        let all = Category::ALL.map(|category| format!("{} {}", category.code(), category.meaning()));
        let message = format!("`{}` is no value of `category`", given.value);
        findings.report("R005", given.span.clone(), message, all.join("; "));
    }
    found
}

fn read_allow(table: &Table<'_>, findings: &mut Findings<'_>) -> Vec<String> {
    let allowed = table.strings("allow", findings).unwrap_or_default();
    let known = codes::warnings();
    allowed
        .iter()
        .filter_map(|at| choose("allow", at, &known, findings))
        .map(|i| known[i].to_owned())
        .collect()
}
