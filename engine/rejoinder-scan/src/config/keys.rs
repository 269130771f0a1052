//! The config's keys as its types declare them: the JSON Schema for editors, and the names of the environment variables
//! that override them. Nothing here is listed by hand, so nothing can be forgotten.

use std::collections::BTreeMap;

use rejoinder_read::Format;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::Value;

use super::Config;

/// What the environment variables of the config begin with.
pub(super) const PREFIX: &str = "REJOINDER_";

/// The schema of [`rejoinder_read::Mapping`].
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
pub(super) struct MappingSchema {
    /// ConfigKey of the conversation's id.
    #[serde(default)]
    id: Option<String>,
    /// ConfigKey of the list of messages.
    #[serde(default)]
    messages: Option<String>,
    /// ConfigKey of a message's role.
    #[serde(default)]
    role: Option<String>,
    /// ConfigKey of a message's text.
    #[serde(default)]
    content: Option<String>,
    /// The source's names of roles, to `system`, `user`, `assistant` or `tool`.
    #[serde(default)]
    roles: BTreeMap<String, String>,
}

/// The schema of [`rejoinder_core::Purpose`].
pub(super) fn purpose_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": ["string", "array"], "items": { "type": "string" } })
}

/// The schema of a recall that a cut ships for.
pub(super) fn shipped_recall_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "number", "enum": [0.8, 0.9, 0.95] })
}

/// The schema of a precision that cuts ship for.
pub(super) fn shipped_precision_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "number", "enum": [0.8, 0.85, 0.9, 0.95] })
}

/// The schema of [`super::BaseUrl`], which may be left out.
pub(super) fn base_url_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": ["string", "array", "null"], "items": { "type": "string" } })
}

/// The schema of [`rejoinder_read::Format`].
pub(super) fn format_schema(_: &mut SchemaGenerator) -> Schema {
    let names = Format::all().map(|format| Value::from(format.name()));
    let or_none: Vec<Value> = names.chain([Value::Null]).collect();
    json_schema!({ "type": ["string", "null"], "enum": or_none })
}

/// The schema of [`rejoinder_read::Duplicates`].
pub(super) fn duplicates_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": ["exact", "near", "keep"] })
}

/// The JSON Schema (draft 2020-12) of the config file.
pub fn schema() -> Value {
    let mut generator = SchemaSettings::draft2020_12().with(|s| s.inline_subschemas = true).into_generator();
    let mut schema = generator.root_schema_for::<Config>();
    schema.insert("title".to_owned(), "rejoinder config".into());
    schema.to_value()
}

/// A key that holds one value and can be set by an environment variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ConfigKey {
    /// The place of the key in the config, as a JSON pointer: `/judge/base-url`.
    pub(super) pointer: String,
    /// `judge.base-url`
    pub(super) name: String,
    /// `REJOINDER_JUDGE_BASE_URL`
    pub(super) variable: String,
    /// Whether the value is text, rather than a number or a truth value.
    pub(super) is_text: bool,
    /// Whether the key may be unset.
    pub(super) is_optional: bool,
}

/// All keys that can be set by an environment variable; `format` belongs to the file, and cannot.
pub(super) fn keys() -> Vec<ConfigKey> {
    let mut keys = Vec::new();
    collect(&schema(), &mut Vec::new(), &mut keys);
    // `window.messages` and the older `window-messages`: the key in a table is told apart by two underscores behind the table's name.
    let all: Vec<String> = keys.iter().map(|key| key.variable.clone()).collect();
    for key in &mut keys {
        let is_taken = all.iter().filter(|variable| **variable == key.variable).count() > 1;
        if let Some((table, step)) =
            key.name.rsplit_once('.').filter(|(table, _)| is_taken && table.contains('.'))
        {
            let spelled = |text: &str| text.to_uppercase().replace(['.', '-'], "_");
            key.variable = format!("{PREFIX}{}__{}", spelled(table), spelled(step));
        }
    }
    keys.retain(|key| key.name != "format");
    keys
}

fn collect(schema: &Value, path: &mut Vec<String>, keys: &mut Vec<ConfigKey>) {
    let Some(properties) = schema["properties"].as_object() else {
        let types: Vec<&str> = match &schema["type"] {
            Value::String(one) => vec![one],
            Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
            // An enum whose values are documented one by one.
            _ if schema["oneOf"].is_array() => vec!["string"],
            _ => Vec::new(),
        };
        if types.iter().any(|t| matches!(*t, "string" | "integer" | "number" | "boolean")) {
            let name = path.join(".");
            keys.push(ConfigKey {
                pointer: path.iter().map(|step| format!("/{step}")).collect(),
                variable: format!("{PREFIX}{}", name.to_uppercase().replace(['.', '-'], "_")),
                name,
                is_text: types.contains(&"string"),
                is_optional: types.contains(&"null"),
            });
        }
        return;
    };
    for (name, property) in properties {
        path.push(name.clone());
        collect(property, path, keys);
        path.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_named_after_their_keys() {
        let keys = keys();
        let of = |name: &str| keys.iter().find(|k| k.name == name).map(|k| k.variable.as_str());
        assert_eq!(of("judge.base-url"), Some("REJOINDER_JUDGE_BASE_URL"));
        assert_eq!(of("budget.calls"), Some("REJOINDER_BUDGET_CALLS"));
        assert_eq!(of("input.map.id"), Some("REJOINDER_INPUT_MAP_ID"));
        assert_eq!(of("judge.unit"), Some("REJOINDER_JUDGE_UNIT"), "an enum");
        assert_eq!(of("for"), Some("REJOINDER_FOR"), "text or a list");
        assert_eq!(of("judge.window-messages"), Some("REJOINDER_JUDGE_WINDOW_MESSAGES"));
        assert_eq!(of("judge.window.messages"), Some("REJOINDER_JUDGE_WINDOW__MESSAGES"));
        assert_eq!(of("format"), None);
        let mut variables: Vec<&str> = keys.iter().map(|k| k.variable.as_str()).collect();
        variables.sort_unstable();
        variables.dedup();
        assert_eq!(variables.len(), keys.len(), "two keys share a variable");
    }
}
