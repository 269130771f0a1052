//! One case for each code: the smallest file with the mistake, and the place that is marked.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use rejoinder_core::diagnostic::Diagnostic;

use super::{RuleSource, conflicts};
use crate::codes::CODES;
use crate::schema::parse;

/// Code, what is marked, and the file behind its first line; a rule that is not written out begins with `[[rule]]`.
const CASES: &[(&str, &str, &str)] = &[
    ("R001", "en", "lang = [en]"),
    ("R002", "langs", "langs = []"),
    ("R003", "[[rule]]", "[[rule]]\nid = 'a'\nany = ['no']"),
    ("R004", "'no'", "[[rule]]\nid = 'a'\nroute = 'reject'\nany = 'no'"),
    ("R005", "'rejected'", "[[rule]]\nid = 'a'\nroute = 'rejected'\nany = ['no']"),
    (
        "R006",
        "'a'",
        "[[rule]]\nid = 'a'\nroute = 'score'\nany = ['no']\n[[rule]]\nid = 'a'\nroute = 'score'\nany = ['no']",
    ),
    ("R007", "[", "[[rule]]\nid = 'a'\nroute = 'score'\nregex = ['no[']"),
    ("R008", "''", "[[rule]]\nid = 'a'\nroute = 'score'\nany = ['']"),
    (
        "R009",
        "'no'",
        "[[rule]]\nid = 'a'\nroute = 'score'\nany = ['no']\n[[rule.test]]\ndialogue = ['no', 'U: no']\nexpect = { hits = [] }",
    ),
    ("R010", "7", "format = 7"),
    ("R014", "< 1", "[[rule]]\nid = 'a'\nroute = 'score'\nfacts = ['mood.tone << 1']"),
    ("R016", "'@x'", "REJECT\nany = ['@x']"),
    ("R019", "[]", "REJECT\nany = ['no']\nwhere.model = []"),
    ("R020", "{}", "[[rule]]\nid = 'a'\nroute = 'accept'\ncategory = 'UR1'\nany = ['no']\nguard = {}"),
    (
        "W101",
        r"'''\w+'''",
        r"REJECT
regex = ['''\w+''']",
    ),
    ("W102", "[[rule]]", "[[rule]]\nid = 'a'\nroute = 'reject'\nany = ['no']"),
    (
        "W103",
        "[[rule]]",
        "[[rule]]\nid = 'a'\nroute = 'reject'\nany = ['no']\n[[rule.test]]\ndialogue = ['U: a', 'A: b', 'U: oh no']\nexpect = { route = 'reject' }",
    ),
    ("W104", "'oh no'", "REJECT\nany = ['no', 'oh no']"),
    (
        "W105",
        "[[rule.test]]",
        "REJECT\nany = ['no', 'nope']\n[[rule.test]]\ndialogue = ['U: a', 'A: b', 'U: No, nope!']\nexpect = { route = 'reject' }",
    ),
    (
        "W106",
        r"'''\bno'''",
        r"REJECT
regex = ['''\bno''']",
    ),
    ("W108", "[[rule]]", "REJECT\nfacts = ['mood.tone = calm', 'mood.tone = angry']"),
    ("W109", "x", "[lists]\nx = ['a']"),
    ("W110", "[A-Z]", "REJECT\nregex = ['[A-Z]{4}, no']"),
    (
        "W111",
        r"\b",
        r#"REJECT
any = ["no"]
regex = ["(?:yes|no)\bno"]"#,
    ),
    ("W112", "'''no'''", "REJECT\nany = ['oh no', 'no, no']\nunless = ['''no''']"),
    ("W112", r"'''\bnot\b'''", "REJECT\nany = ['not right', '不 not good']\nunless = ['''\\bnot\\b''']"),
    (
        "W112",
        r"'''\bnot\b'''",
        "REJECT\nregex = ['''\\bnot (?:right|good)\\b''']\nunless = ['''\\bnot\\b''']",
    ),
    ("W113", r"'\bgracias\b'", "ACCEPT UR5\nany = ['gracias']\nACCEPT UR2\nregex = ['\\bgracias\\b']"),
    ("W113", "'no, gracias'", "ACCEPT UR5\nregex = ['gracias']\nACCEPT UR2\nany = ['no, gracias']"),
    ("W114", "[[rule]]", "REJECT\nany = ['wrong']\nREJECT\nregex = ['\\bvery wrong\\b']"),
    ("W113", "'not thanks'", "ACCEPT UR5\nany = ['thanks']\nACCEPT UR2\nany = ['never', 'not thanks']"),
    (
        "W114",
        "[[rule]]",
        "REJECT\nany = ['no']\nmax-words = 9\nREJECT\nany = ['no, no', 'oh no']\nmax-words = 5",
    ),
    (
        "W115",
        "[[rule.test]]",
        "[[rule]]\nid = 'a'\nroute = 'reject'\nany = ['no']\n[[rule.test]]\ndialogue = ['U: a', 'A: b', 'U: fine']\nexpect = { route = 'none' }",
    ),
    ("W116", "'a'", "[[rule]]\nid = 'b'\nroute = 'reject'\nall-of = ['c', 'a', 'a']"),
    ("W117", "'don’t know'", "REJECT\nany = ['no']\nunless = ['don’t know', 'do not know', 'don.t know']"),
];

