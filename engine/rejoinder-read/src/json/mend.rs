//! Rewrites one record that strict JSON refuses for odd tokens: `NaN`, half an emoji, a raw control character.
//!
//! Only the odd tokens change. A record whose structure is broken stays refused: nothing here guesses where a bracket
//! or a quote is missing.

use serde_json::Number;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
const REPLACEMENT: &str = "\u{FFFD}";

const UNKNOWN_ESCAPE: &str = "an escape that JSON does not know";
const LONE_SURROGATE: &str = "a lone surrogate";
const NUL: &str = "a NUL character";

/// A record that strict JSON takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mended {
    pub text: String,
    /// The first oddity that was mended, in plain words.
    pub what: &'static str,
}

/// The object or list on this line without its odd tokens. `None` = it has none, or its structure is broken.
pub(crate) fn mended(line: &[u8]) -> Option<Mended> {
    let mut mender = Mender::new(line);
    if line.starts_with(BYTE_ORDER_MARK) {
        mender.at = BYTE_ORDER_MARK.len();
        mender.replace(0, "", "a byte order mark");
    }
    mender.record()?;
    mender.copy_until(line.len());
    let Mender { text, what, .. } = mender;
    what.map(|what| Mended { text, what })
}

/// A walk over a line that copies what is as it should be.
struct Mender<'a> {
    line: &'a [u8],
    at: usize,
    /// How far the line is in `text`.
    copied: usize,
    text: String,
    what: Option<&'static str>,
}

impl<'a> Mender<'a> {
    fn new(line: &'a [u8]) -> Self {
        // A control character grows from one byte to six, a byte that is no UTF-8 to three, `.5` from two to three.
        let controls = line.iter().filter(|&&b| b < b' ').count();
        let high = if simdutf8::basic::from_utf8(line).is_ok() {
            0
        } else {
            line.iter().filter(|b| !b.is_ascii()).count()
        };
        let text = String::with_capacity(line.len() + line.len() / 3 + 5 * controls + 2 * high);
        Self { line, at: 0, copied: 0, text, what: None }
    }

    /// Passes over the whole line.
    fn record(&mut self) -> Option<()> {
        // For each open bracket, whether it is that of an object.
        let mut open = Vec::new();
        loop {
            self.spaces();
            match self.peek()? {
                bracket @ (b'{' | b'[') => {
                    let is_object = bracket == b'{';
                    self.at += 1;
                    self.spaces();
                    if !self.eat(end_of(is_object)) {
                        open.push(is_object);
                        if is_object {
                            self.key()?;
                        }
                        continue;
                    }
                }
                _ if open.is_empty() => return None,
                b'"' => self.string()?,
                _ => self.word()?,
            }
            loop {
                self.spaces();
                let Some(&is_object) = open.last() else {
                    return (self.at == self.line.len()).then_some(());
                };
                let comma = self.at;
                if self.eat(b',') {
                    self.spaces();
                    if self.peek() != Some(end_of(is_object)) {
                        if is_object {
                            self.key()?;
                        }
                        break;
                    }
                    self.copy_until(comma);
                    self.copied = comma + 1;
                    self.note("a trailing comma");
                }
                if !self.eat(end_of(is_object)) {
                    return None;
                }
                open.pop();
            }
        }
    }

    fn peek(&self) -> Option<u8> {
        self.line.get(self.at).copied()
    }

