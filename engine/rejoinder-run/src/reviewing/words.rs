//! Numbers in words that a layman reads.

/// A number of turns.
pub(super) fn turns(count: u64) -> String {
    match count {
        1 => "1 turn".to_owned(),
        count => format!("{} turns", thousands(count)),
    }
}

/// A number with its thousands apart.
pub(super) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// How long something takes, roughly.
pub(super) fn duration(seconds: f64) -> String {
    let minutes = (seconds / 60.0).ceil().max(0.0) as u64;
    match minutes {
        0 | 1 => "a minute".to_owned(),
        2..60 => format!("{minutes} minutes"),
        _ if minutes.is_multiple_of(60) => format!("{} h", minutes / 60),
        _ => format!("{} h {} min", minutes / 60, minutes % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_people_write_them() {
        assert_eq!(
            [1, 2, 999, 1_000, 1_234_567].map(turns),
            ["1 turn", "2 turns", "999 turns", "1,000 turns", "1,234,567 turns"]
        );
        assert_eq!(
            [0.0, 59.0, 61.0, 3_599.0, 3_600.0, 8_000.0].map(duration),
            ["a minute", "a minute", "2 minutes", "1 h", "1 h", "2 h 14 min"]
        );
    }
}
