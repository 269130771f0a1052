//! Langfuse: traces and observations, whose `input` and `output` are any JSON.

use serde_json::{Map, Value};

use super::answers::{answered, asked, may_be_json};
use super::log::{SESSIONS, TIMES};
use super::{ReadMode, Shape, Sign, has, id_of, moment_of, sign};
use crate::join::ModelCall;
use crate::record::{Mapping, RecordError};

pub(super) static SHAPE: Shape = Shape {
    name: "langfuse",
    describe: "Langfuse traces or observations",
    fits,
    read: ReadMode::Calls(calls),
};

/// Keys of a trace or an observation that a mere pair of texts has not.
const OF_TRACE: [&str; 10] = [
    "trace_id",
    "traceId",
    "session_id",
    "sessionId",
    "project_id",
    "projectId",
    "observations",
    "parent_observation_id",
    "parentObservationId",
    "provided_model_name",
];

fn fits(record: &Value) -> Option<Sign> {
    let fields = record.as_object()?;
    let is_pair =
        fields.contains_key("input") && fields.contains_key("output") || record["observations"].is_array();
    let is_trace = OF_TRACE.iter().any(|key| fields.contains_key(*key));
    // LangSmith's runs have a kind of their own, and are read alike.
    let is_run =
        fields.contains_key("inputs") && fields.contains_key("outputs") && fields.contains_key("run_type");
    if is_pair && is_trace || is_run { sign(2, "`input` and `output` of a trace") } else { None }
}

/// The calls in a record: the record itself, or else the observations in it.
fn calls(record: &Value, mapping: &Mapping) -> Result<Vec<ModelCall>, RecordError> {
    // A run's own `session_id` is that of a whole project.
    let sessions = if has(record, "run_type") { &SESSIONS[10..] } else { &SESSIONS[..] };
    let session = id_of(record, sessions);
    if let Some(call) = call(record, session.clone(), mapping) {
        return Ok(vec![call]);
    }
    // The observations of a trace without a session are of one chat.
    let session = session.or_else(|| id_of(record, &["id"]));
    let observations = super::unquoted(&record["observations"]);
    let list: &[Value] = observations.as_ref().and_then(Value::as_array).map_or(&[], Vec::as_slice);
    Ok(list.iter().filter_map(|observation| call(observation, session.clone(), mapping)).collect())
}

fn call(record: &Value, session: Option<String>, mapping: &Mapping) -> Option<ModelCall> {
    const CHATS: [&str; 5] = ["GENERATION", "AGENT", "CHAIN", "LLM", "CHAT_MODEL"];
    let kind = record["type"].as_str().or_else(|| record["run_type"].as_str());
    if kind.is_some_and(|kind| !CHATS.iter().any(|chat| kind.eq_ignore_ascii_case(chat))) {
        return None;
    }
    let either = |keys: [&str; 2]| {
        keys.into_iter().find(|key| has(record, key)).map_or(&Value::Null, |key| &record[key])
    };
    let (input, output) = (either(["input", "inputs"]), either(["output", "outputs"]));
    let is_json = may_be_json(input) && may_be_json(output);
    let mut said = asked(input, is_json, mapping)?;
    said.extend(answered(output, is_json, mapping)?);
    if said.is_empty() {
        return None;
    }
    let mut metadata = Map::new();
    for (column, keys) in [
        ("model", &["model", "provided_model_name", "providedModelName"][..]),
        ("user", &["userId", "user_id"]),
        ("name", &["name"]),
        ("trace_id", &["traceId", "trace_id"]),
    ] {
        if let Some(value) = id_of(record, keys) {
            metadata.insert(column.to_owned(), value.into());
        }
    }
    Some(ModelCall {
        session,
        id: id_of(record, &["traceId", "trace_id", "id"]),
        response: None,
        scope: id_of(record, &["userId", "user_id"]),
        name: id_of(record, &["id"]),
        label: id_of(record, &["name"]),
        time: moment_of(record, &TIMES),
        said,
        metadata,
    })
}
