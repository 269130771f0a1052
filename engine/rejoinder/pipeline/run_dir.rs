//! A run's directory: what was run (the manifest), how far it is (the ledger), and what came out (the parts).

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use rejoinder_core::RecordId;
use rejoinder_data::part;
use rejoinder_host::Origin;
use rejoinder_judge::Findings;
use rejoinder_ledger::{Ledger, Replies};
use rejoinder_read::InputFile;
use rejoinder_score::Model;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::failure::{Exit, Failure};
use crate::pipeline::engine::Engine;
use crate::pipeline::spread::Curves;
use crate::pipeline::stats::{JudgeStats, ScanCounts, ScanStats};

/// File of the turns that the judge was asked about before the scan.
const ASKED: &str = "asked.json";
/// File of the model that a run has learned.
const MODEL: &str = "model.rjm";

/// Version of the run directory's layout.
const FORMAT: u32 = 3;

/// What a run is made of: the same manifest, the same output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of this layout.
    pub format: u32,
    /// Version of the engine.
    pub engine: String,
    /// Hash of all rules in force.
    pub rules_hash: String,
    /// The rule files.
    pub rules: Vec<RulesEntry>,
    /// The plugins.
    pub plugins: Vec<PluginEntry>,
    /// The input files.
    pub inputs: Vec<InputFile>,
    /// Whether the input was standard input, of which `inputs` then names the copy.
    pub stdin: bool,
    /// The effective config.
    pub config: Config,
    /// What was found out about the judge, once it was asked.
    pub judge: Option<Findings>,
}

/// A rule file in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RulesEntry {
    /// How the config, or the pack that extends it, names it.
    pub pack: String,
    /// The author's version; empty if there is none.
    pub version: String,
    /// Where it was read from.
    pub file: String,
    /// blake3 hash of its text.
    pub hash: String,
    /// The languages that it is for, as ISO 639 codes; empty where it does not say.
    #[serde(default)]
    pub lang: Vec<String>,
}

/// A plugin in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PluginEntry {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The library, or `linked in`.
    pub origin: String,
    /// blake3 hash of the library; empty for one that is linked in.
    pub hash: String,
    /// Changes with version, library and configuration; names the plugin in records.
    pub identity: String,
    /// What it was configured with.
    pub config: serde_json::Value,
}

impl Manifest {
    /// The manifest of a run of `engine` over `inputs`.
    pub fn new(engine: &Engine, inputs: Vec<InputFile>, stdin: bool) -> Self {
        Self {
            format: FORMAT,
            engine: env!("CARGO_PKG_VERSION").to_owned(),
            rules_hash: engine.rules.hash().to_owned(),
            rules: engine
                .packs
                .iter()
                .map(|p| RulesEntry {
                    pack: p.name.clone(),
                    version: p.version.clone(),
                    file: p.file.clone(),
                    hash: p.hash.clone(),
                    lang: p.lang.iter().map(|&code| code.to_owned()).collect(),
                })
                .collect(),
            plugins: engine
                .registry
                .plugins()
                .iter()
                .map(|p| {
                    let (origin, hash) = match p.origin() {
                        Origin::File { path, blake3 } => (path.display().to_string(), blake3.clone()),
                        Origin::BuiltIn => ("linked in".to_owned(), String::new()),
                    };
                    PluginEntry {
                        name: p.name().to_owned(),
                        version: p.description().version.clone(),
                        origin,
                        hash,
                        identity: p.identity().to_owned(),
                        config: p.config().clone(),
                    }
                })
                .collect(),
            inputs,
            stdin,
            config: engine.config.clone(),
            judge: None,
        }
    }

    /// What differs in `now` from this manifest, in words; empty if a resumed run gives the same output.
    pub fn changes(&self, now: &Self) -> Vec<String> {
        let mut changes = Vec::new();
        let mut compare = |what: &str, then: &str, now: &str| {
            if then != now {
                changes.push(format!("{what}: was {then}, is {now}"));
            }
        };
        compare("engine", &self.engine, &now.engine);
        for entry in &self.rules {
            match now.rules.iter().find(|r| r.file == entry.file) {
                Some(new) => compare(&format!("rules {}", entry.file), &entry.hash, &new.hash),
                None => compare(&format!("rules {}", entry.file), "in force", "not in force"),
            }
        }
        compare("rules in force", &self.rules_hash, &now.rules_hash);
        for entry in &self.plugins {
            let new = now.plugins.iter().find(|p| p.name == entry.name);
            let describe = |p: &PluginEntry| format!("{} {} {}", p.version, p.origin, p.hash);
            compare(
                &format!("plugin {}", entry.name),
                &describe(entry),
                &new.map_or("not there".into(), describe),
            );
        }
        for (then, new) in self.inputs.iter().zip(&now.inputs) {
            let describe = |i: &InputFile| format!("{} bytes, hash {}", i.size, &i.hash[..12]);
            compare(&format!("input {}", then.path.display()), &describe(then), &describe(new));
        }
        changes
    }
}

