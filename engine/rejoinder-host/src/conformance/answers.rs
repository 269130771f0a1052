//! Answers: always there, always allowed, and of the candidate alone.

use rejoinder_core::case::{self, Case};

use super::outcome::{Breach, Outcome, about_to_ask, outcome, settled};
use super::subject::{Answers, Said};
use super::{Setting, Subject, material};
use crate::state::{SharedState, State};
use crate::{Batch, ConversationContext};

pub fn empty_batch(subject: &Subject, _: &Setting) -> Outcome {
    outcome(subject.state().and_then(|mut state| subject.ask(&mut state, &Batch::new()).map(drop)))
}

pub fn sizes(subject: &Subject, _: &Setting) -> Outcome {
    outcome(subject.state().and_then(|mut state| takes(subject, &mut state, material::sizes())))
}

pub fn huge(subject: &Subject, _: &Setting) -> Outcome {
    outcome(subject.state().and_then(|mut state| takes(subject, &mut state, material::extremes())))
}

pub fn scripts(subject: &Subject, _: &Setting) -> Outcome {
    outcome(subject.state().and_then(|mut state| takes(subject, &mut state, material::each_turn())))
}

fn takes(
    subject: &Subject,
    state: &mut State,
    mut batches: impl Iterator<Item = (String, Batch)>,
) -> Result<(), Breach> {
    batches.try_for_each(|(what, batch)| {
        about_to_ask(&what);
        subject.ask(state, &batch).map(drop).map_err(|why| format!("{what}: {why}").into())
    })
}

pub fn allowed(subject: &Subject, setting: &Setting) -> Outcome {
    if subject.functions.classify_batch.is_none() {
        return Outcome::Skipped("it gives facts alone (see the check `facts`)".into());
    }
    all_allowed(subject, setting, |answers, n| {
        (0..n).try_for_each(|i| match answers.votes.vote(i, &subject.description) {
            Ok(_) => Ok(()),
            Err(why) => Err(format!("candidate {i}: {why}")),
        })
    })
}

pub fn facts(subject: &Subject, setting: &Setting) -> Outcome {
    if subject.functions.facts_batch.is_none() {
        return Outcome::Skipped("it does not declare RJN_GIVES_FACTS".into());
    }
    all_allowed(subject, setting, |answers, n| {
        (0..n).try_for_each(|i| match answers.facts.row(i, &subject.description.facts) {
            Ok(_) => Ok(()),
            Err(why) => Err(format!("candidate {i}: {why}")),
        })
    })
}

/// Whether answers to everything are allowed. Other checks are about calls that fail.
fn all_allowed(
    subject: &Subject,
    setting: &Setting,
    check: impl Fn(&Answers, usize) -> Result<(), String>,
) -> Outcome {
    outcome((|| {
        let mut state = subject.state()?;
        let kits = material::each_turn().chain(material::sizes()).chain(material::extremes());
        for (what, batch) in kits.chain(batches_of_cases(subject, setting)) {
            about_to_ask(&what);
            if let Ok(answers) = subject.answers_of(&mut state, &batch, false) {
                check(&answers, batch.len()).map_err(|why| format!("{what}: {why}"))?;
            }
        }
        Ok(())
    })())
}

/// The dialogues of the author's cases, those that can be read.
fn batches_of_cases<'s>(
    subject: &'s Subject,
    setting: &'s Setting,
) -> impl Iterator<Item = (String, Batch)> + use<'s> {
    let cases = setting.cases.iter().flat_map(|cases| cases.cases.iter().enumerate());
    cases.filter_map(|(number, case)| {
        Some((format!("case {}", number + 1), batch_of_case(subject, case).ok()?))
    })
}

fn batch_of_case(subject: &Subject, case: &Case) -> Result<Batch, Breach> {
    let conversation = case::conversation(case).map_err(|why| Breach(why.to_string()))?;
    let target = conversation.messages.len() - 1;
    let mut batch = Batch::new();
    batch.begin_conversation(&conversation, target, &ConversationContext::default());
    batch.push_candidate(0, target, 0.0, &case::hits(case, &subject.rules));
    Ok(batch)
}

pub fn repeats(subject: &Subject, _: &Setting) -> Outcome {
    outcome((|| {
        let batch = material::many(200);
        let (mut state, mut other) = (subject.state()?, subject.state()?);
        let first = subject.ask(&mut state, &batch)?;
        let again = subject.ask(&mut state, &batch)?;
        same(&first, &again, "asked again")?;
        same(&first, &subject.ask(&mut other, &batch)?, "from another state")
    })())
}

