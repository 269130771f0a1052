//! The commands that take a reader's labels.

use std::path::Path;

use rejoinder_report::shell::word;
use rejoinder_run::RunDir;
use rejoinder_run::reviewing::ReviewDraw;

/// More input files than this are not listed.
const MOST_INPUTS: usize = 3;

/// The commands that take the labels in a file, the most fitting first.
pub(super) fn next_commands(run: &RunDir, draw: &ReviewDraw, labels: &Path) -> Vec<String> {
    let (folder, labels) = (word(&run.path), word(labels));
    let inputs: Vec<String> = run.manifest.inputs.iter().map(|file| word(file.current_path())).collect();
    let inputs = if inputs.len() > MOST_INPUTS { "INPUT".to_owned() } else { inputs.join(" ") };
    let first = match draw {
        ReviewDraw::Audit { .. } => format!("rejoinder audit {folder} --label-file {labels}"),
        ReviewDraw::Calibration { .. } => format!("rejoinder calibrate {folder} --label-file {labels}"),
        _ => format!("rejoinder eval {inputs} --label-file {labels}"),
    };
    let train = format!("rejoinder train {inputs} --label-file {labels} --out mine.rjm");
    let export = format!("rejoinder export kto {folder} --label-file {labels}");
    vec![first, train, export]
}
