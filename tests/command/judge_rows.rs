//! Asking about rows without a run's folder, as machines of a cluster do over one keeper: what a run finds, batch by batch.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rejoinder_core::Feedback;
use rejoinder_judge::accounts::{AccountKeeper, KeeperTerms, RemoteAccounts};
use rejoinder_judge::{AskReport, AskingForm, StopReason};
use rejoinder_run::judging::{Judge, JudgeAnswer, TurnAnswer, ask_rows, read_reply, settings};
use rejoinder_run::{RunError, SpoolRow};
use rejoinder_scan::Config;

use crate::support::server::{Response, Server, by_letters, last_user_message, letter, pattern};
use crate::support::{dialogues_with_hidden_thanks, folder, rejoinder, text, write};

/// Runs the command over generated dialogues whose later turns all wait, in one form of asking; returns the config.
fn run(dir: &Path, server: &Server, answer: &str) -> Config {
    let chats = write(dir, "chats.jsonl", dialogues_with_hidden_thanks(40));
    let config = format!(
        "format = 1\nplugin = []\n[judge]\nbase-url = \"{}\"\nmodel = \"m\"\nanswer = \"{answer}\"\nall = true\nmax-in-flight = 3\n",
        server.base_url()
    );
    let config = write(dir, "config.toml", config);
    rejoinder(&["run", &chats, "--config", &config, "--out", &text(&dir.join("run"))]).expect(0);
    Config::from_toml(&std::fs::read_to_string(&config).unwrap()).unwrap()
}

fn rows_of<T: serde::de::DeserializeOwned>(dir: &Path, kind: &str) -> Vec<T> {
    let file = std::fs::read_to_string(dir.join(format!("run/{kind}/part-00000.jsonl"))).unwrap();
    file.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The judge of a config, and clients of a keeper that has prepared it.
struct Job {
    keeper: Arc<AccountKeeper>,
    judge: Judge,
}

impl Job {
    fn new(folder: &Path, config: &Config, terms: KeeperTerms) -> Self {
        let keeper = Arc::new(AccountKeeper::open(folder, terms).unwrap());
        let client = settings::client(&config.judge).unwrap().unwrap();
        let findings = keeper.prepare(&client).unwrap();
        let judge = Judge::new(client, &findings).unwrap();
        Self { keeper, judge }
    }

    fn ask(&self, rows: &[SpoolRow]) -> Result<(Vec<Vec<TurnAnswer>>, AskReport), RunError> {
        let keeper = Arc::clone(&self.keeper);
        let client = RemoteAccounts::new(Box::new(move |bytes| Ok(keeper.handle(bytes))));
        ask_rows(&self.judge, rows, &client, &mut |_| ControlFlow::Continue(()))
    }
}

/// The rows of a feedback table by their ids, without what tells in which request the answer was found.
fn table<'f>(feedback: impl IntoIterator<Item = &'f Feedback>) -> BTreeMap<String, Feedback> {
    let unnamed = |row: &Feedback| Feedback { reply_key: String::new(), ..row.clone() };
    feedback.into_iter().map(|row| (row.id.to_string(), unnamed(row))).collect()
}

fn feedback(answers: &[Vec<TurnAnswer>]) -> impl Iterator<Item = &Feedback> {
    answers.iter().flatten().filter_map(|turn| match &turn.answer {
        JudgeAnswer::Feedback(feedback) => Some(&**feedback),
        _ => None,
    })
}

