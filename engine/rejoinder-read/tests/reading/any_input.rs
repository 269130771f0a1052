//! Whatever stands in a file: no reader panics, no conversation is lost between chunks, and each chunk's end is a place
//! to resume.

use std::io::Write as _;
use std::path::Path;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use rejoinder_read::{ChunkReader, Format, InputFile, InputOptions, Mapping, Position};
use serde_json::{Value, json};

/// What is read from a place on: number, and the conversation or why not.
fn read(file: &InputFile, from: Position) -> Vec<(u64, Value)> {
    let (files, mapping) = ([file.clone()], Mapping::default());
    let mut all = Vec::new();
    for chunk in ChunkReader::new(&files, &mapping, from, 1 << 20) {
        for entry in chunk.entries() {
            let value = match entry.record() {
                Err(why) => json!(why.to_string()),
                Ok(record) => {
                    let messages: Vec<_> = record
                        .conversation
                        .messages
                        .iter()
                        .map(|m| (m.role.name(), m.text.to_string()))
                        .collect();
                    json!([record.conversation.id, messages, record.shared])
                }
            };
            all.push((entry.ordinal, value));
        }
        all.extend(chunk.set_aside.iter().map(|set_aside| (set_aside.line, json!(set_aside.reason))));
    }
    // What is lost is told after what is read of its chunk.
    all.sort_by_key(|(ordinal, _)| *ordinal);
    all
}

fn ends(file: &InputFile) -> Vec<Position> {
    let (files, mapping) = ([file.clone()], Mapping::default());
    ChunkReader::new(&files, &mapping, Position::default(), 1 << 20).map(|chunk| chunk.end).collect()
}

/// Reads a file of these bytes as `format`, from its beginning and from each chunk's end.
fn check(content: &[u8], format: Format) -> Vec<(u64, Value)> {
    let mut temp = tempfile::NamedTempFile::new().unwrap();
    temp.write_all(content).unwrap();
    let asked = InputOptions { format: Some(format), mapping: &Mapping::default(), joins: true };
    let Ok((file, _)) = InputFile::describe_as(temp.path(), asked) else {
        return Vec::new();
    };
    let all = read(&file, Position::default());
    let mut numbers: Vec<u64> = all.iter().map(|(ordinal, _)| *ordinal).collect();
    numbers.dedup();
    assert_eq!(numbers.len(), all.len(), "each number is one conversation, or one reason");
    // What cannot be read on from one place cannot from another, for whatever reason it has there.
    if all.iter().any(|(_, v)| v.as_str().is_some_and(|why| why.contains("cannot be read"))) {
        return all;
    }
    for end in ends(&file) {
        let rest: Vec<_> = all.iter().filter(|(ordinal, _)| *ordinal >= end.line).cloned().collect();
        assert_eq!(read(&file, end), rest, "read on from {end:?}");
    }
    all
}

/// JSON out of the words that the formats use.
fn value() -> impl Strategy<Value = Value> {
    const WORDS: [&str; 79] = [
        "messages",
        "conversation",
        "conversations",
        "role",
        "content",
        "from",
        "value",
        "id",
        "user",
        "human",
        "assistant",
        "gpt",
        "a_0",
        "a_2",
        "text",
        "parts",
        "type",
        "refusal",
        "mapping",
        "current_node",
        "message",
        "author",
        "parent",
        "children",
        "recipient",
        "weight",
        "prompt",
        "replies",
        "message_id",
        "parent_id",
        "message_tree_id",
        "thread",
        "prompter",
        "conversation_a",
        "conversation_b",
        "full_conversation",
        "response_a",
        "response_b",
        "model_side_a",
        "resourceSpans",
        "scopeSpans",
        "spans",
        "events",
        "attributes",
        "gen_ai.input.messages",
        "gen_ai.output.messages",
        "llm.input_messages.0.message.role",
        "llm.input_messages.0.message.content",
        "session.id",
        "input",
        "output",
        "observations",
        "chat_messages",
        "sender",
        "fragments",
        "REQUEST",
        "chat",
        "history",
        "messages",
        "currentId",
        "parentId",
        "contents",
        "gen_ai.prompt.0.role",
        "gen_ai.prompt.0.content",
        "gen_ai.user.message",
        "name",
        "response",
        "choices",
        "request",
        "previous_response_id",
        "tool_use",
        "tool_result",
        "tool_calls",
        "conversation_id",
        "created_at",
        "instruction",
        "2026-01-01T00:00:00Z",
        "kwargs",
        "data",
    ];
    let word = || select(WORDS.to_vec());
    let leaf = prop_oneof![
        6 => word().prop_map(Value::from),
        1 => Just(Value::Null),
        1 => any::<i16>().prop_map(Value::from),
        1 => Just(json!("[{\"role\":\"user\",\"content\":\"x\"}]")),
    ];
    leaf.prop_recursive(5, 40, 5, move |inner| {
        prop_oneof![
            2 => prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            5 => prop::collection::vec((word(), inner), 0..6)
                .prop_map(|fields| fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Value>()),
        ]
    })
}

