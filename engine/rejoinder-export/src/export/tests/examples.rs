//! Which feedback gives an example, and which one.

use rejoinder_core::{AnswerProbabilities, Category, FeedbackSource};

use super::support::{choice, conversation, examples, feedback, plain, script};
use crate::export::example::{self, FeedbackChoice, TrainingTask};
use crate::export::skip_reason::{SkipCounts, SkipReason};
use crate::export::{Dialogue, RowChanges};

#[test]
fn pairs_join_each_blamed_answer_with_the_one_praised_after_it() {
    let chat = conversation(
        "c",
        &script(
            "U: sort | A: java | U: in python | A: perl | U: no, python | A: python | U: thanks | A: welcome | U: wrong | A: x",
        ),
    );
    let said = [(2, Category::Ur1), (4, Category::Ur2), (6, Category::Ur5), (8, Category::Ur2)];
    let feedback: Vec<_> = said.iter().map(|&(turn, category)| feedback(&chat, turn, category)).collect();
    let (pairs, skipped) = examples(TrainingTask::Pairs, &plain(&chat), &feedback);
    let shown: Vec<_> =
        pairs.iter().map(|p| (p.prompt.len(), &*p.completion, p.rejected.as_deref().unwrap())).collect();
    assert_eq!(shown, [(1, "python", "java"), (3, "python", "perl")]);
    assert_eq!(skipped, SkipCounts::from([(SkipReason::Unpaired, 1)]));
    // An exchange without blame breaks the row of attempts.
    let (pairs, skipped) =
        examples(TrainingTask::Pairs, &plain(&chat), &[feedback[0].clone(), feedback[2].clone()]);
    assert!(pairs.is_empty());
    assert_eq!(skipped, SkipCounts::from([(SkipReason::Unpaired, 1)]));
}

#[test]
fn what_cannot_be_an_example_is_counted_with_its_reason() {
    for (text, turn, expected) in [
        ("A: hello | U: thanks", 1, SkipReason::Greeting),
        ("U: q | A:   | T: 1 | U: thanks", 3, SkipReason::Blank),
        ("U: q | A: a | U:   | A: b | U: thanks", 4, SkipReason::Blank),
        ("U: q | S: be kind | A: a | U: thanks", 3, SkipReason::LateSystem),
        ("U: q | A: a | T: 1 | U: thanks", 3, SkipReason::EndsWithTools),
        ("U: q | T: 1 | A: a | U: thanks", 3, SkipReason::LostResult),
    ] {
        let chat = conversation("c", &script(text));
        let (found, skipped) =
            examples(TrainingTask::Sft, &plain(&chat), &[feedback(&chat, turn, Category::Ur5)]);
        assert!(found.is_empty(), "{text}");
        assert_eq!(skipped, SkipCounts::from([(expected, 1)]), "{text}");
    }
}

#[test]
fn an_image_in_place_of_words_gives_no_row() {
    let chat = conversation("c", &script("U: q | A: a | U:   | U: and this? | A: b | U: thanks"));
    let said = [feedback(&chat, 2, Category::Ur5), feedback(&chat, 5, Category::Ur5)];
    let (found, skipped) = examples(TrainingTask::Sft, &Dialogue { media: &[2], ..plain(&chat) }, &said);
    assert_eq!(found.iter().map(|e| &*e.completion).collect::<Vec<_>>(), ["a"]);
    assert_eq!(skipped, SkipCounts::from([(SkipReason::Media, 1)]));
}

#[test]
fn what_is_left_out_or_joined_of_a_row_is_known() {
    for (text, expected) in [
        ("U: q | A: a | U: thanks", RowChanges::default()),
        ("S: s | A: hello | U: q | A: a | U: thanks", RowChanges { greeting: true, ..RowChanges::default() }),
        ("U: q | U: r | A: a | U: thanks", RowChanges { joined: true, ..RowChanges::default() }),
        ("U: q | A: a | A:   | A: b | U: thanks", RowChanges { joined: true, ..RowChanges::default() }),
    ] {
        let chat = conversation("c", &script(text));
        let turn = chat.messages.len() - 1;
        let (found, _) = examples(TrainingTask::Sft, &plain(&chat), &[feedback(&chat, turn, Category::Ur5)]);
        assert_eq!(found[0].changes, expected, "{text}");
    }
}

#[test]
fn a_score_below_the_least_and_a_source_not_wanted_do_not_count() {
    let chat = conversation("c", &script("U: q | A: a | U: thanks"));
    let mut row = feedback(&chat, 2, Category::Ur5);
    row.probabilities = AnswerProbabilities::new(0.4, [0.0, 0.0, 0.0, 0.0, 0.6]);
    let mut skipped = SkipCounts::new();
    let mut found = |choice: &FeedbackChoice| {
        example::of(TrainingTask::Sft, &plain(&chat), &[(&row).into()], choice, &mut skipped).len()
    };
    assert_eq!(found(&FeedbackChoice { min_score: 0.7, ..choice(TrainingTask::Sft) }), 0);
    assert_eq!(found(&FeedbackChoice { min_score: 0.5, ..choice(TrainingTask::Sft) }), 1);
    assert_eq!(
        found(&FeedbackChoice { sources: vec![FeedbackSource::Judge], ..choice(TrainingTask::Sft) }),
        0
    );
    assert_eq!(skipped, SkipCounts::from([(SkipReason::Source, 1), (SkipReason::Score, 1)]));
}
