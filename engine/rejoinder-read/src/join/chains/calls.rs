//! The known facts about a call, and the fate of the call.

/// Number of a call in its file.
pub(in crate::join) type CallId = u32;

/// The facts about a call that are known when it is seen.
#[derive(Clone, Debug, Default)]
pub(in crate::join) struct CallSummary {
    /// The hash of the session that the calls of one chat share, where the call names one.
    pub session: Option<u64>,
    /// The hash of the user, if one is named: calls without a session are of one chat only within a scope.
    pub scope: u64,
    /// A hash of each message that a person or the model wrote.
    pub keys: Vec<u64>,
    /// The number of these messages that are the user's.
    pub users: u32,
    /// When the call was made, in nanoseconds since 1970.
    pub time: Option<i128>,
    /// A hash of the id of the request or the trace, where there is one.
    pub id: Option<u64>,
    /// A hash of the kind of the call and of its instructions.
    pub kind: u64,
    /// Whether the call is plainly a helper's.
    pub is_helper: bool,
    /// Whether the first message sums up an earlier part of the chat.
    pub sums_up: bool,
}

/// The fate of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::join) enum Fate {
    /// All messages of the call are in a chat that is kept.
    Repeated { chat: u32 },
    /// The call is one that an application makes for itself.
    Helper,
    /// The messages of the call from `from` on, up to `to`, are part number `nth` of a chat.
    Part { chat: u32, nth: u32, from: u32, to: u32 },
    /// The call was left alone, because too much would have had to be kept in memory.
    Unjoined,
}

/// A chat that calls make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::join) struct Chat {
    pub parts: u32,
    /// The number of the chat among the chats of its session, from 0.
    pub nth_of_session: u32,
}
