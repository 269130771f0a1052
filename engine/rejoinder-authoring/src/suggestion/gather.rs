//! Labelled turns out of files and runs.

use std::collections::HashSet;

use rejoinder_core::fold::Folded;
use rejoinder_core::{Answer, RecordId};
use rejoinder_read::{ChunkReader, Position};
use rejoinder_rules::{Pack, Route, Scanner};
use rejoinder_run::RunError;
use rejoinder_run::labels::{LabelReader, Unlabelled};
use rejoinder_run::training::{TrainingLabels, TrainingSource};
use rejoinder_scan::{Engine, ScanError, ScannedBatch, ScannedTurn, Worker};

use super::choices::{condition_choices, probe_file};
use super::corpus::{BaseRule, Corpus, TurnEvidence, TurnState};

/// What is searched, and where each of its turns stands.
#[derive(Debug, Default)]
pub struct Gathered {
    /// The turns.
    pub corpus: Corpus,
    /// By turn: the source, and the address in it.
    pub places: Vec<(usize, RecordId)>,
    /// Records that were left out for want of labels.
    pub unlabelled: Unlabelled,
}

/// Reads the later turns of the sources with what the labels say of them; `drawn` are turns that an audit drew.
///
/// # Errors
/// If the conversations cannot be read.
///
/// # Panics
/// If the program's own conditions are no rule file.
pub fn gather(
    engine: &Engine,
    sources: &[TrainingSource],
    reader: &LabelReader,
    drawn: &HashSet<(usize, RecordId)>,
) -> Result<Gathered, RunError> {
    let choices = condition_choices();
    let probes = Pack::compile(vec![Pack::new("conditions", "conditions", &probe_file(&choices))], &[])
        .expect("the conditions are a rule file, by test");
    let rules = engine.rules.rules().iter();
    let bases = rules.map(|rule| BaseRule { id: rule.id.clone(), accepts: rule.route == Route::Accept });
    let mut gathered =
        Gathered { corpus: Corpus::new(choices.len(), bases.collect()), ..Gathered::default() };
    let mut worker = Worker::new(engine)?;
    let mut scanner = Scanner::new(&probes);
    let mut folded = Folded::default();
    let mut conversations = 0;
    let input = &engine.config.input;
    for (place, source) in sources.iter().enumerate() {
        let chunks = ChunkReader::new(&source.files, &input.map, Position::default(), input.max_record_bytes);
        for chunk in chunks {
            if let Some(why) = chunk.failure {
                return Err(ScanError::Read(why).into());
            }
            let scanned = worker.scan(&chunk)?;
            for conversation in &scanned.conversations {
                let labels = match &source.labels {
                    TrainingLabels::Read => {
                        match reader.of(conversation, &chunk.file, &mut gathered.unlabelled) {
                            None => continue,
                            labels => labels,
                        }
                    }
                    TrainingLabels::Judge(_) | TrainingLabels::None => None,
                };
                let source_conversation = &conversation.record.conversation;
                scanner.begin(source_conversation);
                conversations += 1;
                for turn in scanned.turns(conversation) {
                    let id = conversation.id(turn);
                    let answer = match (&source.labels, &labels) {
                        (TrainingLabels::Judge(answers), _) => answers.get(&id).copied().unwrap_or_default(),
                        (_, Some(labels)) => labels.of(turn.message_index),
                        (_, None) => Answer::Unknown,
                    };
                    folded.fold(&source_conversation.messages[turn.message_index].text);
                    let held = scanner.scan(source_conversation, turn.message_index);
                    gathered.corpus.push(&TurnEvidence {
                        conversation: conversations - 1,
                        folded: folded.text(),
                        answer,
                        is_drawn: drawn.contains(&(place, id)),
                        state: state(engine, &scanned, turn),
                        conditions: held.iter().map(|hit| hit.rule as usize).collect(),
                        bases: scanned.hits(turn).iter().map(|hit| hit.rule as usize).collect(),
                    });
                    gathered.places.push((place, id));
                }
            }
        }
    }
    Ok(gathered)
}

/// What rules, plugins and score say of a turn.
fn state(engine: &Engine, scanned: &ScannedBatch<'_>, turn: &ScannedTurn) -> TurnState {
    let (hits, votes) = (scanned.hits(turn), scanned.votes(turn));
    TurnState {
        verdicts: engine.verdicts(hits, votes),
        is_candidate: turn.is_candidate,
        band: engine.band(votes),
        decision: turn.decision(),
    }
}

/// Calls `visit` with the source, the address and the text of each later turn, in the order of [`Gathered::places`] and others among them.
///
/// # Errors
/// If the conversations cannot be read.
pub fn each_turn(
    engine: &Engine,
    sources: &[TrainingSource],
    mut visit: impl FnMut(usize, RecordId, &str),
) -> Result<(), RunError> {
    let mut worker = Worker::new(engine)?;
    let input = &engine.config.input;
    for (place, source) in sources.iter().enumerate() {
        let chunks = ChunkReader::new(&source.files, &input.map, Position::default(), input.max_record_bytes);
        for chunk in chunks {
            let scanned = worker.scan(&chunk)?;
            for conversation in &scanned.conversations {
                for turn in scanned.turns(conversation) {
                    let text = &conversation.record.conversation.messages[turn.message_index].text;
                    visit(place, conversation.id(turn), text);
                }
            }
        }
    }
    Ok(())
}
