//! What models say, beside what onnxruntime says of them.

use std::path::Path;
use std::time::Instant;

use rejoinder_core::Verdict;
use rejoinder_plugin::testing::{Answer, FactValue, Harness, Question};
use rejoinder_plugin::{Category, abi};
use rejoinder_plugin_onnx::Onnx;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{DATA, config, refused};

/// A text, and what onnxruntime says of it.
#[derive(Deserialize)]
struct Expected {
    turn: String,
    answer: String,
    values: Vec<f32>,
}

fn expected(folder: &Path) -> Vec<Expected> {
    let text = std::fs::read_to_string(folder.join("expected.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn model(over: &Value) -> Harness<Onnx> {
    Harness::new(&config(over).to_string()).unwrap()
}

fn ask(model: &Harness<Onnx>, turn: &str, answer: &str) -> Answer {
    model.classify(&["U: what?", &format!("A: {answer}"), &format!("U: {turn}")]).unwrap()
}

fn softmax(values: &[f32]) -> Vec<f32> {
    let exponentials: Vec<f32> = values.iter().map(|value| value.exp()).collect();
    let sum: f32 = exponentials.iter().sum();
    exponentials.iter().map(|value| value / sum).collect()
}

/// The greatest difference of a model's probabilities to those of onnxruntime, over all texts of a folder.
fn greatest_difference(model: &Harness<Onnx>, folder: &Path) -> f32 {
    let expected = expected(folder);
    assert!(expected.len() > 5);
    let difference = |expected: &Expected| {
        let probs = ask(model, &expected.turn, &expected.answer).probs.unwrap();
        let wanted = softmax(&expected.values);
        probs.iter().zip(&wanted).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
    };
    expected.iter().map(difference).fold(0.0, f32::max)
}

#[test]
fn the_probabilities_are_those_of_onnxruntime() {
    let difference = greatest_difference(&model(&json!({})), Path::new(DATA));
    assert!(difference < 1e-4, "{difference}");
}

#[test]
#[ignore = "needs the model that .ci/onnx makes, in the folder that REJOINDER_ONNX_MINILM names"]
fn the_probabilities_of_minilm_are_those_of_onnxruntime() {
    let folder = std::env::var("REJOINDER_ONNX_MINILM").expect("REJOINDER_ONNX_MINILM is set");
    let file = |name: &str| Path::new(&folder).join(name).display().to_string();
    let files = json!({"model": file("model.onnx"), "tokenizer": file("tokenizer.json")});
    let (model, begun) = (model(&files), Instant::now());
    let difference = greatest_difference(&model, Path::new(&folder));
    let turns = expected(Path::new(&folder)).len();
    println!("{turns} turns, {:.1?} a turn, difference {difference:.1e}", begun.elapsed() / turns as u32);
    assert!(difference < 1e-3, "{difference}");
}

#[test]
fn an_answer_depends_on_nothing_but_the_texts() {
    let (one, other) = (model(&json!({})), model(&json!({})));
    let first = ask(&one, "no thanks", "the list");
    ask(&one, "please sort the list now", "");
    for again in [ask(&one, "no thanks", "the list"), ask(&other, "no thanks", "the list")] {
        assert_eq!((again.probs, again.score), (first.probs, first.score));
    }
    assert_ne!(ask(&one, "no thanks", "sort it").probs, first.probs);
    let alone = model(&json!({"pair": null}));
    assert_eq!(ask(&alone, "no", "the list").probs, ask(&alone, "no", "it").probs);
}

#[test]
fn thresholds_decide_and_reasons_say_so() {
    let said = |over: Value| {
        let answer = ask(&model(&over), "no", "the list");
        (answer.verdict, answer.reason)
    };
    let low = f32::MIN_POSITIVE;
    assert_eq!(said(json!({})), (Verdict::Abstain, ""));
    assert_eq!(
        said(json!({"escalate-at": low})),
        (Verdict::Escalate, "the model holds it for possible feedback")
    );
    assert_eq!(
        said(json!({"escalate-at": low, "reject-at": low})),
        (Verdict::Reject, "the model is sure that it is no feedback")
    );
    let accepted = ask(&model(&json!({"reject-at": low, "accept-at": low})), "no", "the list");
    let probs = accepted.probs.unwrap();
    let category = Category::ALL.into_iter().max_by(|&a, &b| probs[a as usize].total_cmp(&probs[b as usize]));
    assert_eq!(accepted.verdict, Verdict::Accept(category.unwrap()));
    assert_eq!(accepted.reason, "the model is sure of the category");
}

#[test]
fn the_score_is_of_what_is_wanted_and_a_note_names_the_labels() {
    let all = ask(&model(&json!({})), "why?", "it");
    let probs = all.probs.unwrap();
    assert!((all.score.unwrap() - (1.0 - probs[0])).abs() < 1e-5);
    assert!(all.note.starts_with("none 0.") && all.note.contains(", UR5 0."), "{}", all.note);
    let praise = ask(&model(&json!({"for": "UR5"})), "why?", "it");
    assert_eq!(praise.score, Some(probs[5]));
    let labels = json!(["none", "none", "none", "feedback", "feedback", "feedback"]);
    let feedback = ask(&model(&json!({"labels": labels})), "why?", "it");
    assert!((feedback.score.unwrap() - probs[3..].iter().sum::<f32>()).abs() < 1e-5);
    assert_eq!(feedback.probs, None);
    let other = ask(&model(&json!({"labels": ["a", "b", "c", "d", "e", "f"]})), "why?", "it");
    assert_eq!((other.score, other.probs), (None, None));
}

#[test]
fn what_cannot_be_run_is_refused_before_the_run() {
    let tokenizer = format!("{DATA}/tokenizer.json");
    for (over, words) in [
        (json!({"model": "no/such.onnx"}), "cannot read the model `no/such.onnx`"),
        (json!({"model": tokenizer}), "tokenizer.json`: it cannot be run: "),
        (json!({"tokenizer": "no/such.json"}), "cannot read the tokenizer `no/such.json`"),
        (json!({"tokenizer": format!("{DATA}/tiny.onnx")}), "tiny.onnx` is no usable tokenizer.json: "),
        (json!({"labels": ["none", "UR1"]}), "the model's output has 6 values, and `labels` names 2"),
        (json!({"output": "logit"}), "it has no output `logit`; what it has: logits"),
        (json!({"activation": "none"}), "which are no probabilities that sum to 1"),
    ] {
        let told = refused(&over);
        assert!(told.contains(words), "{over}: {told}");
    }
}

#[test]
fn a_turn_that_the_model_fails_on_is_told() {
    // More tokens than the model has positions for.
    let model = model(&json!({"max-tokens": 512}));
    let long = format!("U: {}", "no ".repeat(300));
    let told = model.classify(&["U: what?", "A: it", &long]).unwrap_err();
    assert!(told.starts_with("panicked: the model fails on the text: "), "{told}");
    assert!(ask(&model, "no", "it").probs.is_some());
}

#[test]
fn a_text_of_megabytes_is_read_as_far_as_the_model_does() {
    let answer = ask(&model(&json!({})), &"why not ".repeat(1 << 20), "it");
    assert_eq!(answer.probs, ask(&model(&json!({})), &"why not ".repeat(1 << 9), "it").probs);
    assert_eq!(answer.probs.map(|probs| probs.len()), Some(abi::PROBS));
}

#[test]
fn facts_are_the_likeliest_label_and_what_the_config_makes_of_the_probabilities() {
    let dialogue = ["U: what?", "A: it", "U: why?"];
    let question = Question { dialogue: &dialogue, ..Question::default() };
    let probs = ask(&model(&json!({})), "why?", "it").probs.unwrap();
    let place = (0..6).max_by(|&a, &b| probs[a].total_cmp(&probs[b])).unwrap();
    let label = ("label", FactValue::Number(place as f64));
    let labels = json!(["a", "b", "c", "d", "e", "f"]);
    assert_eq!(model(&json!({"labels": labels})).facts(&question).unwrap(), [label]);
    for (value, wanted) in [(json!("c"), probs[2]), (json!({"a": -1, "f": 0.5}), probs[5] / 2.0 - probs[0])] {
        let facts = model(&json!({"labels": labels, "value": value})).facts(&question).unwrap();
        let [("value", FactValue::Number(found)), also] = facts[..] else { panic!("{facts:?}") };
        assert!((found - f64::from(wanted)).abs() < 1e-6, "{found} {wanted}");
        assert_eq!(also, label);
    }
}
