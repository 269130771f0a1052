//! How a command can end: exit codes are a promise to scripts, and each failure knows its own.

use std::fmt;
use std::io::{self, Write as _};

use rejoinder_cascade::CascadeError;
use rejoinder_export::labels::foreign::LeftOutEntries;
use rejoinder_host::HostError;
use rejoinder_judge::JudgeError;
use rejoinder_ledger::LedgerError;
use rejoinder_read::InputError;
use rejoinder_rules::PackError;
use rejoinder_run::gathering::GatheringError;
use rejoinder_run::given_requests::AskingError;
use rejoinder_run::label_import::LabelImportError;
use rejoinder_run::reviewing::ReviewError;
use rejoinder_run::{FolderError, RunError};
use rejoinder_scan::config::FOUND_CONFIG;
use rejoinder_scan::{ConfigError, ConfigHint, ScanError};

use rejoinder_report::numbers::thousands;

/// Exit codes. 4, 5, 8 and 130 leave a run that can be resumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done. Quarantined records and undecided turns alone are success.
    Ok = 0,
    /// A fault of this program.
    Bug = 1,
    /// The command line asks for something that cannot be.
    Usage = 2,
    /// A check failed: rules, tests.
    CheckFailed = 3,
    /// The budget was reached.
    Budget = 4,
    /// The judge's endpoint cannot be used.
    Unavailable = 5,
    /// There were bad records, under `--strict`.
    BadInput = 6,
    /// Config or rules are invalid, or have changed since the run began.
    Invalid = 7,
    /// Reading, writing or a plugin failed.
    Io = 8,
    /// No conversation was read.
    Nothing = 9,
    /// The operator interrupted it (128 + SIGINT, as shells count).
    Interrupted = 130,
}

/// Runs the command; a panic is a fault of this program, and asks for a report.
pub fn guard(command: impl FnOnce() -> Exit + std::panic::UnwindSafe) -> Exit {
    std::panic::catch_unwind(command).unwrap_or_else(|_| {
        // The panic's message and place are printed by then. There is nobody left to tell if this cannot be.
        let _ = writeln!(
            io::stderr(),
            "rejoinder: this is a bug in rejoinder {} ({} {}). Please report it, with the lines above and the command.\n\
             What a run had done is kept: rejoinder resume RUN",
            env!("CARGO_PKG_VERSION"),
            std::env::consts::OS,
            std::env::consts::ARCH
        );
        Exit::Bug
    })
}

/// Why a command ends early, in words for the user.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// What happened and what to do. Empty if it has been printed already.
    pub message: String,
    /// The reader of our output went away: that is success.
    pub closed_pipe: bool,
    /// What `rejoinder resume` needs beside the run's folder, so that it does not fail alike; empty where it needs nothing.
    pub resume_flags: String,
}

impl Failure {
    /// A failure with an exit code and a message.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), closed_pipe: false, resume_flags: String::new() }
    }

    /// Wrong use of the command line.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// Invalid or changed config, rules or inputs.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(Exit::Invalid, message)
    }

    /// The operator wants no more.
    pub fn interrupted() -> Self {
        Self::new(Exit::Interrupted, "interrupted")
    }

    /// Reading or writing failed.
    pub fn io(what: impl fmt::Display, error: &dyn fmt::Display) -> Self {
        Self::new(Exit::Io, format!("{what}: {error}"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// Errors of writing output: a closed pipe is no failure.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self {
            exit: Exit::Io,
            closed_pipe: error.kind() == io::ErrorKind::BrokenPipe,
            message: error.to_string(),
            resume_flags: String::new(),
        }
    }
}

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Self {
        Self::new(Exit::Io, error.to_string())
    }
}

impl From<JudgeError> for Failure {
    fn from(error: JudgeError) -> Self {
        use JudgeError::{Accounts, Client, Config, Ledger};
        let exit = match error {
            Client(_) | Config(_) => Exit::Invalid,
            Ledger(_) | Accounts(_) => Exit::Io,
        };
        Self::new(exit, error.to_string())
    }
}

