//! Conversations that stand in several records: a message a row, a turn a row, calls that repeat what was said before.

use fastrand::Rng;
use serde_json::{Value, json};

use super::dialogue::{Dialogue, Said, message, messages};
use super::plain::{anthropic_blocks, openai_blocks};
use super::print::{self, Clock};

/// How much of what was said before a call brings.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum History {
    Whole,
    /// Only what is new.
    None,
    /// So many messages before the answer.
    Window(usize),
}

/// One call to a model.
pub struct Call<'d> {
    pub dialogue: &'d Dialogue,
    /// Its number in its conversation.
    pub turn: usize,
    pub asked: Vec<Said>,
    pub answered: String,
    /// Seconds.
    pub time: u64,
    /// It makes a title, or rates what was said.
    pub is_helper: bool,
}

/// The calls of all dialogues, in the order of time.
pub fn calls(all: &[Dialogue], history: History) -> Vec<Call<'_>> {
    let mut calls = Vec::new();
    for (nth, d) in all.iter().enumerate() {
        let talk = d.talk();
        for turn in 0..d.exchanges.len() {
            let end = 2 * turn + 1;
            let start = match history {
                History::Whole => 0,
                History::None => end - 1,
                History::Window(length) => end.saturating_sub(length),
            };
            let mut asked: Vec<Said> = d.system.iter().map(|text| ("system", text.clone())).collect();
            asked.extend_from_slice(&talk[start..end]);
            let time = 600 * turn as u64 + 31 * nth as u64;
            calls.push(Call {
                dialogue: d,
                turn,
                asked,
                answered: talk[end].1.clone(),
                time,
                is_helper: false,
            });
        }
    }
    calls.sort_by_key(|call| call.time);
    calls
}

/// The same with calls for titles and the like thrown in, right after the first call of a session.
pub fn with_helpers<'d>(calls: Vec<Call<'d>>, rng: &mut Rng) -> Vec<Call<'d>> {
    let mut all = Vec::new();
    for call in calls {
        let helper = (call.turn == 0 && rng.bool()).then(|| helper(&call, rng));
        all.push(call);
        all.extend(helper);
    }
    all
}

fn helper<'d>(call: &Call<'d>, rng: &mut Rng) -> Call<'d> {
    let [asked, answered] = &call.dialogue.exchanges[0];
    let history = format!("<chat_history>\nUSER: {asked}\nASSISTANT: {answered}\n</chat_history>");
    let (asked, answered) = match rng.bool() {
        true => (
            format!(
                "### Task:\nGenerate a concise, 3-5 word title with an emoji summarizing the chat history.\n{history}"
            ),
            "{ \"title\": \"say0\" }",
        ),
        false => (
            format!(
                "### Task:\nSuggest 3-5 relevant follow-up questions or prompts that the user might naturally ask next.\n{history}"
            ),
            "{ \"follow_ups\": [\"say0\"] }",
        ),
    };
    Call {
        asked: vec![("user", asked)],
        answered: answered.to_owned(),
        time: call.time + 5,
        is_helper: true,
        ..*call
    }
}

/// In the order of time, the newest first, or in none.
pub fn reordered<T>(list: &mut [T], rng: &mut Rng) {
    match rng.u8(..3) {
        0 => {}
        1 => list.reverse(),
        _ => rng.shuffle(list),
    }
}

/// A row for each message: the names of its columns differ from table to table.
fn rows(all: &[Dialogue], has_order: bool, rng: &mut Rng) -> Vec<Value> {
    let key = ["conversation_id", "session_id", "thread_id", "chat_id"][rng.usize(..4)];
    let [role, content] = [["role", "content"], ["sender", "text"], ["speaker", "utterance"]][rng.usize(..3)];
    let place = match has_order {
        true => ["message_index", "turn_index", "seq", "position"][rng.usize(..4)],
        false => ["created_at", "timestamp", "sent_at"][rng.usize(..3)],
    };
    let clock = Clock::any(rng);
    let mut rows = Vec::new();
    for (nth, d) in all.iter().enumerate() {
        for (at, (who, text)) in d.said().into_iter().enumerate() {
            let order = if has_order { json!(at) } else { clock.at(60 * at as u64 + nth as u64) };
            rows.push(
                json!({"id": rng.u32(..), key: d.id, place: order, role: who, content: text, "model": "m"}),
            );
        }
    }
    rng.shuffle(&mut rows);
    rows
}

pub fn rows_by_order(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    let rows = rows(all, true, rng);
    print::lines(rows, rng)
}

pub fn rows_by_time(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    let rows = rows(all, false, rng);
    print::lines(rows, rng)
}

pub fn rows_array(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    let rows = rows(all, rng.bool(), rng);
    print::pretty(&rows.into(), rng.bool()).into_bytes()
}

pub fn csv_rows_by_order(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    let rows = rows(all, true, rng);
    print::csv(&rows, b',', rng)
}

