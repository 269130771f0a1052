//! The checks that turn a pointer from somewhere into a plugin of this engine's ABI.

use crate::abi::{self, Plugin, Str};

/// A plugin that passed the checks.
#[derive(Clone, Copy, Debug)]
pub struct Checked {
    pub name: &'static str,
    pub version: &'static str,
    pub about: &'static str,
    pub concurrent: bool,
    pub create: abi::Create,
    pub classify_batch: abi::ClassifyBatch,
    pub destroy: abi::Destroy,
}

/// Checks a plugin's table, in the header's order.
///
/// # Errors
/// The first check that fails, for the user.
pub fn check(plugin: &'static Plugin) -> Result<Checked, String> {
    if plugin.magic != abi::MAGIC {
        return Err("its entry does not return a rejoinder plugin".into());
    }
    // Major 0 is a draft, in which the minor counts as much.
    let (major, minor) = (plugin.abi_major, plugin.abi_minor);
    if (major, minor) != (abi::MAJOR, abi::MINOR) {
        return Err(format!(
            "it speaks plugin ABI {major}.{minor}, this engine {}.{}; rebuild it against this engine's \
             rejoinder-plugin",
            abi::MAJOR,
            abi::MINOR
        ));
    }
    let (size, wanted) = (plugin.struct_size, size_of::<Plugin>());
    if (size as usize) < wanted {
        return Err(format!("its plugin struct has {size} bytes where ABI {major}.{minor} has {wanted}"));
    }
    let missing = |function: &str| format!("it has no function `{function}`");
    let create = plugin.create.ok_or_else(|| missing("create"))?;
    let classify_batch = plugin.classify_batch.ok_or_else(|| missing("classify_batch"))?;
    let destroy = plugin.destroy.ok_or_else(|| missing("destroy"))?;
    let name = text(plugin.name, "name")?;
    if name.is_empty() || !name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_')) {
        return Err(format!("its name `{}` is not made of a-z, 0-9, - and _", name.escape_debug()));
    }
    Ok(Checked {
        name,
        version: text(plugin.version, "version")?,
        about: text(plugin.about, "about")?,
        concurrent: plugin.flags & abi::FLAG_CONCURRENT != 0,
        create,
        classify_batch,
        destroy,
    })
}

fn text(text: Str, what: &str) -> Result<&'static str, String> {
    // SAFETY: strings in a plugin's table live until the process ends; the table's version was checked before.
    unsafe { text.get() }.ok_or_else(|| format!("its {what} is not UTF-8"))
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
        create: Some(create),
        classify_batch: Some(classify),
        destroy: Some(destroy),
    };

    fn error(change: impl FnOnce(&mut Plugin)) -> String {
        let mut plugin = GOOD;
        change(&mut plugin);
        check(Box::leak(Box::new(plugin))).unwrap_err()
    }

    #[test]
    fn each_failed_check_says_what_is_wrong() {
        assert!(check(&GOOD).is_ok());
        assert_eq!(error(|p| p.magic = 1), "its entry does not return a rejoinder plugin");
        assert_eq!(
            error(|p| p.abi_major = 2),
            "it speaks plugin ABI 2.1, this engine 0.1; rebuild it against this engine's rejoinder-plugin"
        );
        assert_eq!(error(|p| p.struct_size = 96), "its plugin struct has 96 bytes where ABI 0.1 has 112");
        assert_eq!(error(|p| p.destroy = None), "it has no function `destroy`");
        assert_eq!(
            error(|p| p.name = Str::from_static("Über")),
            "its name `Über` is not made of a-z, 0-9, - and _"
        );
    }

    #[test]
    fn checks_come_in_the_headers_order() {
        let everything_wrong = |p: &mut Plugin| {
            p.abi_minor = 9;
            p.struct_size = 1;
            p.create = None;
            p.name = Str::from_static("");
        };
        assert!(error(everything_wrong).starts_with("it speaks plugin ABI 0.9"));
    }
}
