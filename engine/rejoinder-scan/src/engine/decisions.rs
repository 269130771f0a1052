//! Decisions about turns, by what rules and plugins say of them.

use rejoinder_cascade::{DecisionReason, ScoreBand, TurnVerdicts, decide};
use rejoinder_core::{Hit, Verdict, Vote};
use rejoinder_rules::Route;

use super::Engine;
use super::asks::TurnMarks;
use crate::config::OtherLanguages;
use crate::scanned_batch::Voter;

impl Engine {
    /// Decides a turn of a conversation in a language by the rules' hits and the plugins' votes. A turn in a language that no
    /// pack is for, and that no rule or plugin spoke about, is not looked at, or waits for the judge, as the config says; a cut that
    /// ships with the score lets more of such turns wait, and rejects none.
    pub fn ground(&self, language: &str, hits: &[Hit], votes: &[Vote]) -> DecisionReason {
        self.heeding_language(self.decide(hits, votes), self.role.is_assumed(), language, hits)
    }

    /// The decision about a turn once its language is heeded; `is_assumed` says whether a cut that ships has decided.
    pub(crate) fn heeding_language(
        &self,
        decided: DecisionReason,
        is_assumed: bool,
        language: &str,
        hits: &[Hit],
    ) -> DecisionReason {
        let is_unmarked = match decided {
            DecisionReason::Unmarked => true,
            DecisionReason::LowScore => is_assumed && !self.is_candidate(hits),
            _ => false,
        };
        match self.config.rules.other_languages {
            _ if !is_unmarked || self.reads(language) => decided,
            OtherLanguages::PassOver => DecisionReason::NotLookedAt,
            OtherLanguages::Ask => DecisionReason::AskedUnread,
        }
    }

    /// Decides a turn as [`Self::ground`] would if a rule or a plugin were not in force.
    pub fn ground_without(
        &self,
        part: Voter,
        language: &str,
        hits: &[Hit],
        votes: &[Vote],
        marks: TurnMarks,
    ) -> DecisionReason {
        match part {
            Voter::Rule(rule) => {
                let others: Vec<Hit> = hits.iter().filter(|hit| hit.rule != rule).copied().collect();
                self.ground_by(language, &others, votes, marks)
            }
            Voter::Plugin(plugin) => {
                // A vote's place says whose it is.
                let silent =
                    |(place, vote): (usize, &Vote)| if place == plugin { Vote::default() } else { *vote };
                let votes: Vec<Vote> = votes.iter().enumerate().map(silent).collect();
                let Some(asking) = self.facts.asking(plugin) else {
                    return self.ground(language, hits, &votes);
                };
                let others = self.rules.left_without(hits, asking);
                self.ground_by(language, &others, &votes, marks)
            }
        }
    }

    /// Decides a turn with these marks as [`Self::ground`] would by some of the hits alone: what was said by plugins that are
    /// asked about marked turns does not count where the rest of the hits marks none.
    fn ground_by(&self, language: &str, hits: &[Hit], votes: &[Vote], marks: TurnMarks) -> DecisionReason {
        let marks_left = TurnMarks { is_candidate: self.is_candidate(hits), ..marks };
        if marks_left == marks {
            return self.ground(language, hits, votes);
        }
        // A plugin that told facts may have failed on what another rule asked.
        let is_heard = |plugin: usize, vote: &Vote| {
            self.asks(plugin, marks_left) || (vote.is_fault() && self.facts.plugins().contains(&plugin))
        };
        let heard = |(plugin, vote): (usize, &Vote)| match is_heard(plugin, vote) {
            true => *vote,
            false => Vote::default(),
        };
        let votes: Vec<Vote> = votes.iter().enumerate().map(heard).collect();
        self.ground(language, hits, &votes)
    }

    /// Decides by the rules' hits and the plugins' votes on a turn, unless the judge is asked about all.
    fn decide(&self, hits: &[Hit], votes: &[Vote]) -> DecisionReason {
        if self.config.judge.all {
            return DecisionReason::AskedAnyway;
        }
        self.settle(hits, votes, self.band(votes))
    }

    /// The band of a turn's score by the votes on it; none where no score decides.
    pub fn band(&self, votes: &[Vote]) -> Option<ScoreBand> {
        let (cuts, (score, likeliest)) = self.cuts.zip(self.score(votes))?;
        Some(cuts.band(f64::from(score), likeliest))
    }

    /// Decides a turn by the rules' hits, the plugins' votes and the band of the score, whatever the config says of asking.
    pub fn settle(&self, hits: &[Hit], votes: &[Vote], score: Option<ScoreBand>) -> DecisionReason {
        decide(&self.verdicts(hits, votes), self.is_candidate(hits), score)
    }

    /// What the rules' hits and the plugins' votes on a turn say.
    pub fn verdicts(&self, hits: &[Hit], votes: &[Vote]) -> TurnVerdicts {
        let mut verdicts = TurnVerdicts::default();
        for hit in hits {
            let rule = self.rules.rule(hit.rule);
            verdicts.add(match (rule.route, rule.category) {
                (Route::Accept, Some(category)) => Verdict::Accept(category),
                (Route::Reject, _) => Verdict::Reject,
                (Route::Escalate, _) => Verdict::Escalate,
                _ => Verdict::Abstain,
            });
        }
        for vote in votes {
            if vote.is_fault() {
                verdicts.add_fault();
            } else {
                verdicts.add(vote.verdict);
            }
        }
        verdicts
    }
}
