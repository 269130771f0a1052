//! A classifier's answers, errors and panics as they arrive on the other side of the border.

use rejoinder_core::{Role, Verdict as Kind};
use rejoinder_plugin::testing::{FactValue, Harness, Question, Rule};
use rejoinder_plugin::{
    Asks, BoxError, Candidate, Category, Classifier, Fact, FactValues, Message, NoConfig, Route,
    ScoreDeclaration, Selection, Verdict, abi, vtable,
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

/// Knows what a question tells it, and nothing else; it only gives facts.
struct Knower;

impl Classifier for Knower {
    const NAME: &'static str = "knower";
    const VERSION: &'static str = "0.0.0";
    const ABOUT: &'static str = "gives facts alone";
    const GIVES_VOTES: bool = false;
    const WANTS_COLUMNS: bool = true;
    const CANDIDATES: Asks =
        Asks::Selected(Selection::of_phrases(&["what the hell"]).in_languages(&["en", "de"]).of_words(1, 9));
    const FACTS: &'static [Fact] = &[
        Fact::word("model", "who answered", &["small", "large"]),
        Fact::number("wait", "seconds until the turn", 0.0..=100.0),
        Fact::truth("english", "whether it is"),
        Fact::word("tone", "never known", &["calm", "angry"]),
    ];
    type Config = NoConfig;

    fn new(_: NoConfig) -> Result<Self, BoxError> {
        Ok(Self)
    }

    fn classify(&self, _: Candidate<'_>) -> Verdict {
        Verdict::abstain()
    }

    fn facts(&self, candidate: Candidate<'_>, facts: &mut FactValues<'_>) {
        if let Some(model) = candidate.column("model") {
            facts.word("model", model);
        }
        let answered = candidate.answer().next_back().and_then(Message::time);
        if let (Some(said), Some(answered)) = (candidate.target().time(), answered) {
            facts.number("wait", (said - answered) as f64 / 1000.0);
        }
        facts.truth("english", candidate.language() == Some("en"));
        if candidate.target().text() == "typo" {
            facts.truth("englsh", true);
        }
    }
}

#[test]
fn facts_cross_with_the_columns_the_language_and_the_times_that_they_are_made_of() {
    let harness = Harness::<Knower>::new("{}").unwrap();
    let question = Question {
        dialogue: &["U: q", "A: a", "T: 42", "U: hm"],
        language: "en",
        columns: &[("user", "7"), ("model", "large")],
        times: &[0, 1000, 2000, 9500],
        ..Question::default()
    };
    let known = harness.facts(&question).unwrap();
    assert_eq!(
        known,
        [
            ("model", FactValue::Word("large")),
            ("wait", FactValue::Number(8.5)),
            ("english", FactValue::Truth(true))
        ]
    );
    let unknown = harness.facts(&Question { dialogue: &["U: hm"], ..Question::default() }).unwrap();
    assert_eq!(unknown, [("english", FactValue::Truth(false))]);
    let failed = |question| harness.facts(&question).unwrap_err();
    let typo = Question { dialogue: &["U: typo"], ..Question::default() };
    assert_eq!(failed(typo), "the fact `englsh` is not among its FACTS");
    assert_eq!(
        failed(Question { columns: &[("model", "huge")], ..question.clone() }),
        "the fact `model` cannot be the word `huge`"
    );
    assert_eq!(
        failed(Question { times: &[0, 0, 0, 900_000], ..question }),
        "the fact `wait` is 900, which is not between 0 and 100"
    );
}

#[test]
fn what_is_given_and_asked_for_is_declared_in_the_table() {
    let (probe, knower) = (vtable::<Probe>(), vtable::<Knower>());
    assert_eq!(probe.flags, abi::FLAG_CONCURRENT | abi::GIVES_VOTES);
    assert!(probe.facts_batch.is_none() && probe.facts.is_null() && probe.selection.is_null());
    assert_eq!(probe.asks, abi::asks::DEFAULT);
    assert_eq!(knower.flags, abi::FLAG_CONCURRENT | abi::GIVES_FACTS | abi::WANTS_COLUMNS);
    assert!(knower.classify_batch.is_none() && knower.facts_batch.is_some());
    assert_eq!((knower.asks, knower.n_facts), (abi::asks::SELECTED, 4));
    // SAFETY: the table's facts, words and selection are static, and as many as it says.
    unsafe {
        let facts = std::slice::from_raw_parts(knower.facts, 4);
        assert_eq!(facts.iter().map(|fact| fact.kind).collect::<Vec<_>>(), [3, 1, 2, 3]);
        assert_eq!((facts[1].least, facts[1].most, facts[1].name.get()), (0.0, 100.0, Some("wait")));
        let words = |fact: &abi::Fact| {
            let words = std::slice::from_raw_parts(fact.words, fact.n_words as usize);
            words.iter().map(|word| word.get().unwrap()).collect::<Vec<_>>()
        };
        assert_eq!([words(&facts[0]), words(&facts[3])], [["small", "large"], ["calm", "angry"]]);
        let selection = &*knower.selection;
        assert_eq!((selection.min_words, selection.max_words, selection.n_languages), (1, 9, 2));
        assert_eq!((*selection.phrases).get(), Some("what the hell"));
        assert_eq!((*selection.languages.add(1)).get(), Some("de"));
    }
}

#[test]
fn a_hit_shows_the_category_and_the_route_of_its_rule() {
    struct Reader;
    impl Classifier for Reader {
        const NAME: &'static str = "reader";
        const VERSION: &'static str = "0.0.0";
        const ABOUT: &'static str = "says what rules say";
        type Config = NoConfig;

        fn new(_: NoConfig) -> Result<Self, BoxError> {
            Ok(Self)
        }

        fn classify(&self, candidate: Candidate<'_>) -> Verdict {
            candidate.hits().for_each(|hit| {
                candidate.note(|| format!("{} {:?} {:?};", hit.rule(), hit.category(), hit.route()));
            });
            Verdict::abstain()
        }
    }
    let rules = [
        Rule { id: "en.a", category: Some(Category::Ur2), route: Route::Accept },
        Rule { id: "en.b", category: None, route: Route::Score },
    ];
    let harness = Harness::<Reader>::with_rules("{}", &rules).unwrap();
    let hits = [(0, 0..2), (1, 0..1), (2, 0..1)];
    let answer = harness.ask(&Question { dialogue: &["U: hm"], hits: &hits, ..Question::default() }).unwrap();
    assert_eq!(answer.note, "en.a Some(Ur2) Some(Accept);en.b None Some(Score); None None;");
}
