//! Joins calls to a model into chats: each call repeats the messages before it.

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use rejoinder_core::Role;
use serde_json::{Map, Value};

use super::chains::{CallSummary, Chains, Chat, Fate};
use super::helpers::{is_helper, is_summary};
use super::joiner::{HELD_BYTES, Join};
use super::output::JoinOutput;
use crate::message::ParsedMessage;
use crate::record::{Mapping, Record, RecordError};
use crate::shape::value;

/// The most memory that is taken while all calls of a file are looked at, in bytes, about.
const KEPT_BYTES: usize = 512 << 20;

/// One call to a model: the messages so far, and the answer.
#[derive(Clone, Debug)]
pub(crate) struct ModelCall {
    /// The name of the session that the calls of one conversation share.
    pub session: Option<String>,
    /// The id of the request or the trace.
    pub id: Option<String>,
    /// The response that the call is, for calls that follow each other by responses.
    pub response: Option<ModelResponse>,
    /// The user: without a session, calls of other users are not part of the same conversation.
    pub scope: Option<String>,
    /// A name for the conversation where there is no session.
    pub name: Option<String>,
    /// The kind of the call, as the source names it.
    pub label: Option<String>,
    /// When the call was made, in nanoseconds since 1970.
    pub time: Option<i128>,
    pub said: Vec<ParsedMessage>,
    pub metadata: Map<String, Value>,
}

/// A response of a model, which another response may follow.
#[derive(Clone, Debug)]
pub(crate) struct ModelResponse {
    pub id: String,
    pub follows: Option<String>,
}

/// Reads the calls that a record tells of.
type CallReader = fn(&Value, &Mapping) -> Result<Vec<ModelCall>, RecordError>;

pub(super) struct CallJoin {
    read: CallReader,
    mapping: Arc<Mapping>,
    joins: bool,
    chains: Option<Chains>,
    /// Of each response the one that it follows, or that its row begins with.
    roots: HashMap<u64, u64>,
    fates: Vec<Fate>,
    chats: Vec<Chat>,
    /// Number of the next call.
    next: usize,
    /// Parts of chats that are not yet whole, and the bytes of their texts.
    held: HashMap<u32, Vec<(u32, ModelCall)>>,
    held_bytes: usize,
    /// The kinds that have an example.
    has: Vec<&'static str>,
}

fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// The first response of a row. In a row that goes in a circle, any response is the first.
fn root(roots: &mut HashMap<u64, u64>, of: u64) -> u64 {
    let (mut path, mut at) = (Vec::new(), of);
    while let Some(before) = roots.get(&at).copied().filter(|before| *before != at)
        && path.len() <= roots.len()
    {
        path.push(at);
        at = before;
    }
    roots.extend(path.into_iter().map(|of| (of, at)));
    at
}

/// The places of the messages by which a call is known: those that a person or the model wrote.
fn places(said: &[ParsedMessage]) -> Vec<usize> {
    let counts = |one: &ParsedMessage| matches!(one.role, Role::User | Role::Assistant) && !one.is_blank();
    said.iter().enumerate().filter(|(_, one)| counts(one)).map(|(at, _)| at).collect()
}

/// A hash by which a message is known again, although programs trim texts and change line ends.
fn key(said: &ParsedMessage) -> u64 {
    let mut hasher = DefaultHasher::new();
    (said.role as u8).hash(&mut hasher);
    said.text.split_whitespace().for_each(|word| word.hash(&mut hasher));
    hasher.finish().max(1)
}

impl CallJoin {
    pub(super) fn new(read: CallReader, mapping: Arc<Mapping>, joins: bool) -> Self {
        Self {
            read,
            mapping,
            joins,
            chains: Some(Chains::new(KEPT_BYTES)),
            roots: HashMap::new(),
            fates: Vec::new(),
            chats: Vec::new(),
            next: 0,
            held: HashMap::new(),
            held_bytes: 0,
            has: Vec::new(),
        }
    }

    fn calls(&self, record: &[u8]) -> Result<Vec<ModelCall>, RecordError> {
        (self.read)(&value(record)?, &self.mapping)
    }

    /// The hash of the session that the calls of one chat share. For a response it is the hash of the response's id, until all responses
    /// before it are known.
    fn session(&mut self, call: &ModelCall) -> Option<u64> {
        if let Some(ModelResponse { id, follows }) = &call.response {
            self.roots.insert(hash(id), hash(follows.as_ref().unwrap_or(id)));
        }
        call.session.as_ref().or(call.response.as_ref().map(|response| &response.id)).map(hash)
    }

    fn seen(&mut self, call: &ModelCall) -> CallSummary {
        let places = places(&call.said);
        let system = call.said.iter().find(|one| one.role == Role::System).map(|one| {
            // A clock or a number in it makes no other instructions.
            let letters = one.text.chars().filter(|c| c.is_alphabetic());
            letters.take(200).collect::<String>()
        });
        CallSummary {
            session: self.session(call),
            scope: hash(&call.scope),
            keys: places.iter().map(|at| key(&call.said[*at])).collect(),
            users: places.iter().filter(|at| call.said[**at].role == Role::User).count() as u32,
            time: call.time,
            id: call.id.as_ref().map(hash),
            kind: hash((&call.label, system)),
            is_helper: is_helper(call.label.as_deref(), &call.said),
            sums_up: call.said.iter().find(|one| !one.is_blank()).is_some_and(is_summary),
        }
    }

    fn example(&mut self, out: &mut JoinOutput, kind: &'static str, text: impl FnOnce() -> String) {
        let is_first = !self.has.contains(&kind);
        if is_first {
            self.has.push(kind);
        }
        out.skipped.example(is_first, kind, text);
    }

