//! Records that are read by themselves.

use std::sync::Arc;

use serde_json::Value;

use super::{Join, Out};
use crate::message::keys_of;
use crate::record::Mapping;
use crate::shape::{Format, Made, value};

pub(super) struct Apart {
    pub format: Format,
    pub read: fn(&Value, &Mapping) -> Vec<Made>,
    pub mapping: Arc<Mapping>,
}

impl Join for Apart {
    fn is_apart(&self) -> bool {
        true
    }

    fn take(&mut self, record: &[u8], out: &mut Out) {
        match value(record) {
            Err(why) => out.bad(record.len() as u64, why),
            Ok(value) if (self.format.shape().fits)(&value).is_none() => out.bad(
                record.len() as u64,
                format!(
                    "of another shape than the file's ({}): it has {}",
                    self.format.describe(),
                    keys_of(&value)
                ),
            ),
            Ok(value) => {
                (self.read)(&value, &self.mapping).into_iter().for_each(|made| out.made(made, record.len()));
            }
        }
    }
}
