//! `rejoinder rules stats`: the price and the worth of each rule, before it ships.

use clap::{Args, ValueEnum};
use rejoinder_run::labels::Unlabelled;
use rejoinder_scan::{Engine, RuleColumns, Scan};

use super::super::args::{CONFIG, LABELS, OUTPUT};
use super::super::label_args::{LabelArgs, label_reader, nothing_labelled, remark_unlabelled};
use super::super::settings::{ConfigFileArgs, ConfigFlags, PluginFolderArgs, ReadingArgs, effective_config};
use super::super::{Threads, described, print, print_json};
use crate::cli::terminal::remark;
use crate::failure::{Exit, Failure};
use rejoinder_report::by_rule::{RuleCounts, RuleFigures, table};
use rejoinder_report::remarks;

#[derive(Debug, Args)]
pub(super) struct StatsArgs {
    /// Chat logs: files, folders or globs
    #[arg(required = true, value_name = "CORPUS")]
    inputs: Vec<String>,
    /// Rules to measure, instead of the config's; may be repeated
    ///
    /// Rule files, folders of them, or names of shipped packs.
    #[arg(long, value_name = "PACK", help_heading = CONFIG)]
    rules: Vec<String>,
    /// Compare with the labels in each record's `labels` column
    #[arg(long, help_heading = LABELS)]
    labels: bool,
    #[command(flatten)]
    labelled: LabelArgs,
    /// Order of the rules
    #[arg(long, value_enum, default_value_t = RuleOrder::File, help_heading = OUTPUT)]
    sort: RuleOrder,
    /// Print one JSON object instead of the table
    #[arg(long, help_heading = OUTPUT)]
    json: bool,
    #[command(flatten)]
    reading: ReadingArgs,
    #[command(flatten)]
    config: ConfigFileArgs,
    #[command(flatten)]
    plugins: PluginFolderArgs,
    #[command(flatten)]
    threads: Threads,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum RuleOrder {
    /// As in the rule files
    File,
    /// The most hits first
    Hits,
    /// The slowest first
    Time,
    /// The least precise first (needs --labels)
    Precision,
}

pub(super) fn main(args: &StatsArgs) -> Result<Exit, Failure> {
    let flags: [&dyn ConfigFlags; 2] = [&args.reading, &args.plugins];
    let mut effective = effective_config(&args.config, &flags)?;
    if !args.rules.is_empty() {
        effective.config.rules.packs.clone_from(&args.rules);
        effective.config.rules.disable.clear();
    }
    let engine = Engine::of(&effective)?;
    let files = described(&args.inputs, &engine.config.input)?;
    let engine = engine.for_corpus(&files)?;
    let reader = label_reader(&args.labelled, args.labels)?;
    let mut all = RuleCounts::new(&engine);
    let mut unlabelled = Unlabelled::default();
    let mut columns = RuleColumns::default();
    Scan::of(&engine, &files, args.threads.get()).run(
        |worker, chunk| {
            worker.take_costs();
            let scanned = worker.scan(chunk)?;
            let mut counts = RuleCounts::new(worker.engine);
            counts.cost(&worker.take_costs());
            let mut unlabelled = Unlabelled::default();
            let columns = scanned.rule_columns.clone();
            for conversation in &scanned.conversations {
                let missing = &mut unlabelled;
                let Some(labels) = reader.of(conversation, &chunk.file, missing) else {
                    continue;
                };
                for turn in scanned.turns(conversation) {
                    let label = labels.of(turn.message_index);
                    if labels.are_read() && !label.is_known() {
                        continue;
                    }
                    counts.turn(worker.engine, &scanned, conversation, turn, label);
                }
            }
            Ok::<_, Failure>((counts, unlabelled, columns))
        },
        |(counts, missing, asked)| {
            all.add(&counts);
            columns += asked;
            unlabelled.extend(missing);
            Ok(())
        },
    )?;
    remark_unlabelled(&unlabelled);
    if let Some(missing) = remarks::rule_columns(&columns) {
        remark(&missing.text);
    }
    if reader.reads && all.turns() == 0 {
        return Err(nothing_labelled(&reader.source));
    }
    let mut rows = all.rows(&engine);
    sort(&mut rows, args.sort);
    let literals = all.literals().as_secs_f64() * 1e3;
    if args.json {
        print_json(&serde_json::json!({ "turns": all.turns(), "literals_ms": literals, "rules": rows }))?;
    } else {
        print(&table(&rows))?;
        print(&format!(
            "\n{} later turns; the pass for the literals of all rules took {literals:.1} ms, {:.2} µs a turn\n\
             alone: no other rule makes the turn a candidate · effect: without the rule the turn would be decided otherwise\n\
             waiting: share of the hits that wait for the judge{}\n",
            all.turns(),
            literals * 1e3 / all.turns().max(1) as f64,
            if reader.reads {
                " · feedback, category: share of the hits that the labels call so"
            } else {
                ""
            },
        ))?;
    }
    Ok(Exit::Ok)
}

fn sort(rows: &mut [RuleFigures], order: RuleOrder) {
    let micros = |r: &RuleFigures| r.micros.unwrap_or(0.0);
    let precision = |r: &RuleFigures| r.precision.map_or(2.0, |p| p.value);
    match order {
        RuleOrder::File => {}
        RuleOrder::Hits => rows.sort_by_key(|r| std::cmp::Reverse(r.hits)),
        RuleOrder::Time => rows.sort_by(|a, b| micros(b).total_cmp(&micros(a))),
        RuleOrder::Precision => rows.sort_by(|a, b| precision(a).total_cmp(&precision(b))),
    }
}