    /// The name of the chat that a call belongs to.
    fn name(&self, call: &ModelCall, chat: Option<Chat>) -> Option<String> {
        let session = call.session.clone().or_else(|| call.response.as_ref().and(call.name.clone()));
        match chat.map_or(0, |chat| chat.nth_of_session) {
            0 => session.or_else(|| call.name.clone()),
            nth => session.map(|session| format!("{session}#{}", nth + 1)),
        }
    }

    fn take_call(&mut self, call: ModelCall, bytes: usize, out: &mut JoinOutput) {
        let fate = self.fates.get(self.next).copied().unwrap_or(Fate::Unjoined);
        self.next += 1;
        let nth = self.next;
        let shown = || shown(&call, nth);
        match fate {
            _ if !self.joins => self.alone(call, None, bytes, out),
            Fate::Repeated { .. } => {
                out.skipped.repeated += 1;
                self.example(out, "repeated", || {
                    format!("{}: its messages stand in a later or longer call", shown())
                });
            }
            Fate::Helper => {
                out.skipped.helpers += 1;
                self.example(out, "helper", || format!("{}: a call beside the chat", shown()));
            }
            Fate::Unjoined => {
                out.skipped.unjoined += 1;
                self.example(out, "unjoined", || format!("{}: too many calls to keep in mind", shown()));
                self.alone(call, None, bytes, out);
            }
            Fate::Part { chat, nth, from, to } => {
                let parts = self.chats[chat as usize].parts;
                if parts == 1 {
                    return self.alone(call, Some(chat), bytes, out);
                }
                let part = ModelCall { said: part(&call.said, from as usize, to as usize, nth == 0), ..call };
                let text: usize = part.said.iter().map(|one| one.text.len()).sum();
                out.skipped.joined += 1;
                self.held_bytes += text;
                let held = self.held.entry(chat).or_default();
                held.push((nth, part));
                if held.len() == parts as usize || self.held_bytes > HELD_BYTES {
                    self.finish(chat, bytes, out);
                }
            }
        }
    }

    fn alone(&self, call: ModelCall, chat: Option<u32>, bytes: usize, out: &mut JoinOutput) {
        let name = self.name(&call, chat.map(|chat| self.chats[chat as usize]));
        out.push(Record::of_parsed(name, call.said, call.metadata), bytes);
    }

    /// Makes a chat of the parts that have come. If memory is short before the chat is whole, the other parts make another chat.
    fn finish(&mut self, chat: u32, bytes: usize, out: &mut JoinOutput) {
        let Some(mut parts) = self.held.remove(&chat) else { return };
        parts.sort_by_key(|(nth, _)| *nth);
        let of = self.chats[chat as usize];
        if parts.len() < of.parts as usize {
            out.skipped.unjoined += parts.len() as u64;
            self.chats[chat as usize].parts -= parts.len() as u32;
        }
        let Some((_, last)) = parts.last() else { return };
        let name = self.name(last, Some(of));
        let mut metadata = last.metadata.clone();
        metadata.insert("calls".to_owned(), parts.len().into());
        self.example(out, "joined", || {
            format!("{} calls make `{}`", parts.len(), name.as_deref().unwrap_or_default().escape_debug())
        });
        let mut said = Vec::new();
        for (_, call) in parts {
            self.held_bytes -= call.said.iter().map(|one| one.text.len()).sum::<usize>();
            said.extend(call.said);
        }
        out.push(Record::of_parsed(name, said, metadata), bytes);
    }
}

fn shown(call: &ModelCall, nth: usize) -> String {
    let short = |name: &String| -> String { name.chars().take(60).flat_map(char::escape_debug).collect() };
    let name = call.id.as_ref().or(call.name.as_ref()).map(|name| format!("`{}`", short(name)));
    let name = name.unwrap_or_else(|| format!("call number {nth}"));
    match &call.label {
        Some(label) => format!("{name} ({})", short(label)),
        None => name,
    }
}

/// The messages of a call that are its part of a chat: its keys from `from` up to `to`, and what stands between. Only the
/// first part brings the instructions.
fn part(said: &[ParsedMessage], from: usize, to: usize, is_first: bool) -> Vec<ParsedMessage> {
    let places = places(said);
    let start = if from == 0 { 0 } else { places.get(from).copied().unwrap_or(said.len()) };
    let end =
        if to >= places.len() { said.len() } else { to.checked_sub(1).map_or(0, |last| places[last] + 1) };
    let all = said[start.min(end)..end].iter();
    all.filter(|one| is_first || one.role != Role::System).cloned().collect()
}

impl Join for CallJoin {
    fn needs_preview(&self) -> bool {
        self.joins
    }

    fn preview(&mut self, record: &[u8]) {
        for call in self.calls(record).unwrap_or_default() {
            let seen = self.seen(&call);
            self.chains.iter_mut().for_each(|chains| chains.add(seen.clone()));
        }
    }

    fn end_preview(&mut self) {
        let mut roots = std::mem::take(&mut self.roots);
        if let Some(mut chains) = self.chains.take() {
            chains.rename_sessions(|session| root(&mut roots, session));
            (self.fates, self.chats) = chains.fates();
        }
    }

    fn take(&mut self, record: &[u8], out: &mut JoinOutput) {
        match self.calls(record) {
            Err(why) => out.set_aside(record.len() as u64, why),
            Ok(calls) if calls.is_empty() => out.skipped.without_chat += 1,
            Ok(calls) => calls.into_iter().for_each(|call| self.take_call(call, record.len(), out)),
        }
    }

    fn end(&mut self, out: &mut JoinOutput) {
        let mut left: Vec<u32> = self.held.keys().copied().collect();
        left.sort_unstable();
        left.into_iter().for_each(|chat| self.finish(chat, 0, out));
    }
}
