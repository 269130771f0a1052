//! `rejoinder rules schema`: the JSON Schema of rule files agrees with their reader.

use std::collections::BTreeSet;

use boon::{Compiler, SchemaIndex, Schemas};
use proptest::prelude::*;
use rejoinder_rules::parse;
use serde_json::Value;

use crate::support::rejoinder;

/// The schema that the command prints, ready to check with.
struct PrintedSchema {
    schemas: Schemas,
    index: SchemaIndex,
}

impl PrintedSchema {
    fn new() -> Self {
        let printed = rejoinder(&["rules", "schema"]).expect(0).json();
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.add_resource("rules.json", printed).unwrap();
        let index = compiler.compile("rules.json", &mut schemas).unwrap();
        Self { schemas, index }
    }

    /// What the schema has against a rule file.
    fn objection(&self, file: &str) -> Option<String> {
        let content: toml::Table = file.parse().unwrap_or_else(|e| panic!("{e}\n{file}"));
        let content = serde_json::to_value(content).unwrap();
        self.schemas.validate(&content, self.index).err().map(|error| error.to_string())
    }
}

#[test]
fn every_shipped_pack_is_as_the_schema_wants_it() {
    let schema = PrintedSchema::new();
    let mut packs = 0;
    for entry in std::fs::read_dir("rules").unwrap() {
        let file = entry.unwrap().path();
        if file.extension().is_some_and(|e| e == "toml") {
            packs += 1;
            let objection = schema.objection(&std::fs::read_to_string(&file).unwrap());
            assert_eq!(objection, None, "{}", file.display());
        }
    }
    assert!(packs >= 8);
}

#[test]
fn every_key_is_described_and_no_other_is_allowed() {
    fn check(schema: &Value, path: &str) {
        if let Some(properties) = schema["properties"].as_object() {
            let is_condition = path.contains("column-condition");
            assert!(
                is_condition || schema["additionalProperties"] == false || schema.get("if").is_none(),
                "{path}"
            );
            for (name, property) in properties {
                let described = property["description"].as_str().is_some_and(|text| text.ends_with('.'));
                assert!(described || is_condition || path.ends_with("/if"), "{path}/{name}");
            }
        }
        match schema {
            Value::Object(parts) => {
                parts.iter().for_each(|(name, part)| check(part, &format!("{path}/{name}")));
            }
            Value::Array(parts) => parts.iter().for_each(|part| check(part, path)),
            _ => {}
        }
    }
    let schema = rejoinder(&["rules", "schema"]).expect(0).json();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    check(&schema, "");
    let rule = &schema["$defs"]["rule"]["properties"];
    for (words, key) in [(4, "route"), (5, "category"), (4, "at")] {
        assert_eq!(rule[key]["enum"].as_array().unwrap().len(), words, "{key}");
    }
    assert!(rule["language"]["items"]["enum"].as_array().unwrap().len() > 60);
    assert!(rule["allow"]["items"]["enum"].as_array().unwrap().len() >= 8);
}

/// A rule file with one mistake, or none.
fn with(rule: &str) -> String {
    format!("format = 1\n[[rule]]\nid = \"a.b\"\nroute = \"score\"\nany = [\"x\"]\n{rule}\n")
}

#[test]
fn the_schema_finds_what_editors_can_find() {
    let schema = PrintedSchema::new();
    for (file, place) in [
        (with("max-words = 0"), "'/rule/0/max-words'"),
        (with("categroy = \"UR1\""), "'categroy' not allowed"),
        (with("category = \"UR9\""), "'/rule/0/category'"),
        (with("language = [\"xx\"]"), "'/rule/0/language/0'"),
        (with("previous-assistant = { apologizes = true }"), "'apologizes' not allowed"),
        (with("similar-to-earlier = 1.5"), "'/rule/0/similar-to-earlier'"),
        (with("min-words = \"3\""), "'/rule/0/min-words'"),
        (with("[rule.guard]\nmin-precision = { share = 2 }"), "'/rule/0/guard/min-precision/share'"),
        (with("[rule.guard]"), "'/rule/0/guard'"),
        (with("where = { plan = { not = [] } }"), "'/rule/0/where/plan/not'"),
        (with("where = { \"\" = 1 }"), "invalid property ''"),
        (with("[lists]\nnone = []"), "'/lists/none'"),
        (with("text = \"raw\""), "'/rule/0/text'"),
        (
            with("[[rule.test]]\ndialogue = [\"U: a\", \"b\"]\nexpect = { route = \"none\" }"),
            "'/rule/0/test/0/dialogue/1'",
        ),
        (with("").replace("score", "accept"), "'category'"),
        ("lang = [\"en\"]".to_owned(), "'format'"),
    ] {
        let objection = schema.objection(&file).unwrap_or_else(|| panic!("no objection to\n{file}"));
        assert!(objection.contains(place), "{place}: {objection}");
    }
    for fine in [
        "text = \"as-written\"\nall-of = [\"c\"]\nany-of = [\"d\", \"e\"]",
        "answer-any = [\"@list\"]\nanswer-regex = ['''x''']\nanswer-unless = ['''y''']",
        "earlier-any = [\"sorry\"]\nearlier-regex = ['''x''']\nearlier-unless = ['''y''']",
        "where = { model = \"gpt\", n = 3, paid = true, plan = { not = \"free\" }, source = [\"a\", 2], a.b = \"c\" }",
        "[rule.guard]\nmax-escalation-share = 0.2\nmin-precision = 0.9",
        "[rule.guard]\nmin-precision = { share = 0.9, bound = \"lower\", of = \"feedback\", against = \"judge\" }\nmax-cost-per-1000 = 1",
        "[[rule.test]]\ndialogue = [\"U: a\"]\ncolumns = { model = \"x\" }\nfacts = { \"a.b\" = 1 }\nexpect = { hits = [] }",
        "[lists]\npraise = [\"good\", \"fine\"]\n[guard]\nmax-accept-share = 0.1",
    ] {
        assert_eq!(schema.objection(&with(fine)), None, "{fine}");
    }
}

