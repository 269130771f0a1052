//! The judge: a large language model behind an OpenAI-compatible server, asked about the turns that nothing else
//! could settle.
//!
//! A [`Question`] is what is asked, written down when a turn is left undecided. A [`QuestionForm`] puts the question into words
//! ([`prompt`]) for one server, whose [`ServerCapabilities`] were found out before ([`probe`]), and reads the replies ([`answer`]).
//! [`ask`] gets the replies, each once and within the budget, by the [`accounts`] of a run or of a whole cluster; [`batch`] writes requests to files and reads their results.
//! What somebody else has put into words is asked by [`ask_requests`] in the same way. All that is asynchronous begins and ends in this
//! crate.
#![forbid(unsafe_code)]

pub mod accounts;
pub mod answer;
mod asking;
pub mod batch;
mod client;
mod completion;
mod config;
mod error;
mod form;
mod lenient_json;
mod mask;
mod price;
pub mod probe;
pub mod prompt;
mod question;
mod raw_reply;
mod request;
mod server_time;
pub mod tokens;

pub use answer::{BareClaims, Finding, LabelProbabilities, ReplyClaim, TurnFinding, bare_claims};
pub use asking::{
    AskProgress, AskReport, QuestionSource, RequestSource, RequestTrouble, StopReason, ask, ask_requests,
};
pub use client::is_loopback;
pub use completion::EmptyReplyReason;
pub use config::{ApiKey, JudgeConfig, Pace};
pub use error::JudgeError;
pub use form::{
    AnswerOrigin, AskingForm, BillUnit, FormBill, FormError, GivenForm, GivenMessage, GivenRequest,
    GivenRole, QuestionForm, REFUSAL_PREFIX, ReplyChain, RequestTooLong, SHARED_TOKENS,
};
pub use mask::mask_numbers;
pub use price::{NANOS_PER_UNIT, Price};
pub use probe::{LettersCapability, ProbeError, ServerCapabilities, TriedAbilities};
pub use question::{DialogueLine, Question, QuestionUnit, RuleHint};
pub use raw_reply::{LogprobsError, raw_reply};
pub use request::{JudgeRequest, LabelConstraint, LettersConstraint, RequestParameters};
pub use server_time::{ServerRates, ServerTime};
pub use tokens::{TokenCounter, TokenizerError};
