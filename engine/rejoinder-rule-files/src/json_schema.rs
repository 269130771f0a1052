//! The JSON Schema of rule files, for editors: made of the table of keys, and of the same words that the reader takes.

use rejoinder_core::language::Language;
use serde_json::{Map, Value, json};

use crate::codes;
use crate::keys::{FILE, Key, ListItem, RULE, ValueKind};
use crate::schema::{FORMAT, LONGEST_PHRASE};

/// The JSON Schema (draft 2020-12) of rule files. Every file that it refuses the reader refuses, too; the reader refuses more, such as
/// a regex that is none, or an id that is used twice.
pub fn json_schema() -> Value {
    let mut schema = table(FILE);
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!("rejoinder rule file");
    schema["$defs"] = json!({ "rule": rule(), "column-condition": column_condition() });
    schema
}

fn rule() -> Value {
    let mut schema = table(RULE);
    schema["if"] =
        json!({ "properties": { "route": { "enum": ["accept", "escalate"] } }, "required": ["route"] });
    schema["then"] = json!({ "required": ["category"] });
    schema
}

fn table(keys: &[Key]) -> Value {
    let properties: Map<String, Value> =
        keys.iter().map(|key| (key.name.to_owned(), described(key))).collect();
    let required: Vec<&str> = keys.iter().filter(|key| key.is_required).map(|key| key.name).collect();
    let mut schema = json!({ "type": "object", "properties": properties, "additionalProperties": false });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

fn described(key: &Key) -> Value {
    let mut schema = value(key.value);
    schema["description"] = json!(key.meaning);
    schema
}

fn value(kind: ValueKind) -> Value {
    match kind {
        ValueKind::FormatNumber => json!({ "const": FORMAT }),
        ValueKind::Text => json!({ "type": "string" }),
        ValueKind::RuleId => rule_id(),
        ValueKind::Choice(names) => json!({ "enum": names }),
        ValueKind::Truth => json!({ "type": "boolean" }),
        ValueKind::WordCount => json!({ "type": "integer", "minimum": 1 }),
        ValueKind::Number => json!({ "type": "number" }),
        ValueKind::Share => json!({ "type": "number", "minimum": 0, "maximum": 1 }),
        ValueKind::PositiveShare => json!({ "type": "number", "exclusiveMinimum": 0, "maximum": 1 }),
        ValueKind::Money => json!({ "type": "number", "minimum": 0 }),
        ValueKind::ShareOrTable(keys) => json!({ "anyOf": [value(ValueKind::PositiveShare), table(keys)] }),
        ValueKind::List(of) => list(of),
        ValueKind::Table(keys) => table(keys),
        ValueKind::FilledTable(keys) => {
            let mut schema = table(keys);
            schema["minProperties"] = json!(1);
            schema
        }
        ValueKind::Tables(keys) => {
            let items =
                if std::ptr::eq(keys, RULE) { json!({ "$ref": "#/$defs/rule" }) } else { table(keys) };
            json!({ "type": "array", "items": items })
        }
        ValueKind::PhraseLists => {
            let mut phrases = list(ListItem::Phrase);
            phrases["minItems"] = json!(1);
            json!({ "type": "object", "additionalProperties": phrases })
        }
        ValueKind::ColumnConditions => json!({
            "type": "object",
            "minProperties": 1,
            "propertyNames": { "minLength": 1 },
            "additionalProperties": { "$ref": "#/$defs/column-condition" },
        }),
        ValueKind::ColumnValues => json!({ "type": "object" }),
        ValueKind::FactValues => json!({
            "type": "object",
            "propertyNames": { "pattern": r"^[a-z0-9_-]+\.[a-z0-9_-]+$" },
            "additionalProperties": { "type": ["number", "boolean", "string"] },
        }),
    }
}

fn list(of: ListItem) -> Value {
    let items = match of {
        ListItem::Phrase => json!({ "type": "string", "minLength": 1, "maxLength": LONGEST_PHRASE }),
        ListItem::Regex => json!({ "type": "string", "minLength": 1 }),
        ListItem::RuleId | ListItem::Pack | ListItem::LanguageCode | ListItem::FactCondition => {
            json!({ "type": "string" })
        }
        ListItem::Language => json!({ "enum": Language::CODES[..] }),
        ListItem::Warning => json!({ "enum": codes::warnings() }),
        ListItem::Message => json!({ "type": "string", "pattern": "^([UAS]: |[UA]:$)" }),
    };
    let mut schema = json!({ "type": "array", "items": items });
    if matches!(of, ListItem::Language | ListItem::Message) {
        schema["minItems"] = json!(1);
    }
    schema
}

fn rule_id() -> Value {
    json!({ "type": "string", "pattern": "^[a-z0-9._-]+$" })
}

/// A value of a column, a list of some, or what it must not be; below a name with dots, TOML has a table in a table.
fn column_condition() -> Value {
    let one = json!({ "type": ["string", "number", "boolean"] });
    let some = json!({ "type": "array", "minItems": 1, "items": one });
    let not = json!({ "type": "object", "properties": { "not": { "anyOf": [one, some] } }, "required": ["not"], "additionalProperties": false });
    let deeper = json!({
        "type": "object",
        "minProperties": 1,
        "properties": { "not": false },
        "propertyNames": { "minLength": 1 },
        "additionalProperties": { "$ref": "#/$defs/column-condition" },
    });
    json!({ "anyOf": [one, some, not, deeper] })
}
