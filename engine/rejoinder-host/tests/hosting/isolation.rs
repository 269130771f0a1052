//! A plugin in a process of its own: it votes as it does here, and may crash, hang and send nonsense.

use std::path::Path;
use std::time::{Duration, Instant};

use rejoinder_core::{Category, Verdict, Vote, VoteState};
use rejoinder_host::{HostError, Isolation, LoadCause, LoadContext, LoadError, PluginSpec, Registry, abi};
use rejoinder_plugin_misfit::PLUGIN;

use crate::common::{batch_of, c_plugin, classify, launcher, library};

const GOOD: Vote =
    Vote { verdict: Verdict::Reject, score: Some(0.25), probs: None, reason: 1, state: VoteState::Answered };
const FAULTED: Vote = Vote::FAULT;

fn isolated(spec: PluginSpec) -> PluginSpec {
    PluginSpec { isolation: Isolation::Process { timeout: Some(Duration::from_secs(1)) }, ..spec }
}

fn load(spec: &PluginSpec) -> Result<Registry, LoadError> {
    let built_in: &[&'static abi::Plugin] = &[&PLUGIN];
    let context = LoadContext { built_in, launcher: launcher(), ..LoadContext::default() };
    Registry::load(std::slice::from_ref(spec), &context)
}

fn misfit() -> Registry {
    load(&isolated(PluginSpec::named("misfit"))).unwrap()
}

#[test]
fn a_plugin_says_the_same_here_and_there_linked_in_and_loaded() {
    let turns: Vec<String> = (0..600).map(|i| format!("turn {i} {}", "é".repeat(i))).collect();
    let batch = batch_of(&turns.iter().map(String::as_str).collect::<Vec<_>>());
    let specs = [PluginSpec::named("misfit"), PluginSpec::at(library("misfit"))];
    for spec in specs {
        let (here, there) = (load(&spec).unwrap(), load(&isolated(spec)).unwrap());
        assert_eq!(here.plugins()[0].description(), there.plugins()[0].description());
        assert_eq!(here.plugins()[0].identity(), there.plugins()[0].identity());
        let (faults, votes) = classify(&there, &batch).unwrap();
        assert!(faults.is_empty(), "{faults:?}");
        assert_eq!(votes, vec![GOOD; 600]);
        assert_eq!(votes, classify(&here, &batch).unwrap().1);
    }
}

#[test]
fn what_ends_or_stops_a_process_costs_one_turn() {
    for (turn, message) in [
        ("segfault", "it crashed: signal: 11 (SIGSEGV)"),
        ("abort", "it crashed: signal: 6 (SIGABRT)"),
        ("overflow", "it crashed: signal: 6 (SIGABRT)"),
        ("exit", "it crashed: exit status: 0"),
        ("beyond", "it crashed: signal: 11 (SIGSEGV)"),
        ("deaf", "it did not answer within 1s, and was killed"),
        ("hang", "it did not answer within 1s, and was killed"),
        ("panic", "panicked: as turn 2 told me"),
        ("garbage", "it gave reason 42405 and has 1"),
        ("reason", "it gave reason 77 and has 1"),
        ("score", "it gave the score 1.5, which is not in [0, 1]"),
        ("lie", "\0"),
    ] {
        let registry = misfit();
        let mut session = registry.session().unwrap();
        let batch = batch_of(&["fine", "fine", turn, "fine", "fine"]);
        let (mut votes, mut faults) = (Vec::new(), Vec::new());
        // Twice, so that a child that was lost must have been replaced.
        for round in 1..=2 {
            session.classify(&batch, &mut votes, &mut faults).unwrap();
            assert_eq!(votes, [GOOD, GOOD, FAULTED, GOOD, GOOD], "{turn}");
            assert_eq!(faults.len(), round);
            assert!(faults[0].message.starts_with(message), "{turn}: {}", faults[0].message);
            assert_eq!(faults[0].candidate, 2);
        }
    }
}

#[test]
fn a_hang_in_a_full_batch_takes_the_timeout_of_the_batch_and_that_of_the_turn() {
    let registry = misfit();
    let mut turns = ["fine"; 256];
    turns[200] = "hang";
    let begun = Instant::now();
    let (faults, votes) = classify(&registry, &batch_of(&turns)).unwrap();
    let taken = begun.elapsed();
    assert_eq!(faults.iter().map(|fault| fault.candidate).collect::<Vec<_>>(), [200]);
    assert!(votes.iter().enumerate().all(|(i, vote)| *vote == if i == 200 { FAULTED } else { GOOD }));
    assert!(taken < Duration::from_millis(3500), "{taken:?} with a timeout of 1 s");
}

#[test]
fn a_plugin_that_is_too_slow_for_a_full_batch_is_asked_about_fewer_turns_at_once() {
    let registry = misfit();
    let mut session = registry.session().unwrap();
    let (mut votes, mut faults) = (Vec::new(), Vec::new());
    let batch = batch_of(&["sleep 40"; 30]);
    let mut times = Vec::new();
    for _ in 0..2 {
        let begun = Instant::now();
        session.classify(&batch, &mut votes, &mut faults).unwrap();
        times.push(begun.elapsed());
        assert!(faults.is_empty(), "{faults:?}");
        assert_eq!(votes, vec![Vote::SILENT; 30]);
    }
    assert!(times[0] > Duration::from_secs(2), "a timeout, and all turns again: {times:?}");
    assert!(times[1] < times[0], "no timeout: {times:?}");
}

#[test]
fn what_is_left_of_a_batch_is_asked_in_calls_of_the_size_that_was_found() {
    let registry = misfit();
    let mut session = registry.session().unwrap();
    let (mut votes, mut faults) = (Vec::new(), Vec::new());
    session.classify(&batch_of(&["sleep 40"; 30]), &mut votes, &mut faults).unwrap();
    let begun = Instant::now();
    // Calls of 15 take 1.2 s, those of 7 are in time.
    session.classify(&batch_of(&["sleep 80"; 60]), &mut votes, &mut faults).unwrap();
    let taken = begun.elapsed();
    assert!(faults.is_empty(), "{faults:?}");
    assert!(
        taken < Duration::from_millis(60 * 80 + 3000),
        "one timeout of 1 s, and not one a call: {taken:?}"
    );
}

#[test]
fn a_copy_of_a_child_answers_nobody() {
    let registry = misfit();
    let mut session = registry.session().unwrap();
    let (mut votes, mut faults) = (Vec::new(), Vec::new());
    for turns in [["fine", "fork", "fine"], ["fine", "fine", "score"], ["print", "fine", "fine"]] {
        session.classify(&batch_of(&turns), &mut votes, &mut faults).unwrap();
        let votes_are_its_own = match turns {
            ["fine", "fork", _] => votes == [GOOD; 3],
            [_, _, "score"] => votes == [GOOD, GOOD, FAULTED],
            _ => votes == [Vote::SILENT, GOOD, GOOD],
        };
        assert!(votes_are_its_own, "{turns:?}: {votes:?}");
    }
}

#[test]
fn a_plugin_that_prints_does_not_disturb() {
    let (faults, votes) = classify(&misfit(), &batch_of(&["print", "fine"])).unwrap();
    assert!(faults.is_empty(), "{faults:?}");
    assert_eq!(votes, [Vote::SILENT, GOOD]);
}

#[test]
fn notes_come_back_where_they_are_wanted() {
    let registry = misfit();
    let mut session = registry.session().unwrap();
    session.want_notes();
    let (mut votes, mut faults) = (Vec::new(), Vec::new());
    session.classify(&batch_of(&["one", "three", "garbage"]), &mut votes, &mut faults).unwrap();
    assert_eq!(session.notes(), ["3 bytes", "5 bytes", "7 bytes"]);
    assert_eq!(faults.len(), 1);
}

#[test]
fn each_session_has_a_child_and_none_outlives_it() {
    let registry = misfit();
    let batch = batch_of(&["fine"; 256]);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(classify(&registry, &batch).unwrap().1, vec![GOOD; 256]));
        }
    });
    let begun = Instant::now();
    drop(registry);
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[test]
fn too_many_crashes_stop_the_run() {
    let spec = PluginSpec { max_faults: 2, ..isolated(PluginSpec::named("misfit")) };
    let registry = load(&spec).unwrap();
    let mut faults = Vec::new();
    let error = registry
        .session()
        .unwrap()
        .classify(&batch_of(&["abort"; 5]), &mut Vec::new(), &mut faults)
        .unwrap_err();
    assert!(matches!(error, HostError::TooManyFaults { max_faults: 2, .. }), "{error}");
    assert_eq!(faults.len(), 3, "those that were borne and the one that was not");
}

