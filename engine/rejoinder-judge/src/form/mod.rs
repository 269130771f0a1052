//! How questions are put to one server and what its replies mean: a pure function of the questions, the config, and the
//! capabilities of the server. So asking, writing a batch file and reading the store come to the same keys.
//!
//! A question may take several requests: a shorter one where the server finds the first too long, one for the span after one for
//! the label, others about fewer turns where the server refuses what several questions share or does not answer about all of them.
//! [`QuestionForm::next`] says which request comes next, given the replies so far. What somebody else has put into words is a single
//! request, which a [`GivenForm`] makes.

mod asking_form;
mod chain;
mod error;
mod given_form;
mod own_keys;
mod question_form;

pub use asking_form::{AskingForm, BillUnit, FormBill};
pub use chain::{AnswerOrigin, REFUSAL_PREFIX, ReplyChain};
pub use error::FormError;
pub use given_form::{GivenForm, GivenMessage, GivenRequest, GivenRole, RequestTooLong};
pub use question_form::{QuestionForm, SHARED_TOKENS};
