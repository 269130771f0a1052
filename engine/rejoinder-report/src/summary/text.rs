//! The summary for people.

use std::fmt::Write as _;

use rejoinder_core::{Category, printable};
use rejoinder_judge::ServerRates;
use rejoinder_run::judging::LetterCheck;
use rejoinder_run::stats::ByCategory;

use super::asking_table;
use super::figures::Summary;
use super::nights::NightSummary;
use crate::numbers::{share, size, thousands};

/// How far what the shipped rules and plugins accept can be trusted: 124 turns accepted in 375 dialogues that were kept apart
/// (`rejoinder eval chats_labelled.jsonl --labels --where split=dev`).
pub(super) const TRUST: &str = "accepted: feedback in 97 of 100 cases (92 to 99) in chats with assistants, by labels of a language model; \
                     not measured elsewhere";

impl Summary {
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
        let superseded = self.after.as_ref().map_or(0, |after| after.superseded);
        for (label, count, what) in [
            ("  left out", superseded, "go on in a conversation of a later night"),
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
        let LetterCheck { turns, same_answer, .. } = self.letters;
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
            "  the paper's method: one a conversation with a later turn, whole dialogue; here: {}",
            self.form
        );
        if self.requests > self.paper_requests {
            let _ = writeln!(
                out,
                "  these are more requests than the paper's method makes, each much shorter; `rejoinder plan` prints the bill of every form"
            );
        }
        if self.calls > 0 {
            let _ = writeln!(
                out,
                "  asked so far: {} HTTP requests, {} input ({} of them computed before) and {} output tokens as the server counts",
                thousands(self.calls),
                thousands(self.reported_input_tokens),
                thousands(self.reported_cached_tokens),
                thousands(self.reported_output_tokens),
            );
            if self.requests_apart + self.requests_again > 0 {
                let _ = writeln!(
                    out,
                    "  among these: {} about what a shared request had left open, {} made again",
                    thousands(self.requests_apart),
                    thousands(self.requests_again),
                );
            }
            if let Some(NightSummary { run_dir, spent, .. }) =
                self.after.as_ref().filter(|after| after.spent.calls > 0)
            {
                let _ = writeln!(
                    out,
                    "  {} of them before this run, carried on from {}; a budget holds for all of them together",
                    thousands(spent.calls),
                    printable(run_dir),
                );
            }
            self.write_server_time(&mut out);
            if self.spent_money > 0.0 || self.spent_gpu_seconds > 0.0 {
                let _ = writeln!(
                    out,
                    "  spent so far by the configured prices: {:.4} in money, {:.1} GPU-seconds",
                    self.spent_money, self.spent_gpu_seconds
                );
            }
        }
        if let Some(says) = &self.score_says {
            let _ = writeln!(out, "\n{says}");
        }
        out += &asking_table::text(&self.asking);
        self.write_curves(&mut out);
        if let Some(after) = &self.after {
            out.push('\n');
            for sentence in &after.says {
                let _ = writeln!(out, "{}", printable(sentence));
            }
            for change in &after.changes {
                let _ = writeln!(out, "  since then, {}", printable(change));
            }
        }
        self.write_legend(&mut out);
        let _ = writeln!(
            out,
            "\n{} in {:.2} s, written to {}",
            size(self.bytes as f64),
            self.seconds,
            self.run_dir
        );
        out
    }

    /// How far what was accepted can be trusted, and by whose word.
    pub fn trust(&self) -> &'static str {
        match self.is_measured {
            true => TRUST,
            false => {
                "how often what is accepted is feedback was not measured with these rules and plugins, or on such dialogues"
            }
        }
    }

    /// How long the server worked, as measured.
    fn write_server_time(&self, out: &mut String) {
        if self.measured_server_seconds <= 0.0 {
            return;
        }
        let _ = write!(
            out,
            "  measured: the server worked {:.1} s for its answers",
            self.measured_server_seconds
        );
        if let Some(ServerRates { input, output }) = self.measured_rates {
            let _ = write!(
                out,
                "; for the next plan, times the server's GPUs: [judge.price] gpu-seconds-input = {input:.1}, gpu-seconds-output = {output:.1}"
            );
        }
        out.push('\n');
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
            self.trust(),
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

fn note(count: u64, what: &str) -> String {
    if count > 0 { format!("{} {what}", thousands(count)) } else { String::new() }
}

fn by_category(counts: &ByCategory) -> String {
    Category::ALL.map(|c| format!("{c} {}", thousands(counts.get(c)))).join(" · ")
}
