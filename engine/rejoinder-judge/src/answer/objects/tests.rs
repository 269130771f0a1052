use std::time::{Duration, Instant};

use proptest::prelude::*;
use rejoinder_core::Answer;
use rejoinder_core::Category::{self, Ur1, Ur2, Ur3, Ur4, Ur5};
use serde_json::json;

use super::lenient::{self, LenientObject};
use super::{LabelClaim, read};

fn claimed(category: Category, text: &str) -> LabelClaim {
    LabelClaim { pattern: Answer::Feedback(category), text: text.to_owned(), turn: None }
}

fn no_feedback() -> LabelClaim {
    LabelClaim { pattern: Answer::NoFeedback, text: String::new(), turn: None }
}

/// The claims of a reply that is whole.
fn claims(content: &str) -> Vec<LabelClaim> {
    let reading = read(content);
    assert!(!reading.damaged, "damaged: {content}");
    reading.claims
}

#[test]
fn slips_of_one_object_are_read_as_they_were_meant() {
    for content in [
        r#"{"User Response Pattern": "UR2", "User Response Text": "no, it's 5"}"#,
        r#"{'User Response Pattern': 'UR2', 'User Response Text': "no, it's 5"}"#,
        r"{'User Response Pattern': 'UR2', 'User Response Text': 'no, it\'s 5'}",
        r"{'User Response Pattern': 'UR2', 'User Response Text': 'no, it's 5', 'Note': None, 'Sure': True,}",
        r#"{"user_response_pattern": "UR2", "user_response_text": "no, it's 5", }"#,
        r#"{"USER\_RESPONSE\_PATTERN": "UR2",, "USER\_RESPONSE\_TEXT": "no, it's 5"}"#,
        r#"{User Response Pattern: UR2, User Response Text: "no, it's 5"}"#,
        "{userResponsePattern: `UR2`\n userResponseText: `no, it's 5`}",
        "{\"User Response Pattern\": \"UR2\"\n \"User Response Text\": \"no, it's 5\"\n}",
        r#"{“User Response Pattern”: “UR2”, “User Response Text”: “no, it's 5”}"#,
        r#"{„User Response Pattern“：„UR2“，„User Response Text“：„no, it's 5"}"#,
        "{ // the answer\n\"User Response Pattern\": UR2, // as asked\n/* words */ \"User Response Text\": \"no, it's 5\" /* end */ }",
        r#"{"User Response Pattern": ["UR2", "UR5"], "User Response Text": ["no, it's 5"]}"#,
        r#"{"User Response Pattern": [Make Aware with Correction], "User Response Text": "no, it's 5"}"#,
        r#"{\"User Response Pattern\": \"UR2\", \"User Response Text\": \"no, it's 5\"}"#,
        r#""{\"User Response Pattern\": \"UR2\", \"User Response Text\": \"no, it's 5\"}""#,
        r#"Here: "{\n  \"User Response Pattern\": \"UR2\",\n  \"User Response Text\": \"no, it's 5\"\n}""#,
        r#"{"answer": "{\"User Response Pattern\": \"UR2\", \"User Response Text\": \"no, it's 5\"}"}"#,
        r#"{&quot;User Response Pattern&quot;: &quot;UR2&quot;, &quot;User Response Text&quot;: &quot;no, it&#39;s 5&quot;}"#,
        "<think>\nPerhaps {\"User Response Pattern\": \"UR5\", \"User\n</think>\n{\"User Response Pattern\": \"UR2\", \"User Response Text\": \"no, it's 5\"}",
    ] {
        assert_eq!(claims(content), [claimed(Ur2, "no, it's 5")], "{content}");
    }
}

