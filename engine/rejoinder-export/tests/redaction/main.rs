//! Personal data that is planted in ten surroundings is found, and what is none stays as it is. The plants are `tests/data/personal.jsonl`;
//! a tilde in a key is left out when the file is read, so that no program takes the file itself for a leak.

use std::collections::BTreeMap;

use proptest::prelude::*;
use rejoinder_export::redaction::{PersonalKind, PersonalKinds, Redactor};
use serde::Deserialize;

#[derive(Deserialize)]
struct Plant {
    kind: String,
    text: String,
}

fn plants() -> Vec<Plant> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/personal.jsonl");
    let lines = std::fs::read_to_string(file).unwrap();
    let plants = lines.lines().map(|line| serde_json::from_str::<Plant>(line).unwrap());
    plants.map(|plant| Plant { text: plant.text.replace('~', ""), ..plant }).collect()
}

const SURROUNDINGS: [(&str, &str); 10] = [
    ("", ""),
    ("Please write to ", ", thanks."),
    ("(", ")"),
    ("it is ", "."),
    ("<", ">"),
    ("a, ", ", b"),
    ("{\"x\": \"", "\"}"),
    ("Contact:\t", "\nnext line"),
    ("これは", "です。"),
    ("> **", "**"),
];

fn everything() -> Redactor {
    Redactor::new(PersonalKind::ALL)
}

/// How many of the texts of a kind are touched, and of how many, in all surroundings; and which are not as they should be.
fn tally() -> BTreeMap<String, (usize, usize, Vec<String>)> {
    let redactor = everything();
    let mut tally: BTreeMap<String, (usize, usize, Vec<String>)> = BTreeMap::new();
    for Plant { kind, text } in plants() {
        for (before, after) in SURROUNDINGS {
            let whole = format!("{before}{text}{after}");
            let own = before.len()..before.len() + text.len();
            let found = redactor.find(&whole);
            let is_touched = found.iter().any(|(place, found)| {
                let touches = place.start < own.end && own.start < place.end;
                touches && (kind == "none" || found.name() == kind)
            });
            let (touched, all, wrong) = tally.entry(kind.clone()).or_default();
            *all += 1;
            *touched += usize::from(is_touched);
            if is_touched == (kind == "none") {
                wrong.push(whole);
            }
        }
    }
    tally
}

#[test]
fn planted_personal_data_is_found_and_other_texts_stay() {
    for (kind, (touched, all, wrong)) in tally() {
        println!("{kind}: {touched} of {all}; not as they should be: {wrong:?}");
        let share = touched as f64 / all as f64;
        match &*kind {
            "emails" | "ips" | "keys" => assert!(share >= 0.97, "{kind}: {wrong:#?}"),
            // Numbers without any space or sign are taken only behind words that speak of phones.
            "phones" => assert!(share >= 0.92, "{kind}: {wrong:#?}"),
            _ => assert!(share <= 0.01, "{kind}: {wrong:#?}"),
        }
    }
}

#[test]
fn only_the_kinds_that_are_asked_for_are_taken() {
    let text = "ana@example.com from 203.0.113.7, call +1 (415) 555-2671, password = \"hunter2Xy!9\"";
    for kind in PersonalKind::ALL {
        let mut taken = PersonalKinds::default();
        let redacted = Redactor::new([kind]).replaced(text, &mut taken);
        for other in PersonalKind::ALL {
            assert_eq!(redacted.contains(other.placeholder()), other == kind, "{redacted}");
            assert_eq!(taken.has(other), other == kind);
        }
    }
    let all = everything().replaced(text, &mut PersonalKinds::default()).into_owned();
    assert_eq!(all, "[EMAIL] from [IP], call [PHONE], password = \"[KEY]\"");
}

#[test]
fn a_text_full_of_personal_data_takes_no_longer_than_its_length() {
    let text = "ana@example.com 203.0.113.7 +1 (415) 555-2671 ".repeat(20_000);
    let begun = std::time::Instant::now();
    assert_eq!(everything().find(&text).len(), 60_000);
    assert!(begun.elapsed().as_secs() < 60, "{:?}", begun.elapsed());
}

proptest! {
    #[test]
    fn whatever_the_text_places_are_sound_and_masks_keep_all_places(text in "(\\PC|[0-9a-z@.:+() \\n\"=_-]|ana@example\\.com|\\+1 415 555 2671|203\\.0\\.113\\.7|password=|https://a:b@c){0,60}") {
        let redactor = everything();
        let found = redactor.find(&text);
        for pair in found.windows(2) {
            prop_assert!(pair[0].0.end <= pair[1].0.start);
        }
        let masked = redactor.masked(&text, &mut PersonalKinds::default());
        prop_assert_eq!(masked.len(), text.len());
        prop_assert_eq!(masked.encode_utf16().count(), text.encode_utf16().count());
        let mut taken = PersonalKinds::default();
        let replaced = redactor.replaced(&text, &mut taken);
        prop_assert_eq!(found.is_empty(), replaced == text.as_str());
    }
}
