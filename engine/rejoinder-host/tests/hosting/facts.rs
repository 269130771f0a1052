//! Facts of a plugin: the same wherever it runs, checked, and a fault where they are none.

use rejoinder_host::{Batch, Isolation, LoadContext, PluginSpec, Registry};

use crate::common::{batch_of, launcher, library};

const TURNS: [&str; 7] = ["fine", "WILD thing?", "", "panic now", "mute", "again?", "x"];

/// The facts of a candidate; unknown ones are `None`.
type FactRow = Vec<Option<f64>>;

/// The facts of a batch, and the messages of the faults with their candidates.
fn facts(spec: PluginSpec, batch: &Batch) -> (Vec<FactRow>, Vec<(usize, String)>) {
    let context = LoadContext {
        built_in: &[&rejoinder_plugin_misfit::PLUGIN],
        launcher: launcher(),
        ..LoadContext::default()
    };
    let registry = Registry::load(&[spec], &context).unwrap();
    let (mut values, mut faults) = (vec![7.0; 3], Vec::new());
    registry.session().unwrap().facts(0, batch, &mut values, &mut faults).unwrap();
    assert_eq!(registry.plugins()[0].faults() as usize, faults.len());
    let known = |row: &[f64]| row.iter().map(|value| Some(*value).filter(|value| !value.is_nan())).collect();
    let faults = faults.into_iter().map(|fault| (fault.candidate, fault.message)).collect();
    (values.chunks(3).map(known).collect(), faults)
}

fn linked_loaded_and_apart() -> [PluginSpec; 3] {
    let linked = PluginSpec::named("misfit");
    let isolation = Isolation::Process { timeout: None };
    [linked.clone(), PluginSpec::at(library("misfit")), PluginSpec { isolation, ..linked }]
}

#[test]
fn facts_are_the_same_linked_loaded_and_in_a_process_of_its_own_and_a_failure_costs_one_turn() {
    let batch = batch_of(&TURNS);
    for spec in linked_loaded_and_apart() {
        let (rows, faults) = facts(spec, &batch);
        let row = |bytes, question, mood| vec![Some(bytes), Some(question), mood];
        let expected = [
            row(4.0, 0.0, Some(0.0)),
            row(11.0, 1.0, Some(1.0)),
            row(0.0, 0.0, None),
            vec![None; 3],
            vec![None; 3],
            row(6.0, 1.0, Some(0.0)),
            row(1.0, 0.0, Some(0.0)),
        ];
        assert_eq!(rows, expected);
        let [panicked, mute] = &faults[..] else { panic!("{faults:?}") };
        assert_eq!((panicked.0, mute.0), (3, 4));
        assert!(panicked.1.contains("as turn 3 told me"), "{panicked:?}");
        assert!(mute.1.contains("the fact `mood` cannot be the word `mute`"), "{mute:?}");
    }
}

#[test]
fn a_value_out_of_its_range_is_a_fault_and_the_whole_row_is_unknown() {
    let long = "long ".repeat(300);
    for spec in linked_loaded_and_apart() {
        let (rows, faults) = facts(spec, &batch_of(&["fine", &long]));
        assert_eq!(rows[1], [None; 3]);
        let message = "it gave the fact `bytes` the value 1500, which is not a number from 0 to 1000";
        assert_eq!(faults, [(1, message.to_owned())]);
    }
}

#[test]
fn a_crash_over_facts_costs_one_turn_where_the_plugin_has_a_process_of_its_own() {
    let [_, _, apart] = linked_loaded_and_apart();
    let (rows, faults) = facts(apart, &batch_of(&["fine", "abort", "WILD"]));
    assert_eq!((rows[0][2], &rows[1], rows[2][2]), (Some(0.0), &vec![None; 3], Some(1.0)));
    assert!(faults.len() == 1 && faults[0].1.contains("it crashed"), "{faults:?}");
}
