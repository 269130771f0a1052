//! Plugins that are asked about different candidates of one batch: each sees its own and no other, and says of them what it
//! says alone.

use proptest::prelude::*;
use rejoinder_core::{Hit, Vote};
use rejoinder_host::{Batch, ConversationContext, Isolation, LoadContext, PluginSpec, Registry, abi};
use rejoinder_plugin::{BoxError, Candidate, Classifier, NoConfig, Verdict, vtable};

use crate::common::{self, dialogue, registry};

/// All that a plugin sees of a candidate but the earlier votes, as a number in [0, 1].
fn fingerprint(candidate: Candidate<'_>) -> f32 {
    let mut seen = format!("{} {}", candidate.prior(), candidate.previous_answer());
    for message in candidate.messages() {
        seen += &format!("|{:?} {}", message.role(), message.text());
    }
    for hit in candidate.hits() {
        seen += &format!("|{} {:?}", hit.rule(), hit.span());
    }
    seen += &format!("|{:?}", candidate.language());
    let hash = seen.bytes().fold(17_u32, |hash, byte| hash.wrapping_mul(31).wrapping_add(u32::from(byte)));
    (hash % 1000) as f32 / 1000.0
}

macro_rules! prober {
    ($type:ident, $name:literal, $table:ident) => {
        struct $type;

        impl Classifier for $type {
            const NAME: &'static str = $name;
            const VERSION: &'static str = "0.0.0";
            const ABOUT: &'static str = "says what it saw";
            type Config = NoConfig;

            fn new(_: NoConfig) -> Result<Self, BoxError> {
                Ok(Self)
            }

            fn classify(&self, candidate: Candidate<'_>) -> Verdict {
                assert!(!candidate.target().text().contains("bad"), "not that");
                candidate.note(|| format!("{} saw {}", $name, candidate.id()));
                Verdict::reject().with_score(fingerprint(candidate))
            }
        }

        static $table: abi::Plugin = vtable::<$type>();
    };
}

prober!(One, "one", ONE);
prober!(Two, "two", TWO);
prober!(Three, "three", THREE);

/// Dialogues of several turns, each turn a candidate with a hit.
fn batch(dialogues: &[Vec<String>]) -> Batch {
    let mut batch = Batch::new();
    let mut id = 0;
    for texts in dialogues {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let last = texts.len() - 1 - (texts.len() - 1) % 2;
        let context = ConversationContext { language: if id % 2 == 0 { "en" } else { "de" }, columns: &[] };
        batch.begin_conversation(&dialogue(&texts), last, &context);
        for turn in (0..=last).step_by(2) {
            let hit = Hit { rule: 0, start: 0, end: texts[turn].len() as u32 };
            let hits = vec![hit; id as usize % 3];
            batch.push_candidate(id, turn, id as f32 / 7.0, &hits);
            id += 1;
        }
    }
    batch
}

fn dialogues() -> impl Strategy<Value = Vec<Vec<String>>> {
    let text = prop_oneof!["[a-z ]{0,9}", "\\PC{0,6}", Just("bad".to_owned())];
    prop::collection::vec(prop::collection::vec(text, 1..6), 1..8)
}

proptest! {
    #[test]
    fn each_plugin_is_asked_about_its_own_candidates_and_says_what_it_says_alone(
        dialogues in dialogues(),
        wishes in prop::collection::vec(any::<u64>(), 3),
        share in prop::sample::select(vec![0_u32, 1, 2, 3]),
    ) {
        let specs = ["one", "two", "three"].map(PluginSpec::named).map(|spec| PluginSpec { max_faults: u32::MAX, ..spec });
        let registry = registry(&specs, &[&ONE, &TWO, &THREE]);
        let batch = batch(&dialogues);
        let asks = |plugin: usize, candidate: usize| match share {
            0 => false,
            1 => true,
            _ => wishes[plugin] >> (candidate % 64) & 1 == 1,
        };
        let mut session = registry.session().unwrap();
        session.want_notes();
        let (mut votes, mut faults) = (Vec::new(), Vec::new());
        session.classify_where(&batch, &asks, &mut votes, &mut faults).unwrap();
        let notes = session.notes().to_vec();
        let (mut all, mut all_faults) = (Vec::new(), Vec::new());
        session.classify(&batch, &mut all, &mut all_faults).unwrap();
        prop_assert_eq!(votes.len(), 3 * batch.len());
        for candidate in 0..batch.len() {
            for (plugin, name) in ["one", "two", "three"].into_iter().enumerate() {
                let place = candidate * 3 + plugin;
                let is_fault = all[place].is_fault();
                if asks(plugin, candidate) {
                    prop_assert_eq!(votes[place], all[place]);
                    let expected = if is_fault { String::new() } else { format!("{name} saw {candidate}") };
                    prop_assert_eq!(&notes[place], &expected);
                } else {
                    prop_assert_eq!(votes[place], Vote::default());
                    prop_assert_eq!(&notes[place], "");
                }
            }
        }
        let expected = all_faults.iter().filter(|fault| {
            let plugin = ["one", "two", "three"].iter().position(|name| *name == fault.plugin).unwrap();
            asks(plugin, fault.candidate)
        });
        prop_assert_eq!(faults.iter().collect::<Vec<_>>(), expected.collect::<Vec<_>>());
        let costs = session.take_costs();
        for (plugin, cost) in costs.iter().enumerate() {
            let own = (0..batch.len()).filter(|&candidate| asks(plugin, candidate)).count();
            prop_assert_eq!(cost.turns, (own + batch.len()) as u64);
        }
    }
}

#[test]
#[cfg(unix)]
fn a_plugin_in_a_process_of_its_own_is_asked_about_its_own_candidates() {
    let dialogues: Vec<Vec<String>> = (0..40)
        .map(|number| ["q", "a", "turn", "b", "last"].map(|text| format!("{text} {number}")).to_vec())
        .collect();
    let batch = batch(&dialogues);
    let path = Some(common::library("rephrase"));
    let here = PluginSpec { path: path.clone(), ..PluginSpec::named("rephrase") };
    let apart = PluginSpec { isolation: Isolation::Process { timeout: None }, ..here.clone() };
    let votes = [here, apart].map(|spec| {
        let context = LoadContext { launcher: common::launcher(), ..LoadContext::default() };
        let registry = Registry::load(&[spec], &context).unwrap();
        let (mut votes, mut faults) = (Vec::new(), Vec::new());
        let mut session = registry.session().unwrap();
        session.classify_where(&batch, &|_, candidate| candidate % 3 == 1, &mut votes, &mut faults).unwrap();
        assert!(faults.is_empty());
        votes
    });
    assert_eq!(votes[0], votes[1]);
    let asked = votes[1].iter().enumerate().filter(|(_, vote)| vote.was_asked()).map(|(place, _)| place);
    assert!(asked.eq((0..batch.len()).filter(|place| place % 3 == 1)));
}
