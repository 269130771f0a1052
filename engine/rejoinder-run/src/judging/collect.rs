//! What the stored replies say of the turns that wait: worked out anew every time.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rejoinder_core::{Answer, Feedback, FeedbackSource, RecordId, SettledTurn};
use rejoinder_judge::{Finding, ReplyChain, TurnFinding, mask_numbers};
use rejoinder_ledger::{Reply, ReplyStore, Spending};
use rejoinder_scan::reading::add;

use super::spool::{self, Group};
use super::{Judge, settings};
use crate::error::RunError;
use crate::folder::{Kind, RunDir};
use crate::stats::JudgeStats;
use crate::waiting::Waiting;

/// Reasons for which answers are of no use that are told apart, and what stands for the others.
const REASONS: usize = 20;
const OTHER_REASONS: &str = "other reasons";

/// A turn, what the replies say of it, and its record if it is feedback.
type Read = (RecordId, TurnFinding, Option<Feedback>);

/// What is known of the turns of a group that were asked about together.
struct Answered {
    /// Each turn with what the replies say of it; none while they say nothing yet.
    turns: Vec<Read>,
    replied: ReplyChain,
}

fn read(judge: &Judge, group: &Group, store: &ReplyStore) -> Result<Vec<Answered>, RunError> {
    let questions: Vec<_> = group.iter().map(|row| row.question.clone()).collect();
    let mut answered = Vec::new();
    for replied in judge.form.follow(&questions, store)? {
        let findings = judge.form.findings(&questions, &replied);
        let mut turns = Vec::new();
        for (row, findings) in group[replied.questions.clone()].iter().zip(findings) {
            for record in &row.turns {
                let id = record.id;
                let Some(found) = findings.iter().find(|f| f.message_index == id.message_index) else {
                    continue;
                };
                let text = row.question.line(id.message_index).map_or("", |line| &line.text);
                let feedback = feedback(judge, record, text, found, &replied);
                turns.push((id, found.clone(), feedback));
            }
        }
        answered.push(Answered { turns, replied });
    }
    Ok(answered)
}

/// The turns of a group with what the replies say of them.
fn turns(judge: &Judge, group: &Group, store: &ReplyStore) -> Result<Vec<Read>, RunError> {
    Ok(read(judge, group, store)?.into_iter().flat_map(|answered| answered.turns).collect())
}

fn feedback(
    judge: &Judge,
    record: &rejoinder_core::TurnRecord,
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
        probabilities,
    };
    Some(Feedback::new(record.clone(), settled))
}

/// Writes the judged parts anew from spool and replies, and counts.
///
/// # Errors
/// If the spool, the store or the run directory fails.
pub fn collect(run: &RunDir, judge: &Judge) -> Result<(), RunError> {
    let store = run.replies()?;
    let most = judge.form.questions_per_request();
    let mut stats = JudgeStats::default();
    let mut reasons = BTreeMap::new();
    // The first words of reasons that are alike.
    let mut first_words: BTreeMap<String, String> = BTreeMap::new();
    for (part, _) in run.parts()? {
        let mut lines = Vec::new();
        let mut found_in = BTreeSet::new();
        for group in spool::of_part(run, part, most) {
            for (_, found, feedback) in turns(judge, &group?, &store)? {
                match found.finding {
                    Finding::Unverified(why) => {
                        stats.unverified += 1;
                        let kind = mask_numbers(&why);
                        let reason = match first_words.get(&kind) {
                            Some(first) => first,
                            None if first_words.len() < REASONS => first_words.entry(kind).or_insert(why),
                            None => OTHER_REASONS,
                        };
                        add(&mut reasons, reason, 1);
                    }
                    Finding::NoFeedback => stats.judged += 1,
                    Finding::Feedback { category, .. } => {
                        stats.judged += 1;
                        stats.feedback.count(category);
                    }
                }
                if let Some(feedback) = feedback {
                    found_in.insert((feedback.id.shard, feedback.id.ordinal));
                    serde_json::to_writer(&mut lines, &feedback).expect("a row is plain data");
                    lines.push(b'\n');
                }
            }
        }
        run.write_part(Kind::Judged, part, &lines)?;
        stats.with_feedback += without_accepted(run, part, found_in)?;
    }
    run.set_judge_stats(&stats, &reasons)
}

/// How many of a part's conversations, given by shard and ordinal, hold no turn that was accepted before.
fn without_accepted(run: &RunDir, part: u64, mut found_in: BTreeSet<(u32, u64)>) -> Result<u64, RunError> {
    /// As much of a row as it takes.
    #[derive(serde::Deserialize)]
    struct Row {
        id: RecordId,
    }
    if !found_in.is_empty() {
        for row in run.rows::<Row>(Kind::Parts, part) {
            let Row { id } = row?;
            found_in.remove(&(id.shard, id.ordinal));
        }
    }
    Ok(found_in.len() as u64)
}

