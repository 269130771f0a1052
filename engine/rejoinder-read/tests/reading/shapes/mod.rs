//! One dialogue in every shape.

mod dialogue;
mod exports;
mod joined;
mod plain;
mod print;
mod round_trips;
mod traces;
