//! `config show`, `config schema`, the environment's variables, and completions, as users see them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::{DIALOGUES, Ended, command, figure, folder, rejoinder, text, write};

/// Runs the command with environment variables.
fn with_env(args: &[&str], variables: &[(&str, &str)]) -> Ended {
    command(args).envs(variables.iter().copied()).output().unwrap().into()
}

#[test]
fn show_tells_each_value_with_its_origin_and_flags_win_over_environment_over_file() {
    let dir = folder();
    let file = "format = 1\n[judge]\nmodel = \"from-file\"\nmax-tokens = 99\n[budget]\ncalls = 1\n[input]\nmin-messages = 2\n";
    let config = write(dir.path(), "c.toml", file);
    let args = ["config", "show", "--config", &config, "--min-messages", "4"];
    let variables = [
        ("REJOINDER_BUDGET_CALLS", "7"),
        ("REJOINDER_INPUT_MIN_MESSAGES", "3"),
        ("REJOINDER_JUDGE_MODEL", "from-environment"),
    ];
    let shown = with_env(&[&args[..], &["--json"]].concat(), &variables).expect(0).json();
    let values: BTreeMap<&str, (&Value, &str, &str)> = shown["values"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| {
            let of = |name: &str| v[name].as_str().unwrap();
            (of("key"), (&v["value"], of("origin"), of("place")))
        })
        .collect();
    let line_4 = format!("{config}:4");
    for (key, value, origin, place) in [
        ("input.min-messages", json!(4), "flag", "--min-messages"),
        ("budget.calls", json!(7), "environment", "REJOINDER_BUDGET_CALLS"),
        ("judge.model", json!("from-environment"), "environment", "REJOINDER_JUDGE_MODEL"),
        ("judge.max-tokens", json!(99), "file", &line_4),
        ("judge.base-url", Value::Null, "default", "default"),
    ] {
        assert_eq!(values[key], (&value, origin, place), "{key}");
    }
    assert_eq!(shown["config"]["judge"]["model"], "from-environment");
    let text = with_env(&args, &variables).expect(0).stdout;
    let line = text.lines().find(|l| l.starts_with("judge.max-tokens ")).unwrap();
    assert!(line.contains(" 99 ") && line.ends_with("c.toml:4"), "{line}");
}

#[test]
fn show_tells_the_keys_of_a_plugin_that_are_unset_too() {
    let dir = folder();
    let config = write(dir.path(), "c.toml", "format = 1\n[[plugin]]\nname = \"rephrase\"\n");
    let shown = rejoinder(&["config", "show", "--config", &config, "--json"]).expect(0).json();
    for key in ["plugin[0].candidates", "plugin[0].python", "plugin[0].isolation"] {
        let row = shown["values"].as_array().unwrap().iter().find(|row| row["key"] == key);
        assert_eq!(row.map(|row| &row["value"]), Some(&Value::Null), "{key}");
    }
}

#[test]
fn a_secret_is_never_shown() {
    let variables = [("REJOINDER_JUDGE_API_KEY_ENV", "MY_KEY"), ("MY_KEY", "sk-very-secret")];
    for args in [&["config", "show"][..], &["config", "show", "--json"]] {
        let ended = with_env(args, &variables).expect(0);
        assert!(ended.stdout.contains("MY_KEY") && !ended.stdout.contains("sk-very-secret"));
    }
}

#[test]
fn the_environment_decides_a_run_and_a_wrong_variable_stops_it() {
    let dir = folder();
    let run = text(&dir.path().join("run"));
    let args = ["run", DIALOGUES, "--json", "--out", &run];
    let summary = with_env(&args, &[("REJOINDER_INPUT_MIN_MESSAGES", "4")]).expect(0).json();
    assert!(figure(&summary, "too_short") > 0);
    let wrong = with_env(&["run", DIALOGUES], &[("REJOINDER_INPUT_MIN_MESAGES", "4")]).expect(7);
    assert!(wrong.stderr.contains("did you mean `REJOINDER_INPUT_MIN_MESSAGES`?"), "{}", wrong.stderr);
    // Resuming under a variable that decides otherwise is refused like any other change.
    let refused = with_env(&["resume", &run], &[("REJOINDER_INPUT_MIN_MESSAGES", "5")]).expect(7);
    assert!(refused.stderr.contains("input.min-messages: was 4, is 5"), "{}", refused.stderr);
    rejoinder(&["resume", &run]).expect(0);
}

