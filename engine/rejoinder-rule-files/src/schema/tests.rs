use std::fmt::Write as _;
use std::time::{Duration, Instant};

use rejoinder_core::diagnostic::Diagnostic;

use super::*;
use crate::condition::Condition;
use crate::reading::TextReading;

/// The errors of a file, or else its warnings but those about missing tests: code, line, column, and all that they say.
fn findings(text: &str) -> Vec<(&'static str, usize, usize, String)> {
    let file = parse("f", text);
    let list = if file.errors.is_empty() { file.warnings("f", text) } else { file.errors };
    let told = |d: Diagnostic| (d.code, d.line, d.column, format!("{}; {}", d.message, d.help));
    list.into_iter().filter(|d| d.code != "W102").map(told).collect()
}

/// A file with a rule, whose keys begin in line 6.
fn with_rule(lists: &str, keys: &str) -> String {
    format!("format = 1\n{lists}\n[[rule]]\nid = \"r\"\nroute = \"score\"\n{keys}\n")
}

#[track_caller]
fn expect_one(text: &str, place: (&str, usize, usize), says: &[&str]) {
    let findings = findings(text);
    let [(code, line, column, said)] = &*findings else { panic!("{text}\n{findings:?}") };
    assert_eq!((*code, *line, *column), place, "{text}\n{said}");
    assert!(says.iter().all(|part| said.contains(part)), "{said}");
}

#[test]
fn an_unknown_key_that_is_like_no_other_is_answered_with_where_all_keys_stand() {
    let place = ("R002", 7, 1);
    expect_one(
        &with_rule("", "any = [\"x\"]\nsentiment = 1"),
        place,
        &["`rejoinder rules schema` prints all keys"],
    );
    expect_one(&with_rule("", "any = [\"x\"]\nmaxwords = 1"), place, &["did you mean `max-words`?"]);
}

#[test]
fn the_phrases_of_a_list_are_those_of_each_rule_that_names_it() {
    let text = "format = 1\n[lists]\npraise = [\"Well DONE\", \"nice one\", \"@@home\"]\n\
        [[rule]]\nid = \"a\"\nroute = \"score\"\nany = [\"bravo\", \"@praise\", \"@@work\"]\n\
        [[rule]]\nid = \"b\"\nroute = \"score\"\ntext = \"as-written\"\nany = [\"@praise\"]\nanswer-any = [\"@praise\", \"So\"]\n";
    let file = parse("f", text);
    assert!(file.errors.is_empty(), "{:?}", file.errors);
    assert_eq!(file.rules[0].phrases, ["well done", "nice one", "@home", "bravo", "@work"]);
    assert_eq!(file.rules[1].phrases, ["Well DONE", "nice one", "@home"]);
    let Some(Condition::Dialogue(words)) = file.rules[1].conditions.first() else { panic!("{file:?}") };
    assert_eq!(
        (words.reading, &*words.phrases),
        (TextReading::AsWritten, &["Well DONE", "nice one", "@home", "So"].map(str::to_owned)[..])
    );
    let stored = file.stored().unwrap();
    let kept: Vec<crate::rule::Rule> = serde_json::from_value(
        serde_json::from_str::<serde_json::Value>(&stored.rules).unwrap()["rules"].take(),
    )
    .unwrap();
    assert_eq!(kept[1].conditions[0].to_string(), file.rules[1].conditions[0].to_string());
    assert_eq!(kept[1].text, TextReading::AsWritten);
}

