//! The fast way through a line: the structure is walked, texts are borrowed, nothing is decoded.
//!
//! This parser takes the plain rows that nearly all lines are, with the keys in any order. It leaves everything odd (control
//! characters, escaped keys and roles, contents that are no strings or blank, tools, thinking, errors) to
//! [`general`](super::general), which also says what is wrong. Where this parser takes a row, both read the same.

use std::borrow::Cow;

use memchr::memchr;

use rejoinder_core::{Message, Role, Text};

use super::columns::{JsonColumn, RecordColumns};
use super::mapping::Mapping;
use super::walk::Walk;
use crate::message::{CONTENTS, ELSEWHERE, INSTEAD, may_be_parts, may_think};

/// The columns of a line with a user message; `None` where the full parser must read the line.
pub(super) fn columns<'a, 'm>(text: &'a str, mapping: &'m Mapping) -> Option<RecordColumns<'a, 'm>> {
    let text = text.strip_suffix('\r').unwrap_or(text);
    let has_tags = memchr(b'<', text.as_bytes()).is_some();
    if holds_control(text.as_bytes()) || has_tags && may_think(text.as_bytes()) {
        return None;
    }
    let mut walk = Walk::new(text);
    let mut columns = RecordColumns::new(mapping);
    walk.spaces();
    if !walk.eat(b'{') {
        return None;
    }
    walk.spaces();
    loop {
        let key = walk.key()?.plain()?;
        if columns.takes_messages(key) {
            columns.messages = Some(messages(&mut walk, mapping)?);
        } else {
            let value = walk.value()?;
            columns.push(Cow::Borrowed(key), JsonColumn::checked(value));
        }
        if !walk.goes_on(b'}')? {
            break;
        }
    }
    walk.spaces();
    let has_user = || columns.messages.as_ref().is_some_and(|all| all.iter().any(|m| m.role == Role::User));
    (walk.is_at_end() && has_user()).then_some(columns)
}

/// Whether there is a control character: outside strings odd, inside them an error. Without a branch, so that the
/// compiler makes it a vector loop.
fn holds_control(bytes: &[u8]) -> bool {
    bytes.iter().fold(b' ', |least, &b| least.min(b)) < b' '
}

fn messages<'a>(walk: &mut Walk<'a>, mapping: &Mapping) -> Option<Vec<Message<'a>>> {
    let role_key = mapping.role_key();
    let content_key = mapping.content_key();
    if !walk.eat(b'[') {
        return None;
    }
    walk.spaces();
    let mut messages = Vec::with_capacity(8);
    loop {
        messages.push(message(walk, mapping, role_key, content_key)?);
        if !walk.goes_on(b']')? {
            return Some(messages);
        }
    }
}

fn message<'a>(
    walk: &mut Walk<'a>,
    mapping: &Mapping,
    role_key: &str,
    content_key: &str,
) -> Option<Message<'a>> {
    let (mut role, mut text, mut has_more) = (None, None, false);
    if !walk.eat(b'{') {
        return None;
    }
    walk.spaces();
    loop {
        let key = walk.key()?.plain()?;
        if key == role_key {
            role = Some(mapping.role(walk.string()?.plain()?)?);
        } else if key == content_key {
            text = Some(content(walk)?);
        } else if walk.value()? != "null" {
            if ELSEWHERE.contains(&key) {
                return None;
            }
            has_more |= INSTEAD.contains(&key) || CONTENTS.contains(&key);
        }
        if !walk.goes_on(b'}')? {
            break;
        }
    }
    // What a tool answered refers to its call.
    let role = role.filter(|role| *role != Role::Tool)?;
    let text = text?;
    // The text may stand elsewhere.
    (!has_more || !text.is_blank()).then_some(Message { role, text, time: None })
}

fn content<'a>(walk: &mut Walk<'a>) -> Option<Text<'a>> {
    if walk.peek()? != b'"' {
        return (walk.value()? == "null").then(|| Text::from(""));
    }
    let string = walk.string()?;
    match string.plain() {
        _ if string.nul || string.angle => None,
        Some(plain) => Some(Text::from(plain)),
        // Parts as a text of JSON have quotes in them.
        None if may_be_parts(&string.quoted[1..]) => None,
        None => Some(Text::escaped(string.quoted)),
    }
}
