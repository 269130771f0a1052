//! Asking against a real HTTP server: how often the server is asked, what is kept and under which keys, and when asking gives up.

mod answers;
mod budget;
mod endpoints;
mod groups;
mod keeper;
mod keeper_messages;
mod keys;
mod patience;
mod refusals;
mod support;
