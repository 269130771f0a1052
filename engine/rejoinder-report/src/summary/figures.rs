//! The figures of a run.

use std::collections::BTreeMap;
use std::path::Path;

use rejoinder_judge::{NANOS_PER_UNIT, ServerCapabilities, ServerRates};
use rejoinder_ledger::SpendingTotal;
use rejoinder_run::RunDir;
use rejoinder_run::folder::Manifest;
use rejoinder_run::judging::LetterCheck;
use rejoinder_run::recall::Curves;
use rejoinder_run::stats::{ByCategory, JudgeStats};
use rejoinder_scan::config::SwitchedOff;
use rejoinder_scan::{Config, ScoreRole, is_read};
use serde::Serialize;

use super::asking_cost::AskingCost;
use super::asking_table::{AskingRow, asking_rows};
use super::nights::NightSummary;
use crate::remarks::{self, DecidedRun, ReadFigures, Remark};
use crate::rule_author::guards::GuardRow;
use rejoinder_run::RunError;

/// All figures of a run, as `--json` prints them.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// Conversations read.
    pub conversations: u64,
    /// Conversations left out because of `min-messages`.
    pub too_short: u64,
    /// Conversations left out because of `lang`.
    pub other_language: u64,
    /// Conversations left out because of `duplicates`, or because an earlier night holds them.
    pub duplicates: u64,
    /// Calls left out because their messages stand in the conversation that is kept.
    pub repeated: u64,
    /// Calls left out because an application makes such calls for itself (titles, tags, routing), and asides of agents.
    pub helpers: u64,
    /// Records left out because the record holds no chat.
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
    /// Later turns that nothing looked at: no pack in force is for the language, and no rule or plugin spoke.
    pub not_looked_at: u64,
    /// Conversations in which feedback was found so far.
    pub with_feedback: u64,
    /// SpoolRow for the judge.
    pub undecided: u64,
    /// Later turns that the judge settled.
    pub judged: u64,
    /// Turns that the judge found to be feedback, by category.
    pub judged_feedback: ByCategory,
    /// Undecided turns that were asked about, whose answer is of no use.
    pub unverified: u64,
    /// Why answers are of no use, and for how many turns.
    pub unverified_reasons: BTreeMap<String, u64>,
    /// Records set aside.
    pub quarantined: u64,
    /// Failures of plugins.
    pub plugin_faults: u64,
    /// Wall-clock seconds of this command.
    pub seconds: f64,
    /// Decompressed input bytes of the run.
    pub bytes: u64,
    /// The run's folder.
    pub run_dir: String,
    /// What the run's config switches off that is in force by default.
    pub switched_off: SwitchedOff,
    /// Requests that all turns sent to the judge take.
    pub requests: u64,
    /// Requests of the paper's method on the same input.
    pub paper_requests: u64,
    /// Input tokens of these requests, estimated.
    pub input_tokens: u64,
    /// Input tokens of the paper's method, estimated.
    pub paper_input_tokens: u64,
    /// `input_tokens` on a server that reuses the instructions' prefix.
    pub input_tokens_shared_prefix: u64,
    /// `paper_input_tokens` on a server that reuses the instructions' prefix.
    pub paper_input_tokens_shared_prefix: u64,
    /// The most output tokens that the requests may take.
    pub max_output_tokens: u64,
    /// HTTP requests made so far, also requests whose outcome a kill has hidden.
    pub calls: u64,
    /// Tokens spent so far, with what is reserved for such requests.
    pub spent_tokens: u64,
    /// Money spent so far, by the configured prices.
    pub spent_money: f64,
    /// GPU-seconds spent so far, by the configured rates.
    pub spent_gpu_seconds: f64,
    /// Input tokens that the server reported.
    pub reported_input_tokens: u64,
    /// Input tokens that the server had computed before.
    pub reported_cached_tokens: u64,
    /// Output tokens that the server reported.
    pub reported_output_tokens: u64,
    /// Requests about what an earlier request, which several turns shared, did not settle.
    pub requests_apart: u64,
    /// HTTP requests that were made again, since the first had no answer.
    pub requests_again: u64,
    /// Seconds that the judge's server was measured to work for the requests that it answered, all endpoints together.
    pub measured_server_seconds: f64,
    /// Seconds of the server for a million tokens, as measured; absent where too few requests were answered.
    pub measured_rates: Option<ServerRates>,
    /// The form of the requests, in words.
    pub form: String,
    /// Judged turns that were asked about once more, with the letters in another order.
    pub letters: LetterCheck,
    /// What was found out about the judge, once the judge was asked.
    pub judge: Option<ServerCapabilities>,
    /// The prompt in force: name, version and the beginning of its hash.
    pub prompt: String,
    /// Each plugin, and where the plugin was loaded from.
    pub plugins: Vec<String>,
    /// By purpose: about how many turns have to be asked about for a recall, by what the score says; empty where the run has
    /// searched no cut.
    pub curves: Curves,
    /// What asking would take for each purpose and recall that a cut ships for; empty where turns are not scored.
    pub asking: Vec<AskingRow>,
    /// The part that the learned score takes.
    pub score: ScoreRole,
    /// The same in words, where there is something to say.
    pub score_says: Option<String>,
    /// What the run takes over from an earlier one, and what is new in it; absent where it goes on with no other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<NightSummary>,
    /// How the guards of the rules stand; absent where nothing is guarded, and of a shard.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub guards: Vec<GuardRow>,
    /// What the reader should know before using the result.
    pub remarks: Vec<Remark>,
    #[serde(skip)]
    pub(super) nothing_read: Option<String>,
    #[serde(skip)]
    pub(super) is_measured: bool,
    #[serde(skip)]
    pub(super) rules: Vec<String>,
}

