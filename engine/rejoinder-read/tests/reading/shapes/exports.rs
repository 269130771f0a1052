//! Exports of chat clients, with branches that are not shown, and published data sets.

use fastrand::Rng;
use serde_json::{Map, Value, json};

use super::dialogue::{Dialogue, Said, message};
use super::print::{self, Clock};

/// A message of a chat that is kept as a tree.
struct Node {
    id: String,
    parent: Option<String>,
    role: &'static str,
    text: String,
    /// Seconds.
    time: u64,
}

/// A chat as a tree: what was said, and before some of the messages an earlier one of the same role in their place, with
/// an answer where it was asked. Also the last node.
fn tree(d: &Dialogue, rng: &mut Rng) -> (Vec<Node>, String) {
    let mut nodes: Vec<Node> = Vec::new();
    let mut parent: Option<String> = None;
    let mut time = 0;
    let mut next = |nodes: &mut Vec<Node>, parent: &Option<String>, role, text: String| {
        time += 30;
        let id = format!("{}-n{}", d.id, nodes.len());
        nodes.push(Node { id: id.clone(), parent: parent.clone(), role, text, time });
        id
    };
    for (role, text) in d.talk() {
        // What stood there before it was edited, or written anew; the first message has no siblings in all programs.
        if parent.is_some() && rng.u8(..) < 50 {
            let other = next(&mut nodes, &parent, role, format!("say0 {}", rng.u16(..)));
            if role == "user" {
                next(&mut nodes, &Some(other), "assistant", "say0".to_owned());
            }
        }
        parent = Some(next(&mut nodes, &parent, role, text));
    }
    (nodes, parent.unwrap())
}

fn children(nodes: &[Node], id: &str) -> Vec<Value> {
    nodes.iter().filter(|node| node.parent.as_deref() == Some(id)).map(|node| json!(node.id)).collect()
}

fn file(records: Vec<Value>, rng: &mut Rng) -> Vec<u8> {
    let list = records.into();
    let text = if rng.bool() { print::pretty(&list, rng.bool()) } else { print::json(&list, rng.bool()) };
    text.into_bytes()
}

pub fn chatgpt(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    let author = |role: &str| json!({"role": role, "name": null, "metadata": {}});
    let records = all.iter().map(|d| {
        let (nodes, last) = tree(d, rng);
        let mut mapping = Map::new();
        let own = |node: &Node| format!("r-{}", node.id);
        for node in &nodes {
            let mut parent = node.parent.as_ref().map_or("system".to_owned(), |parent| format!("r-{parent}"));
            if node.role == "assistant" && rng.bool() {
                // Thoughts, and calls of tools, stand between.
                for (nth, message) in [
                    json!({"author": author("assistant"), "recipient": "all", "content": {"content_type": "thoughts", "thoughts": [{"content": "say0"}]}}),
                    json!({"author": author("assistant"), "recipient": "python", "content": {"content_type": "code", "text": "say0"}}),
                    json!({"author": author("tool"), "recipient": "assistant", "content": {"content_type": "execution_output", "text": "say0"}}),
                ]
                .into_iter()
                .enumerate()
                {
                    let id = format!("{}-{nth}", own(node));
                    mapping.insert(id.clone(), json!({"id": id, "parent": parent, "children": [], "message": message}));
                    parent = id;
                }
            }
            let message = json!({"id": own(node), "author": author(node.role), "create_time": 1.7e9 + node.time as f64,
                "content": {"content_type": "text", "parts": [node.text]}, "status": "finished_successfully",
                "weight": 1.0, "recipient": "all", "channel": "final", "metadata": {}});
            mapping.insert(own(node), json!({"id": own(node), "parent": parent, "children": children(&nodes, &node.id), "message": message}));
        }
        mapping.insert("root".into(), json!({"id": "root", "parent": null, "children": ["system"], "message": null}));
        mapping.insert("system".into(), json!({"id": "system", "parent": "root", "children": [], "message":
            {"author": author("system"), "weight": 0.0, "content": {"content_type": "text", "parts": [""]}, "recipient": "all"}}));
        json!({"title": "t", "create_time": 1.7e9, "mapping": mapping, "current_node": format!("r-{last}"), "conversation_id": d.id, "id": d.id})
    });
    let records = records.collect();
    file(records, rng)
}

pub fn deepseek(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    let records = all.iter().map(|d| {
        let (nodes, _) = tree(d, rng);
        let mut mapping = Map::new();
        mapping.insert("root".into(), json!({"id": "root", "parent": null, "children": [nodes[0].id], "message": null}));
        for node in &nodes {
            let kind = if node.role == "user" { "REQUEST" } else { "RESPONSE" };
            let mut fragments = vec![json!({"type": kind, "content": node.text})];
            if node.role == "assistant" && rng.bool() {
                fragments.insert(0, json!({"type": "THINK", "content": "say0"}));
                fragments.insert(0, json!({"type": "SEARCH", "content": null}));
            }
            let at = Clock::Offset.at(node.time);
            let message = json!({"model": "deepseek-chat", "inserted_at": at, "files": [], "fragments": fragments});
            let parent = node.parent.as_deref().unwrap_or("root");
            mapping.insert(node.id.clone(), json!({"id": node.id, "parent": parent, "children": children(&nodes, &node.id), "message": message}));
        }
        json!({"id": d.id, "title": "t", "inserted_at": Clock::Offset.at(0), "mapping": mapping})
    });
    let records = records.collect();
    file(records, rng)
}

