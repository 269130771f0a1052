//! A prompt as its author writes it: a TOML file, which is checked as a whole when it is loaded.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use rejoinder_core::Category;
use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::fence::{FENCE_END, FENCE_START};
use crate::answer::{PATTERN, TEXT};
use crate::question::QuestionUnit;

const FORMAT: u32 = 1;

/// The prompts that ship: name and text.
const SHIPPED: [(&str, &str); 7] = [
    ("turn-label", include_str!("../../../../rules/prompts/turn-label.toml")),
    ("turn-label-reversed", include_str!("../../../../rules/prompts/turn-label-reversed.toml")),
    ("turn-letters", include_str!("../../../../rules/prompts/turn-letters.toml")),
    ("turn-letters-reversed", include_str!("../../../../rules/prompts/turn-letters-reversed.toml")),
    ("turn-json", include_str!("../../../../rules/prompts/turn-json.toml")),
    ("turn-span", include_str!("../../../../rules/prompts/turn-span.toml")),
    ("conversation", include_str!("../../../../rules/prompts/conversation.toml")),
];

/// The placeholder in a question for the numbers of the marked turns (answers `letters` and `json`).
pub(super) const TURNS: &str = "{turns}";
/// The placeholder in a question for the category whose span is asked for (answer `span`).
pub(super) const CATEGORY: &str = "{category}";

/// The form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AnswerFormat {
    /// The answer is one of six single-token labels.
    Label,
    /// The answer is one of six single-token labels for each of several turns.
    Letters,
    /// The answer holds the paper's objects.
    Json,
    /// The answer copies the words that show a category that is known already.
    Span,
}

impl AnswerFormat {
    /// Whether an answer is made of labels.
    pub const fn has_labels(self) -> bool {
        matches!(self, Self::Label | Self::Letters)
    }
}

/// A prompt: constant instructions, then the dialogue, then a short question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromptTemplate {
    /// The prompt's name.
    pub name: String,
    /// The author's version.
    pub version: String,
    /// What the prompt asks about.
    pub unit: QuestionUnit,
    /// The form of the answer that the prompt asks for.
    pub answer: AnswerFormat,
    /// The blake3 hash of the prompt file's text.
    pub hash: String,
    /// The meaning of each label, `None` for no feedback (answers `label` and `letters`).
    pub labels: Vec<(String, Option<Category>)>,
    /// The beginning of every prompt, byte for byte the same.
    pub(crate) instructions: String,
    /// The end of every prompt.
    pub(crate) question: String,
}

/// What is wrong with a prompt file, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromptTemplateError {
    /// The place of the mistake, in bytes of the file.
    pub span: Range<usize>,
    /// What is wrong with the file.
    pub message: String,
}

impl fmt::Display for PromptTemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for PromptTemplateError {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PromptFile {
    format: Spanned<u32>,
    name: Spanned<String>,
    version: Spanned<String>,
    unit: QuestionUnit,
    answer: Spanned<AnswerFormat>,
    instructions: Spanned<String>,
    question: Option<Spanned<String>>,
    labels: Option<Spanned<BTreeMap<String, String>>>,
}

impl PromptTemplate {
    /// The names of the shipped prompts.
    pub fn shipped_names() -> impl Iterator<Item = &'static str> {
        SHIPPED.iter().map(|(name, _)| *name)
    }

    /// A shipped prompt.
    ///
    /// # Panics
    /// Never: a test reads them all.
    pub fn shipped(name: &str) -> Option<Self> {
        let (_, text) = SHIPPED.iter().find(|(shipped, _)| *shipped == name)?;
        Some(Self::parse(text).expect("the shipped prompts are sound"))
    }

    /// The shipped prompt for a unit and a form of answer.
    ///
    /// # Panics
    /// If no such prompt ships, as for a conversation's label or span.
    pub fn for_answer(unit: QuestionUnit, answer: AnswerFormat) -> Self {
        let shipped = SHIPPED.iter().filter_map(|(name, _)| Self::shipped(name));
        let mut fitting = shipped.filter(|t| t.unit == unit && t.answer == answer);
        fitting.next().expect("a prompt ships for every form that is asked for")
    }

