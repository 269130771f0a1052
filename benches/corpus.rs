//! The generated corpus: dialogues from a fixed seed, for measuring speed and for killing runs.
//!
//! Answers are long and questions short, as in real logs (about an eighth of the bytes are user text), and a known
//! share of the later turns opens with feedback. Quality must never be measured on it: its phrases are these.
#![allow(dead_code, reason = "each user of this file takes what it needs")]

use std::fmt::Write as _;
use std::io::{self, Write};

/// Openings of turns that are feedback, one or more a category.
const FEEDBACK: [&str; 12] = [
    "No, I wanted",
    "That is not what I asked for,",
    "That's wrong.",
    "It still doesn't work,",
    "Are you sure? I thought",
    "What do you mean by",
    "Thanks, that worked!",
    "Thank you,",
    "Perfect, now",
    "You misunderstood, I meant",
    "Can you explain why",
    "Great answer.",
];

/// Openings of turns that are none.
const PLAIN: [&str; 8] = [
    "Now add",
    "Next, write about",
    "And what about",
    "Give me a list of",
    "Translate this:",
    "How do I use",
    "Make a table of",
    "Tell me more about",
];

const WORDS: [&str; 64] = [
    "the", "of", "and", "a", "to", "in", "is", "it", "that", "for", "with", "as", "on", "by", "this", "from",
    "river", "table", "function", "value", "history", "music", "city", "water", "number", "method",
    "example", "result", "paper", "window", "garden", "price", "letter", "season", "market", "engine",
    "string", "winter", "travel", "colour", "sugar", "forest", "theory", "summer", "list", "error", "file",
    "index", "python", "recipe", "travels", "mountain", "history", "bridge", "school", "answer", "library",
    "machine", "flower", "street", "minute", "kitchen", "teacher", "island",
];

/// SplitMix64: a corpus must be the same on every machine and with every version of every library.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % n as u64) as usize
    }

    fn words(&mut self, text: &mut String, count: usize) {
        for i in 0..count {
            if i > 0 {
                text.push(' ');
            }
            text.push_str(WORDS[self.below(WORDS.len())]);
        }
    }
}

/// Writes `conversations` dialogues as JSON lines (LMSYS rows).
///
/// # Errors
/// If `out` cannot be written.
pub fn write(out: &mut impl Write, conversations: usize, seed: u64) -> io::Result<()> {
    let mut random = Random(seed);
    let mut line = String::new();
    for number in 0..conversations {
        line.clear();
        let _ = write!(line, r#"{{"conversation_id":"{number:08x}","model":"generated","conversation":["#);
        let exchanges = 1 + random.below(5);
        let mut request = String::new();
        for exchange in 0..exchanges {
            if exchange > 0 {
                line.push(',');
            }
            line.push_str(r#"{"role":"user","content":""#);
            match (exchange, random.below(100)) {
                (0, _) => {
                    request.clear();
                    let count = 4 + random.below(24);
                    random.words(&mut request, count);
                    line.push_str(&request);
                }
                // The same request again.
                (_, 0..3) => line.push_str(&request),
                (_, roll) => {
                    let openings: &[&str] = if roll < 25 { &FEEDBACK } else { &PLAIN };
                    line.push_str(openings[random.below(openings.len())]);
                    line.push(' ');
                    let count = 2 + random.below(20);
                    random.words(&mut line, count);
                }
            }
            line.push_str(r#""},{"role":"assistant","content":""#);
            for paragraph in 0..1 + random.below(4) {
                if paragraph > 0 {
                    line.push_str(r"\n\n");
                }
                let count = 20 + random.below(80);
                random.words(&mut line, count);
                line.push('.');
            }
            line.push_str(r#""}"#);
        }
        line.push_str("],\"turn\":");
        let _ = writeln!(line, "{exchanges}}}");
        out.write_all(line.as_bytes())?;
    }
    Ok(())
}
