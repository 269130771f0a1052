//! Plugins that panic, fail and lie: only the candidate that they fail on is escalated.

use std::sync::atomic::{AtomicU32, Ordering};

use rejoinder_core::{Verdict, Vote};
use rejoinder_host::{Batch, ConversationContext, HostError, OnFault, PluginSpec, abi};
use rejoinder_plugin::{BoxError, Candidate, Category, Classifier, NoConfig, vtable};

use crate::common::{classify, dialogue, registry};

/// Panics where the candidate says so, rejects everything else.
struct Touchy;

static CREATED: AtomicU32 = AtomicU32::new(0);
static DROPPED: AtomicU32 = AtomicU32::new(0);

impl Classifier for Touchy {
    const NAME: &'static str = "touchy";
    const VERSION: &'static str = "0.0.0";
    const ABOUT: &'static str = "panics on demand";
    type Config = NoConfig;

    fn new(_: NoConfig) -> Result<Self, BoxError> {
        CREATED.fetch_add(1, Ordering::Relaxed);
        Ok(Self)
    }

    fn classify(&self, candidate: Candidate<'_>) -> rejoinder_plugin::Verdict {
        assert!(!candidate.target().text().starts_with("bad"), "I do not like {}", candidate.id());
        rejoinder_plugin::Verdict::reject().with_score(0.25)
    }
}

impl Drop for Touchy {
    fn drop(&mut self) {
        DROPPED.fetch_add(1, Ordering::Relaxed);
    }
}

static TOUCHY: abi::Plugin = vtable::<Touchy>();
/// The same, one state a session.
static TOUCHY_ALONE: abi::Plugin =
    abi::Plugin { flags: abi::GIVES_VOTES, name: abi::Str::from_static("alone"), ..vtable::<Touchy>() };

fn batch(n: u64, is_bad: impl Fn(u64) -> bool) -> Batch {
    let mut batch = Batch::new();
    for id in 0..n {
        let conversation = dialogue(&["q", "a", if is_bad(id) { "bad" } else { "good" }]);
        batch.begin_conversation(&conversation, 2, &ConversationContext::default());
        batch.push_candidate(id, 2, 0.0, &[]);
    }
    batch
}

#[test]
fn a_panic_escalates_the_one_candidate_and_the_others_are_classified() {
    let bad = |id| [0, 77, 255].contains(&id);
    let batch = batch(256, bad);
    assert!(batch.is_full());
    for (name, plugin) in [("touchy", &TOUCHY), ("alone", &TOUCHY_ALONE)] {
        let registry = registry(&[PluginSpec::named(name)], &[plugin]);
        let (faults, votes) = classify(&registry, &batch).unwrap();
        assert_eq!(faults.iter().map(|f| f.id).collect::<Vec<_>>(), [0, 77, 255]);
        assert_eq!(faults[1].message, "panicked: I do not like 77");
        assert_eq!(registry.plugins()[0].faults(), 3);
        for (id, vote) in (0..).zip(&votes) {
            let expected = if bad(id) {
                Vote::FAULT
            } else {
                Vote { verdict: Verdict::Reject, score: Some(0.25), ..Vote::SILENT }
            };
            assert_eq!(*vote, expected, "{name} {id}");
        }
    }
    assert!(CREATED.load(Ordering::Relaxed) > 2, "a state that failed is made anew");
}

#[test]
fn threads_share_a_concurrent_plugin_through_its_faults() {
    let registry = registry(&[PluginSpec { max_faults: 1000, ..PluginSpec::named("touchy") }], &[&TOUCHY]);
    let batch = batch(64, |id| id % 16 == 3);
    std::thread::scope(|scope| {
        let workers: Vec<_> =
            (0..4).map(|_| scope.spawn(|| classify(&registry, &batch).unwrap().0.len())).collect();
        assert!(workers.into_iter().all(|w| w.join().unwrap() == 4));
    });
    assert_eq!(registry.plugins()[0].faults(), 16);
}

#[test]
fn too_many_faults_or_the_first_stop_the_run() {
    let batch = batch(8, |id| id >= 2);
    let registry = |on_fault, max_faults| {
        registry(&[PluginSpec { on_fault, max_faults, ..PluginSpec::named("touchy") }], &[&TOUCHY])
    };
    let lenient = registry(OnFault::Escalate, 6);
    assert_eq!(classify(&lenient, &batch).unwrap().0.len(), 6);
    let error = classify(&lenient, &batch).unwrap_err();
    assert!(matches!(&error, HostError::TooManyFaults { max_faults: 6, fault } if fault.id == 2), "{error}");

    let error = classify(&registry(OnFault::Abort, 100), &batch).unwrap_err();
    assert_eq!(
        error.to_string(),
        "plugin `touchy` failed on a turn: panicked: I do not like 2 (on-fault = \"abort\")"
    );
}

