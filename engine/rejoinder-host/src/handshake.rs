//! The checks that turn a pointer from somewhere into a plugin of this engine's ABI.

use serde::{Deserialize, Serialize};

use crate::abi::{self, Plugin, Str};

/// Greatest number of reasons: the column that names them has sixteen bits.
const MAX_REASONS: usize = u16::MAX as usize;

/// What a plugin says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
pub struct Checked {
    pub functions: Functions,
    pub description: Description,
}

/// Checks a plugin's table, in the header's order.
///
/// # Errors
/// The first check that fails, for the user.
///
/// # Safety
/// `plugin` is not null and points to a table that lives until the process ends: at least its first 16 bytes, and as
/// many as `struct_size` says if these are a plugin's.
pub unsafe fn check(plugin: *const Plugin) -> Result<Checked, String> {
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
        return Err("its entry does not return a rejoinder plugin".into());
    }
    if major != abi::MAJOR || minor < abi::FIRST_MINOR {
        return Err(format!(
            "it speaks plugin ABI {major}.{minor}, this engine {}.{} to {}.x; rebuild it against this engine's \
             rejoinder-plugin or rejoinder_plugin.h",
            abi::MAJOR,
            abi::FIRST_MINOR,
            abi::MAJOR,
        ));
    }
    let wanted = abi::floor::PLUGIN;
    if size < wanted {
        return Err(format!("its plugin struct has {size} bytes where ABI {major}.{minor} has {wanted}"));
    }
    // SAFETY: the table is as long as this version's, and lives until the process ends.
    let plugin: &'static Plugin = unsafe { &*plugin };
    let missing = |function: &str| format!("it has no function `{function}`");
    let create = plugin.create.ok_or_else(|| missing("create"))?;
    let classify_batch = plugin.classify_batch.ok_or_else(|| missing("classify_batch"))?;
    let destroy = plugin.destroy.ok_or_else(|| missing("destroy"))?;
    let name = text(plugin.name, "name")?;
    if name.is_empty() || !name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_')) {
        return Err(format!("its name `{}` is not made of a-z, 0-9, - and _", name.escape_debug()));
    }
    if plugin.n_reasons > MAX_REASONS || (plugin.reasons.is_null() && plugin.n_reasons > 0) {
        return Err(format!("its table of {} reasons cannot be", plugin.n_reasons));
    }
    let reasons = (0..plugin.n_reasons)
        // SAFETY: the table holds `n_reasons` strings, as the header says.
        .map(|index| text(unsafe { *plugin.reasons.add(index) }, "list of reasons"))
        .collect::<Result<_, _>>()?;
    let concurrent = plugin.flags & abi::FLAG_CONCURRENT != 0;
    Ok(Checked {
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
        },
    })
}

fn text(text: Str, what: &str) -> Result<String, String> {
    // SAFETY: strings in a plugin's table live until the process ends; the table's version was checked before.
    unsafe { text.get() }.map(str::to_owned).ok_or_else(|| format!("its {what} is not UTF-8"))
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
    };

    fn checked(change: impl FnOnce(&mut Plugin)) -> Result<Checked, String> {
        let mut plugin = GOOD;
        change(&mut plugin);
        // SAFETY: a whole table, leaked.
        unsafe { check(Box::leak(Box::new(plugin))) }
    }

    fn error(change: impl FnOnce(&mut Plugin)) -> String {
        checked(change).unwrap_err()
    }

    #[test]
    fn each_failed_check_says_what_is_wrong() {
        assert!(checked(|_| {}).is_ok());
        assert_eq!(error(|p| p.magic = 1), "its entry does not return a rejoinder plugin");
        assert_eq!(
            error(|p| p.abi_major = 2),
            "it speaks plugin ABI 2.2, this engine 0.2 to 0.x; rebuild it against this engine's rejoinder-plugin or \
             rejoinder_plugin.h"
        );
        assert_eq!(error(|p| p.struct_size = 96), "its plugin struct has 96 bytes where ABI 0.2 has 128");
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
