//! What only the feature `full` brings. The tests are built with it; `.ci/default-build` tries the build without.

use serde_json::json;

use crate::support::{accepted, folder, rejoinder, text, write};

#[test]
fn tokens_are_counted_by_the_tokenizer_that_the_config_names() {
    let dir = folder();
    let vocab = json!({"<unk>": 0, "a": 1});
    let tokenizer = json!({"version": "1.0", "added_tokens": [], "normalizer": null, "pre_tokenizer": null,
        "post_processor": null, "decoder": null, "truncation": null, "padding": null,
        "model": {"type": "WordLevel", "vocab": vocab, "unk_token": "<unk>"}});
    write(dir.path(), "tokenizer.json", tokenizer.to_string());
    let config = write(dir.path(), "rejoinder.toml", "format = 1\n[judge]\ntokenizer = \"tokenizer.json\"\n");
    let plan = rejoinder(&["plan", "tests/data/dialogues.jsonl", "--config", &config]).expect(0);
    assert!(plan.stdout.contains("tokens here counted by"), "{}", plan.stdout);
    std::fs::remove_file(dir.path().join("tokenizer.json")).unwrap();
    let refused = rejoinder(&["plan", "tests/data/dialogues.jsonl", "--config", &config]).expect(7);
    assert!(refused.stderr.contains("cannot read the tokenizer"), "{}", refused.stderr);
}

#[test]
fn parquet_that_is_compressed_with_brotli_is_read_as_the_same_dialogues_in_json_are() {
    let dir = folder();
    let accepted = ["sharegpt.parquet", "sharegpt.jsonl"].map(|name| {
        let out = text(&dir.path().join(name));
        let run = rejoinder(&["run", &format!("tests/data/formats/{name}"), "--out", &out, "--json"]);
        accepted(&run.expect(0).json())
    });
    assert_eq!(accepted[0], accepted[1]);
}
