//! The rows that are written of examples, and their order.

use std::collections::HashSet;

use proptest::prelude::*;
use rejoinder_core::{Category, RecordId, Role};

use super::support::{conversation, examples, feedback, plain, script};
use crate::export::example::{Example, TrainingTask};
use crate::export::style::Style;
use crate::export::template::ChatTemplate;
use crate::export::{ChatMessage, OpeningHash, RowChanges, arrange};

#[test]
fn templates_write_the_whole_dialogue() {
    let chat = conversation("c", &script("S: be kind | U: q | A: a | U: r | A: b | U: thanks"));
    let (found, _) = examples(TrainingTask::Sft, &plain(&chat), &[feedback(&chat, 5, Category::Ur5)]);
    let expected = [
        (
            ChatTemplate::ChatMl,
            "<|im_start|>system\nbe kind<|im_end|>\n<|im_start|>user\nq<|im_end|>\n<|im_start|>assistant\na<|im_end|>\n\
             <|im_start|>user\nr<|im_end|>\n<|im_start|>assistant\n",
            "b<|im_end|>",
        ),
        (
            ChatTemplate::Llama3,
            "<|start_header_id|>system<|end_header_id|>\n\nbe kind<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n\
             q<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\na<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n\
             r<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
            "b<|eot_id|>",
        ),
        (ChatTemplate::Mistral, "[INST] be kind\n\nq [/INST] a</s>[INST] r [/INST]", " b</s>"),
    ];
    for (template, prompt, completion) in expected {
        assert_eq!(template.prompt(&found[0].prompt), prompt);
        assert_eq!(template.completion(&found[0].completion), completion);
    }
}

fn any_example(conversations: u32) -> impl Strategy<Value = Example> {
    (0..conversations, any::<bool>(), "[a-c]{1,2}").prop_map(|(id, label, completion)| Example {
        prompt: Vec::new(),
        completion,
        rejected: None,
        label,
        conversation_id: id.to_string(),
        feedback_turn: 1,
        category: Some(if label { Category::Ur5 } else { Category::Ur2 }),
        is_flagged: None,
        id: RecordId { shard: 0, ordinal: u64::from(id), message_index: 2 },
        uses_tools: false,
        changes: RowChanges::default(),
    })
}

