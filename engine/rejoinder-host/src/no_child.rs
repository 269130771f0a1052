//! Where there are no Unix sockets: plugins run in the program's process only.

use std::convert::Infallible;
use std::io;
use std::ops::Range;
use std::time::Duration;

use crate::Batch;
use crate::abi::Plugin;
use crate::batch::Earlier;
use crate::handshake::Description;
use crate::locate::Located;
use crate::missed::Missed;
use crate::output::{Columns, Notes};
use crate::registry::Surroundings;

/// Cannot be used here.
#[derive(Debug)]
pub struct Launch;

/// There is none here.
#[derive(Debug)]
pub struct Child(Infallible);

impl Launch {
    /// Nothing yet.
    pub fn new(_: &Surroundings<'_>, _: Located, _: &serde_json::Value, _: Option<Duration>) -> Self {
        Self
    }

    /// # Errors
    /// Always.
    pub fn spawn(&self) -> Result<(Child, Description), Missed> {
        Err(Missed::Dead("isolation = \"process\" needs a Unix system".into()))
    }

    /// # Errors
    /// Never: there is no child.
    pub fn start(&self, child: &mut Child) -> Result<(), Missed> {
        match child.0 {}
    }
}

impl Child {
    /// # Errors
    /// Never: there is no child.
    pub fn classify(
        &mut self,
        _: &Batch,
        _: &Range<usize>,
        _: &Earlier,
        _: bool,
        _: &mut Columns,
    ) -> Result<Notes, Missed> {
        match self.0 {}
    }
}

/// # Errors
/// Always.
pub fn serve(_: &[&'static Plugin]) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