#[test]
fn a_list_that_is_not_there_is_reported_where_it_is_named() {
    let praise = "[lists]\npraise = [\"well done\"]";
    let used = "any = [\"@praise\"]\n";
    expect_one(
        &with_rule(praise, "any = [\"@praise\", \"x\", \"@prase\"]"),
        ("R016", 7, 24),
        &["`@prase` names no list", "did you mean `praise`?", "`@@prase`"],
    );
    for key in ["answer-any", "earlier-any"] {
        let column = key.len() + 5;
        expect_one(
            &with_rule(praise, &format!("{used}{key} = [\"@y\"]")),
            ("R016", 8, column),
            &["expected one of `praise`"],
        );
    }
    expect_one(
        &with_rule("", "any = [\"@home\"]"),
        ("R016", 6, 8),
        &["the file has no [lists]", "write `@@home`"],
    );
    expect_one(
        &with_rule("[lists]\nall = [\"x\", \"@praise\"]", "any = [\"@all\"]"),
        ("R016", 3, 13),
        &["no other list", "`@@praise`"],
    );
    expect_one(
        &with_rule("[lists]\nx = []", "any = [\"a\"]"),
        ("R008", 3, 1),
        &["the list `x` holds no phrase"],
    );
    expect_one(
        &with_rule("[lists]\nx = [\"a\", \"\"]", "any = [\"@x\"]"),
        ("R008", 3, 11),
        &["an empty phrase"],
    );
    expect_one(
        &with_rule("[lists]\nx = \"a\"", "any = [\"b\"]"),
        ("R004", 3, 5),
        &["must be a list of strings"],
    );
    expect_one(&with_rule("lists = 3", "any = [\"b\"]"), ("R004", 2, 9), &["must be a table"]);
}

#[test]
fn a_list_is_warned_about_once_however_many_rules_use_it() {
    expect_one(
        &with_rule("[lists]\nx = [\"a\"]", "any = [\"b\"]"),
        ("W109", 3, 1),
        &["no rule uses the list `x`", "\"@x\""],
    );
    let lists = "[lists]\nx = [\"well done\", \"done\", \"DONE\", \"undone\"]";
    let mut text = with_rule(lists, "any = [\"@x\"]\n");
    for id in 0..3 {
        let _ = write!(text, "[[rule]]\nid = \"r{id}\"\nroute = \"score\"\nany = [\"@x\"]\n");
    }
    let found = findings(&text);
    let places: Vec<_> = found.iter().map(|(code, line, column, _)| (*code, *line, *column)).collect();
    assert_eq!(places, [("W104", 3, 6), ("W104", 3, 27)], "{found:?}");
    assert!(found[0].3.contains("`done` of the same list"), "{found:?}");
    // At the ends of a turn a shorter phrase matches elsewhere, and where case counts, DONE is another.
    assert_eq!(findings(&text.replacen("[\"@x\"]\n", "[\"@x\"]\nat = \"whole\"\n", 1)).len(), 1);
    let written = text.replacen("[\"@x\"]\n", "[\"@x\"]\ntext = \"as-written\"\n", 1);
    assert_eq!(findings(&written).len(), 1);
    let allowed = text.replacen("[\"@x\"]\n", "[\"@x\"]\nallow = [\"W104\"]\n", 1);
    assert!(findings(&allowed).is_empty());
    // A phrase of the rule's own that its list has is useless, wherever it stands.
    expect_one(
        &with_rule("[lists]\nx = [\"well done\"]", "any = [\"well done\", \"@x\", \"bravo\"]"),
        ("W104", 7, 8),
        &["`well done` of the same rule"],
    );
}

#[test]
fn a_key_without_words_is_an_error() {
    for key in ["answer-any", "answer-regex", "earlier-any", "earlier-regex", "any", "regex"] {
        let other = if key.len() < 6 { "max-words = 3" } else { "any = [\"x\"]" };
        let text = with_rule("", &format!("{other}\n{key} = []"));
        expect_one(&text, ("R008", 7, key.len() + 4), &[key, "never hits"]);
    }
    expect_one(
        &with_rule("", "answer-unless = [\"x\"]\nat = \"start\""),
        ("R008", 7, 6),
        &["`at` needs a phrase or regex"],
    );
    expect_one(&with_rule("", "earlier-regex = ['a(']"), ("R007", 6, 20), &["unclosed group"]);
    expect_one(
        &with_rule("", "any = [\"a\"]\ntext = \"as-writen\""),
        ("R005", 7, 8),
        &["did you mean `as-written`?"],
    );
    assert!(findings(&with_rule("", "answer-any = [\"as an ai\"]")).is_empty());
}

