//! What the tests of asking share: a judge's config, questions, and a place to write down what was asked.

use std::ops::ControlFlow;
use std::time::Duration;

use rejoinder_core::{RecordId, Role};
use rejoinder_judge::accounts::LocalAccounts;
use rejoinder_judge::prompt::AnswerFormat;
use rejoinder_judge::{
    AskReport, DialogueLine, JudgeConfig, Pace, Question, QuestionForm, QuestionSource, ServerCapabilities,
    ask,
};
use rejoinder_ledger::{Ledger, ReplyStore, SpendingLimits};

#[path = "../../../../tests/support/server.rs"]
pub mod server;
use server::Server;

pub fn config(server: &Server) -> JudgeConfig {
    JudgeConfig {
        answer: Some(AnswerFormat::Label),
        turns_per_request: 1,
        max_tokens: 64,
        pace: Pace {
            max_in_flight: 3,
            timeout: Duration::from_secs(5),
            patience: Duration::from_secs(5),
            max_retries: 3,
            ..Pace::default()
        },
        ..JudgeConfig::new(server.base_url(), "m")
    }
}

/// The judge of a config, asked at another pace.
pub fn paced(config: JudgeConfig, change: impl FnOnce(&mut Pace)) -> JudgeConfig {
    let mut config = config;
    change(&mut config.pace);
    config
}

/// The form for a server like vLLM.
pub fn form(config: &JudgeConfig) -> QuestionForm {
    QuestionForm::new(config, &ServerCapabilities::common(config)).unwrap()
}

pub fn question(ordinal: u64, text: &str) -> Question {
    let line = |index, role, text: &str| DialogueLine { index, role, text: text.to_owned() };
    Question {
        id: RecordId { shard: 0, ordinal, message_index: 2 },
        lines: vec![
            line(0, Role::User, "sort this"),
            line(1, Role::Assistant, "sorted"),
            line(2, Role::User, text),
        ],
        open: vec![2],
        hints: Vec::new(),
    }
}

pub fn questions(count: u64) -> Vec<Question> {
    (0..count).map(|ordinal| question(ordinal, &format!("thanks {ordinal}"))).collect()
}

pub struct Store {
    _folder: tempfile::TempDir,
    pub ledger: Ledger,
    pub replies: ReplyStore,
}

impl Store {
    /// The accounts of a run with these limits.
    pub fn within(&self, limits: SpendingLimits) -> LocalAccounts<'_> {
        LocalAccounts { ledger: &self.ledger, replies: &self.replies, limits }
    }
}

pub fn store() -> Store {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::create(&folder.path().join("l")).unwrap();
    let replies = ReplyStore::open(&folder.path().join("r")).unwrap();
    Store { _folder: folder, ledger, replies }
}

pub const NONE: SpendingLimits = SpendingLimits { calls: None, tokens: None, money: None, gpu: None };

pub fn calls(limit: u64) -> SpendingLimits {
    SpendingLimits { calls: Some(limit), ..SpendingLimits::default() }
}

/// Questions one by one.
pub fn source(questions: Vec<Question>) -> Box<QuestionSource<'static>> {
    Box::new(move |sink| {
        // Where the sink breaks, the rest is not wanted.
        let _ = questions.into_iter().try_for_each(|question| sink(vec![question]));
    })
}

pub fn run(
    store: &Store,
    config: &JudgeConfig,
    questions: Vec<Question>,
    limits: &SpendingLimits,
) -> AskReport {
    let go_on = &mut |_: &_| ControlFlow::Continue(());
    ask(config, &form(config), source(questions), &store.within(*limits), go_on).unwrap()
}