/// What must not be reported: a code, and a file that comes near to it.
const NEAR: &[(&str, &str)] = &[
    (
        "W111",
        r#"REJECT
any = ["a\tb", 'a\b']
regex = ['''\bno\b''', "\\bno\\b", "no\n|yes\u00e9"]"#,
    ),
    ("W112", "REJECT\nany = ['oh no']\nunless = ['^no', 'no$', '(?m)^oh no$']"),
    ("W112", "REJECT\nany = ['不对']\nunless = ['''\\b不对\\b''']"),
    ("W112", "REJECT\nany = ['- no']\nunless = ['''^- no''']"),
    ("W112", "REJECT\nany = ['oh no']\nmax-words = 2\nunless = ['yes', 'no no']"),
    ("W112", "REJECT\nany = ['no']\nregex = ['never']\nunless = ['never ever', 'nothing']"),
    ("W113", "ACCEPT UR5\nany = ['thanks']\nACCEPT UR5\nany = ['not thanks']"),
    ("W113", "ACCEPT UR5\nany = ['thanks']\nunless = ['not ']\nACCEPT UR2\nany = ['not thanks']"),
    ("W113", "ACCEPT UR5\nany = ['thanks']\nmax-words = 1\nACCEPT UR2\nany = ['not thanks']"),
    ("W113", "ACCEPT UR5\nany = ['thanks']\nat = 'start'\nACCEPT UR2\nany = ['not thanks']"),
    (
        "W113",
        "ACCEPT UR5\nany = ['thanks']\nturn.first = true\nACCEPT UR2\nany = ['thanks']\nturn.first = false",
    ),
    (
        "W113",
        "ACCEPT UR5\nany = ['thanks']\nlanguage = ['en']\nACCEPT UR2\nany = ['thanks']\nlanguage = ['de']",
    ),
    (
        "W113",
        "ACCEPT UR5\nany = ['no']\nprevious-assistant.refuses = true\nACCEPT UR2\nany = ['no']\nprevious-assistant.refuses = false",
    ),
    ("W113", "ACCEPT UR5\nany = ['thanks']\nACCEPT UR2\nany = ['thankless']"),
    ("W113", "ACCEPT UR5\nany = ['ok']\nat = 'whole'\nACCEPT UR2\nany = ['ok']\nmin-words = 4"),
    ("W113", "ACCEPT UR5\nany = ['gracias']\nACCEPT UR2\nregex = ['gra.ias']"),
    ("W114", "REJECT\nany = ['wrong']\nREJECT\nregex = ['very wrong']"),
    ("W114", "REJECT\nregex = ['\\bwrong\\b']\nREJECT\nany = ['very wrong']\nguard.max-accept-share = 1"),
    ("W106", "REJECT\nregex = [\"\\bno\\b\"]"),
    (
        "W113",
        "ACCEPT UR5\nany = ['thanks']\nwhere.model = 'a'\nACCEPT UR2\nany = ['thanks']\nwhere.model = ['b', 'c']",
    ),
    (
        "W113",
        "ACCEPT UR5\nany = ['thanks']\nwhere.model = 'a'\nACCEPT UR2\nany = ['thanks']\nwhere.model = { not = 'a' }",
    ),
    (
        "W113",
        "ACCEPT UR5\nany = ['thanks']\nanswer-regex = ['sorry']\nACCEPT UR2\nany = ['thanks']\nanswer-unless = ['sorry']",
    ),
    (
        "W113",
        "ACCEPT UR5\nany = ['thanks']\nearlier-unless = ['sorry']\nACCEPT UR2\nany = ['thanks']\nearlier-regex = ['sorry']",
    ),
    (
        "W113",
        "ACCEPT UR5\nregex = ['no (?:thanks|thank you)']\nACCEPT UR2\nregex = ['no (?:thanks|thank you)']\nunless = ['thank']",
    ),
    ("W114", "REJECT\nany = ['no']\nmax-words = 5\nREJECT\nany = ['no, no', 'oh no']\nmax-words = 9"),
    ("W114", "REJECT\nany = ['no']\nREJECT\nany = ['no, no', 'yes']"),
    ("W114", "REJECT\nany = ['no']\nREJECT\nany = ['oh no']\nregex = ['never (?:ever|more)']"),
    (
        "W114",
        "REJECT\nany = ['no']\n[[rule]]\nid = 'b'\nroute = 'reject'\nany = ['oh no']\nREJECT\nany = ['yes']\nall-of = ['b']",
    ),
    (
        "W104",
        "REJECT\nany = ['no']\n[[rule]]\nid = 'b'\nroute = 'reject'\nany = ['oh no', 'hm']\nREJECT\nany = ['yes']\nall-of = ['b']",
    ),
    (
        "W114",
        "[[rule]]\nid = 'a'\nroute = 'score'\nany = ['no']\n[[rule]]\nid = 'b'\nroute = 'score'\nany = ['oh no']",
    ),
    (
        "W105",
        "REJECT\nany = ['no']\nmax-words = 1\n[[rule.test]]\ndialogue = ['U: a', 'A: b', 'U: No!']\nexpect = { route = 'reject' }",
    ),
    (
        "W105",
        "REJECT\nany = ['no']\n[[rule.test]]\ndialogue = ['U: a', 'A: b', 'U: No, it is not.']\nexpect = { route = 'reject' }",
    ),
    (
        "W115",
        "[[rule]]\nid = 'a'\nroute = 'reject'\nregex = ['apologi[sz]e']\n[[rule.test]]\ndialogue = ['U: a', 'A: b', 'U: an apology']\nexpect = { hits = [] }",
    ),
    (
        "W115",
        "[[rule]]\nid = 'a'\nroute = 'reject'\nany = ['no']\n[[rule.test]]\ndialogue = ['U: a', 'A: b', 'U: fine']\nexpect = { route = 'none' }\n[[rule.test]]\ndialogue = ['U: a', 'A: b', 'U: no']\nexpect = { hits = ['b'] }",
    ),
];

