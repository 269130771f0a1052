//! Writes the generated corpus to standard output: `cargo run --release --example corpus -- 100000 > corpus.jsonl`.

use std::io::{self, BufWriter, Write};

#[path = "corpus.rs"]
mod corpus;

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1).map(|a| a.parse().unwrap_or(0_u64));
    let conversations = arguments.next().unwrap_or(10_000);
    let seed = arguments.next().unwrap_or(7);
    let mut out = BufWriter::new(io::stdout().lock());
    corpus::write(&mut out, conversations as usize, seed)?;
    out.flush()
}
