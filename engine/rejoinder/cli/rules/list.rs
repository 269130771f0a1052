//! `rejoinder rules list`: what there is, a line a rule.

use clap::Args;
use rejoinder_core::Category;
use rejoinder_rules::{Condition, MatchPosition, Pack, Rule};

use super::super::args::OUTPUT;
use super::super::settings::{ConfigFileArgs, effective_config};
use super::super::{print, print_json};
use super::files::load_in_force;
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
        print_json(&serde_json::json!({ "rules": rows }))?;
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
        let version =
            if content.version.is_empty() { String::new() } else { format!(", version {}", content.version) };
        print(&format!("{}: {}{version}\n", file.file, counted(content.rules.len() as u64, "rule")))?;
        for rule in &content.rules {
            print(&line(rule, is_disabled(rule)))?;
        }
        rules += content.rules.len();
    }
    print(&format!("{} in {}\n", counted(rules as u64, "rule"), counted(loaded.len() as u64, "file")))?;
    Ok(Exit::Ok)
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
