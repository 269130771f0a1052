//! Plugins that declare that they score: what they are told, what identifies them, and whose model it is.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::path::{Path, PathBuf};

use rejoinder_core::Purpose;
use rejoinder_host::conformance::{self, Outcome, Setting};
use rejoinder_host::{
    Isolation, LibraryOrigin, LoadContext, LoadedPlugin, PluginSpec, Registry, Scores, SearchPath, abi,
};
use rejoinder_plugin::{BoxError, Candidate, Classifier, Verdict, vtable};
use serde_json::{Value, json};

use crate::common::{batch_of, c_library, c_plugin, classify, launcher};

const MODEL_IN_C: &[u8] = b"the model of the plugin in C";

/// Scores 0.25 where it looks for anything, and 0.125 where it looks for less.
struct InRust(Purpose);

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    #[serde(rename = "for")]
    purpose: Purpose,
    #[serde(default, rename = "model")]
    _model: Option<PathBuf>,
}

impl Classifier for InRust {
    const NAME: &'static str = "scorer";
    const VERSION: &'static str = "7";
    const ABOUT: &'static str = "for tests";
    const SCORES: Option<rejoinder_plugin::ScoreDeclaration> = Some(
        rejoinder_plugin::ScoreDeclaration::for_every_purpose()
            .with_model(b"the model of the plugin in Rust"),
    );
    type Config = Config;

    fn new(config: Config) -> Result<Self, BoxError> {
        Ok(Self(config.purpose))
    }

    fn classify(&self, _: Candidate<'_>) -> Verdict {
        let score = if self.0 == Purpose::ALL { 0.25 } else { 0.125 };
        Verdict::abstain().with_score(score).with_probs([0.75, 0.125, 0.0, 0.0, 0.0, 0.125])
    }
}

static IN_RUST: abi::Plugin = vtable::<InRust>();
static IN_RUST_FOR_KTO: abi::Plugin =
    abi::Plugin { score_purposes: abi::Str::from_static("kto UR1"), ..vtable::<InRust>() };

