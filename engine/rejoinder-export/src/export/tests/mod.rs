//! What holds of every training file, whatever the conversation was.

mod tools;

use std::collections::HashSet;

use proptest::prelude::*;
use rejoinder_core::{
    AnswerProbabilities, Category, Conversation, Feedback, FeedbackSource, Message, Purpose, RecordId, Role,
};

use super::example::{self, Choice, Example, Task, Tools};
use super::skipped::{Skipped, SkippedCounts};
use super::style::Style;
use super::template::Template;
use super::{Changes, Dialogue, arrange};

fn conversation(id: &str, script: &[(Role, String)]) -> Conversation<'static> {
    Conversation {
        id: id.to_owned().into(),
        messages: script.iter().map(|(role, text)| Message::new(*role, text.clone())).collect(),
    }
}

fn feedback(conversation: &Conversation<'_>, turn: usize, category: Category) -> Feedback {
    let text = &*conversation.messages[turn].text;
    Feedback {
        conversation_id: conversation.id.to_string(),
        feedback_turn: conversation.judged_exchange(turn).map_or(0, |exchange| exchange.number),
        category,
        label: category.label(),
        span: text.to_owned(),
        span_start: 0,
        span_end: text.len() as u64,
        span_start_char: 0,
        span_end_char: text.chars().count() as u64,
        span_start_utf16: 0,
        span_end_utf16: text.encode_utf16().count() as u64,
        source: FeedbackSource::Rule,
        id: RecordId { shard: 0, ordinal: 0, message_index: turn as u32 },
        message_index: turn as u32,
        rules: Vec::new(),
        plugins: Vec::new(),
        model: String::new(),
        reply_key: String::new(),
        probabilities: AnswerProbabilities::default(),
        metadata: serde_json::Map::new(),
    }
}

fn choice(task: Task) -> Choice {
    let negative =
        if task == Task::Pairs { [Category::Ur1, Category::Ur2] } else { [Category::Ur2, Category::Ur3] };
    Choice {
        positive: Purpose::of(&[Category::Ur5]).unwrap(),
        negative: Purpose::of(&negative).unwrap(),
        sources: Vec::new(),
        min_score: 0.0,
        tools: Tools::Keep,
    }
}

const fn plain<'a>(conversation: &'a Conversation<'a>) -> Dialogue<'a> {
    Dialogue { conversation, tools: &[], media: &[] }
}

fn examples(task: Task, dialogue: &Dialogue<'_>, feedback: &[Feedback]) -> (Vec<Example>, SkippedCounts) {
    let mut skipped = SkippedCounts::new();
    let found = example::of(task, dialogue, feedback, &choice(task), &mut skipped);
    (found, skipped)
}

fn script(text: &str) -> Vec<(Role, String)> {
    let roles = [("S", Role::System), ("U", Role::User), ("A", Role::Assistant), ("T", Role::Tool)];
    let message = |line: &str| {
        let (role, text) = line.split_once(": ").unwrap();
        (roles.iter().find(|(name, _)| *name == role).unwrap().1, text.to_owned())
    };
    text.split(" | ").map(message).collect()
}

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
    let (pairs, skipped) = examples(Task::Pairs, &plain(&chat), &feedback);
    let shown: Vec<_> =
        pairs.iter().map(|p| (p.prompt.len(), &*p.completion, p.rejected.as_deref().unwrap())).collect();
    assert_eq!(shown, [(1, "python", "java"), (3, "python", "perl")]);
    assert_eq!(skipped, SkippedCounts::from([(Skipped::Unpaired, 1)]));
    // An exchange without blame breaks the row of attempts.
    let (pairs, skipped) = examples(Task::Pairs, &plain(&chat), &[feedback[0].clone(), feedback[2].clone()]);
    assert!(pairs.is_empty());
    assert_eq!(skipped, SkippedCounts::from([(Skipped::Unpaired, 1)]));
}

#[test]
fn what_cannot_be_an_example_is_counted_with_its_reason() {
    for (text, turn, expected) in [
        ("A: hello | U: thanks", 1, Skipped::Greeting),
        ("U: q | A:   | T: 1 | U: thanks", 3, Skipped::Blank),
        ("U: q | A: a | U:   | A: b | U: thanks", 4, Skipped::Blank),
        ("U: q | S: be kind | A: a | U: thanks", 3, Skipped::LateSystem),
        ("U: q | A: a | T: 1 | U: thanks", 3, Skipped::EndsWithTools),
        ("U: q | T: 1 | A: a | U: thanks", 3, Skipped::LostResult),
    ] {
        let chat = conversation("c", &script(text));
        let (found, skipped) = examples(Task::Sft, &plain(&chat), &[feedback(&chat, turn, Category::Ur5)]);
        assert!(found.is_empty(), "{text}");
        assert_eq!(skipped, SkippedCounts::from([(expected, 1)]), "{text}");
    }
}

#[test]
fn an_image_in_place_of_words_gives_no_row() {
    let chat = conversation("c", &script("U: q | A: a | U:   | U: and this? | A: b | U: thanks"));
    let said = [feedback(&chat, 2, Category::Ur5), feedback(&chat, 5, Category::Ur5)];
    let (found, skipped) = examples(Task::Sft, &Dialogue { media: &[2], ..plain(&chat) }, &said);
    assert_eq!(found.iter().map(|e| &*e.completion).collect::<Vec<_>>(), ["a"]);
    assert_eq!(skipped, SkippedCounts::from([(Skipped::Media, 1)]));
}

