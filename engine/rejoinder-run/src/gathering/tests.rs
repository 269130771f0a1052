//! Parts over a wire, and draws by the ids of conversations.

use std::borrow::Cow;
use std::sync::Arc;

use proptest::prelude::*;
use rejoinder_core::{Conversation, Message, Purpose, Role};
use rejoinder_scan::{Config, Engine, ScannedBatch, Worker};

use super::{CalibrationDraw, ExpectedTurns, GatheredPart, Gatherer, GatheringGoal, GatheringTerms};
use crate::recall::TurnAddress;
use crate::recall::audit::AuditDraw;

fn gatherer(engine: &Arc<Engine>, goal: GatheringGoal) -> Gatherer {
    let terms =
        GatheringTerms { goal, address: TurnAddress::Conversation, expected: ExpectedTurns::default() };
    Gatherer::new(Arc::clone(engine), terms).unwrap()
}

fn engine() -> Arc<Engine> {
    Arc::new(Engine::build(Config::default()).unwrap())
}

/// Conversations with these numbers, which hold one later turn each.
fn scanned(engine: &Engine, numbers: impl Iterator<Item = usize>) -> ScannedBatch<'static> {
    let message = |role, text: &'static str| Message::new(role, text);
    let conversations = numbers.map(|number| Conversation {
        id: Cow::Owned(format!("c{number}")),
        messages: vec![
            message(Role::User, "write a poem about a river"),
            message(Role::Assistant, "Roses are red."),
            message(Role::User, if number % 3 == 0 { "thank you!" } else { "now a longer poem, please" }),
        ],
    });
    Worker::new(engine).unwrap().scan_conversations(conversations).unwrap()
}

fn part(gatherer: &Gatherer, numbers: impl Iterator<Item = usize>) -> GatheredPart {
    gatherer.of_batch(&scanned(gatherer.engine(), numbers)).unwrap()
}

const AUDIT: GatheringGoal = GatheringGoal::Audit(AuditDraw { rejected: 3, accepted: 2, seed: 1 });
const CALIBRATION: GatheringGoal =
    GatheringGoal::Calibration(CalibrationDraw { purpose: Purpose::ALL, sample: 4, seed: 1 });

#[test]
fn a_part_comes_back_from_its_bytes_as_it_was() {
    let engine = engine();
    for goal in [AUDIT, CALIBRATION] {
        let gatherer = gatherer(&engine, goal);
        let bytes = part(&gatherer, 0..30).to_bytes();
        assert!(GatheredPart::from_bytes(&bytes).unwrap().to_bytes() == bytes);
        let mut merged = gatherer.begin();
        [20..30, 0..7, 7..20].into_iter().for_each(|numbers| {
            merged.merge(part(&gatherer, numbers)).unwrap();
        });
        let mut whole = part(&gatherer, 0..30);
        whole.content.batches.clone_from(&merged.content.batches);
        assert!(merged.to_bytes() == whole.to_bytes());
    }
}

#[test]
fn what_was_tampered_with_is_no_part() {
    let bytes = part(&gatherer(&engine(), AUDIT), 0..30).to_bytes();
    let text = String::from_utf8(bytes).unwrap();
    let replaced = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        GatheredPart::from_bytes(text.replacen(from, to, 1).as_bytes()).unwrap_err().to_string()
    };
    assert!(replaced("gathered 1", "gathered 2").contains("it begins otherwise"));
    assert!(replaced("\"seed\":1", "\"seed\":2").contains("not those of its draw"));
    assert!(replaced("\"rejected\":3", "\"rejected\":2").contains("not those of its draw"));
    assert!(
        replaced("\"standing\":\"rejected\"", "\"standing\":{\"accepted\":\"UR5\"}").contains("not those")
    );
}

#[test]
fn every_conversation_is_as_likely_to_be_drawn_whatever_its_id() {
    // 300 draws of 10 of 100 turns, in two batches: each turn is drawn 30 times, give or take.
    let engine = engine();
    let batches =
        [0..40, 40..100].map(|numbers| scanned(&engine, numbers.map(|number: usize| number * 3 + 1)));
    let mut drawn = [0_u32; 100];
    for seed in 0..300 {
        let draw = AuditDraw { rejected: 10, accepted: 0, seed };
        let gatherer = gatherer(&engine, GatheringGoal::Audit(draw));
        let mut whole = gatherer.begin();
        batches.iter().for_each(|batch| whole.merge(gatherer.of_batch(batch).unwrap()).unwrap());
        for turn in &whole.content.draws[0] {
            let id = &turn.turn.row.turns[0].conversation_id;
            drawn[id[1..].parse::<usize>().unwrap() / 3] += 1;
        }
    }
    assert_eq!(drawn.iter().sum::<u32>(), 3_000);
    // Variance 27; chi-square with 99 degrees of freedom stays below 149 in 999 of 1,000 cases.
    let chi_square: f64 = drawn.iter().map(|&n| (f64::from(n) - 30.0).powi(2) / 27.0).sum();
    assert!(chi_square < 149.0, "{chi_square}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_a_part_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200), has_magic: bool) {
        let mut all = if has_magic { b"rejoinder gathered 1\n".to_vec() } else { Vec::new() };
        all.extend(bytes);
        let _ = GatheredPart::from_bytes(&all);
    }
}

#[test]
fn a_part_that_was_cut_off_or_damaged_anywhere_is_a_part_or_an_error() {
    let bytes = part(&gatherer(&engine(), CALIBRATION), 0..12).to_bytes();
    for place in (0..bytes.len()).step_by(7) {
        let _ = GatheredPart::from_bytes(&bytes[..place]);
        let mut damaged = bytes.clone();
        damaged[place] ^= 0x15;
        let _ = GatheredPart::from_bytes(&damaged);
    }
}
