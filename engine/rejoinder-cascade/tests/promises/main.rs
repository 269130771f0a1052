//! What the mathematics promises, by drawing and by exact fractions. One program holds the tests, so that it is linked once.

mod accepting;
mod arithmetic;
mod auditing;
mod closing;
mod common;
mod leaning;
mod refits;
mod rejecting;
