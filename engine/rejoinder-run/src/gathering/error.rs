//! Why a data set cannot be gathered, or why what was gathered cannot be used so.

use std::fmt;
use std::path::PathBuf;

use rejoinder_core::{Purpose, TurnRecord, printable};

use super::terms::{GatheredFrom, SampledVerb};

/// Why a data set cannot be gathered, or why what was gathered cannot be used so.
#[derive(Debug)]
pub enum GatheringError {
    /// A folder holds counts and a sample, and conversations are needed.
    NoConversations {
        /// The folder.
        folder: PathBuf,
        /// What the folder was made of.
        from: Box<GatheredFrom>,
    },
    /// A folder holds the sample of another verb.
    OtherVerb {
        /// The folder.
        folder: PathBuf,
        /// What the folder was made of.
        from: Box<GatheredFrom>,
        /// The verb that needs a sample.
        wanted: SampledVerb,
    },
    /// The turns were scored for another purpose.
    OtherPurpose {
        /// The purpose that the turns were scored for.
        gathered: Purpose,
        /// The wanted purpose.
        wanted: Purpose,
    },
    /// The sample is smaller than the one wanted.
    SmallerSample {
        /// Turns that were drawn.
        gathered: usize,
        /// Turns that are wanted.
        wanted: usize,
    },
    /// The sample was drawn with this seed, and another one is wanted.
    OtherSeed(u64),
    /// Turns are to be drawn otherwise than from all turns of the data set, which a search for a cut does.
    OtherDraw,
    /// Bytes are no part, or none of this engine; why.
    Unreadable(String),
    /// Parts do not belong together; what differs.
    Different(&'static str),
    /// A turn was gathered twice.
    Twice(Box<TurnRecord>),
    /// A batch was gathered twice.
    BatchTwice,
    /// Fewer turns were drawn than there are to draw, since fewer were there than expected.
    Short {
        /// Turns that were drawn.
        drawn: usize,
        /// Turns to draw.
        wanted: usize,
        /// Turns that there are to draw from.
        population: u64,
    },
    /// The judge has answered about more turns than wait.
    TooManyAnswers {
        /// Turns that the judge was asked about.
        answers: u64,
        /// Turns that wait.
        waiting: u64,
    },
    /// Answers of the judge stand beside a sample that is drawn from all turns.
    NeedlessAnswers,
    /// The config leaves repeated conversations out, which no batch can know of the others.
    Duplicates,
}

impl fmt::Display for GatheringError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoConversations { folder, from } => write!(
                f,
                "{} was gathered from `{}`, batch by batch: it holds counts and a sample of turns, and no conversations",
                folder.display(),
                printable(&from.data_set)
            ),
            Self::OtherVerb { folder, from, wanted } => write!(
                f,
                "{} was gathered from `{}` for `{}`, and `{wanted}` takes a sample of its own",
                folder.display(),
                printable(&from.data_set),
                from.terms.goal.verb()
            ),
            Self::OtherPurpose { gathered, wanted } => {
                write!(f, "the turns were scored for `{gathered}` when they were gathered, not for `{wanted}`")
            }
            Self::SmallerSample { gathered, wanted } => {
                write!(f, "a sample of {gathered} turns was gathered, and {wanted} are wanted")
            }
            Self::OtherSeed(seed) => write!(f, "the sample was gathered with seed {seed}"),
            Self::OtherDraw => f.write_str(
                "the sample was drawn from all turns of a data set when that was gathered: to draw otherwise takes the conversations",
            ),
            Self::Unreadable(why) => {
                write!(f, "what was to be merged is not what this engine has gathered: {why}")
            }
            Self::Different(what) => {
                write!(f, "what was gathered does not belong together: {what} differ. Begin all workers alike")
            }
            Self::Twice(turn) => write!(
                f,
                "message {} of conversation `{}` ({}) was gathered twice: either a batch was counted twice, or two conversations share an \
                 address, and the draw would not be uniform. Give each conversation an id of its own, or a shard and an ordinal, and \
                 gather by those",
                turn.id.message_index,
                printable(&turn.conversation_id),
                turn.id
            ),
            Self::BatchTwice => f.write_str(
                "a batch was counted twice, or two batches hold conversations with the same addresses, and the draw would not be uniform. \
                 Merge each part once, and give each conversation an id of its own, or a shard and an ordinal",
            ),
            Self::Short { drawn, wanted, population } => write!(
                f,
                "{drawn} turns were drawn in place of {wanted}: there are {population} turns to draw from, far fewer than expected. Gather \
                 once more with this number, or with none"
            ),
            Self::TooManyAnswers { answers, waiting } => write!(
                f,
                "the judge has answered about {answers} turns, and {waiting} wait: count each turn once, and no others"
            ),
            Self::NeedlessAnswers => {
                f.write_str("a calibration draws from all turns, whatever the judge has said: leave the answers away")
            }
            Self::Duplicates => f.write_str(
                "`duplicates` under [input] needs the whole data set at once: take it out, and leave repeated conversations out \
                 before gathering",
            ),
        }
    }
}

impl std::error::Error for GatheringError {}
