//! What forms of asking are worth on a judge, for people and machines, and the piece of a config that follows.

use std::fmt::Write as _;

use rejoinder_cascade::agreement::Agreement;
use rejoinder_core::printable;
use rejoinder_judge::prompt::PromptWindow;
use rejoinder_run::judging::comparison::{
    ComparedForm, ComparisonVerdict, JudgeComparison, ShownWindow, TurnCost, VariantRole,
};
use rejoinder_scan::config::WindowSection;
use serde::Serialize;

use crate::numbers::{counted, thousands};
use crate::page::fold;

/// Columns that sentences are folded to.
const COLUMNS: usize = 110;

/// A comparison with the piece of a config that follows.
#[derive(Clone, Debug, Serialize)]
pub struct ComparisonReport {
    #[serde(flatten)]
    compared: JudgeComparison,
    /// Lines of a config; `None` where nothing follows.
    config: Option<String>,
}

impl ComparisonReport {
    /// The report of a comparison.
    pub fn of(compared: JudgeComparison) -> Self {
        let config = config(&compared);
        Self { compared, config }
    }

    /// Why no form is advised.
    pub fn why_nothing(&self) -> String {
        let JudgeComparison { model, turns, commonest, .. } = &self.compared;
        let model = printable(model);
        match (self.compared.verdict, commonest) {
            (ComparisonVerdict::OneAnswer, Some(commonest)) => format!(
                "in the reference form {model} says {} of {} of {}: a form that always says so would agree, too, and nothing follows \
                 from agreement",
                commonest.answer,
                thousands(commonest.turns),
                counted(*turns, "turn"),
            ),
            (ComparisonVerdict::NoAnswers, _) => format!(
                "in the reference form {model} leaves most of {} without an answer: there is nothing to agree with",
                counted(*turns, "turn"),
            ),
            _ => "not all forms were asked about all turns: no form is advised yet".to_owned(),
        }
    }

    /// The tables and remarks for people, and the piece of a config.
    pub fn text(&self) -> String {
        let compared = &self.compared;
        let mut out = self.head();
        out += &agreement_table(compared);
        out += &cost_table(compared);
        out += &label_table(compared);
        for remark in remarks(compared) {
            out += &fold(&format!("* {remark}\n"), COLUMNS);
        }
        match &self.config {
            Some(config) => {
                let _ = write!(out, "\n{config}");
            }
            None => out += &fold(&format!("\n{}\n", self.why_nothing()), COLUMNS),
        }
        out
    }

    fn head(&self) -> String {
        let JudgeComparison { model, turns, conversations, seed, long_window, usual_window, .. } =
            &self.compared;
        let WindowSection { messages, request, answer, turn } = usual_window;
        let reference = self.compared.forms.first().map_or("", |form| &form.form);
        let heading = format!(
            "{} was asked about {} of {}, drawn by seed {seed}\n\
             the reference: {reference}, shown with the long window of up to {} of {} bytes\n\
             the config's window: up to {}, of a request {} bytes, of an answer {}, of the turn {}\n\n",
            printable(model),
            counted(*turns, "turn"),
            counted(*conversations, "conversation"),
            counted(long_window.0 as u64, "message"),
            thousands(long_window.1 as u64),
            counted(*messages as u64, "message"),
            thousands(*request as u64),
            thousands(*answer as u64),
            thousands(*turn as u64),
        );
        fold(&heading, COLUMNS)
    }
}

/// A share or κ with its interval.
fn with_interval(figure: Option<f64>, interval: Option<(f64, f64)>) -> String {
    match (figure, interval) {
        (None, _) => "-".to_owned(),
        (Some(figure), None) => format!("{figure:.3}"),
        (Some(figure), Some((low, high))) => format!("{figure:.3} {low:.2}–{high:.2}"),
    }
}

fn share(agreement: Option<&Agreement>) -> String {
    with_interval(agreement.map(|a| a.share), agreement.map(|a| a.share_interval))
}

fn kappa(agreement: Option<&Agreement>) -> String {
    with_interval(agreement.and_then(|a| a.kappa), agreement.and_then(|a| a.kappa_interval))
}

