//! `rejoinder completions`: what a shell needs to complete our command lines.

use clap::Args;
use clap_complete::Shell;

use super::command::parser;
use super::print;
use crate::failure::{Exit, Failure};

#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// The shell to write a script for
    shell: Shell,
}

pub(super) fn main(args: &CompletionsArgs) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut parser(), "rejoinder", &mut script);
    print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Ok)
}
