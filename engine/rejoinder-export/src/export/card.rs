//! The card of a data set: a README.md as the hub reads it. The card says what the files hold and where their rows come from.

use std::fmt::Write as _;

use rejoinder_core::Category;
use serde_json::Value;

use super::arrange;
use super::data_set::{DataSet, RowOrigin};
use super::example::{Example, TrainingTask};

/// The card of a data set.
#[derive(Clone, Copy, Debug)]
pub struct Card<'a> {
    /// The data set.
    pub set: &'a DataSet<'a>,
    /// The piece of configuration that reads the files.
    pub configuration: &'a str,
    /// The certificate of the run that found the feedback, if the run was audited.
    pub certificate: Option<&'a Value>,
    /// The file beside the card with the figures of the run that found the feedback, if there is one.
    pub report: Option<&'a str>,
}

impl Card<'_> {
    /// The card as text.
    pub fn text(&self) -> String {
        let set = self.set;
        let mut text = self.header();
        let task = set.task.name().to_uppercase();
        let _ = match set.origin {
            RowOrigin::Run => writeln!(
                text,
                "\n# Feedback in passing, for {task}\n\n\
                 What users told an assistant about its answers in the course of their dialogues, found by rejoinder and paired \
                 with the answers they told it about. Categories are those of arXiv 2407.10944.\n"
            ),
            RowOrigin::RecordLabels | RowOrigin::LabelFile => writeln!(
                text,
                "\n# Labelled feedback in passing, for {task}\n\n\
                 What users told an assistant about its answers in the course of their dialogues, as labels that came with the \
                 dialogues say, paired by rejoinder with the answers they told it about. Categories are those of arXiv 2407.10944.\n"
            ),
            RowOrigin::Draw => writeln!(
                text,
                "\n# Exchanges drawn at random, for {task}\n\n\
                 Answers of an assistant and the dialogues before them, drawn by rejoinder from all that a corpus holds, whatever \
                 the users said about the answers.\n"
            ),
        };
        if !set.remarks.is_empty() {
            text.push_str("\n## Before you use it\n\n");
            for remark in set.remarks {
                let _ = writeln!(text, "* {}", cell(remark));
            }
            text.push('\n');
        }
        self.counts(&mut text);
        if !set.left_out.is_empty() {
            let _ = writeln!(text, "\n## Left out\n\n| why | {} |\n|---|---:|", set.origin.noun());
            for (why, count) in set.left_out {
                let _ = writeln!(text, "| {} | {count} |", cell(why));
            }
        }
        if !set.changed.is_empty() {
            text.push_str("\n## Changed\n\n| what | rows |\n|---|---:|\n");
            for (what, count) in set.changed {
                let _ = writeln!(text, "| {what} | {count} |");
            }
        }
        self.provenance(&mut text);
        match (self.certificate, set.origin) {
            (Some(certificate), _) => certified(&mut text, certificate),
            (None, RowOrigin::Run) => {
                text.push_str("\nThe run was not audited: nothing is known of what it missed.\n");
            }
            (None, _) => {}
        }
        if let Some(report) = self.report {
            let _ = writeln!(
                text,
                "\nHow much feedback the run found, among whom, and what it left out: [{report}]({report})."
            );
        }
        let _ =
            writeln!(text, "\n## To read it with {}\n\n```\n{}```", set.style.library(), self.configuration);
        text
    }

    fn header(&self) -> String {
        let set = self.set;
        let rows: usize = set.splits.iter().map(|split| split.examples.len()).sum();
        let size = match rows {
            0..1_000 => "n<1K",
            1_000..10_000 => "1K<n<10K",
            10_000..100_000 => "10K<n<100K",
            100_000..1_000_000 => "100K<n<1M",
            _ => "1M<n<10M",
        };
        let mut text = format!(
            "---\nlicense: {}\ntask_categories:\n- text-generation\nsize_categories:\n- {size}\ntags:\n- user-feedback\n- {}\n\
             configs:\n- config_name: default\n  data_files:\n",
            set.license,
            set.name()
        );
        // Readers refuse a split without rows.
        for split in set.splits.iter().filter(|split| !split.examples.is_empty()) {
            let _ = writeln!(text, "  - split: {}\n    path: {}", split.name, split.path);
        }
        text.push_str("---\n");
        text
    }

    fn counts(&self, text: &mut String) {
        let set = self.set;
        let mut columns = vec!["rows"];
        if set.task == TrainingTask::Kto {
            columns.extend(["desirable", "undesirable"]);
        }
        if set.has_categories() {
            columns.extend(Category::ALL.map(Category::code));
        }
        let dashes = "---:|".repeat(columns.len());
        let _ = writeln!(text, "| split | {} |\n|---|{dashes}", columns.join(" | "));
        for split in set.splits {
            let _ = write!(text, "| {} | {} |", split.name, split.examples.len());
            if set.task == TrainingTask::Kto {
                let [undesirable, desirable] = arrange::label_counts(split.examples);
                let _ = write!(text, " {desirable} | {undesirable} |");
            }
            for category in Category::ALL.into_iter().filter(|_| set.has_categories()) {
                let of_category = |example: &&Example| example.category == Some(category);
                let _ = write!(text, " {} |", split.examples.iter().filter(of_category).count());
            }
            text.push('\n');
        }
        text.push('\n');
        if set.has_categories() {
            let categories = Category::ALL.map(|category| format!("{category} {}", category.name()));
            let _ = write!(text, "{}. ", categories.join(", "));
        }
        let _ = match (set.origin, set.validation) {
            (RowOrigin::Draw, 0.0) => writeln!(text, "No conversation is held out."),
            (RowOrigin::Draw, share) => writeln!(
                text,
                "Conversations that other exports of this corpus hold out with `--validation {share} --seed {}` are left out.",
                set.seed
            ),
            _ => writeln!(
                text,
                "No conversation is in two splits, and conversations that open alike are in one: `opening` is a hash of all messages up to \
                 the first request."
            ),
        };
    }

    fn provenance(&self, text: &mut String) {
        let set = self.set;
        let _ = writeln!(
            text,
            "\n## Where it comes from\n\n* rejoinder {}, rules `{}`",
            set.engine, set.rules_hash
        );
        for (name, identity) in set.plugins {
            let _ = writeln!(text, "* plugin {} `{identity}`", cell(name));
        }
        let judge = set.judge.unwrap_or("none was asked");
        let _ = writeln!(text, "* judge: {}\n* seed {}", cell(judge), set.seed);
        let labels = match set.origin {
            RowOrigin::Run | RowOrigin::Draw => return,
            RowOrigin::RecordLabels => "the records' own",
            RowOrigin::LabelFile => "a file beside the corpus",
        };
        let _ = writeln!(text, "* labels: {labels}, in place of what the run found");
    }
}

