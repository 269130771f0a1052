//! The summary of a run: the funnel, who decided, and what the judge costs beside the paper's method.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use rejoinder_core::{Category, printable};
use rejoinder_judge::prompt::AnswerFormat;
use rejoinder_judge::{NANOS_PER_UNIT, QuestionForm, QuestionUnit, ServerCapabilities};
use rejoinder_ledger::SpendingTotal;
use rejoinder_run::RunDir;
use rejoinder_run::folder::Manifest;
use rejoinder_run::judging::Letters;
use rejoinder_run::judging::{Judge, settings};
use rejoinder_run::recall::Curves;
use rejoinder_run::stats::{ByCategory, JudgeStats, ScanStats};
use rejoinder_scan::config::Config;
use rejoinder_scan::is_read;
use serde::Serialize;

use crate::failure::Failure;
use crate::report::remarks::{self, Decided, Reading, Remark};

/// How far what the shipped rules and plugins accept can be trusted: 57 turns accepted in 375 dialogues that were kept apart
/// (`rejoinder eval chats_labelled.jsonl --labels --where split=dev`).
const TRUST: &str = "accepted: feedback in 93 of 100 cases (83 to 97) in chats with assistants, by labels of a language model; \
                     not measured elsewhere";

/// All figures of a run, as `--json` prints them.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// Conversations read.
    pub conversations: u64,
    /// Conversations left out because of `min-messages`.
    pub too_short: u64,
    /// Conversations left out because of `lang`.
    pub other_language: u64,
    /// Conversations left out because of `duplicates`.
    pub duplicates: u64,
    /// Calls left out because their messages stand in the conversation that is kept.
    pub repeated: u64,
    /// Calls left out because an application makes them for itself: titles, tags, routing; and asides of agents.
    pub helpers: u64,
    /// Records left out because there is no chat in them.
    pub without_chat: u64,
    /// Records that were joined with others to one conversation.
    pub joined: u64,
    /// Records that may go on in others and were left alone, since too much would have had to be kept.
    pub unjoined: u64,
    /// Conversations whose record held a token that is no JSON, or no UTF-8, and was put right.
    pub mended: u64,
    /// Later turns with no text: an image, a sound or a file.
    pub wordless: u64,
    /// Later turns = accepted + rejected + not looked at + undecided + judged.
    pub turns: u64,
    /// Later turns that some rule marked.
    pub candidates: u64,
    /// Accepted by rules and plugins, by category.
    pub accepted: ByCategory,
    /// Rejected by rules and plugins, or never marked.
    pub rejected: u64,
    /// Looked at by nothing: no pack in force is for their language, and nothing else spoke.
    pub not_looked_at: u64,
    /// Conversations in which feedback was found so far.
    pub with_feedback: u64,
    /// Waiting for the judge.
    pub undecided: u64,
    /// Settled by the judge.
    pub judged: u64,
    /// Those of the judged that are feedback, by category.
    pub judged_feedback: ByCategory,
    /// Of the undecided: asked about, and the answer is of no use.
    pub unverified: u64,
    /// Why their answers are of no use, and of how many.
    pub unverified_reasons: BTreeMap<String, u64>,
    /// Records set aside.
    pub quarantined: u64,
    /// Failures of plugins.
    pub plugin_faults: u64,
    /// Wall-clock seconds of this command.
    pub seconds: f64,
    /// Decompressed input bytes of the run.
    pub bytes: u64,
    /// Where it all is.
    pub run_dir: String,
    /// Requests that all turns sent to the judge take.
    pub requests: u64,
    /// Requests of the paper's method on the same input.
    pub paper_requests: u64,
    /// Their input tokens here, estimated.
    pub input_tokens: u64,
    /// Input tokens of the paper's method, estimated.
    pub paper_input_tokens: u64,
    /// `input_tokens` on a server that reuses the instructions' prefix.
    pub input_tokens_shared_prefix: u64,
    /// `paper_input_tokens` on a server that reuses the instructions' prefix.
    pub paper_input_tokens_shared_prefix: u64,
    /// The most output tokens that the requests may have.
    pub max_output_tokens: u64,
    /// HTTP requests made so far, with those whose outcome a kill has hidden.
    pub calls: u64,
    /// Tokens spent so far, with what is reserved for such requests.
    pub spent_tokens: u64,
    /// Money spent so far, by the configured prices.
    pub spent_money: f64,
    /// GPU-seconds spent so far, by the configured rates.
    pub spent_gpu_seconds: f64,
    /// Input tokens that the server reported.
    pub reported_input_tokens: u64,
    /// Those of them that it had computed before.
    pub reported_cached_tokens: u64,
    /// Output tokens that the server reported.
    pub reported_output_tokens: u64,
    /// Judged turns that were asked about once more, with the letters in another order.
    pub letters: Letters,
    /// What was found out about the judge, once it was asked.
    pub judge: Option<ServerCapabilities>,
    /// The prompt in force: name, version and the beginning of its hash.
    pub prompt: String,
    /// Each plugin, and how it was loaded.
    pub plugins: Vec<String>,
    /// By purpose: about how many turns have to be asked about for a recall, by what the score says; empty where the run has
    /// searched no cut.
    pub curves: Curves,
    /// What the reader should know before using the result.
    pub remarks: Vec<Remark>,
    #[serde(skip)]
    nothing_read: Option<String>,
    #[serde(skip)]
    is_measured: bool,
    #[serde(skip)]
    unit: QuestionUnit,
    #[serde(skip)]
    is_label: bool,
    #[serde(skip)]
    rules: Vec<String>,
}

