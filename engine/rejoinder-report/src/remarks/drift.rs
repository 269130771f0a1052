//! Remarks on new turns that are unlike those of the earlier run that a run goes on with.

use std::path::Path;

use rejoinder_run::nights::EarlierRun;
use rejoinder_score::Difference;

use super::corpus::named_differences;
use super::remark::Remark;

/// A run whose new turns are unlike the others.
#[derive(Clone, Copy, Debug)]
pub struct DriftedRun<'a> {
    /// The run's folder.
    pub folder: &'a Path,
    /// The run that it goes on with.
    pub earlier: &'a EarlierRun,
    /// Whether an audit has measured the run itself.
    pub is_certified: bool,
}

/// That the new turns of a run are unlike those that were read before.
pub fn drift(differences: &[Difference], run: DriftedRun<'_>) -> Remark {
    let DriftedRun { folder, earlier, is_certified } = run;
    let folder = folder.display();
    let made = match (earlier.keeps_cut, &earlier.certificate) {
        (true, Some(_)) => "Cut and certificate were made on those, and may say little about these",
        (true, None) => "The cut was made on those, and may be wrong for these",
        (false, Some(_)) => "The certificate was made on those, and may say little about these",
        (false, None) => "What was known of those may say little about these",
    };
    let measured = match is_certified {
        true => format!("{folder}/certificate.json says what was found among all of them"),
        false => format!("`rejoinder audit {folder}` measures what is found among all of them"),
    };
    let other_cut = match earlier.keeps_cut {
        true => " A run without --after, with `--recall`, finds a cut for all of them.",
        false => "",
    };
    Remark::new(
        "drift",
        format!(
            "The new turns are unlike those that {} read: {}. {made}: {measured}, and `rejoinder show {folder} --accepted --sample 20` \
             shows what was accepted.{other_cut}",
            earlier.known_by().display(),
            named_differences(differences),
        ),
    )
}
