//! Asks one endpoint, with requests that show what it obeys.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use rejoinder_ledger::{
    Ledger, LedgerEntry, Reply, RequestOutcome, RequestState, SpendingLimits, TokenUsage,
};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::capabilities::{ServerCapabilities, TriedAbilities};
use super::error::ProbeError;
use crate::asking::StopReason;
use crate::client::{AttemptResult, Client, Refusal};
use crate::config::JudgeConfig;
use crate::error::JudgeError;
use crate::prompt::AnswerFormat;
use crate::question::QuestionUnit;
use crate::request::{self, JudgeRequest, LabelConstraint, RequestParameters};

const QUESTION: &str = "Reply with the digit 7 and nothing else.";
/// What makes each of the letters likely. Some servers give probabilities as they were before the constraint, and the letters
/// are then hardly among the alternatives to a 7.
const LETTER_QUESTION: &str = "Choose one of A, B, C, D, E, F. Answer with exactly one letter.";
pub(super) const LABELS: [&str; 6] = ["A", "B", "C", "D", "E", "F"];
const WORDS: [&str; 2] = ["maple", "birch"];
/// The key of these requests in the ledger: no reply to them is kept.
const KEY: &str = "probe";
/// How long a connection may be refused: a user does not want to wait long for a wrong address.
const MAX_UNREACHABLE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(500);

/// What the server says to one request.
pub(super) enum ProbeReply {
    Answered(Reply),
    Refused { status: u16, refusal: Refusal },
}

impl ProbeReply {
    pub(super) fn answer(self) -> Option<Reply> {
        match self {
            Self::Answered(reply) => Some(reply),
            Self::Refused { .. } => None,
        }
    }
}

/// Asks one endpoint.
pub(super) struct Prober<'a> {
    pub(super) config: &'a JudgeConfig,
    client: Client,
    ledger: &'a Ledger,
    limits: &'a SpendingLimits,
    /// How long the server is waited for.
    patience: Duration,
    parameters: Cell<RequestParameters>,
    /// Whether a request that holds nothing beside the usual parameters was tried.
    are_parameters_known: Cell<bool>,
    was_answered: Cell<bool>,
    /// Whether the server said that it had computed the beginning of a prompt before.
    reuses_prefix: Cell<bool>,
    /// The status and the words of the last refusal.
    refusal: RefCell<Option<(u16, String)>>,
}

impl<'a> Prober<'a> {
    pub(super) fn new(
        config: &'a JudgeConfig,
        client: Client,
        ledger: &'a Ledger,
        limits: &'a SpendingLimits,
        patience: Duration,
    ) -> Self {
        Self {
            config,
            client,
            ledger,
            limits,
            patience,
            parameters: Cell::default(),
            are_parameters_known: Cell::new(false),
            was_answered: Cell::new(false),
            reuses_prefix: Cell::new(false),
            refusal: RefCell::default(),
        }
    }

    /// Finds out what the endpoint can do.
    pub(super) async fn find_out(&self) -> Result<ServerCapabilities, ProbeError> {
        let (context, likely) = self.describe_server().await?;
        let config = self.config;
        let wants_label = config.unit == QuestionUnit::Turn && config.answer != Some(AnswerFormat::Json);
        let mut findings = ServerCapabilities {
            constraint: LabelConstraint::None,
            logprobs: false,
            letters: None,
            json_schema: false,
            context,
            ..ServerCapabilities::assumed(config)
        };
        if wants_label {
            (findings.constraint, findings.logprobs) = self.find_constraint(likely).await?;
        }
        let may_ask_letters = wants_label && config.is_open_to_letters();
        if may_ask_letters {
            findings.letters = self.find_letters(findings.constraint).await?;
        }
        findings.reuses_prefix = self.reuses_prefix.get();
        let needed = TriedAbilities::needed(config, &findings);
        if needed.json_schema {
            findings.json_schema = self.honours_schema().await?;
        }
        findings.tried = Some(TriedAbilities { label: wants_label, letters: may_ask_letters, ..needed });
        if !self.was_answered.get() && !self.are_parameters_known.get() {
            // Nothing was asked so far, or every request was refused, perhaps for what it held beside the question.
            self.find_parameters().await?;
        }
        findings.parameters = self.parameters.get();
        match self.refusal.take() {
            Some((status, words)) if !self.was_answered.get() && status < 500 => {
                Err(ProbeError::Stopped(StopReason::Refuses { status, words }))
            }
            // Another endpoint may answer.
            Some((_, words)) if !self.was_answered.get() && self.patience.is_zero() => {
                Err(ProbeError::Stopped(StopReason::Unavailable(words)))
            }
            _ => Ok(findings),
        }
    }

