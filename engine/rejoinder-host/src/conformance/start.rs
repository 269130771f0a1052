//! The life of states.

use super::outcome::{Outcome, outcome, settled};
use super::{Setting, Subject, material};

pub fn starts(subject: &Subject, _: &Setting) -> Outcome {
    outcome(subject.state().map(drop))
}

pub fn two_states(subject: &Subject, _: &Setting) -> Outcome {
    settled((|| {
        let batch = material::batch(material::TURNS);
        let (mut one, mut two) = (subject.state()?, subject.state()?);
        let first = subject.ask_twice(&mut one, &batch)?;
        drop(one);
        let second = subject
            .ask(&mut two, &batch)
            .map_err(|why| format!("after the destruction of one state, on the other {why}"))?;
        if second == first {
            Ok(())
        } else {
            Err("two states with the same configuration answer differently".to_owned().into())
        }
    })())
}
