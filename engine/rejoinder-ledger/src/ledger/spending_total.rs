//! The sum of what a run has spent, kept beside the requests so that no reservation has to add them up.

use std::ops::AddAssign;

use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

use super::entry::{RequestOutcome, Reservation, TokenUsage};
use crate::spending::{Spending, SpendingLimits};

/// What a run has spent on its judge, including what is reserved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpendingTotal {
    /// The amount in each unit of a budget. Requests whose outcome was lost in a kill count with all that was reserved.
    pub amount: Spending,
    /// The tokens as servers reported them.
    pub usage: TokenUsage,
}

impl AddAssign for SpendingTotal {
    fn add_assign(&mut self, other: Self) {
        self.amount += other.amount;
        self.usage += other.usage;
    }
}

pub(super) fn reserve(
    c: &Connection,
    spent: &mut SpendingTotal,
    key: &str,
    amount: Spending,
    limits: &SpendingLimits,
) -> Result<Option<Reservation>, rusqlite::Error> {
    let mut then = spent.amount;
    then += amount;
    if !limits.allow(&then) {
        return Ok(None);
    }
    spent.amount = then;
    let insert =
        "INSERT INTO attempts (reply_key, state, tokens, money, gpu) VALUES (?1, 'reserved', ?2, ?3, ?4)";
    let Spending { tokens, money, gpu, .. } = amount;
    c.prepare_cached(insert)?.execute(params![
        key,
        tokens.cast_signed(),
        money.cast_signed(),
        gpu.cast_signed()
    ])?;
    Ok(Some(Reservation { id: c.last_insert_rowid(), amount }))
}

/// Notes how a reserved request ended.
pub(super) fn settle(
    c: &Connection,
    spent: &mut SpendingTotal,
    reservation: &Reservation,
    outcome: &RequestOutcome,
) -> Result<(), rusqlite::Error> {
    let update =
        "UPDATE attempts SET state = ?2, status = ?3, tokens = ?4, money = ?5, gpu = ?6, prompt_tokens = ?7,
        cached_tokens = ?8, completion_tokens = ?9, millis = ?10 WHERE id = ?1 AND state = 'reserved'";
    let reported = |tokens: fn(&TokenUsage) -> u64| outcome.usage.as_ref().map(|u| tokens(u).cast_signed());
    let ended = c.prepare_cached(update)?.execute(params![
        reservation.id,
        outcome.state.name(),
        outcome.status,
        outcome.amount.tokens.cast_signed(),
        outcome.amount.money.cast_signed(),
        outcome.amount.gpu.cast_signed(),
        reported(|u| u.prompt_tokens),
        reported(|u| u.cached_tokens),
        reported(|u| u.completion_tokens),
        outcome.millis.cast_signed()
    ])?;
    if ended == 1 {
        spent.amount -= reservation.amount;
        spent.amount += outcome.amount;
        spent.usage += outcome.usage.unwrap_or_default();
    }
    Ok(())
}

/// Gives a reservation back. Its row stays, so that no later reservation has its number: a repeated word about the one must not
/// end the other.
pub(super) fn release(
    c: &Connection,
    spent: &mut SpendingTotal,
    reservation: &Reservation,
) -> Result<(), rusqlite::Error> {
    let update = "UPDATE attempts SET state = 'released', tokens = 0, money = 0, gpu = 0 WHERE id = ?1 AND state = 'reserved'";
    if c.prepare_cached(update)?.execute([reservation.id])? == 1 {
        spent.amount -= reservation.amount;
    }
    Ok(())
}

pub(super) fn read_spent(c: &Connection) -> Result<SpendingTotal, rusqlite::Error> {
    let select =
        "SELECT calls, tokens, money, gpu, prompt_tokens, cached_tokens, completion_tokens FROM spent";
    c.prepare_cached(select)?.query_row((), |row| {
        let figure = |i| row.get::<_, i64>(i).map(i64::cast_unsigned);
        Ok(SpendingTotal {
            amount: Spending { calls: figure(0)?, tokens: figure(1)?, money: figure(2)?, gpu: figure(3)? },
            usage: TokenUsage {
                prompt_tokens: figure(4)?,
                cached_tokens: figure(5)?,
                completion_tokens: figure(6)?,
            },
        })
    })
}

pub(super) fn write_spent(
    c: &Connection,
    SpendingTotal { amount, usage }: &SpendingTotal,
) -> Result<(), rusqlite::Error> {
    let update = "UPDATE spent SET calls = ?1, tokens = ?2, money = ?3, gpu = ?4, prompt_tokens = ?5, cached_tokens = ?6,
        completion_tokens = ?7";
    c.prepare_cached(update)?.execute(params![
        amount.calls.cast_signed(),
        amount.tokens.cast_signed(),
        amount.money.cast_signed(),
        amount.gpu.cast_signed(),
        usage.prompt_tokens.cast_signed(),
        usage.cached_tokens.cast_signed(),
        usage.completion_tokens.cast_signed()
    ])?;
    Ok(())
}
