//! What part the learned score takes in decisions: by cuts that the config says, by a cut that ships with the model, or none.

use std::fmt;

use rejoinder_cascade::{Cuts, Decision, DecisionReason, ScoreBand};
use rejoinder_core::{Hit, Purpose, Vote};
use rejoinder_read::{Chunk, InputFile};
use rejoinder_rules::Pack;
use rejoinder_score::{AcceptingCuts, MeasuredCuts, RejectingCut};
use serde::{Deserialize, Serialize};

use crate::config::{CascadeSection, Config};
use crate::engine::Engine;
use crate::error::{ConfigError, ScanError};
use crate::profile::{beginnings, is_unlike};

/// The part that the learned score takes in decisions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum ScoreRole {
    /// The score decides nothing, as the config says, or because a cut is yet to be searched.
    #[default]
    Off,
    /// The score was to decide, and decides nothing all the same.
    SetAside(SetAside),
    /// The score decides by the cuts that the config says, or that a run has found.
    Told,
    /// Turns below a cut that ships with the model are rejected: an assumption.
    Assumed(RejectingCut),
    /// Nobody is asked: from these cuts on, which ship with the model, turns are accepted, and all others are rejected.
    Accepting(AcceptingCuts),
    /// Nobody is asked, and the config says from which scores on turns are accepted.
    AcceptingTold,
}

/// Why a score decides nothing though it was to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SetAside {
    /// The run was begun before scores decided by default.
    OlderRun,
    /// The score's model has no cut for what is wanted: it was trained on too few labels, or by an older engine.
    NoCut,
    /// The corpus is unlike what the score was measured on.
    Unlike,
}

impl fmt::Display for SetAside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OlderRun => "the run was begun before scores decided by default",
            Self::NoCut => "its model has no cut for this purpose and recall",
            Self::Unlike => "these dialogues are unlike those that it was measured on",
        })
    }
}

/// Never reached by a probability.
const NEVER: f64 = f64::INFINITY;

impl ScoreRole {
    /// The role of a score in an engine of a config; `shipped` are the cuts of the score's model, where the score answers just what
    /// the config's purpose asks.
    ///
    /// # Errors
    /// If rules alone cannot do what the config says, and the model has no cut for it.
    pub(crate) fn of(config: &Config, shipped: Option<&MeasuredCuts>) -> Result<Self, ConfigError> {
        let (cascade, purpose) = (&config.cascade, config.purpose);
        if config.judge.all && !cascade.is_told() {
            return Ok(Self::Off);
        }
        if cascade.without_judge {
            if cascade.accepts_from().is_some() {
                return Ok(Self::AcceptingTold);
            }
            let cuts = shipped.and_then(|cuts| cuts.accepting(purpose, cascade.precision));
            return cuts.map(|cuts| Self::Accepting(*cuts)).ok_or_else(|| {
                ConfigError::new(format!(
                    "the score's model has no cuts from which on so much of what is accepted for `{purpose}` was right: without a judge \
                     it takes `accept-at` or `accept-at-category` under [cascade], a lower precision, or `for` = all or kto"
                ))
            });
        }
        if cascade.cuts().is_some() {
            return Ok(Self::Told);
        }
        if !cascade.score || cascade.recall.is_some() {
            return Ok(Self::Off);
        }
        match shipped.and_then(|cuts| cuts.rejecting(purpose, cascade.assumed_recall)) {
            Some(cut) => Ok(Self::Assumed(*cut)),
            None if purpose == Purpose::ALL => Ok(Self::SetAside(SetAside::NoCut)),
            None => Err(ConfigError::new(format!(
                "rules alone cannot tell what `for` = {purpose} wants, and the score's model has no cut for it: it takes `recall` or \
                 `reject-below` under [cascade]"
            ))),
        }
    }

    /// The scores between which the judge is asked; `None` where the score decides nothing.
    pub(crate) fn cuts(&self, config: &Config) -> Option<Cuts> {
        match self {
            Self::Off | Self::SetAside(_) => None,
            Self::Told => config.cascade.cuts(),
            Self::AcceptingTold => {
                let accept_at = config.cascade.cuts().map_or([NEVER; 5], |cuts| cuts.accept_at);
                Some(Cuts { reject_below: NEVER, accept_at })
            }
            Self::Assumed(cut) => Some(Cuts { reject_below: f64::from(cut.score), accept_at: [NEVER; 5] }),
            Self::Accepting(cuts) => Some(Cuts {
                reject_below: NEVER,
                accept_at: cuts.scores.map(|at| at.map_or(NEVER, f64::from)),
            }),
        }
    }

    /// Whether the score decides by cuts that ship with its model, which nobody has measured on the corpus.
    pub const fn is_assumed(&self) -> bool {
        matches!(self, Self::Assumed(_) | Self::Accepting(_))
    }

    /// Whether turns are to be decided without a judge.
    pub const fn is_without_judge(&self) -> bool {
        matches!(self, Self::Accepting(_) | Self::AcceptingTold)
    }
}

