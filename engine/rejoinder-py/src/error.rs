//! From failures of the engine to Python's exceptions, with the words and the exit codes of the command.

use std::panic::{AssertUnwindSafe, catch_unwind};

use pyo3::create_exception;
use pyo3::exceptions::{PyException, PyKeyboardInterrupt};
use pyo3::prelude::*;
use rejoinder::failure::{Exit, Failure};

create_exception!(
    rejoinder,
    Error,
    PyException,
    "What the command would have ended with: its words, and in `code` its exit code."
);
create_exception!(rejoinder, UsageError, Error, "A call that cannot be meant so (exit code 2).");
create_exception!(
    rejoinder,
    ConfigError,
    Error,
    "A config, rules or a table that cannot be used (exit code 7)."
);
create_exception!(
    rejoinder,
    InputError,
    Error,
    "What cannot be read or written, or a plugin that failed (exit code 8)."
);
create_exception!(rejoinder, BudgetError, Error, "The budget is spent (exit code 4).");
create_exception!(rejoinder, JudgeError, Error, "The judge cannot be asked (exit code 5).");
create_exception!(rejoinder, InternalError, Error, "A bug of rejoinder (exit code 1).");

/// Whether somebody wants Python to stop, as by Ctrl-C; only Python's main thread ever hears of it.
pub fn is_interrupted() -> bool {
    Python::attach(|py| py.check_signals().is_err())
}

/// The exception of a failure.
pub fn exception(failure: impl Into<Failure>) -> PyErr {
    let Failure { exit, message, .. } = failure.into();
    let words = message.trim_end().to_owned();
    if exit == Exit::Interrupted {
        return PyKeyboardInterrupt::new_err(words);
    }
    let error = match exit {
        Exit::Usage | Exit::Nothing => UsageError::new_err(words),
        Exit::Invalid => ConfigError::new_err(words),
        Exit::Budget => BudgetError::new_err(words),
        Exit::Unavailable => JudgeError::new_err(words),
        Exit::Bug => InternalError::new_err(words),
        _ => InputError::new_err(words),
    };
    Python::attach(|py| {
        // An attribute of a new exception can be set.
        let _ = error.value(py).setattr("code", exit as u8);
    });
    error
}

/// Calls the engine without holding Python back. A panic becomes an exception.
pub fn detached<T: Send>(py: Python<'_>, work: impl FnOnce() -> Result<T, Failure> + Send) -> PyResult<T> {
    py.detach(|| catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(bug(&*panic))))
        .map_err(exception)
}

fn bug(panic: &(dyn std::any::Any + Send)) -> Failure {
    let words = panic.downcast_ref::<String>().map(String::as_str);
    let words = words.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic");
    Failure::new(Exit::Bug, format!("a bug of rejoinder, please report it: {words}"))
}
