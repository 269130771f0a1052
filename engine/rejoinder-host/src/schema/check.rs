//! Holds a configuration to a schema.

use std::fmt;

use boon::{CompileError, Compiler, ErrorKind, InstanceToken, Schemas, SchemeUrlLoader, ValidationError};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::message;
use crate::{Problem, pointer_step};

/// Where a schema stands while it is checked. Nothing is ever fetched.
const ADDRESS: &str = "plugin:///config_schema";

/// An address at the home of the standard: what stands there is taken for a schema without a look at the metaschema, which
/// is most of the work.
const TRUSTED_ADDRESS: &str = "https://json-schema.org/config_schema";

/// A plugin's schema is no JSON Schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaError(String);

impl fmt::Display for SchemaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "its config_schema is no JSON Schema: {}", self.0)
    }
}

/// What of `config` the schema does not allow; nothing where the schema is empty. Places are JSON pointers into `config`.
///
/// # Errors
/// `schema` is no JSON Schema.
pub fn problems(schema: &str, config: &Value) -> Result<Vec<Problem>, SchemaError> {
    problems_at(ADDRESS, schema, config)
}

/// [`problems`] by a schema that is part of this program, and taken for one.
///
/// # Errors
/// `schema` is no JSON, or refers to what is not there.
pub fn problems_by_own_schema(schema: &str, config: &Value) -> Result<Vec<Problem>, SchemaError> {
    problems_at(TRUSTED_ADDRESS, schema, config)
}

fn problems_at(address: &str, schema: &str, config: &Value) -> Result<Vec<Problem>, SchemaError> {
    if schema.trim().is_empty() {
        return Ok(Vec::new());
    }
    let schema: Value = serde_json::from_str(schema).map_err(|e| SchemaError(e.to_string()))?;
    let (mut compiler, mut schemas) = (Compiler::new(), Schemas::new());
    // The usual loader reads files, which a plugin could make it do.
    compiler.use_loader(Box::new(SchemeUrlLoader::new()));
    compiler.add_resource(address, schema.clone()).map_err(|error| refusal(&error))?;
    let compiled = compiler.compile(address, &mut schemas).map_err(|error| refusal(&error))?;
    let mut problems = Vec::new();
    if let Err(error) = schemas.validate(config, compiled) {
        collect(&schema, config, &error, &mut problems);
        // boon keeps some of what it finds in tables without an order.
        problems.sort_by(|a, b| (&a.pointer, &a.message).cmp(&(&b.pointer, &b.message)));
    }
    Ok(problems)
}

fn refusal(error: &CompileError) -> SchemaError {
    let CompileError::ValidationError { src, .. } = error else {
        return SchemaError(format!("{error:#}"));
    };
    let mut innermost = src;
    while let Some(cause) = innermost.causes.first() {
        innermost = cause;
    }
    SchemaError(format!("at `{}`, {}", innermost.instance_location, innermost.kind))
}

/// Adds what is wrong in `config`, each mistake once.
fn collect(schema: &Value, config: &Value, error: &ValidationError<'_, '_>, problems: &mut Vec<Problem>) {
    use ErrorKind as E;
    let place = error.instance_location.to_string();
    let at = |key: &str, message: String, known: Vec<String>| Problem {
        pointer: format!("{place}{}", pointer_step(key)),
        message,
        known,
    };
    let found = match &error.kind {
        E::Group | E::Schema { .. } | E::Reference { .. } | E::AllOf | E::ContentSchema
            if !error.causes.is_empty() =>
        {
            error.causes.iter().for_each(|cause| collect(schema, config, cause, problems));
            return;
        }
        E::AdditionalProperties { got } => {
            let known = known_keys(schema, error.schema_url);
            got.iter().map(|key| at(key, format!("unknown key `{key}`"), known.clone())).collect()
        }
        E::FalseSchema if error.schema_url.ends_with("/unevaluatedProperties") => {
            let message = match error.instance_location.tokens.last() {
                Some(InstanceToken::Prop(key)) => format!("unknown key `{key}`"),
                _ => message::of(&error.kind, config),
            };
            let beside = error.schema_url.trim_end_matches("/unevaluatedProperties");
            vec![Problem { pointer: place, message, known: known_keys(schema, beside) }]
        }
        kind => {
            let value = config.pointer(&place).unwrap_or(config);
            vec![Problem { pointer: place, message: message::of(kind, value), known: Vec::new() }]
        }
    };
    for problem in found {
        if !problems.contains(&problem) {
            problems.push(problem);
        }
    }
}

