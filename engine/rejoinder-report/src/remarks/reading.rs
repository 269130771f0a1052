//! Remarks on what was read.

use std::path::Path;

use rejoinder_read::InputFile;
use rejoinder_scan::reading::{FileCounts, ReadCounts, ReadDetails};

use super::remark::{Remark, is_nearly_all};
use crate::numbers::{counted, thousands};

/// Files that are named one by one.
const NAMED_FILES: usize = 3;
/// Files whose beginning is looked at once more.
const LOOKED_AT_FILES: usize = 20;

/// The figures of what was read that remarks look at.
#[derive(Clone, Copy, Debug)]
pub struct ReadFigures<'a> {
    /// The numbers.
    pub counts: &'a ReadCounts,
    /// Files and languages.
    pub details: &'a ReadDetails,
    /// Later turns.
    pub turns: u64,
    /// The input files, in their order.
    pub files: &'a [&'a Path],
    /// The command line's name of the input, for the next command.
    pub input: &'a str,
    /// Whether the input goes on with that of an earlier run.
    pub has_nights: bool,
}

impl ReadFigures<'_> {
    /// All remarks on what was read, but for languages.
    pub fn remarks(&self) -> Vec<Remark> {
        let found = [
            self.set_aside(),
            self.left_out(),
            self.unwanted(),
            self.blank("user", self.counts.user_messages, self.counts.blank_user_messages),
            self.blank("assistant", self.counts.assistant_messages, self.counts.blank_assistant_messages),
            self.no_later_turn(),
            self.wordless(),
            self.put_right(),
        ];
        found.into_iter().flatten().collect()
    }

    /// Why there is no conversation at all; nothing if there is one.
    pub fn nothing(&self) -> Option<String> {
        let counts = self.counts;
        if counts.conversations > 0 {
            return None;
        }
        let input = self.input;
        let reasons = [
            (counts.quarantined, "record", ["was set aside", "were set aside"]),
            (counts.without_chat, "record", ["holds no chat", "hold no chat"]),
            (counts.repeated, "call", ["was taken for a repetition", "were taken for repetitions"]),
            (counts.helpers, "call", ["was taken for a helper call", "were taken for helper calls"]),
            (
                counts.too_short,
                "conversation",
                ["has fewer messages than `min-messages`", "have fewer messages than `min-messages`"],
            ),
            (
                counts.other_language,
                "conversation",
                [
                    "is in another language than those of `lang`",
                    "are in other languages than those of `lang`",
                ],
            ),
            (counts.duplicates, "conversation", ["stands in the input before", "stand in the input before"]),
        ];
        let told: Vec<String> = reasons
            .iter()
            .filter(|(count, ..)| *count > 0)
            .map(|(count, noun, [one, more])| {
                format!("{} {}", counted(*count, noun), if *count == 1 { one } else { more })
            })
            .collect();
        let why = match told.is_empty() {
            true if counts.bytes == 0 => "the input is empty".to_owned(),
            true => "the input holds no record".to_owned(),
            false => told.join(", "),
        };
        let commonest = self.details.files.values().filter_map(FileCounts::commonest).max_by_key(|(_, n)| *n);
        let quoted = commonest.map(|(reason, _)| format!(" (“{reason}”)")).unwrap_or_default();
        Some(match self.dialogue_as_text() {
            Some((path, _)) => format!(
                "no conversation was read: {why}{quoted}\n{path} looks like one dialogue as text, which `rejoinder explain {path}` reads"
            ),
            None => format!(
                "no conversation was read: {why}{quoted}\nsee what is in the input: rejoinder inspect {input} --why"
            ),
        })
    }

    /// The path of a file that holds no records but a dialogue as text, and how its first line begins.
    fn dialogue_as_text(&self) -> Option<(String, String)> {
        let bad = self.details.files.iter().filter(|(_, file)| is_mostly_bad(file));
        bad.take(LOOKED_AT_FILES).find_map(|(index, _)| {
            let path = *self.files.get(*index as usize)?;
            Some((path.display().to_string(), InputFile::first_speaker(path)?))
        })
    }

    /// Files whose records mostly cannot be used.
    fn set_aside(&self) -> Option<Remark> {
        let bad: Vec<_> = self.details.files.iter().filter(|(_, file)| is_mostly_bad(file)).collect();
        if bad.is_empty() {
            return None;
        }
        let mut lines = Vec::new();
        for (index, file) in bad.iter().take(NAMED_FILES) {
            let name = self.files.get(**index as usize).map_or_else(String::new, |p| p.display().to_string());
            let (reason, count) = file.commonest().unwrap_or_default();
            lines.push(match file.records {
                1 => format!("The one record of {name} was set aside: “{reason}”."),
                records => format!(
                    "{} of the {} records of {name} were set aside, {} of them for one reason: “{reason}”.",
                    thousands(file.all_set_aside()),
                    thousands(records),
                    thousands(count),
                ),
            });
        }
        if bad.len() > NAMED_FILES {
            lines.push(format!("So it is with {} more.", counted((bad.len() - NAMED_FILES) as u64, "file")));
        }
        if let Some((path, speaker)) = self.dialogue_as_text() {
            lines.push(format!(
                "{path} looks like one dialogue as text: its first line begins with `{speaker}`. `rejoinder explain {path}` reads \
                 such a file, and says what becomes of its last turn. For a run each dialogue is a line of JSON: {{\"messages\": \
                 [{{\"role\": \"user\", \"content\": \"…\"}}, {{\"role\": \"assistant\", \"content\": \"…\"}}]}}"
            ));
            return Some(Remark::new("set-aside", lines.join(" ")));
        }
        lines.push(format!(
            "The records are probably of another shape, or their keys have other names: `rejoinder inspect {} --why` shows \
             what was seen; `--format` and `--map` say how to read them.",
            self.input
        ));
        Some(Remark::new("set-aside", lines.join(" ")))
    }

    /// Records that belong to no conversation, where most records do.
    fn left_out(&self) -> Option<Remark> {
        let counts = self.counts;
        let records = counts.all_records();
        let is_most = |count: u64| count * 2 > records;
        let look = format!("`rejoinder inspect {} --why` shows one of them", self.input);
        // A log whose calls grow repeats one call for each later turn that it keeps.
        if is_most(counts.repeated) && counts.repeated > 2 * self.turns {
            return Some(Remark::new(
                "repeated",
                format!(
                    "{} of {} records were left out as calls whose messages stand in another, which leaves {} later turns. \
                     Calls of different chats were probably taken for one chat: {look}, and `--no-join` reads each record by \
                     itself.",
                    thousands(counts.repeated),
                    thousands(records),
                    thousands(self.turns),
                ),
            ));
        }
        let (name, count, what) = match () {
            () if is_most(counts.without_chat) => {
                ("without-chat", counts.without_chat, "there is no chat in them")
            }
            () if is_most(counts.helpers) => {
                ("helpers", counts.helpers, "they look like calls that an application makes for itself")
            }
            () => return None,
        };
        Some(Remark::new(
            name,
            format!(
                "{} of {} records were left out: {what}. That is as it should be in traces of other work; else their texts \
                 stand under keys that are not known: {look}, and `--format` and `--map` say how to read them.",
                thousands(count),
                thousands(records),
            ),
        ))
    }

    /// Conversations that the config leaves out, where nearly all are left out.
    fn unwanted(&self) -> Option<Remark> {
        let counts = self.counts;
        let all = counts.conversations
            + counts.too_short
            + counts.other_language
            + counts.duplicates
            + counts.superseded;
        let is_told = |name: &str, count: u64| match name {
            // Dumps of later nights repeat earlier ones.
            "duplicates" => count * 2 >= all && count > 0 && !self.has_nights,
            _ => is_nearly_all(count, all),
        };
        let (name, count, what) = [
            ("too-short", counts.too_short, "have fewer messages than `min-messages` asks for"),
            ("other-language", counts.other_language, "are in other languages than `lang` asks for"),
            ("duplicates", counts.duplicates, "stand in the input before: was a file given twice?"),
        ]
        .into_iter()
        .find(|(name, count, _)| is_told(name, *count))?;
        Some(Remark::new(
            name,
            format!("{} of {} conversations were left out: they {what}", thousands(count), thousands(all)),
        ))
    }

    /// A role whose messages hold no text.
    fn blank(&self, role: &str, messages: u64, blank: u64) -> Option<Remark> {
        // A picture without a word is said elsewhere.
        let blank = if role == "user" { blank.saturating_sub(self.counts.wordless) } else { blank };
        if messages < 4 || !is_nearly_all(blank, messages) {
            return None;
        }
        Some(Remark::new(
            "blank",
            format!(
                "{} of {} messages of the role {role} hold no text. Their text probably stands under another key: look at the \
                 dialogues of `rejoinder inspect {}`, and name the key by `--map content=…`.",
                thousands(blank),
                thousands(messages),
                self.input,
            ),
        ))
    }

    fn no_later_turn(&self) -> Option<Remark> {
        let counts = self.counts;
        if self.turns > 0 || counts.conversations == 0 {
            return None;
        }
        let why = match (counts.user_messages, counts.assistant_messages) {
            (0, _) => {
                "No message is a user's: the roles probably have other names, which `--map roles.NAME=user` and \
                 `--map roles.NAME=assistant` tell."
            }
            (_, 0) => {
                "No message is an assistant's: the roles probably have other names, which `--map roles.NAME=assistant` tells, \
                 or the answers stand in another column."
            }
            _ => {
                "Each conversation ends with its first answer. Where several records make one conversation, they need an id \
                 that they share (`--map id=…`); single questions and answers hold no feedback in passing."
            }
        };
        Some(Remark::new(
            "no-later-turn",
            format!(
                "None of the {} conversations has a user's message after a first answer, so there is nothing to find. {why} \
                 `rejoinder inspect {}` shows the dialogues as they are read.",
                thousands(counts.conversations),
                self.input,
            ),
        ))
    }

    fn wordless(&self) -> Option<Remark> {
        let wordless = self.counts.wordless;
        (wordless * 2 > self.turns).then(|| {
            Remark::new(
                "wordless",
                format!(
                    "{} of {} later turns hold an image, a sound or a file and no word: nothing can be read in them.",
                    thousands(wordless),
                    thousands(self.turns),
                ),
            )
        })
    }

    fn put_right(&self) -> Option<Remark> {
        let ReadCounts { put_right, conversations, .. } = *self.counts;
        (put_right * 2 > conversations && put_right > 0).then(|| {
            Remark::new(
                "put-right",
                format!(
                    "In {} of {} conversations tokens that are no JSON, or bytes that are no UTF-8, were put right. The file \
                     is probably in another encoding, or was printed by another program's rules: look at the dialogues of \
                     `rejoinder inspect {}`.",
                    thousands(put_right),
                    thousands(conversations),
                    self.input,
                ),
            )
        })
    }
}

/// Whether most records of a file were set aside.
fn is_mostly_bad(file: &FileCounts) -> bool {
    file.all_set_aside() * 2 > file.records
}