fn load(spec: PluginSpec, built_in: &[&'static abi::Plugin], folders: Vec<PathBuf>) -> Registry {
    let search = SearchPath::new(folders);
    Registry::load(&[spec], &LoadContext { built_in, search, launcher: launcher(), ..LoadContext::default() })
        .unwrap()
}

fn scorer(config: Value, purpose: Purpose) -> PluginSpec {
    PluginSpec { config, purpose, ..PluginSpec::named("scorer") }
}

fn score(registry: &Registry) -> Option<f32> {
    classify(registry, &batch_of(&["thanks"])).unwrap().1[0].score
}

fn of(registry: &Registry) -> &LoadedPlugin {
    &registry.plugins()[0]
}

/// Compiles the plugin in C into `dir`, under the name by which `scorer` is found.
fn compiled(dir: &Path, sure: &str, purposes: &str) -> PathBuf {
    let source =
        include_str!("common/scorer.c").replace("SURE", sure).replace("PURPOSES", &format!("{purposes:?}"));
    let library = c_library(dir, "scorer", &source, &[]);
    let found = dir.join(format!("{DLL_PREFIX}rejoinder_plugin_scorer{DLL_SUFFIX}"));
    std::fs::rename(library, &found).unwrap();
    found
}

#[test]
fn a_library_that_is_found_takes_the_place_of_the_linked_scorer_with_its_model_here_and_in_a_process_of_its_own()
 {
    let dir = tempfile::tempdir().unwrap();
    compiled(dir.path(), "0.75f", "");
    for isolation in [Isolation::None, Isolation::Process { timeout: None }] {
        let spec = PluginSpec { isolation, ..scorer(json!({}), Purpose::SFT) };
        let registry = load(spec, &[&IN_RUST], vec![dir.path().to_owned()]);
        let loaded = of(&registry);
        assert!(matches!(loaded.origin(), LibraryOrigin::File { .. }));
        let scores = loaded.scores().unwrap();
        assert_eq!(scores.model(), Some(MODEL_IN_C));
        assert_eq!((scores.purpose(), scores.model_file()), (Some(Purpose::SFT), None));
        assert_eq!(loaded.config(), &json!({"for": "sft"}));
        assert_eq!(score(&registry), Some(0.75));
    }
    let linked = load(scorer(json!({}), Purpose::SFT), &[&IN_RUST], Vec::new());
    assert_eq!(of(&linked).scores().unwrap().model(), Some(&b"the model of the plugin in Rust"[..]));
    assert_eq!(score(&linked), Some(0.125));
}

#[test]
fn a_plugin_is_told_what_is_wanted_where_it_is_calibrated_for_that_and_the_user_has_the_last_word() {
    let told = |plugin, config, purpose| {
        let registry = load(scorer(config, purpose), &[plugin], Vec::new());
        (of(&registry).config().clone(), of(&registry).scores().and_then(Scores::purpose))
    };
    let kto = json!({"for": "kto"});
    assert_eq!(told(&IN_RUST, json!({}), Purpose::KTO), (kto.clone(), Some(Purpose::KTO)));
    assert_eq!(told(&IN_RUST, kto.clone(), Purpose::ALL), (kto.clone(), Some(Purpose::KTO)));
    assert_eq!(told(&IN_RUST_FOR_KTO, json!({}), Purpose::KTO), (kto, Some(Purpose::KTO)));

    let dir = tempfile::tempdir().unwrap();
    compiled(dir.path(), "0.75f", "kto UR1");
    let registry = load(scorer(json!({}), Purpose::ALL), &[], vec![dir.path().to_owned()]);
    assert_eq!(of(&registry).config(), &json!({}), "it is not calibrated for that");
    assert_eq!(of(&registry).scores().unwrap().purpose(), None);
}

#[test]
fn a_model_file_lies_beside_the_config_and_identifies_the_plugin_by_its_content() {
    let [here, there] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    for dir in [&here, &there] {
        std::fs::write(dir.path().join("a.rjm"), b"trained").unwrap();
    }
    let loaded = |folder: &Path| {
        let spec =
            PluginSpec { folder: Some(folder.to_owned()), ..scorer(json!({"model": "a.rjm"}), Purpose::ALL) };
        load(spec, &[&IN_RUST], Vec::new())
    };
    let (one, other) = (loaded(here.path()), loaded(there.path()));
    let file = here.path().join("a.rjm");
    assert_eq!(of(&one).config(), &json!({"for": "all", "model": file}));
    let scores = of(&one).scores().unwrap();
    assert_eq!((scores.model(), scores.model_file()), (Some(&b"trained"[..]), Some(file.as_path())));
    let content = json!({"for": "all", "model": blake3::hash(b"trained").to_hex().as_str()});
    let whole = json!(["scorer", "7", "", content]).to_string();
    assert_eq!(of(&one).identity(), &blake3::hash(whole.as_bytes()).to_hex()[..16]);
    assert_eq!(of(&one).identity(), of(&other).identity(), "the same model elsewhere");

    std::fs::write(&file, b"trained anew").unwrap();
    assert_ne!(of(&loaded(here.path())).identity(), of(&one).identity(), "another model at the same place");
}

#[test]
fn a_plugin_that_declares_no_scores_gets_its_configuration_as_it_stands() {
    let dir = tempfile::tempdir().unwrap();
    let library = c_plugin(dir.path(), "plain", 5, "", "");
    let spec = PluginSpec {
        config: json!({"model": "a.rjm"}),
        purpose: Purpose::KTO,
        folder: Some(dir.path().to_owned()),
        ..PluginSpec::at(library)
    };
    let registry = load(spec, &[], Vec::new());
    assert_eq!(of(&registry).config(), &json!({"model": "a.rjm"}));
    assert_eq!(of(&registry).scores(), None);
}

#[test]
fn a_plugin_whose_purposes_are_none_is_refused_with_the_word_that_is_wrong() {
    let dir = tempfile::tempdir().unwrap();
    let spec = PluginSpec::at(compiled(dir.path(), "0.75f", "all praise"));
    let error = Registry::load(&[spec], &LoadContext::default()).unwrap_err().to_string();
    assert!(
        error.contains(
            "its score_purposes name `praise`: expected all, sft, kto, or categories such as UR2,UR5"
        ),
        "{error}"
    );
}

#[test]
fn the_kit_checks_what_is_declared() {
    let dir = tempfile::tempdir().unwrap();
    let check = |library: &Path| conformance::run("scores", library, &Setting::default()).unwrap();
    let folder = |name: &str| {
        let folder = dir.path().join(name);
        std::fs::create_dir(&folder).unwrap();
        folder
    };
    assert_eq!(check(&compiled(&folder("good"), "0.75f", "")), Outcome::Passed);
    let unequal = check(&compiled(&folder("unequal"), "0.5f", "sft"));
    assert!(
        matches!(&unequal, Outcome::Failed(why) if why.contains("for = \"sft\", candidate 0") && why.contains("sum to 0.75")),
        "{unequal:?}"
    );
    let plain = c_plugin(dir.path(), "plain", 5, "", "");
    assert_eq!(check(&plain), Outcome::Skipped("it does not declare RJN_GIVES_SCORES".into()));
}
