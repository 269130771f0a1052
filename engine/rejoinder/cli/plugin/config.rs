//! The configuration of a plugin as a flag gives it.

use serde_json::{Map, Value};

use crate::failure::Failure;

/// A plugin's configuration as a flag gives it.
pub(super) fn plugin_config(json: &str) -> Result<Map<String, Value>, Failure> {
    serde_json::from_str(json)
        .map_err(|_| Failure::usage("--plugin-config: it is no JSON object, such as '{\"threshold\": 0.9}'"))
}
