use proptest::prelude::*;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::record::Repaired;
use super::tokens::{LONE_SURROGATE, NUL, TokenRewriter, UNKNOWN_ESCAPE, repaired};

fn of(line: impl AsRef<[u8]>) -> Option<(Value, &'static str)> {
    repaired(line.as_ref()).map(|m| (serde_json::from_str(&m.text).unwrap(), m.what))
}

#[test]
fn odd_tokens_become_json() {
    let number = "a number that JSON does not allow";
    let infinity = "Infinity is not JSON";
    let control = "a control character in a text";
    let cases: [(&[u8], Value, &str); 39] = [
        (br#"["\ud800"]"#, json!(["\u{fffd}"]), LONE_SURROGATE),
        (br#"["\ud83d\ude00 \uDE00"]"#, json!(["\u{1F600} \u{fffd}"]), LONE_SURROGATE),
        (br#"["\ud83d\ud83d\ude00"]"#, json!(["\u{fffd}\u{1F600}"]), LONE_SURROGATE),
        (br#"{"\udc00":1}"#, json!({"\u{fffd}": 1}), LONE_SURROGATE),
        (br#"["\ud83d\n"]"#, json!(["\u{fffd}\n"]), LONE_SURROGATE),
        (b"[NaN, nan,-NaN ]", json!([null, null, null]), "NaN is not JSON"),
        (b"{\"a\":Infinity}", json!({"a": null}), infinity),
        (b"[-Infinity]", json!([null]), infinity),
        (b"[inf]", json!([null]), infinity),
        (b"[-inf]", json!([null]), infinity),
        (b"[None,True,False]", json!([null, true, false]), "None is not JSON"),
        (b"[True]", json!([true]), "True is not JSON"),
        (b"[False]", json!([false]), "False is not JSON"),
        (b"[\"a\tb\n\x01\"]", json!(["a\tb\n\u{1}"]), control),
        (b"[\"a\0b\"]", json!(["a\u{fffd}b"]), NUL),
        (br#"["a\u0000b"]"#, json!(["a\u{fffd}b"]), NUL),
        (br#"["\x00"]"#, json!(["\u{fffd}"]), NUL),
        (br#"["\x41\x22\xe9"]"#, json!(["A\"\u{e9}"]), UNKNOWN_ESCAPE),
        (br#"["\'\d\x4\u12"]"#, json!(["'dx4u12"]), UNKNOWN_ESCAPE),
        ("[\"\\é\"]".as_bytes(), json!(["é"]), UNKNOWN_ESCAPE),
        (b"[\"\\\n\"]", json!(["\n"]), UNKNOWN_ESCAPE),
        (b"[\"caf\xe9\"]", json!(["caf\u{fffd}"]), "not UTF-8"),
        (b"[\"\xe9\",NaN]", json!(["\u{fffd}", null]), "not UTF-8"),
        (b"[NaN,\"\xe9\"]", json!([null, "\u{fffd}"]), "NaN is not JSON"),
        (b"[+1,-01,007,00]", json!([1, -1, 7, 0]), number),
        (b"[.5,-.5,+.5]", json!([0.5, -0.5, 0.5]), number),
        (b"[1.,-0.]", json!([1.0, -0.0]), number),
        (b"[1.e2,01.50e-1]", json!([100.0, 0.15]), number),
        (b"[0x1F,-0XfF]", json!([31, -255]), number),
        (b"[0x10000000000000000]", json!([18_446_744_073_709_551_616.0]), number),
        (b"[+1e999]", json!([null]), number),
        (b"[1e999]", json!([null]), "a number too large"),
        (b"[1,]", json!([1]), "a trailing comma"),
        (b"{\"a\":[{},\t], }", json!({"a": [{}]}), "a trailing comma"),
        (b"[[1,],]", json!([[1]]), "a trailing comma"),
        (b"\xEF\xBB\xBF{}", json!({}), "a byte order mark"),
        (b" {\"a\" : NaN } ", json!({"a": null}), "NaN is not JSON"),
        (br#"{"None":"NaN, +1,]",}"#, json!({"None": "NaN, +1,]"}), "a trailing comma"),
        (br#"["\"\\",nan]"#, json!(["\"\\", null]), "NaN is not JSON"),
    ];
    for (line, value, what) in cases {
        assert_eq!(of(line), Some((value, what)), "{}", String::from_utf8_lossy(line));
    }
}

#[test]
fn what_is_no_oddity_stays() {
    let line = r#" {"é\ud83d\ude00" : [1.50, 1E+5,"x\/"] ,"b":NaN}"#;
    let text = r#" {"é\ud83d\ude00" : [1.50, 1E+5,"x\/"] ,"b":null}"#;
    assert_eq!(repaired(line.as_bytes()).unwrap().text, text);
}

#[test]
fn the_memory_was_reserved_at_once() {
    for piece in
        [&b"\"\x01\x01\x01\x01\x01\x01\","[..], b"\"\xff\xff\xff\",", b"nan,", b".5,", b"1.,", b"\"\0\","]
    {
        let line = [b"[", &piece.repeat(1000)[..], b"]"].concat();
        let text = repaired(&line).unwrap().text;
        assert!(text.capacity() <= 7 * line.len() && text.capacity() >= text.len());
        assert_eq!(text.capacity(), TokenRewriter::new(&line).text.capacity(), "{piece:?}");
    }
}

#[test]
fn broken_structure_stays_broken() {
    for line in [
        "",
        " ",
        "NaN",
        "\"\\ud800\"",
        "{",
        "[NaN",
        "[NaN}",
        "{NaN}",
        "{\"a\" NaN}",
        "{\"a\":NaN",
        "{\"a\":}",
        "{\"a\":NaN,,}",
        "[,]",
        "[,NaN]",
        "[NaN,,]",
        "[NaN NaN]",
        "[NaN]]",
        "[NaN],",
        "[NaN] x",
        "{a:NaN}",
        "{'a':NaN}",
        "['a',NaN]",
        "[\"\\ud800]",
        "[\"\\",
        "[NaN,\"\\u00",
        "[--1]",
        "[+-1]",
        "[1e]",
        "[.]",
        "[-]",
        "[+]",
        "[.e1]",
        "[0x]",
        "[0x+1]",
        "[0xg]",
        "[1.2.3]",
        "[1e2.3]",
        "[2020-01-01]",
        "[nul]",
        "[NONE]",
        "[+True]",
        "[--nan]",
        "[NaN\u{a0}]",
        "[NaN;1]",
        "[NaN]\0",
        "[\0NaN]",
        "// x\n[NaN]",
        "\u{feff}",
        "[NaN\u{feff}]",
    ] {
        assert_eq!(repaired(line.as_bytes()), None, "{line}");
    }
}

#[test]
fn strict_json_has_nothing_to_mend() {
    for line in ["{}", "[]", r#"{"a":[1,-0.5e-3,"\ud83d\ude00\n\u0001",true,false,null,{}]}"#] {
        assert_eq!(repaired(line.as_bytes()), None, "{line}");
    }
}

#[test]
fn a_million_brackets_do_no_harm() {
    let depth = 1_000_000;
    let open = "[".repeat(depth);
    let line = format!("{open}NaN{}", "]".repeat(depth));
    let text = repaired(line.as_bytes()).unwrap().text;
    serde_json::from_str::<&RawValue>(&text).unwrap();
    assert_eq!(repaired(open.as_bytes()), None);
    assert_eq!(repaired("{\"a\":[".repeat(depth).as_bytes()), None);
    let commas = format!("{open}NaN{}", ",]".repeat(depth));
    assert_eq!(repaired(commas.as_bytes()).unwrap().text, text);
}

/// JSON with oddities, what it means, and how many oddities it has.
#[derive(Clone, Debug)]
struct Odd {
    line: Vec<u8>,
    value: Value,
    count: usize,
}

fn word() -> impl Strategy<Value = Odd> {
    let odd = |line: &str, value| Odd { line: line.into(), value, count: 1 };
    prop_oneof![
        prop_oneof![
            any::<i64>().prop_map(Value::from),
            any::<bool>().prop_map(Value::from),
            Just(json!(0.25))
        ]
        .prop_map(|value| Odd { line: value.to_string().into(), value, count: 0 }),
        prop::sample::select(vec![
            odd("NaN", json!(null)),
            odd("nan", json!(null)),
            odd("Infinity", json!(null)),
            odd("-Infinity", json!(null)),
            odd("inf", json!(null)),
            odd("-inf", json!(null)),
            odd("None", json!(null)),
            odd("True", json!(true)),
            odd("False", json!(false)),
            odd("+1", json!(1)),
            odd(".5", json!(0.5)),
            odd("1.", json!(1.0)),
            odd("-01", json!(-1)),
            odd("0x1F", json!(31)),
            odd("1e400", json!(null)),
        ]),
    ]
}

/// A string: pieces that stand for themselves or not.
fn string() -> impl Strategy<Value = (Vec<u8>, String, usize)> {
    let odd: Vec<(&[u8], &str)> = vec![
        (br"\ud800", "\u{fffd}"),
        (br"\udfff", "\u{fffd}"),
        (b"\x01", "\u{1}"),
        (b"\n", "\n"),
        (b"\0", "\u{fffd}"),
        (br"\u0000", "\u{fffd}"),
        (br"\x41", "A"),
        (br"\'", "'"),
        (b"\xff", "\u{fffd}"),
        (b"\xe9", "\u{fffd}"),
    ];
    let piece = prop_oneof![
        3 => "[^\\x00]{0,6}".prop_map(|text| {
            let quoted = Value::from(text.as_str()).to_string();
            (quoted.as_bytes()[1..quoted.len() - 1].to_vec(), text, 0)
        }),
        1 => Just((br"\ud83d\ude00".to_vec(), "\u{1F600}".to_owned(), 0)),
        // A space keeps what follows from completing it.
        3 => prop::sample::select(odd).prop_map(|(odd, text)| ([odd, b" "].concat(), format!("{text} "), 1)),
    ];
    prop::collection::vec(piece, 0..4).prop_map(|pieces| {
        let (mut line, mut text, mut count) = (b"\"".to_vec(), String::new(), 0);
        for (raw, meaning, oddities) in pieces {
            line.extend(raw);
            text.push_str(&meaning);
            count += oddities;
        }
        line.push(b'"');
        (line, text, count)
    })
}

fn bracketed([open, close]: [u8; 2], lines: &[Vec<u8>], comma: bool, spaces: &[u8]) -> Vec<u8> {
    let mut line = vec![open];
    line.extend(lines.join(&b','));
    line.extend(comma.then_some(b','));
    line.extend(spaces);
    line.push(close);
    line
}

fn collection(value: impl Strategy<Value = Odd> + Clone + 'static) -> impl Strategy<Value = Odd> + Clone {
    let spaces = prop::sample::select(vec!["", " ", "\t ", "\r\n"]);
    let list = (prop::collection::vec(value.clone(), 0..4), spaces.clone(), any::<bool>()).prop_map(
        |(values, spaces, comma)| {
            let spaces = spaces.as_bytes();
            let comma = comma && !values.is_empty();
            let lines: Vec<Vec<u8>> = values.iter().map(|v| [spaces, &v.line, spaces].concat()).collect();
            Odd {
                line: bracketed(*b"[]", &lines, comma, spaces),
                count: values.iter().map(|v| v.count).sum::<usize>() + usize::from(comma),
                value: values.into_iter().map(|v| v.value).collect(),
            }
        },
    );
    let object = (prop::collection::vec((string(), value), 0..4), spaces, any::<bool>()).prop_map(
        |(fields, spaces, comma)| {
            let spaces = spaces.as_bytes();
            let comma = comma && !fields.is_empty();
            let lines: Vec<Vec<u8>> = fields
                .iter()
                .map(|((key, ..), v)| [spaces, key, spaces, b":", spaces, &v.line, spaces].concat())
                .collect();
            Odd {
                line: bracketed(*b"{}", &lines, comma, spaces),
                count: fields.iter().map(|((_, _, odd), v)| odd + v.count).sum::<usize>()
                    + usize::from(comma),
                value: Value::Object(fields.into_iter().map(|((_, key, _), v)| (key, v.value)).collect()),
            }
        },
    );
    prop_oneof![list, object].boxed()
}

fn record() -> impl Strategy<Value = Odd> {
    let leaf =
        prop_oneof![word(), string().prop_map(|(line, text, count)| Odd { line, value: text.into(), count })];
    collection(leaf.prop_recursive(3, 24, 4, collection).boxed())
}

proptest! {
    #[test]
    fn the_odd_tokens_are_mended_and_nothing_else(odd in record()) {
        let repaired = repaired(&odd.line);
        prop_assert_eq!(repaired.is_some(), odd.count > 0);
        let text = repaired.map_or_else(|| String::from_utf8(odd.line).unwrap(), |m| m.text);
        prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), odd.value);
    }

    #[test]
    fn what_is_cut_off_stays_refused(odd in record(), cut in any::<prop::sample::Index>()) {
        prop_assert_eq!(repaired(&odd.line[..cut.index(odd.line.len())]), None);
    }

    #[test]
    fn whatever_comes_out_is_strict_json(pieces in prop::collection::vec(prop_oneof![
        prop::sample::select(vec![
            &b"{"[..], b"}", b"[", b"]", b",", b":", b"\"", b"\"a\":", b"\"x\"", b"\\", b"\\u", b"\\ud800", b"00", b"NaN",
            b"-", b".", b"1", b"e", b"0x", b" ", b"\x01", b"\xff", b"None", b"[{\"a\":",
        ]).prop_map(<[u8]>::to_vec),
        prop::collection::vec(any::<u8>(), 0..3),
    ], 0..20)) {
        let line = pieces.concat();
        for line in [&line[..], &[b"[", &line[..], b"]"].concat(), &[b"[\"", &line[..], b"\"]"].concat()] {
            if let Some(Repaired { text, .. }) = repaired(line) {
                prop_assert!(serde_json::from_str::<Value>(&text).is_ok(), "{}", text);
                prop_assert_eq!(repaired(text.as_bytes()), None);
            }
        }
    }

    #[test]
    fn no_bytes_panic(line in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = repaired(&line);
    }
}
