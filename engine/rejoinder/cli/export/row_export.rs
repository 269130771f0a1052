//! Training rows on their way out: the files, the card and `rejoinder.json` of a data set, and what is told of them.

use std::io::Write;
use std::path::{Path, PathBuf};

use rejoinder_export::export::arrange;
use rejoinder_export::export::card::Card;
use rejoinder_export::export::checks::RowChecks;
use rejoinder_export::export::data_set::{DataSet, DrawFacts, RowOrigin, Split};
use rejoinder_export::export::example::{Example, FeedbackChoice, TrainingTask};
use rejoinder_export::export::metadata::metadata;
use rejoinder_export::export::style::Style;
use rejoinder_run::RunDir;
use rejoinder_run::exporting::{TrainingFiles, write_rows};
use rejoinder_scan::default_threads;

use super::output::write_hashed;
use super::set_args::SetArgs;
use super::{is_stdout, redaction, write};
use crate::cli::print;
use crate::cli::terminal::remark;
use crate::failure::{Exit, Failure};
use rejoinder_report::numbers::counted;
use rejoinder_report::remarks;
use rejoinder_report::run_report::{self, ReportOptions, RunReport};
use rejoinder_report::summary::Summary;

/// The files of a data set, relative to its folder.
const TRAIN: &str = "data/train.jsonl";
const VALIDATION: &str = "data/validation.jsonl";
/// The figures of the run, beside the card.
const REPORT: &str = "report.md";

/// The file with the rows to train on, where a set is named by its folder or by the file itself.
pub(super) fn train_file(set: &Path) -> PathBuf {
    if set.is_dir() { set.join(TRAIN) } else { set.to_owned() }
}

/// The file that says of a data set, for programs, what is known of it.
pub(super) fn metadata_file(folder: &Path) -> PathBuf {
    folder.join("rejoinder.json")
}

/// Rows that are to be written, and what is known of them.
#[derive(Clone, Copy)]
pub(super) struct RowExport<'a> {
    pub(super) run: &'a RunDir,
    pub(super) args: &'a SetArgs,
    pub(super) task: TrainingTask,
    pub(super) origin: RowOrigin,
    pub(super) style: Style,
    pub(super) choice: Option<&'a FeedbackChoice>,
    pub(super) draw: Option<&'a DrawFacts>,
    pub(super) validation: Option<f64>,
    pub(super) seed: u64,
    pub(super) files: &'a TrainingFiles,
}

