//! Whether the judge's letters follow the order of the choices more than the text: a few turns are asked about again with the
//! choices in reverse, where every letter means something else.

use rejoinder_core::Answer;
use rejoinder_judge::prompt::{AnswerFormat, PromptTemplate};
use rejoinder_judge::{JudgeConfig, QuestionUnit};
use serde::{Deserialize, Serialize};

use super::{Judge, answer, ask_about};
use crate::error::RunError;
use crate::folder::{PartKind, RunDir};
use crate::recall::draw::{self, UniformDraw};
use crate::spool_row::SpoolRow;
use crate::watch::Watch;

/// The shipped prompts for letters, each with the same prompt with the choices in reverse.
const REVERSED: [(&str, &str); 2] =
    [("turn-label", "turn-label-reversed"), ("turn-letters", "turn-letters-reversed")];
/// The comparison is worth its requests from so many answers on.
const ENOUGH: u64 = 200;
/// One of so many answers is asked for again.
const SHARE: u64 = 20;
/// So many turns are asked about again, at most.
const TURNS: usize = 20;
/// The seed that decides which turns.
const SEED: u64 = 1;

/// What came of asking about turns twice, with the letters in another order the second time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetterCheck {
    /// The number of turns that were answered both times.
    pub turns: u64,
    /// Turns that got the same letter, which means something else the second time.
    pub same_letter: u64,
    /// Turns that got the same answer, by another letter.
    pub same_answer: u64,
}

/// The shipped prompt for this form of answer, with the choices in reverse; `None` where answers are no letters.
pub(super) fn reversed(answer: AnswerFormat) -> Option<PromptTemplate> {
    let usual = PromptTemplate::for_answer(QuestionUnit::Turn, answer);
    let reversed = REVERSED.into_iter().find(|(name, _)| *name == usual.name);
    reversed.and_then(|(_, reversed)| PromptTemplate::shipped(reversed))
}

/// Asks about some turns again with the choices in reverse, and keeps the comparison. A reason to stop, such as the
/// budget, leaves fewer turns to compare.
///
/// # Errors
/// If the spool, ledger or store fails.
pub fn try_letters(run: &RunDir, judge: &Judge, watch: &Watch) -> Result<(), RunError> {
    let is_usual =
        |name: &str| PromptTemplate::shipped(name).is_some_and(|usual| usual == judge.form.template);
    let reversed = REVERSED.into_iter().find(|(usual, _)| is_usual(usual)).map(|(_, reversed)| reversed);
    let judged = run.judge_stats()?.judged;
    let letters = match reversed.zip(run.manifest.judge.as_ref()) {
        Some((reversed, findings)) if judged >= ENOUGH => {
            let turns = TURNS.min((judged / SHARE) as usize);
            let template = PromptTemplate::shipped(reversed);
            let client = JudgeConfig { template, asks_span: false, ..judge.client.clone() };
            compare(run, judge, &Judge::new(client, findings)?, watch, turns)?
        }
        _ => LetterCheck::default(),
    };
    run.keep_letters(&letters)
}

fn compare(
    run: &RunDir,
    usual: &Judge,
    reversed: &Judge,
    watch: &Watch,
    turns: usize,
) -> Result<LetterCheck, RunError> {
    let store = run.replies()?;
    let (mut rows, mut answers) = (Vec::new(), Vec::new());
    for row in drawn(run)? {
        if rows.len() < turns {
            let said = answer(usual, &row, &store)?;
            if said.is_known() {
                rows.push(row);
                answers.push(said);
            }
        }
    }
    ask_about(run, reversed, watch, &rows)?;
    let letter = |judge: &Judge, meaning: Answer| {
        let mut labels = judge.form.template.labels.iter();
        labels.find(|(_, of)| *of == meaning.category()).map(|(letter, _)| letter.clone())
    };
    let mut letters = LetterCheck::default();
    for (row, first) in rows.iter().zip(answers) {
        let second = answer(reversed, row, &store)?;
        if !second.is_known() {
            continue;
        }
        letters.turns += 1;
        letters.same_letter += u64::from(letter(usual, first) == letter(reversed, second));
        letters.same_answer += u64::from(first == second);
    }
    Ok(letters)
}

/// Twice as many rows as are asked about, for some have no answer.
fn drawn(run: &RunDir) -> Result<Vec<SpoolRow>, RunError> {
    let place = |row: &SpoolRow| draw::hash(SEED, row.question.id);
    let mut lowest = UniformDraw::new(2 * TURNS, 0);
    let bound = lowest.bound();
    for (part, _) in run.parts()? {
        for row in run.rows::<SpoolRow>(PartKind::Spool, part) {
            let row = row?;
            let hash = place(&row);
            if bound.admits(hash) {
                lowest.add(vec![(hash, row)]);
            }
        }
    }
    let mut rows: Vec<SpoolRow> = lowest.found().cloned().collect();
    rows.sort_by_key(place);
    Ok(rows)
}
