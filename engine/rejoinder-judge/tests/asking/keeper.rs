//! Clients that ask at the same time over one keeper: nothing is asked twice, the budget and the pace are those of all together, and
//! neither a client that dies nor a keeper that is opened again costs more than what was in flight.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use rejoinder_judge::accounts::{AccountKeeper, Accounts, AccountsError, KeeperTerms, RemoteAccounts};
use rejoinder_judge::{AskReport, JudgeConfig, JudgeError, Question, StopReason, ask};
use rejoinder_ledger::{ClaimResult, SpendingLimits};

use crate::support::server::{Response, Server, by_rule, labelled};
use crate::support::{calls, config, form, paced, questions, source};

/// A keeper that may be away for a while.
pub struct Job {
    folder: tempfile::TempDir,
    terms: KeeperTerms,
    keeper: Mutex<Option<Arc<AccountKeeper>>>,
    is_back: Condvar,
}

impl Job {
    pub fn new(terms: KeeperTerms) -> Arc<Self> {
        let folder = tempfile::tempdir().unwrap();
        let keeper = AccountKeeper::open(folder.path(), terms).unwrap();
        Arc::new(Self { folder, terms, keeper: Mutex::new(Some(Arc::new(keeper))), is_back: Condvar::new() })
    }

    pub fn within(limits: SpendingLimits) -> Arc<Self> {
        Self::new(KeeperTerms { limits, ..KeeperTerms::default() })
    }

    /// The keeper, once it is there.
    pub fn keeper(&self) -> Arc<AccountKeeper> {
        let mut keeper = self.keeper.lock().unwrap();
        loop {
            match &*keeper {
                Some(keeper) => return Arc::clone(keeper),
                None => keeper = self.is_back.wait(keeper).unwrap(),
            }
        }
    }

    /// Ends the keeper, waits, and opens the accounts again.
    pub fn restart(&self, away: Duration) {
        let mut ended = self.keeper.lock().unwrap().take().unwrap();
        while let Err(in_use) = Arc::try_unwrap(ended).map(drop) {
            ended = in_use;
            std::thread::yield_now();
        }
        std::thread::sleep(away);
        let keeper = AccountKeeper::open(self.folder.path(), self.terms).unwrap();
        *self.keeper.lock().unwrap() = Some(Arc::new(keeper));
        self.is_back.notify_all();
    }

    pub fn client(self: &Arc<Self>) -> RemoteAccounts {
        let job = Arc::clone(self);
        RemoteAccounts::new(Box::new(move |bytes| Ok(job.keeper().handle(bytes))))
    }

    /// A client that is cut off once something has happened, as one that was killed.
    pub fn dying_client(
        self: &Arc<Self>,
        is_dead: impl Fn() -> bool + Send + Sync + 'static,
    ) -> RemoteAccounts {
        let (job, has_died) = (Arc::clone(self), AtomicBool::new(false));
        RemoteAccounts::new(Box::new(move |bytes| {
            if has_died.load(Ordering::SeqCst) || is_dead() {
                has_died.store(true, Ordering::SeqCst);
                return Err("the connection is gone".to_owned());
            }
            Ok(job.keeper().handle(bytes))
        }))
    }

    fn spent_calls(&self) -> u64 {
        self.keeper().spent().unwrap().amount.calls
    }
}

fn ask_by(
    config: &JudgeConfig,
    accounts: &dyn Accounts,
    questions: Vec<Question>,
) -> Result<AskReport, JudgeError> {
    ask(config, &form(config), source(questions), accounts, &mut |_| ControlFlow::Continue(()))
}

/// What comes of several clients that ask about the same questions at the same time.
fn together(job: &Arc<Job>, config: &JudgeConfig, clients: usize, count: u64) -> Vec<AskReport> {
    std::thread::scope(|scope| {
        let asking: Vec<_> = (0..clients)
            .map(|_| scope.spawn(|| ask_by(config, &job.client(), questions(count)).unwrap()))
            .collect();
        asking.into_iter().map(|client| client.join().unwrap()).collect()
    })
}

/// The number of times that the prompt that was sent most often was sent.
fn most_often(server: &Server) -> usize {
    let mut counts = HashMap::new();
    for request in server.log() {
        *counts.entry(request.prompt().to_owned()).or_insert(0) += 1;
    }
    counts.into_values().max().unwrap_or(0)
}

