//! Numbers, complex ones among them.

use serde_json::{Number, Value};

use super::reader::Reader;

impl Reader<'_> {
    pub(super) fn number(&mut self) -> Option<Value> {
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
}
