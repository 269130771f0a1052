//! What one plugin says of a corpus, what that costs, and how it compares with labels.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use rejoinder_core::{Answer, Verdict, Vote, printable};
use rejoinder_host::LoadedPlugin;
use serde::Serialize;

use crate::evaluation::Proportion;
use crate::plugin_effect::PluginEffect;

/// Score ranges of the reliability curve.
const BINS: usize = 10;

/// Counts over candidates.
#[derive(Clone, Debug, Default)]
pub struct VoteTally {
    candidates: u64,
    verdicts: BTreeMap<(&'static str, &'static str), VerdictTally>,
    reasons: BTreeMap<u16, u64>,
    faults: u64,
    bins: [ScoreBin; BINS],
}

/// One verdict.
#[derive(Clone, Copy, Debug, Default)]
struct VerdictTally {
    given: u64,
    labelled: u64,
    feedback: u64,
    right_category: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct ScoreBin {
    labelled: u64,
    score: f64,
    feedback: u64,
}

impl VoteTally {
    /// Counts a vote, and the labellers' word on the turn.
    pub fn add(&mut self, vote: &Vote, label: Answer) {
        self.candidates += 1;
        self.faults += u64::from(vote.is_fault());
        if vote.reason > 0 {
            *self.reasons.entry(vote.reason).or_default() += 1;
        }
        let names = if vote.is_fault() { ("fault", "") } else { vote.verdict.names() };
        let row = self.verdicts.entry(names).or_default();
        row.given += 1;
        if !label.is_known() {
            return;
        }
        let label = label.category();
        row.labelled += 1;
        row.feedback += u64::from(label.is_some());
        row.right_category += u64::from(match vote.verdict {
            Verdict::Accept(category) => label == Some(category),
            _ => false,
        });
        if let Some(score) = vote.score {
            let bin = &mut self.bins[((score * BINS as f32) as usize).min(BINS - 1)];
            bin.labelled += 1;
            bin.score += f64::from(score);
            bin.feedback += u64::from(label.is_some());
        }
    }

    /// Adds the counts of another part of the corpus.
    pub fn merge(&mut self, other: &Self) {
        self.candidates += other.candidates;
        self.faults += other.faults;
        for (names, more) in &other.verdicts {
            let row = self.verdicts.entry(*names).or_default();
            row.given += more.given;
            row.labelled += more.labelled;
            row.feedback += more.feedback;
            row.right_category += more.right_category;
        }
        for (reason, more) in &other.reasons {
            *self.reasons.entry(*reason).or_default() += more;
        }
        for (bin, more) in self.bins.iter_mut().zip(&other.bins) {
            bin.labelled += more.labelled;
            bin.score += more.score;
            bin.feedback += more.feedback;
        }
    }

    /// How many candidates there were.
    pub const fn candidates(&self) -> u64 {
        self.candidates
    }
}

/// The result of a bench.
#[derive(Clone, Debug, Serialize)]
pub struct PluginBench {
    /// The plugin.
    pub plugin: String,
    /// Candidates in the corpus.
    pub candidates: u64,
    /// Median and least cost of a candidate over the passes, in nanoseconds.
    pub nanoseconds: Nanoseconds,
    /// Candidates on which the plugin failed.
    pub faults: u64,
    /// How often the plugin gave each verdict.
    pub verdicts: Vec<VerdictRow>,
    /// How often the plugin gave each reason.
    pub reasons: Vec<(String, u64)>,
    /// Scores beside labels, by tenths; empty without labels.
    pub reliability: Vec<Reliability>,
    /// What the plugin would change in decisions; empty without labels.
    pub effects: Vec<PluginEffect>,
    /// What cannot be said of that, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effect_remark: Option<String>,
}

/// Cost of a candidate.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Nanoseconds {
    /// Median over the passes.
    pub median: f64,
    /// Least.
    pub least: f64,
    /// How many passes.
    pub passes: usize,
}

/// One verdict.
#[derive(Clone, Debug, Serialize)]
pub struct VerdictRow {
    /// `accept`, `reject`, `escalate`, `abstain` or `fault`.
    pub verdict: String,
    /// The accepted category; empty where there is none.
    pub category: String,
    /// How often.
    pub given: u64,
    /// The number of these candidates with labels.
    pub labelled: u64,
    /// The share of feedback among the labelled candidates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feedback: Option<Proportion>,
    /// For an accept, the share of feedback of the accepted category among the labelled candidates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub right_category: Option<Proportion>,
}

/// Scores in one range beside labels.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Reliability {
    /// The range begins here.
    pub from: f64,
    /// Labelled candidates with such a score.
    pub labelled: u64,
    /// The mean score of these candidates.
    pub mean_score: f64,
    /// The share of feedback among these candidates.
    pub feedback: f64,
}

