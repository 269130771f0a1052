//! Scores: what a plugin that declares calibrated probabilities promises of them. Whether they are calibrated only labels can
//! tell; this is what can be seen without any.

use rejoinder_core::{Category, Purpose, Vote};
use serde_json::Value;

use super::outcome::{Breach, Outcome, about_to_ask, outcome};
use super::{Setting, Subject, material};

/// How far a sum of probabilities may be off.
const TOLERANCE: f32 = 0.01;

pub fn scores(subject: &Subject, _: &Setting) -> Outcome {
    let Some(declaration) = &subject.description.scores else {
        return Outcome::Skipped("it does not declare RJN_GIVES_SCORES".into());
    };
    outcome((|| {
        let purposes = match declaration.purposes.as_slice() {
            [] => [Purpose::ALL, Purpose::KTO, Purpose::SFT]
                .into_iter()
                .chain(Purpose::of(&[Category::Ur1, Category::Ur4]))
                .collect(),
            named => named.to_vec(),
        };
        for purpose in purposes {
            let mut config = subject.config.clone();
            config["for"] = purpose.to_string().into();
            about_to_ask(&format!("scores for `{purpose}`"));
            let votes = votes(subject, &config)?;
            for (candidate, vote) in votes.iter().enumerate() {
                agree(vote, purpose)
                    .map_err(|why| format!("for = \"{purpose}\", candidate {candidate}: {why}"))?;
            }
            if declaration.has_model {
                about_to_ask("a model file with its own model");
                let by_file = votes_by_file(subject, config)?;
                if by_file != votes {
                    return Err(
                        "it scores otherwise where `model` names a file that holds its own model".into()
                    );
                }
            }
        }
        Ok(())
    })())
}

fn votes(subject: &Subject, config: &Value) -> Result<Vec<Vote>, Breach> {
    Ok(subject.ask(&mut subject.state_with(config)?, &material::batch(material::TURNS))?.votes)
}

/// What the plugin says where its configuration names a file with its own model.
fn votes_by_file(subject: &Subject, mut config: Value) -> Result<Vec<Vote>, Breach> {
    let failed = |e: std::io::Error| format!("no temporary file: {e}");
    let folder = tempfile::tempdir().map_err(failed)?;
    let file = folder.path().join("model.rjm");
    std::fs::write(&file, subject.model).map_err(failed)?;
    config["model"] = file.display().to_string().into();
    if let Some(problem) = crate::schema::problems(&subject.description.config_schema, &config)?.first() {
        return Err(format!("it gives a model, and its config_schema takes none: {}", problem.message).into());
    }
    votes(subject, &config).map_err(|why| format!("with its own model as a file, {why}").into())
}

/// Whether probabilities and score are there, and agree.
fn agree(vote: &Vote, purpose: Purpose) -> Result<(), Breach> {
    if vote.is_fault() {
        // The check `answers` is about that.
        return Ok(());
    }
    let (Some(probs), Some(score)) = (vote.probs, vote.score) else {
        return Err("it declares RJN_GIVES_SCORES, and gives no probabilities or no score".into());
    };
    let sum: f32 = probs.iter().sum();
    if (sum - 1.0).abs() > TOLERANCE {
        return Err(format!("its probabilities {probs:?} sum to {sum}, not to 1").into());
    }
    let any = 1.0 - probs[0];
    if purpose == Purpose::ALL && (score - any).abs() > TOLERANCE {
        return Err(
            format!("its score is {score}, and by its probabilities it is feedback with {any}").into()
        );
    }
    Ok(())
}
