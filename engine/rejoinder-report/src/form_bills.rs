//! What asking about labelled turns takes in each form.

use std::collections::BTreeMap;

use rejoinder_judge::AskingForm;
use rejoinder_run::recall::{LabelledTurns, PricedJudges};
use serde::Serialize;

/// What asking takes in one form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct FormBill {
    /// The most turns of a request.
    pub turns_per_request: usize,
    /// Requests.
    pub call_share: f64,
    /// Input tokens, the instructions charged in full.
    pub token_share: f64,
    /// Input tokens, the shared prefix charged once.
    pub token_share_cached: f64,
    /// Output tokens, as a number.
    pub output_tokens: f64,
}

/// What asking takes in one form: with the usual number of turns a request and, where the form is also compared with other numbers,
/// by each number.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct FormFigures {
    /// The bill with the usual number of turns a request.
    #[serde(flatten)]
    pub usual: FormBill,
    /// The bills by the number of turns a request.
    #[serde(flatten)]
    pub by_turns: BTreeMap<usize, FormBill>,
}

impl FormFigures {
    /// What asking about some of the turns takes in each form, by its name.
    pub fn of(
        judges: &PricedJudges,
        labelled: &LabelledTurns,
        is_asked: &dyn Fn(usize) -> bool,
    ) -> BTreeMap<&'static str, Self> {
        let paper = labelled.cost_of_paper(judges);
        let mut forms: BTreeMap<&'static str, Self> = BTreeMap::new();
        for judge in &judges.forms {
            let cost = labelled.cost(&judge.form, is_asked);
            let bill = FormBill {
                turns_per_request: judge.form.questions_per_request(),
                call_share: share(cost.requests, paper.requests),
                token_share: share(cost.input, paper.input),
                token_share_cached: share(cost.input_cached, paper.input_cached),
                output_tokens: cost.output,
            };
            let form = judge.form.form;
            let figures = forms.entry(form.name()).or_insert_with(|| Self { usual: bill, ..Self::default() });
            if matches!(form, AskingForm::Grouped { .. }) {
                figures.by_turns.insert(form.turns(), bill);
            }
        }
        forms
    }
}

/// A part of a number; all of nothing.
pub(super) fn share(part: f64, of: f64) -> f64 {
    if of == 0.0 { 1.0 } else { part / of }
}
