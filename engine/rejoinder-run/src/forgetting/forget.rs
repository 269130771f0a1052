//! Forgets conversations of a run, step by step; a step that was made before changes nothing.

use std::collections::BTreeSet;
use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rejoinder_ledger::part;

use super::exports::{ExportedRows, FoundRows};
use super::find::find;
use super::places::{FolderPart, is_half_written, part_of};
use super::replies::{ReplyChanges, ReplyCounts};
use super::report::{ForgetReport, ForgottenConversation, InputPlace};
use super::rows;
use super::search::{Traces, files_below};
use super::target::{ConversationName, ForgottenPlace, ForgottenTarget};
use crate::error::RunError;
use crate::folder::{
    FolderError, ForgottenCount, MANIFEST, MODEL, PartKind, RunDir, absolute, from_json, runs_beside,
};
use crate::judging::{self, GroupRemoval};
use crate::lines::retained;
use crate::recall::audit::AuditSample;
use crate::reviewing::{forget_in_draws, forget_labels};
use crate::shards::{self, Job, ShardNumber};

/// What the ledger calls the places of conversations that are being forgotten.
const UNDER_WAY: &str = "forgetting";

/// What is to be forgotten.
#[derive(Clone, Copy, Debug)]
pub struct ForgetRequest<'r> {
    /// The conversations; `None` to go on where a removal was interrupted.
    pub name: Option<&'r ConversationName>,
    /// Files and folders elsewhere with rows of the run.
    pub also: &'r [PathBuf],
    /// Whether nothing is changed.
    pub is_dry_run: bool,
    /// How many threads read the input.
    pub threads: NonZeroUsize,
}

/// Whether forgetting was interrupted in a run, and must be gone on with.
///
/// # Errors
/// If the ledger cannot be read.
pub fn is_under_way(run: &RunDir) -> Result<bool, RunError> {
    Ok(run.ledger.get(UNDER_WAY)?.is_some())
}

/// Forgets conversations: in the run's folder, in its replies, and in files named beside. Neither the engine of the run nor its input must
/// be there. Whoever is interrupted goes on by the same call, with the run of [`RunDir::open_to_forget`].
///
/// # Errors
/// If the run is a shard of a job, something cannot be read or written, or another process uses it.
pub fn forget(run: &mut RunDir, request: ForgetRequest<'_>) -> Result<ForgetReport, RunError> {
    if run.manifest.shard.is_some() {
        return Err(FolderError::IsShard(run.path.clone()).into());
    }
    let under_way: Vec<ForgottenPlace> =
        run.ledger.get(UNDER_WAY)?.map_or(Ok(Vec::new()), |json| from_json(&json))?;
    let (target, unread) = find(run, request.name, &under_way, request.threads)?;
    let mut report = reported(run, &target, unread)?;
    report.is_dry_run = request.is_dry_run;
    if target.conversations.is_empty() && request.also.is_empty() {
        return Ok(report);
    }
    let mut removal =
        ConversationRemoval { run, target: &target, request, report, understood: BTreeSet::new() };
    match request.is_dry_run {
        true => removal.count()?,
        false => removal.remove()?,
    }
    Ok(removal.report)
}

/// What is known before anything is removed.
fn reported(
    run: &RunDir,
    target: &ForgottenTarget,
    unread_inputs: Vec<PathBuf>,
) -> Result<ForgetReport, RunError> {
    let manifest = &run.manifest;
    let conversation = |(place, id): (&ForgottenPlace, &String)| ForgottenConversation {
        place: format!("{}:{}", place.0, place.1),
        id: id.clone(),
        was_gone: manifest.inputs[place.0 as usize].forgotten.contains(&place.1),
    };
    let in_input = |place: &ForgottenPlace| InputPlace {
        file: manifest.inputs[place.0 as usize].current_path().to_owned(),
        number: place.1 + 1,
    };
    let audited = AuditSample::of(run)?;
    let is_audited =
        |sample: AuditSample| sample.turns.iter().any(|drawn| target.holds(drawn.turn.row.question.id));
    Ok(ForgetReport {
        conversations: target.conversations.iter().map(conversation).collect(),
        in_input: target.in_input.iter().filter(|_| !manifest.stdin).map(in_input).collect(),
        unread_inputs,
        shared_replies: manifest.config.judge.replies.clone(),
        was_judged: manifest.judge.is_some(),
        was_audited: run.certificate()?.is_some() && audited.is_some_and(is_audited),
        has_model: run.path.join(MODEL).exists(),
        later_runs: runs_beside(&absolute(&run.path).unwrap_or_else(|_| run.path.clone()), |other| {
            other["after"]["id"] == manifest.id
        }),
        earlier_run: run.manifest.after.as_ref().map(|earlier| earlier.folder.clone()),
        earlier: manifest.removed.clone(),
        ..ForgetReport::default()
    })
}

