//! Rules whose tests do not show what the rules do.

use std::ops::Range;

use rejoinder_core::fold::{Folded, words};

use super::cancelled::words_allowed;
use super::check::{Spans, Warn};
use super::own_words::OwnWords;
use crate::rule::{MatchPosition, Rule, RuleTest};

/// Warns about tests that are missing, and about those that show nothing.
pub(super) fn check(rule: &Rule, spans: &Spans, warn: &mut Warn<'_>) {
    let own = rule.tests.all();
    if own.is_empty() {
        warn(
            "W102",
            &spans.rule,
            "the rule has no test".to_owned(),
            "add a [[rule.test]] that hits and one that does not",
        );
        return;
    }
    if rule.is_untested() {
        warn(
            "W102",
            &spans.rule,
            "the rule has no test that is done: all are marked `todo`".to_owned(),
            "write the dialogues, and take out `todo` where a test passes",
        );
        return;
    }
    let tests = || own.iter().zip(&spans.tests);
    let (negative, positive): (Vec<_>, Vec<_>) = tests().partition(|(test, _)| test.is_negative(&rule.id));
    let words = OwnWords::of(rule);
    let is_read_folded = rule.has_matcher() && rule.text.is_folded();
    if negative.iter().all(|(test, _)| test.is_todo()) {
        warn(
            "W103",
            &spans.rule,
            match negative.is_empty() {
                true => "the rule has no negative test",
                false => "the rule has no negative test that is done: each is marked `todo`",
            }
            .to_owned(),
            "add a [[rule.test]] with a dialogue that looks alike and must not hit: expect = { route = \"none\" }",
        );
    }
    if let Some(span) = first_where_all(&negative, |test| is_read_folded && !words.look_like(test)) {
        warn(
            "W115",
            span,
            "the rule's negative tests hold none of its words: nothing in them could have hit".to_owned(),
            "add a turn that holds the rule's words and means something else",
        );
    }
    let is_bare = |test: &RuleTest| has_room(rule, test) && words.make_up(test);
    if is_read_folded
        && rule.at != MatchPosition::Whole
        && let Some(span) = first_where_all(&positive, is_bare)
    {
        warn(
            "W105",
            span,
            "the rule hits only turns that are its own words and nothing else".to_owned(),
            "add a turn as people write it, with other words around those of the rule",
        );
    }
}

/// The place of the first test, if there is one and all tests are so.
fn first_where_all<'s>(
    tests: &[(&RuleTest, &'s Range<usize>)],
    is_so: impl Fn(&RuleTest) -> bool,
) -> Option<&'s Range<usize>> {
    let (_, first) = tests.first()?;
    tests.iter().all(|(test, _)| is_so(test)).then_some(*first)
}

/// Whether the rule would hit a turn of one word more.
fn has_room(rule: &Rule, test: &RuleTest) -> bool {
    let turn = test.dialogue.last().map_or("", |message| message.strip_prefix("U:").unwrap_or(message));
    let (_, most) = words_allowed(rule);
    most == u32::MAX || words(Folded::new(turn).text()).count() < most as usize
}