    /// The length of the context, and the constraint that this kind of server is likely to know.
    async fn describe_server(&self) -> Result<(Option<u64>, Option<LabelConstraint>), ProbeError> {
        let models = self.get_json("/models", false).await?.unwrap_or_default();
        let listed = models["data"].as_array().map_or(&[][..], Vec::as_slice);
        let own = listed.iter().find(|m| m["id"] == self.config.model.as_str()).or(listed.first());
        let own = own.unwrap_or(&Value::Null);
        let likely = match own["owned_by"].as_str() {
            Some("vllm") => Some(LabelConstraint::Choice),
            Some("sglang") => Some(LabelConstraint::Regex),
            Some("llamacpp") => Some(LabelConstraint::Grammar),
            _ => None,
        };
        let mut context = own["max_model_len"].as_u64();
        if context.is_none() && likely == Some(LabelConstraint::Grammar) {
            let props = self.get_json("/props", true).await?.unwrap_or_default();
            context = props["default_generation_settings"]["n_ctx"].as_u64();
        }
        Ok((context, likely))
    }

    /// The constraint that the server obeys, and whether the server gives probabilities under that constraint.
    async fn find_constraint(
        &self,
        likely: Option<LabelConstraint>,
    ) -> Result<(LabelConstraint, bool), ProbeError> {
        let mut candidates: Vec<LabelConstraint> = match self.config.constraint {
            Some(said) => vec![said],
            None => likely.into_iter().chain(LabelConstraint::ALL).collect(),
        };
        candidates.dedup();
        let mut heard = String::new();
        for (index, &constraint) in candidates.iter().enumerate() {
            if candidates[..index].contains(&constraint) {
                continue;
            }
            let constrain = |body: &mut Value| constraint.apply(body, &LABELS);
            let reply = match self.post_with_alternatives(1, &constrain).await? {
                Some(reply) => Some(reply),
                None => self.post(1, &constrain).await?.answer(),
            };
            let Some(reply) = reply else { continue };
            let has_alternatives = has_letters(&reply);
            if LABELS.contains(&reply.content.trim()) {
                return Ok((constraint, has_alternatives || self.tells_letters(&reply, &constrain).await?));
            }
            if constraint == LabelConstraint::None && has_alternatives {
                return Ok((constraint, true));
            }
            heard = reply.content;
        }
        if let Some(constraint) = self.config.constraint.filter(|c| *c != LabelConstraint::None) {
            let name = serde_json::to_string(&constraint).unwrap_or_default();
            return Err(contradiction(format!(
                "the server does not obey constraint = {name}: constrained to a letter it answered {heard:?}"
            )));
        }
        if self.config.answer != Some(AnswerFormat::Label) {
            return Ok((LabelConstraint::None, false));
        }
        // An unconstrained answer can be read all the same by the probabilities of its first token.
        let reply = self.post_with_alternatives(1, &|_| {}).await?;
        let tells = reply.is_some_and(|reply| !reply.alternatives.is_empty());
        match tells {
            true => Ok((LabelConstraint::None, true)),
            false => Err(contradiction(
                "answer = \"label\", but the server obeys no constraint that is known and tells no log-probabilities; use answer = \"json\""
                    .to_owned(),
            )),
        }
    }

