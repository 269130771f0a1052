//! Replies, followed from the first request about questions to the last, and read.

use std::ops::Range;

use rejoinder_ledger::Reply;

use super::asking_form::AskingForm;
use super::question_form::{MAX_HALVINGS, QuestionForm};
use crate::accounts::{AccountsError, StoredReplies};
use crate::answer::{self, Finding, TurnFinding};
use crate::prompt::AnswerFormat;
use crate::question::Question;
use crate::request::JudgeRequest;

/// The beginning of the reason why a turn waits after the server has refused to answer about it.
pub const REFUSAL_PREFIX: &str = "the server refused the request";
/// The `finish_reason` of an answer that was cut off by its limit of tokens.
const CUT: &str = "length";

/// In which request an answer was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AnswerOrigin {
    /// The answer was found in a request about these questions, as the form makes it.
    #[default]
    OwnRequest,
    /// The answer was found in a request of the form about other turns, too.
    SharedRequest {
        /// The place of the turn among those of the request, from 0.
        place: usize,
        /// The number of turns that the request is about.
        turns: usize,
    },
    /// The answer was found in a request for one letter, with the long window that was the default before.
    LongerWindow,
}

/// The requests about questions that share them, followed through the stored replies: each reply decides which request comes next.
#[derive(Clone, Debug, Default)]
pub struct ReplyChain {
    /// The range of the questions that share the requests.
    pub group: Range<usize>,
    /// The range of the questions that the replies are about: the whole group, or its first ones where the answer names no more.
    pub questions: Range<usize>,
    /// The key of each reply that is stored, in the order of the requests.
    pub keys: Vec<String>,
    /// The stored replies, in the order of the requests.
    pub replies: Vec<Reply>,
    /// In which request the replies were found.
    pub origin: AnswerOrigin,
    /// The request that has no reply yet; `None` where nothing more is to be asked.
    pub next: Option<JudgeRequest>,
}

impl QuestionForm {
    /// Follows the requests about questions that share one through the stored replies. Where a request does not settle all of its
    /// questions, the requests about the rest are followed, down to single questions. A single question without
    /// a useful reply of its own has the answer that [`Self::elsewhere`] finds.
    ///
    /// # Errors
    /// If the store fails.
    pub fn follow(
        &self,
        questions: &[Question],
        store: &dyn StoredReplies,
    ) -> Result<Vec<ReplyChain>, AccountsError> {
        let all = self.follow_all(questions, store)?;
        Ok(all.into_iter().filter(|chain| chain.group.is_empty() || !chain.questions.is_empty()).collect())
    }

    /// Follows the requests as [`Self::follow`] does, and returns also the chains whose replies settle none of their questions,
    /// before the chains of the requests that came instead: all that was paid for.
    ///
    /// # Errors
    /// If the store fails.
    pub fn follow_all(
        &self,
        questions: &[Question],
        store: &dyn StoredReplies,
    ) -> Result<Vec<ReplyChain>, AccountsError> {
        let mut followed = Vec::new();
        let all = 0..questions.len();
        let mut open = vec![all];
        while let Some(range) = open.pop() {
            let chain = self.follow_one(questions, range.clone(), store)?;
            let pieces = self.pieces(questions, &range, &chain.replies);
            let answered = range.start..pieces.first().map_or(range.end, |piece| piece.start);
            followed.push(ReplyChain { questions: answered, ..chain });
            open.extend(pieces.into_iter().rev());
        }
        Ok(followed)
    }

    /// The ranges of the questions that are asked again, each by itself, after these replies about the questions of a range: halves
    /// where the server refused the request that they share, or, for letters, found it too long or answered nothing; where the answer
    /// does not name all of them, those from the first one without an answer on, by halves or, for letters, one by one.
    pub(crate) fn pieces(
        &self,
        questions: &[Question],
        range: &Range<usize>,
        replies: &[Reply],
    ) -> Vec<Range<usize>> {
        let Some(last) = replies.last().filter(|_| range.len() > 1) else { return Vec::new() };
        let has_letters = self.template.answer == AnswerFormat::Letters;
        let is_useless = last.is_too_long() || last.is_empty();
        if last.is_refused() || (is_useless && self.divides(range.len())) {
            return halves(range).collect();
        }
        if is_useless || !(has_letters || last.finish_reason == CUT) {
            return Vec::new();
        }
        let found = self.read(&questions[range.clone()], replies).unwrap_or_default();
        let answered = found.iter().take_while(|turns| turns.iter().all(says_something)).count();
        let rest = range.start + answered..range.end;
        match has_letters {
            // An answer may name turns behind the first one that it does not name.
            true => rest.map(|at| at..at + 1).collect(),
            false => halves(&rest).collect(),
        }
    }

