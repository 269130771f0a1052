//! Configuration, and the life of states.

use serde_json::{Map, Value, json};

use super::outcome::{Breach, Outcome, about_to_ask, outcome, settled};
use super::{Setting, Subject, material};
use crate::schema;
use crate::state::State;

pub fn schema(subject: &Subject, setting: &Setting) -> Outcome {
    let text = &subject.description.config_schema;
    if text.trim().is_empty() {
        return Outcome::Skipped(
            "it has none: mistakes in its configuration are found by itself alone".into(),
        );
    }
    outcome((|| {
        let given = setting.config();
        allows(text, &Value::Object(given.clone()))?;
        let mut config = defaults(text);
        if config.is_empty() {
            return Ok(());
        }
        config.extend(given);
        let config = Value::Object(config);
        allows(text, &config).map_err(|why| format!("of the schema's own defaults, {why}"))?;
        State::create(subject.functions, subject.host, &config.to_string())
            .map(drop)
            .map_err(|why| format!("it does not start with its schema's defaults, {config}: {why}").into())
    })())
}

fn allows(schema: &str, config: &Value) -> Result<(), Breach> {
    match schema::problems(schema, config)?.first() {
        None => Ok(()),
        Some(problem) => Err(format!("config{}: {}", problem.pointer, problem.message).into()),
    }
}

/// What the schema says that a key is where it is left out.
fn defaults(schema: &str) -> Map<String, Value> {
    let properties = properties(schema).into_iter();
    properties.filter_map(|(key, property)| Some((key, property.get("default")?.clone()))).collect()
}

fn properties(schema: &str) -> Map<String, Value> {
    let schema: Value = serde_json::from_str(schema).unwrap_or_default();
    schema["properties"].as_object().cloned().unwrap_or_default()
}

pub fn starts(subject: &Subject, _: &Setting) -> Outcome {
    outcome(subject.state().map(drop))
}

pub fn two_states(subject: &Subject, _: &Setting) -> Outcome {
    settled((|| {
        let batch = material::batch(material::TURNS);
        let (mut one, mut two) = (subject.state()?, subject.state()?);
        let first = subject.ask_twice(&mut one, &batch)?;
        drop(one);
        let second = subject
            .ask(&mut two, &batch)
            .map_err(|why| format!("after the destruction of one state, on the other {why}"))?;
        if second == first {
            Ok(())
        } else {
            Err("two states with the same configuration answer differently".to_owned().into())
        }
    })())
}

/// What no plugin can take: the engine sends objects only, so this must not crash, and may be refused.
fn garbage() -> Vec<String> {
    let mut texts: Vec<String> = ["", "{", "[]", "7", "null", "\"x\"", "{\"a\": 1"].map(str::to_owned).into();
    texts.push(format!("{{\"deep\": {}{}}}", "[".repeat(10_000), "]".repeat(10_000)));
    texts
}

/// Values that hardly any key may have all of.
fn values() -> [Value; 7] {
    [json!(null), json!(-1e300), json!("\0"), json!([[]]), json!([""]), json!({"x": {}}), json!(true)]
}

fn unknown_key() -> Value {
    json!({"no such key, surely": {"x": [1, null]}})
}

/// Configurations: most plugins refuse some of them.
pub fn senseless(schema: &str) -> Vec<String> {
    let mut texts = garbage();
    texts.push(unknown_key().to_string());
    for (key, _) in properties(schema) {
        texts.extend(values().map(|value| json!({ key.as_str(): value }).to_string()));
    }
    texts
}

pub fn bad_config(subject: &Subject, _: &Setting) -> Outcome {
    let schema = &subject.description.config_schema;
    // A broken schema is another check's.
    let allowed = |config: &Value| schema::problems(schema, config).is_ok_and(|problems| problems.is_empty());
    outcome((|| {
        for text in garbage() {
            try_config(subject, &text)?;
        }
        let unknown = unknown_key();
        if try_config(subject, &unknown.to_string())? && allowed(&unknown) && !is_open(schema) {
            return Err(
                "it takes keys that it does not know, so nobody is told of a misspelt one: refuse them in `create`, or \
                 say \"additionalProperties\": false in config_schema"
                    .into(),
            );
        }
        for (key, _) in properties(schema) {
            let mut takes_all = true;
            for value in values() {
                let config = json!({ key.as_str(): value });
                takes_all &= try_config(subject, &config.to_string())? && allowed(&config);
            }
            if takes_all {
                return Err(format!(
                    "it takes anything for the key `{key}`, be it a number, a list or null: refuse what makes no sense \
                     in `create`, or give the key a type in config_schema"
                )
                .into());
            }
        }
        Ok(())
    })())
}

/// Whether a schema says on purpose that there may be keys which it does not name.
fn is_open(schema: &str) -> bool {
    let schema: Value = serde_json::from_str(schema).unwrap_or_default();
    ["additionalProperties", "unevaluatedProperties", "patternProperties"]
        .iter()
        .any(|key| schema.get(key).is_some())
}

/// Whether the plugin starts with such a configuration.
///
/// # Errors
/// It refuses without a message that a user could read.
fn try_config(subject: &Subject, config: &str) -> Result<bool, Breach> {
    let shown: String = config.chars().take(60).collect();
    about_to_ask(&format!("the configuration {shown}"));
    match State::create(subject.functions, subject.host, config) {
        Ok(_) => Ok(true),
        Err(why) if why.contains("does not say why") || why.contains('\u{FFFD}') => {
            Err(format!("to the configuration {shown} it says nothing readable ({why})").into())
        }
        Err(_) => Ok(false),
    }
}
