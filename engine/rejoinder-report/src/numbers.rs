//! Numbers as people read them.

use std::borrow::Cow;

/// `1,234,567`
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 rule`, `1,234 rules`: a number with the noun in the form that fits it. `one` is the singular.
pub fn counted(number: u64, one: &str) -> String {
    format!("{} {}", thousands(number), form(number, one))
}

/// `1 row was`, `2 rows were`: a number with noun and verb.
pub fn were(number: u64, one: &str) -> String {
    format!("{} {}", counted(number, one), if number == 1 { "was" } else { "were" })
}

/// The form of a noun that fits a number; `one` is the singular.
pub fn form(number: u64, one: &str) -> Cow<'_, str> {
    match (number, one.strip_suffix('y')) {
        (1, _) => one.into(),
        (_, Some(stem)) if !stem.ends_with(['a', 'e', 'o']) => format!("{stem}ies").into(),
        _ => format!("{one}s").into(),
    }
}

/// `12.3 %`
pub fn share(part: u64, whole: u64) -> String {
    if whole == 0 { "–".to_owned() } else { format!("{:.1} %", 100.0 * part as f64 / whole as f64) }
}

/// `1.2 MB`
pub fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_thousands() {
        assert_eq!([0, 999, 1000, 1_234_567].map(thousands), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn nouns_fit_their_numbers() {
        assert_eq!(
            [0, 1, 2, 1_500].map(|n| counted(n, "rule")),
            ["0 rules", "1 rule", "2 rules", "1,500 rules"]
        );
        assert_eq!([counted(2, "reply"), counted(2, "key")], ["2 replies", "2 keys"]);
        assert_eq!([were(1, "row"), were(0, "row")], ["1 row was", "0 rows were"]);
    }
}
