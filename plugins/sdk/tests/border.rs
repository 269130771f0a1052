//! A classifier's answers, errors and panics as they arrive on the other side of the border.

use rejoinder_core::{Role, Verdict as Kind};
use rejoinder_plugin::testing::Harness;
use rejoinder_plugin::{
    BoxError, Candidate, Category, Classifier, Message, NoConfig, ScoreDeclaration, Verdict, abi, vtable,
};

#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Config {
    word: String,
}

struct Probe(Config);

impl Classifier for Probe {
    const NAME: &'static str = "probe";
    const VERSION: &'static str = "0.0.0";
    const ABOUT: &'static str = "does what its candidate says";
    type Config = Config;

    fn new(config: Config) -> Result<Self, BoxError> {
        if config.word == "bad" { Err("the word is bad".into()) } else { Ok(Self(config)) }
    }

    fn classify(&self, candidate: Candidate<'_>) -> Verdict {
        match candidate.target().text() {
            "accept" => {
                Verdict::accept(Category::Ur3).with_score(0.5).with_probs([0.5, 0.0, 0.0, 0.5, 0.0, 0.0])
            }
            "reject" => Verdict::reject(),
            "escalate" => Verdict::escalate(),
            "panic" => panic!("asked to with {}", self.0.word),
            "context" => {
                let roles: Vec<Role> = candidate.messages().map(Message::role).collect();
                assert_eq!(
                    roles,
                    [Role::System, Role::User, Role::Assistant, Role::Tool, Role::Assistant, Role::User]
                );
                assert_eq!(candidate.earlier_user_texts().collect::<Vec<_>>(), ["héllo"]);
                assert_eq!(candidate.previous_answer(), "first");
                assert_eq!((candidate.hits().len(), candidate.earlier_votes().len()), (0, 0));
                Verdict::abstain()
            }
            _ => Verdict::abstain(),
        }
    }
}

fn harness() -> Harness<Probe> {
    Harness::new(r#"{"word": "glee"}"#).unwrap()
}

#[test]
fn verdicts_scores_and_probabilities_cross() {
    let vote = harness().classify(&["U: accept"]).unwrap();
    assert_eq!((vote.verdict, vote.score), (Kind::Accept(Category::Ur3), Some(0.5)));
    assert_eq!(vote.probs, Some([0.5, 0.0, 0.0, 0.5, 0.0, 0.0]));
    for (text, kind) in [("reject", Kind::Reject), ("escalate", Kind::Escalate), ("", Kind::Abstain)] {
        let vote = harness().classify(&[&format!("U: {text}")]).unwrap();
        assert_eq!((vote.verdict, vote.score, vote.probs), (kind, None, None));
    }
}

#[test]
fn the_conversation_is_seen_up_to_the_target() {
    harness().classify(&["S: s", "U: héllo", "A: first", "T: 42", "A:   ", "U: context"]).unwrap();
}

#[test]
fn a_panic_is_a_message_and_the_classifier_lives_on() {
    let harness = harness();
    assert_eq!(harness.classify(&["U: panic"]).unwrap_err(), "panicked: asked to with glee");
    assert!(harness.classify(&["U: reject"]).is_ok());
}

#[test]
fn scores_are_declared_in_the_table() {
    struct Scoring;
    impl Classifier for Scoring {
        const NAME: &'static str = "scoring";
        const VERSION: &'static str = "0.0.0";
        const ABOUT: &'static str = "declares scores";
        const SCORES: Option<ScoreDeclaration> =
            Some(ScoreDeclaration::for_purposes("all UR2,UR5").with_model(b"RJM"));
        type Config = NoConfig;

        fn new(_: NoConfig) -> Result<Self, BoxError> {
            Ok(Self)
        }

        fn classify(&self, _: Candidate<'_>) -> Verdict {
            Verdict::abstain()
        }
    }
    let (plain, scoring) = (vtable::<Probe>(), vtable::<Scoring>());
    assert_eq!((plain.flags & abi::GIVES_SCORES, scoring.flags & abi::GIVES_SCORES), (0, abi::GIVES_SCORES));
    // SAFETY: the table's strings and bytes are static.
    unsafe {
        assert_eq!((plain.score_purposes.get(), plain.model.get()), (Some(""), &[][..]));
        assert_eq!((scoring.score_purposes.get(), scoring.model.get()), (Some("all UR2,UR5"), &b"RJM"[..]));
    }
}

#[test]
fn configuration_errors_name_the_key() {
    let error = |config| Harness::<Probe>::new(config).err().unwrap();
    assert_eq!(error(r#"{"wrod": "x"}"#), "unknown field `wrod`, expected `word`");
    assert_eq!(error(r#"{"word": 1}"#), "invalid type: integer `1`, expected a string");
    assert_eq!(error(r#"{"word": "bad"}"#), "the word is bad");
}
