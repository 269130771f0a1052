//! What a server can do, found out before anything depends on it: servers ignore silently what they do not know.
//!
//! It is asked for the digit 7 while it is constrained to answer something else: a server that obeys cannot say 7.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use rejoinder_ledger::{Entry, Ledger, Limits, Outcome, Reply, State};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::asking::{JudgeError, Stop, runtime};
use crate::client::{Attempt, Client, Refusal};
use crate::config::JudgeConfig;
use crate::prompt::Answer;
use crate::question::Unit;
use crate::request::{self, Constraint, Parameters, Request};

/// What was found out about a server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Findings {
    /// The endpoint, as keys name it.
    pub endpoint: String,
    /// The model that was asked for.
    pub model: String,
    /// How it is made to answer in one of a few labels.
    pub constraint: Constraint,
    /// Whether it tells the probabilities of the first token's alternatives.
    pub logprobs: bool,
    /// Whether it holds an answer to a JSON schema.
    pub json_schema: bool,
    /// Tokens of input and output together, if it says.
    pub context: Option<u64>,
    /// What it asks for in place of the usual parameters.
    #[serde(default)]
    pub parameters: Parameters,
}

impl Findings {
    /// What is assumed of a server that was not asked: what the config says of it, and that it honours JSON schemas, as
    /// batch services do.
    pub fn assumed(config: &JudgeConfig) -> Self {
        let constraint = config.constraint.unwrap_or(Constraint::None);
        Self {
            endpoint: config.endpoint(),
            model: config.model.clone(),
            constraint,
            logprobs: constraint != Constraint::None,
            json_schema: true,
            context: config.context,
            parameters: Parameters::default(),
        }
    }

    /// What is reckoned with before a server has been asked: that it obeys a constraint, as most do.
    pub fn commonly(config: &JudgeConfig) -> Self {
        let constraint = config.constraint.unwrap_or(Constraint::Choice);
        Self { constraint, logprobs: true, ..Self::assumed(config) }
    }

    /// Whether they are about the judge of this config.
    pub fn are_about(&self, config: &JudgeConfig) -> bool {
        (self.endpoint.as_str(), &self.model) == (&config.endpoint(), &config.model)
            && config.constraint.is_none_or(|c| c == self.constraint)
    }
}

const QUESTION: &str = "Reply with the digit 7 and nothing else.";
const LABELS: [&str; 6] = ["A", "B", "C", "D", "E", "F"];
const WORDS: [&str; 2] = ["maple", "birch"];
/// Key of these requests in the ledger: they have no reply that is kept.
const KEY: &str = "probe";
/// How long a connection may be refused: nobody wants to wait long for a wrong address.
const MAX_REFUSED: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(500);

/// Finds out what the server can do, at the cost of a few requests, which count like all others. Of several endpoints the first
/// that answers is asked; only the last is waited for.
///
/// # Errors
/// If the client cannot be made, the ledger fails, or the server does not obey what the config says of it.
pub fn probe(
    config: &JudgeConfig,
    ledger: &Ledger,
    limits: &Limits,
) -> Result<Result<Findings, Stop>, JudgeError> {
    let clients = Client::for_each(config)?;
    let runtime = runtime()?;
    let (mut left, mut reached) = (clients.len(), None);
    for client in clients {
        left -= 1;
        let prober = Prober {
            config,
            client,
            ledger,
            limits,
            patience: if left == 0 { config.pace.patience } else { Duration::ZERO },
            parameters: Cell::default(),
            are_parameters_known: Cell::new(false),
            was_answered: Cell::new(false),
            refusal: RefCell::default(),
        };
        match runtime.block_on(prober.find_out()) {
            Ok(findings) => return Ok(Ok(findings)),
            Err(Halt::Error(error)) => return Err(error),
            // One that was reached says more of what is wrong.
            Err(Halt::Stop(stop @ Stop::Unreachable(_))) if left == 0 => {
                return Ok(Err(reached.unwrap_or(stop)));
            }
            Err(Halt::Stop(stop)) if left == 0 || stop == Stop::Budget => return Ok(Err(stop)),
            Err(Halt::Stop(Stop::Unreachable(_))) => {}
            Err(Halt::Stop(stop)) => reached = Some(stop),
        }
    }
    Err(JudgeError::Client("no address is given".to_owned()))
}

