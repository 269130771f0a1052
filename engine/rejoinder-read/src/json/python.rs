//! Reads lists and dicts as Python's `repr()` and numpy's `str()` and `repr()` print them: what a table of texts holds
//! where a list was written into it.

use memchr::{memchr, memchr2};
use serde_json::{Map, Number, Value};

/// How deep lists and dicts may nest; serde_json's own limit.
const MAX_DEPTH: u32 = 128;

/// Why a text was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// It is what Python prints, but numpy put `...` where the values were: they are lost.
    Elided,
    /// It is not what Python prints, or nests too deep.
    NotPython,
}

/// The value that `text` prints. What JSON does not have becomes a string of its source, as `datetime.date(2025, 1, 31)`;
/// tuples and sets are lists; NaN, infinity and other missing values are null.
pub(crate) fn parsed(text: &str) -> Result<Value, Unreadable> {
    let mut reader = Reader { text, at: 0, depth: 0, in_lists_only: true, is_elided: false };
    reader.spaces();
    let value = reader.value().ok_or(Unreadable::NotPython)?;
    reader.spaces();
    if reader.at < text.len() {
        return Err(Unreadable::NotPython);
    }
    if reader.is_elided { Err(Unreadable::Elided) } else { Ok(value) }
}

/// A string, as it stands in the text.
struct Literal<'a> {
    body: &'a str,
    is_raw: bool,
    is_bytes: bool,
}

