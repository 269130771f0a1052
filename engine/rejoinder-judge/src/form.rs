//! How questions are put to one server and what its replies mean: a pure function of the questions, the config, and the
//! capabilities of the server. So asking, writing a batch file and reading the store come to the same keys.
//!
//! A question may take several requests: a shorter one where the server finds the first too long, one for the span after one for
//! the label, halves where the server refuses what several questions share or cuts the answer off. [`QuestionForm::next`] says
//! which request comes next, given the replies so far.

use std::fmt;
use std::ops::Range;

use rejoinder_ledger::{LedgerError, Reply, ReplyStore};
use serde_json::Value;

use crate::answer::{self, Finding, TurnFinding};
use crate::config::JudgeConfig;
use crate::probe::ServerCapabilities;
use crate::prompt::{AnswerFormat, PromptLimit, PromptTemplate};
use crate::question::{Question, QuestionUnit};
use crate::request::{JudgeRequest, LabelConstraint, RequestParameters, body, response_format};

/// The beginning of the reason why a turn waits after the server has refused to answer about it.
pub const REFUSAL_PREFIX: &str = "the server refused the request";
/// The number of times that a prompt that the server finds too long is halved.
const MAX_HALVINGS: usize = 3;
/// The `finish_reason` of an answer that was cut off by its limit of tokens.
const CUT: &str = "length";
/// The output tokens of a label.
const LABEL_TOKENS: u32 = 1;

/// Why a config and a prompt do not go together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormError {
    /// A whole conversation is to be answered in another form than JSON.
    ConversationNotJson,
    /// The prompt of this name is for another unit or another form of answer.
    PromptMismatch(String),
}

impl fmt::Display for FormError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ConversationNotJson => f.write_str("a whole conversation is answered in json only"),
            Self::PromptMismatch(name) => {
                write!(f, "the prompt `{name}` is for another unit or form of answer")
            }
        }
    }
}

impl std::error::Error for FormError {}

/// How questions are put to one server, and how its replies are read.
#[derive(Clone, Debug)]
pub struct QuestionForm {
    config: JudgeConfig,
    /// The endpoint as the keys of replies name it.
    endpoint: String,
    /// The prompt in force.
    pub template: PromptTemplate,
    span_template: Option<PromptTemplate>,
    constraint: LabelConstraint,
    has_alternatives: bool,
    has_schema: bool,
    parameters: RequestParameters,
    room: PromptLimit,
}

/// The requests about questions that share them, followed through the stored replies: each reply decides which request comes next.
#[derive(Clone, Debug, Default)]
pub struct ReplyChain {
    /// The range of the questions that share the requests.
    pub group: Range<usize>,
    /// The range of the questions that the replies are about: the whole group, or its first ones where an answer was cut off after
    /// them.
    pub questions: Range<usize>,
    /// The key of each reply that is stored, in the order of the requests.
    pub keys: Vec<String>,
    /// The stored replies, in the order of the requests.
    pub replies: Vec<Reply>,
    /// The request that has no reply yet; `None` where nothing more is to be asked.
    pub next: Option<JudgeRequest>,
}

impl QuestionForm {
    /// The form for a judge whose server has these capabilities.
    ///
    /// # Errors
    /// If the config and the prompt contradict each other.
    pub fn new(config: &JudgeConfig, capabilities: &ServerCapabilities) -> Result<Self, FormError> {
        let constraint = config.constraint.unwrap_or(capabilities.constraint);
        let can_label = constraint != LabelConstraint::None;
        let answer = match (config.unit, config.answer, &config.template) {
            (_, Some(answer), _) => answer,
            (_, None, Some(template)) => template.answer,
            (QuestionUnit::Turn, None, None) if can_label => AnswerFormat::Label,
            _ => AnswerFormat::Json,
        };
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
        let asks_span = config.asks_span && answer == AnswerFormat::Label;
        Ok(Self {
            span_template: asks_span
                .then(|| PromptTemplate::for_answer(QuestionUnit::Turn, AnswerFormat::Span)),
            template,
            constraint,
            has_alternatives: capabilities.logprobs,
            has_schema: capabilities.json_schema,
            parameters: capabilities.parameters,
            room: PromptLimit {
                context: config.context.or(capabilities.context),
                counter: config.counter.clone(),
            },
            endpoint: config.endpoint(),
            config: config.clone(),
        })
    }

