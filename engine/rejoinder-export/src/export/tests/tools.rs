//! What holds of rows with calls and results of tools.

use std::collections::HashSet;

use proptest::prelude::*;
use rejoinder_core::{Category, Conversation, Role, ToolPart, ToolUse};
use serde_json::{Value, json};

use super::support::{choice, conversation, examples, feedback, on_answers, plain, script};
use crate::export::example::{self, Example, ToolPolicy, TrainingTask};
use crate::export::review::ReviewTool;
use crate::export::skip_reason::{SkipCounts, SkipReason};
use crate::export::style::Style;
use crate::export::template::ChatTemplate;
use crate::export::{ChatMessage, Dialogue, OpeningHash, RowChanges, arrange};

/// A dialogue and its tools: after a message's text come `; call ID NAME ARGUMENTS` and `; result ID TEXT`, with - for no id.
fn with_tools(text: &str) -> (Conversation<'static>, Vec<ToolUse>) {
    let mut tools = Vec::new();
    let mut said = Vec::new();
    for (message, line) in text.split(" | ").enumerate() {
        let mut parts = line.split("; ");
        said.push(parts.next().unwrap());
        tools.extend(parts.map(|part| ToolUse { message, part: tool(part) }));
    }
    (conversation("c", &script(&said.join(" | "))), tools)
}

fn tool(text: &str) -> ToolPart {
    let words: Vec<_> = text.splitn(4, ' ').collect();
    let id = (words[1] != "-").then(|| words[1].to_owned());
    match *words {
        ["call", _, name, arguments] => ToolPart::Call { id, name: name.into(), arguments: arguments.into() },
        ["result", _, ..] => ToolPart::Result { id, name: None, text: words[2..].join(" ") },
        _ => panic!("{text}"),
    }
}

/// The rows about the praise in the last message.
fn praised(text: &str) -> (Vec<Example>, SkipCounts) {
    let (chat, tools) = with_tools(text);
    let turn = chat.messages.len() - 1;
    let said = [feedback(&chat, turn, Category::Ur5)];
    examples(TrainingTask::Sft, &Dialogue { tools: &tools, ..plain(&chat) }, &said)
}

fn row(style: Style, task: TrainingTask, example: &Example) -> Value {
    serde_json::to_value(style.row(task, example)).unwrap()
}

const SEARCH: &str = "U: find them | A: I'll look.; call t1 grep {\"pattern\":\"TODO\"} | T: a.py:3; result t1 a.py:3 | \
                      A: One more.; call t2 grep {\"pattern\":7} | T: ; result t2  | A: One. | A: In a.py. | U: thanks";

#[test]
fn calls_and_results_stand_in_the_prompt_and_the_last_words_are_the_answer() {
    let (found, _) = praised(SEARCH);
    let call = |id: &str, arguments: Value| json!([{"id": id, "type": "function", "function": {"name": "grep", "arguments": arguments}}]);
    assert_eq!(
        row(Style::Trl, TrainingTask::Sft, &found[0]),
        json!({
            "prompt": [
                {"role": "user", "content": "find them"},
                {"role": "assistant", "content": "I'll look.", "tool_calls": call("call00001", json!({"pattern": "TODO"}))},
                {"role": "tool", "content": "a.py:3", "tool_call_id": "call00001", "name": "grep"},
                {"role": "assistant", "content": "One more.", "tool_calls": call("call00002", json!({"pattern": 7}))},
                {"role": "tool", "content": "", "tool_call_id": "call00002", "name": "grep"}
            ],
            "completion": [{"role": "assistant", "content": "One.\n\nIn a.py."}],
            "conversation_id": "c", "opening": OpeningHash::of(&[ChatMessage::new(Role::User, "find them")]).to_string(),
            "feedback_turn": 1, "category": "UR5"
        })
    );
    let axolotl = row(Style::Axolotl(ChatTemplate::ChatMl), TrainingTask::Sft, &found[0]);
    assert_eq!(axolotl["messages"][1]["tool_calls"], call("call00001", json!("{\"pattern\": \"TODO\"}")));
    assert_eq!(axolotl["messages"][2]["train"], false);
    let roles = ["user", "function_call", "observation", "function_call", "observation", "assistant"];
    let messages = row(Style::LlamaFactory, TrainingTask::Sft, &found[0])["messages"].clone();
    assert_eq!(
        messages.as_array().unwrap().iter().map(|m| m["role"].as_str().unwrap()).collect::<Vec<_>>(),
        roles
    );
    assert_eq!(
        messages[1]["content"],
        "I'll look.\n<tool_call>{\"name\": \"grep\", \"arguments\": {\"pattern\": \"TODO\"}}</tool_call>"
    );
    assert_eq!(
        ChatTemplate::ChatMl.prompt(&found[0].prompt[..3]),
        "<|im_start|>user\nfind them<|im_end|>\n<|im_start|>assistant\nI'll look.\n<tool_call>\n{\"name\": \"grep\", \"arguments\": \
         {\"pattern\": \"TODO\"}}\n</tool_call><|im_end|>\n<|im_start|>user\n<tool_response>\na.py:3\n</tool_response><|im_end|>\n\
         <|im_start|>assistant\n"
    );
    assert_eq!(found[0].changes, RowChanges { joined: true, ..RowChanges::default() });
}

