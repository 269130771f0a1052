//! The generated corpus: dialogues from a fixed seed, for measuring speed and for killing runs.
//!
//! Answers are long and questions short, as in real logs (about an eighth of the bytes are user text), and a known
//! share of the later turns (an eighth) opens with feedback. Quality must never be measured on it: its phrases are these.
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
    "index", "python", "recipe", "travels", "mountain", "café", "bridge", "school", "résumé", "library",
    "machine", "flower", "street", "minute", "kitchen", "teacher", "island",
];

/// How many exchanges a conversation has; the mean is 2.2.
const EXCHANGES: [usize; 10] = [1, 1, 1, 1, 2, 2, 2, 3, 4, 5];

/// Categories of a moderation column.
const MODERATION: [&str; 11] = [
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "self-harm",
    "self-harm/instructions",
    "self-harm/intent",
    "sexual",
    "sexual/minors",
    "violence",
    "violence/graphic",
];

/// What the rows look like beyond the dialogue.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    /// A column `openai_moderation` with scores for every message: doubles the bytes.
    pub moderation: bool,
    /// Characters beyond ASCII as `\uXXXX`.
    pub ascii: bool,
}

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

    /// A paragraph, or now and then some lines of code, as inside a JSON string.
    fn paragraph(&mut self, text: &mut String) {
        if self.below(8) > 0 {
            let count = 25 + self.below(90);
            self.words(text, count);
            text.push('.');
            return;
        }
        text.push_str("```python");
        for _ in 0..4 + self.below(8) {
            text.push_str(r"\n    ");
            let count = 1 + self.below(3);
            self.words(text, count);
            text.push_str(r#" = \""#);
            self.words(text, 2);
            text.push_str(r#"\""#);
        }
        text.push_str(r"\n```");
    }

    /// The user's message number `exchange`; `request` is the first one.
    fn user(&mut self, text: &mut String, request: &mut String, exchange: usize) {
        match (exchange, self.below(100)) {
            (0, _) => {
                request.clear();
                let count = 4 + self.below(50);
                self.words(request, count);
                text.push_str(request);
            }
            // The same request again.
            (_, 0..2) => text.push_str(request),
            (_, roll) => {
                let openings: &[&str] = if roll < 12 { &FEEDBACK } else { &PLAIN };
                text.push_str(openings[self.below(openings.len())]);
                text.push(' ');
                let count = 2 + self.below(48);
                self.words(text, count);
            }
        }
    }

    fn moderation(&mut self, line: &mut String, messages: usize) {
        for message in 0..messages {
            line.push_str(if message > 0 { r#",{"categories":{"# } else { r#"{"categories":{"# });
            for (i, category) in MODERATION.iter().enumerate() {
                let _ = write!(line, r#"{}"{category}":false"#, if i > 0 { "," } else { "" });
            }
            line.push_str(r#"},"category_scores":{"#);
            for (i, category) in MODERATION.iter().enumerate() {
                let score = self.below(1_000_000_000);
                let _ = write!(line, r#"{}"{category}":{score}e-12"#, if i > 0 { "," } else { "" });
            }
            line.push_str(r#"},"flagged":false}"#);
        }
    }
}

/// Writes `conversations` dialogues as JSON lines (LMSYS rows).
///
/// # Errors
/// If `out` cannot be written.
pub fn write(out: &mut impl Write, conversations: usize, seed: u64, style: Style) -> io::Result<()> {
    let mut random = Random(seed);
    let (mut line, mut request) = (String::new(), String::new());
    for number in 0..conversations {
        line.clear();
        let _ = write!(line, r#"{{"conversation_id":"{number:08x}","model":"generated","conversation":["#);
        let exchanges = EXCHANGES[random.below(EXCHANGES.len())];
        for exchange in 0..exchanges {
            line.push_str(if exchange > 0 {
                r#",{"role":"user","content":""#
            } else {
                r#"{"role":"user","content":""#
            });
            random.user(&mut line, &mut request, exchange);
            line.push_str(r#""},{"role":"assistant","content":""#);
            for paragraph in 0..1 + random.below(5) {
                if paragraph > 0 {
                    line.push_str(r"\n\n");
                }
                random.paragraph(&mut line);
            }
            line.push_str(r#""}"#);
        }
        let _ = write!(line, r#"],"turn":{exchanges},"language":"English""#);
        if style.moderation {
            line.push_str(r#","openai_moderation":["#);
            random.moderation(&mut line, 2 * exchanges);
            line.push(']');
        }
        line.push_str("}\n");
        if style.ascii {
            line = escaped(&line);
        }
        out.write_all(line.as_bytes())?;
    }
    Ok(())
}

fn escaped(line: &str) -> String {
    let mut ascii = String::with_capacity(line.len() * 2);
    for c in line.chars() {
        if c.is_ascii() {
            ascii.push(c);
        } else {
            c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| ascii += &format!("\\u{unit:04x}"));
        }
    }
    ascii
}
