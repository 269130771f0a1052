//! A plugin's configuration against the JSON Schema that the plugin gives, before the plugin sees it: a mistake is found
//! without running it, all mistakes at once, and each has a place.

mod check;
mod message;

pub use check::{SchemaError, problems, problems_by_own_schema};
