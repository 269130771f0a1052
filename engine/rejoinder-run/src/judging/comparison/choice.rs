//! Which form a config should take.

use serde::Serialize;

use super::figures::{CommonestAnswer, ComparedForm};
use super::variant::VariantRole;

/// Where the reference says one and the same of so large a share of the turns, agreement with it shows nothing.
pub const NEARLY_ALL: f64 = 0.95;
/// The reference must answer about so large a share of the turns to be compared with.
const MOST: f64 = 0.5;

/// What follows from a comparison for the config.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ComparisonVerdict {
    /// A cheaper form loses no more than is allowed.
    CheaperForm,
    /// Every cheaper form loses more than is allowed.
    ReferenceOnly,
    /// The reference says the same of nearly all turns: a form that always says so would agree, too.
    OneAnswer,
    /// The reference has no answer to most turns.
    NoAnswers,
    /// Not all forms were asked about all turns.
    NotAsked,
}

/// What follows from the figures of all forms, and the place of the form that a config should take, if any.
pub(super) fn verdict(
    forms: &[ComparedForm],
    commonest: Option<&CommonestAnswer>,
    max_loss: f64,
) -> (ComparisonVerdict, Option<usize>) {
    let reference = forms.iter().position(|form| form.role == VariantRole::Reference);
    let Some(place) = reference.filter(|_| forms.iter().all(|form| form.asked == form.turns)) else {
        return (ComparisonVerdict::NotAsked, None);
    };
    let reference = &forms[place];
    let Some(commonest) = commonest.filter(|_| reference.answered as f64 >= MOST * reference.turns as f64)
    else {
        return (ComparisonVerdict::NoAnswers, None);
    };
    if commonest.share >= NEARLY_ALL {
        return (ComparisonVerdict::OneAnswer, None);
    }
    let amount = |form: &ComparedForm| form.cost.map_or(f64::INFINITY, |cost| cost.amount);
    // A share of 1 less .97 is not .03 to the bit.
    let is_within = |form: &ComparedForm| form.loss.is_some_and(|loss| loss <= max_loss + 1e-9);
    let cheaper = forms.iter().enumerate().filter(|(_, form)| {
        form.role == VariantRole::Candidate && is_within(form) && amount(form) < amount(reference)
    });
    match cheaper.min_by(|(_, a), (_, b)| amount(a).total_cmp(&amount(b))) {
        Some((place, _)) => (ComparisonVerdict::CheaperForm, Some(place)),
        None => (ComparisonVerdict::ReferenceOnly, Some(place)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::figures::TurnCost;
    use super::super::variant::ShownWindow;
    use super::*;

    fn form(name: &'static str, role: VariantRole, loss: f64, amount: f64) -> ComparedForm {
        let cost = TurnCost {
            calls: 1.0,
            input_tokens: amount,
            cached_tokens: 0.0,
            output_tokens: 0.0,
            seconds: None,
            amount,
            is_estimated: false,
        };
        ComparedForm {
            name,
            role,
            form: String::new(),
            form_name: "single",
            turns_per_request: 1,
            prompt: "turn-label".to_owned(),
            is_own_prompt: false,
            window: ShownWindow::Usual,
            turns: 100,
            asked: 100,
            answered: 100,
            why_unanswered: None,
            stored: 0,
            feedback_or_none: None,
            six_ways: None,
            loss: Some(loss),
            cost: Some(cost),
            labels: None,
        }
    }

    fn forms() -> Vec<ComparedForm> {
        vec![
            form("reference", VariantRole::Reference, 0.0, 400.0),
            form("again", VariantRole::Repeat, 0.0, 10.0),
            form("grouped", VariantRole::Candidate, 1.0 - 0.97, 100.0),
            form("cheapest", VariantRole::Candidate, 0.2, 50.0),
            form("reversed", VariantRole::Reversed, 0.0, 50.0),
            form("dear", VariantRole::Candidate, 0.0, 500.0),
        ]
    }

    #[test]
    fn the_cheapest_candidate_within_the_loss_is_taken() {
        let commonest = CommonestAnswer { answer: "none", turns: 60, share: 0.6 };
        let of = |forms: &[ComparedForm], max_loss| {
            let (verdict, place) = verdict(forms, Some(&commonest), max_loss);
            (verdict, place.map(|place| forms[place].name))
        };
        assert_eq!(of(&forms(), 0.03), (ComparisonVerdict::CheaperForm, Some("grouped")));
        assert_eq!(of(&forms(), 0.3), (ComparisonVerdict::CheaperForm, Some("cheapest")));
        assert_eq!(of(&forms(), 0.01), (ComparisonVerdict::ReferenceOnly, Some("reference")));
        let mut open = forms();
        open[3].asked = 50;
        assert_eq!(of(&open, 0.3), (ComparisonVerdict::NotAsked, None));
        let mut silent = forms();
        silent[0].answered = 40;
        assert_eq!(of(&silent, 0.3), (ComparisonVerdict::NoAnswers, None));
    }

    #[test]
    fn one_answer_to_nearly_everything_shows_nothing() {
        let commonest = CommonestAnswer { answer: "UR1", turns: 97, share: 0.97 };
        assert_eq!(verdict(&forms(), Some(&commonest), 0.3), (ComparisonVerdict::OneAnswer, None));
        assert_eq!(verdict(&forms(), None, 0.3), (ComparisonVerdict::NoAnswers, None));
    }
}
