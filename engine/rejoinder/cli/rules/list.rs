//! `rejoinder rules list`: what there is, a line a rule.

use clap::Args;
use rejoinder_core::{Category, printable};
use rejoinder_rules::{Condition, Guard, GuardLimit, MatchPosition, Pack, Rule};

use super::super::args::OUTPUT;
use super::super::settings::{ConfigFileArgs, effective_config};
use super::super::{print, print_json};
use super::files::{LoadedFile, load_in_force};
use super::{FilesArgs, load};
use crate::failure::{Exit, Failure};
use rejoinder_report::numbers::counted;
use rejoinder_report::rule_author::pack_table::{PackRow, pack_table};

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    #[command(flatten)]
    files: FilesArgs,
    /// Print the packs in numbers instead: a Markdown table, a row a pack
    #[arg(long, conflicts_with = "json", help_heading = OUTPUT)]
    table: bool,
    #[command(flatten)]
    config: ConfigFileArgs,
    /// Print one JSON object
    #[arg(long, help_heading = OUTPUT)]
    json: bool,
}

pub(super) fn main(args: &ListArgs) -> Result<Exit, Failure> {
    let (loaded, disabled) = match args.files.are_named() {
        true => (load(&args.files)?, Vec::new()),
        false => {
            let rules = effective_config(&args.config, &[])?.config.rules;
            (load_in_force(&rules.packs)?, rules.disable)
        }
    };
    let is_disabled = |rule: &Rule| disabled.contains(&rule.id);
    if args.json {
        let rules = loaded.iter().flat_map(|l| &l.own().content.rules);
        let rows: Vec<_> = rules.map(|rule| row(rule, is_disabled(rule))).collect();
        print_json(&serde_json::json!({ "rules": rows, "guards": guards(&loaded) }))?;
        return Ok(Exit::Ok);
    }
    if args.table {
        let rows: Vec<PackRow<'_>> = loaded
            .iter()
            .map(|file| {
                let pack = file.own();
                let rules = pack.content.rules.iter().filter(|rule| !is_disabled(rule)).collect();
                let is_shipped = Pack::shipped().any(|shipped| shipped == pack.name);
                let name = if is_shipped { pack.name.clone() } else { pack.file.clone() };
                PackRow { name, languages: pack.content.lang.join(" "), rules }
            })
            .collect();
        print(&pack_table(&rows))?;
        return Ok(Exit::Ok);
    }
    let mut rules = 0;
    for file in &loaded {
        let content = &file.own().content;
        let version = match content.version.is_empty() {
            true => String::new(),
            false => format!(", version {}", in_one_line(&content.version)),
        };
        let name = in_one_line(&file.file);
        print(&format!("{name}: {}{version}\n", counted(content.rules.len() as u64, "rule")))?;
        if !content.guard.is_empty() {
            print(&format!("  guard: {}\n", limits(&content.guard).join(", ")))?;
        }
        for rule in &content.rules {
            print(&line(rule, is_disabled(rule)))?;
        }
        rules += content.rules.len();
    }
    print(&format!("{} in {}\n", counted(rules as u64, "rule"), counted(loaded.len() as u64, "file")))?;
    Ok(Exit::Ok)
}

/// A text of a rule file as no more than a line of a terminal.
fn in_one_line(text: &str) -> String {
    printable(text).replace('\n', "\\n").replace('\t', "\\t")
}

/// The limits of a guard, such as `max-accept-share = 0.05`.
fn limits(guard: &Guard) -> Vec<String> {
    guard.limits.iter().map(|at| format!("{} = {}", at.limit.key(), at.limit.value())).collect()
}

/// The limits of the files' guards and of their rules' guards, each with its place.
fn guards(loaded: &[LoadedFile]) -> Vec<serde_json::Value> {
    let of = |file: &str, rule: Option<&str>, guard: &Guard| -> Vec<serde_json::Value> {
        let limit = |at: &GuardLimit| {
            serde_json::json!({
                "file": file,
                "rule": rule,
                "limit": at.limit.key(),
                "wanted": at.limit.value(),
                "line": at.line,
                "column": at.column,
            })
        };
        guard.limits.iter().map(limit).collect()
    };
    let of_file = |file: &LoadedFile| {
        let pack = file.own();
        let mut all = of(&pack.file, None, &pack.content.guard);
        all.extend(pack.content.rules.iter().flat_map(|rule| of(&pack.file, Some(&rule.id), &rule.guard)));
        all
    };
    loaded.iter().flat_map(of_file).collect()
}

fn line(rule: &Rule, is_disabled: bool) -> String {
    let mut asks: Vec<String> = Vec::new();
    if is_disabled {
        asks.push("disabled".to_owned());
    }
    if !rule.phrases.is_empty() {
        asks.push(counted(rule.phrases.len() as u64, "phrase"));
    }
    if !rule.regexes.is_empty() {
        let count = rule.regexes.len();
        asks.push(format!("{count} {}", if count == 1 { "regex" } else { "regexes" }));
    }
    if !rule.text.is_folded() {
        asks.push(format!("text = {}", rule.text.name()));
    }
    if rule.at != MatchPosition::Anywhere {
        asks.push(format!("at = {}", rule.at.name()));
    }
    asks.extend(rule.conditions.iter().map(|condition| match condition {
        Condition::Unless(_) => "unless".to_owned(),
        Condition::Dialogue(words) => words.keys(),
        other => other.to_string(),
    }));
    asks.dedup();
    if !rule.guard.is_empty() {
        asks.push(format!("guard: {}", limits(&rule.guard).join(", ")));
    }
    format!(
        "  {:>5}  {:<8} {:<4} {:>5.1}  {:<40} {}\n",
        rule.line,
        rule.route.name(),
        rule.category.map_or("", Category::code),
        rule.weight,
        rule.id,
        asks.join(", ")
    )
}

fn row(rule: &Rule, is_disabled: bool) -> serde_json::Value {
    serde_json::json!({
        "id": rule.id,
        "route": rule.route.name(),
        "category": rule.category,
        "weight": rule.weight,
        "phrases": rule.phrases,
        "regexes": rule.patterns().collect::<Vec<_>>(),
        "text": rule.text.name(),
        "at": rule.at.name(),
        "conditions": rule.conditions.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "tests": rule.tests.all().len(),
        "disabled": is_disabled,
        "file": rule.file,
        "line": rule.line,
    })
}
