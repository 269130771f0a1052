//! The config: the file's keys, defaults and checks, and the environment and the flags over the file.

mod cascade;
mod effective;
mod file;
mod found;
mod input;
mod judge;
mod keys;
mod origin;
mod place;
mod plugin;
mod problem;
mod report;
mod shipped;

pub use cascade::{CascadeSection, CategoryCuts};
pub use effective::EffectiveConfig;
pub use file::Config;
pub use found::FOUND_CONFIG;
pub use input::{ExclusionReason, InputConfig, OtherLanguages, OutputConfig, RulesConfig};
pub use judge::{
    AnswerForm, BaseUrl, BudgetConfig, ConstraintName, JudgeSection, PriceSection, SpanFrom, UnitName,
    WindowSection,
};
pub use keys::schema;
pub use origin::ValueOrigin;
pub use place::ConfigText;
pub use plugin::{Candidates, Isolation, OnFault, PluginConfig};
pub use problem::KeyProblem;
pub use report::ReportConfig;
use shipped::ALL_OTHERS;
pub use shipped::SwitchedOff;