#[test]
fn a_mistyped_key_or_value_gets_a_suggestion() {
    let dir = folder();
    for (toml, expected) in [
        ("format = 1\n[judge]\nmodle = \"x\"\n", "did you mean `model`?"),
        ("format = 1\n[judges]\n", "did you mean `judge`?"),
        ("format = 1\n[judge]\nunit = \"turns\"\n", "did you mean `turn`?"),
        ("format = 1\n[input.map]\nmesages = \"x\"\n", "did you mean `messages`?"),
        ("format = 1\n[budget]\nfrobnicate = 1\n", "`frobnicate`"),
    ] {
        let config = write(dir.path(), "c.toml", toml);
        let ended = rejoinder(&["config", "show", "--config", &config]).expect(7);
        assert!(ended.stderr.contains(expected) && ended.stderr.contains("c.toml:"), "{}", ended.stderr);
    }
}

/// Where a value breaks a schema; of JSON Schema what the config's uses.
fn violation(schema: &Value, value: &Value, at: &str) -> Option<String> {
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().map(|t| t.as_str().unwrap()).collect(),
        _ => Vec::new(),
    };
    let fits = |name: &str| match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("type {other} is new here"),
    };
    if !types.is_empty() && !types.iter().any(|t| fits(t)) {
        return Some(format!("{at}: {value} is none of {types:?}"));
    }
    if let Some(one_of) = schema["oneOf"].as_array()
        && !one_of.iter().any(|s| s["const"] == *value)
    {
        return Some(format!("{at}: {value} is no value of the enum"));
    }
    if let Some(names) = schema["enum"].as_array()
        && !names.contains(value)
    {
        return Some(format!("{at}: {value} is no value of the enum"));
    }
    if let (Some(fields), Some(properties)) = (value.as_object(), schema["properties"].as_object()) {
        for required in schema["required"].as_array().into_iter().flatten() {
            if !fields.contains_key(required.as_str().unwrap()) {
                return Some(format!("{at}: no {required}"));
            }
        }
        for (name, field) in fields {
            let at = format!("{at}.{name}");
            match properties.get(name) {
                Some(property) => {
                    if let Some(broken) = violation(property, field, &at) {
                        return Some(broken);
                    }
                }
                None if schema["additionalProperties"] == false => return Some(format!("{at}: unknown")),
                None => {}
            }
        }
    }
    let items = value.as_array().into_iter().flatten().enumerate();
    items.filter_map(|(i, item)| violation(&schema["items"], item, &format!("{at}[{i}]"))).next()
}

/// Each key of the schema, with a value that it allows, as a TOML file of its own.
fn one_key_files(schema: &Value, table: &str, files: &mut Vec<(String, String)>) {
    for (name, property) in schema["properties"].as_object().unwrap() {
        let path = if table.is_empty() { name.clone() } else { format!("{table}.{name}") };
        let types = property["type"].to_string();
        let value = match () {
            () if path == "format" => continue,
            () if path == "plugin" => {
                let mut inner = Vec::new();
                one_key_files(&property["items"], "", &mut inner);
                files.extend(inner.into_iter().map(|(key, toml)| {
                    let needed = match key.as_str() {
                        "name" => "",
                        "timeout" => "name = \"x\"\nisolation = \"process\"\n",
                        _ => "name = \"x\"\n",
                    };
                    (format!("plugin.{key}"), format!("[[plugin]]\n{needed}{toml}"))
                }));
                continue;
            }
            () if property["properties"].is_object() => {
                one_key_files(property, &path, files);
                continue;
            }
            () if path == "for" => "\"kto\"".to_owned(),
            () if path.starts_with("cascade.") && property["enum"].is_array() => {
                property["enum"][0].to_string()
            }
            () if path.starts_with("cascade.") && types.contains("boolean") => "true".to_owned(),
            () if path.starts_with("cascade.") => "0.5".to_owned(),
            () if path == "judge.base-url" => "\"http://x\"".to_owned(),
            () if path == "input.lang" => "[\"de\"]".to_owned(),
            () if property["enum"].is_array() => property["enum"][0].to_string(),
            () if path == "blake3" => format!("\"{}\"", "0".repeat(64)),
            () if path == "timeout" => "\"5s\"".to_owned(),
            () if types.contains("string") => "\"x\"".to_owned(),
            () if types.contains("integer") || types.contains("number") => "3".to_owned(),
            () if types.contains("boolean") => "true".to_owned(),
            () if types.contains("array") => "[\"x\"]".to_owned(),
            () if property["oneOf"].is_array() => property["oneOf"][0]["const"].to_string(),
            () if property["anyOf"][0]["oneOf"].is_array() => {
                property["anyOf"][0]["oneOf"][0]["const"].to_string()
            }
            // Tables with free keys, and what a plugin checks itself.
            () => "{ a = \"user\" }".to_owned(),
        };
        let needed = match path.as_str() {
            "for" => "cascade.recall = 0.5\n[[plugin]]\nname = \"x\"\n",
            _ if path.starts_with("cascade.") => "[[plugin]]\nname = \"x\"\n",
            "budget.money" => "judge.price.input = 1\n",
            "budget.gpu-seconds" => "judge.price.gpu-seconds-output = 1\n",
            _ => "",
        };
        files.push((path.clone(), format!("{path} = {value}\n{needed}")));
    }
}

