//! What asking needs to know of what is asked: which requests it takes, and how far replies settle it.

use rejoinder_ledger::Reply;

use crate::accounts::{AccountsError, StoredReplies};
use crate::answer::Finding;
use crate::completion::EmptyReplyReason;
use crate::form::{QuestionForm, ReplyChain};
use crate::question::Question;
use crate::request::JudgeRequest;

/// Something to be asked by requests that follow each other: each reply decides which request comes next.
pub(super) trait Inquiry<'a>: Send + Sync {
    /// The chains of requests that this takes, as far as their replies are stored.
    fn follow(&self, store: &dyn StoredReplies) -> Result<Vec<InquiryChain<'a>>, AccountsError>;

    /// The request after these replies to the earlier ones; `None` where nothing more is to be asked.
    fn next(&self, replies: &[Reply]) -> Option<JudgeRequest>;

    /// Whether the replies say nothing of what was asked; the last reply has just come.
    fn is_unanswered_by(&self, replies: &[Reply]) -> bool;

    /// Why a reply is empty, and what to do about it, for people.
    fn describe_empty(&self, why: EmptyReplyReason) -> &'static str {
        why.describe()
    }

    /// Requests of equal kinship are best made at the same endpoint.
    fn kinship(&self) -> u64;

    /// Whether the requests are about several things that can be asked apart.
    fn is_shared(&self) -> bool {
        false
    }

    /// Whether these things are asked apart where the answer about all of them is empty.
    fn is_divided_where_empty(&self) -> bool {
        false
    }

    /// The keys by which the store knows these things; none where there is only one.
    fn turn_keys(&self) -> Vec<String> {
        Vec::new()
    }

    /// What the replies leave to be asked apart, by the replies that are stored.
    fn rest(
        &self,
        _replies: &[Reply],
        _store: &dyn StoredReplies,
    ) -> Result<Vec<InquiryChain<'a>>, AccountsError> {
        Ok(Vec::new())
    }
}

/// A chain of requests, as far as its replies are stored.
pub(super) struct InquiryChain<'a> {
    pub(super) inquiry: Box<dyn Inquiry<'a> + 'a>,
    /// The stored replies, in the order of the requests.
    pub(super) replies: Vec<Reply>,
    /// The request that has no reply yet.
    pub(super) next: Option<JudgeRequest>,
}

/// Questions that share their requests.
pub(super) struct AskedQuestions<'a> {
    pub(super) form: &'a QuestionForm,
    pub(super) questions: Vec<Question>,
}

impl<'a> AskedQuestions<'a> {
    fn chains(
        &self,
        questions: &[Question],
        store: &dyn StoredReplies,
    ) -> Result<Vec<InquiryChain<'a>>, AccountsError> {
        let chains = self.form.follow(questions, store)?.into_iter().map(|chain| {
            let asked = &questions[chain.questions.clone()];
            let ReplyChain { replies, next, .. } = self.form.to_ask(asked, chain);
            let inquiry = Box::new(Self { form: self.form, questions: asked.to_vec() });
            InquiryChain { inquiry, replies, next }
        });
        Ok(chains.collect())
    }
}

impl<'a> Inquiry<'a> for AskedQuestions<'a> {
    fn follow(&self, store: &dyn StoredReplies) -> Result<Vec<InquiryChain<'a>>, AccountsError> {
        self.chains(&self.questions, store)
    }

    fn next(&self, replies: &[Reply]) -> Option<JudgeRequest> {
        self.form.next(&self.questions, replies)
    }

    fn is_unanswered_by(&self, replies: &[Reply]) -> bool {
        self.form.read(&self.questions, replies).is_some_and(|findings| {
            findings.iter().flatten().all(|f| matches!(f.finding, Finding::Unverified(_)))
        })
    }

    fn kinship(&self) -> u64 {
        self.questions.first().map_or(0, |q| q.id.ordinal + u64::from(q.id.shard))
    }

    fn is_shared(&self) -> bool {
        self.questions.len() > 1
    }

    fn is_divided_where_empty(&self) -> bool {
        self.form.divides(self.questions.len())
    }

    fn turn_keys(&self) -> Vec<String> {
        self.form.turn_keys(&self.questions)
    }

    /// Pieces of the questions, where the server refused the request that they share or did not answer about all of them. The shared
    /// answer may name a turn after all, and another request may have been about the same turns.
    fn rest(
        &self,
        replies: &[Reply],
        store: &dyn StoredReplies,
    ) -> Result<Vec<InquiryChain<'a>>, AccountsError> {
        let mut chains = Vec::new();
        for piece in self.form.pieces(&self.questions, &(0..self.questions.len()), replies) {
            chains.extend(self.chains(&self.questions[piece], store)?);
        }
        Ok(chains)
    }
}

/// A request that somebody else has put into words: whatever text the reply holds is its answer.
impl<'a> Inquiry<'a> for JudgeRequest {
    fn follow(&self, store: &dyn StoredReplies) -> Result<Vec<InquiryChain<'a>>, AccountsError> {
        let reply = store.reply(&self.key)?;
        let next = if reply.is_some() { None } else { Some(self.clone()) };
        Ok(vec![InquiryChain { inquiry: Box::new(self.clone()), replies: reply.into_iter().collect(), next }])
    }

    fn next(&self, replies: &[Reply]) -> Option<JudgeRequest> {
        replies.is_empty().then(|| self.clone())
    }

    fn is_unanswered_by(&self, replies: &[Reply]) -> bool {
        replies.last().is_some_and(|reply| reply.content.trim().is_empty())
    }

    fn describe_empty(&self, why: EmptyReplyReason) -> &'static str {
        why.describe_given()
    }

    /// Such requests have no kin, and spread over the endpoints.
    fn kinship(&self) -> u64 {
        self.key.get(..8).and_then(|digits| u64::from_str_radix(digits, 16).ok()).unwrap_or(0)
    }
}
