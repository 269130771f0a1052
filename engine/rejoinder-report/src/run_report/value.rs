//! The report as a value, for programs and for the pages.

use std::num::NonZeroUsize;

use rejoinder_run::folder::Manifest;
use rejoinder_run::judging::Judge;
use rejoinder_run::{RunDir, RunError, scan};
use rejoinder_scan::Engine;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::Value;

use super::certificate::CertificateReport;
use super::cut::cut_text;
use super::example::ExampleSection;
use super::feedback::FeedbackSection;
use super::funnel::Funnel;
use super::judge::{self, JudgeSection};
use super::left_out::LeftOut;
use super::origin::Origin;
use super::recall::RecallSection;
use super::rules::RuleSection;
use crate::summary::Summary;

/// Version of the report's layout. It grows when a field changes its meaning or goes.
const FORMAT: u32 = 1;
/// Units of a remark.
const REMARK_UNITS: usize = 2_000;

/// Remarks that quote records or replies.
const QUOTING: [&str; 2] = ["set-aside", "refused"];

/// What a report holds.
#[derive(Clone, Copy, Debug)]
pub struct ReportOptions {
    /// Whether the report holds no text of a chat, no id of a conversation, no reason that quotes a record, and no name or path of a file.
    pub anonymous: bool,
    /// Turns of each kind that are shown as examples, at most.
    pub examples_each: usize,
    /// Another seed shows other examples.
    pub seed: u64,
}

impl Default for ReportOptions {
    fn default() -> Self {
        Self { anonymous: false, examples_each: 3, seed: 0 }
    }
}

/// A run as a report.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RunReport {
    /// Version of this layout.
    pub format: u32,
    /// The version of the program that made the report.
    pub engine: &'static str,
    /// The seed of the examples.
    pub seed: u64,
    /// Whether all that a chat says, and all that may name people or places, was left out.
    pub anonymous: bool,
    /// The run's folder; absent in an anonymous report.
    pub run: Option<String>,
    /// Whether the run has read its whole input. If not, all figures are about what it has read.
    pub is_whole: bool,
    /// Why no conversation was read; absent where one was.
    pub nothing_read: Option<String>,
    /// What the reader should know before using the result.
    pub remarks: Vec<ReportRemark>,
    /// Figures that the report lacks, and why.
    pub missing: Vec<MissingFigures>,
    /// What is new beside what an earlier run has read, and what is certified of it, a sentence each; empty where the run goes on with no
    /// other.
    pub nights: Vec<String>,
    /// From all conversations to the turns with feedback.
    pub funnel: Funnel,
    /// How much feedback there is, by category, and among whom.
    pub feedback: FeedbackSection,
    /// Recall against spend.
    pub recall: RecallSection,
    /// What rules and plugins do; absent where the run has no tallies.
    pub rules: Option<RuleSection>,
    /// What was asked of the judge.
    pub judge: JudgeSection,
    /// Examples to read; absent where the run has no tallies.
    pub examples: Option<ExampleSection>,
    /// What was left out, and why.
    pub left_out: LeftOut,
    /// What the run is made of.
    pub origin: Origin,
}

/// Something that the reader should know.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ReportRemark {
    /// A name for programs, such as `set-aside`.
    pub name: &'static str,
    /// The figures, the likeliest reason, and what to do next.
    pub text: String,
}

/// Figures that a report lacks.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct MissingFigures {
    /// The figures.
    pub what: &'static str,
    /// Why they are missing, and what to do.
    pub why: String,
}