proptest! {
    #[test]
    fn every_row_has_a_prompt_that_ends_with_the_user_and_roles_in_turn(
        script in prop::collection::vec(
            (prop::sample::select(vec![Role::System, Role::User, Role::User, Role::Assistant, Role::Assistant, Role::Tool]),
             prop::sample::select(vec!["", " ", "q", "an answer", "\u{0}\"\\", "谢谢"]).prop_map(str::to_owned)),
            1..12),
        categories in prop::collection::vec(prop::option::of(prop::sample::select(Category::ALL.to_vec())), 12),
    ) {
        let chat = conversation("c", &script);
        let feedback: Vec<_> = chat
            .later_turns()
            .filter_map(|turn| Some(feedback(&chat, turn, categories[turn]?)))
            .collect();
        for task in [TrainingTask::Sft, TrainingTask::Kto, TrainingTask::Pairs] {
            let (found, skipped) = examples(task, &plain(&chat), &feedback);
            // A praised answer may end several pairs, or none; of the others each feedback is a row or counted.
            if task != TrainingTask::Pairs {
                prop_assert_eq!(found.len() as u64 + skipped.values().sum::<u64>(), feedback.len() as u64);
            }
            for example in &found {
                let turns: Vec<_> =
                    example.prompt.iter().map(|m| m.role).skip_while(|role| *role == Role::System).collect();
                prop_assert_eq!(turns.last(), Some(&Role::User));
                prop_assert!(turns.iter().enumerate().all(|(i, role)| *role == [Role::User, Role::Assistant][i % 2]));
                prop_assert!(example.texts().all(|text| !text.trim().is_empty()));
                prop_assert_eq!(example.rejected.is_some(), task == TrainingTask::Pairs);
                for style in [Style::Trl, Style::Axolotl(ChatTemplate::Mistral), Style::LlamaFactory] {
                    let row = serde_json::to_value(style.row(task, example)).unwrap();
                    prop_assert!(!row.to_string().contains("null"));
                    prop_assert_eq!(row.get("label").is_some_and(serde_json::Value::is_boolean), task == TrainingTask::Kto);
                }
            }
        }
    }

    #[test]
    fn arranging_mixes_labels_keeps_every_example_and_depends_on_the_seed_alone(
        examples in prop::collection::vec(any_example(9), 0..60),
        seed in 0..5_u64,
    ) {
        let key = |e: &Example| (e.conversation_id.clone(), e.label, e.completion.clone());
        let ordered = arrange::order(examples.clone(), seed);
        prop_assert_eq!(&ordered, &arrange::order(examples.clone(), seed));
        let (mut before, mut after): (Vec<_>, Vec<_>) =
            (examples.iter().map(key).collect(), ordered.iter().map(key).collect());
        before.sort();
        after.sort();
        prop_assert_eq!(before, after);
        let [_, ones] = arrange::label_counts(&ordered);
        let mut so_far = 0;
        for (place, example) in ordered.iter().enumerate() {
            so_far += usize::from(example.label);
            let share = (place + 1) as f64 * ones as f64 / ordered.len() as f64;
            prop_assert!((so_far as f64 - share).abs() <= 1.0, "labels are mixed");
        }

        let mut balanced = examples.clone();
        let removed = arrange::balance(&mut balanced, seed);
        prop_assert_eq!(balanced.len() as u64 + removed, examples.len() as u64);
        let [a, b] = arrange::label_counts(&examples);
        let expected = if a == 0 || b == 0 { [a, b] } else { [a.min(b); 2] };
        prop_assert_eq!(arrange::label_counts(&balanced), expected);

        let mut agreeing = examples.clone();
        let conflicts = arrange::remove_conflicts(&mut agreeing, &HashSet::new());
        prop_assert_eq!(agreeing.len() as u64 + conflicts, examples.len() as u64);
        for a in &agreeing {
            prop_assert!(agreeing.iter().all(|b| a.completion != b.completion || a.label == b.label));
        }
    }

    #[test]
    fn the_split_is_by_opening_and_has_about_its_share(seed in any::<u64>()) {
        let opening = |number: u32| OpeningHash::of(&[ChatMessage::new(Role::User, number.to_string())]);
        let held_out = (0..2_000).filter(|&n| arrange::is_validation(&opening(n), 0.2, seed)).count();
        // Six standard deviations of a binomial with n = 2,000 and p = 0.2.
        prop_assert!((293..=507).contains(&held_out), "{}", held_out);
        prop_assert!(!arrange::is_validation(&opening(0), 0.0, seed));
    }

    #[test]
    fn neither_an_opening_nor_an_id_is_in_both_splits(
        openings in prop::collection::vec((any_example(9), 0..12_u8), 0..60),
        share in 0.0..1.0,
        seed in any::<u64>(),
    ) {
        let opened = |(example, opening): &(Example, u8)| Example {
            prompt: vec![ChatMessage::new(Role::User, opening.to_string())],
            ..example.clone()
        };
        let examples: Vec<_> = openings.iter().map(opened).collect();
        let split = arrange::split(examples.clone(), share, seed);
        prop_assert_eq!(split.train.len() + split.validation.len() + split.torn as usize, examples.len());
        for (held, trained) in split.validation.iter().flat_map(|h| split.train.iter().map(move |t| (h, t))) {
            prop_assert!(held.opening() != trained.opening() && held.conversation_id != trained.conversation_id);
        }
        // What is trained on depends on the opening alone.
        let to_train = examples.iter().filter(|example| !arrange::is_validation(&example.opening(), share, seed));
        prop_assert_eq!(split.train.len(), to_train.count());
    }
}
