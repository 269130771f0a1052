use proptest::prelude::*;
use rejoinder_core::{Answer, Category};
use rejoinder_judge::Price;
use rejoinder_rules::{
    Guard, GuardLimit, GuardOracle, Limit, PrecisionBound, PrecisionFloor, PrecisionOf, RuleGuard,
};
use rejoinder_scan::config::JudgeSection;

use super::*;
use crate::judging::Judge;

const FLOOR: PrecisionFloor =
    PrecisionFloor { share: 0.9, bound: PrecisionBound::Lower, of: PrecisionOf::Feedback, against: None };

fn guard(limit: Limit) -> RuleGuard {
    let limits = vec![GuardLimit { limit, line: 7, column: 3 }];
    RuleGuard { file: "f.toml".to_owned(), rule: None, guard: Guard { limits } }
}

fn checked(limit: Limit, turns: u64, tally: GuardTally, price: Price) -> GuardResult {
    let counted = GuardTallies { turns, guards: vec![guard(limit)], tallies: vec![tally] };
    let form = Judge::expected(&JudgeSection::default(), None).unwrap().form;
    check(&counted, GuardPrices { form: &form, price: &price }).remove(0)
}

fn standing(limit: Limit, tally: GuardTally) -> GuardStanding {
    checked(limit, 1000, tally, Price::default()).standing
}

/// Answers about turns, each of a conversation of its own.
fn answers(known: u64, feedback: u64) -> AnswerCounts {
    let category = feedback / 2;
    let spread = AnswerSpread {
        conversations: known,
        known_squared: known,
        feedback: [feedback; 2],
        category: [category; 2],
    };
    AnswerCounts { known, feedback, category, spread }
}

/// Answers about conversations of so many turns, of which so many are feedback.
fn of_conversations(conversations: u64, turns: u64, feedback: u64) -> AnswerCounts {
    let mut sum = AnswerCounts::default();
    for _ in 0..conversations {
        let one = AnswerCounts { known: turns, feedback, ..AnswerCounts::default() };
        sum += one.of_conversation();
    }
    sum
}

fn precision_of(tally: GuardTally) -> (GuardStanding, PrecisionFigure) {
    let result = checked(Limit::MinPrecision(FLOOR), 1000, tally, Price::default());
    match result.figure {
        GuardFigure::Precision(figure) => (result.standing, figure),
        _ => panic!("a precision was asked for"),
    }
}

fn accepted(turns: u64, known: u64, feedback: u64) -> GuardTally {
    let labels = CoveredAnswers { accepted: answers(known, feedback), ..CoveredAnswers::default() };
    GuardTally { accepted: turns, labels, ..GuardTally::default() }
}

#[test]
fn a_share_is_one_of_all_later_turns() {
    let tally = GuardTally { accepted: 20, waiting: 51, ..GuardTally::default() };
    assert_eq!(standing(Limit::MaxEscalationShare(0.05), tally), GuardStanding::Broken);
    assert_eq!(standing(Limit::MaxEscalationShare(0.051), tally), GuardStanding::Kept);
    assert_eq!(standing(Limit::MaxAcceptShare(0.02), tally), GuardStanding::Kept);
    assert_eq!(standing(Limit::MaxAcceptShare(0.019), tally), GuardStanding::Broken);
    let without_turns = checked(Limit::MaxAcceptShare(0.0), 0, GuardTally::default(), Price::default());
    assert_eq!(
        (without_turns.standing, without_turns.place.as_str()),
        (GuardStanding::Unproven, "f.toml:7:3")
    );
}

#[test]
fn a_precision_is_proven_by_its_lower_bound() {
    let of = |tally| standing(Limit::MinPrecision(FLOOR), tally);
    // .05^(1/29) = .9019, .05^(1/28) = .8985.
    assert_eq!(of(accepted(29, 29, 29)), GuardStanding::Kept);
    assert_eq!(of(accepted(29, 28, 28)), GuardStanding::Unproven);
    assert_eq!(of(accepted(29, 29, 28)), GuardStanding::Broken);
    assert_eq!(of(accepted(0, 0, 0)), GuardStanding::Unproven);
    assert_eq!(of(accepted(9, 0, 0)), GuardStanding::Unproven);
    let needed = |tally| match checked(Limit::MinPrecision(FLOOR), 9, tally, Price::default()).figure {
        GuardFigure::Precision(figure) => figure.needed,
        _ => None,
    };
    assert_eq!(needed(accepted(9, 1, 1)), Some(29));
    assert_eq!(needed(GuardTally { waiting: 1, ..accepted(9, 1, 1) }), Some(36));
    let measured = PrecisionFloor { bound: PrecisionBound::Measured, ..FLOOR };
    let of = |tally| standing(Limit::MinPrecision(measured), tally);
    assert_eq!(of(accepted(10, 10, 9)), GuardStanding::Kept);
    assert_eq!(of(accepted(10, 9, 8)), GuardStanding::Broken);
    assert_eq!(of(accepted(10, 0, 0)), GuardStanding::Unproven);
    let category = PrecisionFloor { of: PrecisionOf::Category, ..measured };
    assert_eq!(standing(Limit::MinPrecision(category), accepted(10, 10, 10)), GuardStanding::Broken);
}

