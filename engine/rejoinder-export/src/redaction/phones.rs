//! Phone numbers: international ones of all countries, and national ones of the countries that write most.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use rlibphonenumber::Region;
use rlibphonenumber::phonenumber_matcher::{Leniency, PHONE_MATCHER_FACTORY};

use super::{before, neighbours};

/// National numbers are looked for as they are written in these countries.
const REGIONS: [Region; 8] =
    [Region::US, Region::GB, Region::DE, Region::FR, Region::IN, Region::CN, Region::JP, Region::BR];

/// Words before a number that is written without any space: without them such digits may number anything.
static CUE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)phone|\btel|\bcall|mobile|\bcell|whatsapp|\bfax|\btext me|\bcontact|\breach|\bring|numbers? (?:is|are)\b|my number|your number|their number|\bt[ée]l[ée]|telefon|handy|ruf|llam|appel|手机|手機|电话|電話|携帯",
    )
    .expect("a regex that was tried")
});

/// The places of phone numbers in a text.
pub(super) fn find(text: &str) -> impl Iterator<Item = Range<usize>> {
    let factory = &PHONE_MATCHER_FACTORY;
    let international = factory.create_matcher(text, Leniency::Valid, u64::MAX, None);
    // Digits in other groups than those of a country number something else.
    let national =
        factory.create_matcher_with_regions(text, Leniency::StrictGrouping, u64::MAX, REGIONS, None);
    let found = international.chain(national).map(|number| number.start..number.end());
    let found: Vec<Range<usize>> = found.filter(|found| is_phone(text, found)).collect();
    found.into_iter()
}

fn is_phone(text: &str, found: &Range<usize>) -> bool {
    let written = &text[found.clone()];
    if neighbours(text, found).into_iter().flatten().any(|c| c.is_ascii_alphanumeric() || c == '_') {
        return false;
    }
    let is_marked = written.contains(|c: char| !c.is_ascii_digit());
    is_marked || CUE.is_match(before(text, found.start, 60))
}