/// The folders of the shards of a job that are there.
fn shard_folders(job: &Job) -> impl Iterator<Item = PathBuf> + '_ {
    ShardNumber::all(job.shards).map(|shard| job.shard_folder(shard)).filter(|folder| folder.is_dir())
}

/// A removal under way.
struct ConversationRemoval<'r> {
    run: &'r mut RunDir,
    target: &'r ForgottenTarget,
    request: ForgetRequest<'r>,
    report: ForgetReport,
    /// Files whose rows all tell their conversation.
    understood: BTreeSet<PathBuf>,
}

impl ConversationRemoval<'_> {
    fn note(&mut self, what: &'static str, count: u64) {
        if count > 0 {
            *self.report.removed.entry(what).or_default() += count;
        }
    }

    /// Counts what would be removed of rows and exports.
    fn count(&mut self) -> Result<(), RunError> {
        self.note("turns", self.target.turns.len() as u64);
        self.report.shards = self.job()?.iter().flat_map(shard_folders).collect();
        self.exports(&BTreeSet::new())?;
        self.report.pages = self.of_part(FolderPart::Page)?;
        Ok(())
    }

    /// Removes everything. The rows by which the replies are found go after the replies.
    fn remove(&mut self) -> Result<(), RunError> {
        if self.target.conversations.is_empty() {
            return self.exports(&BTreeSet::new());
        }
        self.shards()?;
        self.begin()?;
        self.half_written()?;
        let store = self.run.kept_replies()?;
        let changes = ReplyChanges::of(self.run, self.target, &store)?;
        self.exports(changes.requests())?;
        let (conversations, texts) = (self.target.conversations.len() as u64, &self.target.texts);
        self.run.forget_in_tallies(&|id| self.target.holds(id), conversations, texts)?;
        self.copy_of_input()?;
        let ReplyCounts { removed, shortened } = changes.make(self.run, &store)?;
        self.note("replies", removed);
        self.note("quotes in replies", shortened);
        self.samples()?;
        self.rows()?;
        GroupRemoval::default().settle(self.run)?;
        self.collect()?;
        rows::recount(self.run, self.target)?;
        self.pages()?;
        store.compact()?;
        self.run.ledger.compact()?;
        self.search()?;
        Ok(self.run.ledger.remove(UNDER_WAY)?)
    }

    /// What a killed process has left half-written.
    fn half_written(&self) -> Result<(), RunError> {
        let files = files_below(&self.run.path)?.into_iter();
        let mut left = files.filter(|file| is_half_written(&self.run.path, file));
        Ok(left.try_for_each(fs::remove_file)?)
    }

    /// Removes the shards that the run was merged of, which hold nothing that the run does not.
    fn shards(&mut self) -> Result<(), RunError> {
        let Some(job) = self.job()? else { return Ok(()) };
        self.report.shards = shard_folders(&job).collect();
        match self.report.shards.is_empty() {
            true => Ok(()),
            false => shards::remove_shards(&job),
        }
    }

    /// The job whose shards the run was merged of, if there is one.
    fn job(&self) -> Result<Option<Job>, RunError> {
        let folder = &self.run.path;
        folder.join(shards::JOB).is_file().then(|| Job::open(folder)).transpose()
    }

    /// Notes in ledger and manifest what is being forgotten: no reader of the input gives the conversations from now on.
    fn begin(&mut self) -> Result<(), RunError> {
        let places: Vec<&ForgottenPlace> = self.target.conversations.keys().collect();
        self.run.ledger.put(UNDER_WAY, &serde_json::to_string(&places).expect("places are plain data"))?;
        self.run.manifest.forgotten_marks.extend(&self.target.marks);
        let mut new = BTreeSet::new();
        for &(shard, ordinal) in self.target.conversations.keys() {
            if self.run.manifest.inputs[shard as usize].forgotten.insert(ordinal) {
                new.insert((shard, ordinal));
            }
        }
        if new.is_empty() {
            return self.run.write_manifest();
        }
        let turns = self.target.turns.iter().filter(|turn| new.contains(&(turn.shard, turn.ordinal))).count();
        let today = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        let on = today.split('T').next().unwrap_or_default().to_owned();
        let removal = ForgottenCount { on, conversations: new.len() as u64, turns: turns as u64 };
        self.run.manifest.removed.push(removal);
        self.run.write_manifest()
    }

    /// Exports in the run's folder, and what was named beside.
    fn exports(&mut self, requests: &BTreeSet<String>) -> Result<(), RunError> {
        let rows = ExportedRows { target: self.target, requests, writes: !self.request.is_dry_run };
        let folder = &self.run.path;
        let shards = &self.report.shards;
        let is_of_run = |path: &Path| {
            path != folder && part_of(folder, path) != FolderPart::Export
                || shards.iter().any(|shard| shard == path)
        };
        let mut found = FoundRows::default();
        rows.remove(folder, &is_of_run, &mut found)?;
        for path in self.request.also {
            let failed = |e: std::io::Error| RunError::io(format!("cannot read {}", path.display()), &e);
            rows.remove(&path.canonicalize().map_err(failed)?, &|_| false, &mut found)?;
        }
        self.report.files = found.changed;
        self.understood = found.understood;
        Ok(())
    }

    /// Samples of turns, and labels.
    fn samples(&mut self) -> Result<(), RunError> {
        let (run, target) = (&*self.run, self.target);
        let drawn = forget_in_draws(run, &|id| target.holds(id))?;
        let is_own = |id: Option<_>, conversation: &str| {
            id.map_or_else(|| target.has_id(conversation), |id| target.holds(id))
        };
        let labels = forget_labels(run, &is_own)?;
        let mut audited = 0;
        if let Some(mut sample) = AuditSample::of(run)? {
            let before = sample.turns.len();
            sample.turns.retain(|drawn| !target.holds(drawn.turn.row.question.id));
            audited = (before - sample.turns.len()) as u64;
            if audited > 0 {
                sample.keep(run)?;
            }
        }
        let asked = run.asked()?;
        let mut left: Vec<_> = asked.iter().filter(|id| !target.holds(**id)).copied().collect();
        if left.len() < asked.len() {
            left.sort_unstable();
            run.keep_asked(&left)?;
        }
        self.note("turns drawn for people", drawn);
        self.note("labels", labels);
        self.note("turns of the audit", audited);
        Ok(())
    }

    /// The copy of standard input, if the run has one.
    fn copy_of_input(&mut self) -> Result<(), RunError> {
        let given = &self.run.manifest.config.input.map;
        let copy = self.run.manifest.inputs.first_mut().filter(|_| self.run.manifest.stdin);
        let Some(copy) = copy.filter(|copy| !copy.forgotten.is_empty()) else { return Ok(()) };
        let path = copy.current_path().to_owned();
        if !copy.can_blank_out(given) {
            self.report.kept_copy = Some(path);
            return Ok(());
        }
        part::write_with(&path, |out| copy.write_blanked(&copy.forgotten, out))?;
        self.report.blanked_copy = Some(path.clone());
        copy.renew().map_err(|e| RunError::io(format!("cannot read {}", path.display()), &e))?;
        self.run.write_manifest()
    }

    /// The files of the parts: those of the questions last, for the replies are found by them.
    fn rows(&mut self) -> Result<(), RunError> {
        for (what, kind) in [
            ("accepted turns", PartKind::Parts),
            ("judged turns", PartKind::Judged),
            ("records set aside", PartKind::Quarantine),
            ("failures of plugins", PartKind::Faults),
            ("questions", PartKind::Spool),
        ] {
            let removed = rows::remove(self.run, self.target, kind)?;
            self.note(what, removed);
        }
        let faults = self.run.path.join(crate::faults::FILE);
        if faults.exists() {
            let (kept, removed) = retained(&fs::read(&faults)?, |line| rows::stays(line, self.target))?;
            if removed > 0 {
                part::write(&faults, &kept)?;
            }
        }
        Ok(())
    }

    /// Reads the stored replies anew, so that neither counts nor reasons tell of the turns.
    fn collect(&mut self) -> Result<(), RunError> {
        match judging::judge_of(self.run)? {
            Some(judge) if self.run.has_judge_stats()? => judging::collect(self.run, &judge),
            _ => Ok(()),
        }
    }

    /// Files that another verb makes of the whole run.
    fn pages(&mut self) -> Result<(), RunError> {
        let pages = self.of_part(FolderPart::Page)?;
        pages.iter().try_for_each(fs::remove_file)?;
        self.report.pages.extend(pages);
        Ok(())
    }

    fn of_part(&self, wanted: FolderPart) -> Result<Vec<PathBuf>, RunError> {
        let files = files_below(&self.run.path)?.into_iter();
        Ok(files.filter(|file| part_of(&self.run.path, file) == wanted).collect())
    }

    /// Looks through all files for what the conversations say.
    fn search(&mut self) -> Result<(), RunError> {
        let mut rows = self.of_part(FolderPart::Rows)?;
        rows.push(self.run.path.join(MANIFEST));
        rows.extend(self.understood.iter().filter(|file| file.is_file()).cloned());
        let traces = Traces::of(self.target).without_shared(&rows)?;
        let mut suspects = self.of_part(FolderPart::Store)?;
        suspects.extend(self.of_part(FolderPart::Export)?);
        for path in self.request.also {
            suspects.extend(if path.is_dir() { files_below(path)? } else { vec![path.clone()] });
        }
        if let Some(store) = &self.report.shared_replies {
            let log = PathBuf::from(format!("{}-wal", store.display()));
            suspects.extend([store.clone(), log]);
        }
        suspects.retain(|file| file.is_file() && !self.understood.contains(file));
        self.report.left = traces.found_in(suspects)?;
        Ok(())
    }
}