#[test]
fn batches_on_several_clients_find_what_a_run_finds_and_pay_nothing_twice() {
    for answer in ["label", "letters", "json"] {
        let dir = folder();
        let server = Server::start(by_letters);
        let config = run(dir.path(), &server, answer);
        let spooled: Vec<SpoolRow> = rows_of(dir.path(), "spool");
        let judged: Vec<Feedback> = rows_of(dir.path(), "judged");
        assert_eq!((spooled.len(), judged.len() > 5), (80, true));
        let by_run = server.requests();
        let job = Job::new(&dir.path().join("accounts"), &config, settings::keeper_terms(&config));
        let batches: Vec<&[SpoolRow]> = spooled.chunks(18).collect();
        let asked: Vec<_> = std::thread::scope(|scope| {
            let asking: Vec<_> = batches.iter().map(|rows| scope.spawn(|| job.ask(rows).unwrap())).collect();
            asking.into_iter().map(|asking| asking.join().unwrap()).collect()
        });
        let mut answers = Vec::new();
        for (of_batch, report) in asked {
            assert_eq!(report.stop, None);
            answers.extend(of_batch);
        }
        assert_eq!(table(feedback(&answers)), table(&judged), "{answer}");
        for (row, turns) in spooled.iter().zip(&answers) {
            assert_eq!(turns.iter().map(|turn| turn.id).collect::<Vec<_>>(), [row.question.id]);
            assert!(
                matches!(turns[0].answer, JudgeAnswer::Feedback(_) | JudgeAnswer::NoFeedback),
                "{turns:?}"
            );
        }
        let paid = server.requests() - by_run;
        // A batch may leave one group that is not full.
        assert!(paid <= by_run + batches.len(), "{answer}: {paid} requests, {by_run} by the run");
        // A batch that is asked again, whole or in other pieces, finds all of it.
        for rows in [&spooled[..18], &spooled[20..33]] {
            let (again, report) = job.ask(rows).unwrap();
            assert_eq!((report.progress.attempts, again.len()), (0, rows.len()), "{answer}");
        }
        assert_eq!(job.ask(&spooled).unwrap().0, answers, "{answer}");
        assert_eq!(server.requests() - by_run, paid);
    }
}

#[test]
fn a_batch_takes_fewer_messages_than_requests() {
    let dir = folder();
    let server = Server::start(by_letters);
    let mut config = run(dir.path(), &server, "label");
    config.judge.max_in_flight = 32;
    let rows: Vec<SpoolRow> = rows_of(dir.path(), "spool");
    let job = Job::new(&dir.path().join("accounts"), &config, settings::keeper_terms(&config));
    let (keeper, messages) = (Arc::clone(&job.keeper), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&messages);
    let far_away = RemoteAccounts::new(Box::new(move |bytes| {
        count.fetch_add(1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(5));
        Ok(keeper.handle(bytes))
    }));
    let (_, report) = ask_rows(&job.judge, &rows, &far_away, &mut |_| ControlFlow::Continue(())).unwrap();
    let messages = messages.load(Ordering::SeqCst);
    assert!(report.progress.answered >= 70 && messages < 60, "{messages} messages, {report:?}");
}

#[test]
fn a_budget_leaves_rows_waiting_and_useless_answers_say_why() {
    let dir = folder();
    let server = Server::start(|r| match r.prompt().contains("unthankful") {
        true if !r.is_probe() => {
            let page = r#"{"model":"m","choices":[{"message":{"content":"I cannot say."}}]}"#;
            Response::new(200, page)
        }
        _ => by_letters(r),
    });
    let config = run(dir.path(), &server, "label");
    let rows: Vec<SpoolRow> = rows_of(dir.path(), "spool");
    let terms = settings::keeper_terms(&config);
    let limits = rejoinder_ledger::SpendingLimits { calls: Some(30), ..terms.limits };
    let job = Job::new(&dir.path().join("accounts"), &config, KeeperTerms { limits, ..terms });
    let (answers, report) = job.ask(&rows).unwrap();
    assert_eq!((report.stop, job.keeper.spent().unwrap().amount.calls), (Some(StopReason::Budget), 30));
    let count =
        |of: fn(&JudgeAnswer) -> bool| answers.iter().flatten().filter(|turn| of(&turn.answer)).count();
    let waiting = count(|answer| *answer == JudgeAnswer::Waiting);
    assert_eq!(answers.len() - waiting, report.progress.answered as usize);
    assert!(
        count(|answer| matches!(answer, JudgeAnswer::Unverified(why) if why.contains("none of the labels")))
            > 0
    );
}

