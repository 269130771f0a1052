//! The command: a name and a language in, a folder out.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use super::language::PluginLanguage;
use super::sdk::Sdk;
use crate::cli::args::OUTPUT;
use crate::cli::print;
use crate::failure::{Exit, Failure};
use rejoinder_report::shell;

#[derive(Debug, Args)]
pub(in crate::cli) struct NewArgs {
    /// The plugin's name: a-z, 0-9, - and _
    #[arg(value_name = "NAME")]
    name: String,
    /// The language
    #[arg(long, value_enum, default_value_t = PluginLanguage::Rust, help_heading = OUTPUT)]
    lang: PluginLanguage,
    /// The folder to make [default: ./NAME]
    #[arg(long, value_name = "DIR", help_heading = OUTPUT)]
    dir: Option<PathBuf>,
    /// For Rust: build with the SDK of a checkout, whose folder plugins/sdk this is
    ///
    /// [default: with a copy of the SDK, which is written into the new folder]
    #[arg(long, value_name = "DIR", help_heading = OUTPUT)]
    sdk: Option<PathBuf>,
}

/// The longest name of a plugin, in bytes: a file's name may have 255 on most systems, and the library's has more than the plugin's.
const LONGEST_NAME: usize = 100;

pub(in crate::cli) fn main(args: &NewArgs) -> Result<Exit, Failure> {
    let name = args.name.as_str();
    let is_name = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
    if !name.bytes().next().is_some_and(|b| b.is_ascii_lowercase()) || !name.bytes().all(is_name) {
        return Err(Failure::usage(format!(
            "`{}` cannot be a plugin's name: begin with a letter of a-z, go on with a-z, 0-9, - and _",
            name.escape_debug()
        )));
    }
    if name.len() > LONGEST_NAME {
        return Err(Failure::usage(format!(
            "the name has {} letters, and files are named by it: at most {LONGEST_NAME} can be",
            name.len()
        )));
    }
    let dir = args.dir.clone().unwrap_or_else(|| name.into());
    if fs::symlink_metadata(&dir).is_ok() {
        return Err(Failure::usage(format!("{} is there already; give another --dir", dir.display())));
    }
    let template = args.lang.template();
    let sdk = match &args.sdk {
        Some(_) if !template.needs_sdk => {
            return Err(Failure::usage("--sdk is for plugins in Rust: leave it out, or give --lang rust"));
        }
        Some(dir) => Sdk::of_checkout(dir)?,
        None if template.needs_sdk => Sdk::vendored(),
        None => Sdk::default(),
    };
    let library = format!("rejoinder_plugin_{}", name.replace('-', "_"));
    let filled = |text: &str| {
        text.replace("{{name}}", name)
            .replace("{{library}}", &format!("{DLL_PREFIX}{library}{DLL_SUFFIX}"))
            .replace("{{crate}}", &library)
            .replace("{{sdk}}", &sdk.path)
    };
    for (path, text) in template.files {
        write(&dir.join(filled(path)), &filled(text))?;
    }
    for (path, text) in &sdk.files {
        write(&dir.join(path), text)?;
    }
    let steps: String = template.steps.iter().map(|step| format!("  {}\n", filled(step))).collect();
    print(&format!(
        "made {}\n\n  cd {}\n{steps}\nREADME.md there goes on.\n",
        dir.display(),
        shell::word(&dir)
    ))?;
    Ok(Exit::Ok)
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let written = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(path, text));
    written.map_err(|e| Failure::io(format!("cannot write {}", path.display()), &e))
}
