//! The config file: what it may say, what holds where it is silent, and where it is wrong.

mod cascade;
mod effective;
mod file;
mod input;
mod judge;
mod keys;
mod place;
mod plugin;

pub use cascade::CascadeSection;
pub use effective::{Effective, Origin};
pub use file::Config;
pub use input::{InputConfig, LeftOut, OtherLanguages, OutputConfig, RulesConfig};
pub use judge::{
    AnswerForm, BaseUrl, BudgetConfig, ConstraintName, JudgeSection, PriceSection, SpanFrom, UnitName,
};
pub use keys::schema;
pub use place::ConfigText;
pub use plugin::{Isolation, OnFault, PluginConfig};