enum Halt {
    Stop(Stop),
    Error(JudgeError),
}

impl From<rejoinder_ledger::LedgerError> for Halt {
    fn from(error: rejoinder_ledger::LedgerError) -> Self {
        Self::Error(error.into())
    }
}

struct Prober<'a> {
    config: &'a JudgeConfig,
    client: Client,
    ledger: &'a Ledger,
    limits: &'a Limits,
    /// How long it is waited for.
    patience: Duration,
    parameters: Cell<Parameters>,
    /// Whether a request with nothing beside the usual parameters was tried.
    are_parameters_known: Cell<bool>,
    was_answered: Cell<bool>,
    /// The last refusal: status and words.
    refusal: RefCell<Option<(u16, String)>>,
}

impl Prober<'_> {
    async fn find_out(&self) -> Result<Findings, Halt> {
        let (context, likely) = self.ask_around().await?;
        let config = self.config;
        let wants_label = config.unit == Unit::Turn && config.answer != Some(Answer::Json);
        let mut findings = Findings {
            constraint: Constraint::None,
            logprobs: false,
            json_schema: false,
            context,
            ..Findings::assumed(config)
        };
        if wants_label {
            (findings.constraint, findings.logprobs) = self.find_constraint(likely).await?;
        }
        let is_labelled =
            wants_label && (findings.constraint != Constraint::None || config.answer == Some(Answer::Label));
        if config.unit == Unit::Turn && (!is_labelled || config.asks_span) {
            findings.json_schema = self.honours_schema().await?;
        }
        if !self.was_answered.get() && !self.are_parameters_known.get() {
            // Nothing was asked so far, or all of it was refused: for what it holds beside the question, perhaps.
            self.find_parameters().await?;
        }
        findings.parameters = self.parameters.get();
        match self.refusal.take() {
            Some((status, words)) if !self.was_answered.get() && status < 500 => {
                Err(Halt::Stop(Stop::Refuses { status, words }))
            }
            // Another endpoint may do better.
            Some((_, words)) if !self.was_answered.get() && self.patience.is_zero() => {
                Err(Halt::Stop(Stop::Unavailable(words)))
            }
            _ => Ok(findings),
        }
    }

    /// The context's length and the constraint that this kind of server is likely to know.
    async fn ask_around(&self) -> Result<(Option<u64>, Option<Constraint>), Halt> {
        let models = self.tell("/models", false).await?.unwrap_or_default();
        let listed = models["data"].as_array().map_or(&[][..], Vec::as_slice);
        let own = listed.iter().find(|m| m["id"] == self.config.model.as_str()).or(listed.first());
        let own = own.unwrap_or(&Value::Null);
        let likely = match own["owned_by"].as_str() {
            Some("vllm") => Some(Constraint::Choice),
            Some("sglang") => Some(Constraint::Regex),
            Some("llamacpp") => Some(Constraint::Grammar),
            _ => None,
        };
        let mut context = own["max_model_len"].as_u64();
        if context.is_none() && likely == Some(Constraint::Grammar) {
            let props = self.tell("/props", true).await?.unwrap_or_default();
            context = props["default_generation_settings"]["n_ctx"].as_u64();
        }
        Ok((context, likely))
    }

    /// The constraint that the server obeys, and whether it tells probabilities under it.
    async fn find_constraint(&self, likely: Option<Constraint>) -> Result<(Constraint, bool), Halt> {
        let mut candidates: Vec<Constraint> = match self.config.constraint {
            Some(said) => vec![said],
            None => likely.into_iter().chain(Constraint::ALL).collect(),
        };
        candidates.dedup();
        let mut heard = String::new();
        for (index, &constraint) in candidates.iter().enumerate() {
            if candidates[..index].contains(&constraint) {
                continue;
            }
            let constrain = |body: &mut Value| constraint.apply(body, &LABELS);
            let reply = match self.post_with_alternatives(&constrain).await? {
                Some(reply) => Some(reply),
                None => self.post(1, &constrain).await?.ok(),
            };
            let Some(reply) = reply else { continue };
            let has_alternatives =
                LABELS.iter().filter(|l| reply.alternatives.contains(&format!("[\"{l}\","))).count() > 1;
            if LABELS.contains(&reply.content.trim()) || (constraint == Constraint::None && has_alternatives)
            {
                return Ok((constraint, has_alternatives));
            }
            heard = reply.content;
        }
        if let Some(constraint) = self.config.constraint.filter(|c| *c != Constraint::None) {
            let name = serde_json::to_string(&constraint).unwrap_or_default();
            return Err(form(format!(
                "the server does not obey constraint = {name}: constrained to a letter it answered {heard:?}"
            )));
        }
        if self.config.answer != Some(Answer::Label) {
            return Ok((Constraint::None, false));
        }
        // Unconstrained, but with the probabilities of its first token, it can be read all the same.
        let reply = self.post_with_alternatives(&|_| {}).await?;
        let tells = reply.is_some_and(|reply| !reply.alternatives.is_empty());
        match tells {
            true => Ok((Constraint::None, true)),
            false => Err(form(
                "answer = \"label\", but the server obeys no constraint that is known and tells no log-probabilities; use answer = \"json\""
                    .to_owned(),
            )),
        }
    }

    async fn honours_schema(&self) -> Result<bool, Halt> {
        let tree = json!({ "type": "string", "enum": WORDS });
        let schema = json!({ "type": "object", "properties": { "tree": tree }, "required": ["tree"], "additionalProperties": false });
        let format = json!({ "type": "json_schema", "json_schema": { "name": "tree", "strict": true, "schema": schema } });
        let reply = self.post(64, &|body| body["response_format"] = format.clone()).await?;
        let read: Value = reply.ok().and_then(|r| serde_json::from_str(&r.content).ok()).unwrap_or_default();
        Ok(read["tree"].as_str().is_some_and(|tree| WORDS.contains(&tree)))
    }

    async fn tell(&self, path: &str, above: bool) -> Result<Option<Value>, Halt> {
        let amount = self.config.price.of(rejoinder_ledger::Usage::default());
        let Some(reservation) = self.ledger.reserve(KEY, amount, self.limits)? else {
            return Err(Halt::Stop(Stop::Budget));
        };
        let told = self.client.tell(path, above).await;
        let state = if told.is_some() { State::Answered } else { State::Failed };
        let outcome = Outcome { state, status: 0, amount, usage: None, millis: 0 };
        self.ledger.write(&[Entry::Settle(reservation, outcome)], self.limits)?;
        Ok(told)
    }

    /// The reply to the question, with the log-probabilities of as many alternatives as the server gives; `None` if it gives none.
    async fn post_with_alternatives(&self, change: &dyn Fn(&mut Value)) -> Result<Option<Reply>, Halt> {
        let mut parameters = self.parameters.get();
        loop {
            let asked = parameters;
            let change = |body: &mut Value| {
                change(body);
                asked.ask_alternatives(body);
            };
            match self.post(1, &change).await? {
                Ok(reply) => {
                    let top_logprobs = parameters.top_logprobs;
                    self.parameters.set(Parameters { top_logprobs, ..self.parameters.get() });
                    return Ok(Some(reply));
                }
                Err(refusal) => match parameters.with_fewer_alternatives(&refusal) {
                    Some(fewer) => parameters = fewer,
                    None => return Ok(None),
                },
            }
        }
    }

    /// The reply to the question, with so many tokens at most and what `change` adds, or why the server refuses it. Where it
    /// refuses a usual parameter, what it asks for instead is found out first.
    async fn post(
        &self,
        max_tokens: u32,
        change: &dyn Fn(&mut Value),
    ) -> Result<Result<Reply, Refusal>, Halt> {
        let parameters = self.parameters.get();
        let answered = self.send(parameters, max_tokens, change).await?;
        match &answered {
            Err(refusal) if !self.are_parameters_known.get() && parameters.after(refusal).is_some() => {
                self.find_parameters().await?;
                match self.parameters.get() == parameters {
                    true => Ok(answered),
                    false => self.send(self.parameters.get(), max_tokens, change).await,
                }
            }
            _ => Ok(answered),
        }
    }

    /// Finds out, by requests with nothing else in them, what the server asks for in place of the usual parameters: only what
    /// makes it answer is believed, for it may repeat parameters that are not at fault.
    async fn find_parameters(&self) -> Result<(), Halt> {
        self.are_parameters_known.set(true);
        let mut parameters = self.parameters.get();
        loop {
            match self.send(parameters, 1, &|_| {}).await? {
                Ok(_) => {
                    self.parameters.set(parameters);
                    return Ok(());
                }
                Err(refusal) => match parameters.after(&refusal) {
                    Some(others) => parameters = others,
                    None => return Ok(()),
                },
            }
        }
    }

    async fn send(
        &self,
        parameters: Parameters,
        max_tokens: u32,
        change: &dyn Fn(&mut Value),
    ) -> Result<Result<Reply, Refusal>, Halt> {
        let mut body = request::body(&self.config.model, QUESTION, max_tokens, parameters);
        change(&mut body);
        let tokens = self.config.counter.measure(QUESTION);
        let request = Request::new(self.config, &self.config.endpoint(), &body, tokens, max_tokens);
        let answered = self.send_patiently(&request).await?;
        match &answered {
            Ok(_) => self.was_answered.set(true),
            Err((status, refusal)) => drop(self.refusal.replace(Some((*status, refusal.words.clone())))),
        }
        Ok(answered.map_err(|(_, refusal)| refusal))
    }

    /// The reply to a request, or the status and words in which the server refuses it.
    async fn send_patiently(&self, request: &Request) -> Result<Result<Reply, (u16, Refusal)>, Halt> {
        let begun = Instant::now();
        loop {
            let Some(reservation) = self.ledger.reserve(KEY, request.most, self.limits)? else {
                return Err(Halt::Stop(Stop::Budget));
            };
            let sent = Instant::now();
            let (status, attempt) = self.client.attempt(request.body.clone()).await;
            if let Attempt::NotSent(why) = attempt {
                self.ledger.write(&[Entry::Release(reservation)], self.limits)?;
                if begun.elapsed() >= MAX_REFUSED.min(self.patience) {
                    return Err(Halt::Stop(Stop::Unreachable(why)));
                }
                tokio::time::sleep(PAUSE).await;
                continue;
            }
            let usage = if let Attempt::Answered(reply, _) = &attempt { reply.usage } else { None };
            let outcome = Outcome {
                state: if matches!(attempt, Attempt::Answered(..)) { State::Answered } else { State::Failed },
                status,
                amount: usage.map_or(reservation.amount(), |usage| self.config.price.of(usage)),
                usage,
                millis: sent.elapsed().as_millis() as u64,
            };
            self.ledger.write(&[Entry::Settle(reservation, outcome)], self.limits)?;
            let (why, wait) = match attempt {
                Attempt::Answered(reply, _) => return Ok(Ok(reply)),
                Attempt::Refused(refusal) => return Ok(Err((status, refusal))),
                Attempt::TooLong(words) => return Ok(Err((status, words.into()))),
                Attempt::DeadEnd(words) if status > 0 => {
                    return Err(Halt::Stop(Stop::Refuses { status, words }));
                }
                Attempt::DeadEnd(why) => return Err(Halt::Stop(Stop::Unreachable(why))),
                Attempt::Busy(why, wait) => (why, wait),
                // Some servers answer with 500 what they do not know.
                Attempt::Failed(words) if status == 500 => return Ok(Err((status, words.into()))),
                Attempt::Failed(why) | Attempt::NotSent(why) => (why, None),
            };
            if begun.elapsed() >= self.patience {
                return Err(Halt::Stop(Stop::Unavailable(why)));
            }
            tokio::time::sleep(wait.unwrap_or(PAUSE).min(self.patience)).await;
        }
    }
}

fn form(why: String) -> Halt {
    Halt::Error(JudgeError::Form(why))
}
