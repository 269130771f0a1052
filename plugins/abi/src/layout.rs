//! The layout that the header fixes, checked when this crate is compiled.
#![cfg(target_pointer_width = "64")]

use std::mem::offset_of;

use crate::{Batch, Bytes, Column, Error, Fact, Hit, Host, Output, Plugin, Selection, Str, floor};

const _: () = {
    assert!(size_of::<Str>() == 16 && size_of::<Bytes>() == 16);
    assert!(size_of::<Hit>() == 12 && size_of::<Column>() == 16 && size_of::<Fact>() == 64);
    assert!(offset_of!(Fact, words) == 40 && offset_of!(Fact, most) == 56);
    assert!(offset_of!(Batch, text) == 32 && offset_of!(Batch, language) == 64);
    assert!(offset_of!(Batch, conversation) == 96 && offset_of!(Batch, hits) == 160);
    assert!(offset_of!(Batch, earlier_score) == 184 && size_of::<Batch>() >= floor::BATCH as usize);
    assert!(offset_of!(Output, note) == 56 && size_of::<Output>() >= floor::OUTPUT as usize);
    assert!(offset_of!(Error, buf) == 16 && size_of::<Error>() >= floor::ERROR as usize);
    assert!(offset_of!(Host, rule_route) == 40 && size_of::<Host>() >= floor::HOST as usize);
    assert!(offset_of!(Selection, languages) == 24 && offset_of!(Selection, max_words) == 32);
    assert!(size_of::<Selection>() >= floor::SELECTION as usize);
    assert!(offset_of!(Plugin, name) == 24 && offset_of!(Plugin, create) == 104);
    assert!(offset_of!(Plugin, score_purposes) == 128 && offset_of!(Plugin, asks) == 160);
    assert!(offset_of!(Plugin, facts) == 168 && offset_of!(Plugin, facts_batch) == 184);
    assert!(size_of::<Plugin>() >= floor::PLUGIN as usize);
};
