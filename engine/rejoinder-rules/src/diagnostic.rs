//! What is wrong in a rule file, where, and what to do: the compiler-grade messages that rule authors read.

use std::fmt;
use std::ops::Range;

use rejoinder_core::printable;
use serde::Serialize;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Works, but is slow or useless.
    Warning,
    /// The file cannot be used.
    Error,
}

/// One finding, with its place.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Diagnostic {
    /// Stable code: `R…` for errors, `W…` for warnings.
    pub code: &'static str,
    /// Error or warning.
    pub severity: Severity,
    /// Name of the file as the user gave it.
    pub file: String,
    /// 1-based line.
    pub line: usize,
    /// 1-based column, in characters.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to do; empty if the message says it all.
    pub help: String,
    /// The source line, for the caret; of a long one what stands around the place.
    pub source_line: String,
    /// Characters of it before the place.
    #[serde(skip)]
    pub caret: usize,
    /// Number of characters to underline, at least 1.
    pub width: usize,
}

/// A source text under its name, to which findings are pinned.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// Name of the file as the user gave it.
    pub name: &'a str,
    /// Its text.
    pub text: &'a str,
}

/// Of a line longer than so many bytes only what stands around the place is shown.
const LONG_LINE: usize = 480;

impl Source<'_> {
    /// A finding at a byte range of the source.
    pub fn diagnostic(
        &self,
        code: &'static str,
        span: Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Diagnostic {
        let line = self.line_of(self.text.floor_char_boundary(span.start.min(self.text.len())));
        self.diagnostic_in_line(line, code, span, message, help)
    }

    /// The same, by who knows the line: to count them for each of many findings takes the square of the file's length.
    pub(crate) fn diagnostic_in_line(
        &self,
        line: usize,
        code: &'static str,
        span: Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Diagnostic {
        let start = self.text.floor_char_boundary(span.start.min(self.text.len()));
        let line_start = self.text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = self.text[start..].find('\n').map_or(self.text.len(), |at| start + at);
        let mut shown = line_start..line_end;
        if shown.len() > LONG_LINE {
            let from = self.text.floor_char_boundary(start.saturating_sub(LONG_LINE / 4));
            shown.start = shown.start.max(from);
            shown.end = shown.end.min(self.text.floor_char_boundary(start + LONG_LINE / 2));
        }
        let end = self.text.floor_char_boundary(span.end.clamp(start, shown.end));
        let cut = |is_cut| if is_cut { "…" } else { "" };
        let lead = format!("{}{}", cut(shown.start > line_start), &self.text[shown.start..start]);
        let rest = self.text[start..shown.end].trim_end_matches('\r');
        Diagnostic {
            code,
            severity: if code.starts_with('W') { Severity::Warning } else { Severity::Error },
            file: self.name.to_owned(),
            line,
            column: self.text[line_start..start].chars().count() + 1,
            message: message.into(),
            help: help.into(),
            source_line: format!("{lead}{rest}{}", cut(shown.end < line_end)),
            caret: lead.chars().count(),
            width: self.text[start..end].chars().count().max(1),
        }
    }

    /// 1-based line of a byte offset.
    pub fn line_of(&self, offset: usize) -> usize {
        self.text[..offset].matches('\n').count() + 1
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let number = self.line.to_string();
        let gutter = " ".repeat(number.len());
        // Tabs before the caret are kept as tabs, so that the caret stands under the place in any terminal.
        let lead: String =
            self.source_line.chars().take(self.caret).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
        let shown: String =
            self.source_line.chars().map(|c| if is_plain(c) { c } else { '\u{FFFD}' }).collect();
        writeln!(f, "{kind}[{}]: {}", self.code, printable(&self.message))?;
        writeln!(f, "{gutter}--> {}:{}:{}", printable(&self.file), self.line, self.column)?;
        writeln!(f, "{gutter} |")?;
        writeln!(f, "{number} | {shown}")?;
        write!(f, "{gutter} | {lead}{}", "^".repeat(self.width))?;
        if !self.help.is_empty() {
            write!(f, "\n{gutter} = help: {}", printable(&self.help))?;
        }
        Ok(())
    }
}

/// Whether a character may stand in a line as it is: one for one, so that the caret stands under its place.
fn is_plain(c: char) -> bool {
    c == '\t' || matches!(printable(c.encode_utf8(&mut [0; 4])), std::borrow::Cow::Borrowed(_))
}

/// "did you mean `x`?" for the nearest of `known`, or the list of what there is.
pub fn did_you_mean(given: &str, known: &[&str]) -> String {
    let nearest = known
        .iter()
        .map(|&k| (strsim::damerau_levenshtein(given, k), k))
        .filter(|&(distance, k)| distance <= (k.len().max(given.len()) / 3).max(1))
        .min();
    match nearest {
        Some((_, k)) => format!("did you mean `{k}`?"),
        None => format!("expected one of {}", quoted_list(known)),
    }
}

/// `a`, `b`, `c`.
pub fn quoted_list(names: &[&str]) -> String {
    names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")
}
