//! The second stage: the questions in the spool to the judge, and its replies to feedback.
//!
//! Asking and reading are apart: replies are stored as they came, and what they mean is worked out from the store
//! every time, so a killed run or a better parser costs no second call.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Seek, SeekFrom};
use std::ops::ControlFlow;

use rejoinder_core::{Category, Feedback, RecordId, Settled, Source};
use rejoinder_judge::{Asked, Finding, JudgeConfig, Progress, Question, answer};
use rejoinder_ledger::Replies;

use crate::failure::{Exit, Failure};
use crate::pipeline::run_dir::{Kind, RunDir};
use crate::pipeline::stats::JudgeStats;
use crate::pipeline::waiting::Waiting;
use crate::pipeline::watch::{JudgeProgress, Stage, Watch};

/// Asks the judge all that waits and was not answered yet, then writes down what it said.
///
/// Without a budget the questions go out in input order; with one, conversations in order of expected feedback a
/// token, so that any stop leaves the best use of what was spent.
///
/// # Errors
/// If the spool, ledger or store fails. A reached budget, a dead endpoint or an interruption is told in
/// [`Asked::stop`].
pub fn ask_and_collect(run: &RunDir, client: &JudgeConfig, watch: &Watch) -> Result<Asked, Failure> {
    let replies = run.replies()?;
    let calls = run.manifest.config.budget.calls;
    let questions_in_all = run.scan_stats()?.requests;
    let spent_before = run.ledger.spent()?.calls;
    let mut progress = |p: &Progress| {
        watch.show(Stage::Judge(JudgeProgress {
            questions: questions_in_all,
            answered: p.answered,
            from_store: p.from_store,
            refused: p.refused,
            calls: spent_before + p.attempts,
            budget: calls,
        }));
        if watch.is_stopped() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    // Before the first question is found, which takes a while in a long spool.
    let _ = progress(&Progress::default());
    let mut failure = None;
    let mut questions: Box<dyn Iterator<Item = Question>> = {
        let rows: Box<dyn Iterator<Item = Result<Waiting, Failure>>> = match calls {
            None => Box::new(in_input_order(run)?),
            Some(_) => Box::new(by_gain(run)?),
        };
        // A spool that cannot be read ends the questions; the failure is told after what was asked is stored.
        Box::new(rows.map_while(|row| row.map_err(|e| failure = Some(e)).ok()).map(|w| w.question))
    };
    let asked = rejoinder_judge::ask(client, &mut questions, &run.ledger, &replies, calls, &mut progress)
        .map_err(|e| Failure::new(Exit::Io, e.to_string()))?;
    drop(questions);
    collect(run, client, &replies)?;
    failure.map_or(Ok(asked), Err)
}

fn in_input_order(run: &RunDir) -> Result<impl Iterator<Item = Result<Waiting, Failure>>, Failure> {
    let parts = run.parts()?;
    Ok(parts.into_iter().flat_map(|(index, _)| run.rows(Kind::Spool, index)))
}

/// Where a conversation's rows lie in the spool, and what asking them promises.
struct Group {
    conversation: (u32, u64),
    part: u64,
    offset: u64,
    rows: u32,
    gain: f64,
    tokens: u64,
}

/// The rows of the spool, conversations with the most expected feedback a token first, ties in input order.
fn by_gain(run: &RunDir) -> Result<impl Iterator<Item = Result<Waiting, Failure>>, Failure> {
    let mut groups: Vec<Group> = Vec::new();
    for (part, _) in run.parts()? {
        let Ok(file) = File::open(run.part_file(Kind::Spool, part)) else { continue };
        let mut reader = BufReader::new(file);
        let mut line = String::new();
        let mut offset = 0;
        loop {
            line.clear();
            let length = reader.read_line(&mut line)? as u64;
            if length == 0 {
                break;
            }
            let row = parse_row(&line)?;
            let conversation = (row.question.id.shard, row.question.id.ordinal);
            match groups.last_mut() {
                Some(group) if group.conversation == conversation => {
                    group.rows += 1;
                    group.gain += f64::from(row.question.gain);
                    group.tokens += row.input_tokens;
                }
                _ => groups.push(Group {
                    conversation,
                    part,
                    offset,
                    rows: 1,
                    gain: f64::from(row.question.gain),
                    tokens: row.input_tokens,
                }),
            }
            offset += length;
        }
    }
    let worth = |g: &Group| g.gain / g.tokens.max(1) as f64;
    groups.sort_by(|a, b| worth(b).total_cmp(&worth(a)).then(a.conversation.cmp(&b.conversation)));
    Ok(groups.into_iter().flat_map(|group| {
        read_group(run, &group).map_or_else(|e| vec![Err(e)], |rows| rows.into_iter().map(Ok).collect())
    }))
}

fn read_group(run: &RunDir, group: &Group) -> Result<Vec<Waiting>, Failure> {
    let mut file = File::open(run.part_file(Kind::Spool, group.part))?;
    file.seek(SeekFrom::Start(group.offset))?;
    let lines = BufReader::new(file).lines().take(group.rows as usize);
    lines.map(|line| parse_row(&line?)).collect()
}

fn parse_row(line: &str) -> Result<Waiting, Failure> {
    serde_json::from_str(line).map_err(|e| Failure::io("the spool holds something unreadable", &e))
}

/// What the stored replies say of a waiting row: each of its turns, and the feedback row if it is one.
fn read_reply(
    waiting: Waiting,
    client: &JudgeConfig,
    replies: &Replies,
) -> Result<Vec<(RecordId, Finding, Option<Feedback>)>, Failure> {
    let key = client.reply_key(&waiting.question);
    let Some(reply) = replies.get(&key)? else { return Ok(Vec::new()) };
    let findings: HashMap<u32, Finding> =
        answer::read(client.unit, &waiting.question, &reply.content).into_iter().collect();
    let mut read = Vec::new();
    for record in waiting.turns {
        let index = record.id.message_index;
        let Some(finding) = findings.get(&index).cloned() else { continue };
        let id = record.id;
        let feedback = match &finding {
            Finding::Feedback { category, start, end } => {
                let text =
                    waiting.question.turns.iter().find(|t| t.message_index == index).map_or("", |t| &t.text);
                let settled = Settled {
                    category: *category,
                    turn: text,
                    span: *start..*end,
                    source: Source::Judge,
                    model: reply.model.clone(),
                    reply_key: key.clone(),
                };
                Some(Feedback::new(record, settled))
            }
            Finding::NoFeedback | Finding::Unverified(_) => None,
        };
        read.push((id, finding, feedback));
    }
    Ok(read)
}

/// Writes the judged parts anew from spool and replies, and counts.
fn collect(run: &RunDir, client: &JudgeConfig, replies: &Replies) -> Result<(), Failure> {
    let mut stats = JudgeStats::default();
    for (index, _) in run.parts()? {
        let mut lines = Vec::new();
        for waiting in run.rows(Kind::Spool, index) {
            for (_, finding, feedback) in read_reply(waiting?, client, replies)? {
                match finding {
                    Finding::Unverified(_) => stats.unverified += 1,
                    Finding::NoFeedback => stats.judged += 1,
                    Finding::Feedback { category, .. } => {
                        stats.judged += 1;
                        stats.feedback.count(category);
                    }
                }
                if let Some(feedback) = feedback {
                    serde_json::to_writer(&mut lines, &feedback).expect("a row is plain data");
                    lines.push(b'\n');
                }
            }
        }
        run.write_part(Kind::Judged, index, &lines)?;
    }
    let json = serde_json::to_string(&stats).expect("counts are plain data");
    Ok(run.ledger.put("judged", &json)?)
}

/// What the judge has settled so far: the category, or none, of each judged turn.
///
/// # Errors
/// If the spool or the store cannot be read.
pub fn judged(run: &RunDir) -> Result<HashMap<RecordId, Option<Category>>, Failure> {
    let mut judged = HashMap::new();
    let Some(client) = run.manifest.config.judge.client_without_key() else { return Ok(judged) };
    let replies = run.replies()?;
    for row in in_input_order(run)? {
        for (id, finding, _) in read_reply(row?, &client, &replies)? {
            match finding {
                Finding::Feedback { category, .. } => judged.insert(id, Some(category)),
                Finding::NoFeedback => judged.insert(id, None),
                Finding::Unverified(_) => None,
            };
        }
    }
    Ok(judged)
}
