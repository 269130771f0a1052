//! Dialogues as people paste them: text whose lines begin with who speaks. Such a file holds no records, but what it is can be said.

use std::io::Read;

use rejoinder_core::Role;

use super::InputFile;

/// Who speaks, as people write it at the beginning of a line. A single letter counts in upper case only.
const SPEAKERS: [(&str, Role); 11] = [
    ("U", Role::User),
    ("User", Role::User),
    ("Human", Role::User),
    ("You", Role::User),
    ("A", Role::Assistant),
    ("Assistant", Role::Assistant),
    ("AI", Role::Assistant),
    ("Bot", Role::Assistant),
    ("ChatGPT", Role::Assistant),
    ("S", Role::System),
    ("System", Role::System),
];

/// The most bytes that a line's speaker is looked for in.
const HEAD: u64 = 256;

/// Who speaks in a line such as `User: hello`, and what is said; `None` where the line does not begin with a speaker. Markdown
/// around the speaker (`**User:**`, `## User:`) is passed over.
pub fn speaker_of_line(line: &str) -> Option<(Role, &str)> {
    let text = line.trim_start_matches(['#', '*', ' ']);
    let (word, rest) = text.split_once([':', '：'])?;
    let word = word.trim_end_matches(['*', ' ']);
    let is_named = |name: &str| if name.len() == 1 { word == name } else { word.eq_ignore_ascii_case(name) };
    let (_, role) = SPEAKERS.iter().find(|(name, _)| is_named(name))?;
    let rest = rest.strip_prefix("**").unwrap_or(rest);
    Some((*role, rest.strip_prefix(' ').unwrap_or(rest)))
}

impl InputFile {
    /// The beginning of a file's first line that says who speaks, such as `User:`, where the file is a dialogue as text.
    pub fn first_speaker(path: &std::path::Path) -> Option<String> {
        let mut head = Vec::new();
        std::fs::File::open(path).ok()?.take(HEAD).read_to_end(&mut head).ok()?;
        let text = String::from_utf8_lossy(&head);
        let line = text.trim_start_matches('\u{feff}').trim_start().lines().next()?.to_owned();
        speaker_of_line(&line)?;
        let end = line.find([':', '：'])?;
        Some(format!("{}:", line[..end].trim_matches(['#', '*', ' '])))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn speakers_are_known_by_letter_word_and_markdown() {
        for (line, role, said) in [
            ("U: hi", Role::User, "hi"),
            ("A:hi", Role::Assistant, "hi"),
            ("user: hi", Role::User, "hi"),
            ("Human:  hi", Role::User, " hi"),
            ("ASSISTANT: hi: there", Role::Assistant, "hi: there"),
            ("**User:** hi", Role::User, "hi"),
            ("**Assistant**: hi", Role::Assistant, "hi"),
            ("### System:", Role::System, ""),
            ("User：你好", Role::User, "你好"),
        ] {
            assert_eq!(speaker_of_line(line), Some((role, said)), "{line}");
        }
        for line in ["u: hi", "a: list", "Users: hi", "hi", "", ":", "{\"User\": 1}", "Note: User: hi"] {
            assert_eq!(speaker_of_line(line), None, "{line}");
        }
    }

    proptest! {
        /// What is said is the end of the line, whatever the line holds.
        #[test]
        fn any_line_can_be_looked_at(line in "(?s)[#* ]{0,3}(U|User|ai|ChatGPT)?[*]{0,2}[:： ]?.{0,40}") {
            if let Some((_, said)) = speaker_of_line(&line) {
                prop_assert!(line.ends_with(said));
            }
        }
    }
}
