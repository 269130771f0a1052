//! Numbers as people read them.

use std::borrow::Cow;

pub use rejoinder_core::numbers::{duration, thousands};

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

/// `999 B`, `1.2 kB`, `34.5 MB`, `1.2 GB`: a number of bytes.
pub fn size(bytes: f64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB"];
    let mut scaled = bytes;
    let mut unit = 0;
    while scaled >= 999.5 && unit + 1 < units.len() {
        scaled /= 1000.0;
        unit += 1;
    }
    let digits = usize::from(scaled < 99.95 && unit > 0);
    format!("{scaled:.digits$} {}", units[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nouns_fit_their_numbers() {
        assert_eq!(
            [0, 1, 2, 1_500].map(|n| counted(n, "rule")),
            ["0 rules", "1 rule", "2 rules", "1,500 rules"]
        );
        assert_eq!([counted(2, "reply"), counted(2, "key")], ["2 replies", "2 keys"]);
        assert_eq!([were(1, "row"), were(0, "row")], ["1 row was", "0 rows were"]);
    }
    #[test]
    fn sizes_read_well() {
        assert_eq!(
            [0.0, 999.0, 1_234.0, 99_960.0, 999_600.0, 2.5e12].map(size),
            ["0 B", "999 B", "1.2 kB", "100 kB", "1.0 MB", "2.5 TB"]
        );
    }
}