    /// The tokens of a request's instructions, which all requests share as their prefix.
    pub fn prefix_tokens(&self) -> u64 {
        self.config.counter.count(&self.template.instructions)
    }

    /// The tokens of a request without the messages that it shows.
    pub fn fixed_tokens(&self) -> u64 {
        self.prefix_tokens() + self.config.counter.count(&self.template.question)
    }

    /// The output tokens that a request may have.
    pub fn max_tokens(&self) -> u32 {
        if self.template.answer == AnswerFormat::Label { LABEL_TOKENS } else { self.config.max_tokens }
    }

    /// The number of questions that may share a request.
    pub fn questions_per_request(&self) -> usize {
        match (self.template.unit, self.template.answer) {
            (QuestionUnit::Turn, AnswerFormat::Json) => self.config.turns_per_request.max(1),
            _ => 1,
        }
    }

    /// The next request about questions that share one, after these replies to the earlier requests; `None` where nothing more is
    /// to be asked.
    pub fn next(&self, questions: &[Question], replies: &[Reply]) -> Option<JudgeRequest> {
        let halvings = replies.iter().take_while(|r| r.is_too_long()).count();
        match replies.get(halvings..)? {
            [] if halvings <= MAX_HALVINGS => Some(self.first(questions, halvings)),
            [reply] if reply.is_refused() || reply.is_empty() => None,
            [label] => self.second(questions, label, halvings),
            _ => None,
        }
    }

    /// Follows the requests about questions that share one through the stored replies. Where the server refused a request, or cut
    /// its answer off, the halves of what is left are followed, each by itself, down to single questions.
    ///
    /// # Errors
    /// If the store fails.
    pub fn follow(&self, questions: &[Question], store: &ReplyStore) -> Result<Vec<ReplyChain>, LedgerError> {
        let mut settled = Vec::new();
        let all = 0..questions.len();
        let mut open = vec![all];
        while let Some(range) = open.pop() {
            let chain = self.follow_one(questions, range.clone(), store)?;
            let left = self.left(questions, &range, &chain.replies);
            let answered = range.start..left.start;
            open.extend(halves(&left).rev());
            if left.is_empty() || !answered.is_empty() {
                settled.push(ReplyChain { questions: answered, ..chain });
            }
        }
        Ok(settled)
    }

    /// The range of the questions that are asked again by halves: all of `range` where the server refused the request they share,
    /// those from the first one without an answer on where the answer was cut off, else an empty range.
    pub(crate) fn left(
        &self,
        questions: &[Question],
        range: &Range<usize>,
        replies: &[Reply],
    ) -> Range<usize> {
        let none = range.end..range.end;
        match replies.last().filter(|_| range.len() > 1) {
            Some(reply) if reply.is_refused() => range.clone(),
            Some(reply) if reply.finish_reason == CUT => {
                let is_answered = |turns: &Vec<TurnFinding>| {
                    turns.iter().all(|turn| !matches!(turn.finding, Finding::Unverified(_)))
                };
                let found = self.read(&questions[range.clone()], replies).unwrap_or_default();
                let answered = found.into_iter().take_while(is_answered).count();
                range.start + answered..range.end
            }
            _ => none,
        }
    }

    /// What the replies of a chain say: for each of its questions, a finding for each open turn. Empty while a reply that could
    /// settle the questions is missing.
    pub fn findings(&self, questions: &[Question], chain: &ReplyChain) -> Vec<Vec<TurnFinding>> {
        let mut found = self.read(&questions[chain.group.clone()], &chain.replies).unwrap_or_default();
        found.truncate(chain.questions.len());
        found
    }