#[test]
fn results_find_their_calls() {
    for (text, expected) in [
        // By id, whatever the order; by order, where there is none.
        (
            "U: q | A: ; call x f {}; call y g {} | T: 2; result y 2 | T: 1; result x 1 | A: a | U: thanks",
            "g 2, f 1",
        ),
        (
            "U: q | A: ; call x f {}; call y g {} | T: 1\n2; result - 1; result - 2 | A: a | U: thanks",
            "f 1, g 2",
        ),
        ("U: q | A: ; call x f {} | T: 1 | A: a | U: thanks", "f 1"),
        // Each call as a message of its own; a user's words beside the result; a server's tool.
        (
            "U: q | A: ; call x f {} | A: ; call y g {} | T: 1; result x 1 | T: 2; result y 2 | A: a | U: thanks",
            "f 1, g 2",
        ),
        ("U: q | A: ; call x f {} | U: quick!; result x 1 | A: a | U: thanks", "f 1"),
        ("U: q | A: a; call x f {}; result x 1 | U: thanks", "f 1"),
    ] {
        let (found, skipped) = praised(text);
        assert!(skipped.is_empty(), "{text}: {skipped:?}");
        let results = found[0]
            .prompt
            .iter()
            .filter_map(|m| Some(format!("{} {}", m.answers.as_ref()?.name, m.content)));
        assert_eq!(results.collect::<Vec<_>>().join(", "), expected, "{text}");
        assert_eq!(found[0].completion, "a", "{text}");
    }
}

#[test]
fn what_gives_no_honest_row_is_counted_with_its_reason() {
    for (text, expected) in [
        ("U: q | A: ; call x  {} | T: 1; result x 1 | A: a | U: thanks", SkipReason::NamelessCall),
        ("U: q | A: ; call x f 2+2 | T: 1; result x 1 | A: a | U: thanks", SkipReason::Arguments),
        ("U: q | A: ; call x f {} | A: a | U: thanks", SkipReason::OpenCall),
        ("U: q | A: ; call x f {}; call y f {} | T: 1; result x 1 | A: a | U: thanks", SkipReason::OpenCall),
        ("U: q | A: a; call x f {} | U: r | A: b | U: thanks", SkipReason::OpenCall),
        ("U: q | A: ; call x f {} | T: 1; result z 1 | A: a | U: thanks", SkipReason::LostResult),
        (
            "U: q | A: ; call x f {} | T: 1; result x 1 | T: 2; result x 2 | A: a | U: thanks",
            SkipReason::LostResult,
        ),
        ("U: q | A: I'll do it.; call x f {} | T: 1; result x 1 | U: thanks", SkipReason::EndsWithTools),
        ("U: q | A: I'll do it.; call x f {} | U: thanks; result x 1", SkipReason::EndsWithTools),
        ("U: q | A: ; call x f {} | T: 1; result x 1 | U: thanks", SkipReason::Blank),
    ] {
        let (found, skipped) = praised(text);
        assert!(found.is_empty(), "{text}");
        assert_eq!(skipped, SkipCounts::from([(expected, 1)]), "{text}");
    }
}

#[test]
fn calls_at_the_end_of_an_answer_are_left_out_and_known() {
    let (found, _) = praised("U: q | A: It is dry.; call x note {} | U: thanks");
    assert_eq!((found[0].prompt.len(), &*found[0].completion), (1, "It is dry."));
    assert_eq!(found[0].changes, RowChanges { calls: true, ..RowChanges::default() });
    let counts = RowChanges::counts(found.iter().map(|e| e.changes));
    assert_eq!(counts, [("calls of tools at the end of the answer are left out", 1)]);
}

