//! Numbers in notations that JSON does not allow.

use serde_json::Number;

/// Whether serde_json takes a word for a number: one in JSON's notation, and not too large.
pub(super) fn is_strict_number(word: &str) -> bool {
    serde_json::from_str::<Number>(word).is_ok()
}

/// The number in JSON's notation; `None` if the word is no number in any usual notation.
pub(super) fn number(is_negative: bool, unsigned: &str) -> Option<String> {
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
