//! Asks the judge about what waits.

use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};

use rejoinder_judge::accounts::LocalAccounts;
use rejoinder_judge::{
    AskProgress, AskReport, JudgeConfig, ProbeError, Question, QuestionSource, ServerCapabilities, probe,
};
use rejoinder_scan::Interruption;

use super::collect::collect;
use super::committed_parts::CommittedParts;
use super::spool::{RequestGroup, Spool};
use super::{Judge, server_time};
use crate::error::RunError;
use crate::folder::RunDir;
use crate::recall::OracleError;
use crate::shards;
use crate::spool_row::SpoolRow;
use crate::watch::{JudgeProgress, Watch};

/// Makes a judge ready to be asked: finds out what its server can do, unless the run knows that already, and keeps the
/// findings, and the form that the bill chooses by them, in the manifest.
///
/// # Errors
/// If the server does not do what the config says, the ledger or the manifest cannot be written, the judge cannot be
/// reached, or the budget is spent.
pub fn prepare_judge(run: &mut RunDir, client: JudgeConfig) -> Result<Judge, OracleError> {
    let known = match known_capabilities(run, &client) {
        None => shards::agreed(run, &client)?,
        known => known,
    };
    let findings = match known {
        Some(findings) => findings,
        None => match probe::probe(&client, &run.ledger, &run.limits()) {
            Ok(findings) => shards::agree(run, &client, findings)?,
            Err(ProbeError::Stopped(stop)) => return Err(OracleError::Stopped(stop)),
            Err(ProbeError::Failed(error)) => return Err(error.into()),
        },
    };
    let findings = findings.choosing_for(&client);
    if run.manifest.judge.as_ref() != Some(&findings) {
        run.set_findings(findings.clone())?;
    }
    Ok(Judge::new(client, &findings)?)
}

/// What the run knows of what a judge can do; `None` if the run asked another judge, or none.
pub fn known_capabilities(run: &RunDir, client: &JudgeConfig) -> Option<ServerCapabilities> {
    run.manifest.judge.clone().filter(|findings| findings.are_about(client))
}

/// Asks the judge about all waiting turns without an answer, then writes down the answers.
///
/// Without a budget the questions go out in input order; with one, conversations in order of expected feedback a
/// token, so that any stop leaves the best use of what was spent.
///
/// # Errors
/// If the spool, ledger or store fails. A reached budget, a dead endpoint or an interruption is told in
/// [`AskReport::stop`].
pub fn ask(run: &RunDir, judge: &Judge, watch: &Watch) -> Result<AskReport, RunError> {
    // Put in order on the thread that finds: a long spool takes a while.
    let asked = ask_all(run, judge, watch, None, &|spool, hand_on| spool.in_order()?.try_for_each(hand_on))?;
    collect(run, judge)?;
    Ok(asked)
}

/// Asks the judge about some turns, in the groups that the form allows, and leaves the replies in the store.
///
/// # Errors
/// If ledger or store fails.
pub fn ask_about(
    run: &RunDir,
    judge: &Judge,
    watch: &Watch,
    rows: &[SpoolRow],
) -> Result<AskReport, RunError> {
    ask_all(run, judge, watch, None, &|spool, hand_on| {
        spool.of_sample(rows)?.into_iter().try_for_each(|group| hand_on(Ok(group)))
    })
}

/// Asks the judge about rows in these groups, and leaves the replies in the store.
///
/// # Errors
/// If ledger or store fails.
pub(super) fn ask_groups(
    run: &RunDir,
    judge: &Judge,
    watch: &Watch,
    groups: &[RequestGroup],
) -> Result<AskReport, RunError> {
    ask_all(run, judge, watch, Some(groups.len() as u64), &|_, hand_on| {
        groups.iter().try_for_each(|group| hand_on(Ok(group.clone())))
    })
}

/// Asks as [`ask`] does, in input order, while `scan` goes on; `scan` calls the function that it is given for each
/// committed part.
///
/// # Errors
/// If the scan, the spool, ledger or store fails.
pub fn ask_while_scanning(
    run: &RunDir,
    judge: &Judge,
    watch: &Watch,
    scan: impl FnOnce(&dyn Fn(u64)) -> Result<(), RunError>,
) -> Result<AskReport, RunError> {
    let committed = CommittedParts::default();
    for (part, _) in run.parts()? {
        committed.add(part);
    }
    let (scanned, asked) = std::thread::scope(|scope| {
        let asking = scope.spawn(|| {
            ask_all(run, judge, watch, None, &|spool, hand_on| {
                while let Some(part) = committed.next() {
                    spool.of_part(part).try_for_each(&mut *hand_on)?;
                }
                Ok(())
            })
        });
        let scanned = scan(&|part| committed.add(part));
        committed.end();
        (scanned, asking.join().expect("asking does not panic"))
    });
    scanned?;
    let asked = asked?;
    collect(run, judge)?;
    Ok(asked)
}

/// Finds groups of rows and hands each group on, until handing on fails.
type GroupFinder<'f> = dyn Fn(
        Spool<'_>,
        &mut dyn FnMut(Result<RequestGroup, RunError>) -> Result<(), RunError>,
    ) -> Result<(), RunError>
    + Sync
    + 'f;

/// Asks about the groups that `find` finds; `requests` is their number, where it is not that of the scan.
fn ask_all(
    run: &RunDir,
    judge: &Judge,
    watch: &Watch,
    requests: Option<u64>,
    find: &GroupFinder<'_>,
) -> Result<AskReport, RunError> {
    let scanned_before = run.scan_stats()?;
    let replies = run.replies()?;
    let limits = run.limits();
    let before = run.ledger.spent()?.amount;
    let form = &judge.form;
    let mut on_progress = |progress: &AskProgress| {
        let mut spent = before;
        spent += progress.spent;
        let scanned = || judge.requests(&watch.scanned().unwrap_or(scanned_before));
        let requests = requests.unwrap_or_else(scanned);
        watch.show_judge(JudgeProgress { requests, progress: *progress, spent, limits });
        if watch.stop.is_raised() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    // Before the first question is found, which takes a while in a long spool.
    let _ = on_progress(&AskProgress::default());
    // A spool that cannot be read ends the questions; the failure is told after what was asked is stored.
    let failure = Mutex::new(None);
    let source: Box<QuestionSource<'_>> = Box::new(|sink| {
        let mut is_over = false;
        let spool = Spool { run, form, store: &replies, is_to_ask: true };
        let found = find(spool, &mut |group| {
            let questions: Vec<Question> = group?.into_iter().map(|row| row.question).collect();
            is_over = sink(questions).is_break();
            // Not told: only ends the finding.
            if is_over { Err(Interruption.into()) } else { Ok(()) }
        });
        if !is_over {
            *failure.lock().unwrap_or_else(PoisonError::into_inner) = found.err();
        }
    });
    let accounts = LocalAccounts { ledger: &run.ledger, replies: &replies, limits };
    let asked = rejoinder_judge::ask(&judge.client, form, source, &accounts, &mut on_progress)?;
    run.add_asked_requests(&asked.progress)?;
    if asked.server_time.requests > 0 {
        run.add_server_time(asked.server_time)?;
        server_time::keep(&replies, &judge.client, asked.server_time)?;
    }
    match failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
        None => Ok(asked),
        Some(failure) => Err(failure),
    }
}