const FIXTURES: [(&str, &str); 14] = [
    ("lmsys.jsonl", "lmsys"),
    ("openai.jsonl", "openai"),
    ("sharegpt.json", "sharegpt"),
    ("sharegpt.jsonl", "sharegpt"),
    ("oasst_trees.jsonl", "oasst"),
    ("oasst_messages.jsonl", "oasst"),
    ("arena_33k.jsonl", "arena"),
    ("arena_140k.parquet", "arena"),
    ("chatgpt.json", "chatgpt"),
    ("chatgpt.zip", "chatgpt"),
    ("otlp.jsonl", "spans"),
    ("openinference.jsonl", "spans"),
    ("langfuse.jsonl", "langfuse"),
    ("arena_55k.csv", "arena"),
];

/// Whoever read on from the end of such a file was once not told what the whole file was said to have there.
#[test]
fn what_stands_behind_a_list_of_records_is_told_of_the_chunk_that_ends_there() {
    let all = check(b"[[]]\n\"messages\"\n", "wildchat".parse().unwrap());
    let told =
        |(_, why): &(u64, Value)| why.as_str().is_some_and(|why| why.contains("something stands behind"));
    assert_eq!(all.iter().filter(|one| told(one)).count(), 1, "{all:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(250))]
    #[test]
    fn any_json_is_read_or_refused_as_any_format(values in prop::collection::vec(value(), 0..5), format in select(Format::all().collect::<Vec<_>>()), array in any::<bool>()) {
        let content = match array {
            true => json!(values).to_string(),
            false => values.iter().map(|v| format!("{v}\n")).collect(),
        };
        check(content.as_bytes(), format);
    }

    #[test]
    fn damage_is_told_and_nothing_panics(fixture in select(FIXTURES.to_vec()), at in any::<Index>(), removed in 0_usize..20, bytes in prop::collection::vec(any::<u8>(), 0..6)) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/formats").join(fixture.0);
        let mut content = std::fs::read(path).unwrap();
        let at = at.index(content.len());
        content.splice(at..content.len().min(at + removed), bytes);
        check(&content, fixture.1.parse().unwrap());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]
    /// Pieces of ShareGPT conversations, and messages of OpenAssistant trees, whose groups lie across chunks.
    #[test]
    fn groups_across_chunks_stay_together(sizes in prop::collection::vec((1_usize..5, 0_usize..200_000), 8..30), array in any::<bool>()) {
        let (mut pieces, mut messages) = (Vec::new(), Vec::new());
        for (n, (count, size)) in sizes.iter().enumerate() {
            let text = "x".repeat(*size);
            for k in 0..*count {
                pieces.push(json!({"id": format!("c{n}_{}", 2 * k), "conversations": [
                    {"from": "human", "value": format!("{k}")}, {"from": "gpt", "value": text}]}));
                let parent = k.checked_sub(1).map(|k| format!("t{n}m{k}"));
                let role = if k % 2 == 0 { "prompter" } else { "assistant" };
                messages.push(json!({"message_id": format!("t{n}m{k}"), "parent_id": parent, "message_tree_id": format!("t{n}"), "role": role, "text": text}));
            }
        }
        let content = |records: &[Value]| match array {
            true => serde_json::to_string_pretty(records).unwrap(),
            false => records.iter().map(|v| format!("{v}\n")).collect(),
        };
        for (records, format, messages) in [(pieces, Format::SHAREGPT, 2), (messages, "oasst".parse().unwrap(), 1)] {
            let all = check(content(&records).as_bytes(), format);
            let read: Vec<usize> = all.iter().filter_map(|(_, v)| Some(v[1].as_array()?.len())).collect();
            let written: Vec<usize> = sizes.iter().map(|(count, _)| count * messages).collect();
            prop_assert_eq!(read, written);
        }
    }
}
