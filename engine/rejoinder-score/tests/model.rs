//! Training, the model file, and what scores promise, on made-up dialogues.

use std::sync::LazyLock;

use proptest::prelude::*;
use rejoinder_core::{Category, Conversation, Message, Role};
use rejoinder_score::features::{KnownWords, Rarity, WordReader};
use rejoinder_score::{
    ComparisonBasis, Evidence, Examples, FileError, Label, Model, Profile, Purpose, Report, Scorer, Scratch,
    TrainError, TrainOptions, TrainingOrigin, Trait, conversation_hash, refit, train,
};

const REPLIES: [(&str, Option<Category>); 8] = [
    ("thank you so much", Some(Category::Ur5)),
    ("no, that is wrong, it should be blue", Some(Category::Ur2)),
    ("that is wrong", Some(Category::Ur3)),
    ("are you sure about that?", Some(Category::Ur4)),
    ("list the rivers of the country please", Some(Category::Ur1)),
    ("now write a poem about the sea", None),
    ("how many people live there", None),
    ("translate it to french", None),
];

fn dialogue(n: usize) -> (Conversation<'static>, Option<Category>) {
    let (reply, category) = REPLIES[(n * 5 + n / 8) % REPLIES.len()];
    let texts = [
        format!("list the rivers of the country number {n}"),
        "Here are some rivers: the long one, the wide one.".to_owned(),
        format!("{reply}{}", ["", ".", "!", " ok"][n % 4]),
    ];
    let roles = [Role::User, Role::Assistant, Role::User];
    let messages = roles.into_iter().zip(texts).map(|(role, text)| Message::new(role, text)).collect();
    (Conversation { id: n.to_string().into(), messages }, category)
}

fn examples(n: usize, unlabelled: usize) -> Examples {
    let mut rarity = Rarity::default();
    rarity.add("list the rivers of the country");
    let mut examples = Examples::new(rarity.finish());
    for number in 0..n + unlabelled {
        let (conversation, category) = dialogue(number);
        examples.begin(&conversation);
        let label = if number < n { Label::Judged(category) } else { Label::Unknown };
        examples.push(&conversation, 2, &Evidence::default(), label);
    }
    examples
}

fn options() -> TrainOptions {
    let origin = TrainingOrigin { name: "made up".to_owned(), ..TrainingOrigin::default() };
    TrainOptions { trees: 20, folds: Some(3), origins: vec![origin], ..TrainOptions::default() }
}

static TRAINED: LazyLock<(Model, Report)> = LazyLock::new(|| train(&examples(200, 40), &options()).unwrap());

#[test]
fn what_can_be_learned_is_learned_and_reported() {
    let (model, report) = &*TRAINED;
    let all = &report.quality.heads[0];
    assert!(all.auc > 0.95 && all.share_90 < 0.7, "{report}");
    assert_eq!((model.provenance().conversations, model.provenance().unlabelled), (200, 40));
    assert_eq!(model.provenance().turns.iter().sum::<u64>(), 200);
    assert_eq!(model.quality(), &report.quality);
    assert!(report.to_string().contains("kto"));
}

