//! A plugin library that panics on demand, for the tests of what a panic behind a library's border leads to.

use rejoinder_plugin::{BoxError, Candidate, Classifier, NoConfig, Verdict};

struct Panicky;

impl Classifier for Panicky {
    const NAME: &'static str = "panicky";
    const VERSION: &'static str = "0.0.0";
    const ABOUT: &'static str = "panics at turns that begin with `bad`";
    type Config = NoConfig;

    fn new(_: NoConfig) -> Result<Self, BoxError> {
        Ok(Self)
    }

    fn classify(&self, candidate: Candidate<'_>) -> Verdict {
        assert!(!candidate.target().text().starts_with("bad"), "I do not like this one");
        Verdict::reject()
    }
}

rejoinder_plugin::export_classifier!(Panicky);
