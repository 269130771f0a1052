//! The Python wheel against the command.

use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::Failed;

/// Runs the checks of the wheel with the Python that has it; they compare its rows with this build's command.
pub fn same_as_the_command(python: &Path) -> Result<(), Failed> {
    let command = PathBuf::from(env!("CARGO_BIN_EXE_rejoinder"));
    let generator = command.with_file_name("examples").join("corpus");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/check_wheel.py");
    let ended = Command::new(python)
        .arg(script)
        .arg("--command")
        .arg(&command)
        .args(generator.exists().then_some("--generator"))
        .args(generator.exists().then_some(&generator))
        .output()?;
    match ended.status.success() {
        true => Ok(()),
        false => {
            let (said, errors) =
                (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
            Err(format!("{}\n{said}{errors}", ended.status).into())
        }
    }
}
