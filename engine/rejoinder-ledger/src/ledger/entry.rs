//! What the ledger holds: committed parts, and HTTP requests from their reservation to their end.

use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

use crate::spending::Spending;

/// A committed part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartRow {
    /// The part's number, from 0.
    pub index: u64,
    /// The part's counts, as JSON.
    pub summary: String,
    /// Where the next part begins, as JSON.
    pub end: String,
}

/// The right to make one HTTP request. A reservation counts as spent from the moment that it is given, whatever becomes of the
/// request. It ends once: what is said of it after its end changes nothing.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reservation {
    pub(super) id: i64,
    pub(super) amount: Spending,
}

impl Reservation {
    /// The number of the reservation, which no other one in its ledger has or will have.
    pub const fn id(&self) -> i64 {
        self.id
    }

    /// The amount that was set aside for the request.
    pub const fn amount(&self) -> Spending {
        self.amount
    }
}

/// Whether a request was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RequestState {
    /// The request was answered.
    Answered,
    /// The request was answered, with a reply that says nothing about what was asked.
    Unparseable,
    /// The request was not answered.
    Failed,
}

impl RequestState {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Unparseable => "unparseable",
            Self::Failed => "failed",
        }
    }
}

/// Tokens as a server counts them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenUsage {
    /// The tokens of the input.
    pub prompt_tokens: u64,
    /// The tokens of the input that the server had computed before.
    pub cached_tokens: u64,
    /// The tokens of the output.
    pub completion_tokens: u64,
}

impl AddAssign for TokenUsage {
    fn add_assign(&mut self, other: Self) {
        self.prompt_tokens = self.prompt_tokens.saturating_add(other.prompt_tokens);
        self.cached_tokens = self.cached_tokens.saturating_add(other.cached_tokens);
        self.completion_tokens = self.completion_tokens.saturating_add(other.completion_tokens);
    }
}

/// How a request ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestOutcome {
    /// Whether the request was answered.
    pub state: RequestState,
    /// The HTTP status; 0 where the server sent no status.
    pub status: u16,
    /// What the request cost in the end.
    pub amount: Spending,
    /// The tokens that the server counted, if it gave them.
    pub usage: Option<TokenUsage>,
    /// The duration of the request, in milliseconds.
    pub millis: u64,
}

/// One entry for the ledger.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum LedgerEntry {
    /// A request is about to be made.
    Reserve {
        /// The key of the reply that the request asks for.
        key: String,
        /// The most that the request can cost.
        amount: Spending,
    },
    /// A request has ended.
    Settle(Reservation, RequestOutcome),
    /// A request never reached a connection; its reservation is given back.
    Release(Reservation),
}
