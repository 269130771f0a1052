//! Logs of gateways and clients: each record is a request with the messages so far and the answer, and repeats the messages of earlier
//! requests.

use rejoinder_core::Role;
use serde_json::{Map, Value};

use super::answers::{answered, asked, may_be_json};
use super::{ReadMode, Shape, Sign, has, id_of, messages, moment_of, sign};
use crate::join::{ModelCall, ModelResponse};
use crate::message::named;
use crate::record::{Mapping, RecordError};

pub(crate) static SHAPE: Shape = Shape {
    name: "log",
    describe: "requests to a model with their answers",
    fits,
    read: ReadMode::Calls(calls),
};
pub(super) static RESPONSES: Shape = Shape {
    name: "responses",
    describe: "OpenAI responses, each with its input",
    fits: fits_responses,
    read: ReadMode::Calls(calls),
};

/// Where the messages of a request stand.
const REQUESTS: [&str; 17] = [
    "messages",
    "request.messages",
    "request.body.messages",
    "request_body.messages",
    "requestBody.messages",
    "body.messages",
    "payload.messages",
    "input.messages",
    "inputs.messages",
    "proxy_server_request.messages",
    "proxy_server_request.body.messages",
    "kwargs.messages",
    "request.input",
    "request.contents",
    "input",
    "prompt",
    "request",
];
/// Where the answer of a request stands.
const ANSWERS: [&str; 12] = [
    "response",
    "response_body",
    "responseBody",
    "output",
    "outputs",
    "completion",
    "result",
    "choices",
    "response_obj",
    "reply",
    "answer",
    "assistant_response",
];
/// Keys of the value that the requests of one chat share.
pub(super) const SESSIONS: [&str; 27] = [
    "session_id",
    "sessionId",
    "session.id",
    "conversation_id",
    "conversationId",
    "conversation.id",
    "thread_id",
    "threadId",
    "chat_id",
    "chatId",
    "litellm_session_id",
    "metadata.session_id",
    "metadata.sessionId",
    "metadata.conversation_id",
    "metadata.thread_id",
    "metadata.chat_id",
    "metadata.langfuse_session_id",
    "metadata.requester_metadata.session_id",
    "extra.metadata.session_id",
    "extra.metadata.conversation_id",
    "extra.metadata.thread_id",
    "request.metadata.session_id",
    "request.session_id",
    "properties.session_id",
    "request_properties.Helicone-Session-Id",
    "properties.Helicone-Session-Id",
    "conversation",
];
/// When a request was made.
pub(super) const TIMES: [&str; 17] = [
    "start_time",
    "startTime",
    "startTimeUnixNano",
    "start_time_unix_nano",
    "timestamp",
    "created_at",
    "createdAt",
    "request_created_at",
    "created",
    "time",
    "datetime",
    "datetime_utc",
    "date",
    "ts",
    "inserted_at",
    "response.created_at",
    "response.created",
];

/// Where in a record a list of messages stands, as a path.
pub(super) fn request(record: &Value) -> Option<&'static str> {
    let fields = record.as_object()?;
    // A person's text may begin as a list does.
    let is_list = |path: &str, value: &Value| match value {
        Value::String(_) if !path.ends_with("messages") => {
            messages::is_list(value) && super::unquoted(value).is_some_and(|inner| messages::is_list(&inner))
        }
        _ => messages::is_list(value),
    };
    REQUESTS.into_iter().find(|path| {
        named(fields, path)
            .is_some_and(|value| is_list(path, value) && !value.as_array().is_some_and(Vec::is_empty))
    })
}

fn answer(record: &Value) -> Option<&Value> {
    let fields = record.as_object()?;
    ANSWERS.iter().find_map(|path| named(fields, path).filter(|value| !value.is_null()))
}

fn fits(record: &Value) -> Option<Sign> {
    request(record)?;
    match answer(record)? {
        Value::Object(_) | Value::Array(_) | Value::String(_) => {
            sign(2, "the messages of a request and its answer")
        }
        _ => None,
    }
}

fn fits_responses(record: &Value) -> Option<Sign> {
    let is_response = record["object"] == "response" || record["response"]["object"] == "response";
    let has_output = record["output"].is_array() || record["response"]["output"].is_array();
    let is_asked = has(record, "input") || has(record, "request");
    if has_output && is_asked && (is_response || record.get("previous_response_id").is_some()) {
        return sign(3, "`input` and `output` of a response");
    }
    None
}

/// The call in a record.
fn calls(record: &Value, mapping: &Mapping) -> Result<Vec<ModelCall>, RecordError> {
    Ok(call(record, mapping).into_iter().collect())
}

fn call(record: &Value, mapping: &Mapping) -> Option<ModelCall> {
    let fields = record.as_object()?;
    let given = mapping.messages.as_deref().or_else(|| request(record));
    let path = given.or_else(|| REQUESTS.into_iter().find(|path| named(fields, path).is_some()))?;
    let request = named(fields, path)?;
    let is_json = may_be_json(request);
    let mut said = asked(request, is_json, mapping)?;
    // Instructions that stand beside the messages.
    let beside = path.rsplit_once('.').map_or(Some(fields), |(outer, _)| named(fields, outer)?.as_object());
    let system = ["system", "instructions"].iter().find_map(|key| beside?.get(*key));
    if let Some(system) = system.filter(|system| !system.is_null())
        && !said.iter().any(|said| said.role == Role::System)
    {
        said.insert(0, crate::message::ParsedMessage::new(Role::System, system));
    }
    if let Some(answer) = answer(record) {
        said.extend(
            answered(answer, is_json, mapping)
                .unwrap_or_default()
                .into_iter()
                .filter(|said| !said.is_blank() || !said.tools.is_empty()),
        );
    }
    let is_response = [record, &record["response"]]
        .into_iter()
        .find(|one| one["object"] == "response" || one.get("previous_response_id").is_some());
    let response = is_response.and_then(|one| {
        Some(ModelResponse {
            id: crate::message::id(&one["id"])?,
            follows: id_of(
                record,
                &["previous_response_id", "response.previous_response_id", "request.previous_response_id"],
            ),
        })
    });
    let own =
        id_of(record, &["request_id", "requestId", "id", "custom_id", "response.id", "uuid", "call_id"]);
    let mut metadata = Map::new();
    for (column, keys) in [
        ("model", &["model", "request.model", "body.model", "response.model", "request.body.model"][..]),
        ("user", &["user", "user_id", "end_user", "request.user", "metadata.user_id"]),
    ] {
        if let Some(value) = id_of(record, keys) {
            metadata.insert(column.to_owned(), value.into());
        }
    }
    let session =
        mapping.id.as_deref().and_then(|key| id_of(record, &[key])).or_else(|| id_of(record, &SESSIONS));
    Some(ModelCall {
        session,
        id: own.clone(),
        response,
        scope: id_of(record, &["user", "user_id", "end_user", "request.user"]),
        name: own,
        label: id_of(record, &["call_type", "name", "metadata.generation_name", "metadata.trace_name"]),
        time: moment_of(record, &TIMES),
        said,
        metadata,
    })
}
