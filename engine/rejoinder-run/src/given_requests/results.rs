//! The file of results: a line for each request that has one, in the order of the requests.

use std::path::Path;

use rejoinder_judge::batch::given_result;
use rejoinder_judge::{GivenForm, JudgeRequest};
use rejoinder_ledger::{Reply, ReplyStore, part};

use super::error::AskingError;
use super::request_file::RequestFile;

/// How many requests have which result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ResultCounts {
    /// Requests with an answer.
    pub answered: u64,
    /// Requests that the server refused.
    pub refused: u64,
    /// Requests whose answer held nothing.
    pub empty: u64,
    /// Requests that are longer than the model's context.
    pub too_long: u64,
    /// Requests without a result.
    pub unanswered: u64,
}

/// What a result is that is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteKind {
    /// The server refused the request.
    Refused,
    /// The answer held nothing.
    Empty,
    /// The request is longer than the model's context.
    TooLong,
}

impl NoteKind {
    /// The kind of a stored reply; `None` for an answer.
    pub(super) fn of(reply: &Reply) -> Option<Self> {
        match reply {
            reply if reply.is_refused() => Some(Self::Refused),
            reply if reply.is_empty() => Some(Self::Empty),
            reply if reply.is_too_long() => Some(Self::TooLong),
            _ => None,
        }
    }
}

/// A result that is no answer, to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldNote {
    /// What it is.
    pub kind: NoteKind,
    /// The id of the request.
    pub custom_id: String,
    /// The words of the server, or why nothing was sent.
    pub words: String,
}

/// So many results of each kind are told.
const MAX_TOLD: usize = 3;

/// What has been written.
#[derive(Debug, Default)]
pub(super) struct WrittenResults {
    pub(super) counts: ResultCounts,
    /// The first results that are no answers, of each kind a few.
    pub(super) told: Vec<ToldNote>,
}

impl WrittenResults {
    /// Writes the results that the store holds, and those of requests that are not sent.
    ///
    /// # Errors
    /// If the requests or the store cannot be read, or the file cannot be written.
    pub(super) fn write(
        requests: &RequestFile,
        form: &GivenForm,
        model: &str,
        store: &ReplyStore,
        path: &Path,
    ) -> Result<Self, AskingError> {
        let mut written = Self::default();
        // Why reading failed is told as it is, not as a failure to write.
        let mut unread = None;
        let ended = part::write_with(path, |out| {
            let read = requests.each(&mut |line| {
                let request = form.request(&line.request);
                match result(form, model, store, &request)? {
                    None => written.counts.unanswered += 1,
                    Some(reply) => {
                        written.count(&line.custom_id, &reply);
                        writeln!(out, "{}", given_result(&line.custom_id, &request.key, &reply))?;
                    }
                }
                Ok(true)
            });
            read.map_err(|failure| {
                unread = Some(failure);
                std::io::Error::other("the requests")
            })
        });
        match (unread, ended) {
            (Some(failure), _) => Err(failure),
            (None, Err(error)) => Err(error.into()),
            (None, Ok(())) => Ok(written),
        }
    }

    fn count(&mut self, custom_id: &str, reply: &Reply) {
        let kind = NoteKind::of(reply);
        let counts = &mut self.counts;
        *match kind {
            None => &mut counts.answered,
            Some(NoteKind::Refused) => &mut counts.refused,
            Some(NoteKind::Empty) => &mut counts.empty,
            Some(NoteKind::TooLong) => &mut counts.too_long,
        } += 1;
        if let Some(kind) = kind
            && self.told.iter().filter(|note| note.kind == kind).count() < MAX_TOLD
        {
            let (custom_id, words) = (custom_id.to_owned(), reply.content.clone());
            self.told.push(ToldNote { kind, custom_id, words });
        }
    }
}

/// The result of a request, as far as there is one.
fn result(
    form: &GivenForm,
    model: &str,
    store: &ReplyStore,
    request: &JudgeRequest,
) -> Result<Option<Reply>, AskingError> {
    let stored = store.get(&request.key)?;
    let not_sent = || form.too_long(request).map(|why| Reply::too_long(model.to_owned(), why.to_string()));
    Ok(stored.or_else(not_sent))
}
