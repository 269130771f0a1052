//! The crates for authors in Rust: copied into the new plugin's folder, or the ones of a checkout.

use std::path::Path;

use crate::cli::absolute;
use crate::failure::Failure;

/// Every file of the crates, by its path under `plugins`.
const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/author_crates.rs"));

/// The folder of the crates in the new plugin's.
const VENDOR: &str = "vendor";

/// Where the new plugin's `Cargo.toml` finds the SDK, and the files to write for that; nothing for a plugin that needs none.
#[derive(Default)]
pub(super) struct Sdk {
    /// The path of the SDK as a TOML string.
    pub path: String,
    /// Paths in the new folder, and texts.
    pub files: Vec<(String, String)>,
}

impl Sdk {
    /// Copies of the crates, as they are in this program.
    pub(super) fn vendored() -> Self {
        let files = FILES.iter().map(|&(path, text)| {
            let text = if path.ends_with("Cargo.toml") { alone(text) } else { text.to_owned() };
            (format!("{VENDOR}/{path}"), text)
        });
        let readme = format!("{VENDOR}/README.md");
        let about = include_str!("../../../../../plugins/templates/rust/vendor.md.in");
        let about = about.replace("{{version}}", env!("CARGO_PKG_VERSION"));
        Self { path: format!("\"{VENDOR}/sdk\""), files: files.chain([(readme, about)]).collect() }
    }

    /// The crates of a checkout, whose folder `plugins/sdk` is given.
    ///
    /// # Errors
    /// If the folder is another.
    pub(super) fn of_checkout(given: &Path) -> Result<Self, Failure> {
        let dir = absolute(given)?;
        if !dir.join("Cargo.toml").is_file() || !dir.join("src/trampoline.rs").is_file() {
            return Err(Failure::usage(format!(
                "--sdk {}: this is not the folder plugins/sdk",
                dir.display()
            )));
        }
        Ok(Self { path: toml_string(&dir)?, files: Vec::new() })
    }
}

/// The manifest of a crate outside of this workspace: without its lints, and without what only the crate's own tests need.
fn alone(manifest: &str) -> String {
    let mut table: toml::Table = manifest.parse().expect("the manifest of a crate of this workspace is TOML");
    table.remove("lints");
    table.remove("dev-dependencies");
    table.to_string()
}

fn toml_string(path: &Path) -> Result<String, Failure> {
    let text = path.to_str().ok_or_else(|| {
        Failure::usage(format!("{} is not UTF-8, so Cargo.toml cannot name it", path.display()))
    })?;
    Ok(toml::Value::from(text).to_string())
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

    #[test]
    fn a_vendored_manifest_asks_nothing_of_a_workspace() {
        let Sdk { files, .. } = Sdk::vendored();
        let manifests: Vec<_> = files.iter().filter(|(path, _)| path.ends_with("Cargo.toml")).collect();
        assert_eq!(manifests.len(), 3);
        for (path, manifest) in manifests {
            assert!(!manifest.contains("workspace"), "{path}\n{manifest}");
        }
    }
}
