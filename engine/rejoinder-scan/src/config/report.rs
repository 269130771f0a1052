//! `[report]`: by which columns of the corpus the scan counts feedback, beside those that it counts by anyway.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::KeyProblem;

/// What feedback is counted by in every run.
const ALWAYS: [&str; 4] = ["language", "model", "source", "month"];
/// Columns that a config may name.
const MOST: usize = 8;

/// `[report]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct ReportConfig {
    /// Columns of the corpus, such as `country`, by which the run counts feedback beside language, model, source and month. A column
    /// may also stand within a column `metadata`.
    pub by: Vec<String>,
}

impl ReportConfig {
    /// Checks what the schema alone cannot say.
    ///
    /// # Errors
    /// If a column cannot be counted by.
    pub(super) fn check(&self) -> Result<(), KeyProblem> {
        let wrong = |pointer: String, message: String| Err(KeyProblem::new(&pointer, message));
        if self.by.len() > MOST {
            let count = self.by.len();
            return wrong("/by".to_owned(), format!("`by` names {count} columns, and may name {MOST}"));
        }
        for (place, column) in self.by.iter().enumerate() {
            let pointer = format!("/by/{place}");
            let shown = column.escape_debug();
            if column.is_empty() {
                return wrong(pointer, "a column of `by` has no name".to_owned());
            }
            if ALWAYS.contains(&column.as_str()) {
                let message = format!("every run counts by `{shown}`: leave it out of `by`");
                return wrong(pointer, message);
            }
            if self.by[..place].contains(column) {
                return wrong(pointer, format!("`by` names the column `{shown}` twice"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    #[test]
    fn columns_are_named_once_and_not_those_that_are_counted_by_anyway() {
        let of = |by: &str| Config::from_toml(&format!("format = 1\n[report]\nby = {by}\n"));
        assert_eq!(of(r#"["country", "tier"]"#).unwrap().report.by, ["country", "tier"]);
        for (by, why) in [
            (r#"["country", "country"]"#, "names the column `country` twice"),
            (r#"["month"]"#, "every run counts by `month`"),
            (r#"[""]"#, "has no name"),
            (r#"["a","b","c","d","e","f","g","h","i"]"#, "names 9 columns, and may name 8"),
        ] {
            let error = of(by).unwrap_err().to_string();
            assert!(error.contains(why) && error.contains("the config:3:"), "{error}");
        }
    }
}
