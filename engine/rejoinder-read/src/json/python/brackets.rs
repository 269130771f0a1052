//! Lists, tuples, sets and dicts.

use serde_json::{Map, Value};

use super::literal::prefix_len;
use super::reader::Reader;

impl Reader<'_> {
    /// A list, with commas as Python prints it, or with spaces as numpy's `str()` does. Python prints a long string in
    /// pieces with spaces between, too: they are taken for elements only where numpy may print, not inside a dict.
    pub(super) fn list(&mut self) -> Option<Value> {
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
    pub(super) fn tuple(&mut self) -> Option<Value> {
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
    pub(super) fn dict(&mut self) -> Option<Value> {
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
}