#[test]
fn all_rows_with_tools_can_be_left_out() {
    for (text, expected) in [
        (SEARCH, 0),
        ("U: q | A: It is dry.; call x note {} | U: thanks", 0),
        ("U: q | A: ; call x f {} | T: 1; result z 1 | A: a | U: thanks", 0),
        ("U: q | A: a | T: 1 | A: b | U: thanks", 0),
        ("U: q | A: a | U: thanks", 1),
    ] {
        let (chat, tools) = with_tools(text);
        let said = [feedback(&chat, chat.messages.len() - 1, Category::Ur5)];
        let choice = example::FeedbackChoice { tools: ToolPolicy::DropRows, ..choice(TrainingTask::Sft) };
        let mut skipped = SkipCounts::new();
        let dialogue = Dialogue { tools: &tools, ..plain(&chat) };
        assert_eq!(
            example::of(TrainingTask::Sft, &dialogue, &on_answers(&said), &choice, &mut skipped).len(),
            expected,
            "{text}"
        );
        assert_eq!(skipped.contains_key(&SkipReason::Tools), expected == 0, "{text}");
    }
}

#[test]
fn a_style_says_for_which_use_of_tools_it_has_a_form() {
    let [trl, factory] = [Style::Trl, Style::LlamaFactory];
    let [chat_ml, llama, mistral] =
        [ChatTemplate::ChatMl, ChatTemplate::Llama3, ChatTemplate::Mistral].map(Style::Axolotl);
    let plain = "U: q | A: a | U: thanks";
    let one = "U: q | A: ; call x f {} | T: 1; result x 1 | A: a | U: thanks";
    let words = "U: q | A: I'll look.; call x f {} | T: 1; result x 1 | A: a | U: thanks";
    let two = "U: q | A: ; call x f {}; call y f {} | T: 1; result x 1 | T: 2; result y 2 | A: a | U: thanks";
    let hurry = "U: q | A: ; call x f {} | U: quick!; result x 1 | A: a | U: thanks";
    let marked = "U: q | A: <tool_call>; call x f {} | T: 1; result x 1 | A: a | U: thanks";
    for (text, without) in [
        (plain, vec![]),
        (one, vec![mistral]),
        (words, vec![mistral, llama]),
        (two, vec![mistral, llama, factory]),
        (hurry, vec![mistral, factory]),
        (marked, vec![mistral, llama, factory]),
    ] {
        let (found, _) = praised(text);
        for style in [trl, factory, chat_ml, llama, mistral] {
            assert_eq!(
                style.expresses(TrainingTask::Kto, &found[0]),
                !without.contains(&style),
                "{text} {style:?}"
            );
        }
        assert!(chat_ml.expresses(TrainingTask::Sft, &found[0]));
        assert_eq!(chat_ml.expresses(TrainingTask::Pairs, &found[0]), text == plain);
    }
    let (found, _) = praised(one);
    assert_eq!(
        ChatTemplate::Llama3.prompt(&found[0].prompt[1..]),
        "<|start_header_id|>assistant<|end_header_id|>\n\n{\"name\": \"f\", \"parameters\": {}}<|eot_id|>\
         <|start_header_id|>ipython<|end_header_id|>\n\n\"1\"<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n"
    );
}

#[test]
fn a_better_answer_that_comes_from_tools_makes_no_pair() {
    for (better, pairs) in [("A: right", 1), ("A: ; call x f {} | T: 1; result x 1 | A: right", 0)] {
        let (chat, tools) = with_tools(&format!("U: q | A: wrong | U: again | {better} | U: thanks"));
        let last = chat.messages.len() - 1;
        let said = [feedback(&chat, 2, Category::Ur1), feedback(&chat, last, Category::Ur5)];
        let (found, skipped) =
            examples(TrainingTask::Pairs, &Dialogue { tools: &tools, ..plain(&chat) }, &said);
        assert_eq!((found.len(), skipped.contains_key(&SkipReason::BetterByTools)), (pairs, pairs == 0));
    }
}

#[test]
fn the_hash_and_the_texts_of_a_row_hold_its_tools() {
    let of = |text: &str| praised(text).0.remove(0);
    let base = of("U: q | A: ; call x f {\"a\": 1} | T: 1; result x 1 | A: a | U: thanks");
    let same = of("U: q | A: ; call y f {\"a\":1} | T: 1; result y 1 | A: a | U: thanks");
    assert_eq!(base.hash(true), same.hash(true));
    for other in [
        "U: q | A: ; call x f {\"a\": 2} | T: 1; result x 1 | A: a | U: thanks",
        "U: q | A: ; call x g {\"a\": 1} | T: 1; result x 1 | A: a | U: thanks",
        "U: q | A: ; call x f {\"a\": 1} | T: 2; result x 2 | A: a | U: thanks",
        "U: q | A: a | U: thanks",
    ] {
        assert_ne!(base.hash(true), of(other).hash(true), "{other}");
    }
    assert_eq!(base.texts().collect::<Vec<_>>(), ["q", "f", "{\"a\": 1}", "1", "a"]);
}

