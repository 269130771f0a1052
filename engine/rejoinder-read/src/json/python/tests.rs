use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

#[test]
fn what_python_prints_is_read() {
    let cases = [
        (
            r#"[{'role': 'user', 'content': "You're wrong."}]"#,
            json!([{"role": "user", "content": "You're wrong."}]),
        ),
        (
            r#"'it\'s \"x\"\n\t\\ \x41\u00e9\U0001F600 \101\0 \a\b\f\v\r'"#,
            json!("it's \"x\"\n\t\\ Aé😀 A\0 \u{7}\u{8}\u{c}\u{b}\r"),
        ),
        (r"'\ud83d' '\ud83d\ude00' '\ude00' '\U00110000'", json!("\u{fffd}😀\u{fffd}\u{fffd}")),
        (r"'\d \x4 \u12 \N{DASH} \é'", json!(r"\d \x4 \u12 \N{DASH} \é")),
        ("'a\\\nb\\\r\nc'", json!("abc")),
        ("'''it's\n\"x\" \\'''' \"\"\" \"a\" \"\"\"", json!("it's\n\"x\" ' \"a\" ")),
        ("''", json!("")),
        ("['', \"\"]", json!(["", ""])),
        (r"b'caf\xc3\xa9\xff\u0041' Rb'\x41' u'\x41' R'\'' rB''", json!("café\u{fffd}\\u0041\\x41A\\'")),
        ("('a' 'b', 'c'  \"d\")", json!(["ab", "cd"])),
        ("{'a' 'b': 'c'\n 'd'}", json!({"ab": "cd"})),
        ("['a' 'b', 'c', 'd' 'e'\n'f']", json!(["ab", "c", "def"])),
        ("['a' 'b' None]", json!(["a", "b", null])),
        ("['a'\n 'b']", json!(["a", "b"])),
        ("[('a' 'b') 'c']", json!(["ab", "c"])),
        ("[{'a': ['b'\n 'c']}\n 'd']", json!([{"a": ["bc"]}, "d"])),
        ("[['a' 'b']\n ['c' 'd']]", json!([["a", "b"], ["c", "d"]])),
        ("[]", json!([])),
        (" [ ] ", json!([])),
        ("()", json!([])),
        ("(1,)", json!([1])),
        ("(1)", json!(1)),
        ("(1, 2)", json!([1, 2])),
        ("[1, 2,]", json!([1, 2])),
        ("{}", json!({})),
        ("{1, 'a'}", json!([1, "a"])),
        ("set()", json!([])),
        ("frozenset({1})", json!([1])),
        (
            "{1: 1, 1.5: 2, None: 3, True: 4, (1, 'a'): 5, nan: 6}",
            json!({"1": 1, "1.5": 2, "null": 6, "true": 4, "(1, 'a')": 5}),
        ),
        (
            "[None, True, False, nan, inf, -inf, NaT, <NA>]",
            json!([null, true, false, null, null, null, null, null]),
        ),
        ("[0, -1, 1.5, 1e-07, 1e+16, -0.0]", json!([0, -1, 1.5, 1e-7, 1e16, -0.0])),
        ("[18446744073709551615, 18446744073709551616]", json!([u64::MAX, 18_446_744_073_709_551_616.0])),
        ("1e999", json!(null)),
        ("[1+2j, (1-2.5j), 2j, 1e-05+1e-05j]", json!(["1+2j", "1-2.5j", "2j", "1e-05+1e-05j"])),
        ("[1. 2.5 .5 ]", json!([1.0, 2.5, 0.5])),
        ("[ True False]", json!([true, false])),
        ("[[1 2]\n [3 4]]", json!([[1, 2], [3, 4]])),
        ("[{'a': 1}\n {'b': array([1. , nan])}]", json!([{"a": 1}, {"b": [1.0, null]}])),
        ("[{'a': 1}{'b': 2}]", json!([{"a": 1}, {"b": 2}])),
        ("[list(['a', 'b']) list([1])]", json!([["a", "b"], [1]])),
        ("[list([]), tuple((1,))]", json!([[], [1]])),
        ("array([{'a': 1},\n       {'b': ')'}], dtype=object)", json!([{"a": 1}, {"b": ")"}])),
        ("np.array([1, 2], dtype=[('a', '<i4'), ('b)', \"O\")])", json!([1, 2])),
        ("array('abc', dtype='<U3')", json!("abc")),
        ("[array('i', [1, 2])]", json!(["array('i', [1, 2])"])),
        (
            "{'a': np.float64(1.5), 'b': np.True_, 'c': np.str_('x'), 'd': np.nan}",
            json!({"a": 1.5, "b": true, "c": "x", "d": null}),
        ),
        ("OrderedDict([('a', 1), ('b', [])])", json!({"a": 1, "b": []})),
        ("OrderedDict({'a': 1})", json!({"a": 1})),
        ("OrderedDict()", json!({})),
        (
            "[datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)]",
            json!(["datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)"]),
        ),
        (
            "{'t': Timestamp('2020-01-01 00:00:00'), 'u': 1}",
            json!({"t": "Timestamp('2020-01-01 00:00:00')", "u": 1}),
        ),
        ("[Message(text='a)\\'é]', {'x': [1]}) 1]", json!(["Message(text='a)\\'é]', {'x': [1]})", 1])),
        (
            "{'i': <PIL.Image image mode=RGB>, 'e': <E.A: <1>>}",
            json!({"i": "<PIL.Image image mode=RGB>", "e": "<E.A: <1>>"}),
        ),
        ("[Ellipsis]", json!(["Ellipsis"])),
        ("['...', '[...]']", json!(["...", "[...]"])),
    ];
    for (text, value) in cases {
        assert_eq!(parsed(text), Ok(value), "{text}");
    }
}

