//! What was gathered, as a run's folder without input.

use std::path::{Path, PathBuf};

use rejoinder_core::Category;
use rejoinder_ledger::part as file;
use rejoinder_read::Position;
use serde::{Deserialize, Serialize};

use super::error::GatheringError;
use super::gatherer::Gatherer;
use super::part::{GatheredPart, GatheredTurn};
use super::terms::{CalibrationDraw, GatheredFrom, GatheringGoal, SampledVerb};
use crate::error::RunError;
use crate::folder::{Manifest, RunDir, SAMPLE};
use crate::recall::RecallTarget;
use crate::recall::audit::{AuditSample, AuditedTurn};
use crate::stats::{ByCategory, JudgeStats};

/// What a judge has said of the turns that wait, all over the data set. Turns that it was not asked about stand nowhere here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JudgedCounts {
    /// Turns that hold feedback, by category.
    pub feedback: ByCategory,
    /// Turns that hold none.
    pub no_feedback: u64,
    /// Turns whose answer could not be read or did not fit the turn: such turns go on waiting.
    pub unverified: u64,
}

impl Gatherer {
    /// Writes what was gathered from a whole data set, which the caller calls `data_set`, as the folder `path`, which must not hold
    /// anything yet. `judged` is what a judge has said of the waiting turns; without it all of these count as missed by an audit.
    /// Equal parts and counts make equal folders.
    ///
    /// # Errors
    /// If the part is another gatherer's, its sample came short, the judge has said more than there was to say, or the folder cannot be
    /// written.
    pub fn write(
        &self,
        mut part: GatheredPart,
        data_set: &str,
        judged: Option<&JudgedCounts>,
        path: &Path,
    ) -> Result<(), RunError> {
        self.check(&part)?;
        part.check_size()?;
        part.content.batches.clear();
        let stats = judged.map(|judged| judged.stats(&part)).transpose()?;
        let bytes = part.to_bytes();
        let from = GatheredFrom {
            data_set: data_set.to_owned(),
            conversations: part.counts().stats.read.conversations,
            terms: self.terms,
        };
        let beside = to_json(&(&from, &stats));
        let id = blake3::Hasher::new().update(&bytes).update(beside.as_bytes()).finalize().to_hex();
        let manifest = Manifest {
            id: id[..32].to_owned(),
            gathered: Some(from),
            ..Manifest::new(self.engine(), Vec::new(), false)
        };
        RunDir::begin_with(RunDir::create(path)?, manifest, |run| {
            run.ledger.commit_part(0, &to_json(part.counts()), &to_json(&Position::default()))?;
            run.ledger.put("scan", "complete")?;
            if let Some(stats) = stats {
                run.set_judge_stats(&stats, &Default::default())?;
            }
            match self.terms.goal {
                GatheringGoal::Calibration(_) => Ok(file::write(&run.path.join(SAMPLE), &bytes)?),
                GatheringGoal::Audit(draw) => {
                    let turns = part.content.draws.into_iter().flatten();
                    let mut turns: Vec<AuditedTurn> = turns.filter_map(GatheredTurn::into_audited).collect();
                    turns.sort_by_key(|drawn| drawn.turn.row.question.id);
                    AuditSample { draw, turns, stage: None }.keep(run)
                }
            }
        })?;
        Ok(())
    }
}

impl GatheredPart {
    /// Refuses a part whose draws hold fewer turns than they could.
    fn check_size(&self) -> Result<(), GatheringError> {
        let stats = &self.counts().stats;
        let populations = match self.content.terms.goal {
            GatheringGoal::Audit(_) => [stats.passed_over(), stats.accepted.total()],
            GatheringGoal::Calibration(_) => [self.content.scored.population, 0],
        };
        let draws = self.content.draws.iter().map(Vec::len).zip(self.content.terms.most());
        for ((drawn, most), population) in draws.zip(populations) {
            let wanted = most.min(usize::try_from(population).unwrap_or(usize::MAX));
            if drawn < wanted {
                return Err(GatheringError::Short { drawn, wanted, population });
            }
        }
        Ok(())
    }

    /// What was gathered for a calibration, as a folder keeps it; `None` where the folder is a usual run's.
    ///
    /// # Errors
    /// If the folder holds a sample of another verb or for another purpose, or the sample cannot be read.
    pub(crate) fn of_run(run: &RunDir, target: &RecallTarget) -> Result<Option<Self>, RunError> {
        let Some(from) = &run.manifest.gathered else { return Ok(None) };
        match from.terms.goal {
            GatheringGoal::Calibration(CalibrationDraw { purpose, .. }) if purpose == target.purpose => {}
            GatheringGoal::Calibration(CalibrationDraw { purpose: gathered, .. }) => {
                return Err(GatheringError::OtherPurpose { gathered, wanted: target.purpose }.into());
            }
            GatheringGoal::Audit(_) => return Err(from.other_verb(&run.path, SampledVerb::Calibrate).into()),
        }
        let path: PathBuf = run.path.join(SAMPLE);
        let bytes =
            std::fs::read(&path).map_err(|e| RunError::io(format!("cannot read {}", path.display()), &e))?;
        let kept = Self::from_bytes(&bytes).map_err(|why| RunError::io(path.display(), &why))?;
        Ok(Some(kept))
    }
}

impl GatheredFrom {
    /// The error that a verb needs another sample.
    pub(crate) fn other_verb(&self, folder: &Path, wanted: SampledVerb) -> GatheringError {
        GatheringError::OtherVerb { folder: folder.to_owned(), from: Box::new(self.clone()), wanted }
    }

    /// The seed of the sample, if that seed or none is wanted.
    ///
    /// # Errors
    /// If another one is wanted.
    pub(crate) fn seed(&self, wanted: Option<u64>) -> Result<u64, GatheringError> {
        let seed = self.terms.seed();
        match wanted {
            Some(other) if other != seed => Err(GatheringError::OtherSeed(seed)),
            _ => Ok(seed),
        }
    }
}

impl JudgedCounts {
    /// The counts as a run keeps them, if the turns of a part can have these answers.
    fn stats(&self, part: &GatheredPart) -> Result<JudgeStats, GatheringError> {
        let Self { feedback, no_feedback, unverified } = *self;
        if !matches!(part.terms().goal, GatheringGoal::Audit(_)) {
            return Err(GatheringError::NeedlessAnswers);
        }
        let waiting = part.counts().stats.undecided;
        let judged = Category::ALL
            .into_iter()
            .map(|category| feedback.get(category))
            .fold(no_feedback, u64::saturating_add);
        let answers = judged.saturating_add(unverified);
        match answers > waiting {
            true => Err(GatheringError::TooManyAnswers { answers, waiting }),
            false => Ok(JudgeStats { judged, feedback, with_feedback: 0, unverified }),
        }
    }
}

fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("counts are plain data")
}
