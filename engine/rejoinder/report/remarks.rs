//! Remarks on a result: what its figures show that its reader should know before using it, the likeliest reason, and the
//! next step. Good input gives none.

use std::collections::BTreeMap;
use std::path::Path;

use rejoinder_core::{Category, printable};
use rejoinder_judge::REFUSAL_PREFIX;
use rejoinder_run::folder::Manifest;
use rejoinder_run::judging::Letters;
use rejoinder_run::stats::{ByCategory, JudgeStats, ScanCounts};
use rejoinder_scan::reading::{FileCounts, ReadCounts, ReadDetails};
use rejoinder_score::{Difference, Profile, Reference, Trait};
use serde::Serialize;

use super::summary::{Summary, share, thousands};

/// Files that are named one by one.
const NAMED_FILES: usize = 3;
/// Languages that are named one by one.
const NAMED_LANGUAGES: usize = 8;
/// Differences from what was measured that are named.
const NAMED_DIFFERENCES: usize = 3;
/// From so many turns or answers on their distribution says something.
const ENOUGH: u64 = 30;

/// Something that the reader of a result should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Remark {
    /// What it is about, for scripts: such as `set-aside`.
    pub name: &'static str,
    /// The figures, the likeliest reason, and what to do next.
    pub text: String,
}

impl Remark {
    fn new(name: &'static str, text: impl Into<String>) -> Self {
        Self { name, text: text.into() }
    }
}

/// Remarks for people: one a paragraph, behind a mark that nothing else of a report begins with.
pub fn text(remarks: &[Remark]) -> String {
    remarks.iter().map(|remark| format!("\n! {}\n", printable(&remark.text))).collect()
}

/// What was read, as far as remarks look at it.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
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
}

