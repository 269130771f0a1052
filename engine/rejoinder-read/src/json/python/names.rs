//! Constants, calls, and objects that Python cannot print as source.

use serde_json::{Map, Value};

use super::reader::Reader;

impl Reader<'_> {
    /// An object that Python cannot print as source, such as `<object at 0x7f>`.
    pub(super) fn angles(&mut self) -> Option<Value> {
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

    /// A constant, or a call.
    pub(super) fn name(&mut self) -> Option<Value> {
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
    pub(super) fn skip_call(&mut self) -> Option<()> {
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
}

/// Whether what a call prints is its first argument: collections, and numpy's arrays and scalars, as `float64`.
fn is_transparent(name: &str) -> bool {
    let sized = name.trim_end_matches(|c: char| c.is_ascii_digit());
    matches!(name, "array" | "list" | "tuple" | "set" | "frozenset" | "OrderedDict")
        || matches!(name, "str_" | "bytes_" | "bool" | "bool_" | "longdouble" | "longlong" | "ulonglong")
        || matches!(sized, "float" | "int" | "uint")
}

/// The dict that a list of keys and values makes. Any other value stays as it is.
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