    /// What the replies of a chain say: for each of its questions, a finding for each open turn. Empty while a reply that could
    /// settle the questions is missing.
    pub fn findings(&self, questions: &[Question], chain: &ReplyChain) -> Vec<Vec<TurnFinding>> {
        let asked = &questions[chain.group.clone()];
        let mut found = match (chain.origin, &self.longer) {
            (AnswerOrigin::SharedRequest { place, turns }, _) => {
                let at = (place, turns);
                asked.iter().zip(&chain.replies).map(|(q, reply)| self.read_shared(q, at, reply)).collect()
            }
            (AnswerOrigin::LongerWindow, Some(longer)) => {
                longer.read(asked, &chain.replies).unwrap_or_default()
            }
            _ => self.read(asked, &chain.replies).unwrap_or_default(),
        };
        found.truncate(chain.questions.len());
        found
    }

    /// The keys under which the first replies about questions that share a request may lie, but for those of requests that the turns
    /// share with others.
    pub(crate) fn first_keys(&self, questions: &[Question]) -> Vec<String> {
        let own = self.next(questions, &[]);
        let longer = self.longer.as_ref().filter(|_| questions.len() == 1);
        let longer = longer.and_then(|longer| longer.next(questions, &[]));
        own.into_iter().chain(longer).map(|request| request.key).collect()
    }

    /// The chain as it is to be asked on: where the last answer was empty, the same request comes once more.
    pub fn to_ask(&self, questions: &[Question], mut chain: ReplyChain) -> ReplyChain {
        if chain.replies.pop_if(|reply| reply.is_empty()).is_some() {
            chain.keys.pop();
            chain.next = self.next(questions, &chain.replies);
        }
        chain
    }

    /// The useful answer to a question that stands in another request than the question's own: in one of this form that the turn
    /// shared with others, or in one for a letter with the long window, which shows more of the same.
    ///
    /// # Errors
    /// If the store fails.
    pub fn elsewhere(
        &self,
        question: &Question,
        store: &dyn StoredReplies,
    ) -> Result<Option<ReplyChain>, AccountsError> {
        if !self.config.takes_answers_elsewhere {
            return Ok(None);
        }
        let found = |origin, keys, replies| {
            let chain =
                ReplyChain { group: 0..1, questions: 0..1, keys, replies, origin, ..ReplyChain::default() };
            let findings = self.findings(std::slice::from_ref(question), &chain);
            let is_useful = findings.first().is_some_and(|turns| turns.iter().any(says_something));
            is_useful.then_some(chain)
        };
        if self.takes_shared_replies() {
            for shared in store.shared(&self.turn_key(question))? {
                let Some(reply) = store.reply(&shared.key)? else { continue };
                let origin = AnswerOrigin::SharedRequest { place: shared.place, turns: shared.turns };
                if let Some(chain) = found(origin, vec![shared.key], vec![reply]) {
                    return Ok(Some(chain));
                }
            }
        }
        let Some(longer) = &self.longer else { return Ok(None) };
        let chain = longer.follow_one(std::slice::from_ref(question), 0..1, store)?;
        Ok(found(AnswerOrigin::LongerWindow, chain.keys, chain.replies))
    }

    /// Whether a question may have its answer in a request of this form about other turns, too.
    pub(crate) const fn takes_shared_replies(&self) -> bool {
        self.config.takes_answers_elsewhere
            && matches!(self.form, AskingForm::Grouped { .. } | AskingForm::Json { .. })
    }

    /// Whether the store holds a useful answer to a question: the question's own, or one that [`Self::elsewhere`] finds.
    ///
    /// # Errors
    /// If the store fails.
    pub fn is_answered(&self, question: &Question, store: &dyn StoredReplies) -> Result<bool, AccountsError> {
        let asked = std::slice::from_ref(question);
        let chain = self.follow_one(asked, 0..1, store)?;
        Ok(self.findings(asked, &chain).iter().flatten().any(says_something))
    }

