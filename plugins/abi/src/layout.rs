//! The layout that the header fixes, checked when this crate is compiled.
#![cfg(target_pointer_width = "64")]

use std::mem::offset_of;

use crate::{Batch, Error, Hit, Host, Output, Plugin, Str};

const _: () = {
    assert!(size_of::<Str>() == 16 && size_of::<Hit>() == 12);
    assert!(offset_of!(Batch, text) == 24 && offset_of!(Batch, hits) == 88);
    assert!(offset_of!(Batch, earlier_score) == 112 && size_of::<Batch>() == 120);
    assert!(offset_of!(Output, probs) == 32 && size_of::<Output>() == 40);
    assert!(offset_of!(Error, buf) == 16 && size_of::<Error>() == 24);
    assert!(offset_of!(Host, rule_name) == 24 && size_of::<Host>() == 32);
    assert!(offset_of!(Plugin, name) == 24 && offset_of!(Plugin, create) == 88);
    assert!(offset_of!(Plugin, destroy) == 104 && size_of::<Plugin>() == 112);
};