impl Summary {
    /// Gathers the figures of a run.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn of(run: &RunDir, seconds: f64) -> Result<Self, RunError> {
        let counts = run.scan_counts()?;
        let scan = &counts.stats;
        let judge: JudgeStats = run.judge_stats()?;
        let SpendingTotal { amount, usage } = run.ledger.spent()?;
        let manifest = &run.manifest;
        let here = AskingCost::of(&manifest.config, manifest.judge.as_ref(), scan)?;
        let paper = AskingCost::papers(scan)?;
        let files: Vec<&Path> = manifest.inputs.iter().map(|input| input.path.as_path()).collect();
        let input = match files.as_slice() {
            [one] if !manifest.stdin => one.display().to_string(),
            _ => "INPUT".to_owned(),
        };
        let reading = ReadFigures {
            counts: &scan.read,
            details: &counts.details,
            turns: scan.turns,
            files: &files,
            input: &input,
            has_nights: manifest.after.is_some(),
        };
        let run_dir = run.path.display().to_string();
        let mut remarks = reading.remarks();
        let reads = |language: &str| is_read(language, manifest.rules.iter().map(|r| r.lang.as_slice()));
        remarks.extend(remarks::languages(&counts.details, scan.turns, &reads, Some(scan.not_looked_at)));
        remarks.extend(remarks::rule_columns(&counts.details.rule_columns));
        let letters = run.letters()?;
        let (asked, server_time) = (run.asked_requests()?, run.server_time()?);
        let unverified_reasons = run.unverified_reasons()?;
        remarks.extend(remarks::decisions(&counts, &judge, &unverified_reasons, letters, &run_dir));
        let decided = DecidedRun {
            manifest,
            folder: &run_dir,
            has_accepted: scan.accepted.total() > 0,
            is_certified: run.certificate()?.is_some(),
        };
        let unlike = remarks::unlike(&manifest.measured_on, &counts.profile, Some(decided));
        let is_measured = unlike.is_none() && is_measured(manifest);
        remarks.extend(unlike.or_else(|| remarks::accept_at(manifest)));
        remarks.extend(remarks::forgotten(&manifest.removed));
        // A shard holds a part of the turns that guards are about.
        let guards: Vec<GuardRow> = match manifest.shard {
            None => run.guards()?.iter().map(GuardRow::from).collect(),
            Some(_) => Vec::new(),
        };
        remarks.extend(remarks::guards(&guards, &run_dir));
        let mut switched_off = manifest.config.switched_off();
        // A pack is in force, too, where another extends it.
        switched_off.packs.retain(|name| manifest.rules.iter().all(|file| file.pack != *name));
        let nothing_read = reading.nothing();
        let (after, drift) = NightSummary::of(run, &counts)?.unzip();
        remarks.extend(drift.flatten());
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
            switched_off,
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
            requests_apart: asked.apart,
            requests_again: asked.again,
            measured_server_seconds: server_time.seconds,
            measured_rates: server_time.rates(),
            form: here.form,
            letters,
            judge: manifest.judge.clone(),
            prompt: here.prompt,
            plugins: manifest
                .plugins
                .iter()
                .map(|p| match p.hash.is_empty() {
                    true => format!("{} {}, linked in", p.name, p.version),
                    false => format!("{} {}, loaded from {}", p.name, p.version, p.origin),
                })
                .collect(),
            curves: run.curves()?,
            asking: asking_rows(manifest, &counts, &paper)?,
            score: manifest.score.clone(),
            score_says: remarks::score(&manifest.score, manifest.config.purpose),
            after,
            guards,
            remarks,
            nothing_read,
            is_measured,
            rules: manifest.rules.iter().map(|r| r.file.clone()).collect(),
        })
    }

    /// Why there is no conversation at all; nothing if there is one.
    pub fn nothing_read(&self) -> Option<&str> {
        self.nothing_read.as_deref()
    }
}

/// Whether [`super::text::TRUST`] speaks of a run: its rules and plugins are the shipped ones, and no score accepts.
fn is_measured(manifest: &Manifest) -> bool {
    let default = Config::default();
    let config = &manifest.config;
    config.rules.packs == default.rules.packs
        && config.rules.disable.is_empty()
        && config.cascade.accepts_from().is_none()
        && !manifest.score.is_without_judge()
        && manifest
            .plugins
            .iter()
            .all(|plugin| ["rephrase", "context", "scorer"].contains(&plugin.name.as_str()))
}
