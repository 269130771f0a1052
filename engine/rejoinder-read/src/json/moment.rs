//! The moment that a record names: a number of seconds or of their parts, or a date and time as ISO 8601 writes it.

use serde_json::Value;

const NANOS_PER_SECOND: i128 = 1_000_000_000;
const SECONDS_PER_DAY: i64 = 24 * 60 * 60;

/// The nanoseconds from 1970 to the moment that `value` names, which may be a text. A time without a zone is in UTC.
pub(crate) fn moment(value: &Value) -> Option<i128> {
    match value {
        // serde_json prints the shortest digits that make the number: those that were written.
        Value::Number(number) => counted(&number.to_string()),
        Value::String(text) => {
            let text = text.trim();
            counted(text).or_else(|| dated(text))
        }
        _ => None,
    }
}

/// The milliseconds from 1970 to the moment that `value` names.
pub(crate) fn milliseconds(value: &Value) -> Option<i64> {
    in_milliseconds(moment(value)?)
}

/// The milliseconds from 1970 to the moment that a value in JSON names.
pub(crate) fn milliseconds_in(json: &str) -> Option<i64> {
    match json.strip_prefix('"') {
        Some(text) if !text.contains('\\') => {
            let text = text.strip_suffix('"')?.trim();
            in_milliseconds(counted(text).or_else(|| dated(text))?)
        }
        _ => milliseconds(&serde_json::from_str(json).ok()?),
    }
}

/// Whole milliseconds, where they are a number of 64 bits.
pub(crate) fn in_milliseconds(nanos: i128) -> Option<i64> {
    const NANOS_PER_MILLISECOND: i128 = 1_000_000;
    i64::try_from(nanos.div_euclid(NANOS_PER_MILLISECOND)).ok()
}

/// A decimal number of seconds, milliseconds, microseconds or nanoseconds since 1970: its size tells which.
fn counted(text: &str) -> Option<i128> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let unsigned = mantissa.strip_prefix(['-', '+']).unwrap_or(mantissa);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    if whole.is_empty() {
        return None;
    }
    let mut digits = 0_i128;
    for digit in whole.bytes().chain(fraction.bytes()) {
        if !digit.is_ascii_digit() {
            return None;
        }
        digits = digits.checked_mul(10)?.checked_add(i128::from(digit - b'0'))?;
    }
    let exponent = exponent.checked_sub(i32::try_from(fraction.len()).ok()?)?;
    let nanos_exponent = match scaled(digits, exponent)?.checked_ilog10().unwrap_or(0) {
        ..11 => 9,
        11..14 => 6,
        14..17 => 3,
        _ => 0,
    };
    let nanos = scaled(digits, exponent.checked_add(nanos_exponent)?)?;
    Some(if mantissa.starts_with('-') { -nanos } else { nanos })
}

/// `number` times ten to the power of `exponent`, without what comes after the point.
fn scaled(number: i128, exponent: i32) -> Option<i128> {
    let power = 10_i128.checked_pow(exponent.unsigned_abs());
    if number == 0 {
        Some(0)
    } else if exponent < 0 {
        Some(power.map_or(0, |power| number / power))
    } else {
        number.checked_mul(power?)
    }
}

