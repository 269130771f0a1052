//! Where there are no Unix sockets: plugins run in the program's process only.

use std::convert::Infallible;
use std::io;
use std::ops::Range;
use std::time::Duration;

use crate::abi::Plugin;
use crate::child_failure::ChildFailure;
use crate::earlier_votes::EarlierVotes;
use crate::facts::FactValues;
use crate::handshake::Description;
use crate::locate::LocatedPlugin;
use crate::output::{Columns, Notes};
use crate::{Batch, LoadContext};

/// Cannot be used here.
#[derive(Debug)]
pub struct Launch;

/// There is none here.
#[derive(Debug)]
pub struct Child(Infallible);

impl Launch {
    /// Nothing yet.
    pub fn new(_: &LoadContext<'_>, _: LocatedPlugin, _: Option<Duration>) -> Self {
        Self
    }

    /// Nothing here.
    pub fn configure(&mut self, _: &serde_json::Value) {}

    /// # Errors
    /// Always.
    pub fn spawn(&self) -> Result<(Child, Description), ChildFailure> {
        Err(ChildFailure::Dead("isolation = \"process\" needs a Unix system".into()))
    }

    /// # Errors
    /// Never: there is no child.
    pub fn start(&self, child: &mut Child) -> Result<(), ChildFailure> {
        match child.0 {}
    }
}

impl Child {
    /// # Errors
    /// Never: there is no child.
    pub fn model(&mut self) -> Result<Vec<u8>, ChildFailure> {
        match self.0 {}
    }

    /// # Errors
    /// Never: there is no child.
    pub fn classify(
        &mut self,
        _: &Batch,
        _: &Range<usize>,
        _: &EarlierVotes,
        _: bool,
        _: &mut Columns,
    ) -> Result<Notes, ChildFailure> {
        match self.0 {}
    }

    /// # Errors
    /// Never: there is no child.
    pub fn facts(&mut self, _: &Batch, _: &Range<usize>, _: &mut FactValues) -> Result<(), ChildFailure> {
        match self.0 {}
    }
}

/// # Errors
/// Always.
pub fn serve(_: &[&'static Plugin]) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
