//! `rejoinder plugin bench`: what a plugin says of the candidates in a corpus, what that costs, and how it compares with
//! labels.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use rejoinder_host::PluginCost;
use rejoinder_read::InputFile;
use rejoinder_run::labels::{LabelReader, Unlabelled};
use rejoinder_scan::config::{Candidates, CascadeSection, PluginConfig};
use rejoinder_scan::{AskedTurns, Engine, Scan};
use serde_json::Value;

use super::super::args::{CONFIG, INPUT, LABELS, OUTPUT};
use super::super::label_args::{LabelArgs, label_reader, nothing_labelled, remark_unlabelled};
use super::super::settings::{ConfigFileArgs, ReadingArgs, effective_config};
use super::super::{absolute, described, print, print_json};
use super::effect::{MeasuredPlugin, effects};
use super::plugin_config;
use crate::failure::{Exit, Failure};
use rejoinder_report::plugin_bench::{PluginBench, VoteTally};

#[derive(Debug, Args)]
pub(in crate::cli) struct BenchArgs {
    /// The library
    #[arg(value_name = "FILE")]
    library: PathBuf,
    /// Chat logs whose candidates it is asked about
    #[arg(long, required = true, num_args = 1.., value_name = "INPUT", help_heading = INPUT)]
    corpus: Vec<String>,
    /// The plugin's configuration, a JSON object
    #[arg(long, value_name = "JSON", help_heading = CONFIG)]
    plugin_config: Option<String>,
    /// Compare with the labels in each record's `labels` column
    #[arg(long, help_heading = LABELS)]
    labels: bool,
    #[command(flatten)]
    labelled: LabelArgs,
    /// Which later turns it is asked about [default: those that it wishes]
    #[arg(long, value_enum, value_name = "TURNS", help_heading = CONFIG)]
    candidates: Option<CandidatesArg>,
    /// How often the corpus is read
    #[arg(long, value_name = "N", default_value = "5", help_heading = INPUT)]
    passes: NonZeroUsize,
    #[command(flatten)]
    reading: ReadingArgs,
    #[command(flatten)]
    config: ConfigFileArgs,
    /// Print one JSON object
    #[arg(long, help_heading = OUTPUT)]
    json: bool,
}

/// Which later turns a plugin is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum CandidatesArg {
    /// Those that a rule marked
    Rules,
    /// All
    All,
}

impl From<CandidatesArg> for Candidates {
    fn from(given: CandidatesArg) -> Self {
        match given {
            CandidatesArg::Rules => Self::Rules,
            CandidatesArg::All => Self::All,
        }
    }
}

pub(in crate::cli) fn main(args: &BenchArgs) -> Result<Exit, Failure> {
    let config = args.plugin_config.as_deref().map(plugin_config).transpose()?;
    let mut effective = effective_config(&args.config, &[&args.reading])?;
    let plugin = PluginConfig {
        config: Value::Object(config.unwrap_or_default()),
        max_faults: u32::MAX,
        candidates: args.candidates.map(Candidates::from),
        ..PluginConfig::at(absolute(&args.library)?)
    };
    let of_run = effective.config.clone();
    effective.config.plugins = vec![plugin.clone()];
    if !effective.config.cascade.is_told() {
        // The plugin by itself.
        effective.config.cascade = CascadeSection::without_score();
    }
    let engine = Engine::build(effective.config)?;
    if engine.asked_turns(0) == AskedTurns::None {
        return Err(Failure::usage(
            "the plugin gives facts alone, which rules ask for: there is no vote to measure; `rejoinder plan` with a config of the \
             plugin and such rules shows what its facts cost",
        ));
    }
    let reader = label_reader(&args.labelled, args.labels)?;
    let files = described(&args.corpus, &engine.config.input)?;
    let (mut tally, mut unlabelled) = (VoteTally::default(), Unlabelled::default());
    let mut nanoseconds = Vec::new();
    for pass in 0..args.passes.get() {
        let (counts, missing, cost) = read(&reader, &engine, &files)?;
        nanoseconds.push(cost);
        if pass == 0 {
            (tally, unlabelled) = (counts, missing);
        }
    }
    remark_unlabelled(&unlabelled);
    let loaded = &engine.registry.plugins()[0];
    let (effects, effect_remark) = match reader.reads {
        true => {
            let measured =
                MeasuredPlugin { config: &plugin, name: loaded.name(), scores: loaded.scores().is_some() };
            effects(&of_run, &measured, &reader, &files)?
        }
        false => Default::default(),
    };
    if reader.reads && effects.iter().all(|effect| effect.turns == 0) {
        return Err(nothing_labelled(&reader.source));
    }
    if tally.candidates() == 0 {
        return Err(Failure::usage(
            "no turn of this corpus is one that the plugin is asked about; `--candidates all` asks about every later turn",
        ));
    }
    let bench = PluginBench { effects, effect_remark, ..PluginBench::new(loaded, &tally, nanoseconds) };
    if args.json {
        print_json(&bench)?;
    } else {
        print(&bench.text())?;
    }
    Ok(Exit::Ok)
}

/// Reads the corpus once; also gives the cost of a candidate in nanoseconds.
fn read(
    reader: &LabelReader,
    engine: &Engine,
    files: &[InputFile],
) -> Result<(VoteTally, Unlabelled, f64), Failure> {
    let (mut tally, mut unlabelled) = (VoteTally::default(), Unlabelled::default());
    let mut all = PluginCost::default();
    Scan::of(engine, files, NonZeroUsize::MIN).run(
        |worker, chunk| {
            let scanned = worker.scan(chunk)?;
            let (mut tally, mut unlabelled) = (VoteTally::default(), Unlabelled::default());
            for conversation in &scanned.conversations {
                let missing = &mut unlabelled;
                let Some(labels) = reader.of(conversation, &chunk.file, missing) else {
                    continue;
                };
                for turn in scanned.turns(conversation) {
                    let label = labels.of(turn.message_index);
                    if let Some(vote) = scanned.votes(turn).first()
                        && vote.was_asked()
                        && (label.is_known() || !labels.are_read())
                    {
                        tally.add(vote, label);
                    }
                }
            }
            let costs = worker.take_plugin_costs();
            Ok::<_, Failure>((tally, unlabelled, costs.first().copied().unwrap_or_default()))
        },
        |(counts, missing, cost)| {
            tally.merge(&counts);
            unlabelled.extend(missing);
            all += cost;
            Ok(())
        },
    )?;
    // The time is that of calls for votes and for facts.
    let asked = (all.turns + all.facts).max(1);
    Ok((tally, unlabelled, all.time.as_nanos() as f64 / asked as f64))
}
