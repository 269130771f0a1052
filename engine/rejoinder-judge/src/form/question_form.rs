//! How questions are put to one server.

use rejoinder_core::Category;
use rejoinder_ledger::Reply;
use serde_json::Value;

use super::asking_form::AskingForm;
use super::error::FormError;
use crate::answer;
use crate::config::JudgeConfig;
use crate::probe::{LettersCapability, ServerCapabilities};
use crate::prompt::{AnswerFormat, PromptLimit, PromptTemplate, PromptWindow};
use crate::question::{Question, QuestionUnit};
use crate::request::{JudgeRequest, LabelConstraint, RequestParameters, body, response_format};

/// The number of times that a prompt that the server finds too long is halved.
pub(super) const MAX_HALVINGS: usize = 3;
/// The output tokens of a label.
const LABEL_TOKENS: u32 = 1;
/// The most tokens of messages that are shown in one request about several turns, whatever the context.
pub const SHARED_TOKENS: u64 = 4_000;

/// How questions are put to one server, and how its replies are read.
#[derive(Clone, Debug)]
pub struct QuestionForm {
    pub(super) config: JudgeConfig,
    /// The endpoint as the keys of replies name it.
    endpoint: String,
    /// The prompt in force.
    pub template: PromptTemplate,
    /// The form of a request.
    pub form: AskingForm,
    span_template: Option<PromptTemplate>,
    constraint: LabelConstraint,
    letters: LettersCapability,
    has_alternatives: bool,
    has_schema: bool,
    parameters: RequestParameters,
    room: PromptLimit,
    /// The form whose answers are as good: one letter, with the long window that was the default before.
    pub(super) longer: Option<Box<Self>>,
}

impl QuestionForm {
    /// The form for a judge whose server has these capabilities.
    ///
    /// # Errors
    /// If the config and the prompt contradict each other, or the server cannot do what the config says.
    pub fn new(config: &JudgeConfig, capabilities: &ServerCapabilities) -> Result<Self, FormError> {
        let constraint = config.constraint.unwrap_or(capabilities.constraint);
        let answer = capabilities.answer_for(config);
        let template = match &config.template {
            Some(template) => template.clone(),
            None if config.unit == QuestionUnit::Conversation && answer != AnswerFormat::Json => {
                return Err(FormError::ConversationNotJson);
            }
            None => PromptTemplate::for_answer(config.unit, answer),
        };
        if (template.unit, template.answer) != (config.unit, answer) || answer == AnswerFormat::Span {
            return Err(FormError::PromptMismatch(template.name));
        }
        let letters = match (answer, capabilities.letters) {
            (AnswerFormat::Letters, None) => return Err(FormError::NoLetters),
            (AnswerFormat::Letters, Some(_)) if config.asks_span => return Err(FormError::LettersWithSpan),
            (_, letters) => letters.unwrap_or_default(),
        };
        let asks_span = config.asks_span && answer == AnswerFormat::Label;
        let mut form = Self {
            template,
            form: AskingForm::of(config, answer),
            span_template: asks_span
                .then(|| PromptTemplate::for_answer(QuestionUnit::Turn, AnswerFormat::Span)),
            constraint,
            letters,
            has_alternatives: match answer {
                AnswerFormat::Letters => letters.alternatives,
                _ => capabilities.logprobs,
            },
            has_schema: capabilities.json_schema,
            parameters: capabilities.parameters,
            room: PromptLimit {
                context: config.context.or(capabilities.context),
                counter: config.counter.clone(),
            },
            endpoint: config.endpoint(),
            config: config.clone(),
            longer: None,
        };
        let is_usual = config.template.is_none() && !config.asks_span;
        let has_shorter_window = config.window.is_some() && config.takes_answers_elsewhere;
        if is_usual && has_shorter_window && constraint != LabelConstraint::None {
            let longer = Self {
                form: AskingForm::Single,
                template: PromptTemplate::for_answer(QuestionUnit::Turn, AnswerFormat::Label),
                has_alternatives: capabilities.logprobs,
                config: JudgeConfig { window: None, ..config.clone() },
                ..form.clone()
            };
            form.longer = Some(Box::new(longer));
        }
        Ok(form)
    }

    /// The tokens of a request's instructions, which all requests share as their prefix.
    pub fn prefix_tokens(&self) -> u64 {
        self.config.counter.count(&self.template.instructions)
    }

    /// The tokens of a request without the messages that it shows.
    pub fn fixed_tokens(&self) -> u64 {
        self.prefix_tokens() + self.config.counter.count(&self.template.question)
    }

    /// The output tokens that a request about so many turns may have.
    pub fn max_tokens(&self, turns: usize) -> u32 {
        match self.template.answer {
            AnswerFormat::Label => LABEL_TOKENS,
            AnswerFormat::Letters => self.letters.constraint.max_tokens(turns),
            AnswerFormat::Json | AnswerFormat::Span => self.config.max_tokens,
        }
    }

    /// The output tokens that a request about so many turns will have, where that is known beforehand.
    pub fn letter_tokens(&self, turns: usize) -> Option<u64> {
        match self.template.answer {
            AnswerFormat::Label => Some(u64::from(LABEL_TOKENS)),
            AnswerFormat::Letters => Some(self.letters.tokens(turns)),
            AnswerFormat::Json | AnswerFormat::Span => None,
        }
    }