    /// Whether the store holds anything about a question alone, or an answer to it: what became of the question is known then, or
    /// will be known by requests of its own.
    ///
    /// # Errors
    /// If the store fails.
    pub fn stands_alone(
        &self,
        question: &Question,
        store: &dyn StoredReplies,
    ) -> Result<bool, AccountsError> {
        let chain = self.follow_one(std::slice::from_ref(question), 0..1, store)?;
        Ok(!chain.replies.is_empty())
    }

    /// Whether the store holds a reply about several turns that is about this one, too, whatever it says.
    ///
    /// # Errors
    /// If the store fails.
    pub fn has_shared_reply(
        &self,
        question: &Question,
        store: &dyn StoredReplies,
    ) -> Result<bool, AccountsError> {
        for shared in store.shared(&self.turn_key(question))? {
            if store.contains(&shared.key)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn follow_one(
        &self,
        questions: &[Question],
        range: Range<usize>,
        store: &dyn StoredReplies,
    ) -> Result<ReplyChain, AccountsError> {
        let asked = &questions[range.clone()];
        let mut chain =
            ReplyChain { group: range.clone(), questions: range.clone(), ..ReplyChain::default() };
        while let Some(request) = self.next(asked, &chain.replies) {
            match store.reply(&request.key)? {
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
        let has_own = |found: Vec<Vec<TurnFinding>>| found.iter().flatten().any(says_something);
        if let [question] = asked
            && !self.read(asked, &chain.replies).is_some_and(has_own)
            && let Some(found) = self.elsewhere(question, store)?
        {
            return Ok(ReplyChain { group: range.clone(), questions: range, ..found });
        }
        Ok(chain)
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
        if let Some(why) = why_useless(reply) {
            return Some(unverified(&why));
        }
        let labels = &self.template.labels;
        Some(match self.template.answer {
            AnswerFormat::Label => {
                let quoting =
                    replies.get(halvings + 1).filter(|r| !r.is_too_long() && why_useless(r).is_none());
                let quoting = quoting.map(|r| r.content.as_str());
                let read = |q| answer::read_label(labels, q, &reply.content, &reply.alternatives, quoting);
                questions.iter().map(read).collect()
            }
            AnswerFormat::Letters => {
                answer::read_letters(labels, questions, &reply.content, &reply.alternatives)
            }
            _ => answer::read_json(self.template.unit, questions, &reply.content),
        })
    }

    /// What a reply about several turns says of the question at a place among them.
    fn read_shared(&self, question: &Question, at: (usize, usize), reply: &Reply) -> Vec<TurnFinding> {
        if let Some(why) = why_useless(reply) {
            return answer::unverified(question, &why);
        }
        match self.template.answer {
            _ if reply.is_too_long() => answer::unverified(question, "the request was too long"),
            AnswerFormat::Letters => {
                let labels = &self.template.labels;
                answer::read_letters_at(labels, question, at, &reply.content, &reply.alternatives)
            }
            _ => answer::read_json_at(question, at, &reply.content),
        }
    }

    /// The form of the request in which a chain's replies were found, as records name it.
    pub const fn form_of(&self, chain: &ReplyChain) -> &'static str {
        match chain.origin {
            AnswerOrigin::LongerWindow => "single, longer window",
            AnswerOrigin::OwnRequest | AnswerOrigin::SharedRequest { .. } => self.form.name(),
        }
    }

    /// The reply that the findings rest on, and its index.
    pub fn decisive_reply<'r>(&self, replies: &'r [Reply]) -> Option<(usize, &'r Reply)> {
        replies.iter().enumerate().find(|(_, r)| !r.is_too_long())
    }
}

/// Why a reply is no answer, if it is none for another reason than the length of the prompt.
fn why_useless(reply: &Reply) -> Option<String> {
    match reply {
        reply if reply.is_empty() => Some(format!("the answer was empty: {}", reply.content)),
        reply if reply.is_refused() => Some(format!("{REFUSAL_PREFIX}: {}", reply.content)),
        _ => None,
    }
}

fn says_something(turn: &TurnFinding) -> bool {
    !matches!(turn.finding, Finding::Unverified(_))
}

/// The halves of a range of questions that shared a request; a single question is not divided.
fn halves(range: &Range<usize>) -> impl DoubleEndedIterator<Item = Range<usize>> + use<> {
    let middle = range.start + range.len() / 2;
    [range.start..middle, middle..range.end].into_iter().filter(|half| !half.is_empty())
}
