//! Answers: always there, always allowed, and of the candidate alone.

use rejoinder_core::Vote;
use rejoinder_core::case::Case;

use super::outcome::{Breach, Outcome, about_to_ask, outcome, settled};
use super::subject::AskError;
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

pub fn allowed(subject: &Subject, _: &Setting) -> Outcome {
    outcome((|| {
        let mut state = subject.state()?;
        for (what, batch) in material::each_turn().chain(material::sizes()).chain(material::extremes()) {
            about_to_ask(&what);
            // Other checks are about calls that fail.
            if let Err(AskError::NotAllowed(why)) = subject.ask_strictly(&mut state, &batch) {
                return Err(format!("{what}: {why}").into());
            }
        }
        Ok(())
    })())
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
        reversed.reverse();
        same(&together, &reversed, "in a batch the other way round, with other ids")?;
        let mut alone = Vec::new();
        for (number, turn) in material::TURNS.iter().enumerate() {
            let mut batch = Batch::new();
            material::push(&mut batch, 3, number, turn);
            alone.extend(subject.ask(&mut state, &batch)?);
        }
        same(&together, &alone, "in a batch of its own")?;
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
                let answers = subject.answers(&batch, false, |columns, output| {
                    // SAFETY: `Batch` keeps the header's guarantees, and the output has its length.
                    unsafe { shared.answer(columns, output) }
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
    let mut wrong = Vec::new();
    for (number, case) in cases.cases.iter().enumerate() {
        let difference = (|| {
            let conversation = case.conversation().map_err(|why| Breach(why.to_string()))?;
            let target = conversation.messages.len() - 1;
            let mut batch = Batch::new();
            batch.begin_conversation(&conversation, target, &ConversationContext::default());
            batch.push_candidate(0, target, 0.0, &case.hits(&subject.rules));
            let vote = subject.ask_strictly(&mut state, &batch).map_err(AskError::into_breach)?[0];
            Ok::<_, Breach>(case.difference(&vote, subject.description.reason(vote.reason)))
        })();
        match difference {
            Ok(None) => {}
            Ok(Some(why)) => wrong.push(of_case(number, case, &why)),
            Err(Breach(why)) => wrong.push(of_case(number, case, &why)),
        }
    }
    outcome(if wrong.is_empty() { Ok(()) } else { Err(wrong.join("; ").into()) })
}

fn of_case(number: usize, case: &Case, why: &str) -> String {
    let turn = case.dialogue.last().map_or("", String::as_str);
    format!("case {} ({turn}): {why}", number + 1)
}

fn same(expected: &[Vote], found: &[Vote], when: &str) -> Result<(), Breach> {
    match expected.iter().zip(found).position(|(a, b)| a != b) {
        None => Ok(()),
        Some(at) => Err(format!(
            "candidate {at} gets another answer {when}: {} {:?}, and before {} {:?}",
            found[at].verdict.names().0,
            found[at].score,
            expected[at].verdict.names().0,
            expected[at].score
        )
        .into()),
    }
}