/// A run directory.
pub struct RunDir {
    /// Where it is.
    pub path: PathBuf,
    /// What was run.
    pub manifest: Manifest,
    /// How far it is.
    pub ledger: Ledger,
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
    /// Makes the directory of a new run; `path` must not hold anything yet.
    ///
    /// # Errors
    /// If it does, or cannot be written.
    pub fn create(path: &Path) -> Result<PathBuf, Failure> {
        if path.is_file() {
            return Err(Failure::usage(format!("--out {} is a file; name a folder", path.display())));
        }
        let occupied = fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_some());
        if occupied {
            let shown = path.display();
            return Err(Failure::usage(match Self::is_run(path) {
                true => format!(
                    "{shown} holds a run already; go on with it: rejoinder resume {shown}, or give another --out"
                ),
                false => format!("{shown} holds something already that is no run; give another --out"),
            }));
        }
        fs::create_dir_all(path).map_err(|e| Failure::io(format!("cannot make {}", path.display()), &e))?;
        Ok(path.to_owned())
    }

    /// Makes the first directory `runs/0001`, `runs/0002`, … that is not there yet.
    ///
    /// # Errors
    /// If none can be made.
    pub fn create_numbered() -> Result<PathBuf, Failure> {
        let folder = Path::new("runs");
        fs::create_dir_all(folder).map_err(|e| Failure::io("cannot make the folder runs", &e))?;
        for number in 1_u32.. {
            let path = folder.join(format!("{number:04}"));
            match fs::create_dir(&path) {
                Ok(()) => return Ok(path),
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
    pub fn begin(path: PathBuf, manifest: Manifest) -> Result<Self, Failure> {
        let failed = |e| Failure::io(format!("cannot write into {}", path.display()), &e);
        let ledger = Ledger::create(&path.join("ledger.sqlite"))?;
        let mut json = serde_json::to_vec_pretty(&manifest).expect("a manifest is plain data");
        json.push(b'\n');
        part::write(&path.join("manifest.json"), &json).map_err(failed)?;
        Ok(Self { path, manifest, ledger })
    }

    /// Opens a run.
    ///
    /// # Errors
    /// If there is none, or it was written by an engine with another layout.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let file = path.join("manifest.json");
        let text = fs::read_to_string(&file).map_err(|e| {
            Failure::usage(format!(
                "{} is no run directory: cannot read {}: {e}",
                path.display(),
                file.display()
            ))
        })?;
        let manifest: Manifest = serde_json::from_str(&text).map_err(|e| {
            Failure::invalid(format!("{} cannot be used by this engine: {e}", file.display()))
        })?;
        if manifest.format != FORMAT {
            return Err(Failure::invalid(format!(
                "{} has layout {}; this engine knows {FORMAT}",
                path.display(),
                manifest.format
            )));
        }
        let ledger = Ledger::open(&path.join("ledger.sqlite"))?;
        Ok(Self { path: path.to_owned(), manifest, ledger })
    }

    /// Whether `path` is a run directory.
    pub fn is_run(path: &Path) -> bool {
        path.join("manifest.json").is_file()
    }

    /// The engine of this run, built anew.
    ///
    /// # Errors
    /// If rules, plugins or inputs are not what they were; the message lists the changes.
    pub fn engine(&self) -> Result<Engine, Failure> {
        let mut engine = Engine::build(self.config())?;
        engine.asked = self.asked()?;
        let inputs = self
            .manifest
            .inputs
            .iter()
            .map(|i| {
                let described = InputFile::describe_as(&i.path, engine.config.input.asked());
                described.map(|(file, _)| file)
            })
            .collect::<Result<Vec<_>, _>>()?;
        let now = Manifest::new(&engine, inputs, self.manifest.stdin);
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
        if bytes.is_empty() {
            return match fs::remove_file(&file) {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(failed(e)),
                _ => Ok(()),
            };
        }
        fs::create_dir_all(self.path.join(kind.folder())).map_err(failed)?;
        part::write(&file, bytes).map_err(failed)
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
        let lines = fs::File::open(self.part_file(kind, index)).ok().map(|f| BufReader::new(f).lines());
        lines.into_iter().flatten().enumerate().map(move |(number, line)| {
            let line = line.map_err(|e| broken(number, &e))?;
            serde_json::from_str(&line).map_err(|e| broken(number, &e))
        })
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

    /// Opens the replies: the run's own file, or the shared one that the config names.
    ///
    /// # Errors
    /// If the file cannot be opened.
    pub fn replies(&self) -> Result<Replies, Failure> {
        let own = self.path.join("replies.sqlite");
        Ok(Replies::open(self.manifest.config.judge.replies.as_deref().unwrap_or(&own))?)
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
        part::write(&self.path.join("manifest.json"), &json)
            .map_err(|e| Failure::new(Exit::Io, e.to_string()))
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

fn from_json<T: DeserializeOwned>(json: &str) -> Result<T, Failure> {
    serde_json::from_str(json).map_err(|e| Failure::io("the ledger holds something unreadable", &e))
}
