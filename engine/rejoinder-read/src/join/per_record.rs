//! Records that are read one by one.

use std::sync::Arc;

use serde_json::Value;

use super::joiner::Join;
use super::output::JoinOutput;
use crate::message::keys_of;
use crate::record::Mapping;
use crate::shape::{Format, RecordResult, value};

pub(super) struct PerRecord {
    pub format: Format,
    pub read: fn(&Value, &Mapping) -> Vec<RecordResult>,
    pub mapping: Arc<Mapping>,
}

impl Join for PerRecord {
    fn is_per_record(&self) -> bool {
        true
    }

    fn take(&mut self, record: &[u8], out: &mut JoinOutput) {
        match value(record) {
            Err(why) => out.set_aside(record.len() as u64, why),
            Ok(value) if (self.format.shape().fits)(&value).is_none() => out.set_aside(
                record.len() as u64,
                format!(
                    "of another shape than the file's ({}): it has {}",
                    self.format.describe(),
                    keys_of(&value)
                )
                .into(),
            ),
            Ok(value) => {
                (self.read)(&value, &self.mapping).into_iter().for_each(|made| out.push(made, record.len()));
            }
        }
    }
}
