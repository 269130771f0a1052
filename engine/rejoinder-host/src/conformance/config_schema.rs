//! The schema of a plugin's configuration, and its defaults.

use serde_json::{Map, Value};

use super::outcome::{Breach, Outcome, settled};
use super::{Setting, Subject, material};
use crate::schema;

pub fn schema(subject: &Subject, setting: &Setting) -> Outcome {
    let text = &subject.description.config_schema;
    if text.trim().is_empty() {
        return Outcome::Skipped(
            "it has none: mistakes in its configuration are found by itself alone".into(),
        );
    }
    settled((|| {
        let given = setting.config();
        allows(text, &Value::Object(given.clone()))?;
        let defaults = defaults(&parsed(text));
        if defaults.is_empty() {
            return Ok(());
        }
        let with_defaults = |mut config: Map<String, Value>| {
            fill(&mut config, &defaults);
            config
        };
        let config = Value::Object(with_defaults(given.clone()));
        allows(text, &config).map_err(|why| format!("of the schema's own defaults, {why}"))?;
        let shown = Value::Object(defaults.clone());
        let no_start = |why| format!("with its schema's defaults, {shown}, {why}");
        let mut spelt_out = subject.state_with(&subject.completed(with_defaults(given))).map_err(no_start)?;
        // A default is what holds where the key is left out.
        let batch = material::batch(material::TURNS);
        let left_out = subject.ask_twice(&mut subject.state()?, &batch)?;
        if subject.ask_twice(&mut spelt_out, &batch)? == left_out {
            return Ok(());
        }
        Err(format!(
            "it answers otherwise where its schema's defaults are spelt out, {shown}, than where these keys are left out"
        )
        .into())
    })())
}

fn allows(schema: &str, config: &Value) -> Result<(), Breach> {
    match schema::problems(schema, config)?.first() {
        None => Ok(()),
        Some(problem) => Err(format!("config{}: {}", problem.pointer, problem.message).into()),
    }
}

/// A schema as a value; nothing in particular where it is no JSON, which other checks tell.
pub fn parsed(schema: &str) -> Value {
    serde_json::from_str(schema).unwrap_or_default()
}

/// What the schema says that a key is where it is left out, also inside of keys that are objects.
fn defaults(schema: &Value) -> Map<String, Value> {
    let mut found = Map::new();
    for (key, property) in properties(schema) {
        let inner = defaults(&property);
        match property.get("default") {
            Some(value) => drop(found.insert(key, value.clone())),
            None if !inner.is_empty() => drop(found.insert(key, Value::Object(inner))),
            None => {}
        }
    }
    found
}

/// Adds the defaults of the keys that a configuration leaves out.
fn fill(config: &mut Map<String, Value>, defaults: &Map<String, Value>) {
    for (key, default) in defaults {
        match (config.get_mut(key), default) {
            (None, _) => drop(config.insert(key.clone(), default.clone())),
            (Some(Value::Object(given)), Value::Object(inner)) => fill(given, inner),
            (Some(_), _) => {}
        }
    }
}

/// The keys that a schema of an object names, each with its own schema.
pub fn properties(schema: &Value) -> Map<String, Value> {
    schema["properties"].as_object().cloned().unwrap_or_default()
}
