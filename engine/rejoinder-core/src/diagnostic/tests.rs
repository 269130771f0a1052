use std::ops::Range;

use proptest::prelude::*;

use super::*;

fn at(text: &str, span: Range<usize>) -> Diagnostic {
    SourceText { name: "a.toml", text }.diagnostic("R002", span, "unknown key", "")
}

/// The diagnostic about the first place where `marked` stands.
fn about(text: &str, marked: &str) -> Diagnostic {
    let start = text.find(marked).unwrap();
    at(text, start..start + marked.len())
}

/// Its last two lines: the source line and the caret.
fn snippet(diagnostic: &Diagnostic) -> [String; 2] {
    let shown = diagnostic.to_string();
    let mut lines = shown.lines().rev().map(str::to_owned);
    let [caret, source] = [(); 2].map(|()| lines.next().unwrap());
    [source, caret]
}

#[test]
fn a_diagnostic_reads_as_a_compilers_does() {
    let source = SourceText { name: "a.toml", text: "one = 1\ntwo = 2\n" };
    let shown = source.diagnostic("R002", 8..11, "unknown key `two`", "did you mean `too`?").to_string();
    let expected = "\
error[R002]: unknown key `two`
 --> a.toml:2:1
  |
2 | two = 2
  | ^^^
  = help: did you mean `too`?";
    assert_eq!(shown, expected);
    let text = "\n".repeat(99) + "slow";
    let shown =
        SourceText { name: "b.toml", text: &text }.diagnostic("W101", 101..103, "is slow", "").to_string();
    assert_eq!(shown, "warning[W101]: is slow\n   --> b.toml:100:3\n    |\n100 | slow\n    |   ^^");
}

#[test]
fn the_caret_stands_under_its_place_behind_wide_narrow_and_combining_characters() {
    for (text, expected) in [
        ("名 = \"谢谢\", two", ["1 | 名 = \"谢谢\", two", "  |              ^^^"]),
        ("x = \"👍\" two", ["1 | x = \"👍\" two", "  |          ^^^"]),
        ("e\u{301}e\u{301} two", ["1 | e\u{301}e\u{301} two", "  |    ^^^"]),
        ("\tx\ttwo", ["1 |     x    two", "  |          ^^^"]),
    ] {
        assert_eq!(snippet(&about(text, "two")), expected);
    }
    assert_eq!(snippet(&about("a = 谢谢 # b", "谢谢")), ["1 | a = 谢谢 # b", "  |     ^^^^"]);
}

#[test]
fn columns_count_characters_and_not_cells() {
    for (text, column) in [("谢谢 two", 4), ("\t\ttwo", 3), ("e\u{301} two", 4), ("two", 1)] {
        assert_eq!(about(text, "two").column, column, "{text}");
    }
}

#[test]
fn the_ends_of_lines_and_of_the_file_have_a_caret() {
    for (text, place, expected) in [
        ("", 0, (1, 1, ["1 |", "  | ^"])),
        ("ab", 2, (1, 3, ["1 | ab", "  |   ^"])),
        ("ab", 99, (1, 3, ["1 | ab", "  |   ^"])),
        ("ab\n", 2, (1, 3, ["1 | ab", "  |   ^"])),
        ("ab\n", 3, (2, 1, ["2 |", "  | ^"])),
        ("ab\r\ncd\r\n", 2, (1, 3, ["1 | ab", "  |   ^"])),
        ("ab\r\ncd\r\n", 3, (1, 3, ["1 | ab", "  |   ^"])),
        ("ab\r\ncd\r\n", 7, (2, 3, ["2 | cd", "  |   ^"])),
        ("ab\r\ncd\r\n", 8, (3, 1, ["3 |", "  | ^"])),
    ] {
        let made = at(text, place..place);
        let (line, column, lines) = expected;
        assert_eq!(
            (made.line, made.column, snippet(&made)),
            (line, column, lines.map(str::to_owned)),
            "{text:?}"
        );
    }
}