    /// The number of questions that may share a request.
    pub const fn questions_per_request(&self) -> usize {
        self.form.turns()
    }

    /// What a request shows of each question; `None` where it shows all that the question keeps.
    pub const fn window(&self) -> Option<&PromptWindow> {
        self.config.window.as_ref()
    }

    /// The most tokens of messages that a request about several turns shows: as many as one long dialogue has, and no more than the
    /// model's context takes.
    pub fn shared_tokens(&self) -> u64 {
        /// What is left free for a chat template and an answer.
        const SPARE: u64 = 256;
        // Earlier versions, whose window such a config keeps, made groups without a look at the context.
        let context = self.room.context.filter(|_| self.config.window.is_some());
        // Two thirds, for an estimate may be too low.
        let room = context.map(|context| context.saturating_sub(self.fixed_tokens() + SPARE) / 3 * 2);
        room.unwrap_or(u64::MAX).min(SHARED_TOKENS)
    }

    /// What names this form and its judge: the groups of turns that share requests are kept by it.
    pub fn identity(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        let revision = self.config.revision.as_deref().unwrap_or_default();
        let how =
            format!("{:?} {:?} {:?} {:?}", self.form, self.config.window, self.constraint, self.letters);
        for part in [&self.endpoint, &self.config.model, revision, &self.template.hash, &how] {
            hasher.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
        }
        hasher.finalize().to_hex()[..16].to_owned()
    }

    /// The key of the request about a question alone, by which the store knows the turn.
    pub fn turn_key(&self, question: &Question) -> String {
        self.first(std::slice::from_ref(question), 0).key
    }

    /// The keys by which the store knows the turns of a request; empty where the request is about one turn, whose key is its own.
    pub fn turn_keys(&self, questions: &[Question]) -> Vec<String> {
        match questions {
            [] | [_] => Vec::new(),
            several => several.iter().map(|question| self.turn_key(question)).collect(),
        }
    }

    /// The next request about questions that share one, after these replies to the earlier requests; `None` where nothing more is
    /// to be asked.
    pub fn next(&self, questions: &[Question], replies: &[Reply]) -> Option<JudgeRequest> {
        let halvings = replies.iter().take_while(|r| r.is_too_long()).count();
        if halvings > 0 && self.divides(questions.len()) {
            return None;
        }
        match replies.get(halvings..)? {
            [] if halvings <= MAX_HALVINGS => Some(self.first(questions, halvings)),
            [reply] if reply.is_refused() || reply.is_empty() => None,
            [label] => self.second(questions, label, halvings),
            _ => None,
        }
    }

    /// Whether questions that share a request are asked apart where the request is too long or its answer is empty; otherwise they are
    /// shown in excerpts, or the same request is made again another time.
    pub(crate) fn divides(&self, questions: usize) -> bool {
        questions > 1 && self.template.answer == AnswerFormat::Letters
    }

    fn first(&self, questions: &[Question], halvings: usize) -> JudgeRequest {
        let labels = self.template.label_names();
        let constrain = |body: &mut Value| {
            match self.template.answer {
                AnswerFormat::Label => self.constraint.apply(body, &labels),
                AnswerFormat::Letters => {
                    let LettersCapability { constraint, separator, .. } = self.letters;
                    constraint.apply(body, &labels, questions.len(), separator);
                }
                _ => return self.constrain_json(body, &self.template, questions.len()),
            }
            if self.has_alternatives {
                self.parameters.ask_alternatives(body);
            }
        };
        self.put(&self.template, questions, None, self.max_tokens(questions.len()), halvings, &constrain)
    }

    fn second(&self, questions: &[Question], label: &Reply, halvings: usize) -> Option<JudgeRequest> {
        let template = self.span_template.as_ref()?;
        let category =
            answer::read_answer(&self.template.labels, &label.content, &label.alternatives).category()?;
        let constrain = |body: &mut Value| self.constrain_json(body, template, 1);
        Some(self.put(template, questions, Some(category), self.config.max_tokens, halvings, &constrain))
    }

    fn constrain_json(&self, body: &mut Value, template: &PromptTemplate, turns: usize) {
        if self.has_schema
            && let Some(format) = response_format(template, turns)
        {
            body["response_format"] = format;
        }
    }

    fn put(
        &self,
        template: &PromptTemplate,
        questions: &[Question],
        category: Option<Category>,
        max_tokens: u32,
        halvings: usize,
        constrain: &dyn Fn(&mut Value),
    ) -> JudgeRequest {
        let window = self.config.window.filter(|_| template.unit == QuestionUnit::Turn);
        let cut: Vec<Question> =
            window.iter().flat_map(|window| questions.iter().map(|q| window.cut(q))).collect();
        let questions: Vec<&Question> = if window.is_some() { &cut } else { questions }.iter().collect();
        let output = u64::from(max_tokens);
        let (mut prompt, mut tokens) = self.room.render(template, &questions, category, output);
        if halvings > 0 {
            let context = Some((tokens.range.2 >> halvings) + output);
            let room = PromptLimit { context, ..self.room.clone() };
            (prompt, tokens) = room.render(template, &questions, category, output);
        }
        let mut body = body(&self.config.model, prompt, max_tokens, self.parameters);
        constrain(&mut body);
        JudgeRequest::new(&self.config, &self.endpoint, &body, tokens, max_tokens)
    }
}
