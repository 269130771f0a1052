//! The card of a data set: a README.md as the hub reads it. The card says what the files hold and where their rows come from.

use std::fmt::Write as _;

use rejoinder_core::Category;
use serde_json::Value;

use super::arrange;
use super::example::{Example, TrainingTask};

/// A file of the data set.
#[derive(Clone, Copy, Debug)]
pub struct Split<'a> {
    /// `train` or `validation`.
    pub name: &'a str,
    /// The path of the file, relative to the card.
    pub path: &'a str,
    /// The examples in the file.
    pub examples: &'a [Example],
}

/// Everything that a card says besides the contents of the files.
#[derive(Clone, Copy, Debug)]
pub struct Card<'a> {
    /// The kind of training that the files are for.
    pub task: TrainingTask,
    /// The library that reads the files.
    pub library: &'a str,
    /// The licence of the source, as the hub names licences.
    pub license: &'a str,
    /// Why feedback was left out, and how much for each reason.
    pub left_out: &'a [(String, u64)],
    /// What was changed in rows that stayed, and in how many rows.
    pub changed: &'a [(&'static str, u64)],
    /// The piece of configuration that reads the files.
    pub configuration: &'a str,
    /// The seed of the export.
    pub seed: u64,
    /// The version of the engine.
    pub engine: &'a str,
    /// The hash of all rules in force.
    pub rules_hash: &'a str,
    /// The plugins in force, each by name and identity.
    pub plugins: &'a [(String, String)],
    /// The model of the judge; empty where no judge was asked.
    pub judge: &'a str,
    /// What a reader should know before using the data set.
    pub remarks: &'a [String],
    /// The certificate of the run, if the run was audited.
    pub certificate: Option<&'a Value>,
}

impl Card<'_> {
    /// The card of these files.
    pub fn text(&self, splits: &[Split<'_>]) -> String {
        let mut text = self.header(splits);
        let _ = writeln!(
            text,
            "\n# Feedback in passing, for {}\n\n\
             What users told an assistant about its answers in the course of their dialogues, found by rejoinder and paired \
             with the answers they told it about. Categories are those of arXiv 2407.10944.\n",
            self.task.name().to_uppercase()
        );
        if !self.remarks.is_empty() {
            text.push_str("\n## Before you use it\n\n");
            for remark in self.remarks {
                let _ = writeln!(text, "* {}", cell(remark));
            }
            text.push('\n');
        }
        self.counts(&mut text, splits);
        if !self.left_out.is_empty() {
            text.push_str("\n## Left out\n\n| why | feedback |\n|---|---:|\n");
            for (why, count) in self.left_out {
                let _ = writeln!(text, "| {} | {count} |", cell(why));
            }
        }
        if !self.changed.is_empty() {
            text.push_str("\n## Changed\n\n| what | rows |\n|---|---:|\n");
            for (what, count) in self.changed {
                let _ = writeln!(text, "| {what} | {count} |");
            }
        }
        self.provenance(&mut text);
        match self.certificate {
            Some(certificate) => certified(&mut text, certificate),
            None => text.push_str("\nThe run was not audited: nothing is known of what it missed.\n"),
        }
        let _ = writeln!(text, "\n## To read it with {}\n\n```\n{}```", self.library, self.configuration);
        text
    }

    fn header(&self, splits: &[Split<'_>]) -> String {
        let rows: usize = splits.iter().map(|split| split.examples.len()).sum();
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
            self.license,
            self.task.name()
        );
        for split in splits {
            let _ = writeln!(text, "  - split: {}\n    path: {}", split.name, split.path);
        }
        text.push_str("---\n");
        text
    }

    fn counts(&self, text: &mut String, splits: &[Split<'_>]) {
        let kinds = if self.task == TrainingTask::Kto { " desirable | undesirable |" } else { "" };
        let dashes = if self.task == TrainingTask::Kto { "---:|---:|" } else { "" };
        let categories = Category::ALL.map(Category::code).join(" | ");
        let _ = writeln!(
            text,
            "| split | rows |{kinds} {categories} |\n|---|---:|{dashes}---:|---:|---:|---:|---:|"
        );
        for split in splits {
            let _ = write!(text, "| {} | {} |", split.name, split.examples.len());
            if self.task == TrainingTask::Kto {
                let [undesirable, desirable] = arrange::label_counts(split.examples);
                let _ = write!(text, " {desirable} | {undesirable} |");
            }
            for category in Category::ALL {
                let count = split.examples.iter().filter(|example| example.category == category).count();
                let _ = write!(text, " {count} |");
            }
            text.push('\n');
        }
        let categories = Category::ALL.map(|category| format!("{category} {}", category.name())).join(", ");
        let _ = writeln!(text, "\n{categories}. No conversation is in two splits.");
    }

    fn provenance(&self, text: &mut String) {
        let _ = writeln!(
            text,
            "\n## Where it comes from\n\n* rejoinder {}, rules `{}`",
            self.engine, self.rules_hash
        );
        for (name, identity) in self.plugins {
            let _ = writeln!(text, "* plugin {} `{identity}`", cell(name));
        }
        let judge = if self.judge.is_empty() { "none was asked" } else { self.judge };
        let _ = writeln!(text, "* judge: {}\n* seed {}", cell(judge), self.seed);
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