    /// The chain as it is to be asked on: where the last answer was empty, the same request comes once more.
    pub fn to_ask(&self, questions: &[Question], mut chain: ReplyChain) -> ReplyChain {
        if chain.replies.pop_if(|reply| reply.is_empty()).is_some() {
            chain.keys.pop();
            chain.next = self.next(questions, &chain.replies);
        }
        chain
    }

    fn follow_one(
        &self,
        questions: &[Question],
        range: Range<usize>,
        store: &ReplyStore,
    ) -> Result<ReplyChain, LedgerError> {
        let questions = &questions[range.clone()];
        let mut chain = ReplyChain { group: range.clone(), questions: range, ..ReplyChain::default() };
        while let Some(request) = self.next(questions, &chain.replies) {
            match store.get(&request.key)? {
                Some(reply) => {
                    chain.keys.push(request.key);
                    chain.replies.push(reply);
                }
                None => {
                    chain.next = Some(request);
                    break;
                }
            }
        }
        Ok(chain)
    }

    fn first(&self, questions: &[Question], halvings: usize) -> JudgeRequest {
        match self.template.answer {
            AnswerFormat::Label => {
                self.put(&self.template, questions, None, self.max_tokens(), halvings, &|body: &mut Value| {
                    self.constraint.apply(body, &self.template.label_names());
                    if self.has_alternatives {
                        self.parameters.ask_alternatives(body);
                    }
                })
            }
            _ => self.put(&self.template, questions, None, self.max_tokens(), halvings, &|body| {
                self.constrain_json(body, &self.template, questions.len());
            }),
        }
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
        category: Option<rejoinder_core::Category>,
        max_tokens: u32,
        halvings: usize,
        constrain: &dyn Fn(&mut Value),
    ) -> JudgeRequest {
        let questions: Vec<&Question> = questions.iter().collect();
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

    /// What the replies say: for each question, a finding for each of its open turns. `None` while a reply that could settle the
    /// questions is missing.
    pub fn read(&self, questions: &[Question], replies: &[Reply]) -> Option<Vec<Vec<TurnFinding>>> {
        let halvings = replies.iter().take_while(|r| r.is_too_long()).count();
        let unverified = |why: &str| questions.iter().map(|q| answer::unverified(q, why)).collect();
        let Some(reply) = replies.get(halvings) else {
            let why = "the dialogue is longer than the model's context";
            return (halvings > MAX_HALVINGS).then(|| unverified(why));
        };
        if reply.is_empty() {
            return Some(unverified(&format!("the answer was empty: {}", reply.content)));
        }
        if reply.is_refused() {
            return Some(unverified(&format!("{REFUSAL_PREFIX}: {}", reply.content)));
        }
        Some(match self.template.answer {
            AnswerFormat::Label => {
                let quoting = replies
                    .get(halvings + 1)
                    .filter(|r| !r.is_too_long() && !r.is_refused() && !r.is_empty())
                    .map(|r| r.content.as_str());
                let labels = &self.template.labels;
                let read = |q| answer::read_label(labels, q, &reply.content, &reply.alternatives, quoting);
                questions.iter().map(read).collect()
            }
            _ => answer::read_json(self.template.unit, questions, &reply.content),
        })
    }

    /// The reply that the findings rest on, and its index.
    pub fn decisive_reply<'r>(&self, replies: &'r [Reply]) -> Option<(usize, &'r Reply)> {
        replies.iter().enumerate().find(|(_, r)| !r.is_too_long())
    }
}

/// The halves of a range of questions that shared a request; a single question is not divided.
pub(crate) fn halves(range: &Range<usize>) -> impl DoubleEndedIterator<Item = Range<usize>> + use<> {
    let middle = range.start + range.len() / 2;
    [range.start..middle, middle..range.end].into_iter().filter(|half| !half.is_empty())
}
