//! Lists: in one line where they fit, else an item a line, or as many short items as fit.

use toml_edit::{Array, Value};
use unicode_width::UnicodeWidthStr;

use super::comments::{self, RemarkLine};
use super::place::Place;
use super::value::{Source, array_has_comment, in_one_line};

/// A longer line is broken where it can be, in columns of a terminal.
const LONGEST_LINE: usize = 120;

/// A part of a list.
enum Part<'t> {
    Item { text: String, comment: &'t str },
    Remark(RemarkLine<'t>),
}

/// The value of a key whose line begins with `begin`, with `indent` before it; a list in several lines where it fits in none.
pub(super) fn text(value: &Value, place: Place, begin: &str, indent: &str, source: Source<'_>) -> String {
    let Some(array) = value.as_array().filter(|_| !matches!(place, Place::Unknown)) else {
        return in_one_line(value, place, source);
    };
    if !array_has_comment(array, source) {
        let line = in_one_line(value, place, source);
        if array.len() <= 1 || begin.width() + line.width() <= LONGEST_LINE {
            return line;
        }
    }
    let lines = broken(&parts(array, place, source), place.fills_lines(), &format!("{indent}  "));
    format!("[\n{}{indent}]", lines.iter().map(|line| format!("{line}\n")).collect::<String>())
}

fn parts<'t>(array: &Array, place: Place, source: Source<'t>) -> Vec<Part<'t>> {
    let mut parts = Vec::new();
    for item in array {
        remarks(&mut parts, source.between(item.decor().prefix()));
        parts.push(Part::Item { text: in_one_line(item, place, source), comment: "" });
        remarks(&mut parts, source.between(item.decor().suffix()));
    }
    remarks(&mut parts, source.between(Some(array.trailing())));
    parts
}

/// Adds what stands behind a part: a comment in its line, then lines of comments.
fn remarks<'t>(parts: &mut Vec<Part<'t>>, text: &'t str) {
    let behind = comments::end_of_line(text);
    if !behind.is_empty() {
        match parts.last_mut() {
            Some(Part::Item { comment, .. }) if comment.is_empty() => *comment = behind,
            _ => parts.push(Part::Remark(RemarkLine::Comment(behind, true))),
        }
    }
    if let Some((_, lines)) = text.split_once('\n') {
        parts.extend(comments::lines(lines).into_iter().map(Part::Remark));
    }
}

fn broken(parts: &[Part<'_>], fills: bool, indent: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut is_open = false;
    for part in parts {
        match part {
            Part::Remark(RemarkLine::Blank) => {
                if lines.last().is_some_and(|line| !line.is_empty()) {
                    lines.push(String::new());
                }
                is_open = false;
            }
            Part::Remark(RemarkLine::Comment(comment, _)) => {
                lines.push(format!("{indent}{comment}"));
                is_open = false;
            }
            Part::Item { text, comment } => {
                let behind = if comment.is_empty() { String::new() } else { format!(" {comment}") };
                match lines.last_mut() {
                    Some(line) if is_open && line.width() + text.width() + 2 <= LONGEST_LINE => {
                        *line += &format!(" {text},{behind}");
                    }
                    _ => lines.push(format!("{indent}{text},{behind}")),
                }
                is_open = fills && comment.is_empty();
            }
        }
    }
    if lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}