impl Summary {
    /// Gathers the figures of a run.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn of(run: &RunDir, seconds: f64) -> Result<Self, Failure> {
        let counts = run.scan_counts()?;
        let scan = &counts.stats;
        let judge: JudgeStats = run.judge_stats()?;
        let SpendingTotal { amount, usage } = run.ledger.spent()?;
        let manifest = &run.manifest;
        let here = Asking::of(&manifest.config, manifest.judge.as_ref(), scan)?;
        let paper = Asking::papers(scan)?;
        let unit = settings::unit(&manifest.config.judge);
        let files: Vec<&Path> = manifest.inputs.iter().map(|input| input.path.as_path()).collect();
        let input = match files.as_slice() {
            [one] if !manifest.stdin => one.display().to_string(),
            _ => "INPUT".to_owned(),
        };
        let reading = Reading {
            counts: &scan.read,
            details: &counts.details,
            turns: scan.turns,
            files: &files,
            input: &input,
        };
        let run_dir = run.path.display().to_string();
        let mut remarks = reading.remarks();
        let reads = |language: &str| is_read(language, manifest.rules.iter().map(|r| r.lang.as_slice()));
        remarks.extend(remarks::languages(&counts.details, scan.turns, &reads, Some(scan.not_looked_at)));
        let letters = run.letters()?;
        let unverified_reasons = run.unverified_reasons()?;
        remarks.extend(remarks::decisions(&counts, &judge, &unverified_reasons, letters, &run_dir));
        let decided = Decided {
            manifest,
            folder: &run_dir,
            has_accepted: scan.accepted.total() > 0,
            is_certified: run.certificate()?.is_some(),
        };
        let unlike = remarks::unlike(&manifest.measured_on, &counts.profile, Some(decided));
        let is_measured = unlike.is_none() && is_measured(manifest);
        remarks.extend(unlike.or_else(|| remarks::accept_at(manifest)));
        let nothing_read = reading.nothing();
        Ok(Self {
            conversations: scan.read.conversations,
            too_short: scan.read.too_short,
            other_language: scan.read.other_language,
            duplicates: scan.read.duplicates,
            repeated: scan.read.repeated,
            helpers: scan.read.helpers,
            without_chat: scan.read.without_chat,
            joined: scan.read.joined,
            unjoined: scan.read.unjoined,
            mended: scan.read.put_right,
            wordless: scan.read.wordless,
            turns: scan.turns,
            candidates: scan.candidates,
            accepted: scan.accepted,
            rejected: scan.rejected,
            not_looked_at: scan.not_looked_at,
            with_feedback: scan.with_accepted + judge.with_feedback,
            undecided: scan.undecided - judge.judged,
            judged: judge.judged,
            judged_feedback: judge.feedback,
            unverified: judge.unverified,
            unverified_reasons,
            quarantined: scan.read.quarantined,
            plugin_faults: scan.faults,
            seconds,
            bytes: scan.read.bytes,
            run_dir,
            requests: here.requests,
            paper_requests: paper.requests,
            input_tokens: here.input_tokens,
            paper_input_tokens: paper.input_tokens,
            input_tokens_shared_prefix: here.input_tokens_shared_prefix,
            paper_input_tokens_shared_prefix: paper.input_tokens_shared_prefix,
            max_output_tokens: here.max_output_tokens,
            calls: amount.calls,
            spent_tokens: amount.tokens,
            spent_money: amount.money as f64 / NANOS_PER_UNIT,
            spent_gpu_seconds: amount.gpu as f64 / NANOS_PER_UNIT,
            reported_input_tokens: usage.prompt_tokens,
            reported_cached_tokens: usage.cached_tokens,
            reported_output_tokens: usage.completion_tokens,
            letters,
            judge: manifest.judge.clone(),
            prompt: here.prompt,
            is_label: here.is_label,
            plugins: manifest
                .plugins
                .iter()
                .map(|p| match p.hash.is_empty() {
                    true => format!("{} {}, linked in", p.name, p.version),
                    false => format!("{} {}, loaded from {}", p.name, p.version, p.origin),
                })
                .collect(),
            curves: run.curves()?,
            remarks,
            nothing_read,
            is_measured,
            unit,
            rules: manifest.rules.iter().map(|r| r.file.clone()).collect(),
        })
    }

    /// The summary for people.
    pub fn text(&self) -> String {
        let mut out = String::new();
        let mut line = |label: &str, figure: &str, remark: &str| {
            let _ = writeln!(out, "{}", format!("{label:<26}{figure:>12}   {remark}").trim_end());
        };
        line("rules", "", &self.rules.join(", "));
        for plugin in &self.plugins {
            line("plugin", "", plugin);
        }
        line("conversations", &thousands(self.conversations), &note(self.too_short, "left out as too short"));
        if self.other_language > 0 {
            line("  left out", &thousands(self.other_language), "in other languages");
        }
        if self.duplicates > 0 {
            line("  left out", &thousands(self.duplicates), "stand in the input before");
        }
        for (label, count, what) in [
            ("  left out", self.repeated, "calls, repeated: their messages stand in what is kept"),
            ("  left out", self.helpers, "helper calls and asides: no part of a chat"),
            ("  left out", self.without_chat, "records without a chat"),
            ("  joined", self.joined, "records, each with others to one conversation"),
            ("  not joined", self.unjoined, "records that may belong together: too much to keep in mind"),
            ("  put right", self.mended, "conversations with a token that is no JSON or no UTF-8"),
        ] {
            if count > 0 {
                line(label, &thousands(count), what);
            }
        }
        line("later turns", &thousands(self.turns), "user messages after a first answer");
        if self.wordless > 0 {
            line(
                "  without text",
                &thousands(self.wordless),
                "of them: an image, a sound or a file, and no word",
            );
        }
        line(
            "  candidates",
            &thousands(self.candidates),
            &format!("{} of them: marked by a rule", share(self.candidates, self.turns)),
        );
        line("  accepted", &thousands(self.accepted.total()), &by_category(&self.accepted));
        line("  rejected", &thousands(self.rejected), "");
        if self.not_looked_at > 0 {
            line(
                "  not looked at",
                &thousands(self.not_looked_at),
                "in languages that no rule pack in force is for",
            );
        }
        line(
            "  waiting for the judge",
            &thousands(self.undecided),
            &note(self.unverified, "of them asked about, without an answer that is of use"),
        );
        for (why, count) in &self.unverified_reasons {
            line("", &thousands(*count), &printable(why));
        }
        if self.judged > 0 {
            let found = format!(
                "{} of them feedback: {}",
                thousands(self.judged_feedback.total()),
                by_category(&self.judged_feedback)
            );
            line("  judged", &thousands(self.judged), &found);
        }
        let Letters { turns, same_answer, .. } = self.letters;
        if turns > 0 {
            let what =
                format!("of them once more, with the letters in reverse: {same_answer} got the same answer");
            line("  asked twice", &thousands(turns), &what);
        }
        line(
            "with feedback",
            &thousands(self.with_feedback),
            &format!(
                "conversations{}: {} (the paper: about 30 % of conversations)",
                if self.undecided > 0 { " so far" } else { "" },
                share(self.with_feedback, self.conversations)
            ),
        );
        line(
            "quarantined records",
            &thousands(self.quarantined),
            if self.quarantined > 0 { "see quarantine/" } else { "" },
        );
        if self.plugin_faults > 0 {
            line(
                "plugin faults",
                &thousands(self.plugin_faults),
                "these turns wait for the judge; see faults.jsonl",
            );
        }
        let unit = match (self.unit, self.is_label) {
            (QuestionUnit::Turn, true) => "one a turn, with a short window, answered by one letter",
            (QuestionUnit::Turn, false) => "several turns in one, with short windows, answered in JSON",
            (QuestionUnit::Conversation, _) => "one a conversation, whole dialogue",
        };
        let _ = writeln!(
            out,
            "\nrequests to a judge: paper {}, here {}; input tokens: paper {}, here {} (estimated)",
            thousands(self.paper_requests),
            thousands(self.requests),
            thousands(self.paper_input_tokens),
            thousands(self.input_tokens),
        );
        let _ = writeln!(
            out,
            "  with the instructions counted once, as servers that reuse prefixes do: paper {}, here {}",
            thousands(self.paper_input_tokens_shared_prefix),
            thousands(self.input_tokens_shared_prefix),
        );
        let _ = writeln!(
            out,
            "  the paper's method: one a conversation with a later turn, whole dialogue; here: {unit}"
        );
        if self.calls > 0 {
            let _ = writeln!(
                out,
                "  asked so far: {} HTTP requests, {} input ({} of them computed before) and {} output tokens as the server counts",
                thousands(self.calls),
                thousands(self.reported_input_tokens),
                thousands(self.reported_cached_tokens),
                thousands(self.reported_output_tokens),
            );
            if self.spent_money > 0.0 || self.spent_gpu_seconds > 0.0 {
                let _ = writeln!(
                    out,
                    "  spent so far by the configured prices: {:.4} in money, {:.1} GPU-seconds",
                    self.spent_money, self.spent_gpu_seconds
                );
            }
        }
        self.write_curves(&mut out);
        self.write_legend(&mut out);
        let _ = writeln!(
            out,
            "\n{} in {:.2} s, written to {}",
            megabytes(self.bytes),
            self.seconds,
            self.run_dir
        );
        out
    }

    /// Why there is no conversation at all; nothing if there is one.
    pub fn nothing_read(&self) -> Option<&str> {
        self.nothing_read.as_deref()
    }

    /// What the categories are, and how far what was accepted can be trusted.
    fn write_legend(&self, out: &mut String) {
        out.push('\n');
        for category in Category::ALL {
            let _ = writeln!(out, "{category} {}: {}", category.name(), category.meaning());
        }
        if self.accepted.total() == 0 {
            return;
        }
        let _ = writeln!(
            out,
            "{}; look for yourself: rejoinder show {} --accepted --sample 20",
            match self.is_measured {
                true => TRUST,
                false =>
                    "how often what is accepted is feedback was not measured with these rules and plugins, or on such dialogues",
            },
            self.run_dir
        );
    }

    /// What each purpose takes, recall against spend.
    fn write_curves(&self, out: &mut String) {
        let Some(points) = self.curves.values().next() else { return };
        let _ = write!(out, "\nturns to ask about, by the score  recall");
        for point in points {
            let _ = write!(out, "{:>9}", point.recall);
        }
        for (purpose, points) in &self.curves {
            let _ = write!(out, "\n  for {purpose:<35}");
            for point in points {
                let _ = write!(out, "{:>9}", thousands(point.turns));
            }
        }
        out.push('\n');
    }
}

