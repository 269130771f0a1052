//! Gets questions answered: each once, within the budget, as many at a time as the server bears, through bad weather.
//!
//! Four threads work together: the [`finder`] looks up which replies are stored and which requests each [`inquiry`] takes, the
//! [`dispatcher`] sends requests and waits for answers, and the two threads of the [`recorder`] write down what happened. A
//! question passes these stations: its reply is not stored → reserved → through the [`gate`] → sent → stored.

mod ask;
mod attempts;
mod costs;
mod dispatcher;
mod finder;
mod gate;
mod inquiry;
mod known_prompts;
mod recorder;
mod refusals;
mod report;
mod request_trouble;
mod trouble;

pub(crate) use ask::runtime;
pub use ask::{QuestionSource, RequestSource, ask, ask_requests};
pub use report::{AskProgress, AskReport, StopReason};
pub use request_trouble::RequestTrouble;
