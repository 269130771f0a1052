//! Probes the endpoints of a judge, one after the other.

use std::time::Duration;

use rejoinder_ledger::{Ledger, SpendingLimits};

use super::capabilities::ServerCapabilities;
use super::error::ProbeError;
use super::prober::Prober;
use crate::asking::{StopReason, runtime};
use crate::client::Client;
use crate::config::JudgeConfig;
use crate::error::JudgeError;

/// Finds out what the server can do, at the cost of a few requests, which count like all others. Of several endpoints the first
/// one that answers is asked; only the last one is waited for.
///
/// # Errors
/// [`ProbeError::Stopped`] if the budget is spent or no endpoint answers; [`ProbeError::Failed`] if the client cannot be set up,
/// the ledger fails, or the server does not obey what the config says.
pub fn probe(
    config: &JudgeConfig,
    ledger: &Ledger,
    limits: &SpendingLimits,
) -> Result<ServerCapabilities, ProbeError> {
    let clients = Client::for_each(config)?;
    let runtime = runtime()?;
    let (mut left, mut reached) = (clients.len(), None);
    for client in clients {
        left -= 1;
        let patience = if left == 0 { config.pace.patience } else { Duration::ZERO };
        let prober = Prober::new(config, client, ledger, limits, patience);
        let stop = match runtime.block_on(prober.find_out()) {
            Err(ProbeError::Stopped(stop)) => stop,
            ended => return ended,
        };
        match stop {
            // An endpoint that was reached says more of what is wrong.
            StopReason::Unreachable(_) if left == 0 => {
                return Err(ProbeError::Stopped(reached.unwrap_or(stop)));
            }
            stop if left == 0 || stop == StopReason::Budget => return Err(ProbeError::Stopped(stop)),
            StopReason::Unreachable(_) => {}
            stop => reached = Some(stop),
        }
    }
    Err(JudgeError::Client("no address is given".to_owned()).into())
}
