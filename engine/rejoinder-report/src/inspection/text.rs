//! An inspection for people.

use std::fmt::Write as _;

use rejoinder_core::printable;
use rejoinder_read::FormatCandidate;

use super::files::Inspection;
use super::lengths::Quantiles;
use crate::numbers::{share, thousands};
use crate::remarks;

/// What each shape saw, a line each.
fn candidates(candidates: &[FormatCandidate]) -> String {
    if candidates.is_empty() {
        return "            no shape saw a sign in the first records\n".to_owned();
    }
    let line = |candidate: &FormatCandidate| {
        let FormatCandidate { format, records, looked_at, seen } = candidate;
        format!("            {format:<10} {records} of {looked_at} records have {seen}\n")
    };
    candidates.iter().map(line).collect()
}

impl Inspection {
    /// The inspection for people.
    pub fn text(&self) -> String {
        let mut out = String::new();
        for file in &self.files {
            let _ = writeln!(out, "{}", printable(&file.path));
            let _ = writeln!(out, "  {:<9} {}; {}", file.format, file.container, printable(&file.why));
            if self.is_why_shown {
                out += &candidates(&file.candidates);
            }
        }
        let counts = &self.counts;
        let mut line = |label: &str, figure: u64, remark: &str| {
            let _ =
                writeln!(out, "{}", format!("{label:<24}{:>14}   {remark}", thousands(figure)).trim_end());
        };
        let of = |n: u64, what: &str| if n > 0 { format!("{} {what}", thousands(n)) } else { String::new() };
        line("conversations", counts.read.conversations, &of(counts.read.too_short, "more are too short"));
        if counts.read.duplicates > 0 {
            line("  duplicates", counts.read.duplicates, "of them stand in the input before");
        }
        let roles = format!(
            "{} by users, {} by assistants, {} others",
            thousands(counts.read.user_messages),
            thousands(counts.read.assistant_messages),
            thousands(counts.other_messages)
        );
        line("messages", counts.messages, &roles);
        if counts.shared_messages > 0 {
            line("  read before", counts.shared_messages, "stand in an earlier conversation, too");
        }
        if counts.read.other_language > 0 {
            line("left out", counts.read.other_language, "conversations in other languages");
        }
        line("later turns", counts.later_turns, "user messages after a first answer");
        if counts.read.wordless > 0 {
            line("  without text", counts.read.wordless, "of them: an image, a sound or a file, and no word");
        }
        if counts.blank_messages > 0 {
            line("  blank", counts.blank_messages, "messages of users and assistants without a word");
        }
        for (label, lengths) in [
            ("messages each", self.messages_a_conversation),
            ("characters, users", self.characters_a_user_message),
            ("characters, assistants", self.characters_an_assistant_message),
        ] {
            let Quantiles { median, nine_tenths, most } = lengths;
            let rest = format!(
                "the median; nine of ten up to {}, the longest {}",
                thousands(nine_tenths),
                thousands(most)
            );
            line(label, median, &rest);
        }
        for (label, count, kind, what) in [
            ("repeated", counts.read.repeated, "repeated", "calls whose messages stand in what is kept"),
            ("helper calls", counts.read.helpers, "helper", "and asides: no part of a chat"),
            ("without a chat", counts.read.without_chat, "", "records of something else"),
            ("joined", counts.read.joined, "joined", "records, each with others to one conversation"),
            ("not joined", counts.read.unjoined, "unjoined", "records that may belong together"),
        ] {
            if count > 0 {
                let example =
                    self.examples.get(kind).map(|text| format!("; {}", printable(text))).unwrap_or_default();
                line(label, count, &format!("{what}{example}"));
            }
        }
        for (what, n) in &counts.mended {
            line("put right", *n, &format!("conversations: {what}"));
        }
        let mut languages: Vec<_> = counts.languages.iter().collect();
        languages.sort_by_key(|(code, n)| (std::cmp::Reverse(**n), **code));
        for (code, n) in languages {
            line(&format!("language {code}"), *n, &share(*n, counts.read.conversations));
        }
        for (reason, n) in &counts.bad {
            line("cannot be used", *n, &printable(reason));
        }
        for dialogue in &self.dialogues {
            let _ = write!(out, "\n{}", dialogue.text());
        }
        out += &remarks::text(&self.remarks);
        out
    }
}
