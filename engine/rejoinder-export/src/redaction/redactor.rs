//! Finds personal data in a text, and puts something else in its place.

use std::borrow::Cow;
use std::ops::Range;

use super::kind::{PersonalKind, PersonalKinds};
use super::{emails, ips, keys, phones};

/// Takes personal data out of texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redactor {
    kinds: Vec<PersonalKind>,
}

impl Redactor {
    /// The order in which kinds are looked for: the place of one is not looked at for the next.
    const ORDER: [PersonalKind; 4] =
        [PersonalKind::Key, PersonalKind::Email, PersonalKind::Ip, PersonalKind::Phone];

    /// Takes these kinds out.
    pub fn new(kinds: impl IntoIterator<Item = PersonalKind>) -> Self {
        let wanted: PersonalKinds = kinds.into_iter().collect();
        Self { kinds: Self::ORDER.into_iter().filter(|&kind| wanted.has(kind)).collect() }
    }

    /// The kinds that are taken out.
    pub fn kinds(&self) -> impl Iterator<Item = PersonalKind> {
        PersonalKind::ALL.into_iter().filter(|kind| self.kinds.contains(kind))
    }

    /// The places of personal data in a text, in order; no two of them overlap.
    pub fn find(&self, text: &str) -> Vec<(Range<usize>, PersonalKind)> {
        let mut found: Vec<(Range<usize>, PersonalKind)> = Vec::new();
        for &kind in &self.kinds {
            let places: Vec<Range<usize>> = match kind {
                PersonalKind::Email => emails::find(text).collect(),
                PersonalKind::Phone => phones::find(text).collect(),
                PersonalKind::Ip => ips::find(text).collect(),
                PersonalKind::Key => keys::find(text).collect(),
            };
            add_free(&mut found, places, kind);
        }
        found
    }

    /// The text with a placeholder for each piece of personal data; notes the kinds in `taken`.
    pub fn replaced<'t>(&self, text: &'t str, taken: &mut PersonalKinds) -> Cow<'t, str> {
        self.with(text, taken, |_, kind| Cow::Borrowed(kind.placeholder()))
    }

    /// The text with each piece of personal data masked, so that all places in the text stay as they are, whatever they are counted
    /// in; notes the kinds in `taken`.
    pub fn masked<'t>(&self, text: &'t str, taken: &mut PersonalKinds) -> Cow<'t, str> {
        self.with(text, taken, |found, _| found.chars().map(mask).collect())
    }

    fn with<'t>(
        &self,
        text: &'t str,
        taken: &mut PersonalKinds,
        put: impl Fn(&str, PersonalKind) -> Cow<'static, str>,
    ) -> Cow<'t, str> {
        let found = self.find(text);
        if found.is_empty() {
            return Cow::Borrowed(text);
        }
        let (mut redacted, mut end) = (String::with_capacity(text.len()), 0);
        for (place, kind) in found {
            taken.add(kind);
            redacted += &text[end..place.start];
            redacted += &put(&text[place.clone()], kind);
            end = place.end;
        }
        redacted += &text[end..];
        Cow::Owned(redacted)
    }
}

/// Adds the places that overlap no other one, neither those in `found`, which stand in order, nor each other.
fn add_free(
    found: &mut Vec<(Range<usize>, PersonalKind)>,
    mut places: Vec<Range<usize>>,
    kind: PersonalKind,
) {
    // Of two that begin alike the longer one counts.
    places.sort_by_key(|place| (place.start, std::cmp::Reverse(place.end)));
    let known = found.len();
    let mut end = 0;
    for place in places {
        let next = found[..known].partition_point(|(other, _)| other.end <= place.start);
        let is_free = found[..known].get(next).is_none_or(|(other, _)| place.end <= other.start);
        if !place.is_empty() && is_free && end <= place.start {
            end = place.end;
            found.push((place, kind));
        }
    }
    found.sort_by_key(|(place, _)| place.start);
}

/// A character that says nothing, as long as `c` in UTF-8 and UTF-16. Line ends stay.
const fn mask(c: char) -> char {
    match c.len_utf8() {
        _ if c == '\n' || c == '\r' => c,
        1 => '*',
        2 => '·',
        3 => '＊',
        _ => '🞶',
    }
}
