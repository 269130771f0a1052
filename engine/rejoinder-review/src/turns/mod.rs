//! Turns as the page shows them: read from the run's input ahead of the reader, and kept in memory.

mod desk;
mod dialogue_page;
mod pass;
mod program;
mod shelf;
mod turn_page;

pub(crate) use desk::{PageSource, TurnDesk, can_seek};
pub(crate) use program::Program;
pub(crate) use turn_page::TurnPage;
