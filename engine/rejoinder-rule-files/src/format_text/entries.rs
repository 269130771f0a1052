//! The order of the keys of a table.

use toml_edit::{Key, Value};

use super::place::Place;

/// A key, of several parts where it is dotted, and its value.
pub(super) type Entry<'t> = (Vec<&'t Key>, &'t Value);

/// The entries of the table at `place` in the order of its keys. A key that is not known stays behind the key that it stands
/// behind.
pub(super) fn sorted<'t>(entries: Vec<Entry<'t>>, place: Place) -> Vec<Entry<'t>> {
    let rank_of = |entry: &Entry<'_>| {
        let first = entry.0.first()?.get();
        place.keys().iter().position(|key| key.name == first)
    };
    let mut ranked: Vec<(Option<usize>, Entry<'t>)> = Vec::with_capacity(entries.len());
    let mut behind = None;
    for entry in entries {
        behind = rank_of(&entry).or(behind);
        ranked.push((behind, entry));
    }
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().map(|(_, entry)| entry).collect()
}

/// What is known of the value of a key in the table at `table`.
pub(super) fn place_of(keys: &[&Key], table: Place) -> Place {
    keys.iter().fold(table, |place, key| place.under(key.get()))
}