/// The file: `REJECT` and `ACCEPT` stand for a rule with an id of its own.
fn file(text: &str) -> String {
    let mut written = if text.contains("format") { String::new() } else { "format = 1\n".to_owned() };
    for (number, line) in text.lines().enumerate() {
        written += &match line.split_once(' ') {
            _ if line == "REJECT" => format!("[[rule]]\nid = 'r{number}'\nroute = 'reject'"),
            Some(("ACCEPT", category)) => {
                format!("[[rule]]\nid = 'r{number}'\nroute = 'accept'\ncategory = '{category}'")
            }
            _ => line.to_owned(),
        };
        written.push('\n');
    }
    written
}

fn findings(text: &str) -> Vec<Diagnostic> {
    let content = parse("f.toml", text);
    let source = RuleSource { name: "f.toml", text, content: &content, is_checked: true };
    let together = conflicts(&[source], &HashSet::new());
    content.errors.iter().cloned().chain(content.warnings("f.toml", text)).chain(together).collect()
}

fn marked(finding: &Diagnostic) -> String {
    finding.source_line.chars().skip(finding.caret).take(finding.width).collect()
}

#[test]
fn each_code_is_reported_once_where_its_mistake_stands() {
    for (code, expected, text) in CASES {
        let text = file(text);
        let all = findings(&text);
        let found: Vec<_> = all.iter().filter(|finding| finding.code == *code).collect();
        let [finding] = found[..] else { panic!("{code} stands {} times\n{text}{all:#?}", found.len()) };
        assert_eq!(marked(finding), *expected, "{finding}");
        assert!(!finding.message.is_empty() && finding.message.len() < 200, "{finding}");
        assert!(!finding.help.is_empty() || ["R001", "R004", "R007", "R009"].contains(code), "{finding}");
    }
}