#[test]
fn a_regex_that_asks_for_capitals_is_warned_about_unless_text_is_as_written() {
    for (key, column) in
        [("regex", 13), ("unless", 14), ("answer-regex", 20), ("answer-unless", 21), ("earlier-unless", 22)]
    {
        let text = with_rule("", &format!("any = [\"why\"]\n{key} = ['\\b[A-Z]{{4,}}', 'I said']"));
        let mut found = findings(&text);
        found.retain(|(code, ..)| *code == "W110");
        let [(_, line, at, said)] = &*found else { panic!("{found:?}") };
        assert_eq!((*line, *at), (7, column), "{key}");
        assert!(
            said.contains("so `[A-Z]` does not ask for capitals") && said.contains("text = \"as-written\""),
            "{said}"
        );
        for quiet in ["text = \"as-written\"", "allow = [\"W110\"]"] {
            assert!(!findings(&format!("{text}{quiet}\n")).iter().any(|(code, ..)| *code == "W110"), "{key}");
        }
    }
}

#[test]
fn what_toml_cannot_read_hides_no_other_mistake_and_makes_up_none() {
    let codes = |text: &str| {
        let errors = parse("f", text).errors;
        errors.into_iter().map(|error| (error.code, error.line)).collect::<Vec<_>>()
    };
    let rule = "id = \"r\"\nroute = \"score\"\nany = [\"x\"]\n";
    assert_eq!(codes(&format!("format = 1\n[[rule]\n{rule}")), [("R001", 2)]);
    assert_eq!(
        codes(&format!("[[rule]\n{rule}[[rule]]\nid = \"a\"\nroute = \"scores\"\nany = [\"x\"]\n")),
        [("R003", 1), ("R001", 1), ("R005", 7)]
    );
    assert_eq!(
        codes("format = 1\n[[rule]]\nid = \"a\"\nroute = \"scores\"\nany = [x]\n"),
        [("R005", 4), ("R001", 5)]
    );
    assert_eq!(codes("format = \n[[rule]]\nid = \"a\"\nroute = \"score\"\nany = [\"x\"]\n"), [("R001", 1)]);
}

#[test]
fn a_file_from_windows_is_read_as_any_other() {
    let text = with_rule("", "any = [\"well done\", 'a']\nregex = ['''no,\nwhy''']\nunless = ['[A-Z]{4,}']");
    let [unix, windows] = [text.clone(), text.replace('\n', "\r\n")].map(|text| {
        let file = parse("f", &text);
        assert_eq!(file.rules[0].regexes[0].as_str(), "no,\nwhy");
        file.warnings("f", &text).iter().map(ToString::to_string).collect::<Vec<_>>()
    });
    assert_eq!(unix, windows);
    assert!(unix.iter().any(|warning| warning.contains("W110")), "{unix:?}");
}

#[test]
fn texts_in_warnings_are_shown_as_they_are_written() {
    expect_part("regex = ['''a'''', '''b|it's''']", "W106", "holds `a'`");
    expect_part("any = ['x']\nunless = ['''\\p{Lu}+x''']", "W110", r"so `\p{Lu}` does");
}

#[track_caller]
fn expect_part(keys: &str, code: &str, part: &str) {
    let found = findings(&with_rule("", keys));
    assert!(found.iter().any(|(known, .., said)| *known == code && said.contains(part)), "{found:?}");
}

#[test]
fn many_rules_on_a_long_list_take_no_square_of_time() {
    let phrases: Vec<String> = (0..2_000).map(|i| format!("\"phrase {i}\"")).collect();
    let mut text = format!("format = 1\n[lists]\nx = [{}]\n", phrases.join(", "));
    for id in 0..200 {
        let _ = write!(
            text,
            "[[rule]]\nid = \"r{id}\"\nroute = \"score\"\nany = [\"@x\"]\nanswer-any = [\"@x\"]\n"
        );
    }
    let begun = Instant::now();
    assert!(findings(&text).is_empty());
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
}

#[test]
fn a_list_of_many_phrases_in_many_accepting_rules_is_checked_phrase_by_phrase_and_not_rule_by_rule() {
    let phrases: Vec<String> = (0..1_000).map(|i| format!("\"thank you for phrase number {i}\"")).collect();
    let mut text = format!("format = 1\n[lists]\nx = [{}]\n", phrases.join(", "));
    for id in 0..1_000 {
        let _ = write!(
            text,
            "[[rule]]\nid = \"r{id}\"\nroute = \"accept\"\ncategory = \"UR5\"\nany = [\"@x\"]\nmin-words = {}\nmax-words = {}\n",
            id + 6,
            id + 9
        );
    }
    let begun = Instant::now();
    assert!(findings(&text).is_empty());
    println!("{:?}", begun.elapsed());
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
}
