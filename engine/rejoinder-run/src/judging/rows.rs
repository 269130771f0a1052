//! Asking about rows without a run's folder, on whichever machine they are, and reading what somebody else has asked.
//!
//! The groups of turns that share requests are a function of the rows and of what is stored: rows that are asked about again, since
//! whoever asked was killed, find what was answered before under the same keys.

use std::collections::HashMap;
use std::ops::ControlFlow;

use rejoinder_core::{Feedback, RecordId};
use rejoinder_judge::accounts::{Accounts, LookedUpAccounts};
use rejoinder_judge::{
    AnswerOrigin, AskProgress, AskReport, Finding, Question, QuestionSource, ReplyChain, raw_reply,
};

use super::Judge;
use super::kept_groups::{Grouping, KeptGroups, arranged_places};
use super::reading::{TurnReading, turns, turns_of};
use crate::error::RunError;
use crate::spool_row::SpoolRow;

/// What the judge says of a turn.
#[derive(Clone, Debug, PartialEq)]
pub struct TurnAnswer {
    /// The turn.
    pub id: RecordId,
    /// What the judge says.
    pub answer: JudgeAnswer,
}

/// What the judge says.
#[derive(Clone, Debug, PartialEq)]
pub enum JudgeAnswer {
    /// The turn is feedback; its row of the feedback table.
    Feedback(Box<Feedback>),
    /// The turn is no feedback.
    NoFeedback,
    /// The reply is of no use, for the reason given.
    Unverified(String),
    /// There is no reply: the judge was not asked to the end.
    Waiting,
}

impl JudgeAnswer {
    fn of((_, found, feedback): TurnReading) -> Self {
        match (found.finding, feedback) {
            (Finding::Feedback { .. }, Some(feedback)) => Self::Feedback(Box::new(feedback)),
            (Finding::Feedback { .. }, None) => Self::Waiting,
            (Finding::NoFeedback, _) => Self::NoFeedback,
            (Finding::Unverified(why), _) => Self::Unverified(why),
        }
    }
}

/// Asks the judge about rows, in the groups that the form allows, and returns for each row an answer for each of its turns, in order.
/// Rows stand in input order, those of a conversation together. What is stored is not asked for again; of rows with the same prompt
/// one is asked about. `on_progress` is called several times a second, and stops the asking when it breaks.
///
/// # Errors
/// [`RunError::SharedRowId`] if two rows are about the same turn; else if the client cannot be set up or the accounts fail. A reached
/// budget, a dead endpoint or an interruption is told in [`AskReport::stop`], and leaves turns waiting.
pub fn ask_rows(
    judge: &Judge,
    rows: &[SpoolRow],
    accounts: &dyn Accounts,
    on_progress: &mut dyn FnMut(&AskProgress) -> ControlFlow<()>,
) -> Result<(Vec<Vec<TurnAnswer>>, AskReport), RunError> {
    let mut answers = Answers::waiting(rows)?;
    let mut stretch = Vec::with_capacity(rows.len());
    SpoolRow::extend_stretch(&mut stretch, rows.iter().cloned());
    let rows = stretch;
    let accounts = LookedUpAccounts::new(accounts);
    let (groups, twins) = groups(judge, &rows, &accounts)?;
    let questions: Vec<Vec<Question>> = groups.iter().map(|group| questions(&rows, group)).collect();
    look_up(judge, &questions, &accounts)?;
    let asked = questions.clone();
    let source: Box<QuestionSource<'_>> = Box::new(move |sink| {
        // Where the sink breaks, the rest is not wanted.
        let _ = asked.into_iter().try_for_each(sink);
    });
    let report = rejoinder_judge::ask(&judge.client, &judge.form, source, &accounts, on_progress)?;
    let of_twins = twins.iter().map(|(twin, _)| vec![rows[*twin].question.clone()]);
    look_up(judge, &questions.into_iter().chain(of_twins).collect::<Vec<_>>(), &accounts)?;
    for group in &groups {
        let group: Vec<SpoolRow> = group.iter().map(|&place| rows[place].clone()).collect();
        answers.add(turns(judge, &group, &accounts)?);
    }
    for (twin, first) in twins {
        answers.add(turns(judge, &rows[twin..=twin], &accounts)?);
        answers.share_reason(first, twin);
    }
    Ok((answers.of_rows, report))
}

