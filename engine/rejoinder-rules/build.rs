//! Reads the shipped packs, so that a run does not have to: each becomes two files that [`RuleFile::from_stored`] reads.
//! Those of a pack with mistakes are empty; then a run reads its text, and says what is wrong.

use std::error::Error;
use std::path::Path;
use std::{env, fs};

use rejoinder_rule_files::parse;

const RULES: &str = "../../rules";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={RULES}");
    let out = env::var("OUT_DIR")?;
    for entry in fs::read_dir(RULES)? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "toml") {
            let name = path.file_stem().ok_or("a file has a name")?.to_string_lossy();
            let text = fs::read_to_string(&path)?;
            let file = |name: String| Path::new(&out).join(name);
            let stored = parse(&format!("rules/{name}.toml"), &text).stored();
            let (rules, tests) = stored.map(|s| (s.rules, s.tests)).unwrap_or_default();
            fs::write(file(format!("{name}.json")), rules)?;
            fs::write(file(format!("{name}.tests.json")), tests)?;
        }
    }
    Ok(())
}