/// The properties that the schema at an address names.
fn known_keys(schema: &Value, address: &str) -> Vec<String> {
    let place = address.split_once('#').map_or("", |(_, place)| place);
    let place = percent_decode_str(place).decode_utf8_lossy();
    let properties = schema.pointer(&place).and_then(|s| s.get("properties")).and_then(Value::as_object);
    properties.map(|p| p.keys().cloned().collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const SCHEMA: &str = r#"{"type": "object", "additionalProperties": false, "properties":
        {"threshold": {"type": "number", "maximum": 1}, "words": {"type": "array", "items": {"type": "string"}}}}"#;

    fn found(config: &Value) -> Vec<(String, String)> {
        let found = problems(SCHEMA, config).unwrap().into_iter();
        found.map(|p| (p.pointer, p.message)).collect()
    }

    #[test]
    fn every_mistake_has_its_place() {
        assert_eq!(found(&json!({"threshold": 0.5})), []);
        let mut all = found(&json!({"treshold": 1, "threshold": 3, "words": ["a", 2]}));
        all.sort();
        let places: Vec<&str> = all.iter().map(|(place, _)| place.as_str()).collect();
        assert_eq!(places, ["/threshold", "/treshold", "/words/1"]);
        assert!(all[0].1.contains("greater than the maximum of 1"), "{all:?}");
        assert_eq!(all[1].1, "unknown key `treshold`");
    }

    #[test]
    fn an_unknown_key_comes_with_those_that_are_known() {
        let problem = &problems(SCHEMA, &json!({"a/b": 1})).unwrap()[0];
        assert_eq!((problem.pointer.as_str(), problem.known.len()), ("/a~1b", 2));
    }

    #[test]
    fn no_schema_allows_everything_and_a_broken_one_is_refused() {
        assert_eq!(problems(" ", &json!({"x": 1})).unwrap(), []);
        assert!(
            problems("{", &json!({}))
                .unwrap_err()
                .to_string()
                .starts_with("its config_schema is no JSON Schema")
        );
        assert!(problems(r#"{"type": 7}"#, &json!({})).is_err());
    }

    #[test]
    fn the_keys_beside_an_unknown_one_are_known_wherever_the_schema_stands() {
        let schema = r##"{"type": "object", "properties": {"a b": {"type": "array", "items": {"$ref": "#/$defs/one/two"}},
            "open": {"properties": {"z": {}}, "unevaluatedProperties": false}}, "$defs": {"one/two": {}, "one": {"two":
            {"properties": {"x": {}, "y": {}}, "additionalProperties": false}}}}"##;
        let found = problems(schema, &json!({"a b": [{"w": 1}], "open": {"v": 1}})).unwrap();
        let found: Vec<_> = found.iter().map(|p| (&*p.pointer, &*p.message, p.known.join(" "))).collect();
        let unknown = [
            ("/a b/0/w", "unknown key `w`", "x y".to_owned()),
            ("/open/v", "unknown key `v`", "z".to_owned()),
        ];
        assert_eq!(found, unknown);
        let inline =
            r#"{"properties": {"a b/ä%~": {"properties": {"x": {}}, "additionalProperties": false}}}"#;
        assert_eq!(problems(inline, &json!({"a b/ä%~": {"w": 1}})).unwrap()[0].known, ["x"]);
    }

    #[test]
    fn a_mistake_is_told_in_plain_words() {
        let told = |schema: Value, config: Value| {
            let found = problems(&schema.to_string(), &config).unwrap();
            found.iter().map(|p| p.message.clone()).collect::<Vec<_>>().join("; ")
        };
        for (schema, config, words) in [
            (json!({"type": ["string", "null"]}), json!(7), "7 is not of type \"null\" or \"string\""),
            (json!({"enum": ["a", 2]}), json!("b"), "\"b\" is not one of \"a\", 2"),
            (json!({"const": 1}), json!(2), "2 is not 1"),
            (json!({"required": ["a", "b"]}), json!({"a": 1}), "without the key `b`"),
            (json!({"minimum": 0.5}), json!(0), "0 is less than the minimum of 0.5"),
            (json!({"maximum": 1}), json!(1.5), "1.5 is greater than the maximum of 1"),
            (json!({"exclusiveMaximum": 1}), json!(1), "1 is not less than 1"),
            (json!({"multipleOf": 2}), json!(3), "3 is no multiple of 2"),
            (json!({"minLength": 1}), json!(""), "\"\" has fewer than 1 character"),
            (json!({"maxItems": 1}), json!([1, 2]), "[1,2] has more than 1 item"),
            (json!({"uniqueItems": true}), json!([1, 1]), "the items 0 and 1 of [1,1] are equal"),
            (json!({"pattern": "^a"}), json!("b"), "\"b\" does not match the pattern `^a`"),
            (
                json!({"anyOf": [{"minimum": 2}, {"type": "null"}]}),
                json!(1),
                "1 is in none of the forms that the schema allows",
            ),
            (json!({"allOf": [{"minimum": 2}, {"minimum": 2}]}), json!(1), "1 is less than the minimum of 2"),
            (json!({"not": {}}), json!(1), "1 is what the schema rules out"),
        ] {
            assert_eq!(told(schema, config), words);
        }
        let long = told(json!({"type": "string"}), json!(["x".repeat(300)]));
        assert!(long.chars().count() < 130 && long.ends_with("… is not of type \"string\""), "{long}");
    }

    #[test]
    fn a_schema_reads_no_files() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("private.json");
        std::fs::write(&path, r#"{"type": "string"}"#).unwrap();
        for address in [format!("file://{}", path.display()), "https://example.com/s".to_owned()] {
            let schema = json!({"$ref": address}).to_string();
            let refusal = problems(&schema, &json!(7)).unwrap_err().to_string();
            assert!(refusal.starts_with("its config_schema is no JSON Schema"), "{refusal}");
            assert!(problems_by_own_schema(&schema, &json!(7)).is_err());
        }
    }

    #[test]
    fn a_wrong_keyword_is_named_by_its_place() {
        let refusal =
            problems(r#"{"properties": {"a": {"minLength": -1}}}"#, &json!({})).unwrap_err().to_string();
        assert!(refusal.contains("`/properties/a/minLength`"), "{refusal}");
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-3_i64..3).prop_map(Value::from),
            "[#/$a~%]{0,3}|object|string|#|#/\\$defs/a".prop_map(Value::from),
        ];
        let key = prop::sample::select(vec![
            "type",
            "properties",
            "a",
            "items",
            "$ref",
            "$defs",
            "$id",
            "anyOf",
            "not",
            "if",
            "pattern",
            "enum",
            "required",
            "additionalProperties",
            "unevaluatedProperties",
            "minimum",
            "$schema",
            "$anchor",
            "dependentRequired",
        ]);
        leaf.prop_recursive(4, 24, 4, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                prop::collection::vec((key.clone(), inner), 0..4).prop_map(|pairs| pairs
                    .into_iter()
                    .map(|(key, value)| (key.to_owned(), value))
                    .collect()),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        /// A plugin may give any text for a schema. An `$id` such as `//` is resolved against the address where the schema stands,
        /// and may be an address there and none elsewhere.
        #[test]
        fn any_schema_is_refused_or_held_to(schema in any_value(), config in any_value()) {
            let schema = schema.to_string();
            let (checked, trusted) = (problems(&schema, &config), problems_by_own_schema(&schema, &config));
            if checked.is_ok() && (trusted.is_ok() || !schema.contains(r#""$id""#)) {
                prop_assert_eq!(checked, trusted);
            }
        }
    }
}
