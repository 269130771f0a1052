//! A plugin's configuration against the JSON Schema that the plugin gives, before the plugin sees it: a mistake is found
//! without running it, all mistakes at once, and each has a place.

use std::fmt;

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind;
use serde_json::Value;

use crate::Problem;

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
    if schema.trim().is_empty() {
        return Ok(Vec::new());
    }
    let refused = |e: &dyn fmt::Display| SchemaError(e.to_string());
    let schema: Value = serde_json::from_str(schema).map_err(|e| refused(&e))?;
    let validator = jsonschema::validator_for(&schema).map_err(|e| refused(&e))?;
    Ok(validator.iter_errors(config).flat_map(|error| describe(&schema, &error)).collect())
}

fn describe(schema: &Value, error: &ValidationError<'_>) -> Vec<Problem> {
    let place = error.instance_path().as_str();
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
            let known = known_keys(schema, error.schema_path().as_str());
            let problem = |key: &String| Problem {
                pointer: format!("{place}/{}", escaped(key)),
                message: format!("unknown key `{key}`"),
                known: known.clone(),
            };
            unexpected.iter().map(problem).collect()
        }
        _ => vec![Problem { pointer: place.to_owned(), message: error.to_string(), known: Vec::new() }],
    }
}

/// The properties beside an `additionalProperties`.
fn known_keys(schema: &Value, path: &str) -> Vec<String> {
    let beside = path.rfind('/').map_or("", |end| &path[..end]);
    let properties = schema.pointer(beside).and_then(|s| s.get("properties")).and_then(Value::as_object);
    properties.map(|p| p.keys().cloned().collect()).unwrap_or_default()
}

fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
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
}
