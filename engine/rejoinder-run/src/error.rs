//! Why something could not be done with a run. The facts stand here; the command says what its user can do next.

use std::{fmt, io};

use rejoinder_cascade::CascadeError;
use rejoinder_core::{RecordId, TurnRecord, printable};
use rejoinder_judge::accounts::AccountsError;
use rejoinder_judge::{JudgeError, LogprobsError};
use rejoinder_ledger::LedgerError;
use rejoinder_read::InputError;
use rejoinder_scan::{ConfigError, Interruption, ScanError};

use crate::folder::FolderError;
use crate::gathering::GatheringError;
use crate::nights::NightError;
use crate::recall::audit::AuditDraw;
use crate::shards::ShardError;

/// Why something could not be done with a run.
#[derive(Debug)]
pub enum RunError {
    /// The engine or the scan failed.
    Scan(ScanError),
    /// Something is wrong with the run's folder.
    Folder(FolderError),
    /// The ledger or the store of replies failed.
    Ledger(LedgerError),
    /// Asking the judge failed.
    Judge(JudgeError),
    /// A judge is needed, and the config names none.
    NoJudge,
    /// A recall, a confidence or a share that the arithmetic cannot use.
    Arithmetic(CascadeError),
    /// The input holds something else at a turn of the run than before: which turn, and what.
    InputChanged(RecordId, String),
    /// Sampled turns are of conversations that the score was trained on: how many, and how many were sampled.
    SampleTrainedOn(u64, usize),
    /// Not all records have labels of their own that can be used.
    NotLabelled,
    /// A file of labels does not judge all turns of a sample.
    LabelsMissing {
        /// Turns of the sample.
        drawn: usize,
        /// Turns without a label.
        missing: usize,
        /// The first turn without a label.
        first: Box<TurnRecord>,
    },
    /// Different conversations have this id, by which labels come back.
    SharedId(String),
    /// Two rows of a batch are about this turn.
    SharedRowId(RecordId),
    /// Log-probabilities of an answer cannot be read.
    Logprobs(LogprobsError),
    /// The run was audited by another draw.
    AuditedOtherwise(AuditDraw),
    /// The same question was calibrated with another seed.
    CalibratedOtherwise(u64),
    /// A job of shards cannot be begun, gone on with or merged.
    Shards(ShardError),
    /// Something is wrong with what was gathered over a data set.
    Gathering(Box<GatheringError>),
    /// The run cannot go on with an earlier one.
    Night(NightError),
    /// Something could not be read or written: what, and why.
    Io(String),
}

impl RunError {
    /// Something could not be read or written.
    pub(crate) fn io(what: impl fmt::Display, why: &dyn fmt::Display) -> Self {
        Self::Io(format!("{what}: {why}"))
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scan(error) => error.fmt(f),
            Self::Folder(error) => error.fmt(f),
            Self::Ledger(error) => error.fmt(f),
            Self::Judge(error) => error.fmt(f),
            Self::NoJudge => f.write_str("no judge is configured"),
            Self::Arithmetic(why) => why.fmt(f),
            Self::InputChanged(id, why) => {
                write!(f, "the input has changed since the run: record {id}: {why}")
            }
            Self::SampleTrainedOn(known, sampled) => write!(
                f,
                "{known} of the {sampled} sampled turns are of conversations that the score was trained on: no cut found by them holds \
                 for others. Use another model ([[plugin]] name = \"scorer\", config = {{ model = … }}), or another corpus"
            ),
            Self::NotLabelled => f.write_str("not all records have usable `labels`"),
            Self::LabelsMissing { drawn, missing, first } => write!(
                f,
                "the file of labels does not judge all of the {drawn} turns that were drawn here, without looking at what a run finds: \
                 {missing} are missing, the first is message {} of conversation `{}`",
                first.id.message_index,
                printable(&first.conversation_id)
            ),
            Self::SharedId(id) => write!(
                f,
                "two different conversations have the id `{}`, and labels come back by the id: they would be taken for those of both",
                printable(id)
            ),
            Self::SharedRowId(id) => write!(
                f,
                "two rows of a batch have the id {id} (shard:ordinal:message): give each conversation of a batch an ordinal of its own"
            ),
            Self::Logprobs(error) => error.fmt(f),
            Self::AuditedOtherwise(AuditDraw { rejected, accepted, seed }) => write!(
                f,
                "this run was audited by a draw of {rejected} rejected and {accepted} accepted turns with seed {seed}; to draw again \
                 until a bound pleases would void it"
            ),
            Self::CalibratedOtherwise(seed) => write!(
                f,
                "this was calibrated with seed {seed} before; to draw again until a cut pleases would void it"
            ),
            Self::Shards(error) => error.fmt(f),
            Self::Gathering(error) => error.fmt(f),
            Self::Night(error) => error.fmt(f),
            Self::Io(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for RunError {}

impl From<ScanError> for RunError {
    fn from(error: ScanError) -> Self {
        Self::Scan(error)
    }
}

impl From<ConfigError> for RunError {
    fn from(error: ConfigError) -> Self {
        Self::Scan(error.into())
    }
}

impl From<Interruption> for RunError {
    fn from(stopped: Interruption) -> Self {
        Self::Scan(stopped.into())
    }
}

impl From<InputError> for RunError {
    fn from(error: InputError) -> Self {
        Self::Scan(error.into())
    }
}

impl From<FolderError> for RunError {
    fn from(error: FolderError) -> Self {
        Self::Folder(error)
    }
}

impl From<LedgerError> for RunError {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error)
    }
}

impl From<JudgeError> for RunError {
    fn from(error: JudgeError) -> Self {
        Self::Judge(error)
    }
}

impl From<AccountsError> for RunError {
    fn from(error: AccountsError) -> Self {
        match error {
            AccountsError::Ledger(error) => Self::Ledger(error),
            other => Self::Judge(other.into()),
        }
    }
}

impl From<ShardError> for RunError {
    fn from(error: ShardError) -> Self {
        Self::Shards(error)
    }
}

impl From<GatheringError> for RunError {
    fn from(error: GatheringError) -> Self {
        Self::Gathering(Box::new(error))
    }
}

impl From<NightError> for RunError {
    fn from(error: NightError) -> Self {
        Self::Night(error)
    }
}

impl From<CascadeError> for RunError {
    fn from(why: CascadeError) -> Self {
        Self::Arithmetic(why)
    }
}

/// Errors of files that name their path themselves.
impl From<io::Error> for RunError {
    fn from(error: io::Error) -> Self {
        Self::Io(error.to_string())
    }
}
