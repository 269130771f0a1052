//! `rejoinder plugin new`: a plugin that builds, with a test, cases and a page on what to do next.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::super::args::OUTPUT;
use super::super::{absolute, print};
use crate::failure::{Exit, Failure};

/// The templates: path in the new folder, and text. A file of `plugins/templates/` each.
const RUST: &[(&str, &str)] = &[
    ("Cargo.toml", include_str!("../../../../plugins/templates/rust/Cargo.toml.in")),
    ("src/lib.rs", include_str!("../../../../plugins/templates/rust/src/lib.rs.in")),
    ("cases.toml", include_str!("../../../../plugins/templates/cases.toml")),
    ("README.md", include_str!("../../../../plugins/templates/rust/README.md.in")),
];
const C: &[(&str, &str)] = &[
    ("{{crate}}.c", include_str!("../../../../plugins/templates/c/plugin.c.in")),
    ("Makefile", include_str!("../../../../plugins/templates/c/Makefile.in")),
    ("cases.toml", include_str!("../../../../plugins/templates/cases.toml")),
    ("README.md", include_str!("../../../../plugins/templates/c/README.md.in")),
    ("rejoinder_plugin.h", include_str!("../../../../plugins/abi/include/rejoinder_plugin.h")),
];
const PYTHON: &[(&str, &str)] = &[
    ("{{crate}}.py", include_str!("../../../../plugins/templates/python/plugin.py.in")),
    ("cases.toml", include_str!("../../../../plugins/templates/cases.toml")),
    ("README.md", include_str!("../../../../plugins/templates/python/README.md.in")),
];

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
    /// Where this project's plugins/sdk lies, for Rust
    ///
    /// [default: looked for from here upwards]
    #[arg(long, value_name = "DIR", help_heading = OUTPUT)]
    sdk: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum PluginLanguage {
    Rust,
    C,
    Python,
}

pub(in crate::cli) fn main(args: &NewArgs) -> Result<Exit, Failure> {
    let name = args.name.as_str();
    let is_name = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
    if !name.bytes().next().is_some_and(|b| b.is_ascii_lowercase()) || !name.bytes().all(is_name) {
        return Err(Failure::usage(format!(
            "`{}` cannot be a plugin's name: begin with a letter of a-z, go on with a-z, 0-9, - and _",
            name.escape_debug()
        )));
    }
    let dir = args.dir.clone().unwrap_or_else(|| name.into());
    if fs::symlink_metadata(&dir).is_ok() {
        return Err(Failure::usage(format!("{} is there already; give another --dir", dir.display())));
    }
    let (files, sdk) = match args.lang {
        PluginLanguage::Rust => (RUST, toml_string(&sdk(args.sdk.as_deref())?)?),
        PluginLanguage::C => (C, String::new()),
        PluginLanguage::Python => (PYTHON, String::new()),
    };
    let filled = |text: &str| {
        text.replace("{{name}}", name)
            .replace("{{crate}}", &format!("rejoinder_plugin_{}", name.replace('-', "_")))
            .replace("{{sdk}}", &sdk)
    };
    for (path, text) in files {
        let path = dir.join(filled(path));
        let written =
            path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, filled(text)));
        written.map_err(|e| Failure::io(format!("cannot write {}", path.display()), &e))?;
    }
    let steps = match args.lang {
        PluginLanguage::Rust => "cargo test\n  cargo build --release",
        PluginLanguage::C => "make\n  make check",
        PluginLanguage::Python => "rejoinder plugin check {{crate}}.py --cases cases.toml",
    };
    let steps = filled(steps);
    print(&format!(
        "made {}\n\n  cd {}\n  {steps}\n\nREADME.md there goes on.\n",
        dir.display(),
        dir.display()
    ))?;
    Ok(Exit::Ok)
}

fn toml_string(path: &Path) -> Result<String, Failure> {
    let text = path.to_str().ok_or_else(|| {
        Failure::usage(format!("{} is not UTF-8, so Cargo.toml cannot name it", path.display()))
    })?;
    Ok(toml::Value::from(text).to_string())
}

/// The SDK's folder: the given one, or the one of the checkout in which the command runs.
fn sdk(given: Option<&Path>) -> Result<PathBuf, Failure> {
    let is_sdk = |dir: &Path| dir.join("Cargo.toml").is_file() && dir.join("src/trampoline.rs").is_file();
    if let Some(dir) = given {
        let dir = absolute(dir)?;
        return if is_sdk(&dir) {
            Ok(dir)
        } else {
            Err(Failure::usage(format!("--sdk {}: this is not the folder plugins/sdk", dir.display())))
        };
    }
    let here = absolute(Path::new("."))?;
    let found = here.ancestors().map(|dir| dir.join("plugins/sdk")).find(|dir| is_sdk(dir));
    found.ok_or_else(|| {
        Failure::usage("where is the SDK? Give --sdk, the folder plugins/sdk of a checkout of rejoinder")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_folder_can_be_named_in_cargo_toml() {
        for path in ["/home/ann o'hara/sdk", "/a \"b\"/sdk", "C:\\new\\sdk", "/x\ny"] {
            let line = format!("path = {}", toml_string(Path::new(path)).unwrap());
            let table: toml::Table = toml::from_str(&line).unwrap();
            assert_eq!(table["path"].as_str(), Some(path), "{line}");
        }
    }
}
