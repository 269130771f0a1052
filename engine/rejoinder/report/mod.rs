//! What users read: the summary of a run, sampled turns, and how decisions compare with labels.

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
pub mod form_bills;
pub mod inspection;
pub mod judge_comparison;
pub mod numbers;
pub mod page;
pub mod plan;
pub mod plugin_bench;
pub mod progress;
pub mod recall_forecast;
pub mod remarks;
pub mod reproduction;
pub mod shipped_cut;
pub mod strategies;
pub mod styles;
pub mod summary;
pub mod turn_row;