/// A date as `2025-01-31`, or with a time after a `T` or a space: `10:20`, `10:20:30`, `10:20:30.123`; and a zone:
/// `Z`, `UTC`, `+02:00`, `+0200` or `+02`.
fn dated(text: &str) -> Option<i128> {
    let mut rest = text;
    let year = digits(&mut rest, 4)?;
    let month = prefixed(&mut rest, '-', 12)?;
    let day = prefixed(&mut rest, '-', days_in(month, year))?;
    if month == 0 || day == 0 {
        return None;
    }
    let mut seconds = days_since_1970(year, month, day) * SECONDS_PER_DAY;
    if rest.is_empty() {
        return Some(i128::from(seconds) * NANOS_PER_SECOND);
    }
    rest = rest.strip_prefix(['T', 't', ' '])?;
    let hour = digits(&mut rest, 2).filter(|&hour| hour < 24)?;
    let minute = prefixed(&mut rest, ':', 59)?;
    seconds += hour * 3600 + minute * 60;
    let mut nanos = 0;
    if rest.starts_with(':') {
        // 60 is a leap second.
        seconds += prefixed(&mut rest, ':', 60)?;
        if let Some(fraction) = rest.strip_prefix(['.', ',']) {
            rest = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
            let fraction = &fraction[..fraction.len() - rest.len()];
            let fraction = fraction.get(..9).unwrap_or(fraction);
            nanos = scaled(fraction.parse().ok()?, 9 - i32::try_from(fraction.len()).ok()?)?;
        }
    }
    seconds -= offset(rest.trim_start_matches(' '))?;
    Some(i128::from(seconds) * NANOS_PER_SECOND + nanos)
}

/// How many seconds a zone is ahead of UTC.
fn offset(zone: &str) -> Option<i64> {
    if matches!(zone, "" | "Z" | "z" | "UTC") {
        return Some(0);
    }
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let mut rest = zone.strip_prefix(['+', '-'])?;
    let hours = digits(&mut rest, 2).filter(|&hours| hours < 24)?;
    if rest.is_empty() {
        return Some(sign * hours * 3600);
    }
    rest = rest.strip_prefix(':').unwrap_or(rest);
    let minutes = digits(&mut rest, 2).filter(|&minutes| minutes < 60)?;
    rest.is_empty().then_some(sign * (hours * 3600 + minutes * 60))
}

/// The two digits after `before`, not more than `max`.
fn prefixed(rest: &mut &str, before: char, max: i64) -> Option<i64> {
    *rest = rest.strip_prefix(before)?;
    digits(rest, 2).filter(|&number| number <= max)
}

/// The number that the next `count` digits make.
fn digits(rest: &mut &str, count: usize) -> Option<i64> {
    let (digits, after) = rest.split_at_checked(count)?;
    *rest = after;
    digits.bytes().try_fold(0, |number, b| b.is_ascii_digit().then(|| number * 10 + i64::from(b - b'0')))
}

const fn days_in(month: i64, year: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The days from 1970 to a date of the Gregorian calendar, in years from 0.
const fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    // Years that begin in March have their leap day at the end.
    let year = if month < 3 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + (month * 153 + 2) / 5 + day - 719_469
}

