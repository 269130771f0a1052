//! `rejoinder forget`: removes conversations from a run, its replies and its exports.

use std::path::PathBuf;

use clap::Args;
use rejoinder_read::input::is_compressed;
use rejoinder_report::forgetting;
use rejoinder_run::RunDir;
use rejoinder_run::forgetting::{ConversationName, ForgetReport, ForgetRequest, forget, is_under_way};

use super::args::{CONVERSATION, OUTPUT};
use super::{InputRoot, Threads, find_input, print_json, print_page};
use crate::failure::{Exit, Failure};

#[derive(Debug, Args)]
pub(super) struct ForgetArgs {
    /// The run's folder
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// Its id, or its file:number, as `show` prints it
    ///
    /// All conversations with the id are removed. Without the flag, a removal that was interrupted is gone
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
    if let Some(missing) = args.also.iter().find(|path| !path.exists()) {
        return Err(Failure::usage(format!("--also {} is not there", missing.display())));
    }
    for path in &args.also {
        if path.is_file() && is_compressed(path)? {
            return Err(Failure::usage(format!(
                "--also {} is compressed, and nothing can be taken out of it: export it again, or give what it was made of",
                path.display()
            )));
        }
    }
    let mut run = find_input(&args.input, RunDir::open_to_forget(&args.run)?)?;
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
