//! Asking by files: what waits as batch files, and their results back into the store of replies.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use rejoinder_judge::{Question, ReplyChain, batch};
use rejoinder_ledger::{LedgerEntry, Reply, RequestOutcome, RequestState, SpendingLimits};

use super::Judge;
use super::spool::Spool;
use crate::error::RunError;
use crate::folder::RunDir;

/// The batch files that an export wrote.
#[derive(Clone, Debug, Default)]
pub struct BatchExport {
    /// The files.
    pub files: Vec<PathBuf>,
    /// Requests in the files.
    pub requests: u64,
    /// Requests that were left out, because the reply is stored or the request stands in a file already.
    pub stored: u64,
    /// Input tokens of the requests, estimated.
    pub input_tokens: u64,
    /// Whether the budget left requests out.
    pub is_cut: bool,
}

/// Writes the waiting turns without an answer as batch files, within the budget the most worthwhile first: `path`, and
/// where one file may not hold all requests, `path` with `-2`, `-3`, … before the extension.
///
/// # Errors
/// If the spool or the store cannot be read, or a file cannot be written.
pub fn export(run: &RunDir, judge: &Judge, path: &Path) -> Result<BatchExport, RunError> {
    let store = run.replies()?;
    let limits = run.limits();
    let mut exported = BatchExport::default();
    let mut spent = run.ledger.spent()?.amount;
    let mut seen = HashSet::new();
    let mut out = BatchFiles::new(path);
    let spool = Spool { run, form: &judge.form, store: &store, is_to_ask: true };
    'groups: for group in spool.in_order()? {
        let questions: Vec<Question> = group?.into_iter().map(|row| row.question).collect();
        for followed in judge.form.follow(&questions, &store)? {
            let range = followed.questions.clone();
            let ReplyChain { replies, next, .. } = judge.form.to_ask(&questions[range.clone()], followed);
            exported.stored += replies.len() as u64;
            let Some(request) = next else { continue };
            if !seen.insert(request.key.clone()) {
                exported.stored += 1;
                continue;
            }
            let mut then = spent;
            then += request.most;
            if !limits.allow(&then) {
                exported.is_cut = true;
                break 'groups;
            }
            spent = then;
            // The answer will come under the request's key alone.
            store
                .note_shared([(request.key.as_str(), judge.form.turn_keys(&questions[range]).as_slice())])?;
            out.write(&batch::line(&request))?;
            exported.requests += 1;
            exported.input_tokens += request.input_tokens.1;
        }
    }
    exported.files = out.finish()?;
    Ok(exported)
}

/// BatchFiles that each hold as much as a batch service takes.
struct BatchFiles<'p> {
    path: &'p Path,
    open: Option<BufWriter<File>>,
    done: Vec<PathBuf>,
    lines: u64,
    bytes: u64,
}

impl<'p> BatchFiles<'p> {
    const fn new(path: &'p Path) -> Self {
        Self { path, open: None, done: Vec::new(), lines: 0, bytes: 0 }
    }

    fn write(&mut self, line: &str) -> Result<(), RunError> {
        let length = line.len() as u64;
        let is_full = self.lines == batch::MAX_REQUESTS || self.bytes + length > batch::MAX_BYTES;
        if self.open.is_none() || is_full {
            self.close()?;
            let path = self.numbered(self.done.len() + 1);
            let file = File::create(&path)
                .map_err(|e| RunError::io(format!("cannot write {}", path.display()), &e))?;
            self.open = Some(BufWriter::new(file));
            self.done.push(path);
            (self.lines, self.bytes) = (0, 0);
        }
        if let Some(file) = &mut self.open {
            file.write_all(line.as_bytes()).map_err(|e| RunError::io("cannot write the batch file", &e))?;
        }
        self.lines += 1;
        self.bytes += length;
        Ok(())
    }

    fn close(&mut self) -> Result<(), RunError> {
        let Some(file) = self.open.take() else { return Ok(()) };
        let synced =
            file.into_inner().map_err(std::io::IntoInnerError::into_error).and_then(|f| f.sync_all());
        synced.map_err(|e| RunError::io("cannot write the batch file", &e))
    }

