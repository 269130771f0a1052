//! Turns for reading: some context, the turn with its span marked, and who decided what.

use std::fmt::Write as _;

use rejoinder_core::{Category, Conversation, Role, printable};
use rejoinder_rules::Route;
use rejoinder_run::TurnOutcome;
use rejoinder_run::reading_sample::TurnView;

/// Messages shown before the turn, and how much of each.
const CONTEXT_MESSAGES: usize = 3;
const CONTEXT_CHARS: usize = 400;
const TURN_CHARS: usize = 2_000;

/// An outcome in words.
fn describe(outcome: TurnOutcome) -> String {
    let named = |c: Category| format!("{c} {}", c.name());
    match outcome {
        TurnOutcome::Accepted(category) => format!("accepted as {}", named(category)),
        TurnOutcome::Rejected => "rejected".to_owned(),
        TurnOutcome::Undecided => "waiting for the judge".to_owned(),
        TurnOutcome::Judged(Some(category)) => format!("judged to be {}", named(category)),
        TurnOutcome::Judged(None) => "judged to be no feedback".to_owned(),
    }
}

/// A turn with its context, for reading.
pub fn render(view: TurnView<'_>) -> String {
    let TurnView { engine, scanned, conversation, turn, outcome } = view;
    let source = &conversation.record.conversation;
    let mut out = String::new();
    let _ = writeln!(out, "── {} · {} · {}", conversation.id(turn), printable(&source.id), describe(outcome));
    context(&mut out, source, turn.message_index);
    let text = &source.messages[turn.message_index].text;
    let span = match outcome {
        TurnOutcome::Accepted(category) => Some(scanned.accepted_by(engine, conversation, turn, category).1),
        _ => scanned.hits(turn).first().map(|h| h.start as usize..h.end as usize),
    };
    let marked = match span.filter(|s| !s.is_empty() && s.len() < text.trim().len()) {
        Some(span) => format!("{}⟦{}⟧{}", &text[..span.start], &text[span.clone()], &text[span.end..]),
        None => text.to_string(),
    };
    let _ = writeln!(out, "  user      ▶ {}", indented(&cut(&marked, TURN_CHARS)));
    for hit in scanned.hits(turn) {
        let rule = engine.rules.rule(hit.rule);
        let category = rule.category.map_or(String::new(), |c| format!(" {c}"));
        let _ = writeln!(
            out,
            "  rule      {} {}{category} ({}:{})",
            rule.route.name(),
            rule.id,
            rule.file,
            rule.line
        );
    }
    let mut notes = scanned.notes(turn).iter();
    for vote in scanned.plugin_votes(engine, turn) {
        let category = if vote.category.is_empty() { String::new() } else { format!(" {}", vote.category) };
        let score = vote.score.map_or(String::new(), |s| format!(", score {s:.2}"));
        let reason = if vote.reason.is_empty() { String::new() } else { format!(": {}", vote.reason) };
        let _ = writeln!(
            out,
            "  plugin    {} {}{category}{score}{}",
            vote.verdict,
            vote.plugin,
            printable(&reason)
        );
        if let Some(note) = notes.next().filter(|note| !note.is_empty()) {
            let _ = writeln!(out, "              {}", indented(note));
        }
    }
    if scanned.hits(turn).iter().all(|h| engine.rules.rule(h.rule).route == Route::Score) {
        let _ = writeln!(out, "  rule      none marked it");
    }
    out
}

fn context(out: &mut String, conversation: &Conversation<'_>, turn: usize) {
    let first = turn.saturating_sub(CONTEXT_MESSAGES);
    for message in &conversation.messages[first..turn] {
        let role = match message.role {
            Role::User => "user     ",
            Role::Assistant => "assistant",
            Role::System => "system   ",
            Role::Tool => "tool     ",
        };
        let _ = writeln!(out, "  {role} │ {}", indented(&cut(&message.text, CONTEXT_CHARS)));
    }
}

/// Head and tail of a long text.
fn cut(text: &str, limit: usize) -> String {
    let text = text.trim();
    let count = text.chars().count();
    if count <= limit {
        return text.to_owned();
    }
    let head: String = text.chars().take(limit * 2 / 3).collect();
    let tail: String = text.chars().skip(count - limit / 3).collect();
    format!("{head} […] {tail}")
}

fn indented(text: &str) -> String {
    printable(text).replace('\n', "\n              ")
}
