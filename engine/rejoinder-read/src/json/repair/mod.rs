//! Repairs a record that strict JSON refuses for odd tokens (`NaN`, half an emoji, a raw control character), or because Python printed
//! the record.

mod number;
mod record;
#[cfg(test)]
mod tests;
mod tokens;

pub(crate) use record::repaired;
