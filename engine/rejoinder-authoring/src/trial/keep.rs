//! A drafted rule, put into a rule file behind what stands there.

use std::collections::HashSet;
use std::fmt::Write as _;

use rejoinder_core::diagnostic::Diagnostic;
use rejoinder_rules::{Route, format_text, parse, toml_string};

use super::draft::RuleDraft;

/// The longest id that is made of words.
const ID_CHARS: usize = 40;

/// A rule file with a rule more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptRule {
    /// The id that the rule has got.
    pub id: String,
    /// The whole text of the file.
    pub text: String,
    /// The line of the file in which the rule begins, counted from 1.
    pub line: usize,
}

/// Why a rule cannot be put into a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeepError {
    /// The file has mistakes as it is.
    Broken(Vec<Diagnostic>),
    /// The file would have mistakes with the rule.
    Breaks(Vec<Diagnostic>),
}

/// Puts a draft into the file `name`, whose text is given if it is there: with an id made of `words` that no rule has, and with tests to
/// be written. What stands in the file stays as it is; a new one `extends` these packs.
///
/// # Errors
/// If the file has mistakes, or would have with the rule.
pub fn keep(
    draft: &RuleDraft,
    words: &str,
    route: Route,
    name: &str,
    file: Option<&str>,
    extends: &[String],
    taken: &HashSet<String>,
) -> Result<KeptRule, KeepError> {
    let mut text = file.map_or_else(|| new_file(extends), str::to_owned);
    let read = parse(name, &text);
    if !read.errors.is_empty() {
        return Err(KeepError::Broken(read.errors));
    }
    let own: HashSet<&str> = read.rules.iter().map(|rule| rule.id.as_str()).collect();
    let id = unused(&id_of(words), |id| own.contains(id) || taken.contains(id));
    let line_end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    if !text.ends_with('\n') {
        text += line_end;
    }
    text += line_end;
    let line = text.lines().count() + 1;
    let mut rule = RuleDraft { id: id.clone(), ..draft.clone() }.text();
    let turn = if words.trim().is_empty() { "…" } else { words.trim() };
    let turn = toml_string(&format!("U: {turn}"));
    let _ = write!(
        rule,
        "\n  [[rule.test]]\n  dialogue = [\"U: …\", \"A: …\", {turn}]\n  expect = {{ route = {} }}\n  todo = \"write a dialogue as \
         people write it\"\n  [[rule.test]]\n  dialogue = [\"U: …\", \"A: …\", \"U: …\"]\n  expect = {{ route = \"none\" }}\n  todo = \
         \"write a turn that looks alike and that the rule must not hit\"\n",
        toml_string(route.name())
    );
    let rule = format_text(name, &rule).map_err(|error| KeepError::Breaks(vec![*error]))?;
    text += &rule.replace('\n', line_end);
    let errors = parse(name, &text).errors;
    if errors.is_empty() { Ok(KeptRule { id, text, line }) } else { Err(KeepError::Breaks(errors)) }
}

/// What a file begins with that extends these packs.
fn new_file(extends: &[String]) -> String {
    let packs: Vec<String> = extends.iter().map(|pack| toml_string(pack)).collect();
    match packs.is_empty() {
        true => "format = 1\n".to_owned(),
        false => format!("format = 1\nextends = [{}]\n", packs.join(", ")),
    }
}

/// An id made of words: their Latin letters and digits.
fn id_of(words: &str) -> String {
    let mut id = String::from("mine.");
    let mut is_gap = false;
    for c in words.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() && id.len() < ID_CHARS {
            if is_gap && !id.ends_with('.') {
                id.push('_');
            }
            is_gap = false;
            id.push(c);
        } else if c != '\'' {
            is_gap = true;
        }
    }
    if id.ends_with('.') { id + "rule" } else { id }
}

fn unused(id: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let more = (2..).map(|number: u32| format!("{id}_{number}"));
    std::iter::once(id.to_owned()).chain(more).find(|id| !is_taken(id)).expect("numbers do not end")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::draft::DraftKey;
    use super::*;

    fn draft(words: &str) -> RuleDraft {
        let key = |key: &'static str, value: String| DraftKey { key, value, given: String::new() };
        RuleDraft {
            id: "tried".to_owned(),
            keys: vec![
                key("category", "\"UR5\"".to_owned()),
                key("route", "\"accept\"".to_owned()),
                key("any", format!("[{}]", toml_string(words))),
            ],
        }
    }

    fn put(words: &str, file: Option<&str>) -> Result<KeptRule, KeepError> {
        keep(&draft(words), words, Route::Accept, "mine.toml", file, &[], &HashSet::new())
    }

    #[test]
    fn lines_end_as_those_of_the_file() {
        let before = "format = 1\r\n[lists]\r\na = ['b']\r\n";
        let kept = put("thanks", Some(before)).unwrap();
        assert!(
            kept.text.lines().count() > 12 && !kept.text.replace("\r\n", "").contains('\n'),
            "{:?}",
            kept.text
        );
        assert_eq!(kept.text.lines().nth(kept.line - 1), Some("[[rule]]"));
    }

    #[test]
    fn the_file_keeps_what_it_holds_and_gets_a_rule_more() {
        let before =
            "# mine\nformat = 1\n[[rule]]\nid = \"mine.you_rock\" # first\nroute = \"score\"\nany = [\"x\"]";
        let kept = put("You rock!", Some(before)).unwrap();
        assert_eq!(kept.id, "mine.you_rock_2");
        assert!(kept.text.starts_with(before), "{}", kept.text);
        assert_eq!(kept.text.lines().nth(kept.line - 1), Some("[[rule]]"), "{}", kept.text);
        let read = parse("mine.toml", &kept.text);
        assert_eq!((read.rules.len(), read.errors.len()), (2, 0));
        assert!(read.rules[1].tests.all().iter().all(|test| test.todo.is_some()));
        let new = put("谢谢", None).unwrap();
        assert_eq!((new.id.as_str(), new.text.lines().next()), ("mine.rule", Some("format = 1")));
    }

    #[test]
    fn a_file_with_mistakes_stays_as_it_is() {
        let found = put("a", Some("format = 2\n"));
        assert!(matches!(found, Err(KeepError::Broken(_))), "{found:?}");
    }

    proptest! {
        #[test]
        fn any_words_make_a_rule_that_the_parser_reads(words in "\\PC{1,60}") {
            if let Ok(pack) = draft(&words).pack() {
                let phrases = pack.content.rules[0].phrases.clone();
                let kept = put(&words, None).unwrap();
                prop_assert_eq!(&format_text("x.toml", &kept.text).unwrap(), &kept.text);
                let read = parse("x.toml", &kept.text);
                prop_assert_eq!(&read.rules[0].phrases, &phrases);
                prop_assert_eq!(&read.rules[0].id, &kept.id);
            }
        }
    }
}