pub fn csv_rows_by_time(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    let rows = rows(all, false, rng);
    print::csv(&rows, b'\t', rng)
}

/// A request and its answer a row.
fn pairs(all: &[Dialogue], rng: &mut Rng) -> Vec<Value> {
    let clock = Clock::any(rng);
    let [asked, answered] =
        [["prompt", "response"], ["question", "answer"], ["user_message", "bot_response"]][rng.usize(..3)];
    let row = |call: Call<'_>| {
        let mut row = json!({"id": rng.u32(..), "session_id": call.dialogue.id, "timestamp": clock.at(call.time),
            asked: call.asked.last().unwrap().1, answered: call.answered});
        if let Some(system) = &call.dialogue.system {
            row["system_prompt"] = system.clone().into();
        }
        row
    };
    let mut rows: Vec<Value> = calls(all, History::None).into_iter().map(row).collect();
    reordered(&mut rows, rng);
    rows
}

pub fn pairs_lines(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    let rows = pairs(all, rng);
    print::lines(rows, rng)
}

pub fn pairs_csv(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    let rows = pairs(all, rng);
    print::csv(&rows, b';', rng)
}

/// Traces of Langfuse: with observations that say the same, or alone say it, or without any.
fn langfuse(all: &[Dialogue], history: History, has_observations: bool, rng: &mut Rng) -> Vec<u8> {
    let clock = Clock::any(rng);
    let is_bare = has_observations && rng.bool();
    let form = rng.u8(..3);
    let trace = |(nth, call): (usize, Call<'_>)| {
        let list: Value = messages(&call.asked).into();
        let input = match form {
            0 => list,
            1 => json!({"messages": list, "model": "m"}),
            _ => json!(print::json(&list, false)),
        };
        let output = match form {
            0 => json!(call.answered),
            1 => {
                json!({"choices": [{"index": 0, "finish_reason": "stop", "message": message("assistant", &call.answered)}]})
            }
            _ => message("assistant", &call.answered),
        };
        let name = if call.is_helper { "title-generation" } else { "chat" };
        let mut trace = json!({"id": format!("t{nth}"), "timestamp": clock.at(call.time), "name": name, "sessionId": call.dialogue.id, "userId": "u"});
        if !is_bare {
            (trace["input"], trace["output"]) = (input.clone(), output.clone());
        }
        if has_observations {
            trace["observations"] = json!([
                {"id": format!("o{nth}"), "type": "SPAN", "name": "retrieval", "startTime": clock.at(call.time), "input": "say0", "output": ["say0"]},
                {"id": format!("g{nth}"), "traceId": format!("t{nth}"), "type": "GENERATION", "name": "completion",
                    "startTime": clock.at(call.time), "model": "m", "input": input, "output": output},
            ]);
        }
        trace
    };
    let calls = with_helpers(calls(all, history), rng);
    let mut traces: Vec<Value> = calls.into_iter().enumerate().map(trace).collect();
    // Some were exported twice.
    let twice: Vec<Value> = traces.iter().filter(|_| rng.u8(..) < 20).cloned().collect();
    traces.extend(twice);
    reordered(&mut traces, rng);
    if rng.bool() {
        print::lines(traces, rng)
    } else {
        print::pretty(&traces.into(), rng.bool()).into_bytes()
    }
}

pub fn langfuse_turns(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    langfuse(all, History::None, false, rng)
}

pub fn langfuse_turns_observed(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    langfuse(all, History::None, true, rng)
}

pub fn langfuse_growing(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    langfuse(all, History::Whole, false, rng)
}

pub fn langfuse_growing_observed(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    langfuse(all, History::Whole, true, rng)
}

pub fn langfuse_window(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    langfuse(all, History::Window(rng.usize(3..7)), false, rng)
}

pub fn langfuse_window_observed(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    langfuse(all, History::Window(rng.usize(3..7)), true, rng)
}

pub fn langfuse_short_window(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    langfuse(all, History::Window(2), false, rng)
}

/// Runs of LangSmith: all have the session of their project, and the thread's in what is beside.
pub fn langsmith(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    let clock = [Clock::Utc, Clock::Spaced][rng.usize(..2)];
    let is_openai = rng.bool();
    let constructed = |(role, text): &Said| {
        let class = match *role {
            "user" => "HumanMessage",
            "assistant" => "AIMessage",
            _ => "SystemMessage",
        };
        json!({"lc": 1, "type": "constructor", "id": ["langchain", "schema", "messages", class], "kwargs": {"content": text}})
    };
    let run = |(nth, call): (usize, Call<'_>)| {
        let [inputs, outputs] = match is_openai {
            true => [
                json!({"messages": messages(&call.asked), "model": "m"}),
                json!({"choices": [{"message": message("assistant", &call.answered)}]}),
            ],
            false => [
                json!({"messages": [call.asked.iter().map(constructed).collect::<Value>()]}),
                json!({"generations": [[{"text": call.answered, "message": constructed(&("assistant", call.answered.clone()))}]]}),
            ],
        };
        json!({"id": format!("run{nth}"), "trace_id": format!("t{nth}"), "name": "ChatOpenAI", "run_type": "llm", "start_time": clock.at(call.time),
            "inputs": inputs, "outputs": outputs, "session_id": "project", "extra": {"metadata": {"thread_id": call.dialogue.id}}})
    };
    let calls = with_helpers(calls(all, History::Whole), rng);
    let mut runs: Vec<Value> = calls.into_iter().enumerate().map(run).collect();
    reordered(&mut runs, rng);
    print::lines(runs, rng)
}

