//! The judge: a large language model behind an OpenAI-compatible server, asked about the turns that nothing else
//! could settle.
//!
//! [`prompt`] writes the question, [`ask`] gets it answered once and within the budget, [`answer`] reads what came
//! back. All that is asynchronous begins and ends in here.
#![forbid(unsafe_code)]

pub mod answer;
mod asking;
mod client;
mod config;
pub mod prompt;
mod question;
pub mod tokens;

pub use answer::Finding;
pub use asking::{Asked, JudgeError, Progress, Stop, ask};
pub use config::{ApiKey, JudgeConfig};
pub use question::{AskedTurn, Question, Unit};
