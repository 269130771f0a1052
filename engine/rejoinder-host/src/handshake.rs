//! The checks that turn a pointer from somewhere into a plugin of this engine's ABI.

use std::fmt;

use rejoinder_core::Purpose;
use serde::{Deserialize, Serialize};

use crate::ScoreDeclaration;
use crate::abi::{self, Plugin, Str};

/// Greatest number of reasons: the column that names them has sixteen bits.
const MAX_REASONS: usize = u16::MAX as usize;

/// What a plugin says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Whether one state may classify on many threads at once.
    pub concurrent: bool,
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
    pub classify_batch: abi::ClassifyBatch,
    pub destroy: abi::Destroy,
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
    /// A function is missing.
    NoFunction(&'static str),
    /// A name that a configuration could not mention.
    Name(String),
    /// A table of reasons that cannot be, by its length.
    Reasons(usize),
    /// A text that is not UTF-8, by its field.
    NoText(&'static str),
    /// A word among the purposes that the scores are calibrated for, which is the name of no purpose.
    Purpose(String),
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPlugin => f.write_str("its entry does not return a rejoinder plugin"),
            Self::Version { major, minor } => write!(
                f,
                "it speaks plugin ABI {major}.{minor}, this engine {}.{} to {}.x; rebuild it against this engine's \
                 rejoinder-plugin or rejoinder_plugin.h",
                abi::MAJOR,
                abi::FIRST_MINOR,
                abi::MAJOR,
            ),
            Self::Short { major, minor, size, wanted } => {
                write!(f, "its plugin struct has {size} bytes where ABI {major}.{minor} has {wanted}")
            }
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
    if major != abi::MAJOR || minor < abi::FIRST_MINOR {
        return Err(HandshakeError::Version { major, minor });
    }
    let knows_scores = minor >= abi::SCORES_MINOR;
    let wanted = if knows_scores { abi::floor::SCORING_PLUGIN } else { abi::floor::PLUGIN };
    if size < wanted {
        return Err(HandshakeError::Short { major, minor, size, wanted });
    }
    // SAFETY: as many bytes as `struct_size` says are there.
    let plugin = unsafe { copy(plugin, size) };
    let create = plugin.create.ok_or(HandshakeError::NoFunction("create"))?;
    let classify_batch = plugin.classify_batch.ok_or(HandshakeError::NoFunction("classify_batch"))?;
    let destroy = plugin.destroy.ok_or(HandshakeError::NoFunction("destroy"))?;
    let name = text(plugin.name, "name")?;
    if name.is_empty() || !name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_')) {
        return Err(HandshakeError::Name(name));
    }
    if plugin.n_reasons > MAX_REASONS || (plugin.reasons.is_null() && plugin.n_reasons > 0) {
        return Err(HandshakeError::Reasons(plugin.n_reasons));
    }
    let reasons = (0..plugin.n_reasons)
        // SAFETY: the table holds `n_reasons` strings, as the header says.
        .map(|index| text(unsafe { *plugin.reasons.add(index) }, "list of reasons"))
        .collect::<Result<_, _>>()?;
    let (scores, model) = match knows_scores && plugin.flags & abi::FLAG_SCORES != 0 {
        true => {
            // SAFETY: what a plugin's table points to lives until the process ends.
            let model: &'static [u8] = unsafe { plugin.model.get() };
            let purposes = purposes(&text(plugin.score_purposes, "score_purposes")?)?;
            (Some(ScoreDeclaration { purposes, has_model: !model.is_empty() }), model)
        }
        false => (None, &[][..]),
    };
    let concurrent = plugin.flags & abi::FLAG_CONCURRENT != 0;
    Ok(CheckedPlugin {
        functions: Functions { create, classify_batch, destroy, concurrent },
        description: Description {
            name,
            version: text(plugin.version, "version")?,
            about: text(plugin.about, "about")?,
            abi: (major, minor),
            struct_size: size,
            flags: plugin.flags,
            concurrent,
            config_schema: text(plugin.config_schema, "config_schema")?,
            reasons,
            scores,
        },
        model,
    })
}

/// A copy of a plugin's table. The table of an older plugin is shorter: the fields that it lacks are zero in the copy.
///
/// # Safety
/// `plugin` points to `size` bytes of a plugin's table.
unsafe fn copy(plugin: *const Plugin, size: u32) -> Plugin {
    let mut copy = std::mem::MaybeUninit::<Plugin>::zeroed();
    let there = (size as usize).min(size_of::<Plugin>());
    // SAFETY: the caller's promise for the source; the copy has room for that many. Zero is a value of every field: a null
    // pointer, an empty text, a function that is missing.
    unsafe {
        std::ptr::copy_nonoverlapping(plugin.cast::<u8>(), copy.as_mut_ptr().cast::<u8>(), there);
        copy.assume_init()
    }
}

/// The purposes that a text names, with blanks between them.
fn purposes(text: &str) -> Result<Vec<Purpose>, HandshakeError> {
    let purpose = |word: &str| word.parse().map_err(|_| HandshakeError::Purpose(word.to_owned()));
    text.split_whitespace().map(purpose).collect()
}

fn text(text: Str, what: &'static str) -> Result<String, HandshakeError> {
    // SAFETY: strings in a plugin's table live until the process ends; the table's version was checked before.
    unsafe { text.get() }.map(str::to_owned).ok_or(HandshakeError::NoText(what))
}

#[cfg(test)]
mod tests {
    use super::*;

