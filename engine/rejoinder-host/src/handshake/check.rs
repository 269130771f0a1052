//! The checks that turn a pointer from somewhere into a plugin of this engine's ABI.

use std::fmt;

use rejoinder_core::Purpose;
use serde::{Deserialize, Serialize};

use crate::abi::{self, Plugin, Str};
use crate::capabilities::read_asks;
use crate::facts::read_facts;
use crate::{Asks, FactDescription, Gives, ScoreDeclaration};

/// Greatest number of reasons: the column that names them has sixteen bits.
const MAX_REASONS: usize = u16::MAX as usize;

/// What a plugin says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Description {
    /// Its name.
    pub name: String,
    /// Its version, as it says.
    pub version: String,
    /// One line about it.
    pub about: String,
    /// The ABI that it was compiled for: major and minor.
    pub abi: (u16, u16),
    /// Bytes of its table, which later minors of the ABI make longer.
    pub struct_size: u32,
    /// Its flags, also those that this engine does not know.
    pub flags: u64,
    /// Whether one state may be used on many threads at once.
    pub concurrent: bool,
    /// What it gives.
    pub gives: Gives,
    /// Whether it reads the metadata columns of records.
    #[serde(default)]
    pub wants_columns: bool,
    /// Which turns it wishes to vote on.
    #[serde(default)]
    pub asks: Asks,
    /// The facts that rules may ask for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<FactDescription>,
    /// A JSON Schema of its configuration; empty where it gives none.
    pub config_schema: String,
    /// What it may give as a reason; votes name them from 1 on.
    pub reasons: Vec<String>,
    /// What the plugin declares of its scores, where it says that it gives calibrated ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scores: Option<ScoreDeclaration>,
}

impl Description {
    /// The reason that a vote names; empty for none.
    pub fn reason(&self, number: u16) -> &str {
        usize::from(number)
            .checked_sub(1)
            .and_then(|index| self.reasons.get(index))
            .map_or("", String::as_str)
    }
}

/// A plugin's functions.
#[derive(Clone, Copy, Debug)]
pub struct Functions {
    pub create: abi::Create,
    /// None where the plugin gives facts alone.
    pub classify_batch: Option<abi::ClassifyBatch>,
    pub destroy: abi::Destroy,
    /// None where the plugin gives no facts.
    pub facts_batch: Option<abi::FactsBatch>,
    /// Whether the plugin allows calls on many threads at once.
    pub concurrent: bool,
}

/// A plugin that passed the checks.
#[derive(Clone, Debug)]
pub struct CheckedPlugin {
    pub functions: Functions,
    pub description: Description,
    /// The plugin's own model, where it scores and that has the engine's format.
    pub model: &'static [u8],
}

/// Which check a plugin's table fails; its text is for the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HandshakeError {
    /// The table does not begin as a plugin's.
    NoPlugin,
    /// Another version of the ABI, by its major and minor.
    Version { major: u16, minor: u16 },
    /// The table is shorter than its version's.
    Short { major: u16, minor: u16, size: u32, wanted: u32 },
    /// It declares that it gives nothing.
    GivesNothing,
    /// A function is missing.
    NoFunction(&'static str),
    /// A function for what it does not declare to give, and the flag for that.
    NotGiven { function: &'static str, flag: &'static str },
    /// A name that a configuration could not mention.
    Name(String),
    /// A table of reasons that cannot be, by its length.
    Reasons(usize),
    /// A text that is not UTF-8, by its field.
    NoText(&'static str),
    /// A word among the purposes that the scores are calibrated for, which is the name of no purpose.
    Purpose(String),
    /// A wish for turns that makes no sense, in words.
    Asks(String),
    /// A declaration of facts that makes no sense, in words.
    Facts(String),
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPlugin => f.write_str("its entry does not return a rejoinder plugin"),
            Self::Version { major: 0, minor } => write!(
                f,
                "it speaks plugin ABI 0.{minor}, a draft; this engine speaks {}.{}. Compile it anew: in C against this engine's \
                 rejoinder_plugin.h, with what it gives (RJN_GIVES_VOTES) in `flags`; in Rust with rejoinder-plugin {}. What \
                 changed is in plugins/README.md#from-0x-to-10",
                abi::MAJOR,
                abi::MINOR,
                abi::MAJOR,
            ),
            Self::Version { major, minor } => write!(
                f,
                "it speaks plugin ABI {major}.{minor}, and this engine {}.x: it needs a later engine, or to be compiled with \
                 rejoinder_plugin.h or rejoinder-plugin of {}.x",
                abi::MAJOR,
                abi::MAJOR,
            ),
            Self::Short { major, minor, size, wanted } => {
                write!(f, "its plugin struct has {size} bytes where ABI {major}.{minor} has {wanted}")
            }
            Self::GivesNothing => f.write_str(
                "it says that it gives nothing: its `flags` need RJN_GIVES_VOTES, RJN_GIVES_SCORES or RJN_GIVES_FACTS",
            ),
            Self::NotGiven { function, flag } => {
                write!(f, "it has a function `{function}`, and its `flags` have no {flag}")
            }
            Self::Asks(why) | Self::Facts(why) => f.write_str(why),
            Self::NoFunction(function) => write!(f, "it has no function `{function}`"),
            Self::Name(name) => {
                write!(f, "its name `{}` is not made of a-z, 0-9, - and _", name.escape_debug())
            }
            Self::Reasons(length) => write!(f, "its table of {length} reasons cannot be"),
            Self::NoText(what) => write!(f, "its {what} is not UTF-8"),
            Self::Purpose(text) => write!(
                f,
                "its score_purposes name `{}`: expected all, sft, kto, or categories such as UR2,UR5, with blanks between \
                 one purpose and the next",
                text.escape_debug()
            ),
        }
    }
}

