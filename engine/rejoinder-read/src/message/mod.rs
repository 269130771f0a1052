//! Messages, whatever program wrote them down. This module alone decides who speaks, which text was said, and what merely stands
//! beside the text.

mod content;
mod keys;
mod list;
mod parsed;
mod role;
mod single;
mod thinking;
mod tools;

pub(crate) use content::Content;
pub(crate) use keys::{id, keys_of, named};
pub(crate) use list::{messages, of_list, unquoted};
pub(crate) use parsed::ParsedMessage;
pub(crate) use role::{Speaker, of_role, speaker};
pub(crate) use single::{
    CONTENTS, ELSEWHERE, ENVELOPES, INSTEAD, ROLES, TIMES, looks_like_message, may_be_parts, message_of,
};
pub(crate) use thinking::{may_think, spoken};
