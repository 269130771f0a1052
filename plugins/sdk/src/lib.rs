//! Write a classifier as a plain Rust type; this crate turns it into a plugin.
//!
//! A plugin crosses a C border, where one forgotten null check or one escaping panic takes the whole run down. All
//! of that is done here, once: authors implement [`Classifier`], end the crate with [`export_classifier!`], and test
//! with [`testing::Harness`], which goes through the same border as the engine does.
//!
//! ```
//! use rejoinder_plugin::{BoxError, Candidate, Category, Classifier, NoConfig, Verdict, testing::Harness};
//!
//! struct Thanks;
//!
//! impl Classifier for Thanks {
//!     const NAME: &'static str = "thanks";
//!     const VERSION: &'static str = "1.0.0";
//!     const ABOUT: &'static str = "accepts a bare thank-you";
//!     type Config = NoConfig;
//!
//!     fn new(_: NoConfig) -> Result<Self, BoxError> {
//!         Ok(Self)
//!     }
//!
//!     fn classify(&self, candidate: Candidate<'_>) -> Verdict {
//!         match candidate.target().text().trim() {
//!             "thanks" => Verdict::accept(Category::Ur5).with_score(0.97),
//!             _ => Verdict::abstain(),
//!         }
//!     }
//! }
//!
//! let harness = Harness::<Thanks>::new("{}").unwrap();
//! let vote = harness.classify(&["U: sort this list", "A: [1, 2, 3]", "U: thanks"]).unwrap();
//! assert_eq!(vote.score, Some(0.97));
//! ```

#[cfg(panic = "abort")]
compile_error!(
    "a plugin must be compiled with panic = \"unwind\": with \"abort\" its panics would end the whole run"
);

mod asks;
mod candidate;
mod classifier;
mod entry;
mod fact;
mod tables;
pub mod testing;
mod trampoline;
mod verdict;

pub use asks::{Asks, Selection};
pub use candidate::{Candidate, EarlierVote, Hit, Message, Route};
pub use classifier::{BoxError, Classifier, NoConfig, ScoreDeclaration};
#[doc(hidden)]
pub use entry::enter;
pub use fact::{Fact, FactValues};
pub use rejoinder_core::{Category, Purpose, Role};
pub use rejoinder_plugin_abi as abi;
pub use trampoline::vtable;
pub use verdict::Verdict;