struct Reader<'a> {
    text: &'a str,
    /// Always at a character's beginning.
    at: usize,
    depth: u32,
    /// Whether nothing but lists is open.
    in_lists_only: bool,
    is_elided: bool,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn spaces(&mut self) {
        while self.peek().is_some_and(|b| b.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    fn eat(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    /// Passes over characters as long as they are part of a token.
    fn run(&mut self, is_part: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let run = &rest[..rest.find(|c| !is_part(c)).unwrap_or(rest.len())];
        self.at += run.len();
        run
    }

    /// The next value. Strings that follow each other are one.
    fn value(&mut self) -> Option<Value> {
        let Some(literal) = self.literal() else {
            return self.single();
        };
        let mut text = literal.meaning();
        loop {
            let end = self.at;
            self.spaces();
            let Some(literal) = self.literal() else {
                self.at = end;
                return Some(text.into());
            };
            text.push_str(&literal.meaning());
        }
    }

    /// The next value; a string up to its closing quote.
    fn single(&mut self) -> Option<Value> {
        if let Some(literal) = self.literal() {
            return Some(literal.meaning().into());
        }
        match self.peek()? {
            b'[' => self.nested(true, Self::list),
            b'(' => self.nested(false, Self::tuple),
            b'{' => self.nested(false, Self::dict),
            b'<' => self.angles(),
            b'+' | b'-' | b'.' | b'0'..=b'9' => self.number(),
            _ => self.name(),
        }
    }

    fn nested(&mut self, is_list: bool, read: impl Fn(&mut Self) -> Option<Value>) -> Option<Value> {
        if self.depth == MAX_DEPTH {
            return None;
        }
        let around = self.in_lists_only;
        self.in_lists_only &= is_list;
        self.depth += 1;
        let value = read(self)?;
        self.depth -= 1;
        self.in_lists_only = around;
        Some(value)
    }

    /// A list, with commas as Python prints it, or with spaces as numpy's `str()` does. Python prints a long string in
    /// pieces with spaces between, too: they are taken for elements only where numpy may print, not inside a dict.
    fn list(&mut self) -> Option<Value> {
        self.at += 1;
        let mut items: Vec<Value> = Vec::new();
        // Strings that follow a string without a comma.
        let mut continued = Vec::new();
        let (mut has_commas, mut has_gaps, mut after_comma, mut after_text) = (false, false, true, false);
        loop {
            self.spaces();
            if self.eat(b']') {
                break;
            }
            let is_text = prefix_len(self.rest().as_bytes()).is_some();
            let item = self.item()?;
            if !after_comma {
                if is_text && after_text {
                    continued.push(items.len());
                } else {
                    has_gaps = true;
                }
            }
            items.push(item);
            self.spaces();
            after_comma = self.eat(b',');
            has_commas |= after_comma;
            after_text = is_text;
        }
        if has_commas && has_gaps {
            return None;
        }
        if continued.is_empty() || has_gaps || !has_commas && self.in_lists_only {
            return Some(Value::Array(items));
        }
        let mut continued = continued.into_iter().peekable();
        let mut joined: Vec<Value> = Vec::new();
        for (index, item) in items.into_iter().enumerate() {
            if continued.next_if_eq(&index).is_some()
                && let (Some(Value::String(text)), Value::String(more)) = (joined.last_mut(), &item)
            {
                text.push_str(more);
            } else {
                joined.push(item);
            }
        }
        Some(Value::Array(joined))
    }

    /// An element of a list, or the `...` in place of many.
    fn item(&mut self) -> Option<Value> {
        if self.eats_ellipsis() { Some(Value::Null) } else { self.single() }
    }

    fn eats_ellipsis(&mut self) -> bool {
        let is_ellipsis = self.rest().starts_with("...");
        if is_ellipsis {
            self.at += 3;
            self.is_elided = true;
        }
        is_ellipsis
    }

    /// A tuple, or a value in parentheses.
    fn tuple(&mut self) -> Option<Value> {
        self.at += 1;
        self.spaces();
        if self.eat(b')') {
            return Some(Value::Array(Vec::new()));
        }
        let first = self.value()?;
        self.spaces();
        if self.eat(b')') { Some(first) } else { self.more(first, b')') }
    }

    /// The rest of a tuple or set after its `first` element.
    fn more(&mut self, first: Value, end: u8) -> Option<Value> {
        let mut items = vec![first];
        loop {
            self.spaces();
            let is_comma = self.eat(b',');
            self.spaces();
            if self.eat(end) {
                return Some(Value::Array(items));
            }
            if !is_comma {
                return None;
            }
            items.push(self.value()?);
        }
    }

    /// A dict, or a set.
    fn dict(&mut self) -> Option<Value> {
        self.at += 1;
        let mut fields = Map::new();
        loop {
            self.spaces();
            if self.eat(b'}') || self.eats_ellipsis() && self.eat(b'}') {
                return Some(Value::Object(fields));
            }
            let start = self.at;
            let key = self.value()?;
            let source = &self.text[start..self.at];
            self.spaces();
            if !self.eat(b':') {
                return if fields.is_empty() { self.more(key, b'}') } else { None };
            }
            self.spaces();
            let key = match key {
                Value::String(text) => text,
                // As `json.dumps` has them.
                Value::Array(_) | Value::Object(_) => source.to_owned(),
                key => key.to_string(),
            };
            fields.insert(key, self.value()?);
            self.spaces();
            if !self.eat(b',') {
                return self.eat(b'}').then_some(Value::Object(fields));
            }
        }
    }

    /// What Python cannot print as source, as `<object at 0x7f>`.
    fn angles(&mut self) -> Option<Value> {
        let rest = self.rest();
        let mut depth = 0_usize;
        for (at, byte) in rest.bytes().enumerate() {
            match byte {
                b'<' => depth += 1,
                b'>' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                self.at += at + 1;
                let source = &rest[..=at];
                return Some(if source == "<NA>" { Value::Null } else { source.into() });
            }
        }
        None
    }

    fn number(&mut self) -> Option<Value> {
        let token = self.run(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.' | '_'));
        let unsigned = token.strip_prefix(['+', '-']).unwrap_or(token);
        if matches!(unsigned, "nan" | "inf") {
            return Some(Value::Null);
        }
        let is_number =
            |text: &str| text.contains(|c: char| c.is_ascii_digit()) && text.parse::<f64>().is_ok();
        if is_number(token) {
            let whole =
                || token.parse::<i64>().map(Number::from).or_else(|_| token.parse::<u64>().map(Number::from));
            return Some(match whole() {
                Ok(whole) => whole.into(),
                Err(_) => {
                    token.parse::<f64>().ok().and_then(Number::from_f64).map_or(Value::Null, Value::Number)
                }
            });
        }
        // A complex number: its parts are numbers, with a sign between them.
        let parts = token.strip_suffix('j')?;
        let between = parts.rmatch_indices(['+', '-']).find(|&(at, _)| at > 0 && !parts[..at].ends_with('e'));
        let (real, imaginary) = parts.split_at(between.map_or(0, |(at, _)| at));
        let is_part = |part: &str| {
            is_number(part) || matches!(part.strip_prefix(['+', '-']).unwrap_or(part), "nan" | "inf")
        };
        ((real.is_empty() || is_part(real)) && is_part(imaginary)).then(|| token.into())
    }

    /// A constant, or a call.
    fn name(&mut self) -> Option<Value> {
        let start = self.at;
        let name = self.run(|c| c.is_alphanumeric() || matches!(c, '_' | '.'));
        let last = name.rsplit('.').next().unwrap_or(name);
        if !name.is_empty() && self.eat(b'(') {
            if is_transparent(last) {
                return self.nested(false, |reader| reader.transparent(last, start));
            }
            self.skip_call()?;
            return Some(self.text[start..self.at].into());
        }
        let module = name.strip_suffix(last).unwrap_or_default();
        match (module, last) {
            ("", "None" | "NaT" | "NaN") | ("" | "np." | "numpy.", "nan" | "inf") => Some(Value::Null),
            ("", "True") | ("np." | "numpy.", "True_") => Some(true.into()),
            ("", "False") | ("np." | "numpy.", "False_") => Some(false.into()),
            ("", "Ellipsis") => Some(name.into()),
            _ => None,
        }
    }

    /// The first argument of a call that begins at `start`; its opening parenthesis was passed.
    fn transparent(&mut self, name: &str, start: usize) -> Option<Value> {
        self.spaces();
        if self.eat(b')') {
            return Some(if name == "OrderedDict" { Map::new().into() } else { Value::Array(Vec::new()) });
        }
        let value = self.value()?;
        self.spaces();
        if !self.eat(b')') {
            if !self.eat(b',') {
                return None;
            }
            self.spaces();
            let is_keyword = self.rest().starts_with("dtype");
            self.skip_call()?;
            // Python's own arrays have the type first.
            if value.is_string() && !is_keyword {
                return Some(self.text[start..self.at].into());
            }
        }
        Some(if name == "OrderedDict" { from_pairs(value) } else { value })
    }

    /// Passes over the arguments of a call and its closing parenthesis.
    fn skip_call(&mut self) -> Option<()> {
        let mut ends = vec![b')'];
        while let Some(&end) = ends.last() {
            match self.peek()? {
                b'\'' | b'"' => {
                    self.literal()?;
                    continue;
                }
                b'(' => ends.push(b')'),
                b'[' => ends.push(b']'),
                b'{' => ends.push(b'}'),
                byte @ (b')' | b']' | b'}') => {
                    if byte != end {
                        return None;
                    }
                    ends.pop();
                }
                _ => {}
            }
            self.at += 1;
            while !self.text.is_char_boundary(self.at) {
                self.at += 1;
            }
        }
        Some(())
    }

    /// Passes over a string.
    fn literal(&mut self) -> Option<Literal<'a>> {
        let rest = self.rest();
        let (prefix, quoted) = rest.split_at(prefix_len(rest.as_bytes())?);
        let bytes = quoted.as_bytes();
        let quote = bytes[0];
        let quotes: &[u8] = if bytes.starts_with(&[quote; 3]) { &[quote; 3] } else { &[quote] };
        let mut end = quotes.len();
        loop {
            end += memchr2(quote, b'\\', bytes.get(end..)?)?;
            if bytes[end] == b'\\' {
                end += 2;
            } else if bytes[end..].starts_with(quotes) {
                break;
            } else {
                end += 1;
            }
        }
        self.at += prefix.len() + end + quotes.len();
        Some(Literal {
            body: &quoted[quotes.len()..end],
            is_raw: prefix.contains(['r', 'R']),
            is_bytes: prefix.contains(['b', 'B']),
        })
    }
}

impl Literal<'_> {
    /// The text that it makes. Bytes are taken for UTF-8.
    fn meaning(&self) -> String {
        if self.is_raw {
            return self.body.to_owned();
        }
        let mut text = Vec::with_capacity(self.body.len());
        let mut rest = self.body.as_bytes();
        while let Some(at) = memchr(b'\\', rest) {
            text.extend_from_slice(&rest[..at]);
            rest = &rest[at + 1..];
            if let Some(next) = rest.strip_prefix(b"\n").or_else(|| rest.strip_prefix(b"\r\n")) {
                rest = next;
                continue;
            }
            // Python keeps the backslash of an escape that it does not know.
            let (code, len) = self.escaped(rest).unwrap_or((u32::from(b'\\'), 0));
            rest = &rest[len..];
            if self.is_bytes {
                text.extend(code.to_le_bytes().first());
            } else {
                let char = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
                text.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
        text.extend_from_slice(rest);
        String::from_utf8_lossy(&text).into_owned()
    }

    /// What an escape stands for, and its length without the backslash.
    fn escaped(&self, rest: &[u8]) -> Option<(u32, usize)> {
        let code = match *rest.first()? {
            quoted @ (b'\\' | b'\'' | b'"') => u32::from(quoted),
            b'a' => 0x07,
            b'b' => 0x08,
            b't' => 0x09,
            b'n' => 0x0A,
            b'v' => 0x0B,
            b'f' => 0x0C,
            b'r' => 0x0D,
            b'0'..=b'7' => {
                let len = rest.iter().take(3).take_while(|b| matches!(b, b'0'..=b'7')).count();
                return Some((number(&rest[..len], 8)?, len));
            }
            b'x' => return Some((number(rest.get(1..3)?, 16)?, 3)),
            b'u' if !self.is_bytes => {
                let high = unit(rest)?;
                if let 0xD800..0xDC00 = high
                    && let Some(low @ 0xDC00..0xE000) = rest[5..].strip_prefix(b"\\").and_then(unit)
                {
                    return Some((0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00), 11));
                }
                return Some((high, 5));
            }
            b'U' if !self.is_bytes => return Some((number(rest.get(1..9)?, 16)?, 9)),
            _ => return None,
        };
        Some((code, 1))
    }
}

/// The code unit of the `uXXXX` at the beginning of `rest`.
fn unit(rest: &[u8]) -> Option<u32> {
    number(rest.strip_prefix(b"u")?.get(..4)?, 16)
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    digits
        .iter()
        .try_fold(0_u32, |number, &b| number.checked_mul(radix)?.checked_add(char::from(b).to_digit(radix)?))
}

/// Length of what stands before the quote of the string at the beginning of `rest`.
fn prefix_len(rest: &[u8]) -> Option<usize> {
    let len = rest.iter().take(3).position(|b| matches!(b, b'\'' | b'"'))?;
    let mut letters = [0; 2];
    letters[..len].copy_from_slice(&rest[..len]);
    letters.make_ascii_lowercase();
    let is_prefix = matches!(&letters, [0, 0] | [b'b' | b'r' | b'u', 0] | b"br" | b"rb");
    is_prefix.then_some(len)
}

/// Whether what a call prints is its first argument: collections, and numpy's arrays and scalars, as `float64`.
fn is_transparent(name: &str) -> bool {
    let sized = name.trim_end_matches(|c: char| c.is_ascii_digit());
    matches!(name, "array" | "list" | "tuple" | "set" | "frozenset" | "OrderedDict")
        || matches!(name, "str_" | "bytes_" | "bool" | "bool_" | "longdouble" | "longlong" | "ulonglong")
        || matches!(sized, "float" | "int" | "uint")
}

/// The dict that a list of keys and values makes; what is no such list stays.
fn from_pairs(value: Value) -> Value {
    let is_pair = |item: &Value| matches!(item.as_array().map(Vec::as_slice), Some([Value::String(_), _]));
    match value {
        Value::Array(items) if items.iter().all(is_pair) => {
            let pairs = items.into_iter().filter_map(|item| match item {
                Value::Array(pair) => <[Value; 2]>::try_from(pair).ok(),
                _ => None,
            });
            let fields = pairs.filter_map(|[key, value]| match key {
                Value::String(key) => Some((key, value)),
                _ => None,
            });
            Value::Object(fields.collect())
        }
        value => value,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

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
            assert_eq!(parsed(text), Err(Unreadable::Elided), "{text}");
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
            assert_eq!(parsed(text), Err(Unreadable::NotPython), "{text}");
        }
    }

    #[test]
    fn depth_has_a_limit() {
        let nested =
            |open: &str, close: &str, depth| format!("{}{}", open.repeat(depth), close.repeat(depth));
        assert!(parsed(&nested("[", "]", 128)).is_ok());
        for (open, close) in [("[", "]"), ("(", ")"), ("{1:", "}"), ("array(", ")"), ("[{'a': (", ")}]")] {
            assert_eq!(parsed(&nested(open, close, 1_000_000)), Err(Unreadable::NotPython));
            assert_eq!(parsed(&open.repeat(1_000_000)), Err(Unreadable::NotPython));
        }
        assert!(parsed(&nested("f(", ")", 1_000_000)).is_ok());
        assert!(parsed(&nested("<", ">", 1_000_000)).is_ok());
        assert_eq!(parsed(&"<".repeat(1_000_000)), Err(Unreadable::NotPython));
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
                let field = |(key, v): (&String, &Value)| {
                    format!("{}: {}", repr_text(key, escapes), repr(v, escapes))
                };
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
                prop::collection::vec((text(), inner), 0..4)
                    .prop_map(|f| Value::Object(f.into_iter().collect())),
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
            prop_assert_eq!(parsed(&printed[..cut.index(printed.len())]), Err(Unreadable::NotPython));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,40}|([\\[\\](){}<>'\"\\\\,: \nbrufnx0-9.éj+-]|\\\\u|array\\(|None|\\.\\.\\.|'''){0,40}") {
            let _ = parsed(&text);
            let _ = parsed(&format!("['{text}']"));
            let _ = parsed(&format!("[{text}]"));
        }
    }
}
