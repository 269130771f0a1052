//! The layout that the header fixes, checked when this crate is compiled.
#![cfg(target_pointer_width = "64")]

use std::mem::offset_of;

use crate::{Batch, Bytes, Error, Hit, Host, Output, Plugin, Str, floor};

const _: () = {
    assert!(size_of::<Bytes>() == 16);
    assert!(size_of::<Str>() == 16 && size_of::<Hit>() == 12);
    assert!(offset_of!(Batch, text) == 24 && offset_of!(Batch, hits) == 88);
    assert!(offset_of!(Batch, earlier_score) == 112 && size_of::<Batch>() == 120);
    assert!(offset_of!(Output, probs) == 40 && size_of::<Output>() == 64);
    assert!(offset_of!(Error, buf) == 16 && size_of::<Error>() == 24);
    assert!(offset_of!(Host, rule_name) == 24 && size_of::<Host>() == 32);
    assert!(offset_of!(Plugin, name) == 24 && offset_of!(Plugin, create) == 104);
    assert!(offset_of!(Plugin, destroy) == 120 && offset_of!(Plugin, score_purposes) == 128);
    assert!(offset_of!(Plugin, model) == 144 && size_of::<Plugin>() == 160);
    assert!(offset_of!(Plugin, score_purposes) == floor::PLUGIN as usize);
    assert!(size_of::<Plugin>() >= floor::SCORING_PLUGIN as usize);
    assert!(size_of::<Batch>() >= floor::BATCH as usize && size_of::<Output>() >= floor::OUTPUT as usize);
    assert!(size_of::<Host>() >= floor::HOST as usize && size_of::<Plugin>() >= floor::PLUGIN as usize);
};