fn value() -> impl Strategy<Value = String> {
    let scalars = vec![
        "1",
        "0",
        "-3",
        "0.5",
        "1.5",
        "true",
        "false",
        "\"\"",
        "\"UR2\"",
        "\"accept\"",
        "\"score\"",
        "\"en\"",
        "\"a.b\"",
        "\"A b\"",
        "\"whole\"",
        "\"W101\"",
        "'''\\bx\\b'''",
        "\"U: a\"",
        "\"U:\"",
        "\"A: b\"",
        "\"none\"",
        "2020-01-01",
        "9999999999",
        "\"m.s < 1\"",
        "'(('",
    ];
    let scalar = prop::sample::select(scalars).prop_map(str::to_owned);
    let list =
        prop::collection::vec(scalar.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(", ")));
    let keys = vec![
        "first",
        "last",
        "apologises",
        "has-code",
        "route",
        "category",
        "span",
        "hits",
        "\"m.s\"",
        "model",
        "other",
    ];
    let table = prop::collection::hash_map(
        prop::sample::select(keys),
        prop_oneof![scalar.clone(), list.clone()],
        0..3,
    )
    .prop_map(|entries| {
        let entries: Vec<String> = entries.iter().map(|(key, value)| format!("{key} = {value}")).collect();
        format!("{{ {} }}", entries.join(", "))
    });
    prop_oneof![3 => scalar, 2 => list, 2 => table]
}

/// A sound rule, or test, with some of its keys replaced.
fn edited(keys: Vec<&'static str>) -> impl Strategy<Value = Vec<(&'static str, String)>> {
    prop::collection::hash_map(prop::sample::select(keys), value(), 0..2)
        .prop_map(|edits| edits.into_iter().collect())
}

