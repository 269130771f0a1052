//! `rejoinder rules list`: what there is, a line a rule.

use rejoinder_core::Category;
use rejoinder_rules::{MatchPosition, Rule};

use super::super::{print, print_json};
use super::{FilesArgs, load};
use crate::failure::{Exit, Failure};
use crate::report::numbers::counted;

pub(super) fn main(files: &FilesArgs) -> Result<Exit, Failure> {
    let loaded = load(files)?;
    if files.json {
        let rows: Vec<_> = loaded.iter().flat_map(|l| &l.own().content.rules).map(row).collect();
        print_json(&serde_json::json!({ "rules": rows }))?;
        return Ok(Exit::Ok);
    }
    let mut rules = 0;
    for file in &loaded {
        let content = &file.own().content;
        let version =
            if content.version.is_empty() { String::new() } else { format!(", version {}", content.version) };
        print(&format!("{}: {}{version}\n", file.file, counted(content.rules.len() as u64, "rule")))?;
        for rule in &content.rules {
            print(&line(rule))?;
        }
        rules += content.rules.len();
    }
    print(&format!("{} in {}\n", counted(rules as u64, "rule"), counted(loaded.len() as u64, "file")))?;
    Ok(Exit::Ok)
}

fn line(rule: &Rule) -> String {
    let mut asks: Vec<String> = Vec::new();
    if !rule.phrases.is_empty() {
        asks.push(counted(rule.phrases.len() as u64, "phrase"));
    }
    if !rule.regexes.is_empty() {
        let count = rule.regexes.len();
        asks.push(format!("{count} {}", if count == 1 { "regex" } else { "regexes" }));
    }
    if rule.at != MatchPosition::Anywhere {
        asks.push(format!("at = {}", rule.at.name()));
    }
    asks.extend(rule.conditions.iter().map(|condition| {
        let text = condition.to_string();
        if text.starts_with("unless") { "unless".to_owned() } else { text }
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

fn row(rule: &Rule) -> serde_json::Value {
    serde_json::json!({
        "id": rule.id,
        "route": rule.route.name(),
        "category": rule.category,
        "weight": rule.weight,
        "phrases": rule.phrases,
        "regexes": rule.patterns().collect::<Vec<_>>(),
        "at": rule.at.name(),
        "conditions": rule.conditions.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "tests": rule.tests.all().len(),
        "file": rule.file,
        "line": rule.line,
    })
}
