//! Removes from answers what nobody said: thinking between `<think>` and `</think>`, and calls of tools between `<details>`, as Open
//! WebUI renders them.

use std::sync::LazyLock;

use memchr::memmem::Finder;

/// Names of the tags in use.
const TAGS: [&str; 3] = ["think", "thinking", "thought"];

/// The beginnings of the blocks that Open WebUI renders.
const DETAILS: [&str; 3] =
    [r#"<details type="reasoning""#, r#"<details type="tool_calls""#, r#"<details type="code_interpreter""#];

/// The part of an answer that was said. A tag counts where a line begins with it, outside fences of code: an answer may write
/// about tags. Thinking that does not end leaves nothing after it; thinking whose opening tag stood in the prompt ends
/// at a line that is, or ends in, the closing tag.
pub(crate) fn spoken(text: String) -> String {
    if !may_think(text.as_bytes()) {
        return text;
    }
    let mut said = String::with_capacity(text.len());
    // The closing tag of the thinking under way.
    let mut until: Option<String> = None;
    let (mut is_code, mut has_thought) = (false, false);
    for line in text.split_inclusive('\n') {
        let mut rest = line;
        if until.is_none() {
            let begin = rest.trim_start();
            if begin.starts_with("```") {
                is_code = !is_code;
            } else if !is_code {
                if let Some(tag) = TAGS.iter().find(|tag| opens(begin, tag)) {
                    until = Some(format!("</{tag}>"));
                    has_thought = true;
                    rest = &begin[tag.len() + 2..];
                } else if DETAILS.iter().any(|details| begin.starts_with(details)) {
                    until = Some("</details>".to_owned());
                    has_thought = true;
                } else if !has_thought && let Some(end) = closes(line) {
                    has_thought = true;
                    said.clear();
                    rest = &line[end..];
                }
            }
        }
        if let Some(closing) = &until {
            let Some(at) = rest.find(closing.as_str()) else { continue };
            rest = &rest[at + closing.len()..];
            until = None;
        }
        said.push_str(rest);
    }
    if has_thought { said.trim().to_owned() } else { text }
}

fn opens(line: &str, tag: &str) -> bool {
    line.strip_prefix('<').and_then(|rest| rest.strip_prefix(tag)).is_some_and(|rest| rest.starts_with('>'))
}

/// The end of a closing tag that stands at the beginning or the end of a line.
fn closes(line: &str) -> Option<usize> {
    let whole = line.trim();
    let closing = TAGS.iter().map(|tag| format!("</{tag}>"));
    let tag = closing.into_iter().find(|tag| whole.starts_with(tag) || whole.ends_with(tag))?;
    line.find(&tag).map(|at| at + tag.len())
}

/// Whether a text, or a line of JSON with texts in it, may hold such a tag. The test is fast, and never misses a tag.
pub(crate) fn may_think(bytes: &[u8]) -> bool {
    static MARKS: LazyLock<[Finder<'static>; 5]> =
        LazyLock::new(|| ["think>", "thinking>", "thought>", "<details type=", r"\u003"].map(Finder::new));
    MARKS.iter().any(|mark| mark.find(bytes).is_some())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn thinking_leaves_no_trace_and_talk_about_tags_stays() {
        for (text, said) in [
            ("<think>\nHm.\n</think>\n\nIt is Canberra.", "It is Canberra."),
            ("<think>Hm.</think>It is Canberra.", "It is Canberra."),
            ("<thinking>Hm.</thinking>\nYes.\n<thinking>More.</thinking>\nNo.", "Yes.\n\nNo."),
            ("Hm, Sydney?\n</think>\n\nIt is Canberra.", "It is Canberra."),
            ("Hm, Sydney? </think>\nIt is Canberra.", "It is Canberra."),
            ("<think>cut off", ""),
            ("Write `<think>` before, `</think>` after it.", "Write `<think>` before, `</think>` after it."),
            ("```xml\n<think>\nx\n</think>\n```", "```xml\n<think>\nx\n</think>\n```"),
            ("I think> so", "I think> so"),
            (
                "<details type=\"reasoning\" done=\"true\">\n<summary>Thought</summary>\n> Hm.\n</details>\nYes.",
                "Yes.",
            ),
            ("<details>\nmore\n</details>", "<details>\nmore\n</details>"),
        ] {
            assert_eq!(spoken(text.to_owned()), said, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_around_thinking_comes_through(before in "[a-z .]{0,20}", thought in "[a-z\n<>/ ]{0,30}", after in "[a-z .\n]{0,30}") {
            prop_assume!(!thought.contains("</think>"));
            let text = format!("{before}\n<think>{thought}</think>\n{after}");
            let said = spoken(text);
            prop_assert_eq!(said.replace('\n', ""), format!("{before}\n{after}").trim().replace('\n', ""));
        }

        #[test]
        fn any_text_is_taken(text in "(<|/|think>|```|\n|[a-z]){0,40}") {
            prop_assert!(spoken(text.clone()).len() <= text.len());
        }
    }
}
