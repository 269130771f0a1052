//! Keys that a plugin's schema marks by `format`: files, and the purposes of scores.

use std::path::{Path, PathBuf};

use rejoinder_core::Purpose;
use rejoinder_host::{
    Isolation, LoadCause, LoadContext, LoadError, LoadedPlugin, PluginSpec, Problem, Registry,
};
use serde_json::{Value, json};

use crate::common::{c_library, launcher};

/// A plugin that scores where `calibrated-for` says so, with a key that is a file.
fn compiled(dir: &Path) -> PathBuf {
    let marked = r#"{\"properties\": {\"calibrated-for\": {\"type\": \"string\", \"format\": \"score-purposes\"}, \"file\": {\"type\": \"string\", \"format\": \"path\"}, "#;
    let source = include_str!("common/scorer.c")
        .replace(r#"{\"properties\": {"#, marked)
        .replace("SURE", "0.75f")
        .replace("PURPOSES", "\"all kto\"");
    c_library(dir, "marked", &source, &[])
}

fn load(library: &Path, config: Value, folder: &Path, isolation: Isolation) -> Result<Registry, LoadError> {
    let folder = Some(folder.to_owned());
    let spec = PluginSpec { config, folder, isolation, purpose: Purpose::KTO, ..PluginSpec::at(library) };
    Registry::load(&[spec], &LoadContext { launcher: launcher(), ..LoadContext::default() })
}

fn of(registry: &Registry) -> &LoadedPlugin {
    &registry.plugins()[0]
}

fn problem(loaded: Result<Registry, LoadError>) -> Problem {
    let LoadCause::Config { mut problems, .. } = loaded.unwrap_err().cause else {
        panic!("no problem of a key")
    };
    assert_eq!(problems.len(), 1, "{problems:?}");
    problems.remove(0)
}

const EACH: [Isolation; 2] = [Isolation::None, Isolation::Process { timeout: None }];

#[test]
fn a_marked_path_begins_at_the_folder_of_the_config_and_its_file_is_part_of_the_plugins_identity() {
    let dir = tempfile::tempdir().unwrap();
    let library = compiled(dir.path());
    let file = dir.path().join("words.txt");
    for isolation in EACH {
        let loaded = |config| load(&library, config, dir.path(), isolation);
        std::fs::write(&file, "one").unwrap();
        let relative = loaded(json!({"file": "words.txt"})).unwrap();
        assert_eq!(of(&relative).config(), &json!({"file": file}));
        let [named] = of(&relative).files() else { panic!("one file") };
        assert_eq!((&*named.pointer, &named.path), ("/file", &file));

        std::fs::copy(&file, dir.path().join("same.txt")).unwrap();
        let elsewhere = loaded(json!({"file": dir.path().join("same.txt")})).unwrap();
        assert_eq!(of(&elsewhere).identity(), of(&relative).identity());
        std::fs::write(&file, "two").unwrap();
        let other = loaded(json!({"file": "words.txt"})).unwrap();
        assert_ne!(of(&other).identity(), of(&relative).identity());
    }
}

#[test]
fn a_marked_file_that_cannot_be_read_is_a_mistake_at_its_key() {
    let dir = tempfile::tempdir().unwrap();
    let library = compiled(dir.path());
    for isolation in EACH {
        let problem = problem(load(&library, json!({"file": "no/such.txt"}), dir.path(), isolation));
        assert_eq!(problem.pointer, "/file");
        let shown = dir.path().join("no/such.txt").display().to_string();
        assert!(
            problem.message.starts_with(&format!("cannot read the file `{shown}`")),
            "{}",
            problem.message
        );
    }
}

#[test]
fn a_plugin_with_a_key_for_the_purposes_of_its_scores_is_the_score_only_where_the_key_is_given() {
    let dir = tempfile::tempdir().unwrap();
    let library = compiled(dir.path());
    for isolation in EACH {
        let loaded = |config| load(&library, config, dir.path(), isolation);
        let without = loaded(json!({})).unwrap();
        assert_eq!((of(&without).scores(), of(&without).config()), (None, &json!({})));
        let with = loaded(json!({"calibrated-for": "all kto"})).unwrap();
        assert_eq!(of(&with).scores().unwrap().purpose(), Some(Purpose::KTO));
        assert_eq!(of(&with).config(), &json!({"calibrated-for": "all kto", "for": "kto"}));
        let for_all = loaded(json!({"calibrated-for": "all"})).unwrap();
        assert_eq!(of(&for_all).scores().unwrap().purpose(), None, "it is not calibrated for what is wanted");
        let wrong = problem(loaded(json!({"calibrated-for": "all sft"})));
        assert_eq!(wrong.pointer, "/calibrated-for");
        assert_eq!(wrong.message, "the plugin's scores are never calibrated for `sft`");
    }
}
