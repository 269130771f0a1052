//! IP addresses, but not those of every machine (127.0.0.1), of none (0.0.0.0), masks, and numbers of versions.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::{before, neighbours};

static CANDIDATE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?:[0-9A-Fa-f]{0,4}:){2,7}(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f]{1,4}|:)|[0-9]{1,3}(?:\.[0-9]{1,3}){3}")
        .expect("a regex that was tried")
});

/// What stands before numbers that only look like an address.
static VERSION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:version|release|build|firmware|driver|chapter|section|clause|ver|v|§)\.?[ \t:=#(]*$")
        .expect("a regex that was tried")
});

/// The places of IP addresses in a text.
pub(super) fn find(text: &str) -> impl Iterator<Item = Range<usize>> {
    CANDIDATE.find_iter(text).map(|found| found.range()).filter(|found| is_address(text, found))
}

fn is_address(text: &str, found: &Range<usize>) -> bool {
    let written = &text[found.clone()];
    let [left, right] = neighbours(text, found);
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let goes_on = |c: Option<char>, rest: &str| match c {
        Some('.' | '-' | ':') => rest.chars().nth(1).is_some_and(is_word),
        c => c.is_some_and(is_word),
    };
    if left.is_some_and(|c| is_word(c) || c == '.' || c == ':') {
        return false;
    }
    match (written.parse::<Ipv4Addr>(), written.parse::<Ipv6Addr>()) {
        // A port may follow.
        (Ok(address), _) => {
            let is_longer = right != Some(':') && goes_on(right, &text[found.end..]);
            !is_longer && names_a_machine(address) && !VERSION.is_match(before(text, found.start, 24))
        }
        (_, Ok(address)) => !goes_on(right, &text[found.end..]) && names_a_machine_of_6(address),
        _ => false,
    }
}

fn names_a_machine(address: Ipv4Addr) -> bool {
    let [first, ..] = address.octets();
    first != 0 && first < 240 && !address.is_loopback()
}

/// Whether an address is in use as such: words of programs such as `a::b` read as addresses, too.
fn names_a_machine_of_6(address: Ipv6Addr) -> bool {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return names_a_machine(mapped);
    }
    let [first, ..] = address.segments();
    matches!(first, 0x2000..=0x3fff | 0xfc00..=0xfdff | 0xfe80..=0xfebf)
}
