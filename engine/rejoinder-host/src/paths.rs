//! Files that a plugin's configuration names: the keys that the plugin's schema marks by `"format": "path"`.
//!
//! A relative path begins at the folder of the config. A file counts for the plugin's identity by its content: it may lie
//! elsewhere and be the same, or stay where it is and be another. It is hashed when the plugin is loaded, and the plugin reads it by its
//! path, again in each process and state: a file that is replaced in between is read as it is by then, under the identity of the other.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::{Problem, pointer_step};

/// The format of a schema's strings that are paths of files.
const PATH: &str = "path";

/// A file that a plugin's configuration names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfiguredFile {
    /// The place in the plugin's configuration, as a JSON pointer.
    pub pointer: String,
    /// The file; an absolute path where the folder of the config is known.
    pub path: PathBuf,
}

/// Makes whole the paths in a configuration that a schema marks, and gives the files. A mark counts in `properties`,
/// `additionalProperties` and `items`, to any depth. A schema that is none marks nothing.
pub(crate) fn complete(schema: &str, config: &mut Value, folder: Option<&Path>) -> Vec<ConfiguredFile> {
    let mut files = Vec::new();
    if let Ok(schema) = serde_json::from_str(schema) {
        let folder = folder.map(|folder| std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned()));
        walk(&schema, config, folder.as_deref(), &mut String::new(), &mut files);
    }
    files
}

/// Puts the hashes of files in the places of their paths.
///
/// # Errors
/// What is wrong with each file that cannot be read.
pub(crate) fn identify(files: &[ConfiguredFile], identifying: &mut Value) -> Result<(), Vec<Problem>> {
    let mut problems = Vec::new();
    for file in files {
        match hash(&file.path) {
            Ok(hash) => {
                if let Some(place) = identifying.pointer_mut(&file.pointer) {
                    *place = hash.into();
                }
            }
            Err(error) => problems.push(Problem {
                pointer: file.pointer.clone(),
                message: format!("cannot read the file `{}`: {error}", file.path.display()),
                known: Vec::new(),
            }),
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

fn hash(path: &Path) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(path)?)?;
    Ok(hasher.finalize().to_hex().to_string())
}

fn walk(
    schema: &Value,
    value: &mut Value,
    folder: Option<&Path>,
    pointer: &mut String,
    files: &mut Vec<ConfiguredFile>,
) {
    let mut step = |schema: &Value, value: &mut Value, key: &str| {
        let length = pointer.len();
        pointer.push_str(&pointer_step(key));
        walk(schema, value, folder, pointer, files);
        pointer.truncate(length);
    };
    match value {
        Value::String(text) if schema["format"] == PATH => {
            let path = folder.map_or_else(|| PathBuf::from(&*text), |folder| folder.join(&*text));
            *text = path.display().to_string();
            files.push(ConfiguredFile { pointer: pointer.clone(), path });
        }
        Value::Object(table) => {
            for (key, value) in table {
                let named = schema["properties"].get(key);
                step(named.unwrap_or(&schema["additionalProperties"]), value, key);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                step(&schema["items"], item, &index.to_string());
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const SCHEMA: &str = r#"{"type": "object", "properties": {"model": {"type": "string", "format": "path"}, "name": {"type": "string"},
        "lists": {"type": "array", "items": {"type": "object", "properties": {"a/b": {"format": "path"}}}}},
        "additionalProperties": {"type": "string", "format": "path"}}"#;

    #[test]
    fn marked_paths_begin_at_the_folder_of_the_config_and_others_stay() {
        let mut config =
            json!({"model": "m.onnx", "name": "m.onnx", "lists": [{"a/b": "x", "c": "x"}, 7], "other": "/y"});
        let files = complete(SCHEMA, &mut config, Some(Path::new("/home/me")));
        assert_eq!(
            config,
            json!({"model": "/home/me/m.onnx", "name": "m.onnx", "lists": [{"a/b": "/home/me/x", "c": "x"}, 7], "other": "/y"})
        );
        let mut found: Vec<_> = files.iter().map(|f| (&*f.pointer, f.path.to_str().unwrap())).collect();
        found.sort_unstable();
        let all = [("/lists/0/a~1b", "/home/me/x"), ("/model", "/home/me/m.onnx"), ("/other", "/y")];
        assert_eq!(found, all);
    }

    #[test]
    fn without_a_folder_or_a_mark_paths_stay_as_they_are() {
        let mut config = json!({"model": "m.onnx"});
        assert_eq!(complete(SCHEMA, &mut config, None)[0].path, Path::new("m.onnx"));
        for schema in ["", "{", "true", "[]", r#"{"properties": 7}"#] {
            assert_eq!(complete(schema, &mut config, Some(Path::new("/"))), []);
        }
        assert_eq!(config, json!({"model": "m.onnx"}));
    }

    #[test]
    fn a_file_counts_by_its_content_and_one_that_is_not_there_has_a_place() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("m"), b"bytes").unwrap();
        let mut config = json!({"model": "m", "name": "n"});
        let files = complete(SCHEMA, &mut config, Some(dir.path()));
        let mut identifying = config.clone();
        identify(&files, &mut identifying).unwrap();
        assert_eq!(identifying, json!({"model": blake3::hash(b"bytes").to_hex().to_string(), "name": "n"}));

        std::fs::remove_file(dir.path().join("m")).unwrap();
        let problems = identify(&files, &mut config).unwrap_err();
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].pointer, "/model");
        assert!(problems[0].message.starts_with("cannot read the file `"), "{}", problems[0].message);
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            (0_i64..3).prop_map(Value::from),
            "path|a|/a|\\.\\./a".prop_map(Value::from)
        ];
        let key =
            prop::sample::select(vec!["properties", "additionalProperties", "items", "format", "a", "~/"]);
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
        /// A plugin may give any text for a schema, and a user any value for a config.
        #[test]
        fn each_file_stands_at_its_place(schema in any_value(), config in any_value()) {
            let mut completed = config.clone();
            let files = complete(&schema.to_string(), &mut completed, Some(Path::new("/f")));
            for file in &files {
                prop_assert_eq!(completed.pointer(&file.pointer).and_then(Value::as_str), file.path.to_str());
                prop_assert!(config.pointer(&file.pointer).is_some_and(Value::is_string));
            }
            if files.is_empty() {
                prop_assert_eq!(config, completed);
            }
        }
    }
}
