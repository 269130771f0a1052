//! The Python module `rejoinder._rejoinder`: the command, and the engine for tables that other Python libraries hold in memory.
//!
//! Nothing is decided here. A table comes in through Arrow's C interface and becomes the chunks that `rejoinder-read` makes of files, too
//! (`scanning`); rows about turns go out as a table and come back (`rows`).

mod batch_scan;
mod command;
mod config;
mod engine;
mod error;
mod export;
mod gathering;
mod held_table;
mod judging;
mod places;
mod rows;
mod scanning;
mod table;

/// rejoinder, compiled.
#[pyo3::pymodule]
mod _rejoinder {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::batch_scan::BatchScan;
    #[pymodule_export]
    use crate::command::{host_plugins_by, main};
    #[pymodule_export]
    use crate::engine::PyEngine;
    #[pymodule_export]
    use crate::error::{BudgetError, ConfigError, Error, InputError, InternalError, JudgeError, UsageError};
    #[pymodule_export]
    use crate::gathering::PyGatherer;
    #[pymodule_export]
    use crate::judging::PyKeeper;
    #[pymodule_export]
    use crate::table::Table;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
