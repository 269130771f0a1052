//! The codes of all findings in rule files, of their tests and of their guards, each with a title: the one list of them.

/// A code and its title, errors first, each kind in the order of its numbers.
pub const CODES: &[(&str, &str)] = &[
    ("R001", "not TOML"),
    ("R002", "unknown key"),
    ("R003", "missing key"),
    ("R004", "wrong type"),
    ("R005", "value not allowed"),
    ("R006", "rule id used twice"),
    ("R007", "invalid or too large regex"),
    ("R008", "impossible rule"),
    ("R009", "unusable test"),
    ("R010", "unknown format"),
    ("R011", "pack to extend not found"),
    ("R012", "rule to disable not found"),
    ("R013", "unreadable file"),
    ("R014", "no condition on a fact"),
    ("R015", "fact that no plugin in force tells"),
    ("R016", "list that is not there"),
    ("R017", "rule to build on not found"),
    ("R018", "rule that builds on itself"),
    ("R019", "unusable condition on a column"),
    ("R020", "unusable guard"),
    ("W101", "regex that runs on every turn"),
    ("W102", "rule without tests"),
    ("W103", "rule without a negative test"),
    ("W104", "phrase that adds nothing"),
    ("W105", "rule tested on its own words alone"),
    ("W106", "regex that runs on many turns"),
    ("W107", "condition on a fact that always holds"),
    ("W108", "conditions on facts that never hold together"),
    ("W109", "list that no rule uses"),
    ("W110", "capitals asked of folded text"),
    ("W111", "control character in a phrase or regex"),
    ("W112", "rule or phrase that never hits"),
    ("W113", "same words accepted in two categories"),
    ("W114", "rule that adds nothing"),
    ("W115", "negative tests that could not hit"),
    ("W116", "name of a rule that changes nothing"),
    ("W117", "regex that never matches folded text"),
    ("T001", "failing test of a rule"),
    ("T002", "test marked as a gap that passes"),
    ("G001", "broken guard"),
];

/// The title of a code; `None` if the code is none of a finding.
pub fn title(code: &str) -> Option<&'static str> {
    CODES.iter().find(|(known, _)| *known == code).map(|&(_, title)| title)
}

/// The codes of all warnings, for `allow`.
pub(crate) fn warnings() -> Vec<&'static str> {
    CODES.iter().map(|&(code, _)| code).filter(|code| code.starts_with('W')).collect()
}
