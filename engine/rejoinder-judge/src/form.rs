//! How questions are put to one server and what its replies mean: a pure function of questions, config, and what was found
//! out about the server, so that who asks, who writes a batch file and who reads the store come to the same keys.
//!
//! A question may take several requests: a shorter one where the server finds the first too long, one for the span after
//! one for the label, halves where the server refuses what several share or cuts the answer off. [`Form::next`] says which comes next, given the replies so far.

use std::ops::Range;

use rejoinder_ledger::{LedgerError, Replies, Reply};
use serde_json::Value;

use crate::answer::{self, Finding, TurnFinding};
use crate::config::JudgeConfig;
use crate::probe::Findings;
use crate::prompt::{Answer, Room, Template};
use crate::question::{Question, Unit};
use crate::request::{Constraint, Parameters, Request, body, response_format};

/// How the reason begins why a turn waits that the server has refused to answer about.
pub const REFUSED: &str = "the server refused the request";
/// So often a prompt that the server finds too long is halved.
const MAX_HALVINGS: usize = 3;
/// The `finish_reason` of an answer that was cut off by its limit of tokens.
const CUT: &str = "length";
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
    parameters: Parameters,
    room: Room,
}

/// How far questions that share a request have been answered.
#[derive(Clone, Debug, Default)]
pub struct Followed {
    /// Which of the questions that were followed share the requests.
    pub asked: Range<usize>,
    /// Which of these the replies are about: all, or the first ones where an answer was cut off after them.
    pub questions: Range<usize>,
    /// The key of each reply that is stored, in the order of the requests.
    pub keys: Vec<String>,
    /// These replies.
    pub replies: Vec<Reply>,
    /// The request that has no reply yet; `None` where there is nothing more to ask.
    pub next: Option<Request>,
}

impl Form {
    /// The form for a judge, as far as that is known.
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
            parameters: findings.parameters,
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
            [reply] if reply.is_refused() || reply.is_empty() => None,
            [label] => self.second(questions, label, halvings),
            _ => None,
        }
    }

    /// Follows the requests about questions that share one through the replies that are stored; where the server refused
    /// one, or cut its answer off, the halves of what is left are followed, each by itself, down to single ones.
    ///
    /// # Errors
    /// If the store fails.
    pub fn follow(&self, questions: &[Question], store: &Replies) -> Result<Vec<Followed>, LedgerError> {
        let mut settled = Vec::new();
        let all = 0..questions.len();
        let mut open = vec![all];
        while let Some(range) = open.pop() {
            let followed = self.follow_one(questions, range.clone(), store)?;
            let left = self.left(questions, &range, &followed.replies);
            let answered = range.start..left.start;
            open.extend(halves(&left).rev());
            if left.is_empty() || !answered.is_empty() {
                settled.push(Followed { questions: answered, ..followed });
            }
        }
        Ok(settled)
    }

    /// Which of the questions that share a request are asked by halves: all where the server refused it, those from the first
    /// without an answer on where the answer was cut off, else none.
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

    /// What the replies say that were followed: for each of their questions, a finding for each of its open turns; nothing while
    /// a reply that could settle them is missing.
    pub fn findings(&self, questions: &[Question], followed: &Followed) -> Vec<Vec<TurnFinding>> {
        let mut found = self.read(&questions[followed.asked.clone()], &followed.replies).unwrap_or_default();
        found.truncate(followed.questions.len());
        found
    }

    /// What is to be asked of questions that were followed: where the answer was empty, the same once more.
    pub fn to_ask(&self, questions: &[Question], mut followed: Followed) -> Followed {
        if followed.replies.pop_if(|reply| reply.is_empty()).is_some() {
            followed.keys.pop();
            followed.next = self.next(questions, &followed.replies);
        }
        followed
    }

    fn follow_one(
        &self,
        questions: &[Question],
        range: Range<usize>,
        store: &Replies,
    ) -> Result<Followed, LedgerError> {
        let questions = &questions[range.clone()];
        let mut followed = Followed { asked: range.clone(), questions: range, ..Followed::default() };
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
                        self.parameters.ask_alternatives(body);
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
        let mut body = body(&self.config.model, prompt, max_tokens, self.parameters);
        constrain(&mut body);
        Request::new(&self.config, &self.endpoint, &body, tokens, max_tokens)
    }

    /// What the replies say: for each question, a finding for each of its open turns. `None` while a reply that could
    /// settle them is missing.
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
            return Some(unverified(&format!("{REFUSED}: {}", reply.content)));
        }
        Some(match self.template.answer {
            Answer::Label => {
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

    /// Which of the replies the findings rest on.
    pub fn telling<'r>(&self, replies: &'r [Reply]) -> Option<(usize, &'r Reply)> {
        replies.iter().enumerate().find(|(_, r)| !r.is_too_long())
    }
}

/// The halves of questions that shared a request; one of them alone is whole.
pub(crate) fn halves(range: &Range<usize>) -> impl DoubleEndedIterator<Item = Range<usize>> + use<> {
    let middle = range.start + range.len() / 2;
    [range.start..middle, middle..range.end].into_iter().filter(|half| !half.is_empty())
}
