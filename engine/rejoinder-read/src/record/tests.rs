use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use rejoinder_core::{Message, Role};

use super::general::ParseFailure;
use super::parse::utf8;
use super::*;

fn parse(line: &str) -> Result<Record<'_>, RecordError> {
    Record::parse(line.as_bytes(), &Mapping::default())
}

#[test]
fn reads_lmsys_and_wildchat_rows_and_keeps_other_columns() {
    let record = parse(
        r#"{"conversation_hash":"h","turn":1,"conversation":[{"content":"hi","role":"user","toxic":false},{"role":"assistant","content":"a\n\"b\""}],"openai_moderation":[{"x":1.50}]}"#,
    )
    .unwrap();
    assert!(record.conversation.messages.iter().all(|m| m.text.is_borrowed()));
    assert_eq!(record.conversation.id, "h");
    assert_eq!(record.conversation.messages[1], Message::new(Role::Assistant, "a\n\"b\""));
    assert_eq!(record.column("openai_moderation").unwrap().get(), r#"[{"x":1.50}]"#);
    assert_eq!(record.metadata_values()["turn"], 1);
}

#[test]
fn reads_openai_messages_with_parts_tools_and_null() {
    let record = parse(
        r#"{"messages":[{"role":"developer","content":"s"},{"role":"user","content":[{"type":"text","text":"look"},{"type":"image_url","image_url":{"url":"u"}}]},{"role":"assistant","content":null,"tool_calls":[]},{"role":"tool","content":"42"},{"role":"assistant","content":"42"}]}"#,
    )
    .unwrap();
    let texts: Vec<_> = record.conversation.messages.iter().map(|m| &*m.text).collect();
    assert_eq!(texts, ["s", "look", "", "42", "42"]);
    assert!(record.conversation.id.starts_with("blake3:"), "no id: the content's hash");
}

#[test]
fn a_refusal_is_what_the_assistant_said() {
    let texts = |message: &str| {
        let line =
            format!(r#"{{"messages":[{{"role":"user","content":"x"}},{{"role":"assistant",{message}}}]}}"#);
        parse(&line).unwrap().conversation.messages[1].text.to_string()
    };
    assert_eq!(texts(r#""content":null,"refusal":"I\u0020will not""#), "I will not");
    assert_eq!(texts(r#""refusal":"no""#), "no");
    assert_eq!(texts(r#""content":"yes","refusal":"no""#), "yes");
    assert_eq!(texts(r#""content":"yes","refusal":null"#), "yes");
    assert_eq!(texts(r#""content":"","refusal":7"#), "");
}

#[test]
fn the_time_of_a_message_is_kept_where_the_message_has_one() {
    let times = |message: &str| {
        let line = format!(r#"{{"messages":[{{"role":"user","content":"x"{message}}}]}}"#);
        let fast = structural::columns(&line, &Mapping::default()).map(Record::of);
        let time = parse(&line).unwrap().conversation.messages[0].time;
        assert!(fast.is_none_or(|record| record.conversation.messages[0].time == time));
        time
    };
    let moment = Some(1_680_998_573_000);
    assert_eq!(times(""), None);
    assert_eq!(times(r#","timestamp":"2023-04-09T00:02:53+00:00""#), moment);
    assert_eq!(times(r#","create_time":1680998573.0"#), moment);
    assert_eq!(times(r#","createdAt":"1680998573000","timestamp":null"#), moment);
    assert_eq!(times(r#","created_at":"2000-01-01","timestamp":1680998573"#), moment);
    assert_eq!(times(r#","timestamp":1680998573,"timestamp":"yesterday""#), None);
}

#[test]
fn a_mapping_names_other_shapes() {
    let mapping = Mapping {
        id: Some("n".into()),
        messages: Some("history".into()),
        role: Some("speaker".into()),
        content: Some("text".into()),
        roles: std::collections::BTreeMap::from([("customer".into(), "user".into())]),
    };
    let line =
        br#"{"n":7,"id":"x","history":[{"speaker":"customer","text":"hi"},{"speaker":"bot","text":"yo"}]}"#;
    let record = Record::parse(line, &mapping).unwrap();
    assert_eq!(record.conversation.id, "7");
    assert_eq!(record.conversation.messages[1].role, Role::Assistant);
    assert_eq!(record.metadata_values()["id"], "x");
}

#[test]
fn says_why_a_record_cannot_be_used() {
    for (line, expected) in [
        (r#"{"conversation":[{"role":"user","content":"trunc"#, "EOF while parsing"),
        (r#"{"conversation":"x"}"#, "a text in the place of a list of messages"),
        (r#"{"conversation":{"x":1}}"#, "an object in the place of a list of messages; it has the keys `x`"),
        (r#"{"conversation":["x"]}"#, "message 0: a text without a role"),
        (r#"{"conversation":[{"role":"narrator","content":""}]}"#, "unknown role `narrator`"),
        (r#"{"conversation":[{"content":"x"}]}"#, "without `role`"),
        (r#"{"conversation":[{"role":"user"}]}"#, "without `content`; it has the keys `role`"),
        (r#"{"conversation":[{"role":"assistant","content":"x"}]}"#, "no user message"),
        (r#"{"conversation":[]}"#, "no user message"),
        (
            r#"{"text":"x","log":[{"a":1}]}"#,
            "it has the keys `log`, `text`; name the key with --map messages=log",
        ),
        (r#"[{"conversation":[]}]"#, "message 0: a message without `role`; it has the keys `conversation`"),
        ("hello", "expected value"),
        (r#"{"conversation":[{"role":"user","content":"x"}]} {}"#, "trailing characters"),
    ] {
        let error = parse(line).unwrap_err();
        assert!(error.to_string().contains(expected), "{line}: {error}");
    }
}

#[test]
fn plain_rows_take_the_fast_way() {
    for line in [
        // LMSYS
        r#"{"conversation_id":"c","model":"vicuna-13b","conversation":[{"content":"how do i \"quote\"?","role":"user"},{"content":"Like\nthis \u2014 \ud83d\ude00.","role":"assistant"}],"turn":1,"language":"English","openai_moderation":[{"categories":{"hate":false},"category_scores":{"hate":1.2e-5},"flagged":false}],"redacted":false}"#,
        // WildChat
        r#"{"conversation_hash": "h", "timestamp": null, "conversation": [{"content": "привет", "country": "France", "header": {"accept-language": "fr"}, "role": "user", "toxic": false, "turn_identifier": 1}, {"content": "", "role": "assistant"}], "detoxify_moderation": [], "toxic": false}"#,
        // OpenAI
        r#"{"messages":[{"role":"system","content":"be brief"},{"role":"user","content":"hi"},{"role":"assistant","content":null,"tool_calls":null,"refusal":null},{"role":"user","content":"42"}]}"#,
    ] {
        let mapping = Mapping::default();
        let fast = structural::columns(line, &mapping).expect("the fast way takes it");
        assert!(fast.messages.as_ref().unwrap().iter().all(|m| m.text.is_borrowed()));
        assert_eq!(Record::of(fast), in_full(line, &mapping).unwrap());
        assert!(structural::columns(&format!("{line}\r"), &mapping).is_some());
    }
    let mapping = Mapping { messages: Some("log".into()), role: Some("by".into()), ..Mapping::default() };
    assert!(structural::columns(r#"{"log":[{"content":"x","by":"user"}],"messages":7}"#, &mapping).is_some());
}

#[test]
fn metadata_that_no_value_can_hold_comes_as_its_source_text() {
    let deep = "[".repeat(300) + &"]".repeat(300);
    let line = format!(
        r#"{{"huge":1e999,"half":"\ud800","deep":{deep},"messages":[{{"role":"user","content":"x"}}]}}"#
    );
    let values = parse(&line).unwrap().metadata_values();
    assert_eq!((&values["huge"], &values["half"]), (&"1e999".into(), &"\u{fffd}".into()));
    assert_eq!(values["deep"], deep);
}

/// What the full parser reads.
fn in_full<'a>(line: &'a str, mapping: &Mapping) -> Result<Record<'a>, RecordError> {
    general::columns(line, mapping).map(Record::of).map_err(|refused| match refused {
        ParseFailure::Syntax(why) | ParseFailure::Content(why) => why,
    })
}

#[test]
fn what_is_odd_in_one_place_costs_nothing_else() {
    for (line, what, text) in [
        (r#"{"score":NaN,"messages":[{"role":"user","content":"x"}]}"#, "NaN is not JSON", "x"),
        (r#"{"messages":[{"role":"user","content":"x\ud800"}]}"#, "a lone surrogate", "x\u{fffd}"),
        ("{\"messages\":[{\"role\":\"user\",\"content\":\"a\0b\"}]}", "a NUL character", "a\u{fffd}b"),
        (r#"{"messages":[{"role":"user","content":"x"},]}"#, "a trailing comma", "x"),
        (r#"{'messages': [{'role': 'user', 'content': "it's"}]}"#, "printed by Python, not JSON", "it's"),
    ] {
        let record = parse(line).unwrap();
        assert_eq!((record.repaired, &*record.conversation.messages[0].text), (Some(what), text), "{line}");
    }
    let latin =
        Record::parse(b"{\"messages\":[{\"role\":\"user\",\"content\":\"caf\xE9\"}]}", &Mapping::default())
            .unwrap();
    assert_eq!((latin.repaired, &*latin.conversation.messages[0].text), (Some("not UTF-8"), "caf\u{fffd}"));
    let nul = parse(r#"{"messages":[{"role":"user","content":"a\u0000b"}]}"#).unwrap();
    assert_eq!(&*nul.conversation.messages[0].text, "a\u{fffd}b");
}

#[test]
fn a_path_leads_into_objects() {
    let line = r#"{"id":"i","chat":{"log":"[{\"who\":{\"name\":\"bot\"},\"says\":\"yo\"},{\"who\":{\"name\":\"me\"},\"says\":\"hi\"}]"}}"#;
    let name = |name: &str| Some(name.to_owned());
    let mapping = Mapping {
        messages: name("chat.log"),
        role: name("who.name"),
        content: name("says"),
        ..Mapping::default()
    };
    let record = Record::parse(line.as_bytes(), &mapping).unwrap();
    assert_eq!(
        record.conversation.messages,
        [Message::new(Role::Assistant, "yo"), Message::new(Role::User, "hi")]
    );
    let mapping = Mapping { messages: name("chat.messages"), ..Mapping::default() };
    let why = Record::parse(line.as_bytes(), &mapping).unwrap_err();
    assert_eq!(why.to_string(), "no `chat.messages` in the record: `chat` has the keys `log`");
}

/// Pieces of lines, put together at random and damaged: rows of all shapes, and what only looks like them.
fn row() -> impl Strategy<Value = String> {
    let text = prop::collection::vec(
        select(vec![
            "a",
            "Hello, world",
            " ",
            r"\n",
            r"\t",
            r#"\""#,
            r"\\",
            r"\/",
            r"\b",
            r"\f",
            r"\u00e9",
            r"\u0041",
            r"\uD83D\uDE00",
            r"\ud800",
            r"\udc00",
            r"\u0000",
            r"\u12",
            r"\x",
            "é",
            "谢谢",
            "😀",
            "\t",
            "\0",
            "\u{7f}",
            "\u{85}",
            "'",
            "{",
            "]",
        ]),
        0..6,
    )
    .prop_map(|parts| parts.concat())
    .boxed();
    let plain = select(vec!["", "x", "hi there", r"a\nb", "ü"]).prop_map(str::to_owned).boxed();
    let text = prop_oneof![25 => plain, 1 => text].boxed();
    let quoted = text.prop_map(|t| format!("\"{t}\"")).boxed();
    let good =
        ["null", "true", "false", "0", "-1", "1.5", "1e9", "-0.0E-7", "12345678901234567890123", "1e999"];
    let odd = [
        "nul", "01", "-01", "1.", "+1", "-", "1e", "1e+", ".5", "NaN", "\"", "", "True", "nullx", "0x1",
        "1 2", "[1,]",
    ];
    let scalar = prop_oneof![
        30 => quoted.clone(),
        30 => select(good.to_vec()).prop_map(str::to_owned),
        1 => select(odd.to_vec()).prop_map(str::to_owned),
    ]
    .boxed();
    let value = scalar
        .clone()
        .prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(|v| format!("[{}]", v.join(","))),
                prop::collection::vec(
                    (select(vec!["a", "role", "content", "", "b", "c", r"\u0061", r"\ud800"]), inner),
                    0..4
                )
                .prop_map(|v| format!(
                    "{{{}}}",
                    v.iter().map(|(k, v)| format!("\"{k}\": {v}")).collect::<Vec<_>>().join(" , ")
                )),
            ]
        })
        .boxed();
    let role = prop_oneof![
        40 => Just("\"user\""),
        20 => select(vec!["\"assistant\"", "\"system\"", "\"gpt\""]),
        1 => select(vec!["\"us\\u0065r\"", "\"narrator\"", "7", "null"]),
    ];
    let content = prop_oneof![30 => quoted, 1 => value.clone()];
    let extra = (select(vec!["toxic", "role", "content", "c\\u006fntent", "name", "refusal"]), value.clone());
    let moment = prop_oneof![
        2 => select(vec!["\"2023-04-09T00:02:53+00:00\"", "1718000000.5", "1718000000123", "\"2023\\u002d04-09\"", "\"soon\""])
            .prop_map(str::to_owned),
        1 => value.clone(),
    ];
    let moments =
        prop::collection::vec((select(vec!["created_at", "timestamp", "create_time"]), moment), 0..3);
    let moments = prop_oneof![6 => Just(Vec::new()), 1 => moments];
    let message = (role, content, prop::option::weighted(0.1, extra), moments, 0..20_u8).prop_map(
        |(role, content, extra, moments, order)| {
            let mut fields = vec![format!("\"role\":{role}"), format!("\"content\": {content}")];
            fields.extend(extra.map(|(key, value)| format!("\"{key}\":{value}")));
            fields.extend(moments.iter().map(|(key, value)| format!("\"{key}\":{value}")));
            let len = fields.len();
            fields.rotate_left(usize::from(order) % len);
            if order == 19 {
                fields.pop();
            }
            format!("{{{}}}", fields.join(","))
        },
    );
    let no_messages = message.clone().prop_map(|_| "[]".to_owned());
    let messages = prop::collection::vec(message, 1..4).prop_map(|m| format!("[{}]", m.join(", "))).boxed();
    let messages = prop_oneof![20 => messages, 1 => no_messages].boxed();
    let key = select(vec![
        "conversation",
        "messages",
        "conversation_id",
        "conversation_hash",
        "id",
        "turn",
        "log",
        "meta",
        "model",
        "x",
        "m\\u0065ta",
    ]);
    let other = (key, prop_oneof![8 => value, 1 => messages.clone()]);
    let dialogue = (select(vec!["conversation", "messages"]), messages);
    let end = prop_oneof![8 => Just(""), 1 => select(vec![" ", "\r", "\t", "}", " x", ","])];
    let open = prop_oneof![8 => Just("{"), 1 => select(vec!["{ ", " {", "[", "\u{feff}{", ""])];
    (prop::option::weighted(0.95, dialogue), prop::collection::vec(other, 0..4), any::<Index>(), open, end)
        .prop_map(|(dialogue, mut columns, at, open, end)| {
            if let Some(dialogue) = dialogue {
                columns.insert(at.index(columns.len() + 1), dialogue);
            }
            let columns: Vec<_> = columns.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
            format!("{open}{}}}{end}", columns.join(","))
        })
}

/// A change of a line: bytes put in place of others, anywhere.
fn damage() -> impl Strategy<Value = Option<(Index, usize, Vec<u8>)>> {
    let bytes = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..3),
        select(vec![
            &b"\""[..],
            b"\\",
            b"\\u",
            b"{",
            b"}",
            b"[",
            b"]",
            b",",
            b":",
            b" ",
            b"\n",
            b"\xff",
            b"\xc3"
        ])
        .prop_map(<[u8]>::to_vec),
    ];
    prop::option::weighted(0.4, (any::<Index>(), 0..3_usize, bytes))
}

#[test]
fn the_rows_that_are_compared_take_both_ways() {
    let mut runner = TestRunner::deterministic();
    let mut taken = [0; 3];
    for _ in 0..2_000 {
        let line = row().new_tree(&mut runner).unwrap().current();
        let mapping = Mapping::default();
        let fast = structural::columns(&line, &mapping).is_some();
        let read = in_full(line.trim_start_matches('\u{feff}'), &mapping).is_ok();
        taken[usize::from(fast) + usize::from(read && !fast) * 2] += 1;
    }
    let [refused, fast, reference] = taken;
    assert!(refused > 200 && fast > 400 && reference > 50, "{refused} refused, {fast} fast, {reference} odd");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]
    /// The reference decides: where the structural parser takes a line, both read the same, and lazily decoded
    /// texts are what the reference decoded.
    #[test]
    fn both_parsers_read_alike(row in row(), damage in damage(), cut in prop::option::weighted(0.1, any::<Index>()), mapped in any::<bool>()) {
        let mut line = row.into_bytes();
        if let Some((at, removed, bytes)) = damage {
            let at = at.index(line.len() + 1);
            line.splice(at..line.len().min(at + removed), bytes);
        }
        line.truncate(cut.map_or(line.len(), |cut| cut.index(line.len() + 1)));
        let mapping = if mapped {
            Mapping { id: Some("turn".into()), messages: Some("conversation".into()), roles: [("narrator".into(), "system".into())].into(), ..Mapping::default() }
        } else {
            Mapping::default()
        };
        let Ok(text) = utf8(&line) else { return Ok(()) };
        let Some(fast) = structural::columns(text, &mapping).map(Record::of) else { return Ok(()) };
        match general::columns(text, &mapping).map(Record::of) {
            Ok(full) => prop_assert_eq!(fast, full),
            // A value that cannot be held, where nobody looks at it.
            Err(ParseFailure::Syntax(_)) => {
                let repaired = Record::repaired(&line, &mapping).unwrap().unwrap();
                prop_assert_eq!(fast.conversation.messages, repaired.conversation.messages);
            }
            Err(ParseFailure::Content(why)) => prop_assert!(false, "{why}"),
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Record::parse(&bytes, &Mapping::default());
    }

    #[test]
    fn any_text_comes_through_unchanged(texts in prop::collection::vec("\\PC*", 1..5)) {
        prop_assume!(texts.iter().all(|t| !t.contains('\0')));
        let messages: Vec<_> = texts.iter().map(|t| serde_json::json!({"role": "user", "content": t})).collect();
        let line = serde_json::json!({"id": "i", "messages": messages}).to_string();
        let record = Record::parse(line.as_bytes(), &Mapping::default()).unwrap();
        let read: Vec<_> = record.conversation.messages.iter().map(|m| m.text.to_string()).collect();
        prop_assert_eq!(read, texts);
    }

    #[test]
    fn a_damaged_record_never_panics(at in 0_usize..120, byte in any::<u8>()) {
        let mut line = br#"{"conversation_id":"c","conversation":[{"role":"user","content":"a\u00e9"},{"role":"assistant","content":["x",{"text":"y"}]}],"m":{"k":[1,2]}}"#.to_vec();
        let at = at % line.len();
        line[at] = byte;
        let _ = Record::parse(&line, &Mapping::default());
    }
}
