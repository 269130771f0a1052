//! The audit of what came out: a uniform sample of the turns that the judge was not asked about is drawn, kept, asked about, and
//! counted into a certificate. The audit looks at what came out, not at how, and so notices whatever went wrong before.

use std::num::NonZeroUsize;

use rejoinder_cascade::Decision;
use rejoinder_cascade::audit::{AuditTerms, certify_by};
use rejoinder_cascade::certificate::Certificate;
use rejoinder_cascade::closing::{MAIN_SHARE, stage_delta};
use rejoinder_cascade::tally::{AuditAnswer, Tally};
use rejoinder_core::{Answer, Category, Purpose, RecordId};
use rejoinder_ledger::part;
use rejoinder_scan::{Engine, Scan, ScannedBatch, ScannedTurn};
use serde::{Deserialize, Serialize};

use super::draw::{self, DrawnTurn, HashBound, TurnAddress, UniformDraw, hash};
use crate::error::RunError;
use crate::folder::RunDir;
use crate::judging;

/// How many turns are drawn, and by which seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditDraw {
    /// The number of rejected turns to draw.
    pub rejected: usize,
    /// The number of accepted turns to draw.
    pub accepted: usize,
    /// The seed: the turns with the lowest hashes under the seed are drawn.
    pub seed: u64,
}

impl AuditDraw {
    /// A draw of as many turns as a certificate of a few per cent takes.
    pub const fn new(seed: u64) -> Self {
        Self { rejected: 300, accepted: 100, seed }
    }

    /// The draw of a run that audits itself, by the number of the run's later turns.
    pub fn fitting(turns: u64, seed: u64) -> Self {
        Self { rejected: (turns / 20).clamp(100, 600) as usize, accepted: 60, seed }
    }
}

/// A turn that was drawn.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditedTurn {
    /// The turn.
    pub turn: DrawnTurn,
    /// The category that the turn was accepted as; `None` for a rejected turn.
    pub accepted: Option<Category>,
}

/// A draw and the turns drawn, kept in the run's folder: the answers must not decide what is drawn.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditSample {
    /// How the turns were drawn.
    pub draw: AuditDraw,
    /// The turns, in input order.
    pub turns: Vec<AuditedTurn>,
    /// The stage of the search's proof that the sample belongs to ([`rejoinder_cascade::closing`]); none where the search had
    /// no part in the draw.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<u32>,
}

/// The draw that has proven a recall during the search: the audit's draw, made before the audit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProvingDraw {
    /// How the turns were drawn.
    pub draw: AuditDraw,
    /// The stage of the proof, counted from 0.
    pub stage: u32,
}

/// The numbers of a corpus's later turns by outcome.
#[derive(Clone, Debug, Default)]
pub struct OutcomeCounts {
    /// The judge's answers about turns; `None` = no feedback.
    pub judged: Vec<Option<Category>>,
    /// Turns that still wait for the judge.
    pub waiting: u64,
    /// Turns that were accepted without asking, by category in the order of [`Category::ALL`].
    pub accepted: [u64; 5],
    /// Turns that were rejected, or not looked at.
    pub rejected: u64,
}

/// How surely a certificate holds, and what it counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CertificateTerms {
    /// The probability with which all bounds hold together.
    pub confidence: f64,
    /// The stage of a search's proof that the sample belongs to, whose error probability the certificate then has.
    pub stage: Option<u32>,
    /// The probability with which the turns that share a request change the letter of one of them ([`rejoinder_cascade::leaning`]).
    pub lean: f64,
    /// Whether the sample's answers count among the outcomes; else the certificate is about the outcomes alone.
    pub uses_answers: bool,
}

/// Counts outcomes and the answers about an audit's sample, in the sample's order, into a certificate.
///
/// # Errors
/// A confidence outside (0, 1).
pub fn certificate(
    outcomes: &OutcomeCounts,
    sample: &[AuditedTurn],
    answers: &[Answer],
    purpose: Purpose,
    terms: CertificateTerms,
) -> Result<Certificate, RunError> {
    let audited = sample.iter().map(|turn| turn.accepted).zip(answers.iter().copied());
    certificate_of(outcomes, audited, purpose, terms)
}

