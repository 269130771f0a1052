//! One finding, and how people read it.

use std::fmt;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde::Serialize;

use crate::printable;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The file works, but something in it is slow or useless.
    Warning,
    /// The file cannot be used.
    Error,
}

/// One finding, with its place.
///
/// [`Display`](fmt::Display) shows it as compilers do, in plain text: whatever stands in the file, no control character,
/// escape sequence or override of the writing direction reaches the terminal. The caret stands under its place where the
/// terminal gives each character the width that Unicode says (East Asian Width): an emoji made of several characters counts
/// as wide as they are one by one. Tabs are shown as four spaces.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Diagnostic {
    /// Stable code: `W…` for warnings, another letter for errors (`R…` in rules, `C…` in the config).
    pub code: &'static str,
    /// Error or warning.
    pub severity: Severity,
    /// Name of the file as the user gave it.
    pub file: String,
    /// 1-based line.
    pub line: usize,
    /// 1-based column, counted in characters as editors count: a tab is one, and so is a character two cells wide.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to do; empty if the message says everything.
    pub help: String,
    /// The line of the file that holds the place. Of a long line it is the part around the place, with "…" for the rest.
    pub source_line: String,
    /// Number of characters in `source_line` before the place.
    #[serde(skip)]
    pub caret: usize,
    /// Number of characters to underline, at least 1.
    pub width: usize,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let gutter = " ".repeat(self.line.to_string().len());
        let title = format!("{kind}[{}]: ", self.code);
        writeln!(f, "{title}{}", indented(&self.message, title.len()))?;
        let file = printable(&self.file).replace('\n', "\\n");
        writeln!(f, "{gutter}--> {file}:{}:{}", self.line, self.column)?;
        f.write_str(&self.snippet())?;
        if !self.help.is_empty() {
            let label = format!("{gutter} = help: ");
            write!(f, "\n{label}{}", indented(&self.help, label.len()))?;
        }
        Ok(())
    }
}

impl Diagnostic {
    /// The source line with its number, and the caret under the place.
    fn snippet(&self) -> String {
        // Lines are cut where the diagnostic is made; the renderer would cut them again.
        const RENDERER: Renderer = Renderer::plain().term_width(1 << 20);
        // The renderer replaces ASCII's control characters and the overrides of the writing direction, but neither C1 controls
        // nor what is invisible, so it gets text in which all of them are visible.
        let [before, marked, after] = self.pieces().map(printable);
        let place = before.len()..before.len() + marked.len();
        let snippet = Snippet::source([before, marked, after].concat())
            .line_start(self.line)
            .annotation(AnnotationKind::Primary.span(place));
        RENDERER.render(&[Group::with_level(Level::ERROR).element(snippet)])
    }

    /// The source line before the place, at the place, and after it.
    fn pieces(&self) -> [&str; 3] {
        let (before, rest) = split(&self.source_line, self.caret);
        let (marked, after) = split(rest, self.width);
        [before, marked, after]
    }
}

/// The first `characters` of a text, and the rest.
fn split(text: &str, characters: usize) -> (&str, &str) {
    text.split_at(text.char_indices().nth(characters).map_or(text.len(), |(at, _)| at))
}

/// The text with its harmful characters made visible, and its lines after the first moved under the first.
fn indented(text: &str, columns: usize) -> String {
    printable(text).replace('\n', &format!("\n{}", " ".repeat(columns)))
}
