//! From a byte range of a text to a diagnostic with line, column and the line itself.

use std::ops::Range;

use super::{Diagnostic, Severity};

/// A text under its name, to which diagnostics are pinned.
#[derive(Clone, Copy, Debug)]
pub struct SourceText<'a> {
    /// Name of the file as the user gave it.
    pub name: &'a str,
    /// The whole text of the file.
    pub text: &'a str,
}

/// A line longer than so many bytes is shown only around the place.
const LONG_LINE: usize = 480;

impl SourceText<'_> {
    /// A diagnostic about a byte range of the text. A range over several lines is marked in its first line; one that
    /// lies outside of the text or inside of a character is moved into the text or to the character's beginning.
    pub fn diagnostic(
        &self,
        code: &'static str,
        span: Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Diagnostic {
        let line = self.line_of(self.text.floor_char_boundary(span.start));
        self.diagnostic_in_line(line, code, span, message, help)
    }

    /// The same as [`SourceText::diagnostic`], for a caller that knows the line of the range's beginning: counting lines anew for each of many
    /// diagnostics takes the square of the file's length.
    pub fn diagnostic_in_line(
        &self,
        line: usize,
        code: &'static str,
        span: Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Diagnostic {
        let start = self.text.floor_char_boundary(span.start);
        let line_start = self.text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = self.text[start..].find('\n').map_or(self.text.len(), |at| start + at);
        let line_end = line_start + self.text[line_start..line_end].trim_end_matches('\r').len();
        let start = start.min(line_end);
        let mut shown = line_start..line_end;
        if shown.len() > LONG_LINE {
            let from = self.text.floor_char_boundary(start.saturating_sub(LONG_LINE / 4));
            shown.start = shown.start.max(from);
            shown.end = shown.end.min(self.text.floor_char_boundary(start + LONG_LINE / 2));
        }
        let end = self.text.floor_char_boundary(span.end.clamp(start, shown.end));
        let ellipsis = |is_cut| if is_cut { "…" } else { "" };
        let lead = format!("{}{}", ellipsis(shown.start > line_start), &self.text[shown.start..start]);
        let rest = &self.text[start..shown.end];
        Diagnostic {
            code,
            severity: if code.starts_with('W') { Severity::Warning } else { Severity::Error },
            file: self.name.to_owned(),
            line,
            column: self.text[line_start..start].chars().count() + 1,
            message: message.into(),
            help: help.into(),
            source_line: format!("{lead}{rest}{}", ellipsis(shown.end < line_end)),
            caret: lead.chars().count(),
            width: self.text[start..end].chars().count().max(1),
        }
    }

    /// 1-based line of a byte offset.
    pub fn line_of(&self, offset: usize) -> usize {
        self.text[..offset].matches('\n').count() + 1
    }
}
