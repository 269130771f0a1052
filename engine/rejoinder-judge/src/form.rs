//! How questions are put to one server and what its replies mean: a pure function of questions, config, and what was found
//! out about the server, so that who asks, who writes a batch file and who reads the store come to the same keys.
//!
//! A question may take several requests: a shorter one where the server finds the first too long, one for the span after
//! one for the label. [`Form::next`] says which comes next, given the replies so far.

use rejoinder_ledger::{LedgerError, Replies, Reply};
use serde_json::Value;

use crate::answer::{self, TurnFinding};
use crate::config::JudgeConfig;
use crate::probe::Findings;
use crate::prompt::{Answer, Room, Template};
use crate::question::{Question, Unit};
use crate::request::{Constraint, Request, body, response_format, with_alternatives};

/// So often a prompt that the server finds too long is halved.
const MAX_HALVINGS: usize = 3;
/// Output tokens of a label.
const LABEL_TOKENS: u32 = 1;

/// How questions are put.
#[derive(Clone, Debug)]
pub struct Form {
    config: JudgeConfig,
    /// As keys name it.
    endpoint: String,
    /// The prompt in force.
    pub template: Template,
    span_template: Option<Template>,
    constraint: Constraint,
    has_alternatives: bool,
    has_schema: bool,
    room: Room,
}

/// How far questions have been answered.
#[derive(Clone, Debug, Default)]
pub struct Followed {
    /// The key of each reply that is stored, in the order of the requests.
    pub keys: Vec<String>,
    /// These replies.
    pub replies: Vec<Reply>,
    /// The request that has no reply yet; `None` where there is nothing more to ask.
    pub next: Option<Request>,
}

impl Form {
    /// The form for a judge of which so much is known.
    ///
    /// # Errors
    /// If config and prompt contradict each other, in words.
    pub fn new(config: &JudgeConfig, findings: &Findings) -> Result<Self, String> {
        let constraint = config.constraint.unwrap_or(findings.constraint);
        let can_label = constraint != Constraint::None;
        let answer = match (config.unit, config.answer, &config.template) {
            (_, Some(answer), _) => answer,
            (_, None, Some(template)) => template.answer,
            (Unit::Turn, None, None) if can_label => Answer::Label,
            _ => Answer::Json,
        };
        let template = match &config.template {
            Some(template) => template.clone(),
            None if config.unit == Unit::Conversation && answer != Answer::Json => {
                return Err("a whole conversation is answered in json only".to_owned());
            }
            None => Template::for_answer(config.unit, answer),
        };
        if (template.unit, template.answer) != (config.unit, answer) || answer == Answer::Span {
            return Err(format!("the prompt `{}` is for another unit or form of answer", template.name));
        }
        let asks_span = config.asks_span && answer == Answer::Label;
        Ok(Self {
            span_template: asks_span.then(|| Template::for_answer(Unit::Turn, Answer::Span)),
            template,
            constraint,
            has_alternatives: findings.logprobs,
            has_schema: findings.json_schema,
            room: Room { context: config.context.or(findings.context), counter: config.counter.clone() },
            endpoint: config.endpoint(),
            config: config.clone(),
        })
    }

    /// Tokens of a request's instructions, which all requests share as their prefix.
    pub fn prefix_tokens(&self) -> u64 {
        self.config.counter.count(&self.template.instructions)
    }

    /// Tokens of a request beside the messages that it shows.
    pub fn fixed_tokens(&self) -> u64 {
        self.prefix_tokens() + self.config.counter.count(&self.template.question)
    }

    /// Output tokens that a request may have.
    pub fn max_tokens(&self) -> u32 {
        if self.template.answer == Answer::Label { LABEL_TOKENS } else { self.config.max_tokens }
    }

    /// How many questions may share a request.
    pub fn questions_per_request(&self) -> usize {
        match (self.template.unit, self.template.answer) {
            (Unit::Turn, Answer::Json) => self.config.turns_per_request.max(1),
            _ => 1,
        }
    }

