//! Stopping as soon as the recall is proven: one sample that makes the cut and audits it.
//!
//! [`crate::threshold`] pays for a sample of the whole corpus to make the cut, and an audit pays for another one to look at what
//! the cut left. On a small corpus both are a large part of it. Here the turns that the score puts first are asked about at once,
//! since they have to be asked about anyway, and only the others are sampled. The sample of the others is the audit.
//!
//! # What is promised
//!
//! The search goes in stages t = 0, 1, 2, … In each it asks about whatever units it likes, may learn from the answers, and puts the
//! units not asked about into parts (rejected by a cut, accepted by rules). Then it draws from each part, uniformly without
//! replacement, as many units as it has settled on before, and has them judged; the counts go into a certificate at error
//! probability δₜ ([`crate::audit`]). If the certified recall of the first claim reaches R, the search stops and shows this
//! certificate. Otherwise the drawn units count as asked about, and the next stage begins. With Σ δₜ ≤ δ: the probability that a
//! certificate is shown one of whose bounds is wrong is at most δ, so with probability ≥ 1−δ the search ends with all bounds of
//! its certificate true, or with nothing left to ask.
//!
//! # Proof
//!
//! Condition on everything before the draw of stage t: all answers, all draws, the score, the cut, the sizes of the samples and the
//! decision to go on. Then the parts and what they hold are fixed numbers, and the draw depends on none of them: the audit's proof
//! says that one of the bounds of stage t is wrong with probability ≤ δₜ. This holds for every past, hence without the condition;
//! and it holds whether the certificate of the stage is shown or not. That some stage's bound is wrong has probability ≤ Σ δₜ ≤ δ,
//! by the union bound, and a shown certificate is that of a stage. ∎
//!
//! # What follows from it
//!
//! * *Anything may be decided by answers, but for the size of a stage's own samples*: how deep to cut, when to train, whether the
//!   next stage is worth it. A stage's samples must not be drawn on because of what they hold; that would be another stage.
//! * *The answers are reused*: what a failed stage has drawn is found, and lowers what is owed.
//! * *A last stage of another kind* may follow when it has its own share: what [`crate::refits`] promises at error probability
//!   δ − Σ δₜ holds together with the stages before it, since its proof conditions on them.
//! * *The stages' shares* are 4/5 of δ, then 4/25, and so on ([`stage_delta`]): the first stage mostly ends the search.
//! * *Within a stage* the first claim has most of δₜ ([`MAIN_SHARE`]), for it decides when the search ends.

/// Share of a stage's error probability that its first claim has, where there are others.
pub const MAIN_SHARE: f64 = 0.9;

/// Share of the error probability that each stage leaves to the stages after it.
const LEFT: f64 = 0.2;

/// The error probability of a stage, counted from 0; all stages together have `delta`.
///
/// ```
/// let sum: f64 = (0..60).map(|stage| rejoinder_cascade::closing::stage_delta(0.05, stage)).sum();
/// assert!((sum - 0.05).abs() < 1e-12);
/// ```
pub fn stage_delta(delta: f64, stage: u32) -> f64 {
    left_delta(delta, stage) * (1.0 - LEFT)
}

/// The error probability that is left before a stage, for another kind of proof in its place.
pub fn left_delta(delta: f64, stage: u32) -> f64 {
    delta * LEFT.powi(stage.min(1_000) as i32)
}
