//! The command as its users meet it. One program holds all these tests: each further one would link the whole engine again.

#[path = "../../benches/corpus.rs"]
mod corpus;
#[path = "../support/mod.rs"]
mod support;

mod ask;
mod ask_folders;
mod audit;
#[cfg(unix)]
mod authors;
mod bad_input;
mod batch;
#[cfg(unix)]
mod built_rules;
mod capabilities;
mod cascade;
mod config;
#[cfg(unix)]
mod conformance;
mod data_sets;
mod exit_codes;
mod explain;
mod export;
#[cfg(unix)]
mod fact_rules;
mod findings;
mod first_minute;
mod forget;
mod forget_reach;
mod found_config;
mod full;
mod gathering;
#[cfg(unix)]
mod growing;
mod help;
mod inputs;
mod judge;
mod judge_behaviours;
mod judge_budget;
mod judge_compare;
mod judge_kills;
mod judge_letters;
mod judge_rows;
mod judge_security;
mod judge_stores;
mod night_certificates;
mod night_inputs;
mod nights;
mod one_hand;
mod onnx;
mod operator;
mod parquet_file;
#[cfg(target_os = "linux")]
mod plugin_faults;
#[cfg(unix)]
mod plugin_files;
#[cfg(unix)]
mod plugin_libraries;
#[cfg(unix)]
mod plugins;
mod python_plugins;
mod random_exchanges;
mod reading;
mod reading_draw;
mod recall;
mod redaction;
mod remarks;
mod report;
mod reproduce;
mod resume;
#[cfg(unix)]
mod review;
mod reviewing;
mod rule_files;
mod rule_guards;
mod rules;
mod rules_diff;
mod rules_fmt;
mod rules_schema;
mod rules_suggest;
mod rules_try;
mod rules_try_files;
mod run;
mod runs;
mod shards;
mod shards_disturbed;
mod shards_judged;
mod shipped_cut;
mod status;
mod tallies;
mod text_conditions;
mod where_rules;
