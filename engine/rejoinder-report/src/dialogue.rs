//! Turns for reading: some context, the turn with its span marked, and who decided what.

use std::fmt::Write as _;
use std::ops::Range;

use rejoinder_core::{Conversation, Role, printable};
use rejoinder_rules::Route;
use rejoinder_run::TurnOutcome;
use rejoinder_run::reading_sample::TurnView;

use super::decision::TurnDecision;
use super::excerpt::{TextLimit, cut, cut_around};
use super::styles::{Styles, styled};

/// Messages shown before the turn, and how much of each.
pub(super) const CONTEXT_MESSAGES: usize = 3;
const CONTEXT_CHARS: usize = 400;
const TURN_CHARS: usize = 2_000;
/// How much of a turn is shown where turns stand in a list.
const BRIEF_CHARS: usize = 200;

/// How turns are shown.
#[derive(Clone, Copy, Debug, Default)]
pub struct DialogueLook {
    /// The styles.
    pub styles: Styles,
    /// Whether long texts are shown whole.
    pub full: bool,
}

/// A turn with its context, for reading.
pub fn render(view: TurnView<'_>, look: DialogueLook) -> String {
    let TurnView { engine, scanned, conversation, turn, .. } = view;
    let styles = look.styles;
    let source = &conversation.record.conversation;
    let mut out = String::new();
    let decision = TurnDecision::of(&view, None);
    let heading = format!("── {} · {} · {}", conversation.id(turn), printable(&source.id), decision.words());
    let _ = writeln!(out, "{}", styled(styles.heading, &heading.replace('\n', " ")));
    context(&mut out, source, turn.message_index, look);
    let _ = writeln!(out, "  {} ▶ {}", styled(styles.heading, "user     "), marked(&view, look));
    for hit in scanned.hits(turn) {
        let rule = engine.rules.rule(hit.rule);
        let category = rule.category.map_or(String::new(), |c| format!(" {c}"));
        let _ = writeln!(
            out,
            "  {} {} {}{category} ({}:{})",
            styled(styles.frame, "rule     "),
            rule.route.name(),
            rule.id,
            printable(&rule.file),
            rule.line
        );
    }
    for (vote, note) in scanned.spoken(engine, turn) {
        let category = if vote.category.is_empty() { String::new() } else { format!(" {}", vote.category) };
        let score = vote.score.map_or(String::new(), |s| format!(", score {s:.2}"));
        let reason = if vote.reason.is_empty() { String::new() } else { format!(": {}", vote.reason) };
        let _ = writeln!(
            out,
            "  {} {} {}{category}{score}{}",
            styled(styles.frame, "plugin   "),
            vote.verdict,
            vote.plugin,
            printable(&reason)
        );
        if !note.is_empty() {
            let _ = writeln!(out, "              {}", indented(note));
        }
    }
    if scanned.hits(turn).iter().all(|h| engine.rules.rule(h.rule).route == Route::Score) {
        let _ = writeln!(out, "  {} none marked it", styled(styles.frame, "rule     "));
    }
    out
}

/// A turn in two lines: what became of it, and its first words.
pub fn brief(view: TurnView<'_>, model: Option<&str>, look: DialogueLook) -> String {
    let TurnView { conversation, turn, .. } = view;
    let text = &conversation.record.conversation.messages[turn.message_index].text;
    let decision = TurnDecision::of(&view, model).line();
    let heading = format!("── {} · {decision}", conversation.id(turn));
    let words = cut(text.trim(), TextLimit::of(look.full, BRIEF_CHARS)).text;
    format!("{}\n  user      ▶ {}\n", styled(look.styles.heading, &heading), indented(&words))
}

/// Where the feedback stands in a turn: by the run's record, else by the accepting rule, else where the first rule hit.
pub(super) fn span(view: &TurnView<'_>) -> Option<Range<usize>> {
    let TurnView { engine, scanned, conversation, turn, outcome, span } = *view;
    let text = &conversation.record.conversation.messages[turn.message_index].text;
    let found = match (span, outcome) {
        (Some((start, end)), _) => Some(start..end),
        (None, TurnOutcome::Accepted(category)) => {
            Some(scanned.accepted_by(engine, conversation, turn, category).1)
        }
        (None, _) => scanned.hits(turn).first().map(|h| h.start as usize..h.end as usize),
    };
    found.filter(|span| text.get(span.clone()).is_some())
}

/// The turn, with the feedback between marks where the feedback is not the whole turn.
fn marked(view: &TurnView<'_>, look: DialogueLook) -> String {
    let text = &view.conversation.record.conversation.messages[view.turn.message_index].text;
    let limit = TextLimit::of(look.full, TURN_CHARS);
    match span(view).filter(|s| !s.is_empty() && s.len() < text.trim().len()) {
        Some(span) => {
            let shown = cut_around(text, span, limit);
            let passage = indented(&format!("⟦{}⟧", shown.passage.text));
            let passage = styled(look.styles.span, &passage);
            format!("{}{passage}{}", indented(&shown.before.text), indented(&shown.after.text))
        }
        None => {
            let shown = indented(&cut(text.trim(), limit).text);
            let is_found = view.outcome.category().is_some();
            if is_found { styled(look.styles.span, &shown) } else { shown }
        }
    }
}

fn context(out: &mut String, conversation: &Conversation<'_>, turn: usize, look: DialogueLook) {
    let first = turn.saturating_sub(CONTEXT_MESSAGES);
    for message in &conversation.messages[first..turn] {
        let role = match message.role {
            Role::User => "user     ",
            Role::Assistant => "assistant",
            Role::System => "system   ",
            Role::Tool => "tool     ",
        };
        let shown = cut(message.text.trim(), TextLimit::of(look.full, CONTEXT_CHARS)).text;
        let _ = writeln!(out, "  {} {}", styled(look.styles.frame, &format!("{role} │")), indented(&shown));
    }
}

fn indented(text: &str) -> String {
    printable(text).replace('\n', "\n              ")
}
