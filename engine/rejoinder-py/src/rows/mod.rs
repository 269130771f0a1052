//! Rows about turns, on their way to Python and back: the columns of the feedback table, then what a caller needs to go on with
//! a turn that waits.

mod parse;
mod schema;
mod turn_row;

pub use parse::{GivenRow, GivenTurn, LostRecord, given_rows};
pub use schema::{schema, table_of};
pub use turn_row::{Decision, Request, TurnRow, WaitingTurn};
