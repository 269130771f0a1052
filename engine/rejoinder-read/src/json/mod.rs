//! JSON as it comes: with tokens that are none, or printed by Python.

pub(crate) mod mend;
pub(crate) mod moment;
pub(crate) mod python;