#[test]
fn a_place_over_several_lines_is_marked_in_its_first() {
    for text in ["ab = [\n  1,\n]\n", "ab = [\r\n  1,\r\n]\r\n"] {
        let made = at(text, 5..text.len());
        assert_eq!(snippet(&made), ["1 | ab = [", "  |      ^"]);
        assert_eq!((made.width, made.source_line.as_str()), (1, "ab = ["));
    }
}

#[test]
fn a_place_inside_of_a_character_is_moved_to_its_beginning() {
    let made = at("谢谢", 1..4);
    assert_eq!((made.column, made.width), (1, 1));
    assert_eq!(snippet(&made), ["1 | 谢谢", "  | ^^"]);
}

#[test]
fn a_long_line_is_shown_around_the_place() {
    let text = format!("{}two{}", "谢".repeat(1_000), "é".repeat(1_000));
    let made = about(&text, "two");
    assert_eq!(made.column, 1_001);
    assert!(made.source_line.len() < 500 && made.source_line.starts_with("…谢"), "{made:?}");
    let [source, caret] = snippet(&made);
    assert!(source.ends_with("é…") && source.contains("谢two"), "{source}");
    // "1 | …" and 40 characters of two cells each.
    assert_eq!(caret.find('^'), Some("1 | ".len() + 1 + 80));
}

#[test]
fn what_a_file_holds_cannot_steer_the_terminal() {
    let text = "a = \"\u{1b}[2J\u{9b}31m\u{202e}\u{200b}\u{7}\" # two";
    let made = about(text, "two");
    let escaped = "a = \"\\u{1b}[2J\\u{9b}31m\\u{202e}\\u{200b}\\u{7}\" # two";
    let [source, caret] = snippet(&made);
    assert_eq!(source, format!("1 | {escaped}"));
    assert_eq!(caret.find('^'), source.find("two"));
    let name = "a\u{1b}[2J\nerror: x.toml";
    let made = SourceText { name, text }.diagnostic("R002", 0..1, "a\u{9b}b\nerror[R001]: c", "d\u{202e}\ne");
    let shown = made.to_string();
    assert!(shown.chars().all(|c| c == '\n' || !is_hidden(c)), "{shown:?}");
    assert!(shown.lines().skip(1).all(|line| !line.starts_with("error")), "{shown}");
}

#[test]
fn the_nearest_name_is_meant() {
    assert_eq!(did_you_mean("categroy", &["category", "route"]), "did you mean `category`?");
    assert_eq!(did_you_mean("x", &["category", "route"]), "expected one of `category`, `route`");
}

/// Characters that a terminal obeys, or that nobody sees.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61C}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2066}'..='\u{2069}' | '\u{FEFF}' | '\u{E0000}'..='\u{E0FFF}')
}

fn any_text() -> impl Strategy<Value = String> {
    let special = prop::sample::select(vec![
        "\n",
        "\r\n",
        "\r",
        "\t",
        " ",
        "a",
        "谢",
        "e\u{301}",
        "👩\u{200d}💻",
        "❤\u{fe0f}",
        "\u{1b}[2J",
        "\u{9b}",
        "\u{202e}",
        "\u{200b}",
        "\u{feff}",
        "\u{e0041}",
        "\0",
        "                              ",
    ]);
    let piece = prop_oneof![4 => special.prop_map(str::to_owned), 1 => any::<char>().prop_map(String::from)];
    prop::collection::vec(piece, 0..300).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_place_in_any_text_is_shown(text in any_text(), start in 0..1_500_usize, length in 0..1_500_usize, backwards: bool) {
        let span = if backwards { start..start.saturating_sub(length) } else { start..start + length };
        let made = SourceText { name: "a.toml", text: &text }.diagnostic("W101", span, text.as_str(), text.as_str());
        let shown = made.to_string();
        prop_assert!(shown.chars().all(|c| c == '\n' || c == '\t' || !is_hidden(c)), "{:?}", shown);
        let [source, caret] = snippet(&Diagnostic { help: String::new(), ..made.clone() });
        prop_assert!(source.starts_with(&format!("{} |", made.line)), "{:?}", shown);
        let under = caret.trim_start_matches([' ', '|', '.']);
        prop_assert!(!under.is_empty() && under.chars().all(|c| c == '^'), "{:?}", shown);
    }
}