    unsafe extern "C" fn create(
        _: *const abi::Host,
        _: Str,
        _: *mut *mut abi::State,
        _: *mut abi::Error,
    ) -> i32 {
        0
    }
    unsafe extern "C" fn classify(
        _: *mut abi::State,
        _: *const abi::Batch,
        _: *mut abi::Output,
        _: *mut abi::Error,
    ) -> i32 {
        0
    }
    unsafe extern "C" fn destroy(_: *mut abi::State) {}

    const GOOD: Plugin = Plugin {
        magic: abi::MAGIC,
        struct_size: size_of::<Plugin>() as u32,
        abi_major: abi::MAJOR,
        abi_minor: abi::MINOR,
        flags: 0,
        name: Str::from_static("good-1"),
        version: Str::from_static("1"),
        about: Str::from_static(""),
        config_schema: Str::from_static(""),
        reasons: std::ptr::null(),
        n_reasons: 0,
        create: Some(create),
        classify_batch: Some(classify),
        destroy: Some(destroy),
        score_purposes: Str::from_static(""),
        model: abi::Bytes::from_static(&[]),
    };

    fn checked(change: impl FnOnce(&mut Plugin)) -> Result<CheckedPlugin, HandshakeError> {
        let mut plugin = GOOD;
        change(&mut plugin);
        // SAFETY: a whole table, leaked.
        unsafe { check(Box::leak(Box::new(plugin))) }
    }

    fn error(change: impl FnOnce(&mut Plugin)) -> String {
        checked(change).unwrap_err().to_string()
    }

    #[test]
    fn each_failed_check_says_what_is_wrong() {
        assert!(checked(|_| {}).is_ok());
        assert_eq!(error(|p| p.magic = 1), "its entry does not return a rejoinder plugin");
        assert_eq!(
            error(|p| p.abi_major = 2),
            "it speaks plugin ABI 2.3, this engine 0.2 to 0.x; rebuild it against this engine's rejoinder-plugin or \
             rejoinder_plugin.h"
        );
        assert_eq!(error(|p| p.struct_size = 96), "its plugin struct has 96 bytes where ABI 0.3 has 160");
        assert_eq!(error(|p| p.destroy = None), "it has no function `destroy`");
        assert_eq!(error(|p| p.n_reasons = 3), "its table of 3 reasons cannot be");
        assert_eq!(
            error(|p| p.name = Str::from_static("Über")),
            "its name `Über` is not made of a-z, 0-9, - and _"
        );
    }

    #[test]
    fn a_later_minor_and_a_longer_table_are_welcome_and_the_draft_is_not() {
        let later = checked(|p| (p.abi_minor, p.struct_size) = (abi::MINOR + 7, 4096)).unwrap();
        assert_eq!(later.description.abi, (abi::MAJOR, abi::MINOR + 7));
        assert!(error(|p| p.abi_minor = 1).starts_with("it speaks plugin ABI 0.1"));
    }

    #[test]
    fn a_table_of_the_first_minor_ends_before_the_scores_and_declares_none() {
        // As short as it was then: reading on would be reading beyond the allocation.
        let mut old = Plugin { abi_minor: 2, struct_size: abi::floor::PLUGIN, flags: u64::MAX, ..GOOD };
        old.score_purposes = Str::from_static("nonsense");
        let bytes: Box<[u64]> = vec![0; abi::floor::PLUGIN as usize / 8].into();
        let table = Box::leak(bytes).as_mut_ptr().cast::<Plugin>();
        // SAFETY: as many bytes as the allocation has, of a table that is longer; `check` gets what it asks for.
        let checked = unsafe {
            std::ptr::copy_nonoverlapping(
                (&raw const old).cast::<u8>(),
                table.cast(),
                abi::floor::PLUGIN as usize,
            );
            check(table).unwrap()
        };
        assert_eq!((checked.description.scores, checked.model), (None, &[][..]));
        assert_eq!(error(|p| p.struct_size = 128), "its plugin struct has 128 bytes where ABI 0.3 has 160");
    }

    #[test]
    fn scores_are_declared_by_a_flag_with_purposes_and_a_model() {
        let scoring = |purposes| {
            move |p: &mut Plugin| {
                p.flags = abi::FLAG_SCORES;
                p.score_purposes = Str::from_static(purposes);
            }
        };
        let declared = |purposes| checked(scoring(purposes)).unwrap().description.scores.unwrap();
        assert_eq!(declared(""), ScoreDeclaration { purposes: Vec::new(), has_model: false });
        let some = ["all", "kto", "UR2,UR5"].map(|purpose| purpose.parse().unwrap());
        assert_eq!(declared(" all KTO\n ur5,ur2 ").purposes, some);
        assert!(checked(|p| p.score_purposes = Str::from_static("x")).unwrap().description.scores.is_none());
        let with_model = checked(|p| {
            scoring("all")(p);
            p.model = abi::Bytes::from_static(b"RJM");
        });
        assert_eq!(with_model.unwrap().model, b"RJM");
        assert_eq!(
            error(scoring("all, kto")),
            "its score_purposes name `all,`: expected all, sft, kto, or categories such as UR2,UR5, with blanks between one \
             purpose and the next"
        );
    }

    #[test]
    fn checks_come_in_the_headers_order() {
        let everything_wrong = |p: &mut Plugin| {
            p.abi_minor = 1;
            p.struct_size = 1;
            p.create = None;
            p.name = Str::from_static("");
        };
        assert!(error(everything_wrong).starts_with("it speaks plugin ABI 0.1"));
    }
}
