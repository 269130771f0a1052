//! What was forgotten of a run, and what could not be reached, in words.

use std::fmt::Write as _;

use rejoinder_core::printable;
use rejoinder_run::forgetting::{ChangedFile, ForgetReport};

use crate::numbers::counted;

/// What was forgotten, and what could not be, for people; empty where the run holds nothing of it.
pub fn text(report: &ForgetReport, run: &str) -> String {
    let mut text = String::new();
    let verb = if report.is_dry_run { "would be forgotten" } else { "forgotten" };
    for conversation in &report.conversations {
        let gone = if conversation.was_gone { ", which was forgotten before" } else { "" };
        let id = match conversation.id.as_str() {
            "" => String::new(),
            id => format!(" `{}`", printable(&id.replace(['\n', '\r'], " "))),
        };
        let _ = writeln!(text, "{verb}: conversation{id} at {}{gone}", conversation.place);
    }
    for (what, count) in &report.removed {
        let _ = writeln!(text, "  {what:<24} {count:>6}");
    }
    for file in &report.files {
        let _ = writeln!(text, "{}", changed(file, report.is_dry_run));
    }
    for page in &report.pages {
        let (page, does) = (page.display(), if report.is_dry_run { "would be removed" } else { "removed" });
        let _ = writeln!(text, "{does}: {page}; rejoinder report {run} makes it again");
    }
    for shard in &report.shards {
        let (shard, does) = (shard.display(), if report.is_dry_run { "would be removed" } else { "removed" });
        let _ = writeln!(text, "{does}: {shard}, a shard that was merged into {run}");
    }
    let is_found = !report.conversations.is_empty() || !report.files.is_empty();
    if is_found {
        text.push_str("\nWhat this command does not reach:\n");
        beyond(report, run).iter().for_each(|line| {
            let _ = writeln!(text, "* {}", printable(line));
        });
    }
    text
}

fn changed(ChangedFile { file, rows, is_removed }: &ChangedFile, is_dry_run: bool) -> String {
    let (file, rows) = (file.display(), counted(*rows, "row"));
    match (is_removed, is_dry_run) {
        (true, false) => format!(
            "removed: the data set {file}, which held {rows} of the conversation: its card and hashes would no longer be true; export it again"
        ),
        (true, true) => {
            format!("would be removed: the data set {file}, which holds {rows} of the conversation")
        }
        (false, false) => format!("changed: {file}, without {rows}"),
        (false, true) => format!("would be changed: {file}, which holds {rows} of the conversation"),
    }
}

/// What forgetting does not reach.
fn beyond(report: &ForgetReport, run: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for place in &report.in_input {
        lines.push(format!(
            "the input itself: {}, conversation {} in the file. No verb reads it from there for this run again. Once the file is changed, \
             verbs that need the input refuse this run; `rejoinder run {} --after {run}` makes a run of what is left, and pays nothing twice",
            place.file.display(),
            place.number,
            place.file.display()
        ));
    }
    for file in &report.unread_inputs {
        lines.push(format!(
            "{} is not there, or not what it was when the run began: nobody looked for the conversation in it",
            file.display()
        ));
    }
    lines.push(
        "exports, reports and batches that were written elsewhere, which no run knows of: give them with --also; and backups"
            .to_owned(),
    );
    if let Some(earlier) = &report.earlier_run {
        lines.push(format!(
            "{}, which this run goes on with, and its replies: rejoinder forget {} --conversation ID",
            earlier.display(),
            earlier.display()
        ));
    }
    for later in &report.later_runs {
        let later = later.display();
        lines.push(format!(
            "{later}, which goes on with this run: it may hold the conversation, too (rejoinder forget {later} --conversation ID)"
        ));
        if let Some(copy) = &report.blanked_copy {
            let copy = copy.display();
            lines.push(format!(
                "{later} reads the copy of standard input {copy}, which was overwritten, so verbs that need the input refuse it from now \
                 on; `rejoinder run {copy} --after {later}` makes a run of what is left, and pays nothing twice"
            ));
        }
    }
    if report.was_judged {
        lines.push("the judge's server, which was sent turns of the run".to_owned());
    }
    if let Some(store) = &report.shared_replies {
        lines.push(format!(
            "other runs that share {}: what they hold must be forgotten there; turns of theirs with the same words are asked about again",
            store.display()
        ));
    }
    if report.was_audited {
        lines.push(format!(
            "{run}/certificate.json: its figures stay, and count what was drawn of the conversation; rejoinder audit {run} counts anew"
        ));
    }
    if report.has_model {
        lines.push(format!(
            "{run}/model.rjm holds weights and hashes, no words; it may have learned from the conversation"
        ));
    }
    lines
}

/// What is left within the run's reach and should not be; `None` if all is gone.
pub fn left(report: &ForgetReport) -> Option<String> {
    if let Some(copy) = &report.kept_copy {
        return Some(format!(
            "the copy of standard input still holds the conversation: records of {} are joined, or stand in a table, and cannot be \
             overwritten one by one. No verb reads the conversation again; to remove it, make a new run of an input without it, and \
             remove this one",
            copy.display()
        ));
    }
    let files: Vec<String> = report.left.iter().map(|file| format!("\n  {}", file.display())).collect();
    (!files.is_empty()).then(|| {
        format!(
            "words of the conversation still stand in:{}\nlook at these files, and change or remove them by hand; export again with --redact what was exported so: where a placeholder stands \
             for the id of a conversation, its rows cannot be told from those of others",
            files.concat()
        )
    })
}

/// That a run holds no conversation of a name.
pub fn not_found(report: &ForgetReport, name: &str, run: &str) -> String {
    let name = printable(name);
    let mut text =
        format!("no row of {run} and no conversation of its input has the id or the place `{name}`");
    for file in &report.unread_inputs {
        let _ = write!(text, "; {} could not be looked into", printable(&file.display().to_string()));
    }
    for removal in &report.earlier {
        let _ = write!(
            text,
            "; {} forgotten on {}",
            crate::numbers::were(removal.conversations, "conversation"),
            removal.on
        );
    }
    text
}