pub fn permutes(subject: &Subject, _: &Setting) -> Outcome {
    settled((|| {
        let mut state = subject.state()?;
        let together = subject.ask_twice(&mut state, &material::batch(material::TURNS))?;
        let mut backwards = Batch::new();
        for (number, turn) in material::TURNS.iter().enumerate().rev() {
            material::push(&mut backwards, 7_000_000 + number as u64, number, turn);
        }
        let mut reversed = subject.ask(&mut state, &backwards)?;
        reversed.votes.reverse();
        reversed.facts.reverse();
        same(&together, &reversed, "in a batch the other way round, with other ids")?;
        let mut alone = Said { votes: Vec::new(), facts: Vec::new() };
        for (number, turn) in material::TURNS.iter().enumerate() {
            let mut batch = Batch::new();
            material::push(&mut batch, 3, number, turn);
            let said = subject.ask(&mut state, &batch)?;
            alone.votes.extend(said.votes);
            alone.facts.extend(said.facts);
        }
        same(&together, &alone, "in a batch of its own")?;
        let whole = material::batch(material::TURNS);
        // As a run asks a plugin that is asked about some turns alone.
        let places: Vec<usize> = (0..whole.len()).skip(1).step_by(3).collect();
        let gathered = subject.ask(&mut state, Batch::new().gather(&whole, &places))?;
        same(&together.of(&places), &gathered, "in a batch that holds messages of others, too")?;
        Ok(())
    })())
}

pub fn threads(subject: &Subject, _: &Setting) -> Outcome {
    const THREADS: usize = 8;
    settled((|| {
        let batch = material::many(200);
        let mut state = subject.state()?;
        let expected = subject.ask_twice(&mut state, &batch)?;
        let shared = SharedState::new(state)
            .map_err(|_| Outcome::Skipped("it does not claim RJN_FLAG_CONCURRENT".into()))?;
        let ask = || -> Result<(), Breach> {
            for _ in 0..20 {
                let answers = subject.answers(&batch, false, |batch, earlier, room| {
                    // SAFETY: `Batch` keeps the header's guarantees, and there is room for its candidates.
                    unsafe { shared.answer(&batch.columns(&(0..batch.len()), earlier), room) }
                })?;
                same(&expected, &subject.read(&answers, batch.len()), "beside other threads")?;
            }
            Ok(())
        };
        let results: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(ask)).collect();
            threads
                .into_iter()
                .map(|t| t.join().unwrap_or_else(|_| Err("a thread panicked".into())))
                .collect()
        });
        results.into_iter().collect::<Result<(), _>>()?;
        Ok(())
    })())
}

pub fn notes(subject: &Subject, _: &Setting) -> Outcome {
    settled((|| {
        let batch = material::batch(material::TURNS);
        let mut state = subject.state()?;
        let plain = subject.ask_twice(&mut state, &batch)?;
        let (noted, notes) = subject.ask_noting(&mut state, &batch, true)?;
        same(&plain, &noted, "where notes are wanted")?;
        match notes.iter().find(|(index, _)| *index as usize >= batch.len()) {
            Some((index, _)) => {
                Err(format!("it notes something on candidate {index} of {}", batch.len()).into())
            }
            None => Ok(()),
        }
    })())
}

pub fn cases(subject: &Subject, setting: &Setting) -> Outcome {
    let Some(cases) = &setting.cases else {
        return Outcome::Skipped("no file of cases was given (--cases)".into());
    };
    let mut state = match subject.state_of_cases(cases) {
        Ok(state) => state,
        Err(why) => return why.into(),
    };
    if subject.functions.classify_batch.is_none() {
        return Outcome::Skipped("it gives facts alone, and cases are about votes".into());
    }
    let (mut wrong, mut not_allowed) = (Vec::new(), Vec::new());
    for (number, case) in cases.cases.iter().enumerate() {
        let vote = batch_of_case(subject, case)
            .and_then(|batch| subject.ask(&mut state, &batch))
            .map(|said| said.votes[0]);
        match vote {
            // The check `answers` fails on it.
            Ok(vote) if vote.is_fault() => not_allowed.push((number + 1).to_string()),
            Ok(vote) => {
                let reason = subject.description.reason(vote.reason);
                let difference = case.difference(vote.verdict, vote.score, reason);
                wrong.extend(difference.map(|why| of_case(number, case, &why)));
            }
            Err(Breach(why)) => wrong.push(of_case(number, case, &why)),
        }
    }
    match (wrong.is_empty(), not_allowed.is_empty()) {
        (false, _) => Outcome::Failed(wrong.join("; ")),
        (true, false) => {
            let cases = not_allowed.join(", ");
            Outcome::Skipped(format!("no allowed answer comes of case {cases} (see the check `answers`)"))
        }
        (true, true) => Outcome::Passed,
    }
}

fn of_case(number: usize, case: &Case, why: &str) -> String {
    let turn = case.dialogue.last().map_or("", String::as_str);
    format!("case {} ({turn}): {why}", number + 1)
}

fn same(expected: &Said, found: &Said, when: &str) -> Result<(), Breach> {
    let votes = expected.votes.iter().zip(&found.votes);
    if let Some(at) = votes.clone().position(|(a, b)| a != b) {
        let (before, now) = (&expected.votes[at], &found.votes[at]);
        return Err(format!(
            "candidate {at} gets another answer {when}: {} {:?}, and before {} {:?}",
            now.verdict.names().0,
            now.score,
            before.verdict.names().0,
            before.score
        )
        .into());
    }
    match expected.facts.iter().zip(&found.facts).position(|(a, b)| a != b) {
        None => Ok(()),
        Some(at) => Err(format!(
            "candidate {at} has other facts {when}: {:?}, and before {:?}",
            found.facts[at], expected.facts[at]
        )
        .into()),
    }
}