/// The year and the month, from 1, in which a moment lies, in UTC; the moment is given in nanoseconds since 1970.
pub(crate) fn month_of(nanos: i128) -> Option<(i64, i64)> {
    let days = i64::try_from(nanos.div_euclid(NANOS_PER_SECOND * i128::from(SECONDS_PER_DAY))).ok()?;
    // The reverse of the below: years that begin in March, in cycles of 400.
    let days = days.checked_add(719_468)?;
    let (cycle, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let year = cycle * 400 + year + i64::from(month >= 10);
    Some((year, (month + 2) % 12 + 1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn the_month_of_each_day_is_the_one_that_the_day_was_made_of() {
        for year in [0, 1600, 1900, 1970, 1999, 2000, 2023, 2024, 2100] {
            for month in 1..=12 {
                for day in [1, days_in(month, year)] {
                    let seconds = i128::from(days_since_1970(year, month, day) * SECONDS_PER_DAY);
                    for seconds in [seconds, seconds + i128::from(SECONDS_PER_DAY) - 1] {
                        assert_eq!(
                            month_of(seconds * NANOS_PER_SECOND),
                            Some((year, month)),
                            "{year} {month}"
                        );
                    }
                }
            }
        }
        assert_eq!(month_of(i128::MAX), None);
    }

    #[test]
    fn moments_are_read() {
        let cases = [
            (json!(1_718_000_000), 1_718_000_000_000_000_000),
            (json!(1_718_000_000.123_456), 1_718_000_000_123_456_000),
            (json!(1.718e9), 1_718_000_000_000_000_000),
            (json!(1_718_000_000_123_u64), 1_718_000_000_123_000_000),
            (json!(1_718_000_000_123.5), 1_718_000_000_123_500_000),
            (json!(1_718_000_000_123_456_u64), 1_718_000_000_123_456_000),
            (json!(1_718_000_000_123_456_789_u64), 1_718_000_000_123_456_789),
            (json!(1.718e18), 1_718_000_000_000_000_000),
            (json!(0), 0),
            (json!(-1.5), -1_500_000_000),
            (json!(99_999_999_999_u64), 99_999_999_999_000_000_000),
            (json!(100_000_000_000_u64), 100_000_000_000_000_000),
            (json!(u64::MAX), 18_446_744_073_709_551_615),
            (json!("1718000000123456789"), 1_718_000_000_123_456_789),
            (json!(" 1718000000.25 "), 1_718_000_000_250_000_000),
            (json!("1.718e+9"), 1_718_000_000_000_000_000),
            (json!("1.12345678912345"), 1_123_456_789),
            (json!("0e999999999"), 0),
            (json!("1e-999999999"), 0),
            (json!("2024-06-10T06:13:20Z"), 1_718_000_000_000_000_000),
            (json!("2024-06-10t06:13:20z"), 1_718_000_000_000_000_000),
            (json!("2024-06-10 06:13:20"), 1_718_000_000_000_000_000),
            (json!("2024-06-10 06:13:20 UTC"), 1_718_000_000_000_000_000),
            (json!("2024-06-10 06:13:20.5 +0000"), 1_718_000_000_500_000_000),
            (json!("2024-06-10T06:13:20.123456+00:00"), 1_718_000_000_123_456_000),
            (json!("2024-06-10T06:13:20,1234567891+00"), 1_718_000_000_123_456_789),
            (json!("2024-06-10T08:13:20+02:00"), 1_718_000_000_000_000_000),
            (json!("2024-06-10T00:43:20-0530"), 1_718_000_000_000_000_000),
            (json!("2024-06-10T06:13"), 1_717_999_980_000_000_000),
            (json!("2024-06-10"), 1_717_977_600_000_000_000),
            (json!("1970-01-01"), 0),
            (json!("1969-12-31T23:59:59.5Z"), -500_000_000),
            (json!("2000-02-29"), 951_782_400_000_000_000),
            (json!("2016-12-31T23:59:60Z"), 1_483_228_800_000_000_000),
            (json!("0000-01-01"), -62_167_219_200_000_000_000),
            (json!("9999-12-31T23:59:59Z"), 253_402_300_799_000_000_000),
        ];
        for (value, nanos) in cases {
            assert_eq!(moment(&value), Some(nanos), "{value}");
        }
    }

    #[test]
    fn what_names_no_moment_is_none() {
        for text in [
            "",
            " ",
            "yesterday",
            "nan",
            "inf",
            "-",
            "+",
            ".",
            ".5",
            "1e",
            "1e5.5",
            "1e99",
            "0x10",
            "1_000",
            "--1",
            "1.2.3",
            "99999999999999999999999999999999999999999",
            "1e2147483647",
            "1.5e-2147483648",
            "2024-06",
            "2024-13-01",
            "2024-00-01",
            "2024-01-00",
            "2023-02-29",
            "1900-02-29",
            "2024-04-31",
            "2024-6-1",
            "2024-06-10T",
            "2024-06-10T24:00",
            "2024-06-10T06:60",
            "2024-06-10T06:13:61",
            "2024-06-10T06:13:20.",
            "2024-06-10T06:13:20.Z",
            "2024-06-10T06:13:20+",
            "2024-06-10T06:13:20+2",
            "2024-06-10T06:13:20+02:60",
            "2024-06-10T06:13:20+02:00x",
            "2024-06-10T06:13:20 CET",
            "2024/06/10",
            "é024-06-10",
            "202é-06-10",
            "2024-06-10T0é",
            "2024-06-10x",
        ] {
            assert_eq!(moment(&json!(text)), None, "{text}");
        }
        for value in [json!(null), json!(true), json!([1]), json!({}), json!(1e300)] {
            assert_eq!(moment(&value), None, "{value}");
        }
    }

    /// The date that is so many days after 1970-01-01, by counting them.
    fn date(mut days: i64) -> (i64, i64, i64) {
        // Four hundred years have as many days wherever they begin.
        let mut year = 1970 + days.div_euclid(146_097) * 400;
        days = days.rem_euclid(146_097);
        let mut month = 1;
        while days >= days_in(month, year) {
            days -= days_in(month, year);
            month += 1;
            if month > 12 {
                (year, month) = (year + 1, 1);
            }
        }
        (year, month, days + 1)
    }

    #[test]
    fn every_day_since_the_year_0_is_where_counting_puts_it() {
        let (mut year, mut month, mut day) = (0, 1, 1);
        for days in -719_528..2_932_897 {
            assert_eq!(days_since_1970(year, month, day), days);
            day += 1;
            if day > days_in(month, year) {
                (month, day) = (month + 1, 1);
            }
            if month > 12 {
                (year, month) = (year + 1, 1);
            }
        }
        assert_eq!(year, 10_000);
    }

    proptest! {
        #[test]
        fn written_moments_are_read_back(
            seconds in -62_167_219_200_i64 + 86_400..253_402_300_800 - 86_400, nanos in 0_i128..NANOS_PER_SECOND, digits in 0..=9_usize,
            offset in -1439_i64..=1439, space in any::<bool>(), form in 0..4,
        ) {
            let (offset, local) = if form < 2 { (0, seconds) } else { (offset, seconds + offset * 60) };
            let (year, month, day) = date(local.div_euclid(86_400));
            let second = local.rem_euclid(86_400);
            let mut text = format!(
                "{year:04}-{month:02}-{day:02}{}{:02}:{:02}:{:02}",
                if space { ' ' } else { 'T' }, second / 3600, second / 60 % 60, second % 60,
            );
            if digits > 0 {
                text += &format!(".{nanos:09}")[..=digits];
            }
            let (sign, hours, minutes) = (if offset < 0 { '-' } else { '+' }, offset.abs() / 60, offset.abs() % 60);
            text += &match form {
                0 => String::new(),
                1 => "Z".to_owned(),
                2 => format!("{sign}{hours:02}:{minutes:02}"),
                _ => format!("{sign}{hours:02}{minutes:02}"),
            };
            let unit = 10_i128.pow(9 - u32::try_from(digits).unwrap());
            prop_assert_eq!(moment(&json!(text)), Some(i128::from(seconds) * NANOS_PER_SECOND + nanos / unit * unit));
        }

        #[test]
        fn counts_are_told_by_their_size(nanos in 1_000_000_000_000_000_000_i128..9_000_000_000_000_000_000, unit in 0..4_u32, text in any::<bool>()) {
            let divisor = 1000_i128.pow(unit);
            let count = u64::try_from(nanos / divisor).unwrap();
            let value = if text { json!(count.to_string()) } else { json!(count) };
            prop_assert_eq!(moment(&value), Some(i128::from(count) * divisor));
        }

        #[test]
        fn seconds_with_microseconds_keep_them(micros in -4_000_000_000_000_000_i64..4_000_000_000_000_000) {
            let seconds = micros as f64 / 1e6;
            prop_assert_eq!(moment(&json!(seconds)), Some(i128::from(micros) * 1000));
        }

        #[test]
        fn no_text_panics(text in "[0-9TtZe:.,+ -]{0,40}|\\PC{0,20}") {
            let _ = moment(&json!(text));
        }
    }
}
