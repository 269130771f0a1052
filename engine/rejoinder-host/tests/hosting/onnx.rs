//! The plugin `onnx`, built without a runtime, in an engine: its schema, its files, and its refusal.

use std::path::Path;

use rejoinder_host::{LoadCause, LoadContext, LoadError, PluginSpec, Registry};
use rejoinder_plugin_onnx::PLUGIN;
use serde_json::{Value, json};

/// The plugin with the tiny model of its own tests, and with keys of another config over its.
fn loaded(over: &Value) -> Result<Registry, LoadError> {
    let labels = json!(["none", "UR1", "UR2", "UR3", "UR4", "UR5"]);
    let mut config = json!({"model": "tiny.onnx", "tokenizer": "tokenizer.json", "labels": labels});
    for (key, value) in over.as_object().into_iter().flatten() {
        config[key] = value.clone();
    }
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/rejoinder-plugin-onnx/tests/data");
    let spec = PluginSpec { config, folder: Some(data), ..PluginSpec::named("onnx") };
    Registry::load(&[spec], &LoadContext { built_in: &[&PLUGIN], ..LoadContext::default() })
}

#[test]
fn what_the_schema_does_not_allow_and_files_that_are_not_there_are_mistakes_at_their_keys() {
    for (over, pointer, words) in [
        (json!({"model": "no.onnx"}), "/model", "cannot read the file `"),
        (json!({"tokenizer": "../no.json"}), "/tokenizer", "cannot read the file `"),
        (json!({"labels": []}), "/labels", "[] has fewer than 1 item"),
        (json!({"max-tokens": 4}), "/max-tokens", "4 is less than the minimum of 8"),
        (json!({"activation": "tanh"}), "/activation", "\"tanh\" is not one of"),
        (json!({"accept-at": 0}), "/accept-at", "0 is not greater than 0"),
        (json!({"lables": []}), "/lables", "unknown key `lables`"),
        (json!({"calibrated-for": "praise"}), "/calibrated-for", "`praise` is no purpose"),
    ] {
        let LoadCause::Config { problems, .. } = loaded(&over).unwrap_err().cause else { panic!("{over}") };
        assert_eq!((problems.len(), problems[0].pointer.as_str()), (1, pointer), "{problems:?}");
        assert!(problems[0].message.starts_with(words), "{}", problems[0].message);
    }
}

#[test]
fn without_a_runtime_a_model_is_refused_with_the_command_that_brings_one() {
    let refused = loaded(&json!({})).unwrap_err().to_string();
    let command = "`cargo build --release -p rejoinder-plugin-onnx --features runtime` makes one that does";
    assert!(refused.contains(command), "{refused}");
}
