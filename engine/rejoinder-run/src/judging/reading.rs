//! What stored replies say of the turns of rows that were asked about together.

use rejoinder_core::{Feedback, FeedbackSource, RecordId, SettledTurn, TurnRecord};
use rejoinder_judge::accounts::StoredReplies;
use rejoinder_judge::{Finding, Question, ReplyChain, TurnFinding};

use super::Judge;
use crate::error::RunError;
use crate::spool_row::SpoolRow;

/// A turn, what the replies say of the turn, and the record of the turn if it is feedback.
pub(super) type TurnReading = (RecordId, TurnFinding, Option<Feedback>);

/// What is known of the turns of a group that were asked about together.
pub(super) struct GroupAnswers {
    /// What the replies say of each turn; empty while the replies say nothing yet.
    pub(super) turns: Vec<TurnReading>,
    pub(super) replied: ReplyChain,
}

/// What is known of the turns of a group, by each chain of requests about them.
///
/// # Errors
/// If the store cannot be read.
pub(super) fn read(
    judge: &Judge,
    group: &[SpoolRow],
    store: &dyn StoredReplies,
) -> Result<Vec<GroupAnswers>, RunError> {
    let questions: Vec<_> = group.iter().map(|row| row.question.clone()).collect();
    let mut answered = Vec::new();
    for replied in judge.form.follow(&questions, store)? {
        let turns = turns_of(judge, group, &questions, &replied);
        answered.push(GroupAnswers { turns, replied });
    }
    Ok(answered)
}

/// What the replies of a chain say of the turns that they are about.
pub(super) fn turns_of(
    judge: &Judge,
    group: &[SpoolRow],
    questions: &[Question],
    replied: &ReplyChain,
) -> Vec<TurnReading> {
    let mut turns = Vec::new();
    let findings = judge.form.findings(questions, replied);
    for (row, findings) in group[replied.questions.clone()].iter().zip(findings) {
        for record in &row.turns {
            let id = record.id;
            let Some(found) = findings.iter().find(|f| f.message_index == id.message_index) else {
                continue;
            };
            let text = row.question.line(id.message_index).map_or("", |line| &line.text);
            let feedback = feedback(judge, record, text, found, replied);
            turns.push((id, found.clone(), feedback));
        }
    }
    turns
}

/// What the replies say of each turn of a group.
///
/// # Errors
/// If the store cannot be read.
pub(super) fn turns(
    judge: &Judge,
    group: &[SpoolRow],
    store: &dyn StoredReplies,
) -> Result<Vec<TurnReading>, RunError> {
    Ok(read(judge, group, store)?.into_iter().flat_map(|answered| answered.turns).collect())
}

fn feedback(
    judge: &Judge,
    record: &TurnRecord,
    turn: &str,
    found: &TurnFinding,
    replied: &ReplyChain,
) -> Option<Feedback> {
    let Finding::Feedback { category, start, end } = found.finding else { return None };
    let (index, reply) = judge.form.decisive_reply(&replied.replies)?;
    let probabilities = found.probabilities.map(Into::into).unwrap_or_default();
    let settled = SettledTurn {
        category,
        turn,
        span: start..end,
        source: FeedbackSource::Judge,
        model: reply.model.clone(),
        reply_key: replied.keys[index].clone(),
        reply_form: judge.form.form_of(replied).to_owned(),
        probabilities,
    };
    Some(Feedback::new(record.clone(), settled))
}
