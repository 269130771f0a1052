//! The command line: one file a verb; each checks what it was given, lets the engine's crates work, and prints.

mod args;
mod asking;
mod audit;
mod calibrate;
mod command;
mod completions;
mod config;
mod eval;
mod explain;
mod export;
mod import_labels;
mod inputs;
mod inspect;
mod judge;
mod label_args;
mod oracle;
mod output;
mod pager;
mod plan;
mod plugin;
mod plugin_host;
mod progress;
mod reproduce_paper;
mod resume;
mod rules;
mod run;
mod settings;
mod show;
mod signals;
mod terminal;
mod train;

use args::{InputRoot, Threads};
pub use command::main;
use inputs::{absolute, described, files, find_input};
use output::{json_line, print, print_json, print_page};
