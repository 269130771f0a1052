//! Writes the generated corpus to standard output:
//! `cargo run --release --example corpus -- 100000 [SEED] [--moderation] [--ascii] > corpus.jsonl`.

use std::io::{self, BufWriter, Write};

#[path = "corpus.rs"]
mod corpus;

fn main() -> io::Result<()> {
    let (flags, numbers): (Vec<_>, Vec<_>) = std::env::args().skip(1).partition(|a| a.starts_with("--"));
    let has = |flag: &str| flags.iter().any(|f| f == flag);
    let mut numbers = numbers.iter().map(|a| a.parse::<u64>().map_err(io::Error::other));
    let conversations = numbers.next().unwrap_or(Ok(10_000))?;
    let seed = numbers.next().unwrap_or(Ok(7))?;
    let style = corpus::Style { moderation: has("--moderation"), ascii: has("--ascii") };
    let mut out = BufWriter::new(io::stdout().lock());
    corpus::write(&mut out, conversations as usize, seed, style)?;
    out.flush()
}
