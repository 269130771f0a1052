//! The config that a caller gives.

use std::path::{Path, PathBuf};

use pyo3::prelude::*;
use pyo3::types::{IntoPyDict as _, PyCFunction, PyDict};
use rejoinder::failure::Failure;
use rejoinder_scan::Config;
use rejoinder_scan::config::EffectiveConfig;
use serde_json::Value;

use crate::error::exception;

/// The config that a caller gives: nothing, a dict, the text of a TOML file, or the path of one.
pub fn effective(config: Option<&Bound<'_, PyAny>>) -> PyResult<EffectiveConfig> {
    let Some(config) = config else { return EffectiveConfig::load(None).map_err(exception) };
    if let Ok(dict) = config.cast::<PyDict>() {
        let py = config.py();
        let plain = PyCFunction::new_closure(py, None, None, |arguments, _| plain(&arguments.get_item(0)?))?;
        let named = [("default", plain)].into_py_dict(py)?;
        let json = py.import("json")?.call_method("dumps", (dict,), Some(&named))?;
        return of_json(json.extract()?).map_err(exception);
    }
    if let Ok(text) = config.extract::<String>()
        && (text.contains('\n') || text.contains('=') && !Path::new(&text).exists())
    {
        return Config::from_toml(&text).and_then(EffectiveConfig::over).map_err(exception);
    }
    let path: PathBuf = config.extract()?;
    EffectiveConfig::load(Some(&path)).map_err(exception)
}

/// What a value of a dict is in JSON: a path is its text, and a number of another library its number.
fn plain(value: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
    for method in ["__fspath__", "item"] {
        if value.hasattr(method)? {
            return value.call_method0(method).map(Bound::unbind);
        }
    }
    let of = value.get_type().fully_qualified_name()?;
    Err(exception(Failure::usage(format!(
        "the config holds {}, of the type {of}: it has texts, numbers, lists and dicts",
        value.repr()?
    ))))
}

fn of_json(json: &str) -> Result<EffectiveConfig, Failure> {
    let mut fields: Value = serde_json::from_str(json).map_err(|why| Failure::usage(why.to_string()))?;
    if let Some(fields) = fields.as_object_mut() {
        fields.entry("format").or_insert_with(|| 1.into());
    }
    leave_out_nulls(&mut fields);
    let text = toml::to_string(&fields).map_err(|why| Failure::usage(format!("the config: {why}")))?;
    Ok(EffectiveConfig::over(Config::from_toml(&text)?)?)
}

/// Leaves out what is null: TOML knows no null, and a key that is not set is not there.
fn leave_out_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, field| !field.is_null());
            fields.values_mut().for_each(leave_out_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(leave_out_nulls),
        _ => {}
    }
}