/// A recall, a confidence or a share that the arithmetic cannot use.
impl From<CascadeError> for Failure {
    fn from(why: CascadeError) -> Self {
        Self::usage(why.to_string())
    }
}

impl From<PackError> for Failure {
    fn from(error: PackError) -> Self {
        Self::invalid(error.to_string())
    }
}

impl From<InputError> for Failure {
    fn from(error: InputError) -> Self {
        use InputError::{BadGlob, NotFound, NotRegularFile, UnknownCompression, Unreadable, Unusable};
        let exit = match &error {
            NotFound(_) | NotRegularFile(_) | BadGlob(..) => Exit::Usage,
            Unreadable(..) | UnknownCompression(..) | Unusable(..) => Exit::Io,
        };
        Self::new(exit, error.to_string())
    }
}

impl From<HostError> for Failure {
    fn from(error: HostError) -> Self {
        let failure = Self::new(Exit::Io, error.to_string());
        match error {
            HostError::TooManyFaults { max_faults, .. } => {
                let more = max_faults.saturating_mul(10).max(100);
                Self { resume_flags: format!(" --max-faults {more}"), ..failure }
            }
            HostError::Aborted { .. } | HostError::Restart { .. } => failure,
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::invalid(match error.hint {
            None => error.to_string(),
            Some(ConfigHint::KnownKeys) => format!("{error}; `rejoinder config show` lists the keys"),
            Some(ConfigHint::LibraryHash) => {
                format!("{error}\n`rejoinder plugin inspect FILE` prints the hash of a library")
            }
            Some(ConfigHint::NameTheFile) => format!(
                "{error}\nthe file was found in the current folder, where somebody else may have put it; if you trust it, name it: \
                 --config {FOUND_CONFIG}. Without it: --no-config"
            ),
        })
    }
}

impl From<ScanError> for Failure {
    fn from(error: ScanError) -> Self {
        match error {
            ScanError::Config(error) => error.into(),
            ScanError::Rules(error) => error.into(),
            ScanError::NoScore => Self::invalid(error.to_string()),
            ScanError::Input(error) => error.into(),
            ScanError::Read(_) => Self::new(Exit::Io, error.to_string()),
            ScanError::Plugin(error) => error.into(),
            ScanError::Interrupted(_) => Self::interrupted(),
        }
    }
}

impl From<FolderError> for Failure {
    fn from(error: FolderError) -> Self {
        use FolderError::{
            Beginning, Changed, ForeignLedger, Full, HalfForgotten, Held, HoldsOther, HoldsRun, InputGone,
            InputNotUnder, IsFile, IsShard, Layout, Lost, Manifest, Merged, NoRun, NotBegun, NotMerged,
            NotScanned, RemovedInPart, SpooledOtherwise,
        };
        let fact = error.to_string();
        match error {
            IsFile(_) => Self::usage(format!("--out {fact}; name a folder")),
            HoldsOther(_) => Self::usage(format!("{fact}; give another --out")),
            HoldsRun(folder) => Self::usage(format!(
                "{fact}; go on with it: rejoinder resume {}, or give another --out",
                folder.display()
            )),
            NotBegun(folder) => Self::usage(format!(
                "{fact}: give its folder to rejoinder run once more (--out {})",
                folder.display()
            )),
            NotScanned(folder) => {
                Self::usage(format!("{fact}; finish it first: rejoinder resume {}", folder.display()))
            }
            NoRun { .. } => Self::usage(fact),
            Beginning { .. } => Self::usage(format!("{fact}\nlook again when its input is read")),
            NotMerged(folder) => {
                Self::usage(format!("{fact}; merge them first: rejoinder merge {}", folder.display()))
            }
            Merged { job, .. } => {
                let job = job.display();
                Self::usage(format!("{fact}; go on with the job: rejoinder judge {job}"))
            }
            RemovedInPart(folder) => {
                Self::usage(format!("{fact}; finish it: rejoinder runs rm {}", folder.display()))
            }
            HalfForgotten(folder) => {
                Self::usage(format!("{fact}; finish that first: rejoinder forget {}", folder.display()))
            }
            IsShard(_) => Self::usage(format!("{fact}; merge the shards first: rejoinder merge JOB")),
            Manifest { .. } | Layout { .. } | Changed { .. } | SpooledOtherwise(_) => Self::invalid(fact),
            InputNotUnder(_) => Self::invalid(format!("--input-root: {fact}")),
            InputGone(_) => Self::new(
                Exit::Io,
                format!("{fact}; if it was moved, say where it lies now: --input-root DIR"),
            ),
            Full(_) | ForeignLedger(_) => Self::new(Exit::Io, fact),
            Lost { folder, is_judged, .. } => {
                let next = match is_judged {
                    true => {
                        format!("the stored replies write it anew: rejoinder judge {}", folder.display())
                    }
                    false => "bring it back from a copy, or begin a new run".to_owned(),
                };
                Self::new(Exit::Io, format!("{fact}; {next}"))
            }
            Held { folder, .. } => Self::new(
                Exit::Io,
                format!(
                    "{fact}\nwait until it has ended, or stop it; then go on: rejoinder resume {}",
                    folder.display()
                ),
            ),
        }
    }
}

impl From<LabelImportError> for Failure {
    fn from(error: LabelImportError) -> Self {
        let fact = error.to_string();
        match error {
            LabelImportError::Run(error) => error.into(),
            LabelImportError::Unusable { .. } => Self::usage(fact),
            LabelImportError::NoLabel(LeftOutEntries { count: 0, .. }) => Self::new(
                Exit::Nothing,
                format!("{fact}: nobody has answered an entry yet, or the files are not what --from says"),
            ),
            LabelImportError::NoLabel(LeftOutEntries { count, first }) => Self::new(
                Exit::Nothing,
                format!(
                    "{fact}: all {} entries with an answer were left out; the first: {first}",
                    thousands(count)
                ),
            ),
        }
    }
}

impl From<AskingError> for Failure {
    fn from(error: AskingError) -> Self {
        use AskingError::{
            BadLines, ForeignLedger, Held, HoldsOther, IsFile, NoFile, NoRequest, OtherJudge, Run, Unreadable,
        };
        let fact = error.to_string();
        match error {
            Run(error) => error.into(),
            NoFile(_) => Self::usage(fact),
            IsFile(_) => Self::usage(format!("--out {fact}; name a folder")),
            HoldsOther(_) => Self::usage(format!("{fact}; give another --out")),
            NoRequest(_) => Self::new(Exit::Nothing, fact),
            BadLines { .. } => Self::invalid(fact),
            OtherJudge { .. } => Self::invalid(format!(
                "{fact}\ngive another --out; or, for the same judge at another address, its old one as `identity` under [judge]"
            )),
            Unreadable(_, error) if error.kind() == io::ErrorKind::NotFound => Self::usage(fact),
            Unreadable(..) | ForeignLedger(_) => Self::new(Exit::Io, fact),
            Held { .. } => Self::new(
                Exit::Io,
                format!("{fact}\nwait until it has ended, or stop it; then go on with the same command"),
            ),
        }
    }
}

impl From<ReviewError> for Failure {
    fn from(error: ReviewError) -> Self {
        use ReviewError::{BadLine, ReaderAtWork, ReaderName, Run, SharedId, SpanNotInTurn};
        let fact = error.to_string();
        match error {
            Run(error) => error.into(),
            SharedId(id) => RunError::SharedId(id).into(),
            ReaderName(_) | SpanNotInTurn => Self::usage(fact),
            ReaderAtWork(..) => Self::new(
                Exit::Io,
                format!("{fact}; end it first, or take a name of your own: --reader NAME"),
            ),
            BadLine { .. } => Self::invalid(format!("{fact}; mend the line or take it out")),
        }
    }
}

impl From<GatheringError> for Failure {
    fn from(error: GatheringError) -> Self {
        use GatheringError::{
            BatchTwice, Different, Duplicates, NeedlessAnswers, NoConversations, OtherDraw, OtherPurpose,
            OtherSeed, OtherVerb, Short, SmallerSample, TooManyAnswers, Twice, Unreadable,
        };
        let fact = error.to_string();
        match error {
            NoConversations { folder, from } => Self::usage(format!(
                "{fact}. It is for `rejoinder {} {}`; whatever needs the conversations takes a run over them: rejoinder run INPUT",
                from.terms.goal.verb(),
                folder.display()
            )),
            OtherVerb { wanted, .. } => {
                Self::usage(format!("{fact}. Gather once more for `{wanted}`, with another seed"))
            }
            OtherPurpose { gathered, .. } => {
                Self::usage(format!("{fact}. Say --for {gathered}, or gather once more"))
            }
            SmallerSample { gathered, .. } => {
                Self::usage(format!("{fact}. Say --sample {gathered}, or gather once more"))
            }
            OtherDraw => Self::usage(fact),
            OtherSeed(_) => Self::usage(format!("{fact}. Leave --seed away")),
            Unreadable(_) => Self::new(Exit::Io, fact),
            Different(_)
            | Twice(_)
            | BatchTwice
            | Short { .. }
            | TooManyAnswers { .. }
            | NeedlessAnswers
            | Duplicates => Self::invalid(fact),
        }
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Scan(error) => error.into(),
            RunError::Folder(error) => error.into(),
            RunError::Ledger(error) => error.into(),
            RunError::Judge(error) => error.into(),
            RunError::Arithmetic(why) => why.into(),
            RunError::Night(error) => error.into(),
            RunError::NoJudge => Self::usage(error.to_string()),
            RunError::NotLabelled => Self::usage(format!("{error}; without --labels the judge is asked")),
            RunError::LabelsMissing { .. } => Self::usage(format!(
                "{error}. Turns that were chosen otherwise cannot stand for them. `rejoinder review RUN --audit` shows all turns of an \
                 audit to a person, one after the other, and `rejoinder review RUN --calibration` those of a calibration; `rejoinder export \
                 review RUN --for argilla --audit` writes the former for another program. Label the others, too, or leave --label-file \
                 away, and the judge is asked"
            )),
            RunError::InputChanged(..)
            | RunError::SampleTrainedOn(..)
            | RunError::SharedRowId(_)
            | RunError::Logprobs(_) => Self::invalid(error.to_string()),
            RunError::SharedId(_) => {
                Self::usage(format!("{error}. Name a key that tells them apart (--map id=KEY) in a new run"))
            }
            RunError::AuditedOtherwise(_) => {
                Self::usage(format!("{error}. Leave --rejected, --accepted and --seed away"))
            }
            RunError::CalibratedOtherwise(_) => Self::usage(format!("{error}. Leave --seed away")),
            RunError::Gathering(error) => (*error).into(),
            RunError::Shards(error) => error.into(),
            RunError::Io(what) => Self::new(Exit::Io, what),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_names_the_verb_behind_a_hint_of_the_config() {
        let told = |hint| {
            let mut error = ConfigError::new("it is wrong");
            error.hint = hint;
            Failure::from(error).message
        };
        assert_eq!(told(None), "it is wrong");
        assert_eq!(told(Some(ConfigHint::KnownKeys)), "it is wrong; `rejoinder config show` lists the keys");
        assert!(told(Some(ConfigHint::LibraryHash)).contains("`rejoinder plugin inspect FILE`"));
        assert!(told(Some(ConfigHint::NameTheFile)).contains("--config rejoinder.toml"));
    }

    #[test]
    fn a_panic_is_a_bug_and_nothing_else_is() {
        assert_eq!(guard(|| panic!("as a test")), Exit::Bug);
        assert_eq!(guard(|| Exit::Budget), Exit::Budget);
    }
}