/// What asking takes.
struct Asking {
    requests: u64,
    input_tokens: u64,
    input_tokens_shared_prefix: u64,
    max_output_tokens: u64,
    is_label: bool,
    prompt: String,
}

impl Asking {
    /// Asking what a scan left, by a judge with these `findings`.
    fn of(config: &Config, findings: Option<&ServerCapabilities>, scan: &ScanStats) -> Result<Self, Failure> {
        let judge = Judge::expected(&config.judge, findings)?;
        Ok(Self::by(&judge.form, judge.requests(scan), scan.shown_tokens))
    }

    /// The paper's way of asking about all that was scanned.
    fn papers(scan: &ScanStats) -> Result<Self, Failure> {
        Ok(Self::by(&Judge::papers()?.form, scan.paper_requests, scan.paper_shown_tokens))
    }

    fn by(form: &QuestionForm, requests: u64, shown_tokens: u64) -> Self {
        let template = &form.template;
        Self {
            requests,
            input_tokens: requests * form.fixed_tokens() + shown_tokens,
            input_tokens_shared_prefix: requests * (form.fixed_tokens() - form.prefix_tokens())
                + form.prefix_tokens().min(requests * form.prefix_tokens())
                + shown_tokens,
            max_output_tokens: requests * u64::from(form.max_tokens()),
            is_label: template.answer == AnswerFormat::Label,
            prompt: format!("{} {} {}", template.name, template.version, &template.hash[..12]),
        }
    }
}

/// Whether [`TRUST`] speaks of a run: its rules and plugins are the shipped ones, and no score accepts.
fn is_measured(manifest: &Manifest) -> bool {
    let default = Config::default();
    let config = &manifest.config;
    config.rules.packs == default.rules.packs
        && config.rules.disable.is_empty()
        && config.cascade.accept_at.is_none()
        && manifest
            .plugins
            .iter()
            .all(|plugin| ["rephrase", "context", "scorer"].contains(&plugin.name.as_str()))
}

fn note(count: u64, what: &str) -> String {
    if count > 0 { format!("{} {what}", thousands(count)) } else { String::new() }
}

fn by_category(counts: &ByCategory) -> String {
    Category::ALL.map(|c| format!("{c} {}", thousands(counts.get(c)))).join(" · ")
}

/// `1,234,567`
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `12.3 %`
pub fn share(part: u64, whole: u64) -> String {
    if whole == 0 { "–".to_owned() } else { format!("{:.1} %", 100.0 * part as f64 / whole as f64) }
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_thousands() {
        assert_eq!([0, 999, 1000, 1_234_567].map(thousands), ["0", "999", "1,000", "1,234,567"]);
    }
}