impl Reading<'_> {
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
            (counts.quarantined, "records were set aside"),
            (counts.without_chat, "records hold no chat"),
            (counts.repeated, "calls were taken for repetitions"),
            (counts.helpers, "calls were taken for helper calls"),
            (counts.too_short, "conversations have fewer messages than `min-messages`"),
            (counts.other_language, "conversations are in other languages than those of `lang`"),
            (counts.duplicates, "conversations stand in the input before"),
        ];
        let told: Vec<String> = reasons
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{} {what}", thousands(*count)))
            .collect();
        let why = match told.is_empty() {
            true if counts.bytes == 0 => "the input is empty".to_owned(),
            true => "the input holds no record".to_owned(),
            false => told.join(", "),
        };
        let commonest = self.details.files.values().filter_map(FileCounts::commonest).max_by_key(|(_, n)| *n);
        let quoted = commonest.map(|(reason, _)| format!(" (“{reason}”)")).unwrap_or_default();
        Some(format!(
            "no conversation was read: {why}{quoted}\nsee what is in the input: rejoinder inspect {input} --why"
        ))
    }

    /// Files whose records mostly cannot be used.
    fn set_aside(&self) -> Option<Remark> {
        let mostly_bad = |file: &FileCounts| file.all_set_aside() * 2 > file.records;
        let bad: Vec<_> = self.details.files.iter().filter(|(_, file)| mostly_bad(file)).collect();
        if bad.is_empty() {
            return None;
        }
        let mut lines = Vec::new();
        for (index, file) in bad.iter().take(NAMED_FILES) {
            let name = self.files.get(**index as usize).map_or_else(String::new, |p| p.display().to_string());
            let (reason, count) = file.commonest().unwrap_or_default();
            lines.push(format!(
                "{} of the {} records of {name} were set aside, {} of them for one reason: “{reason}”.",
                thousands(file.all_set_aside()),
                thousands(file.records),
                thousands(count),
            ));
        }
        if bad.len() > NAMED_FILES {
            lines.push(format!("So it is with {} more files.", bad.len() - NAMED_FILES));
        }
        lines.push(format!(
            "The records are probably of another shape, or their keys have other names: `rejoinder inspect {} --why` shows \
             what was seen; `--format` and `--map` say how to read them.",
            self.input
        ));
        Some(Remark::new("set-aside", lines.join(" ")))
    }

    /// Records that stand apart from all conversations, where they are the most.
    fn left_out(&self) -> Option<Remark> {
        let counts = self.counts;
        let records = counts.conversations + counts.duplicates + counts.left_out();
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

    /// Conversations that the config leaves out, where they are nearly all.
    fn unwanted(&self) -> Option<Remark> {
        let counts = self.counts;
        let all = counts.conversations + counts.too_short + counts.other_language + counts.duplicates;
        let is_told = |name: &str, count: u64| match name {
            "duplicates" => count * 2 >= all && count > 0,
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

/// Later turns in languages that no pack in force is for; `reads` says whether one is. Of them, `not_looked_at` were looked at
/// by nothing, where a run has decided about them.
pub fn languages(
    details: &ReadDetails,
    turns: u64,
    reads: &dyn Fn(&str) -> bool,
    not_looked_at: Option<u64>,
) -> Option<Remark> {
    let mut unread: Vec<(&str, u64)> = details
        .languages
        .iter()
        .filter(|(code, _)| !reads(code))
        .map(|(code, n)| (code.as_str(), *n))
        .collect();
    let count: u64 = unread.iter().map(|(_, n)| n).sum();
    // A few per cent are the detector's own errors, in short turns and code.
    if count * 100 <= turns * 3 || count < 5 {
        return None;
    }
    unread.sort_by_key(|(code, n)| (std::cmp::Reverse(*n), *code));
    let mut named: Vec<String> =
        unread.iter().take(NAMED_LANGUAGES).map(|(code, n)| format!("{code} {}", thousands(*n))).collect();
    if unread.len() > NAMED_LANGUAGES {
        named.push("…".to_owned());
    }
    let what = match not_looked_at {
        Some(0) => "Rules without words, a score or the judge decided about them.".to_owned(),
        Some(n) => format!(
            "{} of them were looked at by nothing: they count as not looked at, not as rejected.",
            thousands(n)
        ),
        None => "A run would count most of them as not looked at.".to_owned(),
    };
    Some(Remark::new(
        "languages",
        format!(
            "{} of {} later turns ({}) are in languages that no rule pack in force is for: {}. {what} \
             `other-languages = \"ask\"` under [rules] lets them wait for a judge that knows the languages; a pack of your own \
             says by `lang = [\"{}\"]` which languages it is for.",
            thousands(count),
            thousands(turns),
            share(count, turns),
            named.join(", "),
            unread[0].0,
        ),
    ))
}

/// A run over a corpus that is unlike what was measured.
#[derive(Clone, Copy, Debug)]
pub struct Decided<'a> {
    /// What the run is made of.
    pub manifest: &'a Manifest,
    /// Its folder.
    pub folder: &'a str,
    /// Whether it accepted something.
    pub has_accepted: bool,
    /// Whether an audit has measured it.
    pub is_certified: bool,
}

/// That a corpus is unlike what the score and the accept rules were measured on; `run` is nothing where no run has decided yet.
pub fn unlike(measured_on: &Reference, corpus: &Profile, run: Option<Decided<'_>>) -> Option<Remark> {
    let differences = measured_on.differences(corpus);
    if differences.is_empty() {
        return None;
    }
    let named: Vec<String> = differences.iter().take(NAMED_DIFFERENCES).map(difference).collect();
    let kinds: Vec<&str> = measured_on.kinds.keys().map(String::as_str).collect();
    let next = run.map_or_else(
        || "How often they are right here is not known: a run over these dialogues says the same.".to_owned(),
        Decided::next,
    );
    Some(Remark::new(
        "unlike",
        format!(
            "These dialogues are unlike those that the shipped accept rules and the score were measured on ({}): {}. {next}",
            kinds.join(", "),
            named.join("; "),
        ),
    ))
}

impl Decided<'_> {
    /// What the reader of the run should do.
    fn next(self) -> String {
        let Self { manifest, folder: run, has_accepted, is_certified } = self;
        let mut said = match is_certified {
            true => vec![format!("How often they are right here, {run}/certificate.json says.")],
            false => vec!["How often they are right here is not known.".to_owned()],
        };
        if has_accepted && !is_certified {
            said.push(format!(
                "Read some of what was accepted before you use it: rejoinder show {run} --accepted --sample 20."
            ));
        }
        match manifest.accept_at_set_aside {
            Some(at) => said.push(format!(
                "By the score nothing was accepted, though the config says `accept-at = {at}`: `rejoinder calibrate {run}` finds cuts for \
                 this corpus by a judge or by labels."
            )),
            None if manifest.config.cascade.accepts_by_score_alone() => said.push(
                "The config's `accept-at` was in force all the same, since the beginnings of the files are not unlike: begin a run \
                 without it, or read what it accepted."
                    .to_owned(),
            ),
            None => {}
        }
        if !is_certified {
            said.push(format!(
                "What precision and recall are here, a judge or people can tell: `run --recall 0.9` asks a judge about a sample first, \
                 and `rejoinder export review {run} --for argilla --audit` draws turns for people."
            ));
        }
        said.join(" ")
    }
}

/// That the config's `accept-at` is not in force, where no other remark says so.
pub fn accept_at(manifest: &Manifest) -> Option<Remark> {
    let at = manifest.accept_at_set_aside?;
    Some(Remark::new(
        "accept-at",
        format!(
            "The config's `accept-at = {at}` is not in force: the beginnings of the files are unlike what the score was measured on, \
             though all of them together are not. Turns that it would have accepted wait for the judge. If the cut was measured on \
             this corpus, say `accept-unlike = true` beside it, in a new run."
        ),
    ))
}

/// A difference in words.
fn difference(found: &Difference) -> String {
    let percent = |share: f64| format!("{:.0} %", 100.0 * share);
    let (share, at) = (percent(found.share), found.at);
    let what = match found.what {
        Trait::AnswerBytes if at.is_finite() => format!("of the answers have at most {at} bytes"),
        Trait::TurnBytes if at.is_finite() => format!("of the later turns have at most {at} bytes"),
        Trait::NewWords if at == 0.0 => "of the later turns have no word that is new to the score".to_owned(),
        Trait::NewWords => {
            format!("of the later turns have at most {:.0} % words that are new to the score", 100.0 * at)
        }
        Trait::Mark if at == 0.0 => "of the later turns are marked by no rule".to_owned(),
        Trait::Mark if at <= 5.0 => format!("of the later turns are marked as UR{at}"),
        Trait::Mark => "of the later turns are marked by a rule without a category".to_owned(),
        Trait::Score => format!("of the later turns have a score of at most {at}"),
        Trait::AnswerBytes | Trait::TurnBytes => "of the messages are longer than all others".to_owned(),
    };
    match percent(found.least) == percent(found.most) {
        true => format!("{share} {what} (there {})", percent(found.most)),
        false => format!("{share} {what} (there {} to {})", percent(found.least), percent(found.most)),
    }
}

/// Remarks on what a run decided.
pub fn decisions(
    counts: &ScanCounts,
    judge: &JudgeStats,
    useless: &BTreeMap<String, u64>,
    letters: Letters,
    run: &str,
) -> Vec<Remark> {
    let stats = &counts.stats;
    let mut remarks = Vec::new();
    if stats.turns >= ENOUGH && stats.candidates == 0 && stats.not_looked_at < stats.turns {
        remarks.push(Remark::new(
            "no-candidate",
            format!(
                "No rule marked any of {} later turns. Either the rules are for other languages or another kind of dialogue, or \
                 what is read as a user's turn is none: rejoinder show {run} --rejected --sample 20",
                thousands(stats.turns),
            ),
        ));
    }
    let accepted = stats.accepted.total();
    remarks.extend(one_category(&stats.accepted, run));
    remarks.extend(one_rule(&counts.accepted_by, accepted, run));
    if stats.faults * 20 > stats.candidates.max(1) {
        remarks.push(Remark::new(
            "plugin-faults",
            format!(
                "Plugins failed {} times on {} candidates, and those turns wait for the judge: {run}/faults says which and why.",
                thousands(stats.faults),
                thousands(stats.candidates),
            ),
        ));
    }
    remarks.extend(judged(judge, useless, run));
    remarks.extend(order_of_letters(letters, run));
    remarks
}

/// Why an export of a run holds no row, and what to do; `left_out` is what the export itself left out, and why.
pub fn no_row(summary: &Summary, left_out: &[(String, u64)]) -> String {
    let run = &summary.run_dir;
    let found = summary.accepted.total() + summary.judged_feedback.total();
    let waiting = match summary.undecided {
        0 => String::new(),
        n => format!(" {} turns wait for the judge: rejoinder judge {run}", thousands(n)),
    };
    match (found, left_out.iter().max_by_key(|(_, count)| *count)) {
        (0, _) => format!(
            "No row was written: the run holds no feedback among {} later turns.{waiting}",
            thousands(summary.turns)
        ),
        (_, Some((why, count))) => format!(
            "No row was written, though the run holds {} turns of feedback: {} of them are left out as feedback {why}.{waiting}",
            thousands(found),
            thousands(*count),
        ),
        (_, None) => format!(
            "No row was written, though the run holds {} turns of feedback: none of them is of the categories asked for.{waiting}",
            thousands(found)
        ),
    }
}

fn one_category(accepted: &ByCategory, run: &str) -> Option<Remark> {
    let total = accepted.total();
    let most = Category::ALL.into_iter().max_by_key(|c| accepted.get(*c)).filter(|_| total >= ENOUGH)?;
    let count = accepted.get(most);
    let why = match most {
        Category::Ur5 => {
            "Service dialogues and small talk end with thanks as a courtesy, which says little about an answer."
        }
        _ => "One habit of these users, or of the file, is probably taken for feedback.",
    };
    is_nearly_all(count, total).then(|| {
        Remark::new(
            "one-category",
            format!(
                "{} of {} accepted turns are {most} ({}). {why} Read some before you train on them: rejoinder show {run} \
                 --accepted --category {most} --sample 20",
                thousands(count),
                thousands(total),
                most.name(),
            ),
        )
    })
}

fn one_rule(accepted_by: &BTreeMap<String, u64>, accepted: u64, run: &str) -> Option<Remark> {
    let (name, count) = accepted_by.iter().max_by_key(|(_, count)| **count).filter(|_| accepted >= ENOUGH)?;
    is_nearly_all(*count, accepted).then(|| {
        Remark::new(
            "one-rule",
            format!(
                "{} of {} accepted turns were accepted by {name} alone: its precision is that of the whole. Read some: \
                 rejoinder show {run} --accepted --sample 20",
                thousands(*count),
                thousands(accepted),
            ),
        )
    })
}

/// Remarks on what the judge said.
fn judged(judge: &JudgeStats, useless: &BTreeMap<String, u64>, run: &str) -> Vec<Remark> {
    let mut remarks = Vec::new();
    let answered = judge.judged + judge.unverified;
    let is_more_than_a_few = |count: u64| count * 20 > answered && count >= 3;
    let refusals = || useless.iter().filter(|(why, _)| why.starts_with(REFUSAL_PREFIX));
    let refused: u64 = refusals().map(|(_, count)| count).sum();
    if is_more_than_a_few(refused) {
        let commonest = refusals().max_by_key(|(_, count)| **count).map_or("", |(why, _)| why);
        remarks.push(Remark::new(
            "refused",
            format!(
                "The server refused to answer about {} of {} turns, and they keep waiting (“{commonest}”). A filter of the server's, or a \
                 slip in the config, is the likeliest reason: `rejoinder judge test --config FILE` shows which; rejoinder judge {run} \
                 --ask-again refused asks again.",
                thousands(refused),
                thousands(answered),
            ),
        ));
    }
    let unfit = judge.unverified.saturating_sub(refused);
    if is_more_than_a_few(unfit) {
        remarks.push(Remark::new(
            "unverified",
            format!(
                "{} of {} answers of the judge do not fit the turn that they are about, so those turns keep waiting. A model \
                 that is too small, or a chat template that is not the model's, is the likeliest reason: rejoinder explain {run} \
                 ID shows an answer.",
                thousands(unfit),
                thousands(answered),
            ),
        ));
    }
    let none = judge.judged - judge.feedback.total();
    let answers = Category::ALL.map(|c| (c.code(), judge.feedback.get(c))).into_iter();
    let (answer, count) = answers.chain([("no feedback", none)]).max_by_key(|(_, n)| *n).unwrap_or_default();
    if judge.judged >= ENOUGH && count * 100 >= judge.judged * 97 {
        remarks.push(Remark::new(
            "one-answer",
            format!(
                "{} of {} answers of the judge are one and the same: {answer}. A judge that answers so whatever it is asked \
                 tells nothing: read some turns beside its answers (rejoinder show {run} --judged --sample 20) before you use \
                 them.",
                thousands(count),
                thousands(judge.judged),
            ),
        ));
    }
    remarks
}

/// A judge whose letters stay where they are when their meanings change places.
fn order_of_letters(letters: Letters, run: &str) -> Option<Remark> {
    let Letters { turns, same_letter, same_answer } = letters;
    (turns >= 10 && same_letter * 2 > turns).then(|| {
        Remark::new(
            "letters",
            format!(
                "{turns} turns were asked about once more with the letters in reverse: {same_letter} got the same letter, which \
                 then means something else, and {same_answer} the same answer. The judge's letters follow the order of the \
                 choices more than the text. A model that is too small, or a chat template that is not the model's, is the \
                 likeliest reason: read some turns beside its answers (rejoinder show {run} --judged --sample 20), and try \
                 `answer = \"json\"` under [judge] or another model in a new run.",
            ),
        )
    })
}

/// Nine tenths.
const fn is_nearly_all(part: u64, whole: u64) -> bool {
    whole > 0 && part * 10 >= whole * 9
}