#[test]
fn turns_of_one_conversation_are_not_many_answers() {
    let labelled = |accepted: AnswerCounts| {
        let labels = CoveredAnswers { accepted, ..CoveredAnswers::default() };
        precision_of(GuardTally { accepted: accepted.known, labels, ..GuardTally::default() })
    };
    let (standing, two) = labelled(of_conversations(2, 44, 44));
    // Two conversations are two answers: .05^(1/2).
    assert!((two.lower.unwrap() - 0.2236).abs() < 1e-4 && two.accepted.conversations == 2, "{two:?}");
    assert_eq!(standing, GuardStanding::Unproven);
    let (standing, many) = labelled(of_conversations(29, 3, 3));
    assert!((many.lower.unwrap() - 0.9019).abs() < 1e-4, "{many:?}");
    assert_eq!(standing, GuardStanding::Kept);
    // A run of an earlier engine tells turns, and no conversations.
    let earlier: AnswerCounts =
        serde_json::from_str(r#"{"known":100,"feedback":100,"category":90}"#).unwrap();
    let (standing, figure) = labelled(earlier);
    assert_eq!((standing, figure.lower, figure.measured), (GuardStanding::Unproven, None, Some(1.0)));
}

#[test]
fn answers_about_chosen_turns_count_where_every_turn_has_one() {
    let chosen = |known| {
        let judge = CoveredAnswers { accepted: answers(known, known), ..CoveredAnswers::default() };
        ChosenAnswers { judge, ..ChosenAnswers::default() }
    };
    let (standing, figure) =
        precision_of(GuardTally { accepted: 60, chosen: chosen(40), ..GuardTally::default() });
    assert_eq!((standing, figure.measured, figure.lower), (GuardStanding::Unproven, None, None));
    assert_eq!((figure.accepted.known, figure.accepted.chosen), (0, 40));
    let (standing, figure) =
        precision_of(GuardTally { accepted: 40, chosen: chosen(40), ..GuardTally::default() });
    assert_eq!((standing, figure.measured), (GuardStanding::Kept, Some(1.0)));
    assert_eq!((figure.accepted.known, figure.accepted.chosen), (40, 0));
    // Labels that count nowhere do not stand in the way of a judge's answers.
    let judge = CoveredAnswers { accepted: answers(40, 40), ..CoveredAnswers::default() };
    let labels = ChosenAnswers { labels: judge, ..ChosenAnswers::default() };
    let (_, figure) =
        precision_of(GuardTally { accepted: 60, judge, chosen: labels, ..GuardTally::default() });
    assert_eq!((figure.oracle, figure.accepted.known), (GuardOracle::Judge, 40));
}

#[test]
fn accepted_and_waiting_turns_count_by_their_numbers() {
    let measured = PrecisionFloor { bound: PrecisionBound::Measured, ..FLOOR };
    // Nine in ten accepted turns were not asked about: .75 · 1 + .25 · .5.
    let labels = CoveredAnswers { accepted: answers(30, 30), waiting: answers(100, 50) };
    let tally = GuardTally { accepted: 300, waiting: 100, labels, ..GuardTally::default() };
    let GuardFigure::Precision(figure) =
        checked(Limit::MinPrecision(measured), 1000, tally, Price::default()).figure
    else {
        panic!("a precision was asked for");
    };
    assert!((figure.measured.unwrap() - 0.875).abs() < 1e-12);
    assert!(figure.lower.unwrap() < 0.875 && figure.needed.is_none());
    let nothing_of_a_kind =
        GuardTally { labels: CoveredAnswers { accepted: answers(0, 0), ..labels }, ..tally };
    assert_eq!(standing(Limit::MinPrecision(measured), nothing_of_a_kind), GuardStanding::Unproven);
}

#[test]
fn labels_count_where_there_are_some_and_nothing_else_is_asked_for() {
    let measured = PrecisionFloor { bound: PrecisionBound::Measured, ..FLOOR };
    let judge = CoveredAnswers { accepted: answers(10, 1), ..CoveredAnswers::default() };
    let both = GuardTally { judge, ..accepted(10, 10, 10) };
    let of = |against, tally| standing(Limit::MinPrecision(PrecisionFloor { against, ..measured }), tally);
    assert_eq!(of(None, both), GuardStanding::Kept);
    assert_eq!(of(Some(GuardOracle::Judge), both), GuardStanding::Broken);
    let judged = GuardTally { labels: CoveredAnswers::default(), ..both };
    assert_eq!(of(None, judged), GuardStanding::Broken);
    assert_eq!(of(Some(GuardOracle::Labels), judged), GuardStanding::Unproven);
}

#[test]
fn money_is_that_of_a_thousand_later_turns() {
    let tally = GuardTally { waiting: 10, questions: 10, shown_tokens: 1_000_000, ..GuardTally::default() };
    let price = Price { input: 2.0, ..Price::default() };
    let GuardFigure::Cost(figure) = checked(Limit::MaxCostPer1000(30.0), 100, tally, price).figure else {
        panic!("money was asked for");
    };
    // A million tokens shown, and the instructions of ten requests at most.
    let money = figure.per_thousand.unwrap();
    assert!(money > 20.0 && money < 21.0, "{money}");
    let of = |most, price| checked(Limit::MaxCostPer1000(most), 100, tally, price).standing;
    assert_eq!(of(30.0, price), GuardStanding::Kept);
    assert_eq!(of(20.0, price), GuardStanding::Broken);
    assert_eq!(of(30.0, Price::default()), GuardStanding::Unproven);
}

/// A turn of a corpus: whether a guard's rules accept it or it waits, and what is known of it.
type Turn = (Option<bool>, Option<bool>, Option<bool>);

fn counted<'t>(turns: impl IntoIterator<Item = &'t Turn>) -> GuardTallies {
    let mut sum = GuardTallies::new(&[guard(Limit::MinPrecision(FLOOR))]);
    for (one, label, judge) in turns {
        sum.turns += 1;
        let Some(is_accepted) = one else { continue };
        let answer = |known: &Option<bool>| match known {
            None => Answer::Unknown,
            Some(false) => Answer::NoFeedback,
            Some(true) => Answer::Feedback(Category::Ur5),
        };
        let tally = &mut sum.tallies[0];
        let kinds = |answers: &mut CoveredAnswers, known| {
            let mut one = AnswerCounts::default();
            one.count(known, &[Category::Ur5]);
            let kind = if *is_accepted { &mut answers.accepted } else { &mut answers.waiting };
            *kind += one.of_conversation();
        };
        kinds(&mut tally.labels, answer(label));
        kinds(&mut tally.judge, answer(judge));
        tally.accepted += u64::from(*is_accepted);
        tally.waiting += u64::from(!*is_accepted);
    }
    sum
}