#[test]
fn what_numpy_left_out_is_lost() {
    for text in [
        "[   0    1    2 ... 1997 1998 1999]",
        "array([   0,    1,    2, ..., 1997, 1998, 1999], shape=(2000,))",
        "[[1 2]\n ...\n [3 4]]",
        "[{'a': 1} ... {'a': 2}]",
        "['a' 'b' ... 'c']",
        "{'a': array([1, ..., 2])}",
        "[1, [...]]",
        "{'a': {...}}",
    ] {
        assert_eq!(parsed(text), Err(PrintError::Elided), "{text}");
    }
}

#[test]
fn what_python_does_not_print_is_not_read() {
    for text in [
        "",
        " ",
        "hello",
        "I said: [1]",
        "[sic]",
        "[... and so on",
        "[1, 2",
        "[1, 2]]",
        "[1 2, 3]",
        "[1,, 2]",
        "[,]",
        "[, 1]",
        "['a' 1, 2]",
        "{'a' 1}",
        "{'a': 1 'b': 2}",
        "{'a': 1, 2}",
        "{'a', 'b': 1}",
        "{:}",
        "{'a':}",
        "{,}",
        "(1 2)",
        "(,)",
        "'a",
        "'a\\",
        "'",
        "'''a''",
        "\"a'",
        "[1)",
        "{1]",
        "f(",
        "f(]",
        "f('a)",
        "f(x))",
        "1.2.3",
        "1_000",
        "0x1f",
        "1-2",
        "--1",
        "+",
        "-",
        ".",
        "1e",
        "...",
        "j",
        "+j",
        "<a",
        "<<a>",
        "[true]",
        "[null]",
        "None1",
        "[None.x]",
        "nanx",
        "bb''",
        "rbr''",
        "é'a'",
        "[{'a': 1}; {'b': 2}]",
        "{'a': 1} {'b': 2}",
        "{\"a\": \"b\" c}",
        "array([1] dtype=object)",
        "array(,)",
        "1e+j",
    ] {
        assert_eq!(parsed(text), Err(PrintError::NotPython), "{text}");
    }
}

