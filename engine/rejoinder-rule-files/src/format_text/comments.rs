//! The comments and blank lines between what a file says.

/// A line that says nothing to the program.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum RemarkLine<'t> {
    /// One blank line, or several.
    Blank,
    /// A comment with its `#`, and whether it was indented.
    Comment(&'t str, bool),
}

/// The comment at the end of a line; empty where there is none.
pub(super) fn end_of_line(text: &str) -> &str {
    text.split('\n').next().unwrap_or_default().trim()
}

/// The lines of a text in which nothing but comments stands.
pub(super) fn lines(text: &str) -> Vec<RemarkLine<'_>> {
    let mut lines = Vec::new();
    let mut rest = text;
    while let Some((line, behind)) = rest.split_once('\n') {
        push(&mut lines, line);
        rest = behind;
    }
    // Behind the last line feed stands the indentation of what follows, or a comment at the end of the file.
    if !rest.trim().is_empty() {
        push(&mut lines, rest);
    }
    lines
}

fn push<'t>(lines: &mut Vec<RemarkLine<'t>>, line: &'t str) {
    let comment = line.trim();
    let found = match comment.is_empty() {
        true => RemarkLine::Blank,
        false => RemarkLine::Comment(comment, line.starts_with([' ', '\t'])),
    };
    if !(found == RemarkLine::Blank && lines.last() == Some(&RemarkLine::Blank)) {
        lines.push(found);
    }
}
