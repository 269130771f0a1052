//! What the forms of asking are worth on the user's own judge: the judge is asked about a sample of turns in a reference form and in
//! cheaper ones, and the answers are compared.

mod choice;
mod compare;
mod figures;
mod reading;
mod sample;
mod variant;

pub use choice::{ComparisonVerdict, NEARLY_ALL};
pub(crate) use compare::forms_asked;
pub use compare::{ComparisonRequest, JudgeComparison, LeftOutForm, compare};
pub use figures::{CommonestAnswer, ComparedForm, LabelFigures, TurnCost};
pub use variant::{FormVariant, LeftOutReason, ShownWindow, VariantRole};