#[test]
fn depth_has_a_limit() {
    let nested = |open: &str, close: &str, depth| format!("{}{}", open.repeat(depth), close.repeat(depth));
    assert!(parsed(&nested("[", "]", 128)).is_ok());
    for (open, close) in [("[", "]"), ("(", ")"), ("{1:", "}"), ("array(", ")"), ("[{'a': (", ")}]")] {
        assert_eq!(parsed(&nested(open, close, 1_000_000)), Err(PrintError::NotPython));
        assert_eq!(parsed(&open.repeat(1_000_000)), Err(PrintError::NotPython));
    }
    assert!(parsed(&nested("f(", ")", 1_000_000)).is_ok());
    assert!(parsed(&nested("<", ">", 1_000_000)).is_ok());
    assert_eq!(parsed(&"<".repeat(1_000_000)), Err(PrintError::NotPython));
}

/// As Python's `repr()` prints it. `escapes` = beyond ASCII, as `ascii()` does.
fn repr_text(text: &str, escapes: bool) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut printed = String::from(quote);
    for c in text.chars() {
        match c {
            '\\' => printed += "\\\\",
            '\n' => printed += "\\n",
            '\r' => printed += "\\r",
            '\t' => printed += "\\t",
            _ if c == quote => printed.extend(['\\', c]),
            _ if !c.is_control() && (c.is_ascii() || !escapes) => printed.push(c),
            _ => {
                let code = u32::from(c);
                printed += &match code {
                    ..0x100 => format!("\\x{code:02x}"),
                    0x100..0x1_0000 => format!("\\u{code:04x}"),
                    _ => format!("\\U{code:08x}"),
                };
            }
        }
    }
    printed.push(quote);
    printed
}

fn repr(value: &Value, escapes: bool) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => repr_text(text, escapes),
        Value::Array(items) => {
            format!("[{}]", items.iter().map(|v| repr(v, escapes)).collect::<Vec<_>>().join(", "))
        }
        Value::Object(fields) => {
            let field =
                |(key, v): (&String, &Value)| format!("{}: {}", repr_text(key, escapes), repr(v, escapes));
            format!("{{{}}}", fields.iter().map(field).collect::<Vec<_>>().join(", "))
        }
    }
}

/// As numpy prints the elements of an array of objects.
fn numpy(value: &Value) -> String {
    match value {
        Value::Array(_) => format!("list({})", repr(value, false)),
        _ => repr(value, false),
    }
}

fn value() -> impl Strategy<Value = Value> {
    let text = || prop_oneof!["[a-c'\"\\\\\n,\\[{}( .é🙂\\x00\u{85}]{0,8}", any::<String>()];
    let leaf = prop_oneof![
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((text(), inner), 0..4).prop_map(|f| Value::Object(f.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_repr_prints_is_read_back(value in value(), escapes in any::<bool>()) {
        prop_assert_eq!(parsed(&repr(&value, escapes)), Ok(value));
    }

    #[test]
    fn what_numpy_prints_is_read_back(values in prop::collection::vec(value(), 0..5), space in prop::sample::select(vec![" ", "\n ", "\r\n   "])) {
        let printed: Vec<String> = values.iter().map(numpy).collect();
        let array = format!("array([{}], dtype=object)", printed.join(",\n       "));
        let values = Value::from(values);
        prop_assert_eq!(parsed(&array), Ok(values.clone()));
        prop_assert_eq!(parsed(&format!("[{}]", printed.join(space))), Ok(values.clone()));
        let inside = json!([{"v": values, "w": 1}]);
        prop_assert_eq!(parsed(&format!("[{{'v': {array}, 'w': 1}}]")), Ok(inside));
    }

    #[test]
    fn what_is_cut_off_is_not_read(value in value(), cut in any::<prop::sample::Index>()) {
        let printed = format!("[{}]", repr(&value, true));
        prop_assert_eq!(parsed(&printed[..cut.index(printed.len())]), Err(PrintError::NotPython));
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,40}|([\\[\\](){}<>'\"\\\\,: \nbrufnx0-9.éj+-]|\\\\u|array\\(|None|\\.\\.\\.|'''){0,40}") {
        let _ = parsed(&text);
        let _ = parsed(&format!("['{text}']"));
        let _ = parsed(&format!("[{text}]"));
    }
}