#[test]
fn the_schema_and_the_parser_agree_on_every_key() {
    let dir = folder();
    let schema = rejoinder(&["config", "schema"]).expect(0).json();
    // What the engine writes fits the schema.
    let shown = rejoinder(&["config", "show", "--json"]).expect(0).json();
    assert_eq!(violation(&schema, &shown["config"], "config"), None);
    let mut unknown = shown["config"].clone();
    unknown["judge"]["modle"] = json!("x");
    assert!(violation(&schema, &unknown, "config").unwrap().contains("judge.modle: unknown"));
    // What the schema offers is understood, and nothing beside it.
    let mut files = Vec::new();
    one_key_files(&schema, "", &mut files);
    assert!(files.len() > 25, "{files:?}");
    for (key, toml) in files {
        let config = write(dir.path(), "c.toml", format!("format = 1\n{toml}"));
        let ended = rejoinder(&["config", "show", "--config", &config]);
        assert_eq!(ended.code, 0, "{key}: {}", ended.stderr);
        let mistyped = toml.replacen(" = ", "x = ", 1);
        let config = write(dir.path(), "c.toml", format!("format = 1\n{mistyped}"));
        let ended = rejoinder(&["config", "show", "--config", &config]).expect(7);
        assert!(ended.stderr.contains("unknown field"), "{key}: {}", ended.stderr);
    }
}

#[test]
fn completions_know_the_verbs_in_every_shell() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = rejoinder(&["completions", shell]).expect(0).stdout;
        for word in ["resume", "min-messages", "completions"] {
            assert!(script.contains(word), "{shell}: no `{word}`");
        }
    }
    rejoinder(&["completions", "tcsh"]).expect(2);
    let dir = folder();
    let script = write(dir.path(), "rejoinder.bash", rejoinder(&["completions", "bash"]).stdout);
    if let Ok(checked) = std::process::Command::new("bash").args(["-n", &script]).status() {
        assert!(checked.success(), "bash does not understand the script");
    }
}

#[test]
fn paths_in_a_config_that_is_named_without_a_folder_hold_wherever_a_run_is_read() {
    let dir = folder();
    write(dir.path(), "in.jsonl", std::fs::read(DIALOGUES).unwrap());
    write(
        dir.path(),
        "p.toml",
        "format = 1\n[[rule]]\nid = \"p.ok\"\ncategory = \"UR5\"\nroute = \"accept\"\nany = [\"thanks\"]\n",
    );
    write(dir.path(), "c.toml", "format = 1\n[rules]\npacks = [\"./p.toml\"]\n");
    let args = ["run", "in.jsonl", "--config", "c.toml", "--out", "run"];
    let ended = command(&args).current_dir(dir.path()).output().unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    let shown = rejoinder(&["show", &text(&dir.path().join("run")), "--accepted"]).expect(0).stdout;
    assert!(shown.contains("p.ok"), "{shown}");
}
