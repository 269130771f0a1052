//! Labels by a hidden function, so that the loop that learns can be measured on more turns than anybody has labelled:
//! `cargo run --release --example hidden -- TURNS [SEED] [--noise SHARE] FILE… > labelled.jsonl`.
//!
//! The function is of no kind that the score can express. What a word speaks for depends on what the conversation is about:
//! its sign is turned by a hash of the word together with a hash of the first request. On top come a pull towards short
//! turns and towards turns that repeat words of the one before (a trained score knows something of both beforehand), and
//! labels that are wrong by chance. Conversations are taken in an order drawn from the seed, over all files.

use std::error::Error;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, BufWriter, Write};

use rejoinder_core::random::Random;
use serde_json::{Value, json};

/// Share of later turns that is feedback.
const POSITIVE: f64 = 0.25;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    let mut noise = 0.05;
    if let Some(at) = args.iter().position(|arg| arg == "--noise") {
        noise = args.get(at + 1).ok_or("--noise SHARE")?.parse()?;
        args.drain(at..at + 2);
    }
    let turns: usize = args.first().ok_or("hidden TURNS [SEED] FILE…")?.parse()?;
    let seed = args.get(1).and_then(|arg| arg.parse().ok());
    let files = &args[if seed.is_some() { 2 } else { 1 }..];
    let seed: u64 = seed.unwrap_or(1);
    let mut conversations: Vec<Value> = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(file)?;
        conversations.extend(text.lines().map(serde_json::from_str).collect::<Result<Vec<_>, _>>()?);
    }
    let mut random = Random::with_seed(seed);
    random.shuffle(&mut conversations);
    let mut taken = 0;
    let mut chosen = Vec::new();
    for conversation in conversations {
        let scores = scores(&conversation, seed);
        taken += scores.len();
        chosen.push((conversation, scores));
        if taken >= turns {
            break;
        }
    }
    let mut all: Vec<f64> = chosen.iter().flat_map(|(_, scores)| scores).map(|(_, score)| *score).collect();
    all.sort_by(|a, b| b.total_cmp(a));
    let cut = all.get((all.len() as f64 * POSITIVE) as usize).copied().unwrap_or(f64::INFINITY);
    let mut out = BufWriter::new(io::stdout().lock());
    for (mut conversation, scores) in chosen {
        let labels: Vec<Value> = scores
            .into_iter()
            .filter(|(_, score)| {
                (*score > cut) != (random.f64() < noise * if *score > cut { 1.0 } else { POSITIVE })
            })
            .map(|(turn, score)| {
                let category = ["UR2", "UR1", "UR4", "UR5", "UR3"][(score.abs() * 1e4) as usize % 5];
                json!({ "turn": turn, "category": category })
            })
            .collect();
        conversation["labels"] = labels.into();
        serde_json::to_writer(&mut out, &conversation)?;
        out.write_all(b"\n")?;
    }
    Ok(out.flush()?)
}

/// The later turns of a conversation and what the hidden function says of them.
fn scores(conversation: &Value, seed: u64) -> Vec<(usize, f64)> {
    let messages: Vec<(&str, Vec<String>)> = conversation["conversation"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|message| (message["role"].as_str().unwrap_or_default(), words(&message["content"])))
        .collect();
    let topic = messages.iter().find(|(role, _)| *role == "user").map(|(_, words)| words.clone());
    let about = hash(&(seed, topic.unwrap_or_default().iter().map(String::len).sum::<usize>() % 2));
    let mut scores = Vec::new();
    let mut answered = false;
    let mut before: &[String] = &[];
    for (index, (role, words)) in messages.iter().enumerate() {
        if *role != "user" {
            answered |= !words.is_empty();
            continue;
        }
        if answered {
            let n = words.len().max(1) as f64;
            let pull: f64 = words.iter().take(40).map(|word| pull(word, about, seed)).sum::<f64>();
            let repeated = words.iter().filter(|word| before.contains(word)).count() as f64 / n;
            scores.push((index, 1.5 * pull / n.min(40.0).sqrt() - 0.35 * n.ln() + 1.2 * repeated));
        }
        before = words;
    }
    scores
}

fn words(content: &Value) -> Vec<String> {
    let text = content.as_str().unwrap_or_default().to_lowercase();
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// Between −1 and 1, but turned round for half of the words where the conversation is about something else.
fn pull(word: &str, about: u64, seed: u64) -> f64 {
    let plain = hash(&(seed, word)) as f64 / u64::MAX as f64 * 2.0 - 1.0;
    if hash(&(seed, word, "turned")).is_multiple_of(2) && about.is_multiple_of(2) { -plain } else { plain }
}

fn hash(of: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}