/// Checks a plugin's table, in the header's order.
///
/// # Errors
/// The first check that fails.
///
/// # Safety
/// `plugin` is not null and points to a table that lives until the process ends: at least its first 16 bytes, and as
/// many as `struct_size` says if these are a plugin's.
pub unsafe fn check(plugin: *const Plugin) -> Result<CheckedPlugin, HandshakeError> {
    // SAFETY: the first 16 bytes are there, and are the same in every version.
    let (magic, size, major, minor) = unsafe {
        (
            (&raw const (*plugin).magic).read(),
            (&raw const (*plugin).struct_size).read(),
            (&raw const (*plugin).abi_major).read(),
            (&raw const (*plugin).abi_minor).read(),
        )
    };
    if magic != abi::MAGIC {
        return Err(HandshakeError::NoPlugin);
    }
    if major != abi::MAJOR {
        return Err(HandshakeError::Version { major, minor });
    }
    if size < abi::floor::PLUGIN {
        return Err(HandshakeError::Short { major, minor, size, wanted: abi::floor::PLUGIN });
    }
    // SAFETY: as many bytes as `struct_size` says are there, and those of this minor are no more.
    let plugin = unsafe { plugin.read() };
    let gives = Gives::of(plugin.flags);
    if gives == Gives::default() {
        return Err(HandshakeError::GivesNothing);
    }
    let functions = functions(&plugin, &gives)?;
    let name = text(plugin.name, "name")?;
    if !is_name(&name) {
        return Err(HandshakeError::Name(name));
    }
    if plugin.n_reasons > MAX_REASONS || (plugin.reasons.is_null() && plugin.n_reasons > 0) {
        return Err(HandshakeError::Reasons(plugin.n_reasons));
    }
    let reasons = (0..plugin.n_reasons)
        // SAFETY: the table holds `n_reasons` strings, as the header says.
        .map(|index| text(unsafe { *plugin.reasons.add(index) }, "list of reasons"))
        .collect::<Result<_, _>>()?;
    let (scores, model) = match gives.scores {
        true => {
            // SAFETY: what a plugin's table points to lives until the process ends.
            let model: &'static [u8] = unsafe { plugin.model.get() };
            let purposes = purposes(&text(plugin.score_purposes, "score_purposes")?)?;
            (Some(ScoreDeclaration { purposes, has_model: !model.is_empty() }), model)
        }
        false => (None, &[][..]),
    };
    Ok(CheckedPlugin {
        functions,
        description: Description {
            name,
            version: text(plugin.version, "version")?,
            about: text(plugin.about, "about")?,
            abi: (major, minor),
            struct_size: size,
            flags: plugin.flags,
            concurrent: functions.concurrent,
            gives,
            wants_columns: plugin.flags & abi::WANTS_COLUMNS != 0,
            asks: read_asks(&plugin)?,
            facts: if gives.facts { read_facts(&plugin)? } else { Vec::new() },
            config_schema: text(plugin.config_schema, "config_schema")?,
            reasons,
            scores,
        },
        model,
    })
}

/// The functions that go with what a plugin gives.
fn functions(plugin: &Plugin, gives: &Gives) -> Result<Functions, HandshakeError> {
    let missing = HandshakeError::NoFunction;
    if gives.is_asked() && plugin.classify_batch.is_none() {
        return Err(missing("classify_batch"));
    }
    if gives.facts && plugin.facts_batch.is_none() {
        return Err(missing("facts_batch"));
    }
    if !gives.facts && plugin.facts_batch.is_some() {
        return Err(HandshakeError::NotGiven { function: "facts_batch", flag: "RJN_GIVES_FACTS" });
    }
    Ok(Functions {
        create: plugin.create.ok_or(missing("create"))?,
        classify_batch: plugin.classify_batch.filter(|_| gives.is_asked()),
        destroy: plugin.destroy.ok_or(missing("destroy"))?,
        facts_batch: plugin.facts_batch,
        concurrent: plugin.flags & abi::FLAG_CONCURRENT != 0,
    })
}

/// Whether a text may name a plugin, a fact or a word of a fact.
pub(crate) fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
}

/// The purposes that a text names, with blanks between them.
fn purposes(text: &str) -> Result<Vec<Purpose>, HandshakeError> {
    let purpose = |word: &str| word.parse().map_err(|_| HandshakeError::Purpose(word.to_owned()));
    text.split_whitespace().map(purpose).collect()
}

/// A text of a plugin's table; `what` is said of one that is not UTF-8.
pub(crate) fn text(text: Str, what: &'static str) -> Result<String, HandshakeError> {
    // SAFETY: strings in a plugin's table live until the process ends; the table's version was checked before.
    unsafe { text.get() }.map(str::to_owned).ok_or(HandshakeError::NoText(what))
}
