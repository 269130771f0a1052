//! The summary of a run: the funnel, who decided, and what the judge costs beside the paper's method.

use std::fmt::Write as _;

use rejoinder_core::Category;
use rejoinder_judge::{Unit, prompt, tokens};
use rejoinder_ledger::Spent;
use serde::Serialize;

use crate::failure::Failure;
use crate::pipeline::run_dir::RunDir;
use crate::pipeline::stats::{ByCategory, JudgeStats, ScanStats};

/// All figures of a run, as `--json` prints them.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// Conversations read.
    pub conversations: u64,
    /// Conversations left out because of `min-messages`.
    pub too_short: u64,
    /// Later turns = accepted + rejected + undecided + judged.
    pub turns: u64,
    /// Later turns that some rule marked.
    pub candidates: u64,
    /// Accepted by rules and plugins, by category.
    pub accepted: ByCategory,
    /// Rejected by rules and plugins, or never marked.
    pub rejected: u64,
    /// Waiting for the judge.
    pub undecided: u64,
    /// Settled by the judge.
    pub judged: u64,
    /// Those of the judged that are feedback, by category.
    pub judged_feedback: ByCategory,
    /// Of the undecided: answered, but the answer does not fit the turn.
    pub unverified: u64,
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
    /// HTTP attempts spent so far.
    pub calls: u64,
    /// Input tokens that the server reported.
    pub reported_input_tokens: u64,
    /// Output tokens that the server reported.
    pub reported_output_tokens: u64,
    /// Each plugin, and how it was loaded.
    pub plugins: Vec<String>,
    #[serde(skip)]
    unit: Unit,
    #[serde(skip)]
    rules: Vec<String>,
}

impl Summary {
    /// Gathers the figures of a run.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn of(run: &RunDir, seconds: f64) -> Result<Self, Failure> {
        let scan: ScanStats = run.scan_stats()?;
        let judge: JudgeStats = run.judge_stats()?;
        let Spent { calls, prompt_tokens, completion_tokens } = run.ledger.spent()?;
        let manifest = &run.manifest;
        let unit = manifest.config.judge.unit();
        let once = |unit, requests: u64, tokens: u64| {
            tokens - requests.saturating_sub(1) * tokens::estimate(prompt::instructions(unit))
        };
        Ok(Self {
            conversations: scan.conversations,
            too_short: scan.too_short,
            turns: scan.turns,
            candidates: scan.candidates,
            accepted: scan.accepted,
            rejected: scan.rejected,
            undecided: scan.undecided - judge.judged,
            judged: judge.judged,
            judged_feedback: judge.feedback,
            unverified: judge.unverified,
            quarantined: scan.quarantined,
            plugin_faults: scan.faults,
            seconds,
            bytes: scan.bytes,
            run_dir: run.path.display().to_string(),
            requests: scan.requests,
            paper_requests: scan.paper_requests,
            input_tokens: scan.input_tokens,
            paper_input_tokens: scan.paper_input_tokens,
            input_tokens_shared_prefix: once(unit, scan.requests, scan.input_tokens),
            paper_input_tokens_shared_prefix: once(
                Unit::Conversation,
                scan.paper_requests,
                scan.paper_input_tokens,
            ),
            calls,
            reported_input_tokens: prompt_tokens,
            reported_output_tokens: completion_tokens,
            plugins: manifest
                .plugins
                .iter()
                .map(|p| match p.hash.is_empty() {
                    true => format!("{} {}, linked in", p.name, p.version),
                    false => format!("{} {}, loaded from {}", p.name, p.version, p.origin),
                })
                .collect(),
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
        line("later turns", &thousands(self.turns), "user messages after a first answer");
        line(
            "  candidates",
            &thousands(self.candidates),
            &format!("{} of them: marked by a rule", share(self.candidates, self.turns)),
        );
        line("  accepted", &thousands(self.accepted.total()), &by_category(&self.accepted));
        line("  rejected", &thousands(self.rejected), "");
        line(
            "  waiting for the judge",
            &thousands(self.undecided),
            &note(self.unverified, "answered, but the answer does not fit the turn"),
        );
        if self.judged > 0 {
            let found = format!(
                "{} of them feedback: {}",
                thousands(self.judged_feedback.total()),
                by_category(&self.judged_feedback)
            );
            line("  judged", &thousands(self.judged), &found);
        }
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
        let unit = match self.unit {
            Unit::Turn => "one a turn, with a short window",
            Unit::Conversation => "one a conversation, whole dialogue",
        };
        let _ = writeln!(
            out,
            "\nMixtral requests: paper {}, here {}; input tokens: paper {}, here {} (estimated)",
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
                "  asked so far: {} HTTP calls, {} input and {} output tokens as the server counts",
                thousands(self.calls),
                thousands(self.reported_input_tokens),
                thousands(self.reported_output_tokens),
            );
        }
        let _ = writeln!(
            out,
            "\n{} in {:.2} s, written to {}",
            megabytes(self.bytes),
            self.seconds,
            self.run_dir
        );
        out
    }
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
