//! Text on a page: lines no longer than fit.

/// Folds lines of more than `columns` characters at spaces. The rest of a line goes on below the line's last column of a table,
/// or a little further in than the line begins. A word longer than a line stays whole.
pub fn fold(text: &str, columns: usize) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
        fold_line(&mut out, line, columns);
        out.push_str(end);
    }
    out
}

fn fold_line(out: &mut String, line: &str, columns: usize) {
    let indent = " ".repeat(hanging_indent(line, columns));
    let mut rest = line;
    let mut room = columns;
    while let Some(at) = place_to_fold(rest, room) {
        out.push_str(rest[..at].trim_end());
        out.push('\n');
        out.push_str(&indent);
        rest = rest[at..].trim_start();
        room = columns - indent.len();
    }
    out.push_str(rest);
}

/// The place of the space at which a line of more than `room` characters is folded; `None` where it fits, or has no such space.
fn place_to_fold(line: &str, room: usize) -> Option<usize> {
    let (end, _) = line.char_indices().nth(room)?;
    let begin = line.len() - line.trim_start().len();
    // A space just behind what fits will do.
    let fits = if line[end..].starts_with(' ') { end + 1 } else { end };
    let last = line.get(begin..fits).and_then(|text| text.rfind(' ').map(|at| begin + at));
    last.or_else(|| line[end..].find(' ').map(|at| end + at))
}

/// Where a table's last column begins, behind two spaces or more, if there is room enough behind that place; else a little further
/// in than the line.
fn hanging_indent(line: &str, columns: usize) -> usize {
    const LAST_COLUMN: usize = 50;
    let begin = line.len() - line.trim_start().len();
    let (mut column, mut spaces) = (None, 0);
    for (nth, c) in line.chars().enumerate().take(LAST_COLUMN) {
        if c != ' ' && spaces >= 2 && nth > spaces {
            column = Some(nth);
        }
        spaces = if c == ' ' { spaces + 1 } else { 0 };
    }
    let has_room = |column: usize| column * 10 <= columns * 6;
    let usual = (begin + 2).min(columns / 2);
    column.filter(|column| *column > begin && has_room(*column)).unwrap_or(usual)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_rest_of_a_line_goes_on_below_the_last_column() {
        let line = "  accepted            39   UR1 1 · UR2 2 · UR3 3 · UR4 4\n";
        assert_eq!(
            fold(line, 48),
            "  accepted            39   UR1 1 · UR2 2 · UR3 3\n                           · UR4 4\n"
        );
        assert_eq!(fold(line, 40), "  accepted            39   UR1 1 · UR2 2\n    · UR3 3 · UR4 4\n");
        assert_eq!(fold(line, 60), line);
        assert_eq!(fold("! one two three\n", 9), "! one two\n  three\n");
        assert_eq!(fold("a verylongword b", 5), "a\n  verylongword\n  b");
    }

    proptest! {
        /// Folding changes white space alone, and leaves no line too long that could be folded.
        #[test]
        fn no_word_is_lost(text in "([a-zä谢·]{0,12} {0,3}){0,20}\n?", columns in 4_usize..60) {
            let folded = fold(&text, columns);
            prop_assert!(folded.split_whitespace().eq(text.split_whitespace()));
            for line in folded.lines() {
                prop_assert!(line.chars().count() <= columns || !line.trim().contains(' '), "{line:?}");
            }
        }
    }
}
