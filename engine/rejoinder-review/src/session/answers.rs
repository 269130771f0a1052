//! The answers to the page.

use std::sync::Arc;

use hyper::StatusCode;
use rejoinder_core::{Answer, Category, printable};
use rejoinder_report::numbers::{counted, thousands};
use rejoinder_run::reviewing::{LabelLog, ReviewError, ReviewLabel, reader_labels};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::export_words::export_words;
use super::review_session::{ReviewSession, state};
use crate::page_files;
use crate::server::WebReply;
use crate::site::{Site, SiteRequest};
use crate::turns::{Program, TurnPage};

/// A label as the page sends it.
#[derive(Deserialize)]
struct SentLabel {
    category: String,
    #[serde(default)]
    span: Option<String>,
    #[serde(default)]
    seconds: Option<f64>,
}

/// A label as the page shows it.
#[derive(Serialize)]
struct ShownLabel<'a> {
    category: &'a str,
    span: Option<&'a str>,
}

/// What the program thinks of a turn, with what others say and what the label would change.
#[derive(Serialize)]
struct ShownProgram<'a> {
    #[serde(flatten)]
    program: &'a Program,
    others: Vec<OtherLabel>,
    export: Option<String>,
}

/// Another reader's label.
#[derive(Serialize)]
struct OtherLabel {
    reader: String,
    category: &'static str,
}

/// Why there is no answer.
struct Refused(StatusCode, String);

impl From<ReviewError> for Refused {
    fn from(error: ReviewError) -> Self {
        let status = match error {
            ReviewError::SharedId(_) => StatusCode::CONFLICT,
            ReviewError::SpanNotInTurn => StatusCode::BAD_REQUEST,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self(status, error.to_string())
    }
}

impl Site for ReviewSession {
    fn answer(&self, request: &SiteRequest) -> WebReply {
        let answered = match request {
            SiteRequest::Get(path) => match page_files::file(path) {
                Some(file) => return file,
                None => self.get(path),
            },
            SiteRequest::Post(path, content) => self.post(path, content),
        };
        answered.unwrap_or_else(|Refused(status, words)| WebReply::error(status, &words))
    }
}

impl ReviewSession {
    fn get(&self, path: &str) -> Result<WebReply, Refused> {
        match path {
            "session" => self.session(),
            "progress" => Ok(WebReply::json(&self.progress(&self.book().log)?)),
            _ => self.turn(self.number(path)?),
        }
    }

    fn post(&self, path: &str, content: &[u8]) -> Result<WebReply, Refused> {
        match path {
            "undo" => self.undo(),
            _ => self.label(self.number(path)?, content),
        }
    }

    /// The number of the turn that a path names.
    fn number(&self, path: &str) -> Result<usize, Refused> {
        let number = path.strip_prefix("turns/").and_then(|number| number.parse::<usize>().ok());
        number.filter(|number| *number < self.sample.turns.len()).ok_or_else(|| {
            let turns = self.sample.turns.len();
            let words = match number {
                Some(_) => format!("There is no such turn: the draw has {turns}, numbered from 0."),
                None => "There is nothing here.".to_owned(),
            };
            Refused(StatusCode::NOT_FOUND, words)
        })
    }

    fn page(&self, number: usize) -> Result<Arc<TurnPage>, Refused> {
        self.desk.page(number).map_err(|words| Refused(StatusCode::INTERNAL_SERVER_ERROR, words))
    }

    fn session(&self) -> Result<WebReply, Refused> {
        let run = self.run().path.display().to_string();
        let book = self.book();
        let progress = self.progress(&book.log)?;
        let draw = &self.sample.draw;
        let categories = Category::ALL.map(|category| {
            json!({ "code": category.code(), "name": category.name(), "what": category.meaning() })
        });
        let value = json!({
            "run": run,
            "reader": book.log.reader(),
            "draw": {
                "name": draw.name(),
                "words": self.draw_words(),
                "turns": self.sample.turns.len(),
                "from": self.sample.fitting,
                "seed": self.sample.seed,
                "selection": draw.selection().name(),
            },
            "open": self.is_open,
            "categories": categories,
            "labels_file": self.labels_file.display().to_string(),
            "next": self.next,
            "forecast": progress.forecast,
            "progress": progress,
            "states": self.states(&book.log),
            "slow": self.slow,
        });
        Ok(WebReply::json(&value))
    }

