//! `rejoinder plugin-host`, hidden: this program once more, as the home of one plugin. Of one that is kept apart from the run
//! (`isolation = "process"`), where standard input is a socket on which the run asks; or of one that is being checked.

use clap::{Args, Subcommand};
use rejoinder_scan::built_in;

use super::plugin::check;
use crate::failure::{Exit, Failure};

#[derive(Debug, Args)]
pub(super) struct PluginHostArgs {
    #[command(subcommand)]
    verb: Option<PluginHostVerb>,
}

#[derive(Debug, Subcommand)]
enum PluginHostVerb {
    Check(check::OneCheckArgs),
}

pub(super) fn main(args: &PluginHostArgs) -> Result<Exit, Failure> {
    match &args.verb {
        Some(PluginHostVerb::Check(args)) => check::one(args),
        None => {
            rejoinder_host::serve(&built_in()).map_err(|e| {
                Failure::io("a plugin's host is started by a run, with a socket as its standard input", &e)
            })?;
            Ok(Exit::Ok)
        }
    }
}