/// Requests with their answers, in one of the ways in which gateways write them.
fn gateway(all: &[Dialogue], has_session: bool, rng: &mut Rng) -> Vec<u8> {
    let clock = Clock::any(rng);
    let form = rng.u8(..4);
    let mut list = calls(all, History::Whole);
    if has_session {
        list = with_helpers(list, rng);
    }
    // What was asked stands the same in each call, tools and all.
    let seed = rng.u64(..);
    let record = |(nth, call): (usize, Call<'_>)| {
        let mut own = Rng::with_seed(seed);
        let mut list: Vec<Value> = Vec::new();
        if form != 3 && !call.is_helper {
            list.push(message("system", &format!("Be brief. It is {}.", clock.at(call.time))));
        }
        for said in call.asked.iter().filter(|(role, _)| *role != "system") {
            match form {
                3 => list.extend(anthropic_blocks(said.clone(), &mut own)),
                _ => list.extend(openai_blocks(said.clone(), &mut own)),
            }
        }
        let choices = json!({"id": format!("chatcmpl-{nth}"), "object": "chat.completion", "model": "m",
            "choices": [{"index": 0, "finish_reason": "stop", "message": message("assistant", &call.answered)}], "usage": {"total_tokens": 7}});
        let mut record = match form {
            0 => json!({"model": "m", "messages": list, "response": choices}),
            1 => json!({"request": {"model": "m", "messages": list, "temperature": 0}, "response": choices}),
            2 => {
                json!({"request": {"method": "POST", "body": {"model": "m", "messages": list}}, "response": {"status": 200, "body": choices}})
            }
            _ => json!({"request": {"model": "claude", "max_tokens": 9, "messages": list,
                    "system": [{"type": "text", "text": format!("It is {}.", clock.at(call.time))}]},
                "response": {"id": format!("msg_{nth}"), "type": "message", "role": "assistant", "stop_reason": "end_turn",
                    "content": [{"type": "thinking", "thinking": "say0"}, {"type": "text", "text": call.answered}]}}),
        };
        record["request_id"] = format!("r{nth}").into();
        record["created_at"] = clock.at(call.time);
        if has_session {
            record["session_id"] = call.dialogue.id.clone().into();
        }
        record
    };
    let mut records: Vec<Value> = list.into_iter().enumerate().map(record).collect();
    reordered(&mut records, rng);
    print::lines(records, rng)
}

pub fn gateway_alone(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    gateway(all, false, rng)
}

pub fn gateway_sessions(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    gateway(all, true, rng)
}

/// Each response follows another, and its input is only what is new.
pub fn responses(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    let is_wrapped = rng.bool();
    let record = |call: Call<'_>| {
        let id = |turn: usize| format!("resp_{}_{turn}", call.dialogue.id);
        let asked = &call.asked.last().unwrap().1;
        let input = match rng.u8(..3) {
            0 => json!([message("user", asked)]),
            1 => {
                json!([{"type": "message", "role": "user", "content": [{"type": "input_text", "text": asked}]}])
            }
            _ => {
                json!([{"type": "function_call_output", "call_id": "c", "output": "say0"}, message("user", asked)])
            }
        };
        let output = json!([
            {"type": "reasoning", "id": "rs", "summary": [{"type": "summary_text", "text": "say0"}]},
            {"type": "web_search_call", "id": "ws", "status": "completed", "action": {"type": "search", "query": "say0"}},
            {"type": "message", "id": "msg", "role": "assistant", "status": "completed", "content": [{"type": "output_text", "text": call.answered, "annotations": []}]},
        ]);
        let (own, before) = (id(call.turn), call.turn.checked_sub(1).map(id));
        let at = 1_759_300_000 + call.time;
        match is_wrapped {
            true => json!({"request": {"model": "m", "previous_response_id": before, "input": input},
                "response": {"id": own, "object": "response", "created_at": at, "status": "completed", "output": output, "previous_response_id": before}}),
            false => {
                json!({"id": own, "object": "response", "created_at": at, "status": "completed", "model": "m",
                "previous_response_id": before, "input": input, "output": output})
            }
        }
    };
    let mut records: Vec<Value> = calls(all, History::None).into_iter().map(record).collect();
    reordered(&mut records, rng);
    print::lines(records, rng)
}
