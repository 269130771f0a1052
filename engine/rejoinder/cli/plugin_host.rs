//! `rejoinder plugin-host`, hidden: this program once more, as the home of one plugin that is kept apart from the run
//! (`isolation = "process"`). Its standard input is a socket on which the run asks.

use crate::failure::{Exit, Failure};
use crate::pipeline::engine::built_in;

pub(super) fn main() -> Result<Exit, Failure> {
    rejoinder_host::serve(&built_in()).map_err(|e| {
        Failure::io("a plugin's host is started by a run, with a socket as its standard input", &e)
    })?;
    Ok(Exit::Ok)
}
