use std::collections::BTreeMap;

use proptest::prelude::*;

use super::format_text;
use crate::parse;
use crate::toml_text::with_line_feeds;

/// The text, formatted.
#[track_caller]
fn formatted(text: &str) -> String {
    format_text("t.toml", text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

#[test]
fn keys_come_in_their_order_and_each_value_in_one_form() {
    let text = "\u{FEFF}# About the file.\r\nlang=['en']\r\nformat = 1\r\n# About the rule.\r\n[[ rule ]] # here\r\nweight=2.0\r\n\
                any = [ 'say \"hi\"' , \"b\", ]\r\n\r\nregex=[\"\\\\bno\\\\b\"]\r\n\"id\" = \"a\"\r\nroute = 'score' # why\r\n\
                turn.first = true\r\n[[rule.test]]\r\nexpect={hits=[],route=\"none\"}\r\n    # Who?\r\ndialogue=['U: a','A: b','U: c']\r\n# The end.";
    let expected = r#"# About the file.
format = 1
lang = ["en"]

# About the rule.
[[rule]] # here
id = "a"
route = "score" # why
any = ["say \"hi\"", "b"]
regex = ['''\bno\b''']
turn.first = true
weight = 2.0

  [[rule.test]]
  # Who?
  dialogue = ["U: a", "A: b", "U: c"]
  expect = { route = "none", hits = [] }
# The end.
"#;
    assert_eq!(formatted(text), expected);
}

#[test]
fn regexes_are_literal_where_they_can_be() {
    let regexes = |list: &str| {
        let text = formatted(&format!("[[rule]]\nregex = {list}\n"));
        text.trim_start_matches("[[rule]]\nregex = ").trim_end().to_owned()
    };
    for (written, kept) in [
        (r#"["\\bfoo\\b"]"#, r"['''\bfoo\b''']"),
        (r"['\bfoo\b']", r"['''\bfoo\b''']"),
        (r#"["it's"]"#, "['''it's''']"),
        (r#"["that'"]"#, r#"["that'"]"#),
        (r#"["a'''b\\d"]"#, r#"["a'''b\\d"]"#),
        (r#"["\bfoo"]"#, r#"["\bfoo"]"#),
        (r#"["\u200B"]"#, r#"["\u200B"]"#),
        (r#"["\u00e9"]"#, "['''é''']"),
        (r#"["\u00a0nb"]"#, r#"["\u00a0nb"]"#),
        (r#"["\u3000"]"#, r#"["\u3000"]"#),
        ("[\"\u{a0}nb\"]", "['''\u{a0}nb''']"),
        ("['''(?x) a\n  b # c''']", "['''(?x) a\n  b # c''']"),
        (r#"[""]"#, r#"[""]"#),
    ] {
        assert_eq!(regexes(written), kept, "{written}");
    }
}

#[test]
fn long_lists_are_broken_and_their_comments_stay_where_they_were() {
    let phrases: Vec<String> = (0..30).map(|i| format!("'phrase {i}'")).collect();
    let text = formatted(&format!("[[rule]]\nany = [{}]\n", phrases.join(",")));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!((lines[1], lines.last()), ("any = [", Some(&"]")));
    assert!(lines[2].starts_with("  \"phrase 0\", \"phrase 1\",") && lines[2].len() > 105, "{text}");
    assert!(lines.iter().all(|line| line.len() <= 120), "{text}");
    let text =
        "[[rule]]\nany = [ # of all\n'a', # a's\n'b' # b's\n , # more\n\n\n# group\n'c', 'd' ] # end\n";
    let expected = "[[rule]]\nany = [\n  # of all\n  \"a\", # a's\n  \"b\", # b's\n  # more\n\n  # group\n  \"c\", \"d\",\n] # end\n";
    assert_eq!(formatted(text), expected);
    let wide = format!("[[rule.test]]\ndialogue = [\"U: a\", \"A: b\", \"U: {}\"]\n", "好".repeat(50));
    assert_eq!(formatted(&wide).lines().count(), 6, "a Chinese character is two columns wide");
    let single = format!("[[rule]]\nregex = [\n  '''{}''',\n]\n", "x".repeat(200));
    assert_eq!(formatted(&single), format!("[[rule]]\nregex = ['''{}''']\n", "x".repeat(200)));
}

#[test]
fn what_rule_files_do_not_have_stays_as_it_stands() {
    let text = "format = 1\n\n[[rule]]\nid = \"a\"\ncategroy  =   'UR2'\nroute = \"score\"\n\n[other]\nb   = [ 1,2 ]\na = 'x'\n";
    let expected = "format = 1\n\n[[rule]]\nid = \"a\"\ncategroy = 'UR2'\nroute = \"score\"\n\n[other]\nb = [ 1,2 ]\na = 'x'\n";
    assert_eq!(formatted(text), expected);
}

#[test]
fn the_last_rule_keeps_what_is_commented_out_of_it() {
    let text =
        "[[rule]]\nid = \"a\"\n\n  # [[rule.test]]\n  # todo = 1\n\n# B.\n[[rule]]\nid = \"b\"\n  # later\n";
    assert_eq!(formatted(text), text);
}

#[test]
fn what_is_no_toml_is_reported_with_its_place() {
    let error = format_text("t.toml", "format = 1\nany = [en]\n").unwrap_err();
    assert_eq!((error.code, error.line, error.column, &*error.file), ("R001", 2, 8, "t.toml"));
    assert_eq!(formatted(""), "");
    assert_eq!(formatted("# only this"), "# only this\n");
}

#[test]
fn shipped_packs_keep_their_meaning() {
    for pack in packs().values() {
        assert_kept(pack).unwrap();
    }
}

/// The shipped packs by name.
fn packs() -> BTreeMap<String, String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let packs = files.filter(|file| file.extension().is_some_and(|e| e == "toml"));
    packs.map(|file| (file.display().to_string(), std::fs::read_to_string(&file).unwrap())).collect()
}

/// Formats a TOML text; fails where its meaning changes, or formatting again changes it, or the rule reader finds other mistakes.
#[test]
fn a_file_with_the_line_ends_of_windows_is_written_with_line_feeds_in_its_strings_too() {
    let text =
        "format = 1\r\n\r\n[[rule]]\r\nid = \"a\"\r\nroute = \"score\"\r\nregex = ['''no,\r\nwhy''']\r\n";
    let once = assert_kept(text).unwrap();
    assert!(!once.contains('\r') && once.contains("'''no,\nwhy'''"), "{once:?}");
}

fn assert_kept(text: &str) -> Result<String, TestCaseError> {
    let once = format_text("t", text).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
    let meaning =
        |text: &str| text.parse::<toml::Table>().map(|table| format!("{table:?}")).map_err(|e| e.to_string());
    // Strings of several lines have line feeds alone, as rules are read.
    prop_assert_eq!(meaning(&with_line_feeds(text)), meaning(&once), "{}\n---\n{}", text, once);
    let codes = |text: &str| {
        let mut codes: Vec<_> =
            parse("t", text).errors.into_iter().map(|error| (error.code, error.message)).collect();
        codes.sort();
        codes.iter().filter(|(code, _)| *code != "R006").map(|(code, _)| *code).collect::<Vec<_>>()
    };
    prop_assert_eq!(codes(text), codes(&once), "{}\n---\n{}", text, once);
    let twice = format_text("t", &once).map_err(|error| TestCaseError::fail(error.to_string()))?;
    prop_assert_eq!(&once, &twice, "{}", text);
    Ok(once)
}

/// Stands for a comment; each gets a number of its own.
const COMMENT: &str = "#§ it's \"x\" [[rule]] = '''";

/// The text with each comment numbered, and how many there are.
fn numbered(text: &str) -> (String, usize) {
    let mut parts = text.split('§');
    let mut numbered = parts.next().unwrap_or_default().to_owned();
    let mut count = 0;
    for part in parts {
        numbered += &format!("c{count}.{part}");
        count += 1;
    }
    (numbered, count)
}

fn space() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["", " ", "  ", "\t"]).prop_map(str::to_owned)
}

/// What can stand between the items of a list.
fn gap() -> impl Strategy<Value = String> {
    let comment = format!(" {COMMENT}\n");
    let lines = format!("\n  {COMMENT}\n\n\n {COMMENT}\n");
    prop_oneof![
        6 => space(),
        2 => prop::sample::select(vec!["\n", "\n\n\n  ", "\r\n "]).prop_map(str::to_owned),
        1 => Just(comment),
        1 => Just(lines),
    ]
}

fn string() -> impl Strategy<Value = String> {
    let content = r#"[a-z .'"\\#,=@好é\[\]{}]{0,9}"#;
    let escaped = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    prop_oneof![
        3 => content.prop_map(move |text| format!("\"{}\"", escaped(&text))),
        2 => content.prop_map(|text| format!("'{}'", text.replace('\'', ""))),
        2 => content.prop_map(|text| format!("'''{}'''", text.replace("'''", ""))),
        1 => content.prop_map(move |text| format!("\"\"\"{}\\\n   b\n\"\"\"", escaped(&text))),
        1 => Just("'''\n a\r\n  # no comment\n'''".to_owned()),
        1 => prop::sample::select(vec!["\"\\u200b\\t\"", "\"\\u00e9\"", "\"\\bfoo\\b\"", "'''''a'''", "'''a'b''''"]).prop_map(str::to_owned),
        2 => prop::sample::select(vec!["\"UR1\"", "\"accept\"", "'U: a'", "\"en\"", "'whole'", "\"W101\""]).prop_map(str::to_owned),
    ]
}

fn value() -> impl Strategy<Value = String> {
    let plain = vec!["1", "0.90", "true", "-1.0", "1_000", "nan", "1979-05-27", "0x1F"];
    let leaf = prop_oneof![4 => string(), 1 => prop::sample::select(plain).prop_map(str::to_owned)];
    leaf.prop_recursive(3, 24, 6, |inner| {
        let items = prop::collection::vec((gap(), inner.clone(), gap()), 0..6);
        let list = (items, any::<bool>(), gap()).prop_map(|(items, comma, end)| {
            let items: Vec<String> =
                items.iter().map(|(before, item, behind)| format!("{before}{item}{behind}")).collect();
            let comma = if comma && !items.is_empty() { "," } else { "" };
            format!("[{}{comma}{end}]", items.join(","))
        });
        let keys = vec!["route", "hits", "span", "first", "share", "\"mood.tone\"", "a.b", "model", "not"];
        let entry = (prop::sample::select(keys), space(), inner, space());
        let table = (prop::collection::btree_map(0..9usize, entry, 0..4), space(), any::<bool>()).prop_map(
            |(entries, end, has_lines)| {
                let line = if has_lines { format!(" {COMMENT}\n") } else { String::new() };
                let entries: BTreeMap<&str, String> = entries
                    .into_values()
                    .map(|(key, before, value, behind)| {
                        (key, format!("{line}{before}{key}{behind}={before}{value}{behind}"))
                    })
                    .collect();
                format!("{{{}{end}}}", entries.into_values().collect::<Vec<_>>().join(","))
            },
        );
        prop_oneof![2 => list, 1 => table]
    })
}

/// The keys of a table, with their values, comments and blank lines.
fn body() -> impl Strategy<Value = String> {
    let keys = vec![
        "id",
        "\"category\"",
        "route",
        "allow",
        "any",
        "regex",
        "unless",
        "turn.first",
        "turn . last",
        "guard.min-precision.share",
        "weight",
        "facts",
        "where",
        "previous-assistant",
        "expect",
        "dialogue",
        "todo",
        "format",
        "lang",
        "extends",
        "b",
        "'c d'",
        "max-words",
        "language",
        "disable",
        "praise",
    ];
    let entry = (prop::sample::select(keys), gap(), space(), value(), prop::bool::weighted(0.2));
    prop::collection::vec(entry, 0..7).prop_map(|entries| {
        let mut seen = Vec::new();
        let mut text = String::new();
        for (key, before, space, value, has_comment) in entries {
            let first = key.split('.').next().unwrap_or(key).trim().to_owned();
            let is_new = !seen.iter().any(|(old, known)| *known == first && (*old == key || first == key));
            if is_new && !seen.iter().any(|(old, _)| *old == key) {
                seen.push((key, first));
                let behind = if has_comment { COMMENT } else { "" };
                text += &format!("{before}\n{space}{key}{space}= {value}{space}{behind}\n");
            }
        }
        text
    })
}

fn file() -> impl Strategy<Value = String> {
    let headers = vec![
        "[[rule]]",
        "[[ rule ]]",
        "[[rule.test]]",
        "[rule.guard]",
        "[lists]",
        "[guard]",
        "[other]",
        "[rule.test.expect]",
        "[rule.turn]",
        "[[other2]]",
        "[ \"lists\" ]",
    ];
    let table = (gap(), space(), prop::sample::select(headers), prop::bool::weighted(0.2), body());
    (body(), prop::collection::vec(table, 0..6), gap()).prop_map(|(top, tables, end)| {
        let mut text = top;
        for (before, indent, header, has_comment, body) in tables {
            let behind = if has_comment { COMMENT } else { "" };
            text += &format!("{before}\n{indent}{header}{indent}{behind}\n{body}");
        }
        text + &end
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, max_global_rejects: 100_000, ..ProptestConfig::default() })]

    #[test]
    fn any_file_keeps_its_meaning_and_its_comments_and_is_formatted_once(text in file()) {
        let (text, comments) = numbered(&text);
        prop_assume!(text.parse::<toml::Table>().is_ok());
        let once = assert_kept(&text)?;
        for number in 0..comments {
            let comment = COMMENT.replace('§', &format!("c{number}."));
            prop_assert_eq!(once.matches(&comment).count(), 1, "{}\n{}\n---\n{}", comment, text, once);
        }
    }

    #[test]
    fn no_text_is_too_odd_to_be_refused(text in r#"([a-z]{1,3} ?= ?|\[|\]|[{}#,.='"\\\n\r\t\u{FEFF}é]|'''|\[\[rule\]\]\n){0,30}"#) {
        if let Ok(once) = format_text("t", &text) {
            prop_assert_eq!(format_text("t", &once), Ok(once.clone()), "{:?}", text);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Rules of a shipped pack in another order of their keys, with other space around them, and with comments between.
    #[test]
    fn a_shipped_pack_that_was_edited_keeps_its_meaning(pack in 0..8usize, edits in prop::collection::vec((any::<prop::sample::Index>(), 0..5u8), 1..40)) {
        let packs = packs();
        let Some(text) = packs.values().nth(pack) else { return Ok(()) };
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        for (at, edit) in edits {
            let at = at.index(lines.len());
            match edit {
                0 => lines.insert(at, COMMENT.to_owned()),
                1 => lines.insert(at, String::new()),
                2 => lines[at].push_str(&format!("   {COMMENT}")),
                3 => lines[at] = format!("      {}", lines[at]),
                // Keys in one line each can change places.
                _ if at > 0 && lines[at - 1..=at].iter().all(|line| line.contains(" = ") && !line.ends_with('[') && !line.starts_with('#')) => lines.swap(at - 1, at),
                _ => {}
            }
        }
        let (text, comments) = numbered(&lines.join("\n"));
        prop_assume!(text.parse::<toml::Table>().is_ok());
        let once = assert_kept(&text)?;
        let all = (0..comments).all(|number| once.contains(&COMMENT.replace('§', &format!("c{number}."))));
        prop_assert!(all, "a comment is lost");
        prop_assert!(once.lines().all(|line| line.trim_end() == line), "space at the end of a line");
    }
}