impl RunReport {
    /// The report on a run; `engine` is the run's.
    ///
    /// # Errors
    /// If the run or its input cannot be read, or the input is not what it was.
    pub fn of(
        run: &RunDir,
        engine: &Engine,
        options: &ReportOptions,
        threads: NonZeroUsize,
    ) -> Result<Self, RunError> {
        let summary = Summary::of(run, 0.0)?;
        let counts = run.scan_counts()?;
        let tallies = if run.has_tallies()? { Some(run.tallies()?) } else { None };
        let manifest = &run.manifest;
        let price = &manifest.config.judge.price;
        let model = judge::model(&summary);
        let form = Judge::expected(&manifest.config.judge, manifest.judge.as_ref())?.form;
        let rules = tallies.as_ref().map(|tallies| {
            let of = model.as_ref().map(|model| format!("the judge, {model}"));
            RuleSection::of(&tallies.rules, engine, manifest, &counts.stats, &form, of)
        });
        let examples = tallies
            .as_ref()
            .map(|tallies| ExampleSection::of(run, engine, &tallies.examples, options, threads))
            .transpose()?;
        let mut report = Self {
            format: FORMAT,
            engine: env!("CARGO_PKG_VERSION"),
            seed: options.seed,
            anonymous: options.anonymous,
            run: Some(summary.run_dir.clone()),
            is_whole: scan::is_complete(run)?,
            nothing_read: summary.nothing_read().map(|why| cut_text(why, REMARK_UNITS)),
            remarks: summary
                .remarks
                .iter()
                .map(|remark| ReportRemark { name: remark.name, text: cut_text(&remark.text, REMARK_UNITS) })
                .collect(),
            nights: summary
                .after
                .iter()
                .flat_map(|after| &after.says)
                .map(|says| cut_text(says, REMARK_UNITS))
                .collect(),
            missing: if tallies.is_none() { missing() } else { Vec::new() },
            funnel: Funnel::of(&summary, engine, &counts.accepted_by, price, model.as_deref()),
            feedback: FeedbackSection::of(
                &summary,
                tallies.as_ref().map(|tallies| &tallies.groups),
                according_to(model.as_deref()),
                options.anonymous,
            ),
            recall: RecallSection::of(run, &summary, price)?,
            rules,
            judge: JudgeSection::of(&summary, options.anonymous),
            examples,
            left_out: LeftOut::of(run, &counts, options.anonymous)?,
            origin: Origin::of(manifest, options.anonymous),
        };
        if report.recall.certificate.is_none() && run.certificate()?.is_some() {
            report.missing.push(MissingFigures {
                what: "the certificate",
                why: "Its file is not as this version writes it. `rejoinder audit` makes a new one of the same draw.".to_owned(),
            });
        }
        if options.anonymous {
            report.leave_out_names(manifest);
        }
        Ok(report)
    }

    /// Leaves out what may name people or places: paths, and remarks that quote.
    fn leave_out_names(&mut self, manifest: &Manifest) {
        let folder = self.run.take();
        if self.nothing_read.is_some() {
            self.nothing_read = Some("no conversation was read".to_owned());
        }
        let inputs = manifest.inputs.iter().map(|input| (input.path.display().to_string(), "INPUT"));
        let earlier = manifest.after.iter().flat_map(|earlier| [&earlier.folder, earlier.known_by()]);
        let earlier = earlier.map(|folder| (folder.display().to_string(), "EARLIER"));
        let runs = folder.map(|folder| (folder, "RUN")).into_iter().chain(earlier);
        let mut names: Vec<(String, &str)> = inputs.chain(runs).collect();
        // A path that another one begins with must not spoil that one.
        names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        for remark in &mut self.remarks {
            if QUOTING.contains(&remark.name) {
                "This remark quotes what may be a chat's, and stands in the report that is not anonymous."
                    .clone_into(&mut remark.text);
            }
        }
        for text in self.remarks.iter_mut().map(|remark| &mut remark.text).chain(&mut self.nights) {
            for (name, word) in &names {
                *text = text.replace(name.as_str(), word);
            }
        }
        self.recall.certificate = self.recall.certificate.take().map(CertificateReport::without_names);
    }
}

/// Whose decisions the figures of feedback count.
fn according_to(model: Option<&str>) -> String {
    match model {
        None => "Turns count as feedback where the rules, plugins and the score of this run accepted them. No judge was asked, and \
                 no person has read them."
            .to_owned(),
        Some(model) => format!(
            "Turns count as feedback where the rules, plugins and the score of this run accepted them, or where the judge, {model}, says \
             so. No person has read them."
        ),
    }
}

/// What a run without tallies lacks.
fn missing() -> Vec<MissingFigures> {
    const WHY: &str = "An earlier version of the program made this run, and counted less. A new run over the same input has them.";
    [
        "feedback by language, model, source and month",
        "what each rule and each plugin does",
        "examples to read",
    ]
    .map(|what| MissingFigures { what, why: WHY.to_owned() })
    .into()
}

/// The JSON Schema (draft 2020-12) of a report.
pub fn schema() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.root_schema_for::<RunReport>();
    schema.insert("title".to_owned(), "rejoinder report".into());
    schema.to_value()
}