    /// Whether a server that gives the probabilities of something else gives those of the letters where they are likely.
    async fn tells_letters(&self, reply: &Reply, constrain: &dyn Fn(&mut Value)) -> Result<bool, ProbeError> {
        if reply.alternatives.is_empty() {
            return Ok(false);
        }
        let ask_for_letter = |body: &mut Value| {
            constrain(body);
            body["messages"][0]["content"] = LETTER_QUESTION.into();
        };
        Ok(self.post_with_alternatives(1, &ask_for_letter).await?.is_some_and(|reply| has_letters(&reply)))
    }

    async fn honours_schema(&self) -> Result<bool, ProbeError> {
        let tree = json!({ "type": "string", "enum": WORDS });
        let schema = json!({ "type": "object", "properties": { "tree": tree }, "required": ["tree"], "additionalProperties": false });
        let format = json!({ "type": "json_schema", "json_schema": { "name": "tree", "strict": true, "schema": schema } });
        let reply = self.post(64, &|body| body["response_format"] = format.clone()).await?;
        let read: Value =
            reply.answer().and_then(|r| serde_json::from_str(&r.content).ok()).unwrap_or_default();
        Ok(read["tree"].as_str().is_some_and(|tree| WORDS.contains(&tree)))
    }

    async fn get_json(&self, path: &str, above: bool) -> Result<Option<Value>, ProbeError> {
        let amount = self.config.price.of(TokenUsage::default());
        let Some(reservation) = self.ledger.reserve(KEY, amount, self.limits)? else {
            return Err(ProbeError::Stopped(StopReason::Budget));
        };
        let value = self.client.get_json(path, above).await;
        let state = if value.is_some() { RequestState::Answered } else { RequestState::Failed };
        let outcome = RequestOutcome { state, status: 0, amount, usage: None, millis: 0 };
        self.ledger.write(&[LedgerEntry::Settle(reservation, outcome)], self.limits)?;
        Ok(value)
    }

    /// The reply to the question, with the log-probabilities of as many alternatives as the server gives; `None` if the server
    /// gives none.
    pub(super) async fn post_with_alternatives(
        &self,
        max_tokens: u32,
        change: &dyn Fn(&mut Value),
    ) -> Result<Option<Reply>, ProbeError> {
        let mut parameters = self.parameters.get();
        loop {
            let asked = parameters;
            let change = |body: &mut Value| {
                change(body);
                asked.ask_alternatives(body);
            };
            match self.post(max_tokens, &change).await? {
                ProbeReply::Answered(reply) => {
                    let top_logprobs = parameters.top_logprobs;
                    self.parameters.set(RequestParameters { top_logprobs, ..self.parameters.get() });
                    return Ok(Some(reply));
                }
                ProbeReply::Refused { refusal, .. } => match parameters.with_fewer_alternatives(&refusal) {
                    Some(fewer) => parameters = fewer,
                    None => return Ok(None),
                },
            }
        }
    }

    /// What the server says to the question, with at most `max_tokens` tokens and with what `change` adds to the request. Where the
    /// server refuses a usual parameter, what it takes instead is found out first.
    pub(super) async fn post(
        &self,
        max_tokens: u32,
        change: &dyn Fn(&mut Value),
    ) -> Result<ProbeReply, ProbeError> {
        let parameters = self.parameters.get();
        let reply = self.send(parameters, max_tokens, change).await?;
        if let ProbeReply::Refused { refusal, .. } = &reply
            && !self.are_parameters_known.get()
            && parameters.after(refusal).is_some()
        {
            self.find_parameters().await?;
            if self.parameters.get() != parameters {
                return self.send(self.parameters.get(), max_tokens, change).await;
            }
        }
        Ok(reply)
    }

    /// Finds out, by requests that hold nothing else, what the server takes in place of the usual parameters. Only parameters
    /// that make the server answer are believed, for a refusal may repeat parameters that are not at fault.
    async fn find_parameters(&self) -> Result<(), ProbeError> {
        self.are_parameters_known.set(true);
        let mut parameters = self.parameters.get();
        loop {
            match self.send(parameters, 1, &|_| {}).await? {
                ProbeReply::Answered(_) => {
                    self.parameters.set(parameters);
                    return Ok(());
                }
                ProbeReply::Refused { refusal, .. } => match parameters.after(&refusal) {
                    Some(others) => parameters = others,
                    None => return Ok(()),
                },
            }
        }
    }

