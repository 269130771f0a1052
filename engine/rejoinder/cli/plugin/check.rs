//! `rejoinder plugin check`: the conformance kit on a library, each check in a process of its own, so that a plugin that
//! crashes or hangs fails that check and the others go on.

use std::fs::File;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use clap::Args;
use rejoinder_core::case::Cases;
use rejoinder_core::printable;
use rejoinder_host::conformance::{self, CHECKS, Check, Outcome, Setting};
use serde::{Deserialize, Serialize};

use super::super::args::{CONFIG, OUTPUT};
use super::super::{print, print_json};
use super::plugin_config;
use crate::failure::{Exit, Failure};

#[derive(Debug, Args)]
pub(in crate::cli) struct CheckArgs {
    /// The library
    #[arg(value_name = "FILE")]
    library: PathBuf,
    /// The plugin's configuration, a JSON object
    ///
    /// [default: the one of the cases]
    #[arg(long, value_name = "JSON", help_heading = CONFIG)]
    plugin_config: Option<String>,
    /// A file of cases, such as a template's cases.toml
    #[arg(long, value_name = "FILE", help_heading = "Checks")]
    cases: Option<PathBuf>,
    /// How long a check may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "60", help_heading = "Checks")]
    timeout: NonZeroU64,
    /// Run this check alone; may be repeated
    #[arg(long, value_name = "NAME", help_heading = "Checks")]
    only: Vec<String>,
    /// Print one JSON object
    #[arg(long, help_heading = OUTPUT)]
    json: bool,
}

/// What one check is about, as a child is told.
#[derive(Debug, Args)]
pub(in crate::cli) struct OneCheckArgs {
    #[arg(long)]
    check: String,
    #[arg(long)]
    library: PathBuf,
    #[arg(long)]
    plugin_config: Option<String>,
    #[arg(long)]
    cases: Option<PathBuf>,
    /// Where the outcome goes: a plugin may print to standard output.
    #[arg(long)]
    outcome: PathBuf,
}

/// One line of the result.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct CheckResult {
    name: String,
    about: String,
    outcome: Outcome,
}

pub(in crate::cli) fn main(args: &CheckArgs) -> Result<Exit, Failure> {
    if !args.library.is_file() {
        return Err(Failure::usage(format!("there is no file {}", args.library.display())));
    }
    setting(args.plugin_config.as_deref(), args.cases.as_deref())?;
    let names: Vec<&str> = CHECKS.iter().map(|check| check.name).collect();
    if let Some(unknown) = args.only.iter().find(|name| !names.contains(&name.as_str())) {
        return Err(Failure::usage(format!("--only {unknown}: the checks are {}", names.join(", "))));
    }
    let mut lines = Vec::new();
    for check in CHECKS.iter().filter(|c| args.only.is_empty() || args.only.iter().any(|name| name == c.name))
    {
        let outcome = in_child(args, check)?;
        if !args.json && !matches!(outcome, Outcome::Skipped(_)) {
            print(&text(check, &outcome))?;
        }
        let is_the_end = check.is_needed_by_all() && matches!(outcome, Outcome::Failed(_));
        lines.push(CheckResult { name: check.name.into(), about: check.about.into(), outcome });
        if is_the_end {
            break;
        }
    }
    let count = |is: fn(&Outcome) -> bool| lines.iter().filter(|line| is(&line.outcome)).count();
    let failed = count(|outcome| matches!(outcome, Outcome::Failed(_)));
    if args.json {
        print_json(&serde_json::json!({ "failed": failed, "checks": lines }))?;
    } else {
        let passed = count(|outcome| *outcome == Outcome::Passed);
        let skipped = lines.len() - passed - failed;
        print(&format!("{}\n{passed} passed, {failed} failed, {skipped} skipped\n", skipped_text(&lines)))?;
    }
    Ok(if failed == 0 { Exit::Ok } else { Exit::CheckFailed })
}

fn text(check: &Check, outcome: &Outcome) -> String {
    match outcome {
        Outcome::Passed => format!("ok      {}\n", check.about),
        Outcome::Failed(why) => {
            // A line of its own is the kit's word, never the plugin's.
            let why = printable(why).replace('\n', "\n        ");
            format!("FAILED  {} ({})\n        {why}\n", check.about, check.name)
        }
        // They are told together, at the end.
        Outcome::Skipped(_) => String::new(),
    }
}