    /// The next request about questions that share one, after these replies to those before it; `None` where there is
    /// nothing more to ask.
    pub fn next(&self, questions: &[Question], replies: &[Reply]) -> Option<Request> {
        let halvings = replies.iter().take_while(|r| r.is_too_long()).count();
        match replies.get(halvings..)? {
            [] if halvings <= MAX_HALVINGS => Some(self.first(questions, halvings)),
            [label] => self.second(questions, label, halvings),
            _ => None,
        }
    }

    /// Follows the requests about questions that share one through the replies that are stored.
    ///
    /// # Errors
    /// If the store fails.
    pub fn follow(&self, questions: &[Question], store: &Replies) -> Result<Followed, LedgerError> {
        let mut followed = Followed::default();
        while let Some(request) = self.next(questions, &followed.replies) {
            match store.get(&request.key)? {
                Some(reply) => {
                    followed.keys.push(request.key);
                    followed.replies.push(reply);
                }
                None => {
                    followed.next = Some(request);
                    break;
                }
            }
        }
        Ok(followed)
    }

    fn first(&self, questions: &[Question], halvings: usize) -> Request {
        match self.template.answer {
            Answer::Label => {
                self.put(&self.template, questions, None, self.max_tokens(), halvings, &|body: &mut Value| {
                    self.constraint.apply(body, &self.template.label_names());
                    if self.has_alternatives {
                        with_alternatives(body);
                    }
                })
            }
            _ => self.put(&self.template, questions, None, self.max_tokens(), halvings, &|body| {
                self.constrain_json(body, &self.template, questions.len());
            }),
        }
    }

    fn second(&self, questions: &[Question], label: &Reply, halvings: usize) -> Option<Request> {
        let template = self.span_template.as_ref()?;
        let read = answer::read_category(&self.template.labels, &label.content, &label.alternatives);
        let category = read.flatten()?;
        let constrain = |body: &mut Value| self.constrain_json(body, template, 1);
        Some(self.put(template, questions, Some(category), self.config.max_tokens, halvings, &constrain))
    }

    fn constrain_json(&self, body: &mut Value, template: &Template, turns: usize) {
        if self.has_schema
            && let Some(format) = response_format(template, turns)
        {
            body["response_format"] = format;
        }
    }

    fn put(
        &self,
        template: &Template,
        questions: &[Question],
        category: Option<rejoinder_core::Category>,
        max_tokens: u32,
        halvings: usize,
        constrain: &dyn Fn(&mut Value),
    ) -> Request {
        let questions: Vec<&Question> = questions.iter().collect();
        let output = u64::from(max_tokens);
        let (mut prompt, mut tokens) = self.room.render(template, &questions, category, output);
        if halvings > 0 {
            let context = Some((tokens.range.2 >> halvings) + output);
            let room = Room { context, ..self.room.clone() };
            (prompt, tokens) = room.render(template, &questions, category, output);
        }
        let mut body = body(&self.config.model, prompt, max_tokens);
        constrain(&mut body);
        Request::new(&self.config, &self.endpoint, &body, tokens, max_tokens)
    }

    /// What the replies say: for each question, a finding for each of its open turns. `None` while a reply that could
    /// settle them is missing.
    pub fn read(&self, questions: &[Question], replies: &[Reply]) -> Option<Vec<Vec<TurnFinding>>> {
        let halvings = replies.iter().take_while(|r| r.is_too_long()).count();
        let Some(reply) = replies.get(halvings) else {
            let why = "the dialogue is longer than the model's context";
            return (halvings > MAX_HALVINGS)
                .then(|| questions.iter().map(|q| answer::unverified(q, why)).collect());
        };
        Some(match self.template.answer {
            Answer::Label => {
                let quoting =
                    replies.get(halvings + 1).filter(|r| !r.is_too_long()).map(|r| r.content.as_str());
                let labels = &self.template.labels;
                let read = |q| answer::read_label(labels, q, &reply.content, &reply.alternatives, quoting);
                questions.iter().map(read).collect()
            }
            _ => answer::read_json(self.template.unit, questions, &reply.content),
        })
    }

    /// Which of the replies the findings rest on.
    pub fn telling<'r>(&self, replies: &'r [Reply]) -> Option<(usize, &'r Reply)> {
        replies.iter().enumerate().find(|(_, r)| !r.is_too_long())
    }
}
