//! What a plugin's author writes.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::{Asks, Candidate, Fact, FactValues, Verdict};

/// Any error, as text for the user.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A classifier of user turns. One value serves all worker threads at once.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a classifier",
    label = "implement `rejoinder_plugin::Classifier` for it",
    note = "`export_classifier!` takes the type that implements `Classifier`, by its path"
)]
pub trait Classifier: Sized + Send + Sync + 'static {
    /// The name used in the configuration: lower-case ASCII letters, digits, `-` and `_`.
    const NAME: &'static str;
    /// The version that a run's manifest records, usually `env!("CARGO_PKG_VERSION")`.
    const VERSION: &'static str;
    /// One line for people.
    const ABOUT: &'static str;
    /// A JSON Schema of [`Self::Config`]; empty where there is none.
    const CONFIG_SCHEMA: &'static str = "";

    /// Why it may decide as it does, in a few words each: what [`Verdict::because`] may say, at most 64. Records and
    /// `rejoinder explain` show them.
    const REASONS: &'static [&'static str] = &[];

    /// That the classifier votes: accepts, rejects and escalates. One that only scores or gives facts says `false`, and then
    /// every verdict is an abstention.
    const GIVES_VOTES: bool = true;

    /// The turns on which the classifier wishes to vote.
    const CANDIDATES: Asks = Asks::Default;

    /// What rules may ask the classifier about a turn ([`Self::facts`]): at most 64 facts.
    const FACTS: &'static [Fact] = &[];

    /// That the classifier reads the metadata columns of records ([`Candidate::column`]), which are handed over only then.
    const WANTS_COLUMNS: bool = false;

    /// That the classifier scores: every verdict has probabilities ([`Verdict::with_probs`]) that are calibrated, and the
    /// score of what its configuration's key `for` wants. `None`: it promises nothing of the kind, and may give either.
    const SCORES: Option<ScoreDeclaration> = None;

    /// The plugin's part of the configuration. Give it `#[serde(deny_unknown_fields, default)]`, so that a misspelt
    /// key is reported and every key may be left out; [`NoConfig`] where there is nothing to configure.
    type Config: DeserializeOwned;

    /// Makes the classifier, once for all threads.
    ///
    /// # Errors
    /// The configuration makes no sense, or a file that it names cannot be read. The text reaches the user.
    fn new(config: Self::Config) -> Result<Self, BoxError>;

    /// Judges one candidate. Called from many threads; the same candidate must get the same verdict.
    /// What cannot be said in one of [`Self::REASONS`] goes to [`Candidate::note`].
    ///
    /// # Panics
    /// A panic is contained: the candidate goes to the judge, and the classifier is made anew.
    fn classify(&self, candidate: Candidate<'_>) -> Verdict;

    /// Sets what is known of one turn, where a rule asks for some of [`Self::FACTS`]. Called as [`Self::classify`] is, before the
    /// rules are done and before any plugin votes: the candidate has no hits and no earlier votes.
    ///
    /// # Panics
    /// As there.
    fn facts(&self, _candidate: Candidate<'_>, _facts: &mut FactValues<'_>) {}
}

/// What a classifier that scores declares of its scores.
///
/// The engine then adds the key `for` to the classifier's configuration: what the score is to be the probability of, as text
/// (`all`, `sft`, `kto`, or categories such as `UR2,UR5`), unless the user has given it. So [`Classifier::Config`]
/// needs that key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScoreDeclaration {
    pub(crate) purposes: &'static str,
    pub(crate) model: &'static [u8],
}

impl ScoreDeclaration {
    /// The scores are calibrated whatever feedback is wanted.
    pub const fn for_every_purpose() -> Self {
        Self { purposes: "", model: &[] }
    }

    /// The scores are calibrated for these purposes alone, with blanks between them: `"all kto UR2,UR5"`. For any other purpose
    /// the engine adds no `for`, and goes by the probabilities of the categories.
    pub const fn for_purposes(purposes: &'static str) -> Self {
        Self { purposes, model: &[] }
    }

    /// Adds the classifier's own model: the bytes of a file of `rejoinder train`. The engine tells by it what the scores were
    /// measured on, and trains from it; a model that it has trained it names as the key `model` of the configuration, a
    /// path, and the classifier is to use that model instead of its own.
    #[must_use]
    pub const fn with_model(mut self, model: &'static [u8]) -> Self {
        self.model = model;
        self
    }
}

/// The configuration of a plugin that has none: `{}`, and any key is refused.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoConfig {}
