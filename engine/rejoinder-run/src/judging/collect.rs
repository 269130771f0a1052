//! What the stored replies say of the waiting turns: worked out anew every time.

use std::collections::{BTreeMap, HashMap};

use rejoinder_core::{Answer, Category, RecordId};
use rejoinder_judge::{Finding, mask_numbers};
use rejoinder_ledger::ReplyStore;
use rejoinder_scan::reading::add;

use super::reading::{GroupAnswers, read, turns};
use super::spool::Spool;
use super::{Judge, settings};
use crate::error::RunError;
use crate::folder::{PartKind, RunDir};
use crate::spool_row::SpoolRow;
use crate::stats::JudgeStats;
use crate::tallies::{JudgedTallies, PartJudgements};

/// Reasons for which answers are of no use that are told apart, and what stands for the others.
const REASONS: usize = 20;
const OTHER_REASONS: &str = "other reasons";

/// Writes the judged parts anew from spool and replies, and counts.
///
/// # Errors
/// If the spool, the store or the run directory fails.
pub fn collect(run: &RunDir, judge: &Judge) -> Result<(), RunError> {
    let store = run.replies()?;
    let spool = Spool { run, form: &judge.form, store: &store, is_to_ask: false };
    let mut stats = JudgeStats::default();
    let mut reasons = BTreeMap::new();
    // The first words of reasons that are alike.
    let mut first_words: BTreeMap<String, String> = BTreeMap::new();
    let mut tallies = JudgedTallies::new(&run.scanned_groups()?);
    for (part, _) in run.parts()? {
        let mut judged = BTreeMap::new();
        let mut judgements = PartJudgements::default();
        for group in spool.of_part(part) {
            let group = group?;
            let mut answers = HashMap::new();
            for (id, found, feedback) in turns(judge, &group, &store)? {
                answers.insert(id, answer_of(&found.finding));
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
                    judged.insert(feedback.id, serde_json::to_vec(&feedback).expect("a row is plain data"));
                }
            }
            for row in &group {
                let answer = |id| answers.get(&id).copied().unwrap_or(Answer::Unknown);
                tallies.row(&mut judgements, row, answer);
            }
        }
        let lines: Vec<u8> = judged.into_values().flat_map(|row| row.into_iter().chain([b'\n'])).collect();
        run.write_part(PartKind::Judged, part, &lines)?;
        note_accepted(run, part, &mut judgements)?;
        stats.with_feedback += judgements.without_accepted();
        tallies.part(judgements);
    }
    run.keep_judged_tallies(&tallies)?;
    run.set_judge_stats(&stats, &reasons)
}

/// Notes which turns of a part's conversations were accepted before.
fn note_accepted(run: &RunDir, part: u64, judgements: &mut PartJudgements) -> Result<(), RunError> {
    /// The fields of a row that are needed.
    #[derive(serde::Deserialize)]
    struct Row {
        id: RecordId,
        category: Category,
    }
    if !judgements.is_empty() {
        for row in run.rows::<Row>(PartKind::Parts, part) {
            let Row { id, category } = row?;
            judgements.accepted(id, category);
        }
    }
    Ok(())
}

/// The answer that a finding is.
const fn answer_of(finding: &Finding) -> Answer {
    match finding {
        Finding::Feedback { category, .. } => Answer::Feedback(*category),
        Finding::NoFeedback => Answer::NoFeedback,
        Finding::Unverified(_) => Answer::Unknown,
    }
}

/// A stored reply that is of no use, by what is wrong with the reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UselessReply {
    /// The reply holds no text.
    Empty,
    /// The reply is not in the form that was asked for, or quotes what is not in the turn.
    Unreadable,
    /// The reply is a refusal of the server.
    Refused,
    /// The reply says that the prompt is longer than the model's context.
    TooLong,
}

/// Forgets the useless replies of some kinds, so that the judge is asked again; returns how many replies were forgotten.
///
/// # Errors
/// If the spool or the store fails.
pub fn forget(run: &RunDir, judge: &Judge, kinds: &[UselessReply]) -> Result<u64, RunError> {
    let store = run.replies()?;
    let mut forgotten = 0;
    for group in (Spool { run, form: &judge.form, store: &store, is_to_ask: false }).in_input_order()? {
        for GroupAnswers { turns, replied } in read(judge, &group?, &store)? {
            let is_of_use =
                turns.iter().any(|(_, found, _)| !matches!(found.finding, Finding::Unverified(_)));
            let Some(last) = replied.replies.last().filter(|_| !is_of_use && !turns.is_empty()) else {
                continue;
            };
            let kind = match last {
                reply if reply.is_refused() => UselessReply::Refused,
                reply if reply.is_too_long() => UselessReply::TooLong,
                reply if reply.is_empty() || reply.content.trim().is_empty() => UselessReply::Empty,
                _ => UselessReply::Unreadable,
            };
            if kinds.contains(&kind) {
                store.forget(replied.keys.iter().map(String::as_str))?;
                forgotten += replied.keys.len() as u64;
            }
        }
    }
    Ok(forgotten)
}

/// The judge that a run has asked; `None` if the run has asked no judge.
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

/// The judge's answer about each turn that the judge has settled so far.
///
/// # Errors
/// If the spool or the store cannot be read.
pub fn judged(run: &RunDir) -> Result<HashMap<RecordId, Answer>, RunError> {
    let answers = findings(run)?.into_iter().map(|(id, finding)| (id, answer_of(&finding)));
    Ok(answers.filter(|(_, answer)| answer.is_known()).collect())
}

/// What the stored replies say of each turn that the judge has answered about so far.
///
/// # Errors
/// If the spool or the store cannot be read.
pub fn findings(run: &RunDir) -> Result<HashMap<RecordId, Finding>, RunError> {
    let mut found = HashMap::new();
    let Some(judge) = judge_of(run)? else { return Ok(found) };
    let store = run.replies()?;
    for group in (Spool { run, form: &judge.form, store: &store, is_to_ask: false }).in_input_order()? {
        found.extend(turns(&judge, &group?, &store)?.into_iter().map(|(id, turn, _)| (id, turn.finding)));
    }
    Ok(found)
}

/// What the stored replies say of a row's turn that was asked about by itself.
///
/// # Errors
/// If the store cannot be read.
pub fn answer(judge: &Judge, row: &SpoolRow, store: &ReplyStore) -> Result<Answer, RunError> {
    let wanted = row.turns.first().map(|turn| turn.id);
    let read = turns(judge, std::slice::from_ref(row), store)?;
    let found = read.into_iter().find(|(id, ..)| Some(*id) == wanted);
    Ok(found.map_or(Answer::Unknown, |(_, found, _)| answer_of(&found.finding)))
}
