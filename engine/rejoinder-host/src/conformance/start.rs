//! Configuration, and the life of states.

use serde_json::{Value, json};

use super::{Outcome, Setting, Subject, material, outcome};
use crate::schema;
use crate::state::State;

pub fn schema(subject: &Subject, setting: &Setting) -> Outcome {
    let text = &subject.description.config_schema;
    if text.trim().is_empty() {
        return Outcome::Skipped(
            "it has none: mistakes in its configuration are found by itself alone".into(),
        );
    }
    let config = Value::Object(setting.config.clone());
    outcome(schema::problems(text, &config).and_then(|problems| match problems.first() {
        None => Ok(()),
        Some(problem) => Err(format!("config{}: {}", problem.pointer, problem.message)),
    }))
}

pub fn starts(subject: &Subject, _: &Setting) -> Outcome {
    outcome((|| {
        let batch = material::batch(material::TURNS);
        let (mut one, mut two) = (subject.state()?, subject.state()?);
        let first = subject.ask(&mut one, &batch)?;
        drop(one);
        if subject.ask(&mut two, &batch)? != first {
            return Err("two states with the same configuration answer differently".into());
        }
        Ok(())
    })())
}

/// Configurations that make no sense to a plugin with this schema.
fn senseless(schema: &str) -> Vec<String> {
    let mut configs: Vec<String> =
        ["", "{", "[]", "7", "null", "\"x\"", "{\"a\": 1"].map(str::to_owned).into();
    configs.push(json!({"no such key, surely": {"x": [1, null]}}).to_string());
    configs.push(format!("{{\"deep\": {}{}}}", "[".repeat(10_000), "]".repeat(10_000)));
    let schema: Value = serde_json::from_str(schema).unwrap_or_default();
    for key in schema["properties"].as_object().into_iter().flatten().map(|(key, _)| key) {
        for value in [json!(null), json!(-1e300), json!("\u{0}"), json!([[]]), json!({"x": {}}), json!(true)]
        {
            configs.push(json!({ key: value }).to_string());
        }
    }
    configs
}

pub fn bad_config(subject: &Subject, _: &Setting) -> Outcome {
    for config in senseless(&subject.description.config_schema) {
        let shown: String = config.chars().take(60).collect();
        if let Err(why) = State::create(subject.functions, subject.host, &config)
            && (why.contains("does not say why") || why.contains('\u{FFFD}'))
        {
            return Outcome::Failed(format!("to the configuration {shown} it says nothing readable ({why})"));
        }
    }
    Outcome::Passed
}

/// How much a thousand states may leave behind, in bytes.
const GROWTH: u64 = 512 << 10;

pub fn growth(subject: &Subject, _: &Setting) -> Outcome {
    let batch = material::batch(material::TURNS);
    let live = |times: usize| {
        (0..times).try_for_each(|_| {
            let mut state = subject.state()?;
            subject.ask(&mut state, &batch).map(drop)
        })
    };
    if resident().is_none() {
        return Outcome::Skipped("this system does not tell how much memory a process uses".into());
    }
    outcome((|| {
        live(200)?;
        let before = resident().unwrap_or(0);
        live(1000)?;
        let grown = resident().unwrap_or(0).saturating_sub(before);
        if grown > GROWTH {
            return Err(format!("1000 states that were made and destroyed left {} KiB behind", grown >> 10));
        }
        Ok(())
    })())
}

/// Memory of this process, in bytes.
fn resident() -> Option<u64> {
    let pages = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = pages.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}