#[test]
fn a_file_begins_with_tools_if_it_has_any() {
    let search = praised(SEARCH).0.remove(0);
    let other = praised("U: q | A: a | U: thanks").0.remove(0);
    let rows = |label: bool| -> Vec<Example> {
        let plain = (0..9).map(|place| Example { label: place % 2 == 0, ..other.clone() });
        plain.chain([Example { label, ..search.clone() }]).collect()
    };
    for label in [true, false] {
        for seed in 0..5 {
            let ordered = arrange::order(rows(label), seed);
            assert_eq!(
                ordered.iter().map(Example::has_tools).collect::<Vec<_>>(),
                [[true].as_slice(), &[false; 9]].concat()
            );
        }
    }
    let mut held_out = rows(true);
    assert_eq!(arrange::remove_unseen_tools(&mut held_out, &rows(true)), 0);
    assert_eq!(arrange::remove_unseen_tools(&mut held_out, &[other]), 1);
    assert_eq!(held_out.len(), 9);
}

#[test]
fn reviewers_see_what_the_assistant_called_and_got() {
    let (chat, tools) = with_tools(
        "U: q | A: I'll look.; call x f {\"a\": 1} | T: 1; result x 1 | A: a; call y g {} | U: thanks; result y 2",
    );
    let said = [feedback(&chat, 4, Category::Ur5)];
    let shown = ["q", "I'll look.\n[calls f] {\"a\": 1}", "1", "a\n[calls g] {}", "thanks\n[result] 2"];
    let argilla = ReviewTool::Argilla.tasks(&chat, &tools, &said);
    let studio = ReviewTool::LabelStudio.tasks(&chat, &tools, &said);
    let texts = |list: &Value, key: &str| -> Vec<String> {
        list.as_array().unwrap().iter().map(|said| said[key].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(texts(&argilla[0]["fields"]["chat"], "content"), shown[..4]);
    assert_eq!(argilla[0]["fields"]["feedback"], "thanks");
    assert_eq!(texts(&studio[0]["data"]["dialogue"], "text"), shown);
}

fn any_tool() -> impl Strategy<Value = ToolPart> {
    let id = || prop::option::of(prop::sample::select(vec!["x", "y"]).prop_map(str::to_owned));
    let name = prop::sample::select(vec!["f", "f", "f", ""]).prop_map(str::to_owned);
    let arguments = prop::sample::select(vec!["{}", "{\"a\":[\"\\n\"]}", "{}", "no"]).prop_map(str::to_owned);
    prop_oneof![
        (id(), name, arguments).prop_map(|(id, name, arguments)| ToolPart::Call { id, name, arguments }),
        (id(), "[a-z]{0,2}").prop_map(|(id, text)| ToolPart::Result { id, name: None, text }),
    ]
}

proptest! {
    #[test]
    fn every_call_in_a_row_has_its_result_and_every_feedback_is_a_row_or_counted(
        said in prop::collection::vec(
            (prop::sample::select(vec![Role::User, Role::Assistant, Role::Assistant, Role::Tool]),
             prop::sample::select(vec!["", "q"]),
             prop::collection::vec(any_tool(), 0..2)),
            1..10),
    ) {
        let texts: Vec<_> = said.iter().map(|(role, text, _)| (*role, (*text).to_owned())).collect();
        let chat = conversation("c", &texts);
        let parts = |(message, (_, _, parts)): (usize, &(Role, &str, Vec<ToolPart>))| {
            parts.iter().map(|part| ToolUse { message, part: part.clone() }).collect::<Vec<_>>()
        };
        let tools: Vec<_> = said.iter().enumerate().flat_map(parts).collect();
        let feedback: Vec<_> = chat.later_turns().map(|turn| feedback(&chat, turn, Category::Ur5)).collect();
        let (found, skipped) = examples(TrainingTask::Sft, &Dialogue { tools: &tools, ..plain(&chat) }, &feedback);
        prop_assert_eq!(found.len() as u64 + skipped.values().sum::<u64>(), feedback.len() as u64);
        for example in &found {
            prop_assert!(matches!(example.prompt.last().unwrap().role, Role::User | Role::Tool));
            prop_assert!(example.texts().all(|text| !text.trim().is_empty()));
            let mut open = HashSet::new();
            for message in &example.prompt {
                prop_assert_eq!(message.role == Role::Tool, message.answers.is_some());
                match &message.answers {
                    Some(call) => prop_assert!(open.remove(&call.id)),
                    None => prop_assert!(open.is_empty()),
                }
                prop_assert!(message.calls.is_empty() || message.role == Role::Assistant);
                open.extend(message.calls.iter().map(|call| call.id));
            }
            prop_assert!(open.is_empty());
            for style in [Style::Trl, Style::LlamaFactory, Style::Axolotl(ChatTemplate::ChatMl)] {
                prop_assert!(!serde_json::to_string(&style.row(TrainingTask::Sft, example)).unwrap().contains('\n'));
            }
        }
    }
}
