//! Remarks on a corpus that is unlike what the score and the accept rules were measured on.

use rejoinder_run::folder::Manifest;
use rejoinder_scan::{ScoreRole, SetAside};
use rejoinder_score::{Difference, Profile, Reference, Trait};

use super::remark::Remark;

/// Differences from what was measured that are named.
const NAMED_DIFFERENCES: usize = 3;

/// A run over a corpus that is unlike what was measured.
#[derive(Clone, Copy, Debug)]
pub struct DecidedRun<'a> {
    /// What the run is made of.
    pub manifest: &'a Manifest,
    /// The run's folder.
    pub folder: &'a str,
    /// Whether the run accepted a turn.
    pub has_accepted: bool,
    /// Whether an audit has measured the run.
    pub is_certified: bool,
}

/// That a corpus is unlike what the score and the accept rules were measured on; `run` is nothing where no run has decided yet.
pub fn unlike(measured_on: &Reference, corpus: &Profile, run: Option<DecidedRun<'_>>) -> Option<Remark> {
    let differences = measured_on.differences(corpus);
    if differences.is_empty() {
        return None;
    }
    let kinds: Vec<&str> = measured_on.kinds.keys().map(String::as_str).collect();
    let next = run.map_or_else(
        || "How often they are right here is not known: a run over these dialogues says the same.".to_owned(),
        DecidedRun::next,
    );
    Some(Remark::new(
        "unlike",
        format!(
            "These dialogues are unlike those that the shipped accept rules and the score were measured on ({}): {}. {next}",
            kinds.join(", "),
            named_differences(&differences),
        ),
    ))
}

impl DecidedRun<'_> {
    /// What the reader of the run should do.
    fn next(self) -> String {
        let Self { manifest, folder: run, has_accepted, is_certified } = self;
        let mut said = match is_certified {
            true => vec![format!("How often they are right here, {run}/certificate.json says.")],
            false => vec!["How often they are right here is not known.".to_owned()],
        };
        if has_accepted && !is_certified {
            said.push(format!(
                "Read some of what was accepted before you use it: rejoinder show {run} --accepted --sample 20."
            ));
        }
        match manifest.accept_at_set_aside {
            Some(at) => said.push(format!(
                "By the score nothing was accepted, though the config says `accept-at = {at}`: `rejoinder calibrate {run}` finds cuts for \
                 this corpus by a judge or by labels."
            )),
            None if manifest.score == ScoreRole::SetAside(SetAside::Unlike) => {
                said.push("The score was set aside: rules and plugins decided alone.".to_owned());
            }
            None if manifest.score.is_assumed() && manifest.after.is_some() => said.push(
                "The cut that ships with the score is in force as in the run that this one goes on with: begin a run without --after to \
                 have it looked at anew, or with --no-score for rules alone."
                    .to_owned(),
            ),
            None if manifest.score.is_assumed() => said.push(
                "The cut that ships with the score was in force all the same, since the beginnings of the files are not unlike: begin a \
                 run with --no-score for rules alone."
                    .to_owned(),
            ),
            None if manifest.config.cascade.accepts_by_score_alone() => said.push(
                "The config's `accept-at` was in force all the same, since the beginnings of the files are not unlike: begin a run \
                 without it, or read what it accepted."
                    .to_owned(),
            ),
            None => {}
        }
        if !is_certified {
            said.push(format!(
                "What precision and recall are here, a judge or people can tell: `run --recall 0.9` asks a judge about a sample first, \
                 and `rejoinder export review {run} --for argilla --audit` draws turns for people."
            ));
        }
        said.join(" ")
    }
}

/// That the config's `accept-at` is not in force, where no other remark says so.
pub fn accept_at(manifest: &Manifest) -> Option<Remark> {
    let at = manifest.accept_at_set_aside?;
    Some(Remark::new(
        "accept-at",
        format!(
            "The config's `accept-at = {at}` is not in force: the beginnings of the files are unlike what the score was measured on, \
             though all of them together are not. Turns that it would have accepted wait for the judge. If the cut was measured on \
             this corpus, say `accept-unlike = true` beside it, in a new run."
        ),
    ))
}

/// The greatest of some differences, in words.
pub(super) fn named_differences(differences: &[Difference]) -> String {
    let named: Vec<String> = differences.iter().take(NAMED_DIFFERENCES).map(difference).collect();
    named.join("; ")
}

/// A difference in words.
fn difference(found: &Difference) -> String {
    let percent = |share: f64| format!("{:.0} %", 100.0 * share);
    let (share, at) = (percent(found.share), found.at);
    let what = match found.what {
        Trait::AnswerBytes if at.is_finite() => format!("of the answers have at most {at} bytes"),
        Trait::TurnBytes if at.is_finite() => format!("of the later turns have at most {at} bytes"),
        Trait::NewWords if at == 0.0 => "of the later turns have no word that is new to the score".to_owned(),
        Trait::NewWords => {
            format!("of the later turns have at most {:.0} % words that are new to the score", 100.0 * at)
        }
        Trait::Mark if at == 0.0 => "of the later turns are marked by no rule".to_owned(),
        Trait::Mark if at <= 5.0 => format!("of the later turns are marked as UR{at}"),
        Trait::Mark => "of the later turns are marked by a rule without a category".to_owned(),
        Trait::Score => format!("of the later turns have a score of at most {at}"),
        Trait::AnswerBytes | Trait::TurnBytes => "of the messages are longer than all others".to_owned(),
    };
    match percent(found.least) == percent(found.most) {
        true => format!("{share} {what} (there {})", percent(found.most)),
        false => format!("{share} {what} (there {} to {})", percent(found.least), percent(found.most)),
    }
}
