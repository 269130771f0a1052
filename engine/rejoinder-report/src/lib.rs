//! What users read: results in words and numbers, for people and for programs; as text, as JSON, as a page.
//!
//! The summary of a run, sampled turns with why they were decided as they were, how decisions compare with labels, what a plan costs.
//! Figures come from the engine's crates; this crate counts nothing of its own, reads no command line, and prints nothing.
#![forbid(unsafe_code)]

pub mod accepting;
pub mod asked_requests;
pub mod audit;
pub mod by_rule;
pub mod calibration;
pub mod decision;
pub mod dialogue;
pub mod evaluation;
pub mod excerpt;
pub mod explanation;
pub mod forgetting;
pub mod form_bills;
pub mod inspection;
pub mod judge_comparison;
pub mod look;
pub mod numbers;
pub mod page;
pub mod plan;
pub mod plugin_bench;
pub mod plugin_effect;
pub mod plugin_rows;
pub mod progress;
pub mod recall_forecast;
pub mod remarks;
pub mod reproduction;
pub mod rule_author;
pub mod run_list;
pub mod run_report;
pub mod run_status;
pub mod shell;
pub mod shipped_cut;
pub mod strategies;
pub mod styles;
pub mod summary;
pub mod turn_row;
