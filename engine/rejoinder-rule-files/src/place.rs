//! Places in rule files that are kept with the rules.

use rejoinder_core::diagnostic::{Diagnostic, Severity};
use serde::{Deserialize, Serialize};

/// Where something stands in its rule file, as a [`Diagnostic`] shows it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct FilePlace {
    line: usize,
    column: usize,
    source_line: String,
    caret: usize,
    width: usize,
}

impl FilePlace {
    /// A finding about what stands here in a file.
    pub(crate) fn finding(
        &self,
        code: &'static str,
        file: &str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Diagnostic {
        let Self { line, column, source_line, caret, width } = self.clone();
        Diagnostic {
            code,
            severity: if code.starts_with('W') { Severity::Warning } else { Severity::Error },
            file: file.to_owned(),
            line,
            column,
            message: message.into(),
            help: help.into(),
            source_line,
            caret,
            width,
        }
    }
}

impl From<Diagnostic> for FilePlace {
    fn from(at: Diagnostic) -> Self {
        let Diagnostic { line, column, source_line, caret, width, .. } = at;
        Self { line, column, source_line, caret, width }
    }
}
