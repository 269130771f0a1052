//! The config that a caller gives.

use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::PyDict;
use rejoinder::failure::Failure;
use rejoinder_scan::Config;
use rejoinder_scan::config::EffectiveConfig;
use serde_json::Value;

use crate::error::exception;

/// The config that a caller gives: nothing, a dict, the text of a TOML file, or the path of one.
pub fn effective(config: Option<&Bound<'_, PyAny>>) -> PyResult<EffectiveConfig> {
    let Some(config) = config else { return EffectiveConfig::load(None).map_err(exception) };
    if let Ok(dict) = config.cast::<PyDict>() {
        let json = config.py().import("json")?.call_method1("dumps", (dict,))?.extract::<String>()?;
        return of_json(&json).map_err(exception);
    }
    if let Ok(text) = config.extract::<String>()
        && (text.contains('\n') || text.contains('='))
    {
        return Config::from_toml(&text).and_then(EffectiveConfig::over).map_err(exception);
    }
    let path: PathBuf = config.extract()?;
    EffectiveConfig::load(Some(&path)).map_err(exception)
}

fn of_json(json: &str) -> Result<EffectiveConfig, Failure> {
    let mut fields: Value = serde_json::from_str(json).map_err(|why| Failure::usage(why.to_string()))?;
    if let Some(fields) = fields.as_object_mut() {
        fields.entry("format").or_insert_with(|| 1.into());
        fields.retain(|_, value| !value.is_null());
    }
    // TOML knows no null: a key that is not set is left out there.
    let text = toml::to_string(&fields).map_err(|why| Failure::usage(format!("the config: {why}")))?;
    Ok(EffectiveConfig::over(Config::from_toml(&text)?)?)
}
