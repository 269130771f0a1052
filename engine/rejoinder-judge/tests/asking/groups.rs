//! Turns that share a request: what the store knows of each, and what is not asked again.

use std::ops::ControlFlow;

use rejoinder_judge::prompt::AnswerFormat;
use rejoinder_judge::{AskReport, JudgeConfig, Question, QuestionForm, ask};

use crate::support::server::{
    Dialect, Response, Server, by_letters, lettered, letters, letters_in, pattern, wanted,
};
use crate::support::{NONE, Store, config, form, question, store};

const TEXTS: [&str; 4] = ["thanks", "no, in Rust", "go on", "thank you"];

fn group(ordinals: impl IntoIterator<Item = u64>) -> Vec<Question> {
    ordinals
        .into_iter()
        .map(|ordinal| question(ordinal, &format!("{} {ordinal}", TEXTS[ordinal as usize % 4])))
        .collect()
}

fn shared(server: &Server, answer: AnswerFormat) -> JudgeConfig {
    JudgeConfig { answer: Some(answer), turns_per_request: 4, ..config(server) }
}

/// Asks about groups of questions.
fn ask_groups(
    store: &Store,
    config: &JudgeConfig,
    form: &QuestionForm,
    groups: Vec<Vec<Question>>,
) -> AskReport {
    let source = Box::new(move |sink: &mut dyn FnMut(_) -> ControlFlow<()>| {
        let _ = groups.into_iter().try_for_each(sink);
    });
    let go_on = &mut |_: &_| ControlFlow::Continue(());
    ask(config, form, source, &store.within(NONE), go_on).unwrap()
}

#[test]
fn a_turn_that_a_group_has_answered_is_found_alone_and_in_other_sizes() {
    for answer in [AnswerFormat::Letters, AnswerFormat::Json] {
        let server = Server::start(by_letters);
        let config = shared(&server, answer);
        let store = store();
        let asked = ask_groups(&store, &config, &form(&config), vec![group(0..4)]);
        assert_eq!((asked.progress.answered, server.requests()), (1, 1));
        for turns_per_request in [1, 4, 50] {
            let config = JudgeConfig { turns_per_request, ..config.clone() };
            let form = form(&config);
            for question in group(0..4) {
                assert!(form.is_answered(&question, &store.replies).unwrap(), "{turns_per_request}");
                let asked = ask_groups(&store, &config, &form, vec![vec![question]]);
                assert_eq!(
                    (asked.progress.from_store, asked.progress.attempts),
                    (1, 0),
                    "{turns_per_request}"
                );
            }
        }
        assert!(!form(&config).is_answered(&group([4])[0], &store.replies).unwrap());
    }
}

/// A turn that was refused alone shares a request later: what is stored of it is not asked once more.
#[test]
fn what_is_stored_of_a_turn_alone_is_not_asked_again_when_its_group_comes_apart() {
    for answer in [AnswerFormat::Letters, AnswerFormat::Json] {
        let server = Server::start(|r| match r.prompt().contains("go on") {
            true => Response::new(400, r#"{"error":{"message":"filtered"}}"#),
            false => by_letters(r),
        });
        let config = shared(&server, answer);
        let form = form(&config);
        let store = store();
        let alone = ask_groups(&store, &config, &form, vec![group([4]), group([2])]);
        assert_eq!((alone.progress.answered, alone.progress.refused, server.requests()), (1, 1, 2));
        assert!(form.stands_alone(&group([2])[0], &store.replies).unwrap());
        let asked = ask_groups(&store, &config, &form, vec![group(0..4)]);
        // The group, the example, the halves, and the one turn of the second half that nothing is known of.
        assert_eq!((asked.progress.attempts, server.requests()), (5, 7), "{asked:?}");
        assert_eq!((asked.progress.refused, asked.progress.apart), (0, 3));
        assert!(form.stands_alone(&group([2])[0], &store.replies).unwrap());
        let again = ask_groups(&store, &config, &form, vec![group(0..4)]);
        assert_eq!(again.progress.attempts, 0);
    }
}

#[test]
fn the_answer_of_a_single_letter_with_the_long_window_is_taken_in_every_form() {
    let server = Server::start(by_letters);
    let old = JudgeConfig { window: None, ..config(&server) };
    let store = store();
    ask_groups(&store, &old, &form(&old), group(0..4).into_iter().map(|question| vec![question]).collect());
    assert_eq!(server.requests(), 4);
    for answer in [AnswerFormat::Label, AnswerFormat::Letters, AnswerFormat::Json] {
        let config = shared(&server, answer);
        let form = form(&config);
        for question in group(0..4) {
            assert!(form.is_answered(&question, &store.replies).unwrap(), "{answer:?}");
        }
        let other = JudgeConfig { model: "n".to_owned(), ..config };
        let other = crate::support::form(&other);
        assert!(!other.is_answered(&group([0])[0], &store.replies).unwrap(), "another model said it");
    }
}

#[test]
fn turns_of_any_length_and_script_get_their_own_letters() {
    let server = Server::start(|r| letters_in(Dialect::Structured, r, pattern));
    let long = "and more ".repeat(4_000);
    let texts = [
        format!("thanks {long}"),
        "謝謝 thank you 很好".to_owned(),
        format!("{}no", "🧨".repeat(3_000)),
        "ありがとう\n\n# user: x\n".to_owned(),
        String::new(),
        "\u{0}\u{1b}[31m thank\u{301} you".to_owned(),
        "x".repeat(60_000),
    ];
    let questions: Vec<Question> = (0..).zip(&texts).map(|(ordinal, text)| question(ordinal, text)).collect();
    let config = JudgeConfig { turns_per_request: 50, ..shared(&server, AnswerFormat::Letters) };
    let form = form(&config);
    let store = store();
    let asked = ask_groups(&store, &config, &form, vec![questions.clone()]);
    assert_eq!((asked.progress.answered, server.requests()), (1, 1));
    let chains = form.follow(&questions, &store.replies).unwrap();
    let [chain] = chains.as_slice() else { panic!("{chains:?}") };
    let said: Vec<bool> = form
        .findings(&questions, chain)
        .iter()
        .map(|turns| matches!(turns[0].finding, rejoinder_judge::Finding::Feedback { .. }))
        .collect();
    assert_eq!(said, [true, true, false, false, false, true, false]);
}

#[test]
fn an_answer_that_names_a_turn_twice_or_in_vain_says_nothing_of_the_others() {
    // Whatever comes after the group is asked alone and answered.
    let server = Server::start(|r| match wanted(Dialect::Structured, &r.body) {
        Some(wanted) if wanted.turns > 1 => {
            let mut said = letters(r, &wanted, pattern);
            said.swap(0, 1);
            said.truncate(wanted.turns - 1);
            lettered(r, &said, &wanted)
        }
        _ => by_letters(r),
    });
    let config = shared(&server, AnswerFormat::Letters);
    let form = form(&config);
    let store = store();
    let asked = ask_groups(&store, &config, &form, vec![group(0..4)]);
    assert_eq!((asked.progress.answered, asked.progress.apart, server.requests()), (2, 1, 2));
    let chains = form.follow(&group(0..4), &store.replies).unwrap();
    let ranges: Vec<_> = chains.iter().map(|chain| chain.questions.clone()).collect();
    assert_eq!(ranges, [0..3, 3..4]);
}
