//! What another form of a file changes, shown by its first lines.

use std::fmt::Write as _;

use rejoinder_core::printable;

/// So many places are shown.
const PLACES: usize = 3;
/// So many lines of each text are shown of a place.
const LINES: usize = 6;
/// A line longer than so many characters is cut.
const LINE: usize = 120;
/// How many lines further on the texts are expected to agree again.
const REACH: usize = 120;

/// The first lines in which `new` differs from `old`, those of `old` behind `-`, those of `new` behind `+`, with their numbers.
/// Empty where the texts are equal.
pub fn text_difference(old: &str, new: &str) -> String {
    let (mut shown, mut places) = (String::new(), 0);
    let [old_lines, new_lines] = [old, new].map(|text| text.lines().collect::<Vec<_>>());
    let (mut i, mut j) = (0, 0);
    while i < old_lines.len() || j < new_lines.len() {
        if old_lines.get(i) == new_lines.get(j) {
            i += 1;
            j += 1;
            continue;
        }
        if places == PLACES {
            shown += "         …\n";
            break;
        }
        let (gone, come) = until_equal(&old_lines[i..], &new_lines[j..]);
        show(&mut shown, '-', &old_lines[i..i + gone], i);
        show(&mut shown, '+', &new_lines[j..j + come], j);
        (i, j) = (i + gone, j + come);
        places += 1;
    }
    if places == 0 && old != new {
        shown += "         other bytes at the beginning of the file, or at the ends of lines\n";
    }
    shown
}

/// How many lines of both texts differ, until they agree again.
fn until_equal(old: &[&str], new: &[&str]) -> (usize, usize) {
    for together in 1..=2 * REACH {
        for gone in 0..=together {
            let come = together - gone;
            if let (Some(one), Some(other)) = (old.get(gone), new.get(come))
                && one == other
                && !one.trim().is_empty()
            {
                return (gone, come);
            }
        }
    }
    (old.len(), new.len())
}

fn show(shown: &mut String, sign: char, lines: &[&str], before: usize) {
    for (index, line) in lines.iter().take(LINES).enumerate() {
        let cut: String = line.chars().take(LINE).collect();
        let rest = if cut.len() < line.len() { "…" } else { "" };
        let _ = writeln!(shown, "{:>7} {sign} {}{rest}", before + index + 1, printable(&cut));
    }
    if lines.len() > LINES {
        let _ = writeln!(shown, "        {sign} …");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changed_added_and_removed_lines_are_shown_by_their_numbers() {
        assert_eq!(text_difference("a\nb\n", "a\nb\n"), "");
        assert_eq!(text_difference("a\nb\nc\n", "a\nB\nc\n"), "      2 - b\n      2 + B\n");
        assert_eq!(text_difference("a\nb\nc\nd", "b\nc\nx\nd"), "      1 - a\n      3 + x\n");
        assert_eq!(
            text_difference("a\r\n", "a\n"),
            "         other bytes at the beginning of the file, or at the ends of lines\n"
        );
    }

    #[test]
    fn much_is_cut_and_no_byte_steers_the_terminal() {
        let old: String = (0..20).map(|i| format!("a{i}\nsame{i}\n")).collect();
        let shown = text_difference(&old, &old.replace('a', "b").replace("sbme", "same"));
        assert_eq!((shown.lines().count(), shown.lines().last()), (7, Some("         …")));
        let long = text_difference(&"x\n".repeat(1000), "");
        assert_eq!((long.lines().count(), long.lines().last()), (7, Some("        - …")));
        let hostile = text_difference("\u{1b}[31mred\u{202e}", &"y".repeat(500));
        assert!(!hostile.contains(['\u{1b}', '\u{202e}']), "{hostile:?}");
        assert!(hostile.lines().all(|line| line.chars().count() < 160), "{hostile}");
    }
}
