//! Configurations that make no sense, and plugins that do not look at theirs.

use serde_json::{Value, json};

use super::config_schema::{parsed, properties};
use super::outcome::{Breach, Outcome, about_to_ask, settled};
use super::{Setting, Subject, material};
use crate::schema;
use crate::state::State;

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

/// A key that no plugin knows.
const UNKNOWN: &str = "no such key, surely";

/// Configurations: most plugins refuse some of them.
pub fn senseless(schema: &str) -> Vec<String> {
    let mut texts = garbage();
    texts.push(at(&[UNKNOWN], json!({"x": [1, null]})).to_string());
    for (key, _) in properties(&parsed(schema)) {
        texts.extend(values().map(|value| json!({ key.as_str(): value }).to_string()));
    }
    texts
}

pub fn bad_config(subject: &Subject, _: &Setting) -> Outcome {
    let schema = &subject.description.config_schema;
    settled((|| {
        let mut takes_garbage = true;
        for text in garbage() {
            takes_garbage &= try_config(subject, &text)?;
        }
        refuses_unknown_keys(subject, &[])?;
        for (key, property) in properties(&parsed(schema)) {
            if takes_all(subject, &[&key])? {
                return Err(format!(
                    "it takes anything for the key `{key}`, be it a number, a list or null: refuse what makes no sense \
                     in `create`, or give the key a type in config_schema"
                )
                .into());
            }
            if !properties(&property).is_empty() {
                refuses_unknown_keys(subject, &[&key])?;
            }
        }
        if takes_garbage { is_looked_at(subject) } else { Ok(()) }
    })())
}

/// Whether a key that nobody knows is refused, at the top or inside of the key `path`. Where a schema allows more keys than it
/// names, on purpose, these have at least a type.
fn refuses_unknown_keys(subject: &Subject, path: &[&str]) -> Result<(), Breach> {
    let schema = &subject.description.config_schema;
    let unknown = at(&[path, &[UNKNOWN]].concat(), json!({"x": [1, null]}));
    let is_taken = try_config(subject, &unknown.to_string())? && allowed(schema, &unknown);
    let is_open =
        is_open(&path.iter().fold(parsed(schema), |schema, key| schema["properties"][*key].clone()));
    if !is_taken || (is_open && !takes_all(subject, &[path, &[UNKNOWN]].concat())?) {
        return Ok(());
    }
    let place = path.iter().map(|key| format!(" inside of `{key}`")).collect::<String>();
    Err(format!(
        "it takes keys that it does not know{place}, so nobody is told of a misspelt one: refuse them in `create`, or say \
         \"additionalProperties\": false in config_schema"
    )
    .into())
}

/// Whether a key may have any value at all.
fn takes_all(subject: &Subject, path: &[&str]) -> Result<bool, Breach> {
    for value in values() {
        let config = at(path, value);
        // Both must hold; the plugin is asked first, so that it says what it has to say.
        if !try_config(subject, &config.to_string())? || !allowed(&subject.description.config_schema, &config)
        {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a plugin looks at its configuration that starts with what is no JSON at all. That alone is no mistake, as the engine
/// holds what it sends to the schema; but then some key must make a difference that can be seen.
fn is_looked_at(subject: &Subject) -> Result<(), Outcome> {
    let schema = parsed(&subject.description.config_schema);
    let configs: Vec<Value> = properties(&schema)
        .iter()
        .flat_map(|(key, property)| samples(property).into_iter().map(|value| at(&[key], value)))
        .filter(|config| allowed(&subject.description.config_schema, config))
        .collect();
    if properties(&schema).is_empty() {
        return Ok(());
    }
    let batch = material::batch(material::TURNS);
    let usual = subject.ask_twice(&mut subject.state()?, &batch)?;
    for config in configs {
        about_to_ask(&format!("a batch with the configuration {config}"));
        let Value::Object(table) = config else { continue };
        let Ok(mut state) = subject.state_with(&subject.completed(table)) else { return Ok(()) };
        if subject.ask(&mut state, &batch)? != usual {
            return Ok(());
        }
    }
    Err("it does not look at its configuration: it starts with anything, also with what is no JSON, and no key of its \
         config_schema changes an answer"
        .to_owned()
        .into())
}

/// Values that a key's schema may allow, of the ends of what it allows.
fn samples(property: &Value) -> Vec<Value> {
    let mut found: Vec<Value> = Vec::new();
    for list in ["enum", "examples"] {
        found.extend(property[list].as_array().into_iter().flatten().cloned());
    }
    let bounds = ["const", "default", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"];
    found.extend(bounds.iter().filter_map(|bound| property.get(*bound)).cloned());
    found.extend([
        json!(true),
        json!(false),
        json!(0),
        json!(1),
        json!(0.5),
        json!(1e6),
        json!("a"),
        json!(""),
    ]);
    let items = &property["items"];
    if items.is_object() {
        found.push(json!([]));
        found.extend(samples(items).into_iter().map(|item| json!([item])));
        found.extend(["thanks", "that", "no"].map(|word| json!([word])));
    }
    let inner = properties(property);
    found.extend(
        inner.iter().flat_map(|(key, schema)| samples(schema).into_iter().map(|value| at(&[key], value))),
    );
    found
}

/// A configuration with one value, at the end of a path of keys.
fn at(path: &[&str], value: Value) -> Value {
    path.iter().rev().fold(value, |value, key| json!({ *key: value }))
}

/// Whether a schema allows a configuration. A broken schema is another check's.
fn allowed(schema: &str, config: &Value) -> bool {
    schema::problems(schema, config).is_ok_and(|problems| problems.is_empty())
}

/// Whether a schema says on purpose that there may be keys which it does not name.
fn is_open(schema: &Value) -> bool {
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