/// What one answer says of a row, whose request somebody else has made: the request about this row alone, as
/// [`QuestionForm::next`](rejoinder_judge::QuestionForm::next) puts it. Returns an answer for each of the row's turns, in order. The
/// log-probabilities are JSON as [`raw_reply`] reads them.
///
/// # Errors
/// If the log-probabilities are in no shape that is read.
pub fn read_reply(
    judge: &Judge,
    row: &SpoolRow,
    text: &str,
    logprobs: Option<&str>,
) -> Result<Vec<TurnAnswer>, RunError> {
    let rows = std::slice::from_ref(row);
    let reply = raw_reply(&judge.client.model, text, logprobs).map_err(RunError::Logprobs)?;
    let replied = ReplyChain {
        group: 0..1,
        questions: 0..1,
        keys: vec![judge.form.turn_key(&row.question)],
        replies: vec![reply],
        origin: AnswerOrigin::OwnRequest,
        next: None,
    };
    let mut answers = Answers::waiting(rows)?;
    answers.add(turns_of(judge, rows, std::slice::from_ref(&row.question), &replied));
    Ok(answers.of_rows.pop().unwrap_or_default())
}

/// The answers about rows, as far as they are known.
struct Answers {
    of_rows: Vec<Vec<TurnAnswer>>,
    /// The place of each turn: that of its row, and that within the row.
    places: HashMap<RecordId, (usize, usize)>,
}

impl Answers {
    /// No answer about any row.
    fn waiting(rows: &[SpoolRow]) -> Result<Self, RunError> {
        let mut places = HashMap::new();
        for (place, row) in rows.iter().enumerate() {
            for (within, turn) in row.turns.iter().enumerate() {
                if places.insert(turn.id, (place, within)).is_some() {
                    return Err(RunError::SharedRowId(turn.id));
                }
            }
        }
        let waiting = |row: &SpoolRow| {
            let turns = row.turns.iter();
            turns.map(|turn| TurnAnswer { id: turn.id, answer: JudgeAnswer::Waiting }).collect()
        };
        Ok(Self { of_rows: rows.iter().map(waiting).collect(), places })
    }

    fn add(&mut self, turns: Vec<TurnReading>) {
        for turn in turns {
            if let Some(&(place, within)) = self.places.get(&turn.0) {
                self.of_rows[place][within].answer = JudgeAnswer::of(turn);
            }
        }
    }

    /// Gives a row without an answer the reason why the row with the same prompt has none.
    fn share_reason(&mut self, first: usize, twin: usize) {
        for within in 0..self.of_rows[twin].len() {
            let reason = self.of_rows[first].get(within).map(|turn| &turn.answer);
            if let Some(reason @ JudgeAnswer::Unverified(_)) = reason.cloned()
                && self.of_rows[twin][within].answer == JudgeAnswer::Waiting
            {
                self.of_rows[twin][within].answer = reason;
            }
        }
    }
}

/// The places of the rows in the groups in which they are asked about; and the rows that are in no group, since a row before them has
/// the same prompt, each with the place of that row.
type RowGroups = (Vec<Vec<usize>>, Vec<(usize, usize)>);

fn groups(judge: &Judge, rows: &[SpoolRow], accounts: &LookedUpAccounts<'_>) -> Result<RowGroups, RunError> {
    let form = &judge.form;
    if form.questions_per_request() == 1 {
        // Those with the same prompt share the key.
        return Ok((arranged_places(rows.len(), &[], &[]), Vec::new()));
    }
    let mut place_of: HashMap<String, usize> = HashMap::new();
    let (mut firsts, mut twins) = (Vec::new(), Vec::new());
    for (place, row) in rows.iter().enumerate() {
        let first = *place_of.entry(form.turn_key(&row.question)).or_insert(place);
        if first == place { firsts.push(place) } else { twins.push((place, first)) }
    }
    let grouping = Grouping { form, store: accounts, rows };
    let kept = KeptGroups {
        groups: grouping.groups_of(&firsts),
        twins: twins.iter().map(|(twin, _)| *twin).collect(),
    };
    let alone = rows.iter().map(|row| vec![row.question.clone()]);
    let shared = kept.groups.iter().map(|group| questions(rows, group));
    look_up(judge, &alone.chain(shared).collect::<Vec<_>>(), accounts)?;
    let KeptGroups { groups, twins: left_out } = grouping.mended(&kept)?;
    Ok((arranged_places(rows.len(), &groups, &left_out), twins))
}

fn questions(rows: &[SpoolRow], places: &[usize]) -> Vec<Question> {
    places.iter().map(|&place| rows[place].question.clone()).collect()
}

fn look_up(judge: &Judge, groups: &[Vec<Question>], accounts: &LookedUpAccounts<'_>) -> Result<(), RunError> {
    let groups: Vec<&[Question]> = groups.iter().map(Vec::as_slice).collect();
    Ok(accounts.look_up(&judge.form, &groups)?)
}