/// As [`certificate`], of drawn turns when nothing else is known of them: the category that each was accepted as, `None` for a rejected
/// turn, and the answer.
pub(crate) fn certificate_of(
    outcomes: &OutcomeCounts,
    audited: impl Iterator<Item = (Option<Category>, Answer)>,
    purpose: Purpose,
    CertificateTerms { confidence, stage, lean, uses_answers }: CertificateTerms,
) -> Result<Certificate, RunError> {
    let categories: Vec<Category> = purpose.categories().collect();
    let mut tally = Tally::new(&categories);
    outcomes.judged.iter().for_each(|found| tally.judged(*found));
    tally.undecided_undrawn(outcomes.waiting);
    let mut accepted = outcomes.accepted;
    let mut rejected = outcomes.rejected;
    for (accepted_as, answer) in audited {
        let audited = match answer {
            Answer::Unknown => AuditAnswer::Unreadable,
            Answer::NoFeedback => AuditAnswer::Nothing,
            Answer::Feedback(category) => AuditAnswer::Feedback(category),
        };
        match accepted_as {
            Some(category) => {
                accepted[category.index()] -= 1;
                tally.accepted(category, audited);
            }
            None => {
                rejected -= 1;
                tally.rejected(audited);
            }
        }
    }
    for category in Category::ALL {
        tally.accepted_undrawn(category, accepted[category.index()]);
    }
    tally.rejected_undrawn(rejected);
    let delta = 1.0 - confidence;
    let terms = match stage {
        None => AuditTerms::at(delta),
        Some(stage) => AuditTerms { of_main: MAIN_SHARE, ..AuditTerms::at(stage_delta(delta, stage)) },
    };
    Ok(certify_by(&tally.claims(), AuditTerms { answers_used: uses_answers, lean, ..terms })?)
}

/// File of an audit's sample.
pub(crate) const FILE: &str = "audit.json";

/// The wanted draw of an audit; a number that is not given is as in the draw before, or as usual.
#[derive(Clone, Copy, Debug, Default)]
pub struct AuditDrawRequest {
    /// Rejected turns to draw.
    pub rejected: Option<usize>,
    /// Accepted turns to draw.
    pub accepted: Option<usize>,
    /// The seed of the draw.
    pub seed: Option<u64>,
}

impl AuditDrawRequest {
    /// Whether a draw is what is wanted.
    fn allows(&self, draw: AuditDraw) -> bool {
        self.rejected.is_none_or(|wanted| wanted == draw.rejected)
            && self.accepted.is_none_or(|wanted| wanted == draw.accepted)
            && self.seed.is_none_or(|wanted| wanted == draw.seed)
    }

    /// The draw of a run that was not audited before.
    fn draw(&self) -> AuditDraw {
        let usual = AuditDraw::new(self.seed.unwrap_or_else(draw::seed));
        AuditDraw {
            rejected: self.rejected.unwrap_or(usual.rejected),
            accepted: self.accepted.unwrap_or(usual.accepted),
            ..usual
        }
    }
}

impl AuditSample {
    /// The sample of an earlier audit of the run, if there was one.
    ///
    /// # Errors
    /// If the file of the sample cannot be read.
    pub fn of(run: &RunDir) -> Result<Option<Self>, RunError> {
        let file = run.path.join(FILE);
        let text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(RunError::io(format!("cannot read {}", file.display()), &e)),
        };
        let sample = serde_json::from_str(&text);
        sample.map(Some).map_err(|e| RunError::Io(format!("{}: {e}", file.display())))
    }

    /// The sample of an earlier audit of the run, or a new one: looking at another draw until one pleases would void the
    /// certificate.
    ///
    /// # Errors
    /// If the run was audited by another draw than the one wanted; else as [`Self::draw`].
    pub fn of_or_drawn(
        run: &RunDir,
        threads: NonZeroUsize,
        request: AuditDrawRequest,
    ) -> Result<Self, RunError> {
        match Self::of(run)? {
            Some(sample) if request.allows(sample.draw) => Ok(sample),
            Some(sample) => Err(RunError::AuditedOtherwise(sample.draw)),
            None => Self::draw(run, threads, request.draw(), None),
        }
    }

    /// The turns as an oracle is asked about them.
    pub fn drawn(&self) -> Vec<&DrawnTurn> {
        self.turns.iter().map(|drawn| &drawn.turn).collect()
    }

    /// Draws from a finished run, uniformly and without replacement, and keeps the draw. The draw of a `stage` of the search's
    /// proof comes to the same turns as it did there: the parts and the seed are the same.
    ///
    /// # Errors
    /// If input, rules or plugins are not what they were, or the run's folder cannot be written.
    pub fn draw(
        run: &RunDir,
        threads: NonZeroUsize,
        draw: AuditDraw,
        stage: Option<u32>,
    ) -> Result<Self, RunError> {
        run.check_conversations()?;
        let engine = run.engine()?;
        let stats = run.scan_stats()?;
        let parts = [(draw.rejected, stats.passed_over()), (draw.accepted, stats.accepted.total())];
        let mut lowest = parts.map(|(most, of)| UniformDraw::new(most, of));
        let mut turns = drawn(run, &engine, threads, draw.seed, &mut lowest)?;
        if lowest.iter().any(UniformDraw::is_short) {
            lowest = parts.map(|(most, _)| UniformDraw::new(most, 0));
            turns = drawn(run, &engine, threads, draw.seed, &mut lowest)?;
        }
        let sample = Self { draw, turns, stage };
        sample.keep(run)?;
        Ok(sample)
    }

    /// Keeps the sample in a run's folder.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(crate) fn keep(&self, run: &RunDir) -> Result<(), RunError> {
        let json = serde_json::to_vec(self).expect("a sample is plain data");
        Ok(part::write(&run.path.join(FILE), &json)?)
    }

    /// Counts the run and its sample into a certificate; `answers` stand in the order of the sample's turns.
    ///
    /// # Errors
    /// If the run cannot be read, or the confidence is not between 0 and 1.
    pub fn certify(
        &self,
        run: &RunDir,
        purpose: Purpose,
        confidence: f64,
        lean: f64,
        answers: &[Answer],
    ) -> Result<Certificate, RunError> {
        let terms = CertificateTerms { confidence, stage: self.stage, lean, uses_answers: false };
        certificate(&outcomes(run)?, &self.turns, answers, purpose, terms)
    }
}