fn slowly(request: &crate::support::server::Request) -> Response {
    std::thread::sleep(Duration::from_millis(10));
    by_rule(request)
}

#[test]
fn several_clients_pay_once_for_what_all_of_them_ask() {
    let server = Server::start(slowly);
    let job = Job::within(SpendingLimits::default());
    let asked = together(&job, &config(&server), 3, 60);
    assert_eq!((server.requests(), most_often(&server), job.spent_calls()), (60, 1, 60));
    for asked in &asked {
        let progress = asked.progress;
        assert_eq!((progress.answered + progress.from_store, asked.stop.clone()), (60, None), "{progress:?}");
    }
    assert_eq!(asked.iter().map(|asked| asked.progress.answered).sum::<u64>(), 60);
}

#[test]
fn the_budget_is_that_of_all_clients_through_retries() {
    let server = Server::start(|r| if r.number % 3 == 0 { Response::new(503, "busy") } else { slowly(r) });
    let job = Job::within(calls(25));
    let asked = together(&job, &config(&server), 3, 60);
    assert_eq!((server.requests(), job.spent_calls()), (25, 25));
    assert!(asked.iter().all(|asked| asked.stop == Some(StopReason::Budget)), "{asked:?}");
    assert_eq!(ask_by(&config(&server), &job.client(), questions(60)).unwrap().progress.attempts, 0);
}

#[test]
fn a_budget_in_tokens_holds_and_is_used_up_by_clients_that_wait_for_each_other() {
    // Each request is reserved with its longest answer, and takes far less.
    let server = Server::start(|r| labelled(r, "E", &[("E", -0.1)]));
    let job = Job::within(SpendingLimits { tokens: Some(20_000), ..SpendingLimits::default() });
    let asked = together(&job, &config(&server), 3, 200);
    let spent = job.keeper().spent().unwrap().amount;
    assert!(spent.tokens <= 20_000 && spent.tokens > 18_000, "{spent:?}");
    assert_eq!((server.requests() as u64, most_often(&server)), (spent.calls, 1));
    assert!(asked.iter().all(|asked| asked.stop == Some(StopReason::Budget)), "{asked:?}");
}

#[test]
fn what_a_client_that_died_had_claimed_is_free_and_what_it_had_reserved_stays_spent() {
    let server = Arc::new(Server::start(|r| {
        std::thread::sleep(Duration::from_millis(50));
        by_rule(r)
    }));
    let lease = Duration::from_millis(600);
    let job = Job::new(KeeperTerms { limits: calls(100), lease, ..KeeperTerms::default() });
    let config = config(&server);
    let asked = Arc::clone(&server);
    let dying = job.dying_client(move || asked.requests() >= 10);
    let died = ask_by(&config, &dying, questions(40)).unwrap_err();
    assert!(matches!(died, JudgeError::Accounts(AccountsError::Keeper(_))), "{died:?}");
    let words = died.to_string();
    assert!(words.contains("the connection is gone") && words.contains("is stored"), "{words}");
    let (sent, reserved) = (server.requests() as u64, job.spent_calls());
    assert!(sent >= 10 && reserved >= sent && reserved <= sent + 3, "{sent} sent, {reserved} reserved");
    let begun = Instant::now();
    let asked = ask_by(&config, &job.client().renewing_every(lease / 10), questions(40)).unwrap();
    assert_eq!((asked.progress.answered + asked.progress.from_store, asked.stop), (40, None));
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    // Three may be in flight at once.
    assert!((40..=43).contains(&server.requests()), "{}", server.requests());
    assert_eq!(job.spent_calls(), reserved + asked.progress.attempts, "what was reserved stays spent");
    job.restart(Duration::ZERO);
    assert_eq!(job.spent_calls(), reserved + asked.progress.attempts);
}

#[test]
fn a_client_that_waits_long_for_an_answer_keeps_its_claims() {
    let server = Server::start(|r| {
        std::thread::sleep(Duration::from_millis(1_300));
        by_rule(r)
    });
    let lease = Duration::from_millis(700);
    let job = Job::new(KeeperTerms { lease, ..KeeperTerms::default() });
    std::thread::scope(|scope| {
        for _ in 0..2 {
            let client = job.client().renewing_every(lease / 10);
            scope.spawn(|| {
                let client = client;
                ask_by(&config(&server), &client, questions(1)).unwrap();
            });
        }
    });
    assert_eq!(server.requests(), 1);
}