#[test]
fn probabilities_sum_to_one_and_purposes_follow_the_category() {
    let mut scorer = Scorer::new(&TRAINED.0);
    let mut score = |reply: &str| {
        let (mut conversation, _) = dialogue(1000);
        conversation.messages[2] = Message::new(Role::User, reply.to_owned());
        scorer.begin();
        scorer.score(&conversation, 2, &Evidence::default())
    };
    for (reply, category) in REPLIES {
        let score = score(reply);
        let probabilities = score.probabilities();
        assert!((probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        assert_eq!(score.feedback(), score.of(Purpose::ALL));
        assert_eq!(score.feedback() > 0.5, category.is_some(), "{reply}: {score:?}");
    }
    assert!(score("thank you so much").of(Purpose::SFT) > 0.5);
    assert!(score("that is wrong").of(Purpose::SFT) < 0.1);
    let mixed = Purpose::of(&[Category::Ur1, Category::Ur4]).unwrap();
    assert!(score("are you sure about that?").of(mixed) > score("thank you so much").of(mixed));
}

#[test]
fn a_score_does_not_depend_on_what_was_scored_before_or_comes_after() {
    let reply = |user: &str, text: &str| {
        Message::new(if user == "U" { Role::User } else { Role::Assistant }, text.to_owned())
    };
    let messages = vec![
        reply("U", "list the rivers"),
        reply("A", "I'm sorry, I cannot do that."),
        reply("U", "list the rivers please"),
        reply("A", "The Rhine, 对不起"),
        reply("U", "no, all of them 谢谢"),
        reply("A", "I apologize."),
        reply("U", "thanks"),
    ];
    let whole = Conversation { id: "a".into(), messages };
    let mut fresh = |turn: usize| {
        let cut = Conversation { id: "b".into(), messages: whole.messages[..=turn].to_vec() };
        let mut scorer = Scorer::new(&TRAINED.0);
        scorer.begin();
        scorer.score(&cut, turn, &Evidence::default())
    };
    let alone: Vec<_> = [2, 4, 6].into_iter().map(&mut fresh).collect();
    let mut scorer = Scorer::new(&TRAINED.0);
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        scorer.begin();
        for at in order {
            assert_eq!(scorer.score(&whole, [2, 4, 6][at], &Evidence::default()), alone[at], "{order:?}");
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_one_others() {
    let bytes = |options: &TrainOptions| train(&examples(200, 40), options).unwrap().0.to_bytes();
    let first = TRAINED.0.to_bytes();
    assert!(bytes(&options()) == first);
    assert!(bytes(&TrainOptions { seed: 2, ..options() }) != first);
}

#[test]
fn a_model_knows_what_it_was_trained_on() {
    let model = &TRAINED.0;
    assert!(model.was_trained_on(conversation_hash(&dialogue(7).0)));
    assert!(!model.was_trained_on(conversation_hash(&dialogue(220).0)), "nobody judged it");
    assert!(!model.was_trained_on(conversation_hash(&dialogue(5000).0)));
}

/// Replies that the model above knows nothing of: here a compliment asks for clarification.
fn another_world(n: usize) -> (Conversation<'static>, Option<Category>) {
    let replies =
        [("merci bien", Some(Category::Ur5)), ("zut alors", Some(Category::Ur3)), ("et puis", None)];
    let (mut conversation, _) = dialogue(n);
    let (reply, category) = replies[n % 3];
    conversation.messages[2] = Message::new(Role::User, format!("{reply} {n}"));
    (conversation, category)
}

fn measured(model: &Model, numbers: std::ops::Range<usize>) -> Examples {
    let mut scratch = Scratch::default();
    let mut examples = Examples::after(model);
    for (conversation, category) in numbers.map(another_world) {
        scratch.begin();
        let example = scratch.example(model, &conversation, 2, &Evidence::default());
        examples.add(&example, category);
    }
    examples
}

#[test]
fn going_on_from_a_model_learns_what_is_new_and_keeps_what_was_known() {
    let base = &TRAINED.0;
    let fresh = TrainingOrigin { name: "fresh".to_owned(), ..TrainingOrigin::default() };
    let how = TrainOptions { origins: vec![fresh], ..options() };
    let (model, report) = refit(base, &measured(base, 1000..1240), &how).unwrap();
    assert!(report.quality.heads[0].auc > 0.95, "{report}");
    let score = |model: &Model, (conversation, category): (Conversation<'static>, Option<Category>)| {
        let mut scratch = Scratch::default();
        scratch.begin();
        let score = scratch.score(model, &conversation, 2, &Evidence::default());
        scratch.begin();
        let example = scratch.example(base, &conversation, 2, &Evidence::default());
        assert_eq!(example.score(model), score, "measured once, scored by both");
        (score.feedback() > 0.5) == category.is_some()
    };
    let right = |model: &Model, of: fn(usize) -> (Conversation<'static>, Option<Category>)| {
        (2000..2120).filter(|&n| score(model, of(n))).count()
    };
    assert!(right(base, another_world) < 100 && right(&model, another_world) >= 118);
    assert!(right(&model, dialogue) >= 110, "{}", right(&model, dialogue));
    let provenance = model.provenance();
    assert_eq!((provenance.origins.len(), provenance.conversations), (2, 440));
    assert!(model.was_trained_on(conversation_hash(&dialogue(7).0)));
    assert!(model.was_trained_on(conversation_hash(&another_world(1007).0)));
    assert!(Model::from_bytes(&model.to_bytes()).unwrap() == model);
}

#[test]
fn too_little_is_refused() {
    assert_eq!(
        train(&examples(4, 100), &options()).unwrap_err(),
        TrainError::TooFewConversations { found: 4, needed: 6 }
    );
    let mut same = Examples::new(Rarity::default().finish());
    for number in 0..20 {
        let (conversation, _) = dialogue(number);
        same.begin(&conversation);
        same.push(&conversation, 2, &Evidence::default(), Label::Judged(None));
    }
    assert_eq!(train(&same, &options()).unwrap_err(), TrainError::OneKind);
}

#[test]
fn a_file_says_what_is_wrong_with_it() {
    let bytes = TRAINED.0.to_bytes();
    assert!(Model::from_bytes(&bytes).unwrap() == TRAINED.0, "what was written is read");
    let changed = |at: usize| {
        let mut bytes = bytes.clone();
        bytes[at] ^= 1;
        Model::from_bytes(&bytes).unwrap_err()
    };
    assert_eq!(changed(0), FileError::NoModel);
    assert_eq!(changed(5), FileError::Format(0x103));
    assert_eq!(changed(4), FileError::Checksum, "an older format that is read, and is none");
    assert!(matches!(changed(8), FileError::Features { .. }));
    assert_eq!(changed(bytes.len() / 2), FileError::Checksum);
    assert_eq!(Model::from_bytes(&bytes[..20]), Err(FileError::Short));
    assert_eq!(Model::from_bytes(&[]), Err(FileError::NoModel));
    assert!(bytes.len() < 4 << 20);
}

#[test]
fn a_file_keeps_what_the_model_was_measured_on_and_tells_it_from_its_beginning() {
    let mut kind = Profile::default();
    kind.begin(1);
    kind.count(Trait::Score, 0.5);
    let mut model = TRAINED.0.clone();
    model.add_measured([("chats".to_owned(), kind.clone())].into());
    model.add_measured([("chats".to_owned(), kind.clone()), ("mails".to_owned(), kind)].into());
    let bytes = model.to_bytes();
    let measured = ComparisonBasis::of_model(&bytes).unwrap();
    assert_eq!(measured.on.kinds["chats"].measured(Trait::Score), 2);
    assert_eq!(measured.on.kinds.len(), 2);
    assert_eq!(&measured.idf, model.idf());
    assert_eq!(Model::from_bytes(&bytes).unwrap(), model);
}

#[test]
fn words_are_new_that_stand_in_no_other_dialogue() {
    let said = |text: &str| Conversation {
        id: "".into(),
        messages: vec![Message::new(Role::User, text.to_owned())],
    };
    let mut rarity = Rarity::default();
    ["where does the river end", "where does the valley end"].iter().for_each(|text| rarity.add(text));
    let idf = rarity.finish();
    let mut reader = WordReader::default();
    let model = KnownWords::Model(&idf);
    assert_eq!(reader.new_share("where does the river end", &model), Some(0.0));
    assert_eq!(reader.new_share("where does the glacier end", &model), Some(0.2));
    assert_eq!(reader.new_share("the glacier", &model), None, "two words are a matter of chance");
    let beside = rarity.without(&said("where does the river end"));
    assert_eq!(reader.new_share("where does the river end", &beside), Some(0.2));
    let untaught = Default::default();
    assert_eq!(reader.new_share("where does the river end", &KnownWords::Model(&untaught)), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Damage that the checksum does not see, because it was made anew, is found or does no harm.
    #[test]
    fn no_bytes_bring_the_reader_down(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = TRAINED.0.to_bytes();
        bytes.truncate(bytes.len() - 32);
        // Half of the damage goes to the beginning, where the structure is.
        for (number, (at, value)) in damage.into_iter().enumerate() {
            let end = if number % 2 == 0 { bytes.len() } else { 4000 };
            let at = 12 + at.index(end - 12);
            bytes[at] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(12 + cut.index(bytes.len() - 12));
        }
        let checksum = blake3::hash(&bytes);
        bytes.extend_from_slice(checksum.as_bytes());
        if let Ok(measured) = ComparisonBasis::of_model(&bytes) {
            let kinds = measured.on.kinds.values().cloned();
            let all = kinds.reduce(|mut all, kind| { all += kind; all }).unwrap_or_default();
            measured.on.differences(&all);
        }
        if let Ok(model) = Model::from_bytes(&bytes) {
            let (conversation, _) = dialogue(3);
            Scorer::new(&model).score(&conversation, 2, &Evidence::default());
        }
    }

    #[test]
    fn noise_is_no_model(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Model::from_bytes(&bytes).is_err());
    }

    #[test]
    fn any_text_can_be_scored(texts in prop::collection::vec("\\PC{0,40}|[ \n:;?!😀谢ü]{0,800}", 3..7)) {
        let messages: Vec<_> = texts
            .into_iter()
            .enumerate()
            .map(|(i, text)| Message::new(if i % 2 == 0 { Role::User } else { Role::Assistant }, text))
            .collect();
        let conversation = Conversation { id: "a".into(), messages };
        let mut scorer = Scorer::new(&TRAINED.0);
        scorer.begin();
        for turn in conversation.later_turns() {
            let evidence = Evidence { rules: &["en.positive.thanks", "x", "a.b.c.d"], prior: 1.5 };
            let probabilities = scorer.score(&conversation, turn, &evidence).probabilities();
            prop_assert!(probabilities.iter().all(|p| (0.0..=1.0).contains(p)));
        }
    }
}