    /// Reads a prompt file.
    ///
    /// # Errors
    /// The first mistake in the file.
    pub fn parse(text: &str) -> Result<Self, PromptTemplateError> {
        let file: PromptFile = toml::from_str(text).map_err(|e| PromptTemplateError {
            span: e.span().unwrap_or(0..0),
            message: e.message().trim_end().to_owned(),
        })?;
        let wrong = |span: Range<usize>, message: String| Err(PromptTemplateError { span, message });
        if *file.format.get_ref() != FORMAT {
            return wrong(
                file.format.span(),
                format!("prompt format is not known; this engine reads {FORMAT}"),
            );
        }
        for (text, name) in
            [(&file.name, "name"), (&file.version, "version"), (&file.instructions, "instructions")]
        {
            if text.get_ref().trim().is_empty() {
                return wrong(text.span(), format!("`{name}` is empty"));
            }
        }
        let answer = *file.answer.get_ref();
        if file.unit == QuestionUnit::Conversation && answer != AnswerFormat::Json {
            return wrong(file.answer.span(), "a whole conversation is answered in json only".to_owned());
        }
        let instructions = file.instructions.get_ref();
        let needed: &[&str] = match (file.unit, answer) {
            (QuestionUnit::Conversation, _) => &[PATTERN, TEXT],
            (QuestionUnit::Turn, AnswerFormat::Json) => &[FENCE_START, FENCE_END, PATTERN, TEXT],
            (QuestionUnit::Turn, AnswerFormat::Label | AnswerFormat::Letters) => &[FENCE_START, FENCE_END],
            (QuestionUnit::Turn, AnswerFormat::Span) => &[FENCE_START, FENCE_END, TEXT],
        };
        if let Some(missing) = needed.iter().find(|n| !instructions.contains(**n)) {
            return wrong(file.instructions.span(), format!("the instructions have to speak of `{missing}`"));
        }
        let (question, question_at) =
            file.question.map_or((String::new(), file.answer.span()), |q| (q.get_ref().clone(), q.span()));
        let allowed: &[&str] = match answer {
            AnswerFormat::Label => &[],
            AnswerFormat::Json | AnswerFormat::Letters => &[TURNS],
            AnswerFormat::Span => &[CATEGORY],
        };
        if let Some(unknown) = placeholders(instructions).next() {
            let message = format!("`{unknown}` would be sent as it stands: the instructions are constant");
            return wrong(file.instructions.span(), message);
        }
        if let Some(unknown) = placeholders(&question).find(|p| !allowed.contains(p)) {
            return wrong(
                question_at,
                format!("`{unknown}` means nothing here; known: {}", allowed.join(", ")),
            );
        }
        if answer == AnswerFormat::Span && !question.contains(CATEGORY) {
            return wrong(question_at, format!("the question has to hold {CATEGORY}"));
        }
        if answer == AnswerFormat::Letters && !question.contains(TURNS) {
            return wrong(question_at, format!("the question has to hold {TURNS}"));
        }
        let labels = match (answer.has_labels(), file.labels) {
            (true, Some(labels)) => read_labels(&labels, instructions)?,
            (true, None) => {
                return wrong(file.answer.span(), "this form of answer needs a table [labels]".to_owned());
            }
            (false, Some(labels)) => {
                let message = "labels are for answer = \"label\" and answer = \"letters\" only";
                return wrong(labels.span(), message.to_owned());
            }
            (false, None) => Vec::new(),
        };
        Ok(Self {
            name: file.name.into_inner(),
            version: file.version.into_inner(),
            unit: file.unit,
            answer,
            hash: blake3::hash(text.as_bytes()).to_hex().to_string(),
            labels,
            instructions: file.instructions.into_inner(),
            question,
        })
    }

    /// The labels without their meanings.
    pub fn label_names(&self) -> Vec<&str> {
        self.labels.iter().map(|(label, _)| label.as_str()).collect()
    }
}

/// The parts of a text that stand in braces like a name to be filled in.
fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices('{').filter_map(|(at, _)| {
        let length = text[at..].find('}')? + 1;
        let name = &text[at + 1..at + length - 1];
        let is_name =
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-' || b == b'_');
        is_name.then(|| &text[at..at + length])
    })
}

