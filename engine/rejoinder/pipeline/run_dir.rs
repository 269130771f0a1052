//! A run's directory: what was run (the manifest), how far it is (the ledger), and what came out (the parts).

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use rejoinder_core::RecordId;
use rejoinder_judge::Findings;
use rejoinder_ledger::part;
use rejoinder_ledger::{Ledger, Replies};
use rejoinder_read::InputFile;
use rejoinder_score::Model;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::failure::{Exit, Failure};
use crate::pipeline::engine::Engine;
use crate::pipeline::judging::Letters;
use crate::pipeline::lock::{self, Lock};
use crate::pipeline::manifest::FORMAT;
pub use crate::pipeline::manifest::Manifest;
use crate::pipeline::spread::Curves;
use crate::pipeline::stats::{JudgeStats, ScanCounts, ScanStats};

/// File of the turns that the judge was asked about before the scan.
const ASKED: &str = "asked.json";
/// File of the model that a run has learned.
const MODEL: &str = "model.rjm";
const MANIFEST: &str = "manifest.json";
const LEDGER: &str = "ledger.sqlite";
/// Folder of the copy of standard input.
pub const INPUT: &str = "input";
/// What the ledger calls the id of its run.
const RUN_FACT: &str = "run";
/// Facts of the ledger that say what a file of a part was when it was written begin so; the file's path in the run follows.
const SEAL: &str = "seal:";

/// A run directory.
pub struct RunDir {
    /// Where it is.
    pub path: PathBuf,
    /// What was run.
    pub manifest: Manifest,
    /// How far it is.
    pub ledger: Ledger,
    /// Held by whoever may change it.
    lock: Option<Lock>,
}

/// The folder of a run that has not begun.
pub struct NewDir {
    /// Where it is.
    pub path: PathBuf,
    lock: Lock,
}

/// What a file was when it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Seal {
    size: u64,
    /// blake3.
    hash: String,
}

/// The kinds of files that a part may have, each in a folder of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Feedback that was accepted here.
    Parts,
    /// Turns that wait for the judge.
    Spool,
    /// Feedback that the judge found.
    Judged,
    /// Records that were set aside.
    Quarantine,
    /// Failures of plugins.
    Faults,
}

impl Kind {
    /// The kinds that the scan writes.
    pub const SCAN: [Self; 4] = [Self::Parts, Self::Spool, Self::Quarantine, Self::Faults];

    /// Name of the folder.
    pub const fn folder(self) -> &'static str {
        match self {
            Self::Parts => "parts",
            Self::Spool => "spool",
            Self::Judged => "judged",
            Self::Quarantine => "quarantine",
            Self::Faults => "faults",
        }
    }
}

impl RunDir {
    /// Makes the directory of a new run, which nobody else works on from now on. What is left of a run that failed before
    /// it had begun is taken over; `path` must not hold anything else.
    ///
    /// # Errors
    /// If it does, another process works on it, or it cannot be written.
    pub fn create(path: &Path) -> Result<NewDir, Failure> {
        if path.is_file() {
            return Err(Failure::usage(format!("--out {} is a file; name a folder", path.display())));
        }
        let shown = path.display();
        let entries = fs::read_dir(path).into_iter().flatten().flatten();
        let names: Vec<_> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        let is_begun = names.iter().any(|name| name == MANIFEST);
        if !is_begun && !names.iter().all(|name| is_of_beginning(name)) {
            return Err(Failure::usage(format!(
                "{shown} holds something already that is no run; give another --out"
            )));
        }
        fs::create_dir_all(path).map_err(|e| Failure::io(format!("cannot make {shown}"), &e))?;
        let lock = Lock::take(path)?;
        if Self::is_run(path) {
            return Err(Failure::usage(format!(
                "{shown} holds a run already; go on with it: rejoinder resume {shown}, or give another --out"
            )));
        }
        for name in names.iter().filter(|name| *name != lock::FILE) {
            let file = path.join(name);
            let removed = if file.is_dir() { fs::remove_dir_all(&file) } else { fs::remove_file(&file) };
            removed.map_err(|e| Failure::io(format!("cannot clean up {}", file.display()), &e))?;
        }
        Ok(NewDir { path: path.to_owned(), lock })
    }

