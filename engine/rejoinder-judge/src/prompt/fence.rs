//! The fence around chat text, which is hostile data. Whatever in it could pass for a control marker of a chat template,
//! for the end of the fence, for the beginning of another message or for the mark of a turn gets a zero-width space behind
//! its first character: a model reads on as before, a tokenizer sees no marker, and folding makes the two spellings equal
//! again when a span is checked.

pub(super) const FENCE_START: &str = "<dialogue>";
pub(super) const FENCE_END: &str = "</dialogue>";
const ZERO_WIDTH_SPACE: char = '\u{200B}';

/// Markers of chat templates; compared without regard to case.
const MARKERS: [&str; 8] = ["[inst]", "[/inst]", "<s>", "</s>", "<<sys>>", "<</sys>>", "<|", "|>"];
/// How our own fence and the mark of a turn go on behind their bracket, slashes and white space.
const OWN: [(u8, &str); 2] = [(b'<', "dialogue"), (b'[', "turn")];
const ROLES: [&str; 4] = ["user", "assistant", "system", "tool"];

/// Appends chat text that cannot leave the fence.
pub(super) fn push_disarmed(prompt: &mut String, text: &str) {
    let is_suspect = |b: &u8| matches!(b, b'<' | b'[' | b'|' | b'#');
    let mut done = 0;
    // End of the last run of `#` and white space, so that none is passed over twice.
    let mut run_end = 0;
    while let Some(next) = text.as_bytes()[done..].iter().position(is_suspect) {
        let at = done + next;
        prompt.push_str(&text[done..=at]);
        done = at + 1;
        let harmful = if text.as_bytes()[at] != b'#' {
            MARKERS.iter().any(|marker| starts_with_ignoring_case(&text[at..], marker)) || is_own(&text[at..])
        } else if begins_line(&text[..at]) {
            if run_end <= at {
                let rest = text[at..].trim_start_matches(|c: char| c == '#' || c.is_whitespace());
                run_end = text.len() - rest.len();
            }
            ROLES.iter().any(|role| starts_with_ignoring_case(&text[run_end..], role))
        } else {
            false
        };
        if harmful {
            prompt.push(ZERO_WIDTH_SPACE);
        }
    }
    prompt.push_str(&text[done..]);
}

/// Whether `text` begins with what a model could take for our own fence or mark.
fn is_own(text: &str) -> bool {
    let word = text[1..].trim_start_matches(|c: char| c == '/' || c.is_whitespace());
    OWN.iter().any(|(bracket, own)| text.as_bytes()[0] == *bracket && starts_with_ignoring_case(word, own))
}

/// Whether only white space stands between the last line end and the end of `before`.
fn begins_line(before: &str) -> bool {
    before.chars().rev().take_while(|c| c.is_whitespace()).any(ends_line)
}

/// Whether some reader of text begins a new line after `c`.
pub(super) const fn ends_line(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{B}' | '\u{C}' | '\u{85}' | '\u{2028}' | '\u{2029}')
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
        assert_eq!(disarmed("< 5 and a dialogue [see turn 2]"), "< 5 and a dialogue [see turn 2]");
    }

    proptest! {
        #[test]
        fn no_marker_survives(text in prop::collection::vec(prop::sample::select([&MARKERS[..], &["<dialogue", "</dialogue", "[turn"]].concat()), 0..6).prop_map(|m| m.concat()), noise: String) {
            for text in [text.clone(), text.to_uppercase(), format!("{noise}{text}")] {
                let disarmed = disarmed(&text).to_lowercase();
                let fences = ["<dialogue", "</dialogue", "[turn"];
                prop_assert!(MARKERS.iter().chain(&fences).all(|marker| !disarmed.contains(marker)), "{}", disarmed);
            }
        }

        #[test]
        fn disarming_does_not_change_what_a_span_check_sees(text in "(</s>|\\[INST\\]|\\[turn 2\\]|# user:|\n|[a-z ]){0,20}") {
            let disarmed = disarmed(&text);
            let (a, b) = (Folded::new(&text), Folded::new(&disarmed));
            prop_assert_eq!(a.text(), b.text());
        }
    }
}
