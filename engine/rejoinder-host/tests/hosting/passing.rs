//! Any batch of any conversations arrives at a plugin as it was pushed.

use std::borrow::Cow;
use std::sync::Mutex;

use proptest::prelude::*;
use rejoinder_core::{Category, Conversation, Hit, Message, Role};
use rejoinder_host::{Batch, ConversationContext, PluginSpec, abi};
use rejoinder_plugin::{BoxError, Candidate, Classifier, NoConfig, Route, Verdict, vtable};

use crate::common::{self, classify, registry};

/// All that a plugin can see of a candidate.
#[derive(Clone, Debug, PartialEq)]
struct Seen {
    id: u64,
    prior: f32,
    messages: Vec<(Role, String, Option<i64>)>,
    language: Option<String>,
    columns: Vec<(String, String)>,
    answer: Vec<String>,
    target: String,
    previous_answer: String,
    earlier_user_texts: Vec<String>,
    hits: Vec<SeenHit>,
}

/// A rule's id, the place of the match, and the rule's category and route.
type SeenHit = (String, std::ops::Range<usize>, Option<Category>, Option<Route>);

static SEEN: Mutex<Vec<Seen>> = Mutex::new(Vec::new());

struct Recorder;

impl Classifier for Recorder {
    const NAME: &'static str = "recorder";
    const VERSION: &'static str = "0.0.0";
    const ABOUT: &'static str = "remembers what it saw";
    const WANTS_COLUMNS: bool = true;
    type Config = NoConfig;

    fn new(_: NoConfig) -> Result<Self, BoxError> {
        Ok(Self)
    }

    fn classify(&self, candidate: Candidate<'_>) -> Verdict {
        SEEN.lock().unwrap().push(Seen {
            id: candidate.id(),
            prior: candidate.prior(),
            messages: candidate.messages().map(|m| (m.role(), m.text().into(), m.time())).collect(),
            language: candidate.language().map(String::from),
            columns: candidate.columns().map(|(name, value)| (name.into(), value.into())).collect(),
            answer: candidate.answer().map(|m| m.text().into()).collect(),
            target: candidate.target().text().into(),
            previous_answer: candidate.previous_answer().into(),
            earlier_user_texts: candidate.earlier_user_texts().map(String::from).collect(),
            hits: candidate.hits().map(|h| (h.rule().into(), h.span(), h.category(), h.route())).collect(),
        });
        Verdict::abstain()
    }
}

static RECORDER: abi::Plugin = vtable::<Recorder>();

fn conversations() -> impl Strategy<Value = Vec<Conversation<'static>>> {
    let role = prop::sample::select(vec![Role::System, Role::User, Role::User, Role::Assistant, Role::Tool]);
    let text = prop_oneof![Just(String::new()), "\\PC{0,12}", "[ \\n\u{200B}é谢🙂]{0,6}"];
    let message = (role, text, any::<Option<i32>>())
        .prop_map(|(role, text, time)| Message { time: time.map(i64::from), ..Message::new(role, text) });
    let conversation =
        prop::collection::vec(message, 1..8).prop_map(|messages| Conversation { id: "c".into(), messages });
    prop::collection::vec(conversation, 0..8)
}

proptest! {
    #[test]
    fn a_batch_passes_unchanged(
        conversations in conversations(),
        columns in prop::collection::vec(("\\PC{0,5}", "\\PC{0,9}"), 0..5),
    ) {
        let columns: Vec<(Cow<'_, str>, Cow<'_, str>)> =
            columns.iter().map(|(name, value)| (name.into(), value.into())).collect();
        let mut batch = Batch::new();
        // A batch that was used before must not remember.
        batch.begin_conversation(&common::dialogue(&["old", "older", "oldest"]), 2, &ConversationContext::default());
        batch.push_candidate(9, 2, 9.0, &[Hit { rule: 0, start: 0, end: 3 }]);
        batch.clear();

        let mut expected = Vec::new();
        for (number, conversation) in conversations.iter().enumerate() {
            let is_user = |&i: &usize| conversation.messages[i].role == Role::User;
            let Some(last) = (0..conversation.messages.len()).rev().find(is_user) else { continue };
            let columns = &columns[..number.min(columns.len())];
            let language = ["en", "yue", "und", ""][number % 4];
            batch.begin_conversation(conversation, last, &ConversationContext { language, columns });
            for turn in (0..=last).filter(is_user) {
                let text = &conversation.messages[turn].text;
                let id = expected.len() as u64;
                let span = 0..text.chars().next().map_or(0, char::len_utf8);
                batch.push_candidate(id, turn, id as f32, &[Hit { rule: 0, start: 0, end: span.end as u32 }]);
                expected.push(Seen {
                    id,
                    prior: id as f32,
                    messages: conversation.messages[..=turn].iter().map(|m| (m.role, m.text.to_string(), m.time)).collect(),
                    language: Some(language).filter(|language| language.len() > 1 && *language != "und").map(String::from),
                    columns: columns.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect(),
                    answer: conversation.judged_exchange(turn).map_or(Vec::new(), |exchange| {
                        exchange.answer().map(|m| conversation.messages[m].text.to_string()).collect()
                    }),
                    target: text.to_string(),
                    previous_answer: conversation.previous_answer(turn).into(),
                    earlier_user_texts: conversation.earlier_user_texts(turn).map(String::from).collect(),
                    hits: vec![("en.one".into(), span, Some(Category::Ur5), Some(Route::Accept))],
                });
            }
        }

        SEEN.lock().unwrap().clear();
        let registry = registry(&[PluginSpec::named("recorder")], &[&RECORDER]);
        let (faults, votes) = classify(&registry, &batch).unwrap();
        prop_assert!(faults.is_empty(), "{:?}", faults);
        prop_assert_eq!(votes.len(), batch.len());
        prop_assert_eq!(&*SEEN.lock().unwrap(), &expected);
    }
}

#[test]
#[should_panic(expected = "a candidate is a user message")]
fn only_user_messages_are_candidates() {
    let mut batch = Batch::new();
    batch.begin_conversation(&common::dialogue(&["q", "a"]), 1, &ConversationContext::default());
    batch.push_candidate(0, 1, 0.0, &[]);
}
