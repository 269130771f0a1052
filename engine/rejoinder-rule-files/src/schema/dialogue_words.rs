//! `answer-any` and its like: words that a rule asks for in other texts than the turn.

use super::matchers::{MatcherReader, Phrases};
use crate::dialogue_words::{DialoguePart, DialogueWords};
use crate::pattern::Pattern;
use crate::rule::MatchPosition;
use crate::toml_reader::{Findings, Table};

/// The conditions on words in the last answer, then those on words in the user's earlier turns.
pub(super) fn read(
    table: &Table<'_>,
    matchers: &mut MatcherReader<'_, '_>,
    findings: &mut Findings<'_>,
) -> Vec<DialogueWords> {
    let mut conditions = Vec::new();
    for part in [DialoguePart::Answer, DialoguePart::Earlier] {
        let [any, regex, unless] = part.keys();
        let reading = matchers.reading;
        let condition = |is_wanted, phrases: Vec<String>, regexes: Vec<Pattern>| DialogueWords {
            part,
            reading,
            is_wanted,
            phrases,
            regexes,
            number: 0,
        };
        let before = findings.list.len();
        let Phrases { texts: phrases, .. } = matchers.phrases(table, any, MatchPosition::Anywhere, findings);
        let (regexes, _) = matchers.regexes(table, regex, findings);
        if !phrases.is_empty() || !regexes.is_empty() {
            conditions.push(condition(true, phrases, regexes));
        } else if findings.list.len() == before {
            for key in [any, regex] {
                let Some(span) = table.span_of(key) else { continue };
                let message = format!("nothing stands in `{key}`, so the rule never hits");
                findings.report("R008", span, message, "name a phrase or regex, or leave the key out");
            }
        }
        let (unwanted, _) = matchers.regexes(table, unless, findings);
        conditions.extend(unwanted.into_iter().map(|regex| condition(false, Vec::new(), vec![regex])));
    }
    conditions
}
