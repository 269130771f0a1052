//! The engine inside another program: a config, a batch of conversations in memory, and what becomes of each later turn.
//! `cargo run -p rejoinder-scan --example embed` needs no file, no server and no command line.
//!
//! The learned score decides by the cut that ships with it, as in a run. Where the conversations are no chats with assistants, say
//! `score = false` under `[cascade]`: a batch does not show what its corpus is like.

use std::error::Error;

use rejoinder_core::{Conversation, Message, Role};
use rejoinder_scan::{Config, Engine, Worker};

const CONFIG: &str = r#"
format = 1
[rules]
packs = ["en"]
[[plugin]]
name = "rephrase"
"#;

fn main() -> Result<(), Box<dyn Error>> {
    let engine = Engine::build(Config::from_toml(CONFIG)?)?;
    let dialogue = |id: &'static str, last: &'static str| Conversation {
        id: id.into(),
        messages: vec![
            Message::new(Role::User, "Write a loop that prints the numbers from 1 to 10."),
            Message::new(Role::Assistant, "for (int i = 1; i <= 10; i++) printf(\"%d\\n\", i);"),
            Message::new(Role::User, last),
        ],
    };
    let batch = [dialogue("a", "Thanks, that works!"), dialogue("b", "No, I wanted Python.")];
    let scanned = Worker::new(&engine)?.scan_conversations(batch)?;
    for conversation in &scanned.conversations {
        for turn in scanned.turns(conversation) {
            let rules = scanned.rule_ids(&engine, turn);
            println!("{} {:?} by {rules:?}", conversation.record.conversation.id, turn.decision());
        }
    }
    Ok(())
}
