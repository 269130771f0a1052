//! Where there are no Unix sockets: plugins run in the program's process only.

use std::convert::Infallible;
use std::io;
use std::ops::Range;
use std::time::Duration;

use crate::abi::Plugin;
use crate::batch::Earlier;
use crate::handshake::Description;
use crate::output::Columns;
use crate::registry::Surroundings;
use crate::{Batch, LoadCause, Origin};

/// Cannot be used here.
#[derive(Debug)]
pub struct Launch;

/// There is none here.
#[derive(Debug)]
pub struct Child(Infallible);

/// Why a call to a child brought no answer.
#[derive(Debug)]
pub enum Missed {
    /// The plugin says that it failed.
    Failed(String),
    /// The child is of no use.
    Dead(String),
    /// The plugin did not start again.
    Stuck(String),
}

impl Missed {
    /// What to tell where the plugin was only to be loaded.
    pub fn cause(self, name: &str, _: fn(String, String) -> LoadCause) -> LoadCause {
        let (Self::Failed(reason) | Self::Dead(reason) | Self::Stuck(reason)) = self;
        LoadCause::Child { name: name.to_owned(), reason }
    }
}

impl Launch {
    /// Nothing yet.
    pub fn new(_: &Surroundings<'_>, _: &str, _: &Origin, _: &serde_json::Value, _: Duration) -> Self {
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
    ) -> Result<Vec<(u32, String)>, Missed> {
        match self.0 {}
    }
}

/// # Errors
/// Always.
pub fn serve(_: &[&'static Plugin]) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
