//! The arguments of a call: a JSON object, in one spelling whatever the source's.

use serde_json::{Map, Value};

/// A JSON object in one line, spaced and unescaped as Python's `json.dumps(…, ensure_ascii=False)` and the `tojson` of chat
/// templates write it; keys and numbers stay as they are. `None` if the text is no object. An empty text and null stand for a call without arguments.
pub(super) fn object(text: &str) -> Option<String> {
    let text = text.trim();
    if text.is_empty() || text == "null" {
        return Some("{}".to_owned());
    }
    spelled(text, |text| text)
}

/// An object as [`object`] writes it, with each text but the keys turned into another; a text that is no object becomes `turn` of it.
pub(crate) fn with_texts(object: &str, mut turn: impl FnMut(String) -> String) -> String {
    spelled(object, &mut turn).unwrap_or_else(|| turn(object.to_owned()))
}

/// A JSON object in one spelling, with each text but the keys turned into another. `None` if the text is no object.
fn spelled(text: &str, mut turn: impl FnMut(String) -> String) -> Option<String> {
    serde_json::from_str::<Map<String, Value>>(text).ok()?;
    let mut object = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if first == '"' { string(rest) } else { first.len_utf8() };
        let (token, after) = rest.split_at(length);
        match first {
            '"' => {
                let said: String = serde_json::from_str(token).ok()?;
                let is_key = after.trim_ascii_start().starts_with(':');
                object += &serde_json::to_string(&if is_key { said } else { turn(said) }).ok()?;
            }
            ',' => object += ", ",
            ':' => object += ": ",
            _ if first.is_ascii_whitespace() => {}
            _ => object += token,
        }
        rest = after;
    }
    Some(object)
}

/// The length of the JSON string that `text` begins with.
fn string(text: &str) -> usize {
    let mut is_escaped = false;
    let end = text.bytes().skip(1).position(|byte| {
        let is_end = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        is_end
    });
    end.map_or(text.len(), |end| end + 2)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_object_keeps_its_keys_and_numbers_in_one_spelling() {
        for (text, expected) in [
            ("", Some("{}")),
            (" null ", Some("{}")),
            ("{ }", Some("{}")),
            ("{\"b\":1.50,\n \"a\":[true,null , -2e3]}", Some("{\"b\": 1.50, \"a\": [true, null, -2e3]}")),
            ("{\"q\":\"a\\\"b: c,\\u00e9\\\\\"}", Some("{\"q\": \"a\\\"b: c,é\\\\\"}")),
            ("[1]", None),
            ("\"2+2\"", None),
            ("{\"a\":1", None),
            ("{\"a\":\"\\ud800\"}", None),
            ("print(1)", None),
        ] {
            assert_eq!(object(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn texts_are_turned_into_others_and_keys_and_numbers_are_not() {
        let turned = with_texts(r#"{"to": ["a", {"b": "a"}], "a": 1.50}"#, |text| format!("<{text}>"));
        assert_eq!(turned, r#"{"to": ["<a>", {"b": "<a>"}], "a": 1.50}"#);
        assert_eq!(with_texts("print(1)", |text| format!("<{text}>")), "<print(1)>");
    }

    proptest! {
        #[test]
        fn it_says_the_same(keys in prop::collection::vec(any::<String>(), 0..4), texts in prop::collection::vec(any::<String>(), 4)) {
            let value = Value::Object(keys.into_iter().zip(texts.into_iter().map(Value::String)).collect());
            let written = object(&serde_json::to_string_pretty(&value).unwrap()).unwrap();
            prop_assert!(!written.contains('\n'));
            prop_assert_eq!(&serde_json::from_str::<Value>(&written).unwrap(), &value);
            prop_assert_eq!(with_texts(&written, |text| text), written);
        }
    }
}