pub fn claude(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    let has_links = rng.bool();
    let records = all.iter().map(|d| {
        let nodes = match has_links {
            true => tree(d, rng).0,
            false => d.talk().into_iter().map(|(role, text)| Node { id: String::new(), parent: None, role, text, time: 0 }).collect(),
        };
        let list: Vec<Value> = nodes
            .iter()
            .map(|node| {
                let sender = if node.role == "user" { "human" } else { "assistant" };
                let mut content = vec![json!({"type": "text", "text": node.text, "citations": []})];
                if sender == "assistant" && rng.bool() {
                    content.splice(0..0, [
                        json!({"type": "thinking", "thinking": "say0", "summaries": [{"summary": "say0"}]}),
                        json!({"type": "tool_use", "name": "web_search", "input": {}, "message": "say0"}),
                        json!({"type": "tool_result", "name": "web_search", "content": [{"type": "text", "text": "say0"}]}),
                    ]);
                    content.push(json!({"type": "token_budget"}));
                }
                let mut one = json!({"uuid": node.id, "text": "", "content": content, "sender": sender,
                    "created_at": Clock::Utc.at(node.time), "attachments": [], "files": []});
                if has_links {
                    let root = || "00000000-0000-4000-8000-000000000000".to_owned();
                    one["parent_message_uuid"] = node.parent.clone().unwrap_or_else(root).into();
                }
                one
            })
            .collect();
        json!({"uuid": d.id, "name": "", "summary": "say0", "created_at": Clock::Utc.at(0), "account": {"uuid": "a"}, "chat_messages": list})
    });
    let mut records: Vec<Value> = records.collect();
    if rng.bool() {
        records.insert(
            rng.usize(..=records.len()),
            json!({"uuid": "empty", "name": "", "account": {"uuid": "a"}, "chat_messages": []}),
        );
    }
    file(records, rng)
}

pub fn open_webui(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    const REASONING: &str = "<details type=\"reasoning\" done=\"true\" duration=\"2\">\n<summary>Thought for 2 seconds</summary>\n> say0\n</details>\n";
    const CALL: &str = "<details type=\"tool_calls\" done=\"true\" name=\"f\" arguments=\"{&quot;q&quot;}\">\n<summary>Tool Executed</summary>\n</details>\n";
    let records = all.iter().map(|d| {
        let (nodes, last) = tree(d, rng);
        let mut all = Map::new();
        for node in &nodes {
            let before = if node.role == "assistant" { ["", "", REASONING, CALL][rng.usize(..4)] } else { "" };
            all.insert(node.id.clone(), json!({"id": node.id, "parentId": node.parent, "childrenIds": children(&nodes, &node.id),
                "role": node.role, "content": format!("{before}{}", node.text), "timestamp": 1_757_217_673 + node.time, "followUps": ["say0"]}));
        }
        let mut chat = json!({"id": "", "title": "t", "models": ["m"], "params": {}, "history": {"messages": all, "currentId": last}, "tags": []});
        if let Some(system) = &d.system {
            chat["params"]["system"] = system.clone().into();
        }
        json!({"id": d.id, "user_id": "u", "title": "t", "chat": chat, "created_at": 1_757_217_673, "updated_at": 1_757_217_690})
    });
    let records = records.collect();
    file(records, rng)
}

/// Messages of a straight tree, from the last up to the first; the last bears the dialogue's id.
fn oasst(d: &Dialogue) -> Vec<Value> {
    let talk = d.talk();
    let id = |at: usize| if at + 1 == talk.len() { d.id.clone() } else { format!("{}-{at}", d.id) };
    let one = |(at, (role, text)): (usize, &Said)| {
        let role = if *role == "user" { "prompter" } else { role };
        json!({"message_id": id(at), "parent_id": at.checked_sub(1).map(id), "message_tree_id": id(0), "role": role, "text": text, "lang": "en", "rank": 0})
    };
    talk.iter().enumerate().map(one).rev().collect()
}

pub fn oasst_trees(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    let tree = |d: &Dialogue| {
        let grown = oasst(d).into_iter().reduce(|below, mut above| {
            above["replies"] = json!([below]);
            above
        });
        json!({"message_tree_id": format!("{}-0", d.id), "tree_state": "ready_for_export", "prompt": grown})
    };
    print::lines(all.iter().map(tree).collect::<Vec<_>>(), rng)
}

pub fn oasst_messages(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    let messages = |d: &Dialogue| {
        let mut messages = oasst(d);
        rng.shuffle(&mut messages);
        messages
    };
    let messages: Vec<Value> = all.iter().flat_map(messages).collect();
    print::lines(messages, rng)
}

pub fn arena(all: &[Dialogue], rng: &mut Rng) -> Vec<u8> {
    let record = |d: &Dialogue| {
        let other =
            |(role, text): Said| message(role, &if role == "user" { text } else { format!("say0 {text}") });
        json!({"question_id": d.id, "model_a": "m", "model_b": "n", "winner": "tie", "turn": d.exchanges.len(),
            "conversation_a": d.talk().into_iter().map(|(role, text)| message(role, &text)).collect::<Value>(),
            "conversation_b": d.talk().into_iter().map(other).collect::<Value>()})
    };
    print::lines(all.iter().map(record).collect::<Vec<_>>(), rng)
}