    async fn send(
        &self,
        parameters: RequestParameters,
        max_tokens: u32,
        change: &dyn Fn(&mut Value),
    ) -> Result<ProbeReply, ProbeError> {
        let mut body = request::body(&self.config.model, QUESTION, max_tokens, parameters);
        change(&mut body);
        let question = body["messages"][0]["content"].as_str().unwrap_or_default();
        let tokens = self.config.counter.measure(question);
        let request = JudgeRequest::new(self.config, &self.config.endpoint(), &body, tokens, max_tokens);
        let reply = self.send_patiently(&request).await?;
        match &reply {
            ProbeReply::Answered(reply) => {
                self.was_answered.set(true);
                let is_reused = reply.usage.is_some_and(|usage| usage.cached_tokens > 0);
                self.reuses_prefix.set(self.reuses_prefix.get() || is_reused);
            }
            ProbeReply::Refused { status, refusal } => {
                drop(self.refusal.replace(Some((*status, refusal.words.clone()))));
            }
        }
        Ok(reply)
    }

    async fn send_patiently(&self, request: &JudgeRequest) -> Result<ProbeReply, ProbeError> {
        let begun = Instant::now();
        loop {
            let Some(reservation) = self.ledger.reserve(KEY, request.most, self.limits)? else {
                return Err(ProbeError::Stopped(StopReason::Budget));
            };
            let sent = Instant::now();
            let (status, attempt) = self.client.attempt(request.body.clone()).await;
            if let AttemptResult::NotSent(why) = attempt {
                self.ledger.write(&[LedgerEntry::Release(reservation)], self.limits)?;
                if begun.elapsed() >= MAX_UNREACHABLE.min(self.patience) {
                    return Err(ProbeError::Stopped(StopReason::Unreachable(why)));
                }
                tokio::time::sleep(PAUSE).await;
                continue;
            }
            let usage = if let AttemptResult::Answered(reply, _) = &attempt { reply.usage } else { None };
            let outcome = RequestOutcome {
                state: match attempt {
                    AttemptResult::Answered(..) => RequestState::Answered,
                    _ => RequestState::Failed,
                },
                status,
                amount: usage.map_or(reservation.amount(), |usage| self.config.price.of(usage)),
                usage,
                millis: sent.elapsed().as_millis() as u64,
            };
            self.ledger.write(&[LedgerEntry::Settle(reservation, outcome)], self.limits)?;
            let (why, wait) = match attempt {
                AttemptResult::Answered(reply, _) => return Ok(ProbeReply::Answered(reply)),
                AttemptResult::Refused(refusal) => return Ok(ProbeReply::Refused { status, refusal }),
                AttemptResult::TooLong(words) => {
                    return Ok(ProbeReply::Refused { status, refusal: words.into() });
                }
                AttemptResult::DeadEnd(words) if status > 0 => {
                    return Err(ProbeError::Stopped(StopReason::Refuses { status, words }));
                }
                AttemptResult::DeadEnd(why) => return Err(ProbeError::Stopped(StopReason::Unreachable(why))),
                AttemptResult::Busy(why, wait) => (why, wait),
                // Some servers answer with 500 to what they do not know.
                AttemptResult::Failed(words) if status == 500 => {
                    return Ok(ProbeReply::Refused { status, refusal: words.into() });
                }
                AttemptResult::Failed(why) | AttemptResult::NotSent(why) => (why, None),
            };
            if begun.elapsed() >= self.patience {
                return Err(ProbeError::Stopped(StopReason::Unavailable(why)));
            }
            tokio::time::sleep(wait.unwrap_or(PAUSE).min(self.patience)).await;
        }
    }
}

/// Whether several of the letters are among the alternatives of a reply.
fn has_letters(reply: &Reply) -> bool {
    LABELS.iter().filter(|letter| reply.alternatives.contains(&format!("[\"{letter}\","))).count() > 1
}

fn contradiction(why: String) -> ProbeError {
    ProbeError::Failed(JudgeError::Config(why))
}
