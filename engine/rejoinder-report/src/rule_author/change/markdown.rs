//! A change as a comment of a pull request. Such a comment is public: chat text stands in it only where somebody wants it.

use std::fmt::Write as _;

use rejoinder_core::printable;
use rejoinder_run::guards::GuardStanding;

use super::report::ChangeReport;
use super::shown::transition_words;
use crate::numbers::{counted, thousands};
use crate::rule_author::guards::{GuardCounts, standing_words};

/// The alignment of a column of words.
const WORDS: &str = "---";
/// The alignment of a column of figures.
const FIGURES: &str = "---:";
/// The most rules that a comment lists.
const RULES: usize = 10;

impl ChangeReport {
    /// For a comment of a pull request; dialogues are part of it with `with_samples`.
    pub fn markdown(&self, with_samples: bool) -> String {
        let mut out = format!(
            "### Rules: {} → {}\n\n{}\n",
            code(&self.before.name),
            code(&self.after.name),
            self.sentence()
        );
        if let Some(why) = self.why_nothing() {
            let _ = writeln!(out, "{why}");
        }
        let broken = GuardCounts::of(&self.guards).broken as u64;
        if broken > 0 {
            let _ = writeln!(out, "\n**{} of guards broken.**", counted(broken, "limit"));
        }
        table(&mut out, FIGURES, &self.table());
        if !self.transitions.is_empty() {
            let heads = ["changed turns", "turns"].map(str::to_owned);
            let rows =
                self.transitions.iter().map(|row| [transition_words(row.transition), thousands(row.turns)]);
            table(&mut out, FIGURES, &std::iter::once(heads).chain(rows).collect::<Vec<_>>());
        }
        if let Some(labels) = &self.labels {
            let _ = writeln!(out, "\n{}", escaped(&labels.heading()));
            let rows = labels.rows();
            if !rows.is_empty() {
                let heads = ["", "before", "after", "difference"].map(str::to_owned);
                table(&mut out, FIGURES, &std::iter::once(heads).chain(rows).collect::<Vec<_>>());
            }
            if let Some(missing) = labels.missing() {
                let _ = writeln!(out, "\n{missing}");
            }
            let lines = labels.changed_lines();
            if !lines.is_empty() {
                let _ = write!(out, "\n```\n{lines}```\n");
            }
        }
        if !self.guards.is_empty() {
            let heads = ["guard", "standing", "figure"].map(str::to_owned);
            let rows =
                self.guards.iter().map(|row| [code(&row.name()), standing(row.standing), escaped(&row.says)]);
            table(&mut out, WORDS, &std::iter::once(heads).chain(rows).collect::<Vec<_>>());
        }
        if !self.rules.is_empty() {
            let hits = |hits: Option<u64>| hits.map_or_else(|| "–".to_owned(), thousands);
            let heads = ["rule", "hits before", "hits after", "changed turns"].map(str::to_owned);
            let rows = self.rules.iter().take(RULES).map(|row| {
                [code(&row.id), hits(row.hits_before), hits(row.hits_after), thousands(row.changed)]
            });
            table(&mut out, FIGURES, &std::iter::once(heads).chain(rows).collect::<Vec<_>>());
        }
        let dialogues = self.dialogues.iter().filter(|(_, dialogues)| !dialogues.is_empty());
        match with_samples {
            true => {
                for (kind, dialogues) in dialogues {
                    let count = counted(dialogues.len() as u64, "turn");
                    let _ = writeln!(out, "\n<details><summary>{kind}: {count}</summary>\n\n<pre>");
                    dialogues.iter().for_each(|dialogue| out += &escaped(dialogue));
                    out += "</pre>\n</details>\n";
                }
            }
            false => {
                let shown: u64 = dialogues.map(|(_, dialogues)| dialogues.len() as u64).sum();
                if shown > 0 {
                    let _ = writeln!(
                        out,
                        "\n{} to read: run `rejoinder rules diff` on your own machine.",
                        counted(shown, "turn")
                    );
                }
            }
        }
        let _ = writeln!(
            out,
            "\n<sub>Tokens are estimates, and no stored reply is reckoned with; nobody was asked.</sub>"
        );
        out
    }
}

/// Adds a table whose first row holds the heads; the columns behind the first are aligned as said.
fn table<const N: usize>(out: &mut String, aligned: &str, rows: &[[String; N]]) {
    let line = |row: &[String; N]| {
        format!("| {} |\n", row.each_ref().map(|cell| cell.replace('|', "\\|")).join(" | "))
    };
    if let Some((heads, rows)) = rows.split_first() {
        out.push('\n');
        *out += &line(heads);
        let aligned: Vec<&str> = (0..N).map(|column| if column == 0 { WORDS } else { aligned }).collect();
        let _ = writeln!(out, "| {} |", aligned.join(" | "));
        rows.iter().for_each(|row| *out += &line(row));
    }
}

/// How a limit stands; what is broken stands out.
fn standing(standing: GuardStanding) -> String {
    let words = standing_words(standing);
    match standing {
        GuardStanding::Broken => format!("**{}**", words.to_lowercase()),
        _ => words.to_owned(),
    }
}

/// A name between backticks.
fn code(name: &str) -> String {
    format!("`{}`", printable(name).replace(['`', '\n'], "'"))
}

/// A text in which nothing is markup.
fn escaped(text: &str) -> String {
    printable(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
