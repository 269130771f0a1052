//! What callers learn of the asking: how far it has come, what came of it, and why it ended early.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rejoinder_ledger::{Spending, TokenUsage};

use super::request_trouble::RequestTrouble;
use crate::completion::EmptyReplyReason;
use crate::server_time::ServerTime;

/// Why asking ended before the questions did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// The budget is spent.
    Budget,
    /// No connection can be made; the text says why.
    Unreachable(String),
    /// The server is reached and gives no answer; the text says why.
    Unavailable(String),
    /// The server refuses every request, or does not accept the key.
    Refuses {
        /// The HTTP status.
        status: u16,
        /// The server's own words, without secrets.
        words: String,
    },
    /// The server answers, and its answers hold nothing.
    Silent(EmptyReplyReason),
    /// The caller wanted no more.
    Interrupted,
}

/// How far asking has come, counted in requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AskProgress {
    /// Requests that were answered in this call.
    pub answered: u64,
    /// Answers that say nothing about what was asked, though perhaps a constraint should have prevented that.
    pub unparseable: u64,
    /// Requests that were not sent, because the reply was stored already.
    pub from_store: u64,
    /// Requests that the server refused.
    pub refused: u64,
    /// Requests that were answered with nothing. Such replies are noted, and not kept as answers.
    pub empty: u64,
    /// Requests that were given up after all attempts.
    pub failed: u64,
    /// Requests about what an earlier request, which several turns shared, did not settle.
    pub apart: u64,
    /// HTTP requests that were made in this call.
    pub attempts: u64,
    /// Requests that are in flight now.
    pub in_flight: u64,
    /// The number of requests that may be in flight now.
    pub limit: u64,
    /// For how long the server has answered no request, though it was asked; `None` while it answers.
    pub down: Option<Duration>,
    /// The time since the server's last answer, or since asking began where there was none.
    pub quiet: Duration,
    /// What the last request met that had no answer, and how long ago that was.
    pub last_trouble: Option<(RequestTrouble, Duration)>,
    /// What was spent in this call.
    pub spent: Spending,
    /// Tokens as the server counts them.
    pub usage: TokenUsage,
}

/// What came of asking.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AskReport {
    /// How far asking came.
    pub progress: AskProgress,
    /// The models that the server named, where they differ from the one that was asked for.
    pub other_models: BTreeSet<String>,
    /// The server's words for what it refused, with the number of such refusals.
    pub refusals: BTreeMap<String, u64>,
    /// Those of several endpoints that answered nothing or were given up, with the reason.
    pub left_out: BTreeMap<String, String>,
    /// Why replies held nothing, with the number of such replies.
    pub empty: BTreeMap<EmptyReplyReason, u64>,
    /// How long the server worked for the requests that it answered, all endpoints together.
    pub server_time: ServerTime,
    /// Why asking ended before the questions did.
    pub stop: Option<StopReason>,
}
