//! What a plugin would change in decisions: beside the rules alone, and with all that decides in a run.

use std::num::NonZeroUsize;

use rejoinder_read::InputFile;
use rejoinder_report::plugin_effect::{EffectTally, PluginEffect};
use rejoinder_run::labels::{LabelReader, Unlabelled};
use rejoinder_scan::config::{CascadeSection, Config, PluginConfig};
use rejoinder_scan::{Engine, Scan, ScoreRole, Voter};

use crate::failure::Failure;

/// The plugin that is measured, as it is loaded, and the name that it gives itself.
pub(super) struct MeasuredPlugin<'a> {
    pub config: &'a PluginConfig,
    pub name: &'a str,
    pub scores: bool,
}

/// The plugin's effect on the labelled turns of a corpus under a config, and what cannot be said of it.
///
/// # Errors
/// If a plugin of the config cannot be loaded, or the corpus cannot be read.
pub(super) fn effects(
    config: &Config,
    plugin: &MeasuredPlugin<'_>,
    reader: &LabelReader,
    files: &[InputFile],
) -> Result<(Vec<PluginEffect>, Option<String>), Failure> {
    let alone = Config {
        plugins: vec![plugin.config.clone()],
        cascade: CascadeSection::without_score(),
        ..config.clone()
    };
    let beside_rules = effect("Beside the rules alone", &Engine::build(alone)?, 0, reader, files)?;
    if plugin.scores {
        let remark = "It scores, and so takes the place of the score that ships: `rejoinder eval INPUT --labels --cascade --config \
                      CONFIG` measures its cuts.";
        return Ok((vec![beside_rules], Some(remark.to_owned())));
    }
    let is_another = |other: &&PluginConfig| {
        other.name.as_deref() != Some(plugin.name) && other.path.as_deref() != plugin.config.path.as_deref()
    };
    let others: Vec<PluginConfig> = config.plugins.iter().filter(is_another).cloned().collect();
    let place = others.len();
    let plugins = others.into_iter().chain([plugin.config.clone()]).collect();
    let engine = Engine::build(Config { plugins, ..config.clone() })?.for_corpus(files)?;
    let remark = match &engine.role {
        ScoreRole::Off => {
            "No score decides, as the config says, so that nothing is said of the plugin with one.".to_owned()
        }
        ScoreRole::SetAside(why) => {
            format!("No score decides here, so that nothing is said of the plugin with one: {why}.")
        }
        _ => {
            let all = engine.registry.plugins().iter().enumerate();
            let is_other = |at: usize| at != place && Some(at) != engine.scorer();
            let others: Vec<&str> =
                all.filter(|(at, _)| is_other(*at)).map(|(_, other)| other.name()).collect();
            let beside = match others.is_empty() {
                true => "With the score in force".to_owned(),
                false => format!("With the score in force, beside {}", others.join(", ")),
            };
            let with_score = effect(&beside, &engine, place, reader, files)?;
            return Ok((vec![beside_rules, with_score], None));
        }
    };
    Ok((vec![beside_rules], Some(remark)))
}

/// The effect of the plugin in a place of an engine.
fn effect(
    beside: &str,
    engine: &Engine,
    place: usize,
    reader: &LabelReader,
    files: &[InputFile],
) -> Result<PluginEffect, Failure> {
    let mut tally = EffectTally::default();
    let score = engine.score_model()?;
    let purpose = engine.config.purpose;
    Scan::of(engine, files, NonZeroUsize::MIN).run(
        |worker, chunk| {
            let scanned = worker.scan(chunk)?;
            let mut tally = EffectTally::default();
            for (conversation, labels) in reader.all(&scanned, &chunk.file, &mut Unlabelled::default()) {
                if score.was_trained_on(&conversation.record.conversation) {
                    tally.leave_out();
                    continue;
                }
                for turn in scanned.turns(conversation) {
                    let label = labels.of(turn.message_index);
                    if label.is_known() {
                        let without =
                            scanned.ground_without(engine, conversation, turn, Voter::Plugin(place));
                        tally.add(without.decision(), turn.decision(), label, purpose);
                    }
                }
            }
            Ok::<_, Failure>(tally)
        },
        |part| {
            tally.merge(&part);
            Ok(())
        },
    )?;
    Ok(PluginEffect::new(beside.to_owned(), &tally))
}
