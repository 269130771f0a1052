//! What is to be expected of a model: figures on turns of conversations that it had not seen.

use std::fmt;

use super::calibrate;
use super::measure::{auc, calibration_error, curve_share, ranked};
use crate::heads::{HEADS, PerHead};
use crate::model::{HeadQuality, Quality, Score};

/// Names of the heads.
const NAMES: [&str; HEADS] = ["all", "kto", "UR1", "UR2", "UR3", "UR4", "UR5 (sft)", "UR2+UR3"];

/// What training found out.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Held-out figures.
    pub quality: Quality,
    /// Share of turns, highest score first, that holds each of [`Report::RECALLS`], by head.
    pub curves: Vec<[f64; Report::RECALLS.len()]>,
    /// By judged turn, in their order: the score of a model that had not seen its conversation.
    pub held_out: Vec<Score>,
}

impl Report {
    /// The recalls of the curves.
    pub const RECALLS: [f64; 7] = [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99];

    pub(super) fn new(logits: &[PerHead], truth: &[PerHead], fold: &[u32], folds: u32) -> Self {
        // Each fold's probabilities by the lines fitted on the others, or the error would be flattered.
        let mut scores = vec![Score::new(&PerHead::default(), &[(0.0, 0.0); HEADS]); logits.len()];
        for this in 0..folds {
            let lines = calibrate(logits, truth, |row| fold[row] != this);
            for row in (0..logits.len()).filter(|&row| fold[row] == this) {
                scores[row] = Score::new(&logits[row], &lines);
            }
        }
        let mut report =
            Self { quality: Quality { folds, heads: Vec::new() }, curves: Vec::new(), held_out: Vec::new() };
        for (k, name) in NAMES.into_iter().enumerate() {
            let probabilities: Vec<f32> = scores.iter().map(|score| score.heads()[k]).collect();
            let z: Vec<f32> = logits.iter().map(|z| z[k]).collect();
            let yes: Vec<bool> = truth.iter().map(|t| t[k] > 0.5).collect();
            let ranking = ranked(&z, &yes);
            let above: Vec<bool> =
                probabilities.iter().zip(&yes).filter(|(p, _)| **p >= 0.5).map(|(_, y)| *y).collect();
            let right = above.iter().filter(|&&y| y).count();
            report.quality.heads.push(HeadQuality {
                name: name.to_owned(),
                positives: yes.iter().filter(|&&y| y).count() as u64,
                auc: auc(&ranking) as f32,
                share_80: curve_share(&ranking, 0.8) as f32,
                share_90: curve_share(&ranking, 0.9) as f32,
                calibration_error: calibration_error(&probabilities, &yes) as f32,
                above_half: above.len() as u64,
                precision_above_half: right as f32 / above.len().max(1) as f32,
            });
            report.curves.push(Self::RECALLS.map(|recall| curve_share(&ranking, recall)));
        }
        report.held_out = scores;
        report
    }
}

/// The lines of all heads, fitted on the rows that `takes` names.
pub(super) fn calibrate(
    logits: &[PerHead],
    truth: &[PerHead],
    takes: impl Fn(usize) -> bool,
) -> [(f32, f32); HEADS] {
    let rows: Vec<usize> = (0..logits.len()).filter(|&row| takes(row)).collect();
    std::array::from_fn(|k| {
        let z: Vec<f32> = rows.iter().map(|&row| logits[row][k]).collect();
        let yes: Vec<bool> = rows.iter().map(|&row| truth[row][k] > 0.5).collect();
        calibrate::line(&z, &yes)
    })
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:10} {:>9} {:>6} {:>9} {:>9} {:>6} {:>16}",
            "", "positives", "AUC", "80 % in", "90 % in", "ECE", "precision ≥ 0.5"
        )?;
        for head in &self.quality.heads {
            writeln!(
                f,
                "{:10} {:>9} {:>6.4} {:>7.1} % {:>7.1} % {:>6.3} {:>6.1} % of {}",
                head.name,
                head.positives,
                head.auc,
                100.0 * head.share_80,
                100.0 * head.share_90,
                head.calibration_error,
                100.0 * head.precision_above_half,
                head.above_half,
            )?;
        }
        Ok(())
    }
}
