//! The header, as a C compiler reads it, and the Rust mirrors agree in every offset and constant.

use std::fmt::Write as _;
use std::mem::offset_of;
use std::path::Path;
use std::process::Command;

use rejoinder_plugin_abi::{
    Batch, Bytes, Column, Error, FLAG_CONCURRENT, Fact, GIVES_FACTS, GIVES_SCORES, GIVES_VOTES, Hit, Host,
    MAGIC, MAJOR, MINOR, NO_TIME, Output, Plugin, Selection, Str, WANTS_COLUMNS, asks, fact_kind, log_level,
    role, route, status, verdict,
};

/// Adds one line a field, and one for the size, to the C program's source and to what Rust expects it to print.
macro_rules! record {
    ($c:expr, $rust:expr, $type:ty, $name:literal, [$($field:ident),*]) => {
        $(
            writeln!($c, concat!("line(\"", $name, ".", stringify!($field), "\", offsetof(", $name, ", ", stringify!($field), "));")).unwrap();
            writeln!($rust, "{}.{} {}", $name, stringify!($field), offset_of!($type, $field)).unwrap();
        )*
        writeln!($c, concat!("line(\"", $name, "\", sizeof(", $name, "));")).unwrap();
        writeln!($rust, "{} {}", $name, size_of::<$type>()).unwrap();
    };
}

macro_rules! constants {
    ($c:expr, $rust:expr, $($name:literal = $value:expr),* $(,)?) => {
        $(
            writeln!($c, concat!("line(\"", $name, "\", (unsigned long long)", $name, ");")).unwrap();
            writeln!($rust, "{} {}", $name, $value).unwrap();
        )*
    };
}

#[test]
fn c_and_rust_agree_on_the_layout() {
    let (mut c, mut rust) = (String::new(), String::new());
    record!(c, rust, Str, "rjn_str", [ptr, len]);
    record!(c, rust, Bytes, "rjn_bytes", [ptr, len]);
    record!(c, rust, Hit, "rjn_hit", [rule, start, end]);
    record!(
        c,
        rust,
        Batch,
        "rjn_batch",
        [
            struct_size,
            n,
            n_messages,
            n_conversations,
            n_columns,
            n_hits,
            n_earlier,
            reserved,
            text,
            text_off,
            role,
            time,
            language,
            column_off,
            columns,
            column_text,
            conversation,
            first,
            target,
            answer,
            answer_end,
            id,
            prior,
            hit_off,
            hits,
            earlier_verdict,
            earlier_category,
            earlier_score
        ]
    );
    record!(
        c,
        rust,
        Output,
        "rjn_output",
        [struct_size, n, verdict, category, reason, score, probs, note_ctx, note]
    );
    record!(c, rust, Error, "rjn_error", [struct_size, cap, len, reserved, buf]);
    record!(
        c,
        rust,
        Host,
        "rjn_host",
        [struct_size, abi_major, abi_minor, ctx, log, rule_name, rule_category, rule_route]
    );
    record!(c, rust, Column, "rjn_column", [name, name_end, value, value_end]);
    record!(c, rust, Fact, "rjn_fact", [name, about, kind, n_words, words, least, most]);
    record!(
        c,
        rust,
        Selection,
        "rjn_selection",
        [struct_size, n_phrases, phrases, n_languages, min_words, languages, max_words, reserved]
    );
    record!(
        c,
        rust,
        Plugin,
        "rjn_plugin",
        [
            magic,
            struct_size,
            abi_major,
            abi_minor,
            flags,
            name,
            version,
            about,
            config_schema,
            reasons,
            n_reasons,
            create,
            classify_batch,
            destroy,
            score_purposes,
            model,
            asks,
            n_facts,
            facts,
            selection,
            facts_batch
        ]
    );
    constants!(
        c,
        rust,
        "RJN_MAGIC" = MAGIC,
        "RJN_ABI_MAJOR" = MAJOR,
        "RJN_ABI_MINOR" = MINOR,
        "RJN_FLAG_CONCURRENT" = FLAG_CONCURRENT,
        "RJN_GIVES_VOTES" = GIVES_VOTES,
        "RJN_GIVES_SCORES" = GIVES_SCORES,
        "RJN_GIVES_FACTS" = GIVES_FACTS,
        "RJN_WANTS_COLUMNS" = WANTS_COLUMNS,
        "RJN_NO_TIME" = NO_TIME as u64,
        "RJN_ASK_DEFAULT" = asks::DEFAULT,
        "RJN_ASK_MARKED" = asks::MARKED,
        "RJN_ASK_ALL" = asks::ALL,
        "RJN_ASK_SELECTED" = asks::SELECTED,
        "RJN_FACT_NUMBER" = fact_kind::NUMBER,
        "RJN_FACT_TRUTH" = fact_kind::TRUTH,
        "RJN_FACT_WORD" = fact_kind::WORD,
        "RJN_ROUTE_ACCEPT" = route::ACCEPT,
        "RJN_ROUTE_REJECT" = route::REJECT,
        "RJN_ROUTE_ESCALATE" = route::ESCALATE,
        "RJN_ROUTE_SCORE" = route::SCORE,
        "RJN_OK" = status::OK,
        "RJN_INVALID_CONFIG" = status::INVALID_CONFIG,
        "RJN_INCOMPATIBLE" = status::INCOMPATIBLE,
        "RJN_FAILED" = status::FAILED,
        "RJN_PANICKED" = status::PANICKED,
        "RJN_ABSTAIN" = verdict::ABSTAIN,
        "RJN_ACCEPT" = verdict::ACCEPT,
        "RJN_REJECT" = verdict::REJECT,
        "RJN_ESCALATE" = verdict::ESCALATE,
        "RJN_ROLE_SYSTEM" = role::SYSTEM,
        "RJN_ROLE_USER" = role::USER,
        "RJN_ROLE_ASSISTANT" = role::ASSISTANT,
        "RJN_ROLE_TOOL" = role::TOOL,
        "RJN_LOG_ERROR" = log_level::ERROR,
        "RJN_LOG_WARN" = log_level::WARN,
        "RJN_LOG_INFO" = log_level::INFO,
        "RJN_LOG_DEBUG" = log_level::DEBUG,
    );

    let source = format!(
        "#include <stdio.h>\n#include \"rejoinder_plugin.h\"\n\
         static void line(const char *name, unsigned long long value) {{ printf(\"%s %llu\\n\", name, value); }}\n\
         int main(void) {{\n{c}return 0;\n}}\n"
    );
    assert_eq!(compile_and_run(&source), rust);
}

fn compile_and_run(source: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    let (file, program) = (dir.path().join("layout.c"), dir.path().join("layout"));
    std::fs::write(&file, source).unwrap();
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".into());
    let compiled = Command::new(&compiler)
        .args(["-std=c11", "-pedantic", "-Wall", "-Wextra", "-Werror", "-I"])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("include"))
        .arg(&file)
        .arg("-o")
        .arg(&program)
        .output()
        .unwrap_or_else(|e| panic!("this test needs a C compiler ({compiler}): {e}"));
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    String::from_utf8(Command::new(&program).output().unwrap().stdout).unwrap()
}
