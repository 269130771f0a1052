//! The plugin through its border: configurations, and, with the feature `runtime`, models.
#![forbid(unsafe_code)]

use rejoinder_plugin::testing::Harness;
use rejoinder_plugin_onnx::Onnx;
use serde_json::{Value, json};

#[cfg(feature = "runtime")]
mod models;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data");

/// A configuration of the tiny model, with keys of another one over it.
fn config(over: &Value) -> Value {
    let mut config = json!({
        "model": format!("{DATA}/tiny.onnx"),
        "tokenizer": format!("{DATA}/tokenizer.json"),
        "pair": "{answer}",
        "labels": ["none", "UR1", "UR2", "UR3", "UR4", "UR5"],
    });
    for (key, value) in over.as_object().into_iter().flatten() {
        config[key] = value.clone();
    }
    config
}

fn refused(over: &Value) -> String {
    Harness::<Onnx>::new(&config(over).to_string()).err().unwrap_or_else(|| panic!("{over} is accepted"))
}

#[test]
fn a_configuration_that_makes_no_sense_is_refused_by_its_key() {
    let two = json!(["none", "feedback"]);
    for (over, words) in [
        (json!({"text": "{turns}"}), "`text`: `{turns}` has a place `{turns}`"),
        (json!({"pair": "}"}), "`pair`: `}` has a `}` of its own"),
        (json!({"text": "{answer}"}), "`text`: the model is to read the turn"),
        (json!({"labels": ["none", "UR1", "joy"]}), "`labels`: the labels name feedback and `joy`"),
        (json!({"labels": two, "accept-at": 0.5}), "`accept-at` says of what category a turn is"),
        (
            json!({"labels": two, "calibrated-for": "all"}),
            "`calibrated-for` promises probabilities of all outcomes",
        ),
        (json!({"labels": ["joy"], "reject-at": 0.5}), "`reject-at` needs the labels"),
        (json!({"value": "UR6"}), "`value`: `UR6` is none of the labels"),
        (json!({"value": {"UR5": 1, "joy": 2}}), "`value`: `joy` is none of the labels"),
        (json!({"lables": []}), "unknown field `lables`"),
    ] {
        let told = refused(&over);
        assert!(told.starts_with(words), "{over}: {told}");
    }
    let bare = Harness::<Onnx>::new("{}").err().unwrap();
    assert!(bare.contains("missing field `model`"), "{bare}");
}

#[cfg(not(feature = "runtime"))]
#[test]
fn a_build_without_a_runtime_refuses_models_with_the_command_that_makes_the_other() {
    let command = "`cargo build --release -p rejoinder-plugin-onnx --features runtime` makes one that does";
    assert_eq!(refused(&json!({})), format!("this build of the plugin runs no models: {command}"));
}
