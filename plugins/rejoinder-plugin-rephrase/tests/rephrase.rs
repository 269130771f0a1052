//! What the classifier says of dialogues, through the plugin's border.
#![forbid(unsafe_code)]

use rejoinder_core::{Category, Verdict};
use rejoinder_plugin::testing::{Answer, Harness};
use rejoinder_plugin_rephrase::Rephrase;

fn vote(dialogue: &[&str]) -> Answer {
    Harness::<Rephrase>::new("{}").unwrap().classify(dialogue).unwrap()
}

const ACCEPT: Verdict = Verdict::Accept(Category::Ur1);

#[test]
fn the_same_request_after_a_refusal_is_accepted() {
    let request = "U: Which of the two phones in my cart has the better camera for night pictures?";
    let again = "U: So which of the two phones in my cart has the better camera for night pictures?";
    for turn in [request, again] {
        let vote = vote(&[request, "A: I'm sorry, but I cannot see your cart.", turn]);
        assert_eq!(vote.verdict, ACCEPT, "{turn}: {vote:?}");
        assert!(vote.score.unwrap() >= 0.8);
    }
}

#[test]
fn it_says_why_and_what_was_weighed() {
    let request = "U: Which of the two phones in my cart has the better camera for night pictures?";
    let vote = vote(&[request, "A: I'm sorry, but I cannot see your cart.", request]);
    assert_eq!(vote.reason, "the same request after a refusal");
    assert!(vote.note.starts_with("UR1 from -1.63; log of the words "), "{}", vote.note);
    assert!(vote.note.contains("; the answer refused 1.00 × +1.98; "), "{}", vote.note);
}

#[test]
fn the_nearest_turn_may_lie_far_back() {
    let mut dialogue = vec!["U: 请用一百个字介绍一下这座城市的历史和建筑", "A: 抱歉，我无法回答。"];
    for _ in 0..20 {
        dialogue.extend(["U: thanks for nothing", "A: As an AI, I cannot."]);
    }
    dialogue.push("U: 请用一百个字介绍这座城市的历史和建筑");
    let vote = vote(&dialogue);
    assert_eq!(vote.reason, "the same request after a refusal");
    assert!(vote.score.unwrap() > 0.5, "{vote:?}");
}

#[test]
fn a_request_that_grew_is_accepted() {
    let vote = vote(&[
        "U: write a function that removes all duplicate rows from a table of orders and keeps the latest one of each customer",
        "A: Here is a query.",
        "U: write a python function that removes all duplicate rows from a table of orders and keeps the latest one of each customer",
    ]);
    assert_eq!(vote.verdict, ACCEPT, "{vote:?}");
}

#[test]
fn the_same_work_on_new_data_is_left_alone() {
    for (first, second) in [
        ("U: how many grams of sugar are in 3 apples", "U: how many grams of sugar are in 4 apples"),
        ("U: translate into Danish: the train is late", "U: translate into Danish: my coffee was cold"),
        ("U: what is the capital of Norway", "U: what is the capital of Chad"),
    ] {
        let vote = vote(&[first, "A: Here you are.", second]);
        assert_eq!(vote.verdict, Verdict::Abstain, "{second}");
        assert!(vote.score.is_none_or(|s| s < 0.6), "{second}: {vote:?}");
    }
}

#[test]
fn menus_and_stock_phrases_are_left_alone() {
    let menu = "A: You stand at a fork.\n1. Go down the narrow stairs\n2. Knock at the door";
    let pick = "U: 1. Go down the narrow stairs";
    assert_eq!(vote(&[pick, menu, pick]).verdict, Verdict::Abstain);
    assert_eq!(vote(&["U: go on", "A: And so they left.", "U: go on"]).verdict, Verdict::Abstain);
}

#[test]
fn other_turns_get_no_score() {
    let vote = vote(&["U: sort this list", "A: [1, 2, 3]", "U: thanks, that helps"]);
    assert_eq!((vote.verdict, vote.score), (Verdict::Abstain, None));
}

#[test]
fn the_threshold_decides_what_is_sure() {
    let dialogue = [
        "U: list the birds that breed on this island and their numbers",
        "A: Gulls.",
        "U: list the birds that breed on this island and their numbers",
    ];
    let lenient = Harness::<Rephrase>::new(r#"{"threshold": 0.5}"#).unwrap();
    let strict = Harness::<Rephrase>::new(r#"{"threshold": 1}"#).unwrap();
    assert_eq!(lenient.classify(&dialogue).unwrap().verdict, ACCEPT);
    assert_eq!(strict.classify(&dialogue).unwrap().verdict, Verdict::Abstain);
}

#[test]
fn the_configuration_is_checked() {
    let error = |config| Harness::<Rephrase>::new(config).err().unwrap();
    assert_eq!(error(r#"{"treshold": 0.8}"#), "unknown field `treshold`, expected `threshold`");
    assert_eq!(error(r#"{"threshold": 1.5}"#), "`threshold` is a probability from 0.5 to 1, not 1.5");
}