#[test]
fn a_plugin_that_does_not_start_is_refused_with_its_reason() {
    let with = |config| load(&PluginSpec { config, ..isolated(PluginSpec::named("misfit")) }).unwrap_err();
    let error = with(serde_json::json!({"refuse": true}));
    assert!(matches!(&error.cause, LoadCause::Create { reason, .. } if reason == "it does not feel like it"));
    let error = with(serde_json::json!({"crash": true}));
    assert!(error.to_string().contains("it crashed: signal: 6"), "{error}");
    let error = with(serde_json::json!({"crush": true}));
    assert_eq!(error.problems()[0].pointer, "/config/crush");

    let lost = LoadContext { built_in: &[&PLUGIN], ..LoadContext::default() };
    let error = Registry::load(&[isolated(PluginSpec::named("misfit"))], &lost).unwrap_err();
    assert!(matches!(error.cause, LoadCause::Child { .. }), "{error}");
}

#[test]
fn the_library_that_was_read_runs_on_where_another_takes_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let [first, second] =
        [("first", 5), ("second", 3)].map(|(name, category)| c_plugin(dir.path(), name, category, "", ""));
    let path = dir.path().join("plugin.so");
    let moved_there = |from: &Path| {
        std::fs::copy(from, dir.path().join("new.so")).unwrap();
        std::fs::rename(dir.path().join("new.so"), &path).unwrap();
    };
    let written_over = |from: &Path| {
        std::fs::copy(from, &path).unwrap();
    };
    for replace in [&moved_there as &dyn Fn(&Path), &written_over] {
        moved_there(&first);
        let registry = load(&isolated(PluginSpec::at(&path))).unwrap();
        replace(&second);
        // The crash ends the child that was started before; another one is asked about the other turn.
        let (faults, votes) = classify(&registry, &batch_of(&["x", "fine"])).unwrap();
        assert_eq!(faults.len(), 1, "{faults:?}");
        let accepted = Vote { verdict: Verdict::Accept(Category::Ur5), ..Vote::SILENT };
        assert_eq!(votes, [FAULTED, accepted]);
    }
}

#[test]
fn a_plugin_that_hangs_before_it_is_asked_is_given_the_time_of_the_config() {
    let dir = tempfile::tempdir().unwrap();
    let hang = "for (;;) pause();";
    let loading = c_plugin(dir.path(), "loading", 5, hang, "");
    let starting = c_plugin(dir.path(), "starting", 5, "", hang);
    for (library, name, doing) in [
        (&loading, loading.display().to_string(), "loading its library"),
        (&starting, "in-c".to_owned(), "starting it (`create`)"),
    ] {
        let begun = Instant::now();
        let error = load(&isolated(PluginSpec::at(library))).unwrap_err();
        assert!(begun.elapsed() < Duration::from_secs(10));
        assert_eq!(
            error.to_string(),
            format!(
                "plugin `{name}` is not ready in time: {doing} took longer than 1s, and its process was killed; a longer \
                 `timeout` in its [[plugin]] table leaves it more time"
            )
        );
        assert_eq!(error.problems()[0].pointer, "/timeout");
    }
}
