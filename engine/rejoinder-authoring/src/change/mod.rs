//! What a change of rules does: two engines over the same input, turn by turn.

mod answers;
mod beside;
mod comparison;
mod labelled;
mod paired;
mod responsible;
mod sides;
mod standing;
mod tally;

pub use answers::{AnswerSource, JudgeAnswers};
pub use beside::PacksBeside;
pub use comparison::{Change, ChangedTurn, Comparison, SampledChange};
pub use labelled::{ChangedLabels, FigureChange, LabelComparison, LabelFigure, LabelledChange};
pub use paired::{PairedShare, ShareDifference};
pub use responsible::RulePairs;
pub use sides::{NO_RULES, RuleSides, SideRules};
pub use standing::{ChangeKind, Standing, StandingKind, Transition};
pub use tally::{ChangeTally, RuleRow};