/// Stored replies that are of no use, by what they lack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Useless {
    /// They hold no text.
    Empty,
    /// They are not in the form that was asked for, or quote what is not there.
    Unreadable,
    /// They are refusals of the server.
    Refused,
    /// They say that the prompt is longer than the model's context.
    TooLong,
}

/// Forgets the replies about turns that wait because of such a one, so that they are asked for again; returns how many.
///
/// # Errors
/// If the spool or the store fails.
pub fn forget(run: &RunDir, judge: &Judge, kinds: &[Useless]) -> Result<u64, RunError> {
    let store = run.replies()?;
    let mut forgotten = 0;
    for group in spool::in_input_order(run, judge.form.questions_per_request())? {
        for Answered { turns, replied } in read(judge, &group?, &store)? {
            let is_of_use =
                turns.iter().any(|(_, found, _)| !matches!(found.finding, Finding::Unverified(_)));
            let Some(last) = replied.replies.last().filter(|_| !is_of_use && !turns.is_empty()) else {
                continue;
            };
            let kind = match last {
                reply if reply.is_refused() => Useless::Refused,
                reply if reply.is_too_long() => Useless::TooLong,
                reply if reply.is_empty() || reply.content.trim().is_empty() => Useless::Empty,
                _ => Useless::Unreadable,
            };
            if kinds.contains(&kind) {
                store.forget(replied.keys.iter().map(String::as_str))?;
                forgotten += replied.keys.len() as u64;
            }
        }
    }
    Ok(forgotten)
}

/// The judge of a run as far as it has been asked; `None` if none has.
///
/// # Errors
/// If config and findings contradict each other.
pub fn judge_of(run: &RunDir) -> Result<Option<Judge>, RunError> {
    let manifest = &run.manifest;
    match (settings::client_without_key(&manifest.config.judge)?, &manifest.judge) {
        (Some(client), Some(findings)) => Judge::new(client, findings).map(Some),
        _ => Ok(None),
    }
}

/// What the judge has settled so far: its answer about each judged turn.
///
/// # Errors
/// If the spool or the store cannot be read.
pub fn judged(run: &RunDir) -> Result<HashMap<RecordId, Answer>, RunError> {
    let mut judged = HashMap::new();
    let Some(judge) = judge_of(run)? else { return Ok(judged) };
    let store = run.replies()?;
    for group in spool::in_input_order(run, judge.form.questions_per_request())? {
        for (id, found, _) in turns(&judge, &group?, &store)? {
            match found.finding {
                Finding::Feedback { category, .. } => judged.insert(id, Answer::Feedback(category)),
                Finding::NoFeedback => judged.insert(id, Answer::NoFeedback),
                Finding::Unverified(_) => None,
            };
        }
    }
    Ok(judged)
}

/// What the stored replies say of a row's turn that was asked about by itself.
///
/// # Errors
/// If the store cannot be read.
pub fn answer(judge: &Judge, row: &Waiting, store: &ReplyStore) -> Result<Answer, RunError> {
    let wanted = row.turns.first().map(|turn| turn.id);
    let read = turns(judge, &vec![row.clone()], store)?;
    let found = read.into_iter().find(|(id, ..)| Some(*id) == wanted).map(|(_, found, _)| found.finding);
    Ok(match found {
        Some(Finding::Feedback { category, .. }) => Answer::Feedback(category),
        Some(Finding::NoFeedback) => Answer::NoFeedback,
        Some(Finding::Unverified(_)) | None => Answer::Unknown,
    })
}

/// All that the judge told of one turn, and what it took.
#[derive(Clone, Debug)]
pub struct JudgeTrace {
    /// What was made of it.
    pub found: TurnFinding,
    /// Each request's key, its reply, and what was spent on it in this run.
    pub replies: Vec<(String, Reply, Spending)>,
}

/// What the judge told of one turn; `None` if it was not asked, or has not answered.
///
/// # Errors
/// If the spool, the store or the ledger cannot be read.
pub fn trace(run: &RunDir, id: RecordId) -> Result<Option<JudgeTrace>, RunError> {
    let Some(judge) = judge_of(run)? else { return Ok(None) };
    let store = run.replies()?;
    for group in spool::in_input_order(run, judge.form.questions_per_request())? {
        let group = group?;
        if !group.iter().flat_map(|row| &row.turns).any(|turn| turn.id == id) {
            continue;
        }
        let answered = read(&judge, &group, &store)?.into_iter();
        let told = answered.map(|Answered { turns, replied }| {
            (turns.into_iter().find(|(turn, ..)| *turn == id).map(|(_, found, _)| found), replied)
        });
        let Some((found, replied)) = told.into_iter().find_map(|(found, replied)| Some((found?, replied)))
        else {
            return Ok(None);
        };
        let mut replies = Vec::new();
        for (key, reply) in replied.keys.into_iter().zip(replied.replies) {
            let spent = run.ledger.spent_on(&key)?;
            replies.push((key, reply, spent));
        }
        return Ok(Some(JudgeTrace { found, replies }));
    }
    Ok(None)
}