proptest! {
    #[test]
    fn counts_add_up_to_the_same_however_the_input_is_cut_and_in_any_order(
        turns in prop::collection::vec(any::<Turn>(), 1..300),
        cut in 1_usize..50,
        turn in 0_usize..300,
    ) {
        let whole = counted(&turns);
        let mut parts: Vec<GuardTallies> = turns.chunks(cut).map(counted).collect();
        let middle = turn % parts.len();
        parts.rotate_left(middle);
        let mut sum = GuardTallies::default();
        parts.iter().rev().for_each(|part| sum += part);
        prop_assert_eq!(&sum, &whole);
        let json = serde_json::to_string(&sum).unwrap();
        prop_assert_eq!(serde_json::from_str::<GuardTallies>(&json).unwrap(), whole);
    }

    #[test]
    fn a_kept_precision_is_proven_and_more_wrong_turns_never_mend_it(
        known in 1_u64..400,
        wrong in 0_u64..400,
        share in 0.05_f64..0.99,
    ) {
        let floor = PrecisionFloor { share, ..FLOOR };
        let right = known.saturating_sub(wrong);
        let result = checked(Limit::MinPrecision(floor), 1000, accepted(known, known, right), Price::default());
        let GuardFigure::Precision(figure) = result.figure else { panic!("a precision was asked for") };
        let lower = figure.lower.unwrap();
        prop_assert!(lower <= figure.measured.unwrap());
        prop_assert_eq!(result.standing == GuardStanding::Kept, lower >= share);
        // Too few answers are those that cannot prove the share even if all are right.
        let best = standing(Limit::MinPrecision(floor), accepted(known, known, known));
        prop_assert_eq!(result.standing == GuardStanding::Unproven, best != GuardStanding::Kept);
        prop_assert_eq!(known >= figure.needed.unwrap(), best == GuardStanding::Kept);
        if right > 0 && result.standing == GuardStanding::Broken {
            let worse = standing(Limit::MinPrecision(floor), accepted(known, known, right - 1));
            prop_assert_eq!(worse, GuardStanding::Broken);
        }
    }
}
