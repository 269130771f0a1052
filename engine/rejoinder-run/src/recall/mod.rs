//! Keeping a recall: a sample is asked about, the score may learn, a cut follows that keeps the recall, and an audit certifies
//! what came of it.
//!
//! One [`search`] and one [`audit`], over two traits. A [`Corpus`] is what is searched: a run's input ([`RunCorpus`]), or
//! turns with labels ([`LabelledCorpus`]). An [`Oracle`] says what turns hold: the judge ([`JudgeOracle`]) or labels
//! ([`LabelOracle`]). So a comparison of strategies on labels goes the way of a run that keeps a
//! recall, and a calibration takes the first step of that way.

pub mod audit;
pub(crate) mod batch_sample;
mod calibration;
mod certificate;
mod corpus;
pub mod draw;
mod forecast;
mod histogram;
mod labelled_corpus;
mod learning;
mod oracle;
mod proof_plan;
mod proving;
mod reference;
mod run_corpus;
pub mod search;
pub mod strategies;
mod target;
mod without_judge;

pub use calibration::{CALIBRATION_TURNS, calibration_seed, known_calibration_seed};
pub use certificate::{AuditReport, JUDGE};
pub(crate) use corpus::before;
pub use corpus::{Corpus, DrawScope, SampleScope, SampledTurn, ScoredSample};
pub use draw::{DrawnTurn, TurnAddress};
pub use forecast::RecallForecast;
pub use histogram::{CurvePoint, Curves, ProbabilityHistogram, PurposeHistograms, RECALLS};
pub use labelled_corpus::{AskingBill, LabelledCorpus, LabelledTurn, LabelledTurns, PricedJudges};
pub use learning::{LearnedModel, RemainingForecast, learn};
pub use oracle::{JudgeOracle, LabelFileOracle, LabelOracle, Oracle, OracleError};
pub use proof_plan::{ProofPlan, ProofState};
pub use reference::{ReferenceRows, ReferenceTurn, ReferenceTurns};
pub use run_corpus::RunCorpus;
pub use search::{Calibration, LearningRound, RecallCut};
pub use target::{AGREEMENT, CutPair, JudgedTurn, RecallTarget, find_cuts, is_open, reject_below, standing};
pub use without_judge::{AcceptedSample, AcceptingCalibration, calibrate_accepting};
