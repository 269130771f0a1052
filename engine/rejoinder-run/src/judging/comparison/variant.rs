//! The forms, windows and orders of letters in which a judge is compared with itself.

use std::fmt;

use rejoinder_judge::prompt::{PromptTemplate, PromptWindow};
use rejoinder_judge::{AskingForm, JudgeConfig, LabelConstraint, ServerCapabilities};
use serde::{Serialize, Serializer};

use crate::error::RunError;
use crate::judging::{Judge, letters};

/// How much of a dialogue a form shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ShownWindow {
    /// All that the questions keep: the long window that was the default before.
    Long,
    /// The window of the judge's config.
    Usual,
    /// Another window.
    #[serde(serialize_with = "window_fields")]
    Of(PromptWindow),
}

fn window_fields<S: Serializer>(window: &PromptWindow, serializer: S) -> Result<S::Ok, S::Error> {
    let PromptWindow { messages, request, answer, turn } = *window;
    serializer.collect_map([("messages", messages), ("request", request), ("answer", answer), ("turn", turn)])
}

/// What a form is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum VariantRole {
    /// All others are compared with it.
    Reference,
    /// The reference once more, about a part of the sample: whether the judge answers alike when it is asked again.
    Repeat,
    /// A cheaper form, which a config may take.
    Candidate,
    /// The letters in reverse order: how far the judge follows the order of its choices.
    Reversed,
}

/// A form, a window and an order of letters in which the judge is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FormVariant {
    /// The name in figures.
    pub name: &'static str,
    /// The form of a request.
    pub form: AskingForm,
    /// What a request shows.
    pub window: ShownWindow,
    /// What the form is asked for.
    pub role: VariantRole,
}

/// Why a server is not asked in a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeftOutReason {
    /// The server obeys no constraint to one letter.
    NoConstraint,
    /// The server does not give letters of several turns, each a token of its own.
    NoLetters,
    /// The config asks for spans by a second request, which letters of several turns do not have.
    SpansAreAsked,
    /// No prompt with the letters in reverse ships for a prompt of the user's own.
    OwnPrompt,
}

impl fmt::Display for LeftOutReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoConstraint => "the server obeys no constraint to one letter",
            Self::NoLetters => "the server does not give a letter for each of several turns",
            Self::SpansAreAsked => {
                "span = \"ask\" is configured, and letters of several turns have no second request"
            }
            Self::OwnPrompt => "the config has a prompt of its own, which has no reverse",
        })
    }
}

const SHORT: PromptWindow = PromptWindow { messages: 2, request: 300, answer: 400, turn: 600 };
const EQUAL: PromptWindow = PromptWindow { messages: 3, request: 400, answer: 400, turn: 2_000 };
/// The revision by which replies to a repeated request are told from those to the first.
const AGAIN: &str = "rejoinder: asked again";

const fn single(name: &'static str, window: ShownWindow, role: VariantRole) -> FormVariant {
    FormVariant { name, form: AskingForm::Single, window, role }
}

const fn grouped(name: &'static str, turns: usize, window: ShownWindow, role: VariantRole) -> FormVariant {
    FormVariant { name, form: AskingForm::Grouped { turns }, window, role }
}

impl FormVariant {
    /// All forms, in the order of asking: those that the others need first, then those with the fewest requests.
    pub const ALL: [Self; 12] = [
        single("reference", ShownWindow::Long, VariantRole::Reference),
        single("again", ShownWindow::Long, VariantRole::Repeat),
        grouped("grouped-16", 16, ShownWindow::Usual, VariantRole::Candidate),
        grouped("grouped-8", 8, ShownWindow::Usual, VariantRole::Candidate),
        grouped("grouped-4", 4, ShownWindow::Usual, VariantRole::Candidate),
        grouped("grouped-4-long", 4, ShownWindow::Long, VariantRole::Candidate),
        grouped("grouped-4-reversed", 4, ShownWindow::Usual, VariantRole::Reversed),
        Self {
            name: "json-4",
            form: AskingForm::Json { turns: 4 },
            window: ShownWindow::Usual,
            role: VariantRole::Candidate,
        },
        single("single", ShownWindow::Usual, VariantRole::Candidate),
        single("single-3x400", ShownWindow::Of(EQUAL), VariantRole::Candidate),
        single("single-short", ShownWindow::Of(SHORT), VariantRole::Candidate),
        single("single-reversed", ShownWindow::Usual, VariantRole::Reversed),
    ];

    /// The names of the forms that can be chosen, which are all but the reference's.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Self::ALL.iter().filter(|variant| variant.role != VariantRole::Reference).map(|variant| variant.name)
    }

    /// The form as a server of these capabilities is asked in it: where the server obeys no constraint to a letter, the reference is
    /// JSON about one turn.
    pub(super) fn for_server(self, findings: &ServerCapabilities) -> Self {
        let is_reference = matches!(self.role, VariantRole::Reference | VariantRole::Repeat);
        match is_reference && findings.constraint == LabelConstraint::None {
            true => Self { form: AskingForm::Json { turns: 1 }, ..self },
            false => self,
        }
    }

    /// Why a judge is not asked in this form; `None` if it is.
    pub(super) fn left_out(
        &self,
        client: &JudgeConfig,
        findings: &ServerCapabilities,
    ) -> Option<LeftOutReason> {
        let is_grouped = matches!(self.form, AskingForm::Grouped { .. });
        let is_single = self.form == AskingForm::Single;
        let has_own_prompt = self.own_prompt(client).is_some();
        match () {
            () if is_single && findings.constraint == LabelConstraint::None => {
                Some(LeftOutReason::NoConstraint)
            }
            () if is_grouped && client.asks_span => Some(LeftOutReason::SpansAreAsked),
            () if is_grouped && findings.letters.is_none() => Some(LeftOutReason::NoLetters),
            () if self.role == VariantRole::Reversed && has_own_prompt => Some(LeftOutReason::OwnPrompt),
            () => None,
        }
    }

    /// The prompt of the config, where it is one for this form.
    fn own_prompt<'c>(&self, client: &'c JudgeConfig) -> Option<&'c PromptTemplate> {
        client.template.as_ref().filter(|template| template.answer == self.form.answer())
    }

    /// The judge, asked in this form alone: no answer of another form is taken.
    ///
    /// # Errors
    /// If config, findings and form contradict each other.
    pub(super) fn judge(
        &self,
        client: &JudgeConfig,
        findings: &ServerCapabilities,
    ) -> Result<Judge, RunError> {
        let usual = self.own_prompt(client).cloned();
        let template = match self.role {
            VariantRole::Reversed => letters::reversed(self.form.answer()),
            _ => usual,
        };
        let revision = match (self.role, &client.revision) {
            (VariantRole::Repeat, None) => Some(AGAIN.to_owned()),
            (VariantRole::Repeat, Some(revision)) => Some(format!("{revision} {AGAIN}")),
            (_, revision) => revision.clone(),
        };
        let asked = JudgeConfig {
            answer: Some(self.form.answer()),
            template,
            turns_per_request: self.form.turns(),
            window: self.shown(client),
            asks_span: false,
            takes_answers_elsewhere: false,
            revision,
            ..client.clone()
        };
        Judge::new(asked, findings)
    }

    /// What a request shows of a question; `None` for all that the question keeps.
    pub fn shown(&self, client: &JudgeConfig) -> Option<PromptWindow> {
        match self.window {
            ShownWindow::Long => None,
            ShownWindow::Usual => Some(client.window.unwrap_or_default()),
            ShownWindow::Of(window) => Some(window),
        }
    }
}