impl Engine {
    /// The scores between which the judge is asked; `None` where the score decides nothing.
    pub const fn cuts(&self) -> Option<Cuts> {
        self.cuts
    }

    /// The engine for a corpus: where the score decides by cuts that ship with its model, and the corpus is unlike what these were
    /// measured on, the score is set aside, and rules and plugins go on alone. The beginnings of the files are looked at.
    ///
    /// # Errors
    /// If a file cannot be read, or rules alone cannot do what the config says.
    pub fn for_corpus(self, files: &[InputFile]) -> Result<Self, ScanError> {
        let is_unlike = self.is_unmeasured() && is_unlike(&self, beginnings(&self, files))?;
        self.set_aside_if(is_unlike)
    }

    /// The engine for a corpus as [`Self::for_corpus`] makes it, where the caller has chunks of the corpus in memory; the first ones are
    /// looked at.
    ///
    /// # Errors
    /// As [`Self::for_corpus`].
    pub fn for_corpus_of(self, chunks: impl Iterator<Item = Chunk>) -> Result<Self, ScanError> {
        let is_unlike = self.is_unmeasured() && is_unlike(&self, chunks)?;
        self.set_aside_if(is_unlike)
    }

    /// Whether the score decides by cuts that were measured on another corpus.
    const fn is_unmeasured(&self) -> bool {
        match self.role {
            // Its cuts are the user's own, and so is the corpus that these were measured on, if the user says so.
            ScoreRole::AcceptingTold => !self.config.cascade.accept_unlike,
            ref role => role.is_assumed(),
        }
    }

    fn set_aside_if(self, is_unlike: bool) -> Result<Self, ScanError> {
        if !is_unlike {
            return Ok(self);
        }
        let Config { purpose, ref cascade, .. } = self.given;
        let wanted = match cascade.without_judge {
            true => "decide without a judge".to_owned(),
            false if purpose == Purpose::ALL => {
                return Self::with_score_aside(self.given, self.more, SetAside::Unlike);
            }
            false => format!("tell what `for` = {purpose} wants"),
        };
        Err(ConfigError::new(format!(
            "the score cannot {wanted} here: {}. `rejoinder inspect` says in what. Cuts of this corpus come from `rejoinder calibrate \
             RUN`, by a judge or by labels; with `recall` a run finds its own",
            SetAside::Unlike
        ))
        .into())
    }

    /// Lets nothing be accepted by the score; returns the lowest score from which on turns were accepted.
    pub fn set_accept_at_aside(&mut self) -> Option<f64> {
        let from = self.config.cascade.set_accept_at_aside();
        self.given.cascade.clone_from(&self.config.cascade);
        self.cuts = self.role.cuts(&self.config);
        from
    }

    /// Whether a turn would wait for the judge if feedback were wanted for `purpose`, and this cut decided.
    pub fn would_wait(
        &self,
        language: &str,
        hits: &[Hit],
        votes: &[Vote],
        purpose: Purpose,
        cut: &RejectingCut,
    ) -> bool {
        let Some(probabilities) = self.probabilities(votes) else { return false };
        let (score, from) = match self.score(votes) {
            Some((score, _)) if purpose == self.config.purpose => (score, cut.score),
            _ => (purpose.probability(probabilities), cut.sum),
        };
        let band = if score < from { ScoreBand::Low } else { ScoreBand::Between };
        let ground = self.settle(hits, votes, Some(band));
        let is_undecided = |ground: DecisionReason| ground.decision() == Decision::Undecided;
        is_undecided(self.heeding_language(ground, true, language, hits))
    }

    /// The engine of a config in which the score has a role that was found out before.
    ///
    /// # Errors
    /// As [`Self::build`].
    pub fn in_role(config: Config, role: &ScoreRole) -> Result<Self, ScanError> {
        match role {
            ScoreRole::SetAside(why @ SetAside::Unlike) => Self::with_score_aside(config, Vec::new(), *why),
            _ => Self::build(config),
        }
    }

    /// The engine for a corpus that goes on with another one, in which the score had this role.
    ///
    /// # Errors
    /// As [`Self::build`].
    pub fn deciding_as(self, role: &ScoreRole) -> Result<Self, ScanError> {
        match role {
            ScoreRole::SetAside(why @ SetAside::Unlike) => {
                Self::with_score_aside(self.given, self.more, *why)
            }
            _ => Ok(self),
        }
    }

    /// Rules and plugins alone; the config says all the same that the score was to decide.
    fn with_score_aside(config: Config, more: Vec<Pack>, why: SetAside) -> Result<Self, ScanError> {
        let cascade = CascadeSection { score: false, ..config.cascade.clone() };
        let mut engine = Self::build_with(Config { cascade, ..config }, more)?;
        engine.config.cascade.score = true;
        engine.role = ScoreRole::SetAside(why);
        engine.given.clone_from(&engine.config);
        Ok(engine)
    }
}