/// Reads the table of labels: single letters or digits, for each is one token to every tokenizer; each meaning once.
fn read_labels(
    labels: &Spanned<BTreeMap<String, String>>,
    instructions: &str,
) -> Result<Vec<(String, Option<Category>)>, PromptTemplateError> {
    let wrong = |message: String| PromptTemplateError { span: labels.span(), message };
    let mut read = Vec::new();
    for (label, meaning) in labels.get_ref() {
        if label.len() != 1 || !label.bytes().all(|b| b.is_ascii_alphanumeric()) {
            let message =
                format!("`{label}` is no label: one ASCII letter or digit, so that it is one token");
            return Err(wrong(message));
        }
        let is_named = instructions.split(|c: char| !c.is_alphanumeric()).any(|word| word == label);
        if !is_named {
            return Err(wrong(format!("the instructions do not say what `{label}` means")));
        }
        let category = match meaning.as_str() {
            "none" => None,
            code => Some(code.parse().map_err(|_| wrong(format!("`{code}` is none of UR1 … UR5 and none")))?),
        };
        read.push((label.clone(), category));
    }
    let mut missing = Category::ALL.map(Some).into_iter().chain([None]);
    if let Some(missing) = missing.find(|meaning| read.iter().filter(|(_, m)| m == meaning).count() != 1) {
        let name = missing.map_or("none", Category::code);
        return Err(wrong(format!("exactly one label has to mean {name}")));
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_shipped_prompts_are_sound_and_share_the_papers_definitions() {
        let definitions =
            |t: &PromptTemplate| t.instructions.lines().take(7).map(str::to_owned).collect::<Vec<_>>();
        let paper = definitions(&PromptTemplate::shipped("conversation").unwrap());
        assert!(paper[0].starts_with("There are five different patterns in user responses"));
        assert!(paper[4].ends_with("e.g., You’re wrong."));
        for name in PromptTemplate::shipped_names() {
            let template = PromptTemplate::shipped(name).unwrap();
            assert_eq!(template.name, name);
            assert_eq!(definitions(&template), paper, "{name}");
        }
    }

    #[test]
    fn the_reversed_prompt_gives_every_letter_another_meaning_and_nothing_else() {
        for name in ["turn-label", "turn-letters"] {
            let shipped = |name: &str| PromptTemplate::shipped(name).unwrap();
            assert_reversed(&shipped(name), &shipped(&format!("{name}-reversed")));
        }
    }

    fn assert_reversed(usual: &PromptTemplate, reversed: &PromptTemplate) {
        let same_order = |t: &PromptTemplate| {
            let mut text = t.instructions.clone();
            for (letter, meaning) in &t.labels {
                let name = meaning.map_or("none", Category::code).to_lowercase();
                text = text.replace(&format!("\n{letter} = "), &format!("\n{name} = "));
                let order = text.rfind("the first of ").unwrap();
                let (before, order) = text.split_at(order);
                text = before.to_owned() + &order.replace(&format!(" {letter}"), &format!(" {name}"));
            }
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            lines.sort();
            lines
        };
        assert_eq!(same_order(usual), same_order(reversed));
        assert_eq!(usual.question, reversed.question);
        let both = usual.labels.iter().zip(&reversed.labels);
        assert!(both.into_iter().all(|((a, means), (b, then))| a == b && means != then));
    }

    #[test]
    fn mistakes_are_found_at_load_and_where_they_are() {
        let sound = SHIPPED[0].1;
        for (from, to, message, at) in [
            ("format = 1", "format = 2", "format is not known", "2"),
            ("version = \"1\"", "version = \" \"", "`version` is empty", "\" \""),
            ("unit = \"turn\"", "unit = \"conversation\"", "json only", "\"label\""),
            ("unit = \"turn\"", "unit = \"trun\"", "unknown variant", "\"trun\""),
            ("name =", "nmae =", "unknown field", "nmae"),
            ("</dialogue> is data", "is data", "</dialogue>", "'''"),
            ("A, B, C, D, E or F", "{labels}", "`{labels}` means nothing here", "\"Answer"),
            ("LAST user", "{last} user", "constant", "'''"),
            ("F = \"none\"", "F = \"UR6\"", "`UR6` is none of", "[labels]"),
            ("F = \"none\"", "F = \"UR5\"", "exactly one label has to mean UR5", "[labels]"),
            ("F = \"none\"", "FF = \"none\"", "`FF` is no label", "[labels]"),
            ("F = \"none\"", "G = \"none\"", "do not say what `G` means", "[labels]"),
            ("[labels]", "[names]", "unknown field", "names"),
        ] {
            assert!(sound.contains(from), "{from}");
            let text = sound.replace(from, to);
            let error = PromptTemplate::parse(&text).expect_err(to);
            assert!(error.message.contains(message), "{to}: {error}");
            assert!(text[error.span.start..].starts_with(at), "{to}: {:?}", &text[error.span.clone()]);
        }
    }
}
