//! What a client and the keeper say to each other: JSON, one message there and one back. Messages of another version are refused
//! with a sentence, since the machines of a job should run one version of the program.

use rejoinder_ledger::{ClaimResult, LedgerEntry, Reply, SharedReply};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::traits::Grant;
use crate::probe::ServerCapabilities;

/// The version of the messages. Every change of their form is a new version.
pub(super) const VERSION: u32 = 1;
/// The longest name of a client, in bytes.
const MAX_CLIENT: usize = 128;

/// A reply to be stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyedReply {
    /// The key of the request that was answered.
    pub key: String,
    /// The reply.
    pub reply: Reply,
    /// The turns that share the reply, each named by the key that it would have alone; empty where the reply is about one turn.
    pub turns: Vec<String>,
}

/// What a client wants.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) enum Request {
    Replies(Vec<String>),
    SharedBy(Vec<String>),
    Claim(Vec<String>),
    Release(Vec<String>),
    Put(Vec<KeyedReply>),
    Write(Vec<LedgerEntry>),
    Renew,
    /// What the server of a judge can do; the value is the judge's name.
    Findings(String),
}

/// What the keeper answers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) enum Response {
    Replies(Vec<Option<Reply>>),
    SharedBy(Vec<Vec<SharedReply>>),
    Claimed(Vec<ClaimResult>),
    Written(Vec<Grant>),
    Findings(Option<Box<ServerCapabilities>>),
    Done,
    Failed(String),
}

/// A message with its version, and the client that it comes from or goes to.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Message<T> {
    version: u32,
    client: String,
    content: T,
}

/// The bytes of a message.
pub(super) fn write<T: Serialize>(client: &str, content: T) -> Vec<u8> {
    let message = Message { version: VERSION, client: client.to_owned(), content };
    serde_json::to_vec(&message).expect("texts and numbers are plain data")
}

/// The client and the content of a message, or why the bytes are none.
pub(super) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<(String, T), String> {
    #[derive(Deserialize)]
    struct Version {
        version: u32,
    }
    let unreadable = |e: serde_json::Error| format!("a message cannot be read: {e}");
    let Version { version } = serde_json::from_slice(bytes).map_err(unreadable)?;
    if version != VERSION {
        return Err(format!(
            "a message has version {version}, and this is version {VERSION}: all machines of a job need the same version of the program"
        ));
    }
    let Message { client, content, .. } = serde_json::from_slice::<Message<T>>(bytes).map_err(unreadable)?;
    if client.is_empty() || client.len() > MAX_CLIENT {
        return Err(format!("the name of a client has 1 to {MAX_CLIENT} bytes, not {}", client.len()));
    }
    Ok((client, content))
}
