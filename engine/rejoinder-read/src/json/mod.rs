//! JSON with tokens that strict JSON refuses, or as Python prints it; and the moments that values name.

pub(crate) mod moment;
pub(crate) mod python;
mod repair;

pub(crate) use repair::repaired;
