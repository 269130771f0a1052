//! `rejoinder forget`: removes conversations from a run, its replies and its exports.

use std::path::{Path, PathBuf};

use clap::Args;
use rejoinder_report::forgetting;
use rejoinder_run::RunDir;
use rejoinder_run::forgetting::{ConversationName, ForgetReport, ForgetRequest, forget, is_under_way};

use super::args::{CONVERSATION, OUTPUT};
use super::{InputRoot, Threads, find_input, print_json, print_page};
use crate::failure::{Exit, Failure};

/// The file that says of a folder that several runs share it as shards of one job.
const JOB: &str = "job.json";

#[derive(Debug, Args)]
pub(super) struct ForgetArgs {
    /// The run's folder
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// The conversation: its id, or its place as shard:ordinal
    ///
    /// `rejoinder show` prints both. All conversations with the id are removed. Without the flag, a removal that was interrupted is gone
    /// on with.
    #[arg(long, value_name = "ID", help_heading = CONVERSATION)]
    conversation: Option<String>,
    /// Another file or folder with exports of the run; may be repeated
    #[arg(long, value_name = "FILE", help_heading = CONVERSATION)]
    also: Vec<PathBuf>,
    #[command(flatten)]
    input: InputRoot,
    /// Change nothing, and say what there is
    #[arg(long, help_heading = CONVERSATION)]
    dry_run: bool,
    /// Print one JSON object
    #[arg(long, help_heading = OUTPUT)]
    json: bool,
    #[command(flatten)]
    threads: Threads,
}

pub(super) fn main(args: &ForgetArgs) -> Result<Exit, Failure> {
    check_job(&args.run)?;
    if let Some(missing) = args.also.iter().find(|path| !path.exists()) {
        return Err(Failure::usage(format!("--also {} is not there", missing.display())));
    }
    let mut run = find_input(&args.input, RunDir::open_to_change(&args.run)?)?;
    if args.conversation.is_none() && !is_under_way(&run)? {
        return Err(Failure::usage("name the conversation: --conversation ID"));
    }
    let name = args.conversation.as_deref().map(ConversationName::new);
    let request = ForgetRequest {
        name: name.as_ref(),
        also: &args.also,
        is_dry_run: args.dry_run,
        threads: args.threads.get(),
    };
    let report = forget(&mut run, request)?;
    let folder = run.path.display().to_string();
    match args.json {
        true => print_json(&report)?,
        false => print_page(&forgetting::text(&report, &folder))?,
    }
    ended(&report, name.as_ref(), &folder)
}

/// How the removal ended.
fn ended(report: &ForgetReport, name: Option<&ConversationName>, folder: &str) -> Result<Exit, Failure> {
    if let Some(why) = forgetting::left(report) {
        return Err(Failure::new(Exit::Io, why));
    }
    match name.filter(|_| report.conversations.is_empty() && report.files.is_empty()) {
        Some(name) => Err(Failure::new(Exit::Nothing, forgetting::not_found(report, name.as_str(), folder))),
        None => Ok(Exit::Ok),
    }
}

/// Refuses the folder of a job that is not merged, and those of its shards.
fn check_job(folder: &Path) -> Result<(), Failure> {
    let of_shard = folder.ancestors().nth(2).filter(|job| !job.as_os_str().is_empty());
    let jobs = [Some(folder).filter(|folder| !RunDir::is_run(folder)), of_shard];
    match jobs.into_iter().flatten().find(|job| job.join(JOB).is_file()) {
        Some(job) => Err(Failure::usage(format!(
            "{} holds shards of a job that is not one run yet; merge them first: rejoinder merge {}",
            folder.display(),
            job.display()
        ))),
        None => Ok(()),
    }
}
