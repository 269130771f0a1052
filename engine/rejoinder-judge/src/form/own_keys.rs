//! Under which keys the replies about one question alone lie.

use super::question_form::QuestionForm;
use crate::accounts::{AccountsError, StoredReplies};
use crate::question::Question;

impl QuestionForm {
    /// The keys of all requests about a question alone that may have been made, in this form and in the one with the longer window:
    /// the first request, and those that followed the stored replies.
    ///
    /// # Errors
    /// If the store fails.
    pub fn own_keys(
        &self,
        question: &Question,
        store: &dyn StoredReplies,
    ) -> Result<Vec<String>, AccountsError> {
        let (asked, mut keys) = (std::slice::from_ref(question), Vec::new());
        for form in std::iter::once(self).chain(self.longer.as_deref()) {
            let mut replies = Vec::new();
            while let Some(request) = form.next(asked, &replies) {
                let reply = store.reply(&request.key)?;
                keys.push(request.key);
                match reply {
                    Some(reply) => replies.push(reply),
                    None => break,
                }
            }
        }
        Ok(keys)
    }
}