impl RowExport<'_> {
    /// Writes the rows, tells what there is to tell, with `told` about the rows, and prints the piece of configuration that reads
    /// them.
    ///
    /// # Errors
    /// If something cannot be written, or the run cannot be read.
    pub(super) fn write(&self, told: &[String]) -> Result<Exit, Failure> {
        let Self { run, args, task, style, files, .. } = *self;
        let TrainingFiles { train, validation: _, given, left_out, changed } = files;
        let own_remarks = self.remarks();
        let file = match &args.dataset {
            Some(folder) => self.write_set(folder, &own_remarks)?,
            None => {
                let named = || run.path.join(format!("{}.jsonl", self.origin.export_name(task)));
                let path = args.out.clone().unwrap_or_else(named);
                write(&path, |out| write_rows(out, task, style, train))?;
                path
            }
        };
        for (why, count) in left_out {
            remark(&format!("left out: {count} {} {why}", self.origin.noun()));
        }
        for (what, count) in changed {
            remark(&format!("changed: {}, in which {what}", counted(*count, "row")));
        }
        let with_tools = files.with_tools();
        if with_tools > 0 && style.needs_template(task) {
            remark(&format!(
                "{} with calls and results of tools: choose a chat template that writes them",
                counted(with_tools as u64, "row")
            ));
        }
        told.iter().chain(&own_remarks).for_each(|text| remark(text));
        if train.is_empty() {
            remark(&match self.origin {
                RowOrigin::Run => remarks::no_row(&Summary::of(run, 0.0)?, left_out),
                _ => remarks::no_row_of(self.origin.noun(), *given, left_out),
            });
        }
        if !is_stdout(&file) {
            remark(&format!("wrote {}", args.dataset.as_ref().unwrap_or(&file).display()));
            let counts = arrange::label_counts(train);
            print(&style.configuration(task, &file.display().to_string(), counts))?;
        }
        Ok(Exit::Ok)
    }

    /// What the reader of the rows should know, besides what the run itself has to say.
    fn remarks(&self) -> Vec<String> {
        let [undesirable, desirable] = [false, true].map(|label| RowChecks::of(&self.files.train, label));
        let lacking = self.draw.iter().flat_map(|draw| remarks::lacking(draw));
        let redactor = self.args.redaction.redactor();
        let redacted = redactor.iter().map(redaction::note);
        lacking.chain(remarks::rows(&desirable, &undesirable)).chain(redacted).collect()
    }

    /// Writes the folder of a data set; returns the path of the file to train on.
    fn write_set(&self, folder: &Path, own_remarks: &[String]) -> Result<PathBuf, Failure> {
        let Self { run, args, task, style, origin, files, .. } = *self;
        std::fs::create_dir_all(folder.join("data"))
            .map_err(|e| Failure::io(format!("cannot make {}", folder.display()), &e))?;
        let mut splits = vec![self.write_split(folder, "train", TRAIN, &files.train)?];
        if self.validation.is_some() && origin != RowOrigin::Draw {
            splits.push(self.write_split(folder, "validation", VALIDATION, &files.validation)?);
        }
        // What the run has to say of itself is about rows that are made of what it found.
        let is_of_run = origin == RowOrigin::Run;
        let mut remarks: Vec<String> = match is_of_run {
            true => Summary::of(run, 0.0)?.remarks.into_iter().map(|remark| remark.text).collect(),
            false => Vec::new(),
        };
        remarks.extend_from_slice(own_remarks);
        let manifest = &run.manifest;
        let plugins: Vec<_> = manifest.plugins.iter().map(|p| (p.name.clone(), p.identity.clone())).collect();
        let set = DataSet {
            task,
            origin,
            style,
            splits: &splits,
            license: &args.license,
            choice: self.choice,
            draw: self.draw,
            validation: self.validation.unwrap_or(0.0),
            seed: self.seed,
            left_out: &files.left_out,
            changed: &files.changed,
            engine: &manifest.engine,
            rules_hash: &manifest.rules_hash,
            config_hash: &manifest.config_hash(),
            plugins: &plugins,
            judge: (is_of_run && manifest.judge.is_some()).then_some(&*manifest.config.judge.model),
            remarks: &remarks,
        };
        let certificate = if is_of_run { run.certificate()? } else { None };
        let counts = arrange::label_counts(&files.train);
        let report = is_of_run && self.write_report(&folder.join(REPORT))?;
        let card = Card {
            set: &set,
            configuration: &style.configuration(task, TRAIN, counts),
            certificate: certificate.as_ref(),
            report: report.then_some(REPORT),
        };
        write(&folder.join("README.md"), |out| out.write_all(card.text().as_bytes()))?;
        write(&metadata_file(folder), |out| writeln!(out, "{:#}", metadata(&set)))?;
        Ok(folder.join(TRAIN))
    }

    /// Writes the figures of the run beside the card; says why not, where rules or plugins are not what they were.
    fn write_report(&self, file: &Path) -> Result<bool, Failure> {
        let engine = match self.run.engine() {
            Ok(engine) => engine,
            Err(why) => {
                remark(&format!("the card links no report: {why}"));
                return Ok(false);
            }
        };
        let options = ReportOptions { anonymous: true, examples_each: 0, ..ReportOptions::default() };
        let report = RunReport::of(self.run, &engine, &options, default_threads())?;
        write(file, |out| out.write_all(run_report::markdown(&report).as_bytes()))?;
        Ok(true)
    }

    fn write_split<'s>(
        &self,
        folder: &Path,
        name: &'static str,
        path: &'static str,
        examples: &'s [Example],
    ) -> Result<Split<'s>, Failure> {
        let rows = |out: &mut (dyn Write + Send)| write_rows(out, self.task, self.style, examples);
        let sha256 = write_hashed(&folder.join(path), rows)?;
        Ok(Split { name, path, examples, sha256 })
    }
}
