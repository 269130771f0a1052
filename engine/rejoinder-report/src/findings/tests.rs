use boon::{Compiler, Schemas};
use proptest::prelude::*;
use rejoinder_core::diagnostic::{Diagnostic, SourceText};
use rejoinder_core::printable;
use serde_json::Value;

use super::*;

fn finding(code: &'static str, name: &str, message: &str, help: &str) -> Diagnostic {
    SourceText { name, text: "format = 1\nroute = \"x\"\n" }.diagnostic(code, 19..22, message, help)
}

#[test]
fn a_finding_is_a_result_with_its_rule_and_its_place() {
    let log = sarif(
        &[
            finding("W101", "./rules/my rules.toml", "slow", "spell it out"),
            finding("R005", "/a/b:c.toml", "no", ""),
            finding("W101", "a.toml", "slow", ""),
        ],
        "1.2.3",
    );
    let run = &log["runs"][0];
    assert_eq!((&log["version"], &run["tool"]["driver"]["version"]), (&"2.1.0".into(), &"1.2.3".into()));
    let ids: Vec<&Value> =
        run["tool"]["driver"]["rules"].as_array().unwrap().iter().map(|r| &r["id"]).collect();
    assert_eq!(ids, ["R005", "W101"]);
    assert_eq!(run["tool"]["driver"]["rules"][0]["shortDescription"]["text"], "value not allowed");
    let first = &run["results"][0];
    assert_eq!(
        (&first["ruleId"], &first["ruleIndex"], &first["level"]),
        (&"W101".into(), &1.into(), &"warning".into())
    );
    assert_eq!(first["message"]["text"], "slow\nspell it out");
    let place = &first["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "rules/my%20rules.toml");
    let region = serde_json::json!({ "startLine": 2, "startColumn": 9, "endLine": 2, "endColumn": 12 });
    assert_eq!(place["region"], region);
    let whole = &run["results"][1]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!(whole, "file:///a/b%3Ac.toml");
}

#[test]
fn a_finding_is_a_command_of_a_workflow() {
    let commands = workflow_commands(&[
        finding("R005", "./a,b:c.toml", "100 %: no", "or\nelse"),
        finding("W101", "a.toml", "slow\u{1b}[2J", ""),
    ]);
    assert_eq!(
        commands,
        "::error file=a%2Cb%3Ac.toml,line=2,col=9,endColumn=12,title=R005::100 %25: no%0Aor%0Aelse\n\
         ::warning file=a.toml,line=2,col=9,endColumn=12,title=W101::slow\\u{1b}[2J\n"
    );
}

/// What the standard asks of the parts that are written here.
const SHAPE: &str = r#"{
    "type": "object", "required": ["$schema", "version", "runs"], "additionalProperties": false,
    "properties": {
        "$schema": { "type": "string" },
        "version": { "const": "2.1.0" },
        "runs": { "type": "array", "items": {
            "type": "object", "required": ["tool", "results"], "additionalProperties": false,
            "properties": {
                "columnKind": { "enum": ["utf16CodeUnits", "unicodeCodePoints"] },
                "tool": { "type": "object", "required": ["driver"], "properties": { "driver": {
                    "type": "object", "required": ["name"],
                    "properties": { "rules": { "type": "array", "uniqueItems": true, "items": {
                        "type": "object", "required": ["id"],
                        "properties": {
                            "shortDescription": { "type": "object", "required": ["text"] },
                            "help": { "type": "object", "required": ["text"] }
                        }
                    } } }
                } } },
                "results": { "type": "array", "items": {
                    "type": "object", "required": ["message"],
                    "properties": {
                        "ruleIndex": { "type": "integer", "minimum": 0 },
                        "level": { "enum": ["none", "note", "warning", "error"] },
                        "message": { "type": "object", "required": ["text"] },
                        "locations": { "type": "array", "items": { "properties": { "physicalLocation": { "properties": {
                            "artifactLocation": { "properties": { "uri": { "type": "string", "format": "uri-reference" } } },
                            "region": { "additionalProperties": { "type": "integer", "minimum": 1 } }
                        } } } } }
                    }
                } }
            }
        } }
    }
}"#;

/// A property of a command, by its name.
type Property = (String, String);

/// What a workflow reads of a command: the command, its properties, its text.
fn read(line: &str) -> Option<(String, Vec<Property>, String)> {
    let (head, text) = line.strip_prefix("::")?.split_once("::")?;
    let (command, properties) = head.split_once(' ')?;
    let plain = |text: &str| {
        text.replace("%0D", "\r")
            .replace("%0A", "\n")
            .replace("%3A", ":")
            .replace("%2C", ",")
            .replace("%25", "%")
    };
    let properties: Option<Vec<Property>> = properties
        .split(',')
        .map(|one| one.split_once('=').map(|(key, value)| (key.to_owned(), plain(value))))
        .collect();
    Some((
        command.to_owned(),
        properties?,
        text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%"),
    ))
}

proptest! {
    #[test]
    fn any_text_makes_a_log_that_the_standard_allows(file in any_text(), message in any_text(), help in any_text()) {
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.enable_format_assertions();
        compiler.add_resource("sarif.json", serde_json::from_str(SHAPE).unwrap()).unwrap();
        let shape = compiler.compile("sarif.json", &mut schemas).unwrap();
        let log = sarif(&[finding("R005", &file, &message, &help), finding("W101", &file, "", "")], "1.0.0");
        let read: Value = serde_json::from_str(&log.to_string()).unwrap();
        prop_assert!(schemas.validate(&read, shape).is_ok(), "{}", log);
        prop_assert_eq!(&read, &log);
    }

    #[test]
    fn any_text_makes_one_command_that_says_it(file in any_text(), message in any_text()) {
        let commands = workflow_commands(&[finding("R005", &file, &message, "")]);
        prop_assert_eq!(commands.lines().count(), 1);
        let (command, properties, text) = read(commands.trim_end_matches('\n')).unwrap();
        prop_assert_eq!(command, "error");
        let of = |name: &str| properties.iter().find(|(key, _)| key == name).unwrap().1.clone();
        let shown = |text: &str| printable(&text.replace('\r', "\u{1}")).replace("\\u{1}", "\r");
        prop_assert_eq!(of("file"), shown(plain_path(&file)));
        prop_assert_eq!(text, shown(&message));
        prop_assert_eq!((of("line"), of("col"), of("endColumn")), ("2".into(), "9".into(), "12".into()));
    }
}

fn any_text() -> impl Strategy<Value = String> {
    let special = prop::sample::select(vec![
        "\n",
        "\r",
        "%",
        "%0A",
        "::",
        ":",
        ",",
        "::error::",
        "\u{1b}[2J",
        "\u{202e}",
        "./",
        "/",
        "\\",
        " ",
        "谢",
        "é",
        "a",
        "\"",
        "#",
        "?",
    ]);
    let piece = prop_oneof![4 => special.prop_map(str::to_owned), 1 => any::<char>().prop_map(String::from)];
    prop::collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat().replace('\u{1}', ""))
}
