//! What the search finds, and what it does not take for found, on turns that are drawn.

use rejoinder_cascade::{Decision, TurnVerdicts};
use rejoinder_core::random::SplitMix64;
use rejoinder_core::{Answer, Category, Verdict};

use super::*;

const WORDS: [&str; 16] = [
    "river", "lake", "stone", "cloud", "tree", "bridge", "paper", "lamp", "chair", "window", "garden",
    "letter", "mountain", "harbour", "engine", "blanket",
];

/// A drawn turn: the words that it begins with, and the chance that it is feedback of a category.
struct Kind {
    opening: &'static str,
    share: f64,
    category: Category,
    right: f64,
}

/// How turns are labelled.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Labelled {
    All,
    /// Only turns that wait; turns with feedback mostly do.
    Waiting,
}

fn chance(random: &mut SplitMix64) -> f64 {
    (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}

/// A corpus of `conversations` conversations of up to five later turns.
fn drawn(seed: u64, conversations: u32, kinds: &[Kind], labelled: Labelled) -> Corpus {
    drawn_with_texts(seed, conversations, kinds, labelled).0
}

/// Such a corpus, and the texts of its turns.
fn drawn_with_texts(
    seed: u64,
    conversations: u32,
    kinds: &[Kind],
    labelled: Labelled,
) -> (Corpus, Vec<String>) {
    let mut texts = Vec::new();
    let mut random = SplitMix64::with_seed(seed);
    let mut corpus = Corpus::new(condition_choices().len(), Vec::new());
    for conversation in 0..conversations {
        // Turns of a conversation depend on each other: some users are often content, some never.
        let mood = chance(&mut random);
        for _ in 0..=random.below(5) {
            let mut at = chance(&mut random);
            let kind = kinds.iter().find(|kind| {
                at -= kind.share;
                at < 0.0
            });
            let mut text: Vec<&str> = kind.map(|kind| kind.opening).into_iter().collect();
            (0..3 + random.below(5)).for_each(|_| text.push(WORDS[random.below(WORDS.len())]));
            let right = kind.map_or(0.15, |kind| kind.right);
            let is_feedback = f64::midpoint(chance(&mut random), mood) < spread(right);
            let category = kind.map_or(Category::Ur2, |kind| kind.category);
            let truth = if is_feedback { Answer::Feedback(category) } else { Answer::NoFeedback };
            let waits = is_feedback || chance(&mut random) < 0.1;
            let is_judged = labelled == Labelled::All || waits;
            texts.push(text.join(" "));
            corpus.push(&TurnEvidence {
                conversation,
                folded: &text.join(" "),
                answer: if is_judged { truth } else { Answer::Unknown },
                is_drawn: false,
                state: TurnState {
                    verdicts: TurnVerdicts::default(),
                    is_candidate: false,
                    band: Some(match waits {
                        true => rejoinder_cascade::ScoreBand::Between,
                        false => rejoinder_cascade::ScoreBand::Low,
                    }),
                    decision: if waits { Decision::Undecided } else { Decision::Rejected },
                },
                conditions: Vec::new(),
                bases: Vec::new(),
            });
        }
    }
    (corpus, texts)
}

/// How often a rule of phrases is right in a corpus that no search has seen; none where it hits too few turns to tell.
fn true_share(rule: &SuggestedRule, (corpus, texts): &(Corpus, Vec<String>)) -> Option<f64> {
    let hits = |text: &String| {
        let text = format!(" {text} ");
        rule.phrases.iter().any(|phrase| match rule.place {
            Place::Anywhere => text.contains(&format!(" {phrase} ")),
            Place::Start => text.starts_with(&format!(" {phrase} ")),
            Place::Whole => text == format!(" {phrase} "),
        })
    };
    let of: Vec<&corpus::Turn> =
        corpus.turns.iter().zip(texts).filter(|(_, text)| hits(text)).map(|(turn, _)| turn).collect();
    let right = of.iter().filter(|turn| turn.is_right(rule.verdict)).count();
    (of.len() >= 50).then(|| right as f64 / of.len() as f64)
}

/// The value below which the mean of two uniform numbers lies with a probability.
fn spread(probability: f64) -> f64 {
    match probability < 0.5 {
        true => (probability / 2.0).sqrt(),
        false => 1.0 - ((1.0 - probability) / 2.0).sqrt(),
    }
}

const PLANTED: [Kind; 2] = [
    Kind { opening: "that does not work", share: 0.1, category: Category::Ur3, right: 0.97 },
    Kind { opening: "many thanks for", share: 0.1, category: Category::Ur5, right: 0.97 },
];

fn has_phrase(found: &Found, verdict: Verdict, of: &str) -> bool {
    let of_verdict = found.rules.iter().filter(|rule| rule.verdict == verdict);
    of_verdict.flat_map(|rule| &rule.phrases).any(|phrase| of.contains(phrase.as_str()))
}

#[test]
fn planted_patterns_are_found() {
    for (seed, precision) in
        (0..10).map(|seed| (seed, if seed < 5 { 0.8 } else { SearchTerms::default().precision }))
    {
        let corpus = drawn(seed, 900, &PLANTED, Labelled::All);
        let found = suggest(&corpus, &SearchTerms { precision, seed, ..SearchTerms::default() });
        assert_eq!(found.outcome, Outcome::Found, "seed {seed}");
        for kind in &PLANTED {
            assert!(
                has_phrase(&found, Verdict::Accept(kind.category), kind.opening),
                "seed {seed}: {found:#?}"
            );
        }
        assert!(found.together.spared > 0 && found.rules.iter().all(|rule| rule.bound >= precision));
    }
}

#[test]
fn as_shipped_a_bound_is_too_high_in_fewer_files_than_stated() {
    // Right nearly always, about as often as is asked, and less often than that.
    let kinds = [
        Kind { opening: "that does not work", share: 0.1, category: Category::Ur3, right: 0.9 },
        Kind { opening: "well then again", share: 0.15, category: Category::Ur2, right: 0.6 },
        Kind { opening: "so once more", share: 0.15, category: Category::Ur1, right: 0.3 },
    ];
    let fresh = drawn_with_texts(77, 4_000, &kinds, Labelled::All);
    let (seeds, mut too_high, mut rules) = (60, 0, 0);
    for seed in 0..seeds {
        let corpus = drawn(3_000 + seed, 400, &kinds, Labelled::All);
        let found = suggest(&corpus, &SearchTerms { seed, ..SearchTerms::default() });
        let shares = found.rules.iter().filter_map(|rule| Some((rule.bound, true_share(rule, &fresh)?)));
        let shares: Vec<(f64, f64)> = shares.collect();
        rules += shares.len();
        too_high += u64::from(shares.iter().any(|(bound, share)| bound > share));
    }
    assert!(rules as u64 >= seeds, "{rules} rules");
    // δ = 0.1 of 60 files are 6; 12 or more would come with a probability below 0.02.
    assert!(too_high < 12, "{too_high} of {seeds}");
}

#[test]
fn phrases_that_are_less_right_than_asked_are_hardly_ever_suggested() {
    // Right in 70 of 100 hits where 80 are asked: any suggestion that accepts is a false one.
    let weak = [
        Kind { opening: "well then again", share: 0.15, category: Category::Ur2, right: 0.7 },
        Kind { opening: "so once more", share: 0.15, category: Category::Ur1, right: 0.7 },
    ];
    let seeds = 60;
    let is_false = |seed: &u64| {
        let corpus = drawn(1_000 + seed, 600, &weak, Labelled::All);
        let terms =
            SearchTerms { precision: 0.8, aim: 0.8, delta: 0.1, seed: *seed, ..SearchTerms::default() };
        suggest(&corpus, &terms).rules.iter().any(|rule| matches!(rule.verdict, Verdict::Accept(_)))
    };
    let false_ones = (0..seeds).filter(is_false).count() as u64;
    // δ = 0.1 of 60 seeds are 6; 12 or more would come with a probability below 0.02.
    assert!(false_ones < 12, "{false_ones} of {seeds}");
}

#[test]
fn labels_of_turns_that_waited_do_not_fool_the_search() {
    // Half of the hits are feedback, but of those that were judged nearly all: the others were rejected without a look.
    let selected = [Kind { opening: "well then again", share: 0.2, category: Category::Ur2, right: 0.5 }];
    for seed in 0..10 {
        let corpus = drawn(2_000 + seed, 900, &selected, Labelled::Waiting);
        let found = suggest(&corpus, &SearchTerms { precision: 0.7, seed, ..SearchTerms::default() });
        assert!(
            !has_phrase(&found, Verdict::Accept(Category::Ur2), "well then again"),
            "seed {seed}: {found:#?}"
        );
    }
}

#[test]
fn as_shipped_labels_of_turns_that_waited_do_not_fool_the_search() {
    let selected = [Kind { opening: "well then again", share: 0.2, category: Category::Ur2, right: 0.3 }];
    for seed in 0..10 {
        let corpus = drawn(4_000 + seed, 900, &selected, Labelled::Waiting);
        let found = suggest(&corpus, &SearchTerms { seed, ..SearchTerms::default() });
        assert!(
            !has_phrase(&found, Verdict::Accept(Category::Ur2), "well then again"),
            "seed {seed}: {found:#?}"
        );
    }
}

#[test]
fn too_few_conversations_are_said_so() {
    let corpus = drawn(1, 20, &PLANTED, Labelled::All);
    let found = suggest(&corpus, &SearchTerms::default());
    assert!(
        matches!(found.outcome, Outcome::Nothing(Shortfall::FewConversations { .. })),
        "{:?}",
        found.outcome
    );
    let noise = drawn(1, 300, &[], Labelled::All);
    let found = suggest(&noise, &SearchTerms::default());
    assert!(found.rules.iter().all(|rule| !matches!(rule.verdict, Verdict::Accept(_))), "{found:#?}");
}

#[test]
fn a_phrase_stands_in_five_conversations_and_holds_no_digits_or_stand_ins() {
    let mut corpus = Corpus::new(0, Vec::new());
    let state = TurnState {
        verdicts: TurnVerdicts::default(),
        is_candidate: false,
        band: None,
        decision: Decision::Rejected,
    };
    let texts =
        ["no, i meant 42 of them", "no, i meant [email] again", "不是这个", "no, i meant", "rare words here"];
    for conversation in 0..6 {
        for text in &texts[..if conversation == 0 { 5 } else { 4 }] {
            corpus.push(&TurnEvidence {
                conversation,
                folded: text,
                answer: Answer::NoFeedback,
                is_drawn: false,
                state,
                conditions: Vec::new(),
                bases: Vec::new(),
            });
        }
    }
    let mut found: Vec<String> = phrases::frequent_phrases(&corpus, 5).into_iter().map(|p| p.text).collect();
    found.sort();
    assert_eq!(found, ["again", "no, i meant", "of them", "不是这个"]);
}

#[test]
fn a_suggested_rule_is_a_rule_file_whose_tests_pass() {
    let corpus = drawn(3, 900, &PLANTED, Labelled::All);
    let found = suggest(&corpus, &SearchTerms { precision: 0.8, ..SearchTerms::default() });
    let mut file = file_head(&[]);
    for (number, rule) in found.rules.iter().enumerate() {
        file += &rule_keys(rule, &format!("t.{number}"));
        file += &invented_tests(rule, &[], &[]);
    }
    let (passed, _) = verify(&file).unwrap();
    assert!(passed >= found.rules.len(), "{file}");
}