#[test]
fn rows_that_share_an_id_are_refused() {
    let dir = folder();
    let server = Server::start(by_letters);
    let config = run(dir.path(), &server, "letters");
    let rows: Vec<SpoolRow> = rows_of(dir.path(), "spool");
    let job = Job::new(&dir.path().join("accounts"), &config, settings::keeper_terms(&config));
    let error = job.ask(&[rows[3].clone(), rows[3].clone()]).unwrap_err();
    assert!(matches!(error, RunError::SharedRowId(id) if id == rows[3].question.id), "{error}");
    assert!(error.to_string().contains("an ordinal of its own"), "{error}");
}

#[test]
fn rows_with_the_same_prompt_are_asked_about_once() {
    let dir = folder();
    let server = Server::start(by_letters);
    let config = run(dir.path(), &server, "letters");
    let mut rows: Vec<SpoolRow> = rows_of(dir.path(), "spool");
    rows.truncate(8);
    for row in rows.clone() {
        let mut twin = row;
        twin.question.id.ordinal += 1_000;
        twin.turns[0].id = twin.question.id;
        rows.push(twin);
    }
    let by_run = server.requests();
    let job = Job::new(&dir.path().join("accounts"), &config, settings::keeper_terms(&config));
    let (answers, _) = job.ask(&rows).unwrap();
    assert_eq!(server.requests() - by_run, 2, "eight turns, four a request");
    for (first, twin) in answers[..8].iter().zip(&answers[8..]) {
        match (&first[0].answer, &twin[0].answer) {
            (JudgeAnswer::Feedback(first), JudgeAnswer::Feedback(twin)) => {
                assert_eq!((first.category, &first.span), (twin.category, &twin.span));
                assert_eq!(twin.id.ordinal, first.id.ordinal + 1_000);
            }
            (first, twin) => assert_eq!((first, twin), (&JudgeAnswer::NoFeedback, &JudgeAnswer::NoFeedback)),
        }
    }
}

#[test]
fn one_answer_that_somebody_else_got_is_read_as_the_run_reads_it() {
    let dir = folder();
    let server = Server::start(by_letters);
    let config = run(dir.path(), &server, "label");
    let judged: Vec<Feedback> = rows_of(dir.path(), "judged");
    let judge = Judge::in_form(&config.judge, None, AskingForm::Single).unwrap();
    let mut read = Vec::new();
    for row in rows_of::<SpoolRow>(dir.path(), "spool") {
        let request = judge.form.next(std::slice::from_ref(&row.question), &[]).unwrap();
        let body: serde_json::Value = serde_json::from_str(&request.body).unwrap();
        let prompt = body["messages"][0]["content"].as_str().unwrap();
        let said = letter(prompt, pattern(&last_user_message(prompt)));
        let logprobs = format!(r#"[["C",-2.5],["{said}",-0.1]]"#);
        read.push(read_reply(&judge, &row, said, Some(&logprobs)).unwrap());
        assert!(matches!(read_reply(&judge, &row, " ", None).unwrap()[0].answer, JudgeAnswer::Unverified(_)));
        let error = read_reply(&judge, &row, said, Some("{")).unwrap_err();
        assert!(matches!(error, RunError::Logprobs(_)), "{error}");
    }
    let unsure = |row: Feedback| Feedback { probabilities: Default::default(), ..row };
    let plain = |rows: BTreeMap<String, Feedback>| rows.into_values().map(unsure).collect::<Vec<_>>();
    assert_eq!(plain(table(feedback(&read))), plain(table(&judged)));
    assert!(feedback(&read).all(|row| row.reply_key.len() == 64));
}
