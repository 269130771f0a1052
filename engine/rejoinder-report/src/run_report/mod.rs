//! A run as a report: a value with a schema, and the value as a page for a browser and as Markdown.
//!
//! The value comes from what the run keeps: counts, tallies, replies and certificate. Of the input only the conversations of the examples
//! are read. The same run and the same options give the same report.

mod certificate;
mod cut;
mod division;
mod example;
mod example_texts;
mod feedback;
mod funnel;
mod judge;
mod left_out;
mod markdown;
mod origin;
mod page;
mod recall;
mod rules;
mod share;
mod templates;
mod value;

pub use certificate::{CertificateReport, ClaimRow};
pub use division::{Division, GroupRow};
pub use example::{Check, Example, ExampleSection, ExplainedRule, PluginSaid, Stratum};
pub use example_texts::{ExampleMessage, TurnText};
pub use feedback::{CategoryRow, FeedbackSection};
pub use funnel::{AskingBill, Funnel, FunnelRow};
pub use judge::{JudgeSection, LetterTrial};
pub use left_out::{FileLine, LeftOut, LeftOutRow, ReasonRow, UnreadLanguage};
pub use markdown::markdown;
pub use origin::{InputRow, Origin, PluginVersion, RuleFile};
pub use page::html;
pub use recall::{AskingOption, PurposeOptions, RecallSection, SearchedCurve, SearchedPoint};
pub use rules::{PluginCounts, RuleCounts, RuleSection};
pub use share::Share;
pub(crate) use templates::markdown_text;
pub use value::{MissingFigures, ReportOptions, ReportRemark, RunReport, schema};
