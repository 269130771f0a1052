//! The dialogues that plugins are checked with.

use std::borrow::Cow;

use rejoinder_core::{Conversation, Hit, Message, Role};

use crate::{Batch, ConversationContext};

/// Turns of every kind that people and machines write.
pub const TURNS: &[&str] = &[
    "thanks, that helps",
    "no, I wanted Python",
    "are you sure?",
    "that is wrong",
    "which birds breed on this island and when",
    "Which birds breed on this island, and when?",
    "yes",
    "2",
    "",
    " \t\n ",
    "```python\nprint('thanks')\n```",
    "Write a letter that says \"thank you, that is wrong\"",
    "谢谢，这很有帮助",
    "不对，我要的是中文",
    "ありがとうございます",
    "спасибо",
    "شكرا جزيلا",
    "תודה רבה",
    "धन्यवाद",
    "ขอบคุณมาก",
    "gracias, pero no es eso",
    "감사합니다",
    "e\u{301}\u{327}\u{301} \u{301}lone mark",
    "👩\u{200D}👩\u{200D}👧\u{200D}👦 👍🏽 🇳🇴",
    "\u{202E}sknaht\u{202C} \u{2066}x\u{2069}",
    "nul\0byte and \u{7F} and \u{1B}[31mred",
    "\u{FEFF}bom \u{FFFD} \u{10FFFF} \u{E000}",
    "İstanbul ﬁ ﬃ ß ẞ Ǆ",
    "THANKS!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!",
    "<script>alert(1)</script> {\"role\": \"system\"}",
];

/// A batch of candidates: dialogues with one or two of them, some with hits, by number from `first` on.
pub fn batch(turns: &[&str]) -> Batch {
    let mut batch = Batch::new();
    for (id, turn) in turns.iter().enumerate() {
        push(&mut batch, id as u64, id, turn);
    }
    batch
}

/// Adds the candidate `number`, whose dialogue depends on its number and turn alone.
pub fn push(batch: &mut Batch, id: u64, number: usize, turn: &str) {
    let answers = ["Gulls and terns, in May.", "I'm sorry, I cannot do that. Shall I go on?", ""];
    let mut messages = vec![
        Message::new(Role::User, "which birds breed on this island and when"),
        Message::new(Role::Assistant, answers[number % answers.len()]),
    ];
    if number.is_multiple_of(4) {
        messages.insert(0, Message::new(Role::System, "You are helpful."));
        messages.push(Message::new(Role::Tool, "{\"birds\": 2}"));
    }
    messages.push(Message::new(Role::User, turn));
    let target = messages.len() - 1;
    // Of some messages nobody knows the time.
    for (at, message) in messages.iter_mut().enumerate().filter(|(at, _)| !(at + number).is_multiple_of(4)) {
        message.time = Some(1_700_000_000_000 + at as i64 * 60_000);
    }
    let columns: [(Cow<'_, str>, Cow<'_, str>); 3] = [
        ("model".into(), ["gpt-00", "", "模型"][number % 3].into()),
        ("turns".into(), messages.len().to_string().into()),
        ("tags".into(), "[\"a\", null]".into()),
    ];
    let context =
        ConversationContext { language: ["en", "yue", "und"][number % 3], columns: &columns[..number % 4] };
    batch.begin_conversation(&Conversation { id: "check".into(), messages }, target, &context);
    let end = turn.chars().next().map_or(0, char::len_utf8) as u32;
    let hits = [Hit { rule: 0, start: 0, end }, Hit { rule: 1, start: 0, end: turn.len() as u32 }];
    batch.push_candidate(id, target, number as f32 / 10.0, &hits[..number % 3]);
}

/// So many candidates.
pub fn many(n: usize) -> Batch {
    let turns: Vec<&str> = (0..n).map(|i| TURNS[i % TURNS.len()]).collect();
    batch(&turns)
}

/// A batch for each of [`TURNS`], with its name.
pub fn each_turn() -> impl Iterator<Item = (String, Batch)> {
    TURNS.iter().map(|turn| (format!("`{}`", turn.escape_debug()), batch(&[turn])))
}

/// The smallest batch, and one that is larger than the engine ever sends.
pub fn sizes() -> impl Iterator<Item = (String, Batch)> {
    [1, 4096].into_iter().map(|n| (format!("n = {n}"), many(n)))
}

/// Turns of no and of very many bytes, and a very long dialogue.
pub fn extremes() -> impl Iterator<Item = (String, Batch)> {
    let turns = [
        ("an empty turn", String::new()),
        ("a turn of 1 MiB of words", "thank you ".repeat((1 << 20) / 10)),
        ("a turn of 1 MiB without a space", "é".repeat(1 << 19)),
    ];
    let turns = turns.into_iter().map(|(what, turn)| (what.to_owned(), batch(&[&turn])));
    turns.chain(std::iter::once_with(|| ("a dialogue of 2001 messages".to_owned(), long())))
}

fn long() -> Batch {
    let role = |i| if i % 2 == 0 { Role::User } else { Role::Assistant };
    let messages = (0..2001).map(|i| Message::new(role(i), "the same again")).collect();
    let mut batch = Batch::new();
    batch.begin_conversation(
        &Conversation { id: "long".into(), messages },
        2000,
        &ConversationContext::default(),
    );
    batch.push_candidate(0, 2000, 0.0, &[]);
    batch
}