#[test]
fn each_warning_is_silenced_where_its_rule_allows_it() {
    // One is about a list, which no rule need use.
    for (code, _, text) in CASES.iter().filter(|(code, ..)| code.starts_with('W') && *code != "W109") {
        let text = file(text).replace("\nroute", &format!("\nallow = ['{code}']\nroute"));
        let all = findings(&text);
        assert!(all.iter().all(|finding| finding.code != *code), "{code}\n{text}{all:#?}");
    }
}

#[test]
fn what_only_comes_near_is_not_reported() {
    for (code, text) in NEAR {
        let text = file(text);
        let all = findings(&text);
        assert!(
            all.iter().all(|finding| finding.code != *code && finding.code != "R001"),
            "{code}\n{text}{all:#?}"
        );
    }
}

#[test]
fn each_code_of_a_rule_file_has_a_case() {
    // Those that name other files and plugins are reported where these are known.
    let elsewhere = ["R011", "R012", "R013", "R015", "R017", "R018", "W107", "T001", "T002", "G001"];
    for (code, _) in CODES.iter().filter(|(code, _)| !elsewhere.contains(code)) {
        assert!(CASES.iter().any(|(known, ..)| known == code), "{code} has no case");
    }
}

#[test]
fn a_conflict_across_files_names_the_other_file_and_stands_in_the_one_that_is_checked() {
    let [mine, theirs] =
        ["ACCEPT UR5\nany = ['thanks']", "\nACCEPT UR2\nany = ['no', 'not thanks']"].map(file);
    let [own, other] = [parse("mine.toml", &mine), parse("theirs.toml", &theirs)];
    let source = |name, text, content, is_checked| RuleSource { name, text, content, is_checked };
    let of = |own_checked, other_checked, disabled: &[&str]| {
        let files = [
            source("mine.toml", mine.as_str(), &own, own_checked),
            source("theirs.toml", theirs.as_str(), &other, other_checked),
        ];
        conflicts(&files, &disabled.iter().copied().collect())
    };
    let [found] = &of(true, false, &[])[..] else { panic!("one conflict") };
    assert_eq!((found.file.as_str(), found.line, marked(found).as_str()), ("mine.toml", 6, "'thanks'"));
    assert!(found.message.contains("`r1` (theirs.toml:3) as UR2"), "{found}");
    let [found] = &of(true, true, &[])[..] else { panic!("one conflict") };
    assert_eq!((found.file.as_str(), marked(found).as_str()), ("theirs.toml", "'not thanks'"));
    assert!(of(false, false, &[]).is_empty() && of(true, true, &["r1"]).is_empty());
}

#[test]
fn many_rules_on_the_same_words_take_no_square_of_time() {
    const RULES: usize = 1_500;
    let begun = Instant::now();
    for unless in ["one", "never"] {
        let mut text = "format = 1\n".to_owned();
        for id in 0..RULES {
            let category = id % 5 + 1;
            let _ = write!(
                text,
                "[[rule]]\nid = 'r{id}'\nroute = 'accept'\ncategory = 'UR{category}'\nany = ['one phrase', 'one phrase of {id}']\n\
                 regex = ['(?:one|two) words? of {id}']\nunless = ['{unless} p']\n"
            );
        }
        let all = findings(&text);
        let conflicts = all.iter().filter(|finding| finding.code == "W113").count();
        let expected = if unless == "one" { 0 } else { RULES };
        assert_eq!(conflicts, expected, "where no rule excepts the phrase, each meets another");
    }
    assert!(begun.elapsed() < Duration::from_secs(120), "{:?}", begun.elapsed());
}
