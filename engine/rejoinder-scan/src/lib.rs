//! From conversations to decisions: rules and plugins, assembled as a config says, look at every later turn of a user and
//! accept it, reject it, or leave it to the judge.
//!
//! By default a learned score decides by a cut that ships with it ([`ScoreRole`]). An engine that decides batches in memory sees no corpus:
//! it takes that cut as it is. Who has the corpus in files asks [`Engine::for_corpus`], which leaves the score out where the dialogues are
//! unlike those that the cut was measured on; who knows that they are says `score = false` under `[cascade]`.
//!
//! A [`Config`] says what is in force. An [`Engine`] is built from it once and never changes; every thread has a [`Worker`].
//! A worker takes conversations in memory ([`Worker::scan_conversations`]) or a chunk of a file ([`Worker::scan`]), and
//! gives [`ScannedBatch`] turns. A [`Scan`] sends whole files through workers, in input order. Nobody is asked here and nothing
//! is written: no network, no database, no command line.
#![forbid(unsafe_code)]

pub mod config;
mod engine;
mod error;
mod flow;
mod profile;
pub mod reading;
mod repeated;
mod roster;
mod rule_columns;
mod scanned_batch;
mod score_role;
mod stop;
mod worker;

pub use config::Config;
pub use engine::{
    AskedTurns, Engine, NotAsked, PackInfo, ScoreModel, TurnMarks, built_in, fact_problems, host_plugins_by,
    is_read, languages_of, launcher,
};
pub use error::{ConfigError, ConfigHint, ScanError};
pub use flow::{Scan, default_threads, in_order};
pub use profile::{Profiler, mark, profile_of_beginnings};
pub use repeated::{RepeatedConversations, Repetition, repeated};
pub use roster::{ConfiguredPlugin, configured_plugins};
pub use rule_columns::{AskedColumn, RuleColumns};
pub use scanned_batch::{FaultRow, ScannedBatch, ScannedConversation, ScannedTurn, Voter};
pub use score_role::{ScoreRole, SetAside};
pub use stop::{Interruption, StopFlag};
pub use worker::{FaultLog, Worker};
