//! `rejoinder plan`: what judging would take, before anybody is asked.

use clap::Args;
use rejoinder_core::Purpose;
use rejoinder_judge::{BillUnit, QuestionForm};
use rejoinder_ledger::ReplyStore;
use rejoinder_run::judging::{Judge, server_time};
use rejoinder_run::plan;
use rejoinder_run::recall::{RecallTarget, RunCorpus};
use rejoinder_scan::{Engine, ScanError};

use super::args::{INPUTS, INPUTS_LONG, JUDGE, OUTPUT, RECALL};
use super::settings::{
    AskingScopeArgs, ConfigFileArgs, ConfigFlags, PluginFolderArgs, ReadingArgs, ScoreArgs, effective_config,
};
use super::{Threads, described, print, print_json};
use crate::failure::{Exit, Failure};
use rejoinder_report::plan::{PlanReport, ServerRate};
use rejoinder_report::recall_forecast::RecallPlan;
use rejoinder_report::remarks;

/// Rules that are shown where nobody wants all.
const ROWS: usize = 15;
const MINUTE: f64 = 60.0;

#[derive(Debug, Args)]
pub(super) struct PlanArgs {
    #[arg(required = true, value_name = "INPUT", help = INPUTS, long_help = INPUTS_LONG)]
    inputs: Vec<String>,
    #[command(flatten)]
    reading: ReadingArgs,
    #[command(flatten)]
    config: ConfigFileArgs,
    #[command(flatten)]
    plugins: PluginFolderArgs,
    #[command(flatten)]
    asking: AskingScopeArgs,
    #[command(flatten)]
    score: ScoreArgs,
    /// What the feedback is for: all, sft, kto, or UR2,UR5
    #[arg(long = "for", value_name = "PURPOSE", help_heading = RECALL)]
    purpose: Option<Purpose>,
    /// Say what it takes to find this share of that feedback
    ///
    /// As `rejoinder run --recall` would, samples and audit included.
    #[arg(long, value_name = "SHARE", help_heading = RECALL)]
    recall: Option<f64>,
    /// How surely [default: 0.95]
    #[arg(long, value_name = "SHARE", requires = "recall", help_heading = RECALL)]
    confidence: Option<f64>,
    /// Requests that the server answers in a second
    ///
    /// [default: what [judge] requests-per-minute of the config says]
    #[arg(long, value_name = "R", help_heading = JUDGE)]
    requests_per_second: Option<f64>,
    /// Tokens that the server takes and gives in a second
    ///
    /// [default: what [judge] tokens-per-minute of the config says]
    #[arg(long, value_name = "T", help_heading = JUDGE)]
    tokens_per_second: Option<f64>,
    /// Show all rules of the bill
    #[arg(long, help_heading = OUTPUT)]
    all: bool,
    /// Print one JSON object
    #[arg(long, help_heading = OUTPUT)]
    json: bool,
    #[command(flatten)]
    threads: Threads,
}

pub(super) fn main(args: &PlanArgs) -> Result<Exit, Failure> {
    let flags: [&dyn ConfigFlags; 3] = [&args.reading, &args.plugins, &args.asking];
    let mut effective = effective_config(&args.config, &flags)?;
    if let Some(purpose) = args.purpose {
        effective.config.purpose = purpose;
        effective.set_by_flag("for", "--for");
    }
    args.score.put_over(&mut effective)?;
    let engine = Engine::of(&effective)?;
    let files = described(&args.inputs, &engine.config.input)?;
    let engine = match engine.for_corpus(&files) {
        // A run that is to keep the recall finds a cut of its own.
        Err(ScanError::Config(_)) if args.recall.is_some() => {
            effective.config.cascade.recall = args.recall;
            Engine::of(&effective)?
        }
        engine => engine?,
    };
    let judge = &engine.config.judge;
    let here = Judge::expected(judge, None)?;
    let others = here.other_forms(judge, None)?;
    let paper = Judge::papers()?.form;
    let known = match &judge.replies {
        Some(path) if path.exists() => Some(ReplyStore::open(path)?),
        _ => None,
    };
    let forms: Vec<&QuestionForm> = std::iter::once(&here).chain(&others).map(|judge| &judge.form).collect();
    let plan = plan::plan(&engine, &files, args.threads.get(), &forms, &paper, known.as_ref())?;
    let per_second = |given: Option<f64>, a_minute: Option<f64>| given.or(a_minute.map(|n| n / MINUTE));
    let rate = ServerRate {
        requests: per_second(args.requests_per_second, judge.requests_per_minute),
        tokens: per_second(args.tokens_per_second, judge.tokens_per_minute),
    };
    let mut assumptions = Vec::new();
    if here.form.template.answer.has_labels() {
        let message = "letters need a server that obeys a constraint (regex, grammar, JSON schema), which the run finds out; else answer = \"json\"";
        assumptions.push(message.to_owned());
    }
    assumptions.push(match &judge.tokenizer {
        Some(path) => format!("tokens here counted by {}, the paper's estimated", path.display()),
        None => "tokens estimated from the numbers of characters; [judge] tokenizer counts them".to_owned(),
    });
    assumptions.extend(remarks::score(&engine.role, engine.config.purpose));
    assumptions.extend(remarks::rule_columns(&plan.rule_columns).map(|remark| remark.text));
    if known.is_none() && judge.replies.is_some() {
        assumptions.push("no replies are stored yet".to_owned());
    }
    let mut client = here.client.clone();
    let measured = known.as_ref().map(|store| server_time::rates(store, &client)).transpose()?.flatten();
    if let Some(rates) = measured.filter(|_| !client.price.has_gpu()) {
        (client.price.gpu_input, client.price.gpu_output) = (rates.input, rates.output);
        assumptions.push(format!(
            "GPU-seconds as measured on this judge's server, for one GPU: {:.0} for a million input tokens, {:.0} for a million output tokens",
            rates.input, rates.output
        ));
    }
    let mut report =
        PlanReport::new(&engine, &plan, &forms, (&client, BillUnit::of(&here.client)), &rate, assumptions);
    if let Some(recall) = args.recall {
        let config = engine.config.clone();
        let purpose = config.purpose;
        let confidence = args.confidence.unwrap_or(config.cascade.confidence);
        let target = RecallTarget { purpose, recall, confidence };
        target.check()?;
        let forecast = RunCorpus::over(config, files, target, args.threads.get())?.forecast()?;
        let turns_per_request = here.form.questions_per_request() as u64;
        report.keeping_recall = Some(RecallPlan::new(&target, forecast, turns_per_request));
    }
    if args.json {
        print_json(&report)?;
    } else {
        print(&report.text(if args.all { usize::MAX } else { ROWS }))?;
    }
    Ok(Exit::Ok)
}
