//! Puts the sources of the crates for plugin authors into the program, so that `rejoinder plugin new` needs no checkout.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// The folders of the crates under `plugins`, and what an author's build needs of each.
const CRATES: [&str; 3] = ["abi", "sdk", "vocabulary"];
const PARTS: [&str; 6] = ["Cargo.toml", "LICENSE-APACHE", "LICENSE-MIT", "README.md", "include", "src"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=engine/rejoinder/build.rs");
    let plugins = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("plugins");
    let mut list = String::from("&[\n");
    for name in CRATES {
        for part in PARTS {
            let part = plugins.join(name).join(part);
            if !part.exists() {
                continue;
            }
            println!("cargo::rerun-if-changed={}", part.display());
            for file in files(&part)? {
                let place =
                    file.strip_prefix(&plugins)?.components().map(|c| c.as_os_str().to_string_lossy());
                let place = place.collect::<Vec<_>>().join("/");
                let file = file.to_str().ok_or("the checkout lies in a folder whose name is not UTF-8")?;
                writeln!(list, "    ({place:?}, include_str!({file:?})),")?;
            }
        }
    }
    list.push(']');
    fs::write(Path::new(&env::var("OUT_DIR")?).join("author_crates.rs"), list)?;
    Ok(())
}

/// The file itself, or all files of a folder, in the order of their names.
fn files(path: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut entries =
        fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, std::io::Error>>()?;
    entries.sort();
    let mut all = Vec::new();
    for entry in entries {
        all.extend(files(&entry)?);
    }
    Ok(all)
}
