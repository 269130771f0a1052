//! Tests against what is not in this repository: a llama.cpp server, corpora of real chats, and a Python with the wheel. Where it is
//! absent they are reported as ignored, with the reason, never as passed.
//!
//! * `REJOINDER_LLAMA_SERVER`: llama.cpp's `llama-server`; `REJOINDER_TINY_MIXTRAL`: the model that
//!   `tests/support/make_tiny_mixtral.py` writes. `.ci/llama-server` makes both. Random weights: this shows transport,
//!   never quality.
//! * `REJOINDER_SMOLLM2`: SmolLM2-135M-Instruct as a GGUF file, which `.ci/llama-server` fetches. Trained weights with a real
//!   vocabulary and a chat template of their own, too few of them to judge anything: what a server does with such a model,
//!   and what this program makes of a judge that says one letter to nearly everything.
//! * `REJOINDER_CORPUS`: a folder of JSON-lines files, as large and as messy as there is.
//! * `REJOINDER_PYTHON`: a Python that has the wheel of `engine/rejoinder-py`, and pyarrow, polars, DuckDB and pandas. `.ci/wheel`
//!   makes one, and prints where.

use std::path::PathBuf;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

mod corpus;
mod llama_server;
mod smollm2;
#[path = "../support/mod.rs"]
mod support;
mod tiny_mixtral;
mod wheel;

use corpus::{every_message, plugins_in_every_language, plugins_wherever_they_run, real_corpus};

fn main() -> ExitCode {
    let program = existing("REJOINDER_LLAMA_SERVER");
    let server = program.clone().and_then(|s| Ok((s, existing("REJOINDER_TINY_MIXTRAL")?)));
    let trained = program.and_then(|s| Ok((s, existing("REJOINDER_SMOLLM2")?)));
    let corpus = existing("REJOINDER_CORPUS");
    let python = existing("REJOINDER_PYTHON");
    let trials = vec![
        trial("llama_server_answers_by_letter_with_probabilities", server.clone(), tiny_mixtral::by_letter),
        trial("llama_server_answers_several_letters_a_request", server.clone(), tiny_mixtral::by_letters),
        trial("a_plan_predicts_how_long_llama_server_works", server.clone(), tiny_mixtral::predicted_time),
        trial(
            "llama_server_answers_turns_together_under_a_schema",
            server.clone(),
            tiny_mixtral::under_a_schema,
        ),
        trial("llama_server_is_asked_the_papers_way", server.clone(), tiny_mixtral::the_papers_way),
        trial(
            "llama_server_counts_tokens_as_we_do_and_reuses_the_prefix",
            server.clone(),
            tiny_mixtral::counts_and_prefix,
        ),
        trial("what_is_too_long_for_llama_server_is_cut_or_halved", server.clone(), tiny_mixtral::too_long),
        trial(
            "llama_server_killed_and_restarted_in_mid_run_loses_nothing",
            server,
            tiny_mixtral::killed_and_restarted,
        ),
        trial("a_trained_vocabulary_has_the_letters_as_tokens", trained.clone(), smollm2::letters),
        trial("a_judge_with_one_letter_for_everything_is_remarked_on", trained.clone(), smollm2::one_letter),
        trial(
            "a_chat_template_with_a_system_message_does_not_break_a_budget",
            trained.clone(),
            smollm2::own_system_message,
        ),
        trial(
            "objects_about_nothing_in_the_turn_are_remarked_on",
            trained.clone(),
            smollm2::unreadable_objects,
        ),
        trial("requests_of_users_own_are_answered_or_told_too_long", trained, smollm2::requests_of_users_own),
        trial("a_real_corpus_runs_without_loss", corpus.clone(), |corpus| real_corpus(corpus)),
        trial("every_message_of_a_real_corpus_is_read", corpus.clone(), |corpus| every_message(corpus)),
        trial("plugins_say_the_same_of_a_real_corpus_wherever_they_run", corpus.clone(), |corpus| {
            plugins_wherever_they_run(corpus)
        }),
        trial("plugins_say_the_same_of_a_real_corpus_in_every_language", corpus, |corpus| {
            plugins_in_every_language(corpus)
        }),
        trial("the_python_wheel_says_what_the_command_says", python, |python| {
            wheel::same_as_the_command(python)
        }),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// The path in an environment variable, or why there is none.
fn existing(variable: &str) -> Result<PathBuf, String> {
    match std::env::var_os(variable).map(PathBuf::from) {
        Some(path) if path.exists() => Ok(path),
        Some(path) => Err(format!("{variable} names {}, which is not there", path.display())),
        None => Err(format!("{variable} is not set")),
    }
}

/// A test of what is needed; ignored, with the reason in its name, where that is absent.
fn trial<T: Send + 'static>(
    name: &str,
    needed: Result<T, String>,
    test: impl FnOnce(&T) -> Result<(), Failed> + Send + 'static,
) -> Trial {
    match needed {
        Ok(needed) => Trial::test(name, move || test(&needed)),
        Err(why) => {
            let shown = format!("{name} (ignored: {why})");
            Trial::test(shown, move || Err(why.into())).with_ignored_flag(true)
        }
    }
}