#[test]
fn the_next_plugin_sees_a_fault_as_an_escalation() {
    struct Follower;
    impl Classifier for Follower {
        const NAME: &'static str = "follower";
        const VERSION: &'static str = "0.0.0";
        const ABOUT: &'static str = "accepts what the one before it rejected";
        type Config = NoConfig;
        fn new(_: NoConfig) -> Result<Self, BoxError> {
            Ok(Self)
        }
        fn classify(&self, candidate: Candidate<'_>) -> rejoinder_plugin::Verdict {
            let votes: Vec<_> = candidate.earlier_votes().map(|v| (v.verdict, v.score)).collect();
            match votes.as_slice() {
                [(Verdict::Reject, Some(0.25))] => rejoinder_plugin::Verdict::accept(Category::Ur5),
                [(Verdict::Escalate, None)] => rejoinder_plugin::Verdict::abstain(),
                other => panic!("{other:?}"),
            }
        }
    }
    static FOLLOWER: abi::Plugin = vtable::<Follower>();
    let registry =
        registry(&[PluginSpec::named("touchy"), PluginSpec::named("follower")], &[&TOUCHY, &FOLLOWER]);
    let (faults, votes) = classify(&registry, &batch(3, |id| id == 1)).unwrap();
    assert_eq!(faults.len(), 1);
    let seconds: Vec<_> = votes.iter().skip(1).step_by(2).map(|v| v.verdict).collect();
    assert_eq!(seconds, [Verdict::Accept(Category::Ur5), Verdict::Abstain, Verdict::Accept(Category::Ur5)]);
}

/// Writes nonsense into the outputs: which, its candidates say by their ids.
unsafe extern "C" fn lie(
    _: *mut abi::State,
    batch: *const abi::Batch,
    out: *mut abi::Output,
    _: *mut abi::Error,
) -> abi::Status {
    // SAFETY: the host passes a batch and columns of its length.
    unsafe {
        let (batch, out) = (&*batch, &*out);
        for i in 0..batch.n as usize {
            match *batch.id.add(i) {
                0 => out.verdict.add(i).write(4),
                1 => out.verdict.add(i).write(abi::verdict::ACCEPT),
                2 => {
                    out.verdict.add(i).write(abi::verdict::ACCEPT);
                    out.category.add(i).write(6);
                }
                3 => out.category.add(i).write(1),
                4 => out.score.add(i).write(1.01),
                5 => out.score.add(i).write(f32::NEG_INFINITY),
                6 => out.probs.add(i * abi::PROBS + 5).write(0.5),
                _ => {
                    out.verdict.add(i).write(abi::verdict::ACCEPT);
                    out.category.add(i).write(5);
                    out.score.add(i).write(1.0);
                }
            }
        }
    }
    abi::status::OK
}

#[test]
fn answers_that_are_not_allowed_are_faults_of_their_candidate_only() {
    static LIAR: abi::Plugin = abi::Plugin { classify_batch: Some(lie), ..vtable::<Touchy>() };
    let registry = registry(&[PluginSpec::named("touchy")], &[&LIAR]);
    let (faults, votes) = classify(&registry, &batch(8, |_| false)).unwrap();
    let messages: Vec<_> = faults.iter().map(|f| (f.candidate, f.message.as_str())).collect();
    assert_eq!(
        messages,
        [
            (0, "it gave the verdict 4, which is not 0 to 3"),
            (1, "it accepted the category 0, which is not 1 to 5"),
            (2, "it accepted the category 6, which is not 1 to 5"),
            (3, "it gave the category 1 without accepting"),
            (4, "it gave the score 1.01, which is not in [0, 1]"),
            (5, "it gave the score -inf, which is not in [0, 1]"),
            (
                6,
                "it gave the probabilities [NaN, NaN, NaN, NaN, NaN, 0.5], and not all of them are in [0, 1]"
            ),
        ]
    );
    assert!(votes[..7].iter().all(|v| v.is_fault() && v.verdict == Verdict::Escalate && v.score.is_none()));
    assert_eq!((votes[7].verdict, votes[7].score), (Verdict::Accept(Category::Ur5), Some(1.0)));
}

#[test]
fn a_plugin_that_says_nothing_of_its_failure_is_quoted_by_status() {
    unsafe extern "C" fn fail(
        _: *mut abi::State,
        _: *const abi::Batch,
        _: *mut abi::Output,
        _: *mut abi::Error,
    ) -> abi::Status {
        abi::status::FAILED
    }
    static MUTE: abi::Plugin = abi::Plugin { classify_batch: Some(fail), ..vtable::<Touchy>() };
    let (faults, _) =
        classify(&registry(&[PluginSpec::named("touchy")], &[&MUTE]), &batch(2, |_| false)).unwrap();
    assert_eq!(faults.len(), 2);
    assert_eq!(faults[0].message, "it failed with status 3 and does not say why");
}

#[test]
fn every_state_is_destroyed_and_an_empty_batch_is_no_call() {
    let dropped = DROPPED.load(Ordering::Relaxed);
    let registry = registry(&[PluginSpec::named("alone")], &[&TOUCHY_ALONE]);
    let (faults, votes) = classify(&registry, &Batch::new()).unwrap();
    assert!(faults.is_empty() && votes.is_empty());
    // One to try the configuration, one for the session.
    assert!(DROPPED.load(Ordering::Relaxed) >= dropped + 2);
}

#[test]
fn a_session_moves_to_its_thread() {
    fn assert_send<T: Send>(_: &T) {}
    assert_send(&registry(&[PluginSpec::named("alone")], &[&TOUCHY_ALONE]).session().unwrap());
}