fn table(sound: &[(&str, &str)], edits: &[(&'static str, String)], left_out: usize) -> String {
    let kept = sound
        .iter()
        .enumerate()
        .filter(|(at, (key, _))| *at != left_out && !edits.iter().any(|(edit, _)| edit == key));
    let kept: String = kept.map(|(_, (key, value))| format!("{key} = {value}\n")).collect();
    kept + &edits.iter().map(|(key, value)| format!("{key} = {value}\n")).collect::<String>()
}

/// A file with every key of rule files.
const EVERY_KEY: &str = r#"format = 1
version = "3"
lang = ["en"]
extends = ["en"]
disable = ["en.positive.thanks_only"]
lists = { praise = ["good", "fine"] }
guard = { max-escalation-share = 0.5, max-accept-share = 0.1, min-precision = 0.9, max-cost-per-1000 = 2 }

[[rule]]
id = "a"
category = "UR2"
route = "escalate"
allow = ["W101"]
text = "as-written"
all-of = ["b"]
any-of = ["c", "d"]
any = ["@praise", "so so"]
regex = ['\bno+\b']
unless = ['never']
at = "start"
answer-any = ["@praise"]
answer-regex = ['sorry']
answer-unless = ['not sorry']
earlier-any = ["please"]
earlier-regex = ['pl[sz]']
earlier-unless = ['thanks']
similar-to-earlier = 0.5
template = false
words-in-answer = 0.25
min-words = 2
max-words = 9
turn = { first = false, last = true }
previous-assistant = { ends-with-question = false, apologises = true, refuses = false, cut-off = false, has-code = false, other-language = false }
language = ["en", "de"]
where = { model = "m", plan = { not = "free" } }
facts = ["mood.sentiment < -0.5"]
weight = 1.5
guard = { min-precision = { share = 0.9, bound = "measured", of = "category", against = "judge" } }

  [[rule.test]]
  dialogue = ["U: a", "A: sorry, b", "U: no"]
  columns = { model = "m" }
  facts = { "mood.sentiment" = -0.8 }
  expect = { route = "escalate", category = "UR2", span = "no", hits = ["a"] }
  todo = "the rules that it builds on"
"#;

/// The keys of the tables of a schema.
fn described_keys(schema: &Value, keys: &mut BTreeSet<String>) {
    match schema {
        Value::Object(parts) => {
            if let Some(Value::Object(properties)) = parts.get("properties") {
                keys.extend(properties.keys().cloned());
            }
            parts.values().for_each(|part| described_keys(part, keys));
        }
        Value::Array(parts) => parts.iter().for_each(|part| described_keys(part, keys)),
        _ => {}
    }
}

/// The keys of the tables of a file.
fn written_keys(content: &toml::Value, keys: &mut BTreeSet<String>) {
    match content {
        toml::Value::Table(table) => {
            keys.extend(table.keys().cloned());
            table.values().for_each(|value| written_keys(value, keys));
        }
        toml::Value::Array(items) => items.iter().for_each(|item| written_keys(item, keys)),
        _ => {}
    }
}

#[test]
fn every_key_is_one_that_the_reader_takes() {
    let errors = parse("every-key.toml", EVERY_KEY).errors;
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(PrintedSchema::new().objection(EVERY_KEY), None);
    let [mut described, mut written] = [BTreeSet::new(), BTreeSet::new()];
    described_keys(&rejoinder(&["rules", "schema"]).expect(0).json(), &mut described);
    written_keys(&EVERY_KEY.parse::<toml::Table>().unwrap().into(), &mut written);
    let forgotten: Vec<_> = described.difference(&written).collect();
    assert!(forgotten.is_empty(), "{forgotten:?}");
    let drawn = [&FILE_KEYS[..], &RULE_KEYS, &TEST_KEYS].concat();
    let file: toml::Table = EVERY_KEY.parse().unwrap();
    let rule = &file["rule"][0];
    let tables = [&file, rule.as_table().unwrap(), rule["test"][0].as_table().unwrap()];
    for key in tables.iter().flat_map(|table| table.keys()) {
        assert!(drawn.contains(&key.as_str()), "`{key}` is never drawn");
    }
}

/// Keys that are read; values are drawn without a look at the key.
const FILE_KEYS: [&str; 9] =
    ["format", "version", "lang", "extends", "disable", "lists", "guard", "rules", "rule"];
const RULE_KEYS: [&str; 31] = [
    "id",
    "category",
    "route",
    "any",
    "regex",
    "unless",
    "text",
    "at",
    "answer-any",
    "answer-regex",
    "answer-unless",
    "earlier-any",
    "earlier-regex",
    "earlier-unless",
    "where",
    "all-of",
    "any-of",
    "guard",
    "min-words",
    "max-words",
    "turn",
    "language",
    "similar-to-earlier",
    "template",
    "words-in-answer",
    "facts",
    "previous-assistant",
    "weight",
    "allow",
    "test",
    "other",
];
const TEST_KEYS: [&str; 6] = ["dialogue", "columns", "facts", "expect", "todo", "other"];

#[test]
fn what_the_reader_takes_the_schema_takes() {
    let schema = PrintedSchema::new();
    let (mut taken, mut refused) = (0, 0);
    let parts = (
        edited(FILE_KEYS.to_vec()),
        edited(RULE_KEYS.to_vec()),
        edited(TEST_KEYS.to_vec()),
        0..20usize,
        0..40usize,
        0..20usize,
    );
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(4000));
    let counts = std::cell::RefCell::new((&mut taken, &mut refused));
    runner
        .run(&parts, |(file, rule, test, of_file, of_rule, of_test)| {
            let top = table(&[("format", "1"), ("lang", "[\"en\"]")], &file, of_file);
            let sound =
                [("id", "\"a\""), ("route", "\"escalate\""), ("category", "\"UR2\""), ("any", "[\"x\"]")];
            let rule = table(&sound, &rule, of_rule);
            let test = table(
                &[("dialogue", "[\"U: a\", \"A: b\", \"U: x\"]"), ("expect", "{ route = \"none\" }")],
                &test,
                of_test,
            );
            let mut text = top.clone();
            if !top.contains("\nrule = ") && !top.starts_with("rule = ") {
                text += &format!("[[rule]]\n{rule}");
                if !rule.contains("\ntest = ") && !rule.starts_with("test = ") {
                    text += &format!("[[rule.test]]\n{test}");
                }
            }
            let errors = parse("t", &text).errors;
            let objection = schema.objection(&text);
            if errors.is_empty() {
                prop_assert_eq!(objection, None, "{}", text);
                *counts.borrow_mut().0 += 1;
            } else if objection.is_some() {
                *counts.borrow_mut().1 += 1;
            }
            Ok(())
        })
        .unwrap();
    assert!(taken > 200 && refused > 1000, "{taken} taken, {refused} refused");
}