    fn numbered(&self, number: usize) -> PathBuf {
        if number == 1 {
            return self.path.to_owned();
        }
        let part = |os: Option<&std::ffi::OsStr>| os.unwrap_or_default().to_string_lossy().into_owned();
        let (stem, extension) = (part(self.path.file_stem()), part(self.path.extension()));
        let dot = if extension.is_empty() { "" } else { "." };
        self.path.with_file_name(format!("{stem}-{number}{dot}{extension}"))
    }

    fn finish(mut self) -> Result<Vec<PathBuf>, RunError> {
        self.close()?;
        Ok(self.done)
    }
}

/// The results of batch files that an import read.
#[derive(Clone, Debug, Default)]
pub struct BatchImport {
    /// Replies that are new.
    pub replies: u64,
    /// Replies that were stored already.
    pub known: u64,
    /// Requests that were not answered.
    pub failed: u64,
    /// The reasons of the first few requests that were not answered.
    pub reasons: Vec<String>,
    /// Lines that are no results: for each the place and the reason.
    pub unreadable: Vec<String>,
}

/// So many reasons and places are told.
const MAX_TOLD: usize = 5;
/// Replies that are written in one transaction.
const AT_ONCE: usize = 1_000;

/// Reads results of batch files into the store of replies, in any order; not all requests need a result.
///
/// # Errors
/// If a file cannot be read, or the store or ledger fail. Lines that are no results are told, not failures.
pub fn import(run: &RunDir, judge: &Judge, paths: &[PathBuf]) -> Result<BatchImport, RunError> {
    let store = run.replies()?;
    let mut imported = BatchImport::default();
    let mut pending: BTreeMap<String, Reply> = BTreeMap::new();
    for path in paths {
        let failed = |e: std::io::Error| RunError::io(format!("cannot read {}", path.display()), &e);
        for (number, line) in (1..).zip(BufReader::new(File::open(path).map_err(failed)?).split(b'\n')) {
            let line = line.map_err(failed)?;
            let line = String::from_utf8_lossy(&line);
            if line.trim().is_empty() {
                continue;
            }
            match batch::read(&line, &judge.client.model) {
                Err(why) => imported.unreadable.push(format!("{}:{number}: {why}", path.display())),
                Ok((key, batch::BatchResult::Failed(why))) => {
                    imported.failed += 1;
                    if imported.reasons.len() < MAX_TOLD {
                        imported.reasons.push(format!("{}…: {why}", &key[..12]));
                    }
                }
                Ok((key, batch::BatchResult::Reply(reply))) => {
                    match store.contains(&key)? || pending.contains_key(&key) {
                        true => imported.known += 1,
                        false => drop(pending.insert(key, reply)),
                    }
                    if pending.len() == AT_ONCE {
                        imported.replies += write(run, judge, &store, &mut pending)?;
                    }
                }
            }
        }
    }
    imported.replies += write(run, judge, &store, &mut pending)?;
    Ok(imported)
}

/// Stores replies, then what the replies took, which has been spent whatever the budget says.
fn write(
    run: &RunDir,
    judge: &Judge,
    store: &rejoinder_ledger::ReplyStore,
    pending: &mut BTreeMap<String, Reply>,
) -> Result<u64, RunError> {
    store.put(pending.iter().map(|(key, reply)| (key.as_str(), reply)))?;
    let reserve = |(key, reply): (&String, &Reply)| {
        let amount = judge.client.price.of(reply.usage.unwrap_or_default());
        LedgerEntry::Reserve { key: key.clone(), amount }
    };
    let reserved =
        run.ledger.write(&pending.iter().map(reserve).collect::<Vec<_>>(), &SpendingLimits::default())?;
    let settled = reserved.into_iter().flatten().zip(pending.iter()).map(|(reservation, (_, reply))| {
        let (amount, usage) = (reservation.amount(), reply.usage);
        let outcome = RequestOutcome { state: RequestState::Answered, status: 200, amount, usage, millis: 0 };
        LedgerEntry::Settle(reservation, outcome)
    });
    run.ledger.write(&settled.collect::<Vec<_>>(), &SpendingLimits::default())?;
    Ok(std::mem::take(pending).len() as u64)
}