/// The claims of a certificate, with all their assumptions.
fn certified(text: &mut String, certificate: &Value) {
    let said = |key: &str| certificate[key].as_str().map_or_else(|| certificate[key].to_string(), cell);
    let _ = writeln!(
        text,
        "\n## What was missed\n\nFor `{}`, against {}, all bounds together with confidence {}:\n\n\
         | | recall, surely at least | precision, surely at least |\n|---|---:|---:|",
        said("for"),
        said("oracle"),
        said("confidence")
    );
    for claim in certificate["claims"].as_array().into_iter().flatten() {
        let least = |what: &str| claim[what]["at_least"].as_f64().unwrap_or_default();
        let name = cell(claim["name"].as_str().unwrap_or_default());
        let _ = writeln!(text, "| {name} | {:.3} | {:.3} |", least("recall"), least("precision"));
    }
    if let Some(quality) = certificate["oracle_quality"].as_str() {
        let _ = writeln!(text, "\nOf the oracle itself: {}.", cell(quality));
    }
    text.push_str("\nThis assumes:\n\n");
    for assumption in certificate["assumptions"].as_array().into_iter().flatten() {
        let _ = writeln!(text, "* {}", cell(assumption.as_str().unwrap_or_default()));
    }
}

/// Text that stays within its line and its cell.
fn cell(text: &str) -> String {
    rejoinder_core::printable(text).replace('|', "\\|").replace(['\n', '\r'], " ")
}