/// The checks that were skipped, those with one reason together.
fn skipped_text(lines: &[CheckResult]) -> String {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in lines {
        let Outcome::Skipped(why) = &line.outcome else { continue };
        match reasons.iter_mut().find(|(reason, _)| reason == why) {
            Some((_, names)) => names.push(&line.name),
            None => reasons.push((why, vec![&line.name])),
        }
    }
    let text = |(why, names): (&str, Vec<&str>)| match names[..] {
        [name] => format!("skipped {name}: {}\n", printable(why)),
        _ => format!("skipped {} ({} checks): {}\n", names.join(", "), names.len(), printable(why)),
    };
    reasons.into_iter().map(text).collect()
}

/// The child's side: runs one check, and writes how it came out.
pub(in crate::cli) fn one(args: &OneCheckArgs) -> Result<Exit, Failure> {
    rejoinder_host::end_with_parent().map_err(|e| {
        Failure::io("a check is started by `plugin check`, with a pipe as its standard input", &e)
    })?;
    let setting = setting(args.plugin_config.as_deref(), args.cases.as_deref())?;
    let outcome = conformance::run(&args.check, &args.library, &setting)
        .ok_or_else(|| Failure::usage(format!("there is no check `{}`", args.check)))?;
    let json = serde_json::to_vec(&outcome).expect("an outcome is plain data");
    std::fs::write(&args.outcome, json)
        .map_err(|e| Failure::io(format!("cannot write {}", args.outcome.display()), &e))?;
    Ok(Exit::Ok)
}

fn setting(config: Option<&str>, cases: Option<&Path>) -> Result<Setting, Failure> {
    let config = config.map(plugin_config).transpose()?;
    let cases = match cases {
        Some(path) => {
            let unusable =
                |e: &dyn std::fmt::Display| Failure::usage(format!("--cases {}: {e}", path.display()));
            let text = std::fs::read_to_string(path).map_err(|e| unusable(&e))?;
            let cases: Cases = toml::from_str(&text).map_err(|e| unusable(&e))?;
            Some(cases)
        }
        None => None,
    };
    Ok(Setting { config, cases })
}

fn in_child(args: &CheckArgs, check: &Check) -> Result<Outcome, Failure> {
    let failed = |e: std::io::Error| Failure::io("cannot run a check in a process of its own", &e);
    let dir = tempfile::tempdir().map_err(failed)?;
    let (outcome, errors) = (dir.path().join("outcome"), dir.path().join("errors"));
    let mut command = Command::new(std::env::current_exe().map_err(failed)?);
    command.args(["plugin-host", "check", "--check", check.name, "--library"]).arg(&args.library);
    command.arg("--outcome").arg(&outcome).envs(check.environment().iter().copied());
    if let Some(config) = &args.plugin_config {
        command.args(["--plugin-config", config]);
    }
    if let Some(cases) = &args.cases {
        command.arg("--cases").arg(cases);
    }
    let errors_file = File::create(&errors).map_err(failed)?;
    // A pipe, so that a check whose plugin hangs ends with this process.
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(errors_file).spawn().map_err(failed)?;
    let patience = Duration::from_secs(args.timeout.get());
    let last_words = || last_words(&errors);
    Ok(match wait(&mut child, patience).map_err(failed)? {
        None => Outcome::Failed(format!("it did not come to an end within {patience:?}{}", last_words())),
        Some(status) => {
            let written = std::fs::read(&outcome).ok().and_then(|json| serde_json::from_slice(&json).ok());
            match (written, status.code()) {
                (Some(outcome), Some(0)) => outcome,
                (_, None) => {
                    let meaning =
                        check.meaning_of_a_crash().map(|why| format!("; {why}")).unwrap_or_default();
                    Outcome::Failed(format!("it crashed: {status}{meaning}{}", last_words()))
                }
                (_, Some(_)) => Outcome::Failed(format!(
                    "it ended the process that it is a guest in ({status}){}",
                    last_words()
                )),
            }
        }
    })
}

/// The end of what was written to standard error: what the plugin was asked about last, and what it said of it.
fn last_words(errors: &Path) -> String {
    const LINES: usize = 3;
    const LONGEST: usize = 200;
    let text = String::from_utf8_lossy(&std::fs::read(errors).unwrap_or_default()).into_owned();
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let last = lines[lines.len().saturating_sub(LINES)..].iter();
    last.map(|line| format!("\n{}", line.chars().take(LONGEST).collect::<String>())).collect()
}

/// Waits for the end, or kills.
fn wait(child: &mut Child, patience: Duration) -> std::io::Result<Option<ExitStatus>> {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if begun.elapsed() > patience {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        sleep(Duration::from_millis(2));
    }
}