impl PluginBench {
    /// Puts counts and times into words. `nanoseconds` has the cost of a candidate for each pass.
    ///
    /// # Panics
    /// If there was no pass.
    pub fn new(plugin: &LoadedPlugin, tally: &VoteTally, mut nanoseconds: Vec<f64>) -> Self {
        nanoseconds.sort_by(f64::total_cmp);
        let passes = nanoseconds.len();
        let row = |(&(verdict, category), row): (&(&str, &str), &VerdictTally)| VerdictRow {
            verdict: verdict.to_owned(),
            category: category.to_owned(),
            given: row.given,
            labelled: row.labelled,
            feedback: (row.labelled > 0).then(|| Proportion::new(row.feedback, row.labelled)),
            right_category: (row.labelled > 0 && !category.is_empty())
                .then(|| Proportion::new(row.right_category, row.labelled)),
        };
        let bins = tally.bins.iter().enumerate().filter(|(_, bin)| bin.labelled > 0);
        Self {
            plugin: format!("{} {}", plugin.name(), plugin.description().version),
            candidates: tally.candidates,
            nanoseconds: Nanoseconds { median: nanoseconds[passes / 2], least: nanoseconds[0], passes },
            faults: tally.faults,
            verdicts: tally.verdicts.iter().map(row).collect(),
            reasons: tally
                .reasons
                .iter()
                .map(|(&r, &n)| (plugin.description().reason(r).to_owned(), n))
                .collect(),
            reliability: bins
                .map(|(index, bin)| Reliability {
                    from: index as f64 / BINS as f64,
                    labelled: bin.labelled,
                    mean_score: bin.score / bin.labelled as f64,
                    feedback: bin.feedback as f64 / bin.labelled as f64,
                })
                .collect(),
            effects: Vec::new(),
            effect_remark: None,
        }
    }

    /// For people.
    pub fn text(&self) -> String {
        let Nanoseconds { median, least, passes } = self.nanoseconds;
        let mut out = format!(
            "{}: {} candidates, {median:.0} ns each (median of {passes} passes; least {least:.0}), {} faults\n\n",
            printable(&self.plugin),
            self.candidates,
            self.faults
        );
        let is_labelled = self.verdicts.iter().any(|row| row.labelled > 0);
        let _ = writeln!(
            out,
            "{:<14} {:>8}{}",
            "verdict",
            "given",
            if is_labelled { "   labelled  feedback (95 %)      of this category (95 %)" } else { "" }
        );
        for row in &self.verdicts {
            let _ = write!(out, "{:<14} {:>8}", format!("{} {}", row.verdict, row.category), row.given);
            if let Some(feedback) = &row.feedback {
                let _ = write!(out, "   {:>8}  {}", row.labelled, shown(feedback));
            }
            if let Some(right) = &row.right_category {
                let _ = write!(out, "  {}", shown(right));
            }
            out.push('\n');
        }
        if !self.reasons.is_empty() {
            out += "\nreason\n";
            for (reason, count) in &self.reasons {
                let _ = writeln!(out, "{count:>8}  {}", printable(reason));
            }
        }
        if !self.reliability.is_empty() {
            out += "\nscore      labelled  mean score  feedback\n";
            for bin in &self.reliability {
                let to = bin.from + 1.0 / BINS as f64;
                let _ = writeln!(
                    out,
                    "{:.1}–{to:.1}    {:>8}  {:>10.3}  {:>8.3}",
                    bin.from, bin.labelled, bin.mean_score, bin.feedback
                );
            }
        }
        if !self.effects.is_empty() {
            let effects: Vec<String> = self.effects.iter().map(PluginEffect::text).collect();
            let all = effects.into_iter().chain(self.effect_remark.clone()).collect::<Vec<_>>().join(" ");
            out += &wrapped(&printable(&format!(
                "What it would change, with the labels in the judge's place: {all}"
            )));
        }
        out
    }
}

/// A paragraph in lines of at most 100 characters, after an empty line.
fn wrapped(paragraph: &str) -> String {
    const WIDTH: usize = 100;
    let mut out = String::new();
    let mut width = WIDTH;
    for word in paragraph.split(' ') {
        let length = word.chars().count();
        let is_full = width + 1 + length > WIDTH;
        out.push(if is_full { '\n' } else { ' ' });
        width = if is_full { length } else { width + 1 + length };
        out += word;
    }
    format!("{out}\n")
}

fn shown(Proportion { value, low, high, .. }: &Proportion) -> String {
    format!("{value:.3} ({low:.3}–{high:.3})")
}