    /// Makes the first directory `runs/0001`, `runs/0002`, … that is not there yet.
    ///
    /// # Errors
    /// If none can be made.
    pub fn create_numbered() -> Result<NewDir, Failure> {
        let folder = Path::new("runs");
        fs::create_dir_all(folder).map_err(|e| Failure::io("cannot make the folder runs", &e))?;
        for number in 1_u32.. {
            let path = folder.join(format!("{number:04}"));
            match fs::create_dir(&path) {
                Ok(()) => return Ok(NewDir { lock: Lock::take(&path)?, path }),
                Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(e) => return Err(Failure::io(format!("cannot make {}", path.display()), &e)),
            }
        }
        Err(Failure::new(Exit::Io, "the folder runs is full"))
    }

    /// Writes the manifest of a new run into its directory, last of all: a directory without one is no run.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn begin(new: NewDir, manifest: Manifest) -> Result<Self, Failure> {
        let NewDir { path, lock } = new;
        let failed = |e| Failure::io(format!("cannot write into {}", path.display()), &e);
        let ledger = Ledger::create(&path.join(LEDGER))?;
        ledger.put(RUN_FACT, &manifest.id)?;
        let mut json = serde_json::to_vec_pretty(&manifest).expect("a manifest is plain data");
        json.push(b'\n');
        part::write(&path.join(MANIFEST), &json).map_err(failed)?;
        Ok(Self { path, manifest, ledger, lock: Some(lock) })
    }

    /// Opens a run to read it, beside whoever works on it.
    ///
    /// # Errors
    /// If there is none, it was written by an engine with another layout, its ledger is another run's, or a file of a
    /// committed part is not what was written.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        Self::open_with(path, None)
    }

    /// Opens a run to change it; nobody else does until it is dropped.
    ///
    /// # Errors
    /// As [`Self::open`], and if another process works on it.
    pub fn open_to_change(path: &Path) -> Result<Self, Failure> {
        // A folder that is no run gets no lock.
        let lock = if Self::is_run(path) { Some(Lock::take(path)?) } else { None };
        Self::open_with(path, lock)
    }

    fn open_with(path: &Path, lock: Option<Lock>) -> Result<Self, Failure> {
        let file = path.join(MANIFEST);
        let shown = path.display();
        let text = fs::read_to_string(&file).map_err(|e| {
            let has_failed_early = path.join(lock::FILE).is_file();
            Failure::usage(match has_failed_early {
                true => format!(
                    "{shown} is what is left of a run that failed before it had begun: give its folder to rejoinder run once \
                     more (--out {shown})"
                ),
                false => format!("{shown} is no run directory: cannot read {}: {e}", file.display()),
            })
        })?;
        #[derive(Deserialize)]
        struct Layout {
            format: u32,
        }
        let unusable = |e: serde_json::Error| {
            Failure::invalid(format!("{} cannot be used by this engine: {e}", file.display()))
        };
        let Layout { format } = serde_json::from_str(&text).map_err(unusable)?;
        if format != FORMAT {
            return Err(Failure::invalid(format!("{shown} has layout {format}; this engine knows {FORMAT}")));
        }
        let mut manifest: Manifest = serde_json::from_str(&text).map_err(unusable)?;
        if manifest.stdin {
            // The copy lies in the run's folder, wherever that is now.
            for input in &mut manifest.inputs {
                input.moved_to = input.path.file_name().map(|name| path.join(INPUT).join(name));
            }
        }
        let ledger = Ledger::open(&path.join(LEDGER))?;
        if ledger.get(RUN_FACT)?.as_deref() != Some(&manifest.id) {
            return Err(Failure::new(
                Exit::Io,
                format!(
                    "{} is not the ledger of this run: it was emptied, or put in its place. What was spent and which parts are \
                     whole stands there alone: bring it back from a copy, or begin a new run",
                    path.join(LEDGER).display()
                ),
            ));
        }
        let run = Self { path: path.to_owned(), manifest, ledger, lock };
        run.check_sizes()?;
        Ok(run)
    }

    /// That each file of a committed part is there, as long as it was written.
    fn check_sizes(&self) -> Result<(), Failure> {
        let committed = self.ledger.parts()?.len() as u64;
        for (name, json) in self.ledger.facts(SEAL)? {
            let seal: Seal = from_json(&json)?;
            let name = &name[SEAL.len()..];
            // Whoever asks the judge writes these anew, and what is not committed is removed.
            let is_judged = name.starts_with(Kind::Judged.folder());
            // Names of parts are as long as their numbers need, and at least five digits: by number, not by letters.
            let is_committed = part::index(name).is_some_and(|index| index < committed);
            if !is_committed || (is_judged && self.lock.is_some()) {
                continue;
            }
            let file = self.path.join(name);
            let size = file.metadata().map(|found| found.len()).ok();
            if size != Some(seal.size) {
                let what = match size {
                    None => "is missing".to_owned(),
                    Some(size) => format!("has {size} bytes, and {} were written", seal.size),
                };
                return Err(lost(&file, &what, is_judged, &self.path));
            }
        }
        Ok(())
    }

    /// Whether `path` is a run directory.
    pub fn is_run(path: &Path) -> bool {
        path.join(MANIFEST).is_file()
    }

    /// The input files, if all are there.
    fn input(&self) -> Result<&[InputFile], Failure> {
        match self.manifest.inputs.iter().find(|input| !input.place().exists()) {
            None => Ok(&self.manifest.inputs),
            Some(gone) => Err(Failure::new(
                Exit::Io,
                format!(
                    "the input {} is not there; if it was moved, say where it lies now: --input-root DIR",
                    gone.place().display()
                ),
            )),
        }
    }

    /// The input files, which hold what they did: whoever puts texts beside feedback must not take other ones.
    ///
    /// # Errors
    /// If one is not there, or holds something else.
    pub fn unchanged_input(&self) -> Result<&[InputFile], Failure> {
        let now = self.input_now()?;
        self.refuse(&self.manifest.changed_inputs(&now))?;
        Ok(&self.manifest.inputs)
    }

    fn input_now(&self) -> Result<Vec<InputFile>, Failure> {
        let asked = self.manifest.config.input.asked();
        let described = |file: &InputFile| InputFile::describe_as(file.place(), asked).map(|(now, _)| now);
        Ok(self.input()?.iter().map(described).collect::<Result<Vec<_>, _>>()?)
    }

    /// Looks for the input files under `root` from now on. The copy of standard input lies in the run's folder.
    ///
    /// # Errors
    /// If one is not there, or holds something else than it did.
    pub fn look_under(&mut self, root: &Path) -> Result<(), Failure> {
        if self.manifest.stdin {
            return Ok(());
        }
        for input in &mut self.manifest.inputs {
            let found = input.find_under(root);
            let found = found.map_err(|why| Failure::invalid(format!("--input-root: the input {why}")))?;
            input.moved_to = Some(found);
        }
        Ok(())
    }

    /// The engine of this run, built anew.
    ///
    /// # Errors
    /// If rules, plugins or inputs are not what they were; the message lists the changes.
    pub fn engine(&self) -> Result<Engine, Failure> {
        let mut engine = Engine::build(self.config())?;
        engine.asked = self.asked()?;
        let now = Manifest::new(&engine, self.input_now()?, self.manifest.stdin);
        self.refuse(&self.manifest.changes(&now))?;
        Ok(engine)
    }

    /// The config of this run, with the paths of what lies in its folder.
    pub fn config(&self) -> Config {
        let mut config = self.manifest.config.clone();
        config.resolve_model(&self.path);
        config
    }

    /// Turns that the judge was asked about before the scan.
    fn asked(&self) -> Result<HashSet<RecordId>, Failure> {
        let file = self.path.join(ASKED);
        match fs::read(&file) {
            Ok(json) => serde_json::from_slice(&json)
                .map_err(|e| Failure::new(Exit::Io, format!("{}: {e}", file.display()))),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(HashSet::new()),
            Err(e) => Err(Failure::io(format!("cannot read {}", file.display()), &e)),
        }
    }

    /// The file of one kind for part `index`.
    pub fn part_file(&self, kind: Kind, index: u64) -> PathBuf {
        self.path.join(kind.folder()).join(part::name(index))
    }

    /// Writes a file of part `index`; no file for no bytes.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write_part(&self, kind: Kind, index: u64, bytes: &[u8]) -> Result<(), Failure> {
        let file = self.part_file(kind, index);
        let failed = |e: std::io::Error| Failure::new(Exit::Io, e.to_string());
        let sealed = format!("{SEAL}{}/{}", kind.folder(), part::name(index));
        // A kill before the new seal leaves none, not one that does not fit.
        self.ledger.remove(&sealed)?;
        if bytes.is_empty() {
            return match fs::remove_file(&file) {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(failed(e)),
                _ => Ok(()),
            };
        }
        fs::create_dir_all(self.path.join(kind.folder())).map_err(failed)?;
        part::write(&file, bytes).map_err(failed)?;
        let seal = Seal { size: bytes.len() as u64, hash: blake3::hash(bytes).to_hex().to_string() };
        Ok(self.ledger.put(&sealed, &serde_json::to_string(&seal).expect("a seal is plain data"))?)
    }

    /// The rows of one kind in part `index`, read one at a time; none if there is no file.
    pub fn rows<T: DeserializeOwned>(
        &self,
        kind: Kind,
        index: u64,
    ) -> impl Iterator<Item = Result<T, Failure>> {
        let file = self.part_file(kind, index);
        let broken = move |line: usize, why: &dyn std::fmt::Display| {
            Failure::new(Exit::Io, format!("{}:{}: {why}", file.display(), line + 1))
        };
        let whole = self.check_content(kind, index);
        let is_whole = whole.is_ok();
        let lines = fs::File::open(self.part_file(kind, index)).ok().filter(|_| is_whole);
        let lines = lines.into_iter().flat_map(|file| BufReader::new(file).lines()).enumerate();
        let rows = lines.map(move |(number, line)| {
            let line = line.map_err(|e| broken(number, &e))?;
            serde_json::from_str(&line).map_err(|e| broken(number, &e))
        });
        whole.err().map(Err).into_iter().chain(rows)
    }

    /// That a file of a part holds what was written, where it has a seal.
    fn check_content(&self, kind: Kind, index: u64) -> Result<(), Failure> {
        let sealed = format!("{SEAL}{}/{}", kind.folder(), part::name(index));
        let Some(json) = self.ledger.get(&sealed)? else { return Ok(()) };
        let seal: Seal = from_json(&json)?;
        let file = self.part_file(kind, index);
        let is_judged = kind == Kind::Judged;
        let mut hasher = blake3::Hasher::new();
        let read = fs::File::open(&file).and_then(|file| hasher.update_reader(file).map(drop));
        read.map_err(|e| lost(&file, &format!("cannot be read ({e})"), is_judged, &self.path))?;
        match hasher.finalize().to_hex().as_str() == seal.hash {
            true => Ok(()),
            false => Err(lost(&file, "is not what was written", is_judged, &self.path)),
        }
    }

    /// The committed parts: index, and the numbers of each.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn parts(&self) -> Result<Vec<(u64, ScanStats)>, Failure> {
        let parts = self.ledger.parts()?;
        parts.into_iter().map(|p| Ok((p.index, from_json::<ScanCounts>(&p.summary)?.stats))).collect()
    }

    /// What the whole scan counted, as far as it is committed.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn scan_counts(&self) -> Result<ScanCounts, Failure> {
        let mut total = ScanCounts::default();
        for part in self.ledger.parts()? {
            total += from_json(&part.summary)?;
        }
        Ok(total)
    }

    /// The numbers of the whole scan, as far as it is committed.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn scan_stats(&self) -> Result<ScanStats, Failure> {
        Ok(self.scan_counts()?.stats)
    }

    /// What the judge's replies made of the undecided turns when they were last collected.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn judge_stats(&self) -> Result<JudgeStats, Failure> {
        self.ledger.get("judged")?.map_or(Ok(JudgeStats::default()), |json| from_json(&json))
    }

    /// Why answers of the judge are of no use, and of how many turns, when they were last collected.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn unverified_reasons(&self) -> Result<BTreeMap<String, u64>, Failure> {
        self.ledger.get("unverified")?.map_or(Ok(BTreeMap::new()), |json| from_json(&json))
    }

    /// Keeps what was collected from the judge's replies, and why those that are of no use are not.
    ///
    /// # Errors
    /// If the ledger cannot be written.
    pub fn set_judge_stats(
        &self,
        stats: &JudgeStats,
        reasons: &BTreeMap<String, u64>,
    ) -> Result<(), Failure> {
        let json = |error: Result<String, serde_json::Error>| error.expect("counts are plain data");
        self.ledger.put("unverified", &json(serde_json::to_string(reasons)))?;
        Ok(self.ledger.put("judged", &json(serde_json::to_string(stats)))?)
    }

    /// Keeps what became of the turns that were asked about with the letters in another order.
    ///
    /// # Errors
    /// If the ledger cannot be written.
    pub fn keep_letters(&self, letters: &Letters) -> Result<(), Failure> {
        let json = serde_json::to_string(letters).expect("counts are plain data");
        Ok(self.ledger.put("letters", &json)?)
    }

    /// What became of the turns that were asked about with the letters in another order, if any were.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn letters(&self) -> Result<Letters, Failure> {
        self.ledger.get("letters")?.map_or(Ok(Letters::default()), |json| from_json(&json))
    }

    /// What the last audit certified; `None` if there was none.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn certificate(&self) -> Result<Option<serde_json::Value>, Failure> {
        let file = self.path.join("certificate.json");
        let unreadable =
            |e: &dyn std::fmt::Display| Failure::io(format!("cannot read {}", file.display()), e);
        match fs::read(&file) {
            Ok(json) => serde_json::from_slice(&json).map(Some).map_err(|e| unreadable(&e)),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(unreadable(&e)),
        }
    }

    /// Opens the replies: the run's own file, or the shared one that the config names. Who only reads the run makes no file.
    ///
    /// # Errors
    /// If the file cannot be opened.
    pub fn replies(&self) -> Result<Replies, Failure> {
        let own = self.path.join("replies.sqlite");
        let path = self.manifest.config.judge.replies.as_deref().unwrap_or(&own);
        Ok(match (self.lock.is_some(), path.exists()) {
            // The run's own file is under the run's lock.
            (true, _) if path == own => Replies::open(path)?,
            (true, _) => Replies::open_shared(path)?,
            (false, true) => Replies::open_to_read(path)?,
            (false, false) => Replies::in_memory()?,
        })
    }

    /// Puts a config in force for the rest of the run: what [`Config::changes`] does not name may differ from what it
    /// began with, nothing else.
    ///
    /// # Errors
    /// If something else does; the message lists the changes. If the manifest cannot be written.
    pub fn adopt(&mut self, config: Config) -> Result<(), Failure> {
        self.refuse(&self.manifest.config.changes(&config))?;
        self.write_config(config)
    }

    /// Puts another judge or budget in force, whatever else `config` says: the manifest keeps the latest.
    ///
    /// # Errors
    /// If the unit differs from that of the questions in the spool, or the manifest cannot be written.
    pub fn set_judge(&mut self, config: &Config) -> Result<(), Failure> {
        let then = &self.manifest.config;
        let as_spooled = Config { judge: config.judge.clone(), ..then.clone() };
        let changes = then.changes(&as_spooled);
        if !changes.is_empty() {
            return Err(Failure::invalid(format!(
                "the turns that wait were written down for another way of asking:\n  {}\nbegin a new run to change it",
                changes.join("\n  ")
            )));
        }
        let (judge, budget) = (config.judge.clone(), config.budget.clone());
        self.write_config(Config { judge, budget, ..then.clone() })
    }

    /// Keeps the model that the run has learned; it is not in force yet.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn keep_model(&self, model: &Model) -> Result<PathBuf, Failure> {
        let file = self.path.join(MODEL);
        part::write(&file, &model.to_bytes())?;
        Ok(file)
    }

    /// Keeps what asking takes by the score, for each purpose.
    ///
    /// # Errors
    /// If the ledger cannot be written.
    pub fn keep_curves(&self, curves: &Curves) -> Result<(), Failure> {
        let json = serde_json::to_string(curves).expect("figures are plain data");
        Ok(self.ledger.put("curves", &json)?)
    }

    /// What asking takes by the score, for each purpose; empty where no cut was searched for.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn curves(&self) -> Result<Curves, Failure> {
        self.ledger.get("curves")?.map_or(Ok(Curves::new()), |json| from_json(&json))
    }

    /// Puts in force what the run has found out for itself: from which score on is asked, or about every turn; whether the
    /// score is the kept model's; and about which turns (sorted) the judge was asked to find it.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub fn settle(
        &mut self,
        cut: Option<f64>,
        has_learned: bool,
        asked: &[RecordId],
    ) -> Result<Engine, Failure> {
        let json = serde_json::to_vec(asked).expect("ids are plain data");
        part::write(&self.path.join(ASKED), &json)?;
        let config = &mut self.manifest.config;
        config.cascade.reject_below = Some(cut.unwrap_or(0.0));
        config.judge.all = cut.is_none();
        if has_learned {
            config.plugins.iter_mut().for_each(|plugin| plugin.set_model(Path::new(MODEL)));
        }
        let engine = self.engine()?;
        self.manifest.plugins = Manifest::new(&engine, Vec::new(), false).plugins;
        self.write_manifest()?;
        Ok(engine)
    }

    fn write_config(&mut self, config: Config) -> Result<(), Failure> {
        if config == self.manifest.config {
            return Ok(());
        }
        self.manifest.config = config;
        self.write_manifest()
    }

    /// Remembers what was found out about the judge.
    ///
    /// # Errors
    /// If the manifest cannot be written.
    pub fn set_findings(&mut self, findings: Findings) -> Result<(), Failure> {
        self.manifest.judge = Some(findings);
        self.write_manifest()
    }

    fn write_manifest(&self) -> Result<(), Failure> {
        let mut json = serde_json::to_vec_pretty(&self.manifest).expect("a manifest is plain data");
        json.push(b'\n');
        part::write(&self.path.join(MANIFEST), &json).map_err(|e| Failure::new(Exit::Io, e.to_string()))
    }

    fn refuse(&self, changes: &[String]) -> Result<(), Failure> {
        if changes.is_empty() {
            return Ok(());
        }
        Err(Failure::invalid(format!(
            "what {} was made of has changed:\n  {}\nbring it back, or begin a new run",
            self.path.display(),
            changes.join("\n  ")
        )))
    }
}

/// Whether a name is that of a file or folder that a run has before its manifest.
fn is_of_beginning(name: &str) -> bool {
    name == lock::FILE || name == INPUT || name.starts_with(LEDGER) || name == "manifest.json.tmp"
}

/// A file of a part is not what was written.
fn lost(file: &Path, what: &str, is_judged: bool, run: &Path) -> Failure {
    let next = match is_judged {
        true => format!("the stored replies write it anew: rejoinder judge {}", run.display()),
        false => "bring it back from a copy, or begin a new run".to_owned(),
    };
    Failure::new(Exit::Io, format!("{} {what}: results would lack a part; {next}", file.display()))
}

fn from_json<T: DeserializeOwned>(json: &str) -> Result<T, Failure> {
    serde_json::from_str(json).map_err(|e| Failure::io("the ledger holds something unreadable", &e))
}