/// The numbers of a run's later turns by outcome. What was gathered over a data set holds the judge's answers as numbers alone.
pub(crate) fn outcomes(run: &RunDir) -> Result<OutcomeCounts, RunError> {
    let stats = run.scan_stats()?;
    let judged: Vec<Option<Category>> = match run.manifest.gathered {
        Some(_) => run.judge_stats()?.answers().collect(),
        None => judging::judged(run)?.into_values().map(Answer::category).collect(),
    };
    Ok(OutcomeCounts {
        waiting: stats.undecided.saturating_sub(judged.len() as u64),
        judged,
        accepted: Category::ALL.map(|category| stats.accepted.get(category)),
        rejected: stats.passed_over(),
    })
}

/// Draws from decided turns in memory: the rejected and the accepted turns with the lowest hashes. Each turn comes with
/// the category that the turn was accepted as; turns that the judge was asked about must not be among the turns given.
/// The places of the drawn turns come in order, each with its category.
pub fn draw_among(
    turns: impl Iterator<Item = (usize, RecordId, Option<Category>)>,
    draw: AuditDraw,
) -> Vec<(usize, Option<Category>)> {
    let mut lowest = [draw.rejected, draw.accepted].map(|most| UniformDraw::new(most, 0));
    let (accepted, rejected): (Vec<_>, Vec<_>) = turns
        .map(|(place, id, accepted)| (hash(draw.seed, id), (place, accepted)))
        .partition(|(_, (_, accepted))| accepted.is_some());
    lowest[0].add(rejected);
    lowest[1].add(accepted);
    let mut drawn: Vec<_> = lowest.iter().flat_map(|lowest| lowest.found().copied()).collect();
    drawn.sort_unstable_by_key(|(place, _)| *place);
    drawn
}

/// Scans the run's input once more and keeps the lowest of the rejected and of the accepted turns, in input order.
fn drawn(
    run: &RunDir,
    engine: &Engine,
    threads: NonZeroUsize,
    seed: u64,
    lowest: &mut [UniformDraw<AuditedTurn>; 2],
) -> Result<Vec<AuditedTurn>, RunError> {
    let bounds = [lowest[0].bound(), lowest[1].bound()];
    let asked_before = run.asked()?;
    let scan = Scan { asked_before: Some(&asked_before), ..Scan::of(engine, &run.manifest.inputs, threads) };
    scan.run(
        |worker, chunk| {
            let scanned = worker.scan(chunk)?;
            Ok::<_, RunError>(of_batch(worker.engine, &scanned, seed, TurnAddress::Place, &bounds))
        },
        |kept| {
            lowest.iter_mut().zip(kept).for_each(|(lowest, kept)| lowest.add(kept));
            Ok(())
        },
    )?;
    let mut turns: Vec<AuditedTurn> = lowest.iter().flat_map(|lowest| lowest.found().cloned()).collect();
    turns.sort_by_key(|drawn| drawn.turn.row.question.id);
    Ok(turns)
}

/// The rejected and the accepted turns of a scanned batch that a draw may hold, each with its hash; the bounds are those of
/// both draws.
pub(crate) fn of_batch(
    engine: &Engine,
    scanned: &ScannedBatch<'_>,
    seed: u64,
    address: TurnAddress,
    bounds: &[HashBound; 2],
) -> [Vec<(u64, AuditedTurn)>; 2] {
    let mut kept: [Vec<(u64, AuditedTurn)>; 2] = Default::default();
    for conversation in &scanned.conversations {
        let first = address.of(conversation);
        for turn in scanned.turns(conversation) {
            let Some(kind) = kind(turn) else { continue };
            let id = RecordId { message_index: turn.message_index as u32, ..first };
            let hash = hash(seed, id);
            if !bounds[kind].admits(hash) {
                continue;
            }
            let accepted = match turn.decision() {
                Decision::Accepted(category) => Some(category),
                _ => None,
            };
            let turn = DrawnTurn::of(engine, scanned, conversation, turn).under(id);
            kept[kind].push((hash, AuditedTurn { turn, accepted }));
        }
    }
    kept
}

/// Which of the two draws a turn belongs to.
fn kind(turn: &ScannedTurn) -> Option<usize> {
    match turn.decision() {
        Decision::Rejected => Some(0),
        Decision::Accepted(_) => Some(1),
        Decision::Undecided => None,
    }
}
