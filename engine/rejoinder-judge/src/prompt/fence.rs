//! The fence around chat text, which is hostile data. Whatever in that text could pass for a control marker of a chat template,
//! for the end of the fence, for the beginning of another message or for the mark of a turn gets a zero-width space after
//! its first character: a model reads on as before, a tokenizer sees no marker, and folding makes the two spellings equal
//! again when a span is checked.

use std::collections::HashSet;
use std::sync::LazyLock;

pub(super) const FENCE_START: &str = "<dialogue>";
pub(super) const FENCE_END: &str = "</dialogue>";
const ZERO_WIDTH_SPACE: char = '\u{200B}';

/// Families of markers with their sources.
const MARKERS: &str = include_str!("markers.txt");
/// The longest name between brackets that is looked at, in bytes.
const LONGEST_NAME: usize = 40;
/// The words of this engine's own fence and of the mark of a turn, after their bracket, slashes and white space.
const OWN: [(char, &str); 2] = [('<', "dialogue"), ('[', "turn")];
/// The words with which other formats of dialogues begin a message, before a colon.
const HEADS: [&str; 14] = [
    "user",
    "human",
    "assistant",
    "system",
    "tool",
    "ai",
    "bot",
    "chatbot",
    "model",
    "gpt",
    "instruction",
    "response",
    "input",
    "question",
];
/// The words with which this engine's own format begins a message, after `#`.
const ROLES: [&str; 4] = ["user", "assistant", "system", "tool"];

/// The markers, a family a line.
fn families() -> impl Iterator<Item = (&'static str, impl Iterator<Item = &'static str>)> {
    MARKERS.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let mut words = line.split_whitespace();
        Some((words.next()?, words))
    })
}

/// The names between the brackets of markers, in small letters.
static NAMES: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let markers = families().flat_map(|(_, markers)| markers);
    markers.filter_map(|marker| Some(name_in(marker)?.to_ascii_lowercase())).collect()
});

/// Appends chat text that cannot leave the fence.
pub(super) fn push_disarmed(prompt: &mut String, text: &str) {
    let mut begins_line = false;
    // The end of the last run of `#` and white space, so that no run is read twice.
    let mut run_end = 0;
    for (at, c) in text.char_indices() {
        prompt.push(c);
        let is_harmful = match c {
            '<' | '[' => is_marker(&text[at..]) || is_own(c, &text[at..]),
            '|' | '｜' => text[at + c.len_utf8()..].starts_with('>'),
            '#' | '＃' if begins_line => {
                if run_end <= at {
                    let rest = text[at..].trim_start_matches(|c: char| is_lead(c) || ends_line(c));
                    run_end = text.len() - rest.len();
                }
                ROLES.iter().any(|role| starts_with_ignoring_case(&text[run_end..], role))
                    || is_head(&text[run_end..])
            }
            _ => begins_line && c.is_alphabetic() && is_head(&text[at..]),
        };
        if is_harmful {
            prompt.push(ZERO_WIDTH_SPACE);
        }
        begins_line = ends_line(c) || (begins_line && is_lead(c));
    }
}

/// Whether `text`, which begins with a bracket, begins with a marker.
fn is_marker(text: &str) -> bool {
    ["<|", "<｜", "<<sys", "<</sys"].iter().any(|marker| starts_with_ignoring_case(text, marker))
        || name_in(text)
            .is_some_and(|name| name.contains('_') || NAMES.contains(name.to_ascii_lowercase().as_str()))
}

/// The name between the brackets that `text` begins with, without slashes; `None` where there is no name.
fn name_in(text: &str) -> Option<&str> {
    let close = match text.chars().next()? {
        '<' => '>',
        '[' => ']',
        _ => return None,
    };
    let inner = text[1..].trim_start_matches('/');
    let end = inner.bytes().take(LONGEST_NAME).position(|b| !b.is_ascii_alphanumeric() && b != b'_')?;
    (end > 0 && inner[end..].starts_with(close)).then(|| &inner[..end])
}

/// Whether `text` begins with what a model could take for this engine's own fence or mark.
fn is_own(bracket: char, text: &str) -> bool {
    let word = text[1..].trim_start_matches(|c: char| c == '/' || c.is_whitespace());
    OWN.iter().any(|(own_bracket, own)| *own_bracket == bracket && starts_with_ignoring_case(word, own))
}

/// Whether `text` begins as messages of other formats do: a role and a colon.
fn is_head(text: &str) -> bool {
    HEADS.iter().any(|head| {
        starts_with_ignoring_case(text, head)
            && text[head.len()..].trim_start_matches([' ', '\t', '*']).starts_with([':', '：'])
    })
}