    fn spaces(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn eat(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    /// Passes over a key and its colon.
    fn key(&mut self) -> Option<()> {
        self.string()?;
        self.spaces();
        self.eat(b':').then_some(())
    }

    fn string(&mut self) -> Option<()> {
        if !self.eat(b'"') {
            return None;
        }
        loop {
            let rest = &self.line[self.at..];
            self.at += rest.iter().position(|&b| b < b' ' || b == b'"' || b == b'\\')?;
            let start = self.at;
            match self.line[start] {
                b'"' => {
                    self.at += 1;
                    return Some(());
                }
                b'\\' => self.escape()?,
                0 => {
                    self.at += 1;
                    self.replace(start, REPLACEMENT, NUL);
                }
                control => {
                    self.at += 1;
                    self.replace(start, &format!("\\u{control:04x}"), "a control character in a text");
                }
            }
        }
    }

    /// Passes over an escape. The backslash of one that JSON does not know goes, and what follows it stays.
    fn escape(&mut self) -> Option<()> {
        let start = self.at;
        let rest = &self.line[start..];
        if matches!(rest.get(1)?, b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') {
            self.at += 2;
        } else if let Some(unit) = code(rest, b"\\u", 4) {
            self.at += 6;
            match unit {
                0 => self.replace(start, REPLACEMENT, NUL),
                0xD800..0xDC00 if matches!(code(&rest[6..], b"\\u", 4), Some(0xDC00..0xE000)) => self.at += 6,
                0xD800..0xE000 => self.replace(start, REPLACEMENT, LONE_SURROGATE),
                _ => {}
            }
        } else if let Some(code) = code(rest, b"\\x", 2) {
            self.at += 4;
            if code == 0 {
                self.replace(start, REPLACEMENT, NUL);
            } else {
                self.replace(start, &format!("\\u{code:04x}"), UNKNOWN_ESCAPE);
            }
        } else {
            self.at += 1;
            self.replace(start, "", UNKNOWN_ESCAPE);
        }
        Some(())
    }

    /// Passes over a value without quotes and brackets.
    fn word(&mut self) -> Option<()> {
        let start = self.at;
        let is_part = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'+' | b'-' | b'.');
        self.at += self.line[start..].iter().position(|&b| !is_part(b))?;
        let word = std::str::from_utf8(&self.line[start..self.at]).ok()?;
        match word {
            "true" | "false" | "null" => {}
            "None" => self.replace(start, "null", "None is not JSON"),
            "True" => self.replace(start, "true", "True is not JSON"),
            "False" => self.replace(start, "false", "False is not JSON"),
            _ if is_strict_number(word) => {}
            _ => match word.trim_start_matches(['+', '-']) {
                unsigned if word.len() > unsigned.len() + 1 => return None,
                "NaN" | "nan" => self.replace(start, "null", "NaN is not JSON"),
                "Infinity" | "inf" => self.replace(start, "null", "Infinity is not JSON"),
                unsigned => {
                    let number = number(word.starts_with('-'), unsigned)?;
                    if number == word {
                        self.replace(start, "null", "a number too large");
                    } else {
                        let number = if is_strict_number(&number) { &number } else { "null" };
                        self.replace(start, number, "a number that JSON does not allow");
                    }
                }
            },
        }
        Some(())
    }

    /// Puts `with` where the line has what was passed since `start`.
    fn replace(&mut self, start: usize, with: &str, what: &'static str) {
        self.copy_until(start);
        self.copied = self.at;
        self.note(what);
        self.text.push_str(with);
    }

    fn copy_until(&mut self, end: usize) {
        let piece = &self.line[self.copied..end];
        self.copied = end;
        if let Ok(piece) = simdutf8::basic::from_utf8(piece) {
            self.text.push_str(piece);
            return;
        }
        for chunk in piece.utf8_chunks() {
            self.text.push_str(chunk.valid());
            if !chunk.invalid().is_empty() {
                self.note("not UTF-8");
                self.text.push_str(REPLACEMENT);
            }
        }
    }

    fn note(&mut self, what: &'static str) {
        self.what.get_or_insert(what);
    }
}

const fn end_of(is_object: bool) -> u8 {
    if is_object { b'}' } else { b']' }
}

/// The number that `digits` hexadecimal digits make after the `prefix` of `rest`.
fn code(rest: &[u8], prefix: &[u8], digits: usize) -> Option<u32> {
    let hex = rest.strip_prefix(prefix)?.get(..digits)?;
    hex.iter().try_fold(0, |code, &b| Some(code << 4 | char::from(b).to_digit(16)?))
}

/// Whether serde_json takes it: in JSON's notation, and not too large.
fn is_strict_number(word: &str) -> bool {
    serde_json::from_str::<Number>(word).is_ok()
}

/// The number in JSON's notation. `None` = it is no number in any usual one.
fn number(is_negative: bool, unsigned: &str) -> Option<String> {
    let sign = if is_negative { "-" } else { "" };
    if let Some(hex) = unsigned.strip_prefix("0x").or_else(|| unsigned.strip_prefix("0X")) {
        if let Ok(whole) = u64::from_str_radix(hex, 16) {
            // The standard library takes a sign here.
            return (!hex.starts_with('+')).then(|| format!("{sign}{whole}"));
        }
        if hex.is_empty() {
            return None;
        }
        let sum = hex.chars().try_fold(0.0, |sum, c| Some(sum * 16.0 + f64::from(c.to_digit(16)?)))?;
        return Some(format!("{sign}{sum:e}"));
    }
    let is_digits = |digits: &str| digits.bytes().all(|b| b.is_ascii_digit());
    let (mantissa, exponent) = unsigned.split_at(unsigned.find(['e', 'E']).unwrap_or(unsigned.len()));
    if let Some(exponent) = exponent.get(1..) {
        let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        if digits.is_empty() || !is_digits(digits) {
            return None;
        }
    }
    let (whole, fraction) = mantissa.split_at(mantissa.find('.').unwrap_or(mantissa.len()));
    let decimals = fraction.get(1..).unwrap_or_default();
    if whole.len() + decimals.len() == 0 || !is_digits(whole) || !is_digits(decimals) {
        return None;
    }
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        whole => whole,
    };
    let zero = if fraction == "." { "0" } else { "" };
    Some(format!("{sign}{whole}{fraction}{zero}{exponent}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::value::RawValue;
    use serde_json::{Value, json};

    use super::*;

    fn of(line: impl AsRef<[u8]>) -> Option<(Value, &'static str)> {
        mended(line.as_ref()).map(|m| (serde_json::from_str(&m.text).unwrap(), m.what))
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
        assert_eq!(mended(line.as_bytes()).unwrap().text, text);
    }

    #[test]
    fn the_memory_was_reserved_at_once() {
        for piece in
            [&b"\"\x01\x01\x01\x01\x01\x01\","[..], b"\"\xff\xff\xff\",", b"nan,", b".5,", b"1.,", b"\"\0\","]
        {
            let line = [b"[", &piece.repeat(1000)[..], b"]"].concat();
            let text = mended(&line).unwrap().text;
            assert!(text.capacity() <= 7 * line.len() && text.capacity() >= text.len());
            assert_eq!(text.capacity(), Mender::new(&line).text.capacity(), "{piece:?}");
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
            assert_eq!(mended(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn strict_json_has_nothing_to_mend() {
        for line in ["{}", "[]", r#"{"a":[1,-0.5e-3,"\ud83d\ude00\n\u0001",true,false,null,{}]}"#] {
            assert_eq!(mended(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn a_million_brackets_do_no_harm() {
        let depth = 1_000_000;
        let open = "[".repeat(depth);
        let line = format!("{open}NaN{}", "]".repeat(depth));
        let text = mended(line.as_bytes()).unwrap().text;
        serde_json::from_str::<&RawValue>(&text).unwrap();
        assert_eq!(mended(open.as_bytes()), None);
        assert_eq!(mended("{\"a\":[".repeat(depth).as_bytes()), None);
        let commas = format!("{open}NaN{}", ",]".repeat(depth));
        assert_eq!(mended(commas.as_bytes()).unwrap().text, text);
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
        let leaf = prop_oneof![
            word(),
            string().prop_map(|(line, text, count)| Odd { line, value: text.into(), count })
        ];
        collection(leaf.prop_recursive(3, 24, 4, collection).boxed())
    }

    proptest! {
        #[test]
        fn the_odd_tokens_are_mended_and_nothing_else(odd in record()) {
            let mended = mended(&odd.line);
            prop_assert_eq!(mended.is_some(), odd.count > 0);
            let text = mended.map_or_else(|| String::from_utf8(odd.line).unwrap(), |m| m.text);
            prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), odd.value);
        }

        #[test]
        fn what_is_cut_off_stays_refused(odd in record(), cut in any::<prop::sample::Index>()) {
            prop_assert_eq!(mended(&odd.line[..cut.index(odd.line.len())]), None);
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
                if let Some(Mended { text, .. }) = mended(line) {
                    prop_assert!(serde_json::from_str::<Value>(&text).is_ok(), "{}", text);
                    prop_assert_eq!(mended(text.as_bytes()), None);
                }
            }
        }

        #[test]
        fn no_bytes_panic(line in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = mended(&line);
        }
    }
}
