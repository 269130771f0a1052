//! The judge: a large language model behind an OpenAI-compatible server, asked about the turns that nothing else
//! could settle.
//!
//! A [`Question`] is what is asked, written down when a turn is left undecided. A [`Form`] puts it into words ([`prompt`])
//! for one server, after [`probe`](probe::probe) has found out what that obeys, and reads the replies ([`answer`]). [`ask`]
//! gets them, each once and within the budget; [`batch`] writes and reads them as files. All that is asynchronous begins and
//! ends in here.
#![forbid(unsafe_code)]

mod alike;
pub mod answer;
mod asking;
pub mod batch;
mod clerk;
mod client;
mod completion;
mod config;
mod form;
mod gate;
mod loose;
mod price;
pub mod probe;
pub mod prompt;
mod question;
mod request;
pub mod tokens;

pub use alike::alike;
pub use answer::{Finding, Probabilities, TurnFinding};
pub use asking::{Asked, JudgeError, Progress, Source, Stop, ask};
pub use client::is_loopback;
pub use completion::Emptiness;
pub use config::{ApiKey, JudgeConfig, Pace};
pub use form::{Followed, Form, REFUSED};
pub use price::{NANO, Price};
pub use probe::Findings;
pub use question::{Hint, Line, Question, Unit};
pub use request::{Constraint, Parameters, Request};
pub use tokens::TokenCounter;
