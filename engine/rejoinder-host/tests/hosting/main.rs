//! Plugins that are linked in, loaded and kept apart. One program holds the tests, so that it is linked once.

mod asking;
mod common;
mod facts;
mod faults;
#[cfg(unix)]
mod isolation;
mod libraries;
#[cfg(unix)]
mod loading;
mod passing;
mod rephrase;
#[cfg(unix)]
mod scores;
#[cfg(unix)]
mod versions;
