//! Numbers as people read them.

/// Seconds of each unit of time, the largest first.
const UNITS: [(&str, u64); 4] = [("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)];

/// `1,234,567`
pub fn thousands(number: u64) -> String {
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

/// `41 s`, `3 min 5 s`, `7 h 20 min`, `2 d`: seconds rounded up to whole ones, in the largest unit that they fill and the next.
pub fn duration(seconds: f64) -> String {
    in_units(seconds.ceil() as u64, &UNITS)
}

/// `1 min`, `7 h 20 min`, `30 h`: seconds of somebody's work, rounded up to whole minutes. Nobody works through days.
pub fn working_time(seconds: f64) -> String {
    let minutes = (seconds / 60.0).ceil().max(1.0) as u64;
    in_units(60 * minutes, &UNITS[1..])
}

fn in_units(seconds: u64, units: &[(&str, u64)]) -> String {
    let first = units.iter().position(|(_, length)| seconds >= *length).unwrap_or(units.len() - 1);
    let (name, length) = units[first];
    let mut words = format!("{} {name}", seconds / length);
    if let Some((name, next)) = units.get(first + 1)
        && seconds % length >= *next
    {
        words += &format!(" {} {name}", seconds % length / next);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_thousands() {
        assert_eq!([0, 999, 1000, 1_234_567].map(thousands), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn durations_have_two_units_at_most_and_no_empty_one() {
        assert_eq!(
            [0.0, 0.2, 59.0, 60.0, 185.0, 3_605.0, 26_400.0, 172_800.0, 183_600.0].map(duration),
            ["0 s", "1 s", "59 s", "1 min", "3 min 5 s", "1 h", "7 h 20 min", "2 d", "2 d 3 h"]
        );
    }

    #[test]
    fn work_takes_whole_minutes_and_no_days() {
        assert_eq!(
            [0.0, 59.0, 61.0, 3_599.0, 3_600.0, 8_000.0, 360_000.0].map(working_time),
            ["1 min", "1 min", "2 min", "1 h", "1 h", "2 h 14 min", "100 h"]
        );
    }
}