#[test]
fn text_keeps_what_is_its_own() {
    let text = |text: &str| format!(r#"{{"User Response Pattern": "UR2", "User Response Text": "{text}"}}"#);
    for (raw, meant) in [
        ("no, \"Python\"", "no, \"Python\""),
        ("\"Python\", not \"Java\"", "\"Python\", not \"Java\""),
        ("I said “no”, twice", "I said “no”, twice"),
        ("no,\n\tnot\u{1}that", "no,\n\tnot\u{1}that"),
        (r"snake\_case \*now\*", "snake_case *now*"),
        (r"match \d+ in C:\Users", r"match \d+ in C:\Users"),
        (r"\ud83d\ude00 \q", "😀 \\q"),
        (r"lone \ud83d here", "lone \u{FFFD} here"),
        (r"\u12", r"\u12"),
        ("use // or {x} or [y], ok", "use // or {x} or [y], ok"),
    ] {
        assert_eq!(claims(&text(raw)), [claimed(Ur2, meant)], "{raw}");
    }
}

#[test]
fn several_objects_are_read_however_they_are_strung_together() {
    let a = r#"{"User Response Pattern": "Repeat or Rephrase (UR1)", "User Response Text": "again"}"#;
    let b = "{'User Response Pattern': 'Positive Feedback', 'User Response Text': 'thanks',}";
    let c = "{\n\"User Response Pattern\": \"No Feedback\",\n\"User Response Text\": \"\"\n}";
    for content in [
        format!("{a}{b}{c}"),
        format!("{a}\n{b},\n{c}"),
        format!("[{a}, {b}, {c}]"),
        format!("[{a}\n{b}\n{c},]"),
        format!("{{\"answers\": [{a}, {b}, {c}]}}"),
        format!("Here they are.\n\n```json\n{a}\n{b}\n```\nand\n~~~\n{c}\n~~~\nThat {{is}} all."),
        format!("A set {{x}} and {{}}: {a} (a repeat), {b} - {c}"),
        format!("1. {a}\n2. {b}\n3. {c}"),
    ] {
        assert_eq!(
            claims(&content),
            [claimed(Ur1, "again"), claimed(Ur5, "thanks"), no_feedback()],
            "{content}"
        );
    }
}

#[test]
fn what_stands_for_an_object_is_read() {
    for (content, expected) in [
        ("UR1", claimed(Ur1, "")),
        ("```\nUR1\n```", claimed(Ur1, "")),
        ("Repeat or Rephrase (UR1)", claimed(Ur1, "")),
        ("No Feedback", no_feedback()),
        ("User Response Pattern: UR2\nUser Response Text: no, it's: 5", claimed(Ur2, "no, it's: 5")),
        (
            "Sure.\n```yaml\n- **User Response Pattern:** UR3\n- **User Response Text:** \"wrong\"\n```\n",
            claimed(Ur3, "wrong"),
        ),
        (
            "user_response_pattern: UR4\nuser_response_text: \"are you\nsure?\"",
            claimed(Ur4, "are you\nsure?"),
        ),
        ("User Response Pattern: No Feedback\nUser Response Text: \"\"", no_feedback()),
    ] {
        assert_eq!(claims(content), [expected], "{content}");
    }
    let two = "User Response Pattern: UR5\nUser Response Text: thanks\n\nUser Response Pattern: UR1\nUser Response Text: again";
    assert_eq!(claims(two), [claimed(Ur5, "thanks"), claimed(Ur1, "again")]);
}

#[test]
fn prose_and_error_pages_are_no_answers() {
    for content in [
        "",
        "The user seems to be thankful, so perhaps UR5.",
        "Pattern: the user repeats the request.\nText: again",
        "User Response Pattern: one of UR1 to UR5",
        "<!DOCTYPE html><script>x = {\"pattern\": \"UR5\", \"text\": \"thanks\"}</script>",
        "  <html>\n<body>502 Bad Gateway</body></html>",
        r#"{"error": {"message": "overloaded", "code": 529}}"#,
        "<think>{\"User Response Pattern\": \"UR5\", \"User Response Text\": \"thanks\"}",
    ] {
        assert_eq!(read(content).claims, [], "{content}");
    }
}

#[test]
fn what_is_cut_off_counts_if_nothing_of_it_is_missing() {
    let a = r#"{"User Response Pattern": "UR5", "User Response Text": "thanks"}"#;
    let b = r#"{"User Response Pattern": "UR1", "User Response Text": "again""#;
    for (content, expected) in [
        (b.to_owned(), vec![claimed(Ur1, "again")]),
        (format!("{a}\n{b}, \"Reas"), vec![claimed(Ur5, "thanks"), claimed(Ur1, "again")]),
        (format!("{{\"answers\": [{a}, {b}"), vec![claimed(Ur5, "thanks"), claimed(Ur1, "again")]),
        (format!("```json\n{b}\n```\nDone."), vec![claimed(Ur1, "again")]),
    ] {
        assert_eq!(claims(&content), expected, "{content}");
    }
    for rest in [
        "{",
        "{\"User Respo",
        "{User Response Pattern: UR",
        "{\"User Response Pattern\": \"UR1\"",
        "{\"User Response Pattern\": \"UR1\", \"User Response Text\": \"aga",
        "{\n\"User Response Pattern\": \"UR1\",\n\"User Response Te",
        "{\"User Response Pattern\": \"UR1, \"User Response Text\": \"again\"}",
        "{User Response Pattern: UR1, User Response Text: again, please}",
        "{\"User Response Pattern\": \"UR1\", \"User Response Text\": \"a \"key\": b\"}",
    ] {
        for (content, expected) in [
            (rest.to_owned(), vec![]),
            (format!("{a}\n{rest}"), vec![claimed(Ur5, "thanks")]),
            (format!("[{a}, {rest}"), vec![claimed(Ur5, "thanks")]),
            (format!("{{\"all\": [{a}, {rest}"), vec![claimed(Ur5, "thanks")]),
        ] {
            let reading = read(&content);
            assert!(reading.damaged, "{content}");
            assert_eq!(reading.claims, expected, "{content}");
        }
    }
    assert!(read(&format!("[{a},")).damaged);
    let unclosed =
        read(&format!("{{\"User Response Pattern\": \"UR1\", \"User Response Text\": \"again}}\n{a}"));
    assert_eq!((unclosed.claims, unclosed.damaged), (vec![claimed(Ur5, "thanks")], true));
}

#[test]
fn a_turn_is_named_by_a_number() {
    for (pair, turn) in [
        (r#""turn": 3"#, Some(3)),
        (r##""Turn Number": "#3""##, Some(3)),
        (r#""turn_id": "turn 3""#, Some(3)),
        (r#""ID": " Message: 3 ""#, Some(3)),
        (r#""message": "thanks", "id": "3""#, Some(3)),
        (r#""number": 3, "turn": 4"#, Some(4)),
        (r#""turn": -3"#, None),
        (r#""turn": 3.5"#, None),
        (r#""turn": "3 of 5""#, None),
        (r#""id": "UR3""#, None),
        (r#""turn": 99999999999"#, None),
        (r#""note": 3"#, None),
    ] {
        let content = format!(r#"{{"pattern": "UR5", "text": "thanks", {pair}}}"#);
        assert_eq!(claims(&content), [LabelClaim { turn, ..claimed(Ur5, "thanks") }], "{pair}");
    }
    let lines = "Turn: 2\nPattern: UR5\nText: thanks\nTurn: 4\nPattern: UR1\nText: again";
    assert_eq!(claims(lines).iter().map(|claim| claim.turn).collect::<Vec<_>>(), [Some(2), Some(4)]);
}

#[test]
fn a_reply_of_nothing_but_marks_is_given_up_soon() {
    let open = r#"{"pattern":""#;
    for noise in [
        "{",
        "[",
        "{[",
        "{\"",
        "{}{",
        "\"",
        "\\",
        "{\\",
        "{\\\"",
        "{'",
        "{“",
        "{\"a\":",
        "{\"a\":\"",
        "\",",
        "\", a",
        "\"/*",
        "{/*",
        "{//",
        "{a:1,",
        "{\"a\" \n",
        "{&quot;",
        "...",
        "a:",
    ] {
        for head in ["", &open.repeat(300)] {
            let content = format!("{head}{}", noise.repeat((1 << 20) / noise.len()));
            let start = Instant::now();
            assert_eq!(read(&content).claims, [], "{noise}");
            assert!(start.elapsed() < Duration::from_secs(20), "{noise}");
        }
    }
}

proptest! {
    #[test]
    fn what_is_valid_keeps_its_meaning(text in any::<String>(), prose in "[a-zA-Z .,:\n]{0,20}", pretty: bool) {
        let object = json!({"User Response Pattern": "UR4", "User Response Text": text});
        let one = if pretty { format!("{object:#}") } else { object.to_string() };
        let all = format!("{prose}```json\n{one}\n{one}```{prose}");
        let wrapped = json!({"answers": [object, {"answer": one}]}).to_string();
        prop_assert_eq!(claims(&one), [claimed(Ur4, &text)]);
        for two in [all, wrapped, json!(one.repeat(2)).to_string(), format!("{one}{prose}{one}")] {
            prop_assert_eq!(claims(&two), [claimed(Ur4, &text), claimed(Ur4, &text)]);
        }
    }

    #[test]
    fn without_strictness_valid_json_reads_the_same(texts in prop::collection::vec(any::<String>(), 1..4), number: i64) {
        let value = json!({"a": texts, "b": {"c": [number, null, true, [[]], {}], "d": texts[0]}});
        for text in [value.to_string(), format!("{value:#}")] {
            let LenientObject::Whole(read, length) = lenient::read(&text) else { panic!("{text}") };
            prop_assert_eq!(&read, &value);
            prop_assert_eq!(length, text.len());
        }
    }

    #[test]
    fn a_part_of_a_reply_claims_nothing_that_the_whole_does_not(text in "[a-z \"\\\\{}',:\n谢]{1,12}", cut in any::<prop::sample::Index>()) {
        let first = json!({"User Response Pattern": "UR4", "User Response Text": text}).to_string();
        let both = format!("{first}\n{first}");
        let part = &both[..both.floor_char_boundary(cut.index(both.len()))];
        let reading = read(part);
        prop_assert!(reading.claims.iter().all(|claim| *claim == claimed(Ur4, &text)), "{:?}", reading);
        prop_assert_eq!(reading.claims.len(), usize::from(part.len() >= first.len() - 1) + usize::from(part.len() >= both.len() - 1));
    }

    #[test]
    fn no_reply_is_too_much(content in prop_oneof![any::<String>(), "[{}\\[\\]\"'“”`:,\\\\/*#&;~a-z0-9é谢\n]{0,120}"]) {
        read(&content);
    }
}
