//! `rejoinder rules schema`: the JSON Schema of rule files.

use rejoinder_rules::json_schema;

use super::super::print;
use crate::failure::{Exit, Failure};

pub(super) fn main() -> Result<Exit, Failure> {
    let schema = serde_json::to_string_pretty(&json_schema()).expect("a schema is plain data");
    print(&format!("{schema}\n"))?;
    Ok(Exit::Ok)
}
