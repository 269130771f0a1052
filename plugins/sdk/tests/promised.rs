//! What version 1 promises, as an author's crate uses it: this file is only ever added to. What no longer compiles here breaks the
//! crates of authors, and needs a new major version.

use rejoinder_plugin::testing::{Answer, FactValue, Harness, Question, check_cases};
use rejoinder_plugin::{
    Asks, BoxError, Candidate, Category, Classifier, EarlierVote, Fact, FactValues, Hit, Message, Purpose,
    Role, Route, ScoreDeclaration, Selection, Verdict, VerdictKind,
};

#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Config {
    word: String,
    r#for: String,
}

struct Everything {
    word: String,
    purpose: Purpose,
}

impl Classifier for Everything {
    const NAME: &'static str = "everything";
    const VERSION: &'static str = "1.0.0";
    const ABOUT: &'static str = "uses all that there is";
    const CONFIG_SCHEMA: &'static str =
        r#"{"type": "object", "properties": {"word": {"type": "string"}, "for": {"type": "string"}}}"#;
    const REASONS: &'static [&'static str] = &["as asked"];
    const GIVES_VOTES: bool = true;
    const CANDIDATES: Asks =
        Asks::Selected(Selection::of_phrases(&["well done", "really"]).in_languages(&["en"]).of_words(1, 9));
    const FACTS: &'static [Fact] = &[
        Fact::number("length", "characters of the turn", 0.0..=1e9),
        Fact::truth("loud", "whether it is in capitals"),
        Fact::word("tone", "how it sounds", &["calm", "angry"]),
    ];
    const WANTS_COLUMNS: bool = true;
    const SCORES: Option<ScoreDeclaration> = Some(ScoreDeclaration::for_purposes("all kto").with_model(b""));
    type Config = Config;

    fn new(config: Config) -> Result<Self, BoxError> {
        if config.word == "none" {
            return Err("`word` must not be none".into());
        }
        let purpose = if config.r#for.is_empty() { Purpose::ALL } else { config.r#for.parse()? };
        Ok(Self { word: config.word, purpose })
    }

    fn classify(&self, candidate: Candidate<'_>) -> Verdict {
        let target: Message<'_> = candidate.target();
        candidate
            .note(|| format!("{} of {}: {:?}", candidate.id(), candidate.prior(), self.purpose.to_string()));
        let reads = |hit: Hit<'_>| -> (String, Option<Category>, Option<Route>) {
            (format!("{} {:?}", hit.rule(), hit.span()), hit.category(), hit.route())
        };
        let hits: Vec<_> = candidate.hits().map(reads).collect();
        let is_rejected = candidate
            .earlier_votes()
            .any(|vote: EarlierVote| vote.verdict == VerdictKind::Reject || vote.score.is_some());
        let said = (target.role() == Role::User, target.time().is_some(), candidate.goes_on(), is_rejected);
        let seen = candidate.messages().rev().len() + candidate.answer().len() + candidate.columns().len();
        let texts =
            (candidate.previous_answer(), candidate.earlier_user_texts().next(), candidate.language());
        let probs = [0.5, 0.1, 0.1, 0.1, 0.1, 0.1];
        match (target.text(), candidate.column("source")) {
            (text, _) if text == self.word => {
                Verdict::accept(Category::Ur5).with_score(0.5).because("as asked")
            }
            (_, Some("robot")) => Verdict::reject(),
            _ if hits.len() > 99 || seen > 99 || said.2 || texts.1 == Some("?") => Verdict::escalate(),
            _ => Verdict::abstain(),
        }
        .with_score(0.5)
        .with_probs(probs)
    }

    fn facts(&self, candidate: Candidate<'_>, facts: &mut FactValues<'_>) {
        let text = candidate.target().text();
        facts.number("length", text.chars().count() as f64);
        facts.truth("loud", !text.chars().any(char::is_lowercase));
        facts.word("tone", if text.contains('!') { "angry" } else { "calm" });
    }
}

#[test]
fn all_of_it_is_there() {
    let harness = Harness::<Everything>::new(r#"{"word": "Bravo!"}"#).unwrap();
    let answer: Answer = harness.classify(&["U: sort this", "A: [1]", "U: Bravo!"]).unwrap();
    assert_eq!(answer.verdict, VerdictKind::Accept(Category::Ur5));
    assert_eq!((answer.score, answer.reason), (Some(0.5), "as asked"));
    assert!(answer.probs.is_some() && answer.note.contains("0 of 0"), "{answer:?}");
    let dialogue = ["U: sort this", "A: [1]", "U: no"];
    let question = Question {
        dialogue: &dialogue,
        columns: &[("source", "robot")],
        language: "en",
        ..Question::default()
    };
    assert_eq!(harness.ask(&question).unwrap().verdict, VerdictKind::Reject);
    let facts = harness.facts(&question).unwrap();
    assert!(
        facts.contains(&("tone", FactValue::Word("calm")))
            && facts.contains(&("length", FactValue::Number(2.0)))
    );
    let refused = Harness::<Everything>::with_rules::<&str>(r#"{"word": "none"}"#, &[]).err().unwrap();
    assert_eq!(refused, "`word` must not be none");
    check_cases::<Everything>(
        "config = { word = \"yes\" }\n[[case]]\ndialogue = [\"U: a\", \"A: b\", \"U: yes\"]\nrules = [\"en.x\"]\n\
         expect = { verdict = \"accept\", category = \"UR5\", reason = \"as asked\", min-score = 0.5, max-score = 0.5 }\n",
    );
}