    fn turn(&self, number: usize) -> Result<WebReply, Refused> {
        let page = self.page(number)?;
        let book = self.book();
        let label = book.log.of(page.dialogue.id);
        let mut value = json!({
            "n": number,
            "label": label.map(shown),
            "program": self.program(&page, &book.log)?,
        });
        if let (Some(fields), Ok(serde_json::Value::Object(more))) =
            (value.as_object_mut(), serde_json::to_value(&page.dialogue))
        {
            fields.extend(more);
        }
        Ok(WebReply::json(&value))
    }

    /// What the program thinks of a turn: nothing, before the reader has decided, unless the session is open.
    fn program<'a>(&self, page: &'a TurnPage, log: &LabelLog) -> Result<Option<ShownProgram<'a>>, Refused> {
        let id = page.dialogue.id;
        let label = log.of(id);
        if label.is_none() && !self.is_open {
            return Ok(None);
        }
        let readers = reader_labels(&self.run())?.into_iter().filter(|other| other.reader != log.reader());
        let others = readers.filter_map(|other| {
            let answer = *other.answers.get(&id)?;
            let category = ReviewLabel { answer, span: None, seconds: None }.word();
            Some(OtherLabel { reader: other.reader, category })
        });
        let others = others.collect();
        let export = label.map(|label| export_words(page.program.category, label.answer));
        Ok(Some(ShownProgram { program: &page.program, others, export }))
    }

    fn label(&self, number: usize, content: &[u8]) -> Result<WebReply, Refused> {
        let refused = |words: String| Refused(StatusCode::BAD_REQUEST, words);
        let SentLabel { category, span, seconds } = serde_json::from_slice(content)
            .map_err(|why| refused(format!("A label is {{\"category\", \"span\", \"seconds\"}}: {why}.")))?;
        let answer = match category.as_str() {
            "none" => Answer::NoFeedback,
            "unsure" => Answer::Unknown,
            code => code.parse().map(Answer::Feedback).map_err(|why| {
                refused(format!("`{}` is no category: {why}, none, or unsure.", printable(code)))
            })?,
        };
        let page = self.page(number)?;
        // Only feedback has words that show it.
        let span = span.filter(|span| !span.is_empty() && answer.category().is_some());
        if span.as_ref().is_some_and(|span| !page.turn.contains(span.as_str())) {
            return Err(ReviewError::SpanNotInTurn.into());
        }
        let selection = self.sample.selection_of(&self.sample.turns[number]);
        let seconds = seconds.filter(|seconds| seconds.is_finite() && *seconds >= 0.0);
        let mut book = self.book();
        book.log.add(&page.target, selection, ReviewLabel { answer, span, seconds })?;
        book.given += 1;
        let value = json!({
            "label": book.log.of(page.dialogue.id).map(shown),
            "program": self.program(&page, &book.log)?,
            "progress": self.progress(&book.log)?,
            "state": state(answer),
        });
        Ok(WebReply::json(&value))
    }

    fn undo(&self) -> Result<WebReply, Refused> {
        let mut book = self.book();
        let refused = |words: &str| Err(Refused(StatusCode::CONFLICT, words.to_owned()));
        let is_of_this_draw =
            book.given > 0 || book.log.labels().all(|(id, _)| self.places.contains_key(&id));
        if !is_of_this_draw {
            return refused("The last decision may be one of another draw: nothing is taken back.");
        }
        let Some(id) = book.log.undo()? else { return refused("There is no decision to take back.") };
        book.given = book.given.saturating_sub(1);
        let value = json!({ "n": self.places.get(&id), "progress": self.progress(&book.log)? });
        Ok(WebReply::json(&value))
    }

    fn draw_words(&self) -> String {
        let sample = &self.sample;
        let turns = counted(sample.turns.len() as u64, "turn");
        let fitting = thousands(sample.fitting);
        let whole = if sample.is_whole {
            ""
        } else {
            " The run has not read its whole input: these are turns of what it has read."
        };
        format!("{turns}, of {fitting}: {}.{whole}", sample.draw.from())
    }
}

fn shown(label: &ReviewLabel) -> ShownLabel<'_> {
    ShownLabel { category: label.word(), span: label.span.as_deref() }
}