#[test]
fn a_keeper_that_is_opened_again_has_lost_nothing() {
    let server = Server::start(slowly);
    let job = Job::within(calls(60));
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| together(&job, &config(&server), 3, 60));
        for requests in [10, 30] {
            while server.requests() < requests {
                std::thread::sleep(Duration::from_millis(1));
            }
            job.restart(Duration::from_millis(100));
        }
        let asked = asking.join().unwrap();
        assert!(asked.iter().all(|asked| asked.stop.is_none()), "{asked:?}");
    });
    assert_eq!((server.requests(), most_often(&server), job.spent_calls()), (60, 1, 60));
}

#[test]
fn calls_that_are_made_twice_pay_nothing_twice_and_pass_no_budget() {
    let server = Server::start(by_rule);
    let job = Job::within(calls(20));
    let twice = Arc::clone(&job);
    let client = RemoteAccounts::new(Box::new(move |bytes| {
        twice.keeper().handle(bytes);
        Ok(twice.keeper().handle(bytes))
    }));
    let asked = ask_by(&config(&server), &client, questions(40)).unwrap();
    assert_eq!(asked.stop, Some(StopReason::Budget));
    // One of two reservations is spent for nothing, and where the last of them come together, more.
    assert!((7..=10).contains(&server.requests()), "{}", server.requests());
    assert_eq!((most_often(&server), job.spent_calls()), (1, 20));
}

#[test]
fn the_pace_is_that_of_all_clients_and_no_client_holds_it_again() {
    let server = Server::start(by_rule);
    let job = Job::new(KeeperTerms { requests_per_minute: Some(2_400.0), ..KeeperTerms::default() });
    // By itself it would take half a minute.
    let config = paced(config(&server), |pace| pace.requests_per_minute = Some(80.0));
    let begun = Instant::now();
    let asked = together(&job, &config, 2, 40);
    assert!(asked.iter().all(|asked| asked.stop.is_none()), "{asked:?}");
    assert_eq!(server.requests(), 40);
    let time = begun.elapsed();
    assert!(time >= Duration::from_millis(970) && time < Duration::from_secs(8), "{time:?}");
}

#[test]
fn a_server_is_probed_once_in_the_life_of_a_folder() {
    let server = Server::start(by_rule);
    let job = Job::within(calls(30));
    let config = config(&server);
    assert_eq!(job.client().findings(&config).unwrap(), None);
    let findings = job.keeper().prepare(&config).unwrap();
    let probed = server.all_requests();
    assert_eq!(job.spent_calls(), probed as u64);
    job.restart(Duration::ZERO);
    assert_eq!(job.keeper().prepare(&config).unwrap(), findings);
    assert_eq!(job.client().findings(&config).unwrap(), Some(findings));
    assert_eq!(server.all_requests(), probed);
    let other = JudgeConfig { model: "another".to_owned(), ..config };
    assert_eq!(job.client().findings(&other).unwrap(), None);
}

#[test]
fn a_folder_has_one_keeper() {
    let job = Job::within(SpendingLimits::default());
    let error = AccountKeeper::open(job.folder.path(), job.terms).err().unwrap().to_string();
    assert!(error.contains("keeper.lock") && error.contains("another keeper"), "{error}");
}

#[test]
fn a_claim_lasts_as_long_as_its_client_is_heard_of_also_through_a_restart() {
    let lease = Duration::from_millis(800);
    let job = Job::new(KeeperTerms { lease, ..KeeperTerms::default() });
    let (one, other) = (job.client(), job.client());
    assert_eq!(one.claim(&["a", "b"]).unwrap(), [ClaimResult::Ours; 2]);
    assert_eq!(one.claim(&["a"]).unwrap(), [ClaimResult::Ours], "a repeated call");
    assert_eq!(other.claim(&["b", "c"]).unwrap(), [ClaimResult::Theirs, ClaimResult::Ours]);
    job.restart(Duration::ZERO);
    assert_eq!(other.claim(&["a"]).unwrap(), [ClaimResult::Theirs]);
    one.release(&["b"]).unwrap();
    assert_eq!(other.claim(&["a", "b"]).unwrap(), [ClaimResult::Theirs, ClaimResult::Ours]);
    std::thread::sleep(lease);
    assert_eq!(other.claim(&["a"]).unwrap(), [ClaimResult::Ours], "the silent client is gone");
    assert_eq!(one.claim(&["a"]).unwrap(), [ClaimResult::Theirs]);
}
