//! What a rule asks of the turn and its dialogue.

use std::ops::Range;

use rejoinder_core::language::Language;

use super::dialogue_words;
use super::file::choose;
use super::matchers::{self, MatcherReader};
use super::{named_rules, where_columns};
use crate::condition::{AnswerTrait, Condition};
use crate::fact::{FactCondition, FactSyntaxError};
use crate::keys;
use crate::named_rule::Quorum;
use crate::toml_reader::{Findings, Table};

/// All conditions of a rule: those on other rules first, those on facts last, of the others the cheapest to find out first. And where
/// the rule's `unless` regexes stand.
pub(super) fn read(
    table: &Table<'_>,
    matchers: &mut MatcherReader<'_, '_>,
    findings: &mut Findings<'_>,
) -> (Vec<Condition>, Vec<Range<usize>>) {
    let mut conditions = Vec::new();
    conditions.extend(words(table, "min-words", findings).map(Condition::MinWords));
    conditions.extend(words(table, "max-words", findings).map(Condition::MaxWords));
    if let [Some(Condition::MinWords(least)), Some(Condition::MaxWords(most))] =
        [conditions.first(), conditions.get(1)]
        && least > most
    {
        findings.report(
            "R008",
            table.span.clone(),
            format!("no turn has at least {least} and at most {most} words"),
            "swap `min-words` and `max-words`",
        );
    }
    conditions.extend(where_columns::read(table, findings).into_iter().map(Condition::Column));
    if let Some(turn) = table.table("turn", findings) {
        let turn = Table::new(turn.value, turn.span, "`turn`", keys::TURN, findings);
        conditions.extend(turn.bool("first", findings).map(Condition::FirstTurn));
        conditions.extend(turn.bool("last", findings).map(Condition::LastTurn));
    }
    if let Some(previous) = table.table("previous-assistant", findings) {
        let previous =
            Table::new(previous.value, previous.span, "`previous-assistant`", &keys::ANSWER, findings);
        for (which, key) in AnswerTrait::ALL {
            conditions.extend(previous.bool(key, findings).map(|is| Condition::Previous(which, is)));
        }
    }
    conditions.extend(languages(table, findings));
    let (unless, unless_spans) = matchers.regexes(table, "unless", findings);
    conditions.extend(unless.into_iter().map(Condition::Unless));
    conditions.extend(share(table, "similar-to-earlier", findings).map(Condition::Similar));
    conditions.extend(table.bool("template", findings).map(Condition::Template));
    conditions.extend(share(table, "words-in-answer", findings).map(Condition::InAnswer));
    conditions.extend(dialogue_words::read(table, matchers, findings).into_iter().map(Condition::Dialogue));
    conditions.extend(facts(table, findings).into_iter().map(Condition::Fact));
    let on_rules = [Quorum::All, Quorum::Any].map(|quorum| {
        named_rules::read(table, quorum, findings).map(|rules| Condition::Rules(quorum, rules))
    });
    conditions.splice(..0, on_rules.into_iter().flatten());
    (conditions, unless_spans)
}

fn words(table: &Table<'_>, key: &str, findings: &mut Findings<'_>) -> Option<u32> {
    let number = table.integer(key, findings)?;
    match u32::try_from(number.value) {
        Ok(words @ 1..) => Some(words),
        _ => {
            findings.report(
                "R008",
                number.span,
                format!("`{key}` must be at least 1"),
                "leave the key out for no limit",
            );
            None
        }
    }
}

/// A share in (0, 1]; `None` where it is 0, which means off.
fn share(table: &Table<'_>, key: &str, findings: &mut Findings<'_>) -> Option<f32> {
    let share = table.number(key, findings)?;
    if !(0.0..=1.0).contains(&share.value) {
        findings.report("R008", share.span, format!("`{key}` lies between 0 (off) and 1 (all words)"), "");
        return None;
    }
    (share.value > 0.0).then_some(share.value)
}

/// The conditions of `facts`, each with its place.
fn facts(table: &Table<'_>, findings: &mut Findings<'_>) -> Vec<FactCondition> {
    let mut conditions = Vec::new();
    for text in table.strings("facts", findings).unwrap_or_default() {
        match FactCondition::parse(text.value) {
            Ok(condition) => conditions.push(condition.at(findings.place(text.span))),
            Err(FactSyntaxError { message, span }) => {
                let span = matchers::span_inside(&text, span, findings.source.text);
                let help = "a condition is `plugin.fact` with <, <=, =, !=, >= or > and a value, or alone, or behind `not`";
                findings.report("R014", span, message, help);
            }
        }
    }
    conditions
}

fn languages(table: &Table<'_>, findings: &mut Findings<'_>) -> Option<Condition> {
    let codes = table.strings("language", findings)?;
    let known: Vec<Language> = codes
        .iter()
        .filter_map(|code| choose("language", code, &Language::CODES, findings))
        .filter_map(|i| Language::CODES[i].parse().ok())
        .collect();
    if codes.is_empty() {
        findings.report(
            "R008",
            table.span.clone(),
            "`language` names no language: the rule can never hit",
            "name some, such as language = [\"en\"], or leave the key out",
        );
    }
    Some(Condition::Language(known))
}
