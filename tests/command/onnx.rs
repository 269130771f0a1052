//! The plugin `onnx`, built without its runtime, as an operator meets it.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};

use crate::support::{DIALOGUES, folder, rejoinder, text, write};

#[test]
fn a_model_that_is_not_there_is_shown_under_its_key_and_one_that_is_there_needs_the_runtime() {
    let dir = folder();
    let deps = std::env::current_exe().unwrap().parent().unwrap().to_owned();
    let library = text(&deps.join(format!("{DLL_PREFIX}rejoinder_plugin_onnx{DLL_SUFFIX}")));
    write(dir.path(), "tokenizer.json", "{}");
    write(dir.path(), "model.onnx", "");
    let refused = |model: &str| {
        let plugin =
            format!("model = \"{model}\"\ntokenizer = \"tokenizer.json\"\nlabels = [\"feedback\"]\n");
        let toml = format!("format = 1\n[[plugin]]\npath = \"{library}\"\n[plugin.config]\n{plugin}");
        let config = write(dir.path(), "c.toml", toml);
        let out = text(&dir.path().join("out"));
        rejoinder(&["run", DIALOGUES, "--config", &config, "--out", &out]).expect(7).stderr
    };
    let missing = refused("no.onnx");
    assert!(missing.contains("c.toml:5:1\n"), "{missing}");
    assert!(missing.contains("cannot read the file `"), "{missing}");
    let without_runtime = refused("model.onnx");
    assert!(without_runtime.contains("--features runtime"), "{without_runtime}");
}