/// A share with its interval, as a sentence has it.
fn in_words(agreement: Option<&Agreement>) -> String {
    agreement.map_or_else(String::new, |Agreement { share, share_interval: (low, high), .. }| {
        format!("{share:.3} ({low:.2}–{high:.2})")
    })
}

fn agreement_table(compared: &JudgeComparison) -> String {
    let mut out = String::from("agreement with the reference, and 95 % intervals\n");
    let _ = writeln!(
        out,
        "{:<20}{:>6}{:>18}{:>20}{:>18}{:>20}{:>8}",
        "form", "turns", "feedback or none", "κ", "six ways", "κ", "loss"
    );
    for form in compared.forms.iter().filter(|form| form.role != VariantRole::Reference) {
        let turns = form.six_ways.map_or(0, |agreement| agreement.turns);
        let loss = form.loss.map_or_else(|| "-".to_owned(), |loss| format!("{loss:.3}"));
        let [two, six] = [form.feedback_or_none.as_ref(), form.six_ways.as_ref()];
        let _ = writeln!(
            out,
            "{:<20}{:>6}{:>18}{:>20}{:>18}{:>20}{:>8}",
            form.name,
            thousands(turns),
            share(two),
            kappa(two),
            share(six),
            kappa(six),
            loss
        );
    }
    out + "\n"
}

fn cost_table(compared: &JudgeComparison) -> String {
    let mut out = String::new();
    let unit = match compared.unit.split(',').next() {
        Some("tokens") => "new tokens",
        // `time, by the limits a minute` is too long for a heading.
        first => first.unwrap_or_default(),
    };
    let _ = writeln!(
        out,
        "{:<20}{:>10}{:>10}{:>10}{:>10}{:>10}{:>14}",
        "a turn takes", "requests", "input", "of cache", "output", "seconds", unit
    );
    for form in &compared.forms {
        let Some(TurnCost { calls, input_tokens, cached_tokens, output_tokens, seconds, amount, .. }) =
            form.cost
        else {
            continue;
        };
        let seconds = seconds.map_or_else(|| "-".to_owned(), |seconds| format!("{seconds:.4}"));
        let amount = if amount < 1.0 { format!("{amount:.7}") } else { format!("{amount:.1}") };
        let _ = writeln!(
            out,
            "{:<20}{calls:>10.3}{input_tokens:>10.1}{cached_tokens:>10.1}{output_tokens:>10.1}{seconds:>10}{amount:>14}",
            form.name,
        );
    }
    out + "\n"
}

fn label_table(compared: &JudgeComparison) -> String {
    if compared.forms.iter().all(|form| form.labels.is_none()) {
        return String::new();
    }
    let mut out = String::new();
    let _ = writeln!(
        out,
        "{:<20}{:>6}{:>18}{:>20}{:>18}{:>11}{:>8}",
        "against labels", "turns", "feedback or none", "κ", "six ways", "precision", "recall"
    );
    for form in &compared.forms {
        let Some(labels) = &form.labels else { continue };
        let figure = |figure: Option<f64>| with_interval(figure, None);
        let _ = writeln!(
            out,
            "{:<20}{:>6}{:>18}{:>20}{:>18}{:>11}{:>8}",
            form.name,
            thousands(labels.six_ways.turns),
            share(Some(&labels.feedback_or_none)),
            kappa(Some(&labels.feedback_or_none)),
            share(Some(&labels.six_ways)),
            figure(labels.precision),
            figure(labels.recall)
        );
    }
    out + "\n"
}

/// What the figures alone do not say.
fn remarks(compared: &JudgeComparison) -> Vec<String> {
    let JudgeComparison { model, answered_as, ceiling, forms, left_out, .. } = compared;
    let model = printable(model);
    let mut remarks = vec![format!(
        "agreement shows how little a form changes what {model} says, not how often {model} is right"
    )];
    let others: Vec<_> =
        answered_as.iter().map(|name| printable(name)).filter(|name| *name != model).collect();
    if !others.is_empty() {
        remarks.push(format!("the server answered as {}", others.join(", ")));
    }
    if let Some(again) =
        forms.iter().find(|form| form.role == VariantRole::Repeat).and_then(|form| form.six_ways)
    {
        remarks.push(match again.equal == again.turns {
            true => format!("asked the same again about {}, {model} said the same", counted(again.turns, "turn")),
            false => format!(
                "asked the same again about {}, {model} said the same of a share of {ceiling:.3} only: the loss of a form is what its \
                 agreement falls short of that",
                counted(again.turns, "turn")
            ),
        });
    }
    for form in forms {
        remarks.extend(remark_on(form));
    }
    for form in left_out {
        remarks.push(format!("{} is left out: {}", form.name, form.why));
    }
    if forms.iter().any(|form| form.cost.is_some_and(|cost| cost.is_estimated)) {
        remarks.push("the server does not count all tokens: they are estimated".to_owned());
    }
    let stored: u64 = forms.iter().map(|form| form.stored).sum();
    if stored > 0 {
        remarks.push(format!("stored before, and not asked for again: {}", counted(stored, "reply")));
    }
    remarks
}

