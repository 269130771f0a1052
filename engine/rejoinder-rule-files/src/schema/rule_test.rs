//! The dialogues that authors put beside their rules.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::de::DeValue;

use super::file::choose;
use super::rule::read_category;
use super::where_columns;
use crate::fact::{FactValue, GivenFact, is_name};
use crate::keys;
use crate::rule::{Expectation, RuleTest};
use crate::toml_reader::{Findings, Table, double};

/// The tests of a rule, and where they stand.
pub(super) fn read(table: &Table<'_>, findings: &mut Findings<'_>) -> (Vec<RuleTest>, Vec<Range<usize>>) {
    let (mut tests, mut spans) = (Vec::new(), Vec::new());
    for test in table.tables("test", findings) {
        let line = findings.line_of(test.span.start);
        let test = Table::new(test.value, test.span, "a rule test", keys::TEST, findings);
        let dialogue = read_dialogue(&test, findings);
        let Some(expect) = read_expect(&test, findings) else {
            findings.report(
                "R009",
                test.span.clone(),
                "a test expects something",
                "add expect = { route = \"…\" }",
            );
            continue;
        };
        let todo = test.string("todo", findings).map(|t| t.value.to_owned());
        let columns = where_columns::given(&test, findings);
        let facts = read_facts(&test, findings);
        tests.push(RuleTest { dialogue, columns, facts, expect, todo, line });
        spans.push(test.span);
    }
    (tests, spans)
}

fn read_dialogue(test: &Table<'_>, findings: &mut Findings<'_>) -> Vec<String> {
    let dialogue = test.strings("dialogue", findings).unwrap_or_default();
    for message in &dialogue {
        if !["U: ", "A: ", "S: "].iter().any(|role| message.value.starts_with(role))
            && !matches!(message.value, "U:" | "A:")
        {
            findings.report("R009", message.span.clone(), "a message begins with `U: `, `A: ` or `S: `", "");
        }
    }
    if !dialogue.last().is_some_and(|m| m.value.starts_with("U:")) {
        findings.report(
            "R009",
            test.span.clone(),
            "a test's dialogue ends with the user turn under test",
            "end `dialogue` with \"U: …\"",
        );
    }
    dialogue.iter().map(|m| m.value.to_owned()).collect()
}

/// What plugins tell of the turn under test: `{ "plugin.fact" = value }`.
fn read_facts(test: &Table<'_>, findings: &mut Findings<'_>) -> BTreeMap<String, GivenFact> {
    let mut facts = BTreeMap::new();
    let Some(table) = test.table("facts", findings) else { return facts };
    for (name, value) in table.value {
        let is_name =
            name.get_ref().split_once('.').is_some_and(|(plugin, fact)| is_name(plugin) && is_name(fact));
        let given = match value.get_ref() {
            DeValue::Boolean(is) => Some(FactValue::Truth(*is)),
            DeValue::String(word) => Some(FactValue::Word((**word).into())),
            other => double(other).map(FactValue::Number),
        };
        match given {
            Some(given) if is_name => {
                let given = GivenFact { value: given, place: findings.place(name.span()).into() };
                facts.insert(name.get_ref().to_string(), given);
            }
            Some(_) => findings.report(
                "R009",
                name.span(),
                format!("`{}` names no fact of a plugin", name.get_ref().escape_debug()),
                "write it in quotes, as in facts = { \"mood.sentiment\" = -0.8 }",
            ),
            None => {
                let help = "write a fact's name in quotes, as in facts = { \"mood.sentiment\" = -0.8 }";
                let found = match value.get_ref().as_float() {
                    Some(float) => format!("`{}`, which no plugin can tell", float.as_str()),
                    None => value.get_ref().type_str().to_owned(),
                };
                let message = format!(
                    "the fact `{}` must be a number, true or false, or a word, found {found}",
                    name.get_ref().escape_debug(),
                );
                findings.report("R004", value.span(), message, help);
            }
        }
    }
    facts
}

fn read_expect(test: &Table<'_>, findings: &mut Findings<'_>) -> Option<Expectation> {
    let table = test.table("expect", findings)?;
    let table = Table::new(table.value, table.span, "`expect`", keys::EXPECT, findings);
    let route = table.string("route", findings);
    if let Some(route) = &route {
        choose("route", route, &keys::EXPECTED_ROUTES, findings);
    }
    let expect = Expectation {
        route: route.map(|r| r.value.to_owned()),
        category: table.string("category", findings).and_then(|c| read_category(&c, findings)),
        span: table.string("span", findings).map(|s| s.value.to_owned()),
        hits: table.strings("hits", findings).map(|hits| hits.iter().map(|h| h.value.to_owned()).collect()),
    };
    (expect != Expectation::default()).then_some(expect)
}