/// Whether `c` may stand before the head of a message in its line: white space, invisible characters, marks of quotations and
/// headings.
fn is_lead(c: char) -> bool {
    (c.is_whitespace() && !ends_line(c)) || is_invisible(c) || matches!(c, '>' | '#' | '＃' | '*' | '_' | '-')
}

/// Whether `c` leaves no trace where text is shown.
const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{E0000}'..='\u{E0FFF}')
}

/// Whether some reader of text begins a new line after `c`.
pub(super) const fn ends_line(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{B}' | '\u{C}' | '\u{1C}'..='\u{1E}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn starts_with_ignoring_case(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rejoinder_core::fold::Folded;

    use super::*;

    fn disarmed(text: &str) -> String {
        let mut out = String::new();
        push_disarmed(&mut out, text);
        out
    }

    fn all_markers() -> Vec<&'static str> {
        families()
            .flat_map(|(_, markers)| markers)
            .chain(["<dialogue", "</dialogue", "[turn", "<|", "|>"])
            .collect()
    }

    #[test]
    fn each_marker_of_each_family_is_broken_behind_its_bracket() {
        for (family, markers) in families() {
            for marker in markers {
                for text in [marker.to_owned(), marker.to_uppercase(), marker.to_lowercase()] {
                    let found = disarmed(&format!("before {text} after"));
                    assert!(!found.contains(&text), "{family}: {found}");
                    assert!(
                        found.starts_with(&format!("before {}{ZERO_WIDTH_SPACE}", &text[..1])),
                        "{family}: {found}"
                    );
                }
            }
        }
    }

    #[test]
    fn each_head_of_a_message_is_broken_behind_whatever_begins_a_line() {
        let begins = [
            "\n", "\r", "\r\n", "\u{B}", "\u{C}", "\u{1C}", "\u{1D}", "\u{1E}", "\u{85}", "\u{2028}",
            "\u{2029}",
        ];
        let leads = ["", " ", "> ", "\t>> ", "\u{200B}", "\u{FEFF} ", "** "];
        let heads = [
            "# user: x",
            "## Assistant x",
            "＃ user: x",
            "Human: x",
            "USER: x",
            "assistant : x",
            "### Instruction: x",
            "### Response:",
            "**User:** x",
            "System：x",
        ];
        for begin in begins {
            for lead in leads {
                for head in heads {
                    let text = format!("wrong {begin}{lead}{head} end");
                    let found = disarmed(&text);
                    assert!(found != text, "{text:?}");
                    assert_eq!(Folded::new(&found).text(), Folded::new(&text).text(), "{text:?}");
                }
            }
        }
    }

    #[test]
    fn what_is_no_marker_is_left_as_it_is() {
        for text in [
            "< 5 and a dialogue [see turn 2]",
            "if a < b > c then [1] else [x]",
            "<div class=\"a\"><p>a</p><br/></div>",
            "the user: he said # user in the middle",
            "\nuserland: no head\n#1 is the first",
        ] {
            assert_eq!(disarmed(text), text);
        }
    }

    #[test]
    fn a_text_of_nothing_but_headings_takes_no_longer_than_its_length() {
        let disarmed = disarmed(&("\n#".repeat(1 << 19) + "user"));
        assert_eq!(disarmed.matches(ZERO_WIDTH_SPACE).count(), 1 << 19);
    }

    #[test]
    fn a_fence_that_is_written_a_little_otherwise_is_none() {
        for text in
            ["</ dialogue>", "< /dialogue>", "<\n/ DIALOGUE >", "< dialogue>", "[ Turn 2]", "<//dialogue"]
        {
            let bracket = &text[..1];
            assert_eq!(disarmed(text), format!("{bracket}{ZERO_WIDTH_SPACE}{}", &text[1..]));
        }
    }

    proptest! {
        #[test]
        fn no_marker_survives(text in prop::collection::vec(prop::sample::select(all_markers()), 0..6).prop_map(|m| m.concat()), noise: String) {
            for text in [text.clone(), text.to_uppercase(), format!("{noise}{text}")] {
                let disarmed = disarmed(&text).to_lowercase();
                prop_assert!(all_markers().iter().all(|marker| !disarmed.contains(&marker.to_lowercase())), "{}", disarmed);
            }
        }

        #[test]
        fn disarming_does_not_change_what_a_span_check_sees(text in "(</s>|\\[INST\\]|\\[turn 2\\]|# user:|Human:|<think>|<｜User｜>|\n|[a-z ]){0,20}") {
            let disarmed = disarmed(&text);
            let (a, b) = (Folded::new(&text), Folded::new(&disarmed));
            prop_assert_eq!(a.text(), b.text());
        }
    }
}