fn remark_on(form: &ComparedForm) -> Option<String> {
    let open = form.turns.saturating_sub(form.asked);
    let silent = form.asked.saturating_sub(form.answered);
    match (&form.why_unanswered, silent) {
        _ if open > 0 => Some(format!("{}: {} not asked about yet", form.name, counted(open, "turn"))),
        (_, 0) => None,
        (why, silent) => {
            let why =
                why.as_deref().map(|why| format!("; the first: {}", printable(why))).unwrap_or_default();
            Some(format!("{}: {} without an answer{why}", form.name, counted(silent, "turn")))
        }
    }
}

/// The lines of a config that take the advised form, with what was measured.
fn config(compared: &JudgeComparison) -> Option<String> {
    let form = compared.forms.iter().find(|form| Some(form.name) == compared.advised)?;
    let reference = compared.forms.first()?;
    let JudgeComparison { model, turns, max_loss, unit, .. } = compared;
    let measured = format!("Measured with {} on {}", printable(model), counted(*turns, "turn"));
    let amount = |form: &ComparedForm| form.cost.map_or(0.0, |cost| cost.amount);
    let comment = match form.role {
        VariantRole::Reference => format!(
            "{measured}: no cheaper form stays within a loss of {max_loss} of the agreement six ways, so this is the reference."
        ),
        _ => format!(
            "{measured}: {} says the same as the reference, six ways, on {} of the turns that both answer, a loss of {:.3} where {max_loss} \
             is allowed; it takes {:.3} of the reference's {unit}.",
            form.name,
            in_words(form.six_ways.as_ref()),
            form.loss.unwrap_or_default(),
            amount(form) / amount(reference),
        ),
    };
    let mut out = String::new();
    for line in fold(&comment, COLUMNS).lines() {
        let _ = writeln!(out, "# {}", line.trim());
    }
    let mut lines = "These lines take the place of those with the same names. `window` and the older `window-messages` and \
                     `window-bytes` exclude each other."
        .to_owned();
    if compared.has_own_prompt && !form.is_own_prompt {
        lines += " `prompt` must go: it is for another form, and the prompt that ships was asked with.";
    }
    for line in fold(&lines, COLUMNS).lines() {
        let _ = writeln!(out, "# {}", line.trim());
    }
    out.push_str("[judge]\n");
    out += &form_lines(form, compared);
    Some(out)
}

fn form_lines(form: &ComparedForm, compared: &JudgeComparison) -> String {
    let answer = match form.form_name {
        "single" => "label",
        "grouped" => "letters",
        _ => "json",
    };
    let mut out = format!("answer = \"{answer}\"\n");
    if answer != "label" {
        let _ = writeln!(out, "turns-per-request = {}", form.turns_per_request);
    }
    let (messages, bytes) = compared.long_window;
    let window = |messages: usize, request: usize, answer: usize, turn: usize| {
        format!(
            "window = {{ messages = {messages}, request = {request}, answer = {answer}, turn = {turn} }}\n"
        )
    };
    let WindowSection { messages: usual, request, answer, turn } = compared.usual_window;
    out += &match form.window {
        ShownWindow::Long => format!("window-messages = {messages}\nwindow-bytes = {bytes}\n"),
        ShownWindow::Usual => window(usual, request, answer, turn),
        ShownWindow::Of(PromptWindow { messages, request, answer, turn }) => {
            window(messages, request, answer, turn)
        }
    };
    out
}