#[test]
fn what_is_left_out_or_joined_of_a_row_is_known() {
    for (text, expected) in [
        ("U: q | A: a | U: thanks", Changes::default()),
        ("S: s | A: hello | U: q | A: a | U: thanks", Changes { greeting: true, ..Changes::default() }),
        ("U: q | U: r | A: a | U: thanks", Changes { joined: true, ..Changes::default() }),
        ("U: q | A: a | A:   | A: b | U: thanks", Changes { joined: true, ..Changes::default() }),
    ] {
        let chat = conversation("c", &script(text));
        let turn = chat.messages.len() - 1;
        let (found, _) = examples(Task::Sft, &plain(&chat), &[feedback(&chat, turn, Category::Ur5)]);
        assert_eq!(found[0].changes, expected, "{text}");
    }
}

#[test]
fn a_score_below_the_least_and_a_source_not_wanted_do_not_count() {
    let chat = conversation("c", &script("U: q | A: a | U: thanks"));
    let mut row = feedback(&chat, 2, Category::Ur5);
    row.probabilities = AnswerProbabilities::new(0.4, [0.0, 0.0, 0.0, 0.0, 0.6]);
    let mut skipped = SkippedCounts::new();
    let mut found = |choice: &Choice| {
        example::of(Task::Sft, &plain(&chat), std::slice::from_ref(&row), choice, &mut skipped).len()
    };
    assert_eq!(found(&Choice { min_score: 0.7, ..choice(Task::Sft) }), 0);
    assert_eq!(found(&Choice { min_score: 0.5, ..choice(Task::Sft) }), 1);
    assert_eq!(found(&Choice { sources: vec![FeedbackSource::Judge], ..choice(Task::Sft) }), 0);
    assert_eq!(skipped, SkippedCounts::from([(Skipped::Source, 1), (Skipped::Score, 1)]));
}

#[test]
fn templates_write_the_whole_dialogue() {
    let chat = conversation("c", &script("S: be kind | U: q | A: a | U: r | A: b | U: thanks"));
    let (found, _) = examples(Task::Sft, &plain(&chat), &[feedback(&chat, 5, Category::Ur5)]);
    let expected = [
        (
            Template::ChatMl,
            "<|im_start|>system\nbe kind<|im_end|>\n<|im_start|>user\nq<|im_end|>\n<|im_start|>assistant\na<|im_end|>\n\
             <|im_start|>user\nr<|im_end|>\n<|im_start|>assistant\n",
            "b<|im_end|>",
        ),
        (
            Template::Llama3,
            "<|start_header_id|>system<|end_header_id|>\n\nbe kind<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n\
             q<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\na<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n\
             r<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
            "b<|eot_id|>",
        ),
        (Template::Mistral, "[INST] be kind\n\nq [/INST] a</s>[INST] r [/INST]", " b</s>"),
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
        category: if label { Category::Ur5 } else { Category::Ur2 },
        id: RecordId { shard: 0, ordinal: u64::from(id), message_index: 2 },
        uses_tools: false,
        changes: Changes::default(),
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
        for task in [Task::Sft, Task::Kto, Task::Pairs] {
            let (found, skipped) = examples(task, &plain(&chat), &feedback);
            // A praised answer may end several pairs, or none; of the others each feedback is a row or counted.
            if task != Task::Pairs {
                prop_assert_eq!(found.len() as u64 + skipped.values().sum::<u64>(), feedback.len() as u64);
            }
            for example in &found {
                let turns: Vec<_> =
                    example.prompt.iter().map(|m| m.role).skip_while(|role| *role == Role::System).collect();
                prop_assert_eq!(turns.last(), Some(&Role::User));
                prop_assert!(turns.iter().enumerate().all(|(i, role)| *role == [Role::User, Role::Assistant][i % 2]));
                prop_assert!(example.texts().all(|text| !text.trim().is_empty()));
                prop_assert_eq!(example.rejected.is_some(), task == Task::Pairs);
                for style in [Style::Trl, Style::Axolotl(Template::Mistral), Style::LlamaFactory] {
                    let row = serde_json::to_value(style.row(task, example)).unwrap();
                    prop_assert!(!row.to_string().contains("null"));
                    prop_assert_eq!(row.get("label").is_some_and(serde_json::Value::is_boolean), task == Task::Kto);
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
        let [_, ones] = arrange::counts(&ordered);
        let mut so_far = 0;
        for (place, example) in ordered.iter().enumerate() {
            so_far += usize::from(example.label);
            let share = (place + 1) as f64 * ones as f64 / ordered.len() as f64;
            prop_assert!((so_far as f64 - share).abs() <= 1.0, "labels are mixed");
        }

        let mut balanced = examples.clone();
        let removed = arrange::balance(&mut balanced, seed);
        prop_assert_eq!(balanced.len() as u64 + removed, examples.len() as u64);
        let [a, b] = arrange::counts(&examples);
        let expected = if a == 0 || b == 0 { [a, b] } else { [a.min(b); 2] };
        prop_assert_eq!(arrange::counts(&balanced), expected);

        let mut agreeing = examples.clone();
        let conflicts = arrange::remove_conflicts(&mut agreeing, &HashSet::new());
        prop_assert_eq!(agreeing.len() as u64 + conflicts, examples.len() as u64);
        for a in &agreeing {
            prop_assert!(agreeing.iter().all(|b| a.completion != b.completion || a.label == b.label));
        }
    }

    #[test]
    fn the_split_is_by_conversation_and_has_about_its_share(seed in any::<u64>()) {
        let held_out = (0..2_000).filter(|i| arrange::is_held_out(&i.to_string(), 0.2, seed)).count();
        // Six standard deviations of a binomial with n = 2,000 and p = 0.2.
        prop_assert!((293..=507).contains(&held_out), "{}", held_out);
        prop_assert!(!arrange::is_held_out("a", 0.0, seed));
    }
}
