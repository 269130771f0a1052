//! The codes of findings: those that the program has, those that have a title, and those that the manual explains are the same.

use std::collections::BTreeSet;
use std::path::Path;

use rejoinder_rules::codes::CODES;

/// The codes in quotes in the sources below a folder.
fn of_sources(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            of_sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            found.extend(text.split('"').filter(|piece| is_code(piece)).map(str::to_owned));
        }
    }
}

fn is_code(text: &str) -> bool {
    text.len() == 4
        && text.starts_with(['R', 'W', 'T', 'G'])
        && text[1..].bytes().all(|byte| byte.is_ascii_digit())
}

#[test]
fn every_code_has_a_title_and_a_row_in_the_manual() {
    let titles: BTreeSet<String> = CODES.iter().map(|(code, _)| (*code).to_owned()).collect();
    assert_eq!(titles.len(), CODES.len());
    let mut sources = BTreeSet::new();
    for folder in ["rejoinder-rule-files/src", "rejoinder-rules/src", "rejoinder-scan/src", "rejoinder/cli"] {
        of_sources(&Path::new("..").join(folder), &mut sources);
    }
    assert_eq!(titles, sources);
    let manual = std::fs::read_to_string("../../rules/README.md").unwrap();
    let rows = manual.lines().filter_map(|line| line.strip_prefix("| ")?.split_once(" | "));
    let explained: Vec<&str> = rows.map(|(code, _)| code).filter(|code| is_code(code)).collect();
    assert!(explained.is_sorted_by_key(|code| ("RWTG".find(&code[..1]), *code)), "{explained:?}");
    assert_eq!(titles, explained.iter().map(|code| (*code).to_owned()).collect());
    assert_eq!(explained.len(), titles.len(), "each has one row");
}
