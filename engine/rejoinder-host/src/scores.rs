//! Plugins that score: what they declare, what they are told of the run for it, and the model that they score by.

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};

use rejoinder_core::Purpose;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::handshake::Description;
use crate::paths::{self, ConfiguredFile};
use crate::{LoadCause, PluginSpec, Problem, claims};

/// The key of a configuration that says what the score is to be the probability of.
const FOR: &str = "for";
/// The key of a configuration that names a model file.
const MODEL: &str = "model";

/// What a plugin that scores declares: its probabilities are calibrated, and its score is the probability of what it is told
/// to look for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScoreDeclaration {
    /// What the score is calibrated for; empty: whatever is wanted.
    pub purposes: Vec<Purpose>,
    /// Whether the plugin has a model of its own, in the engine's format.
    pub has_model: bool,
}

impl ScoreDeclaration {
    /// Whether the score is calibrated for a purpose.
    pub fn covers(&self, purpose: Purpose) -> bool {
        self.purposes.is_empty() || self.purposes.contains(&purpose)
    }
}

/// The scores of a loaded plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scores {
    purpose: Option<Purpose>,
    model: Option<Cow<'static, [u8]>>,
    model_file: Option<PathBuf>,
}

impl Scores {
    /// What the score is the probability of; `None` where the plugin is not calibrated for what is wanted, so that only its
    /// probabilities of the categories count.
    pub const fn purpose(&self) -> Option<Purpose> {
        self.purpose
    }

    /// The bytes of the model by which the plugin scores, where that has the engine's format: those of the configured file,
    /// as it was when the plugin was loaded, else those of the plugin's own model.
    pub fn model(&self) -> Option<&[u8]> {
        self.model.as_deref()
    }

    /// The model file that the configuration names, as an absolute path.
    pub fn model_file(&self) -> Option<&Path> {
        self.model_file.as_deref()
    }
}

/// A plugin's configuration, completed by what its declaration and its schema ask for.
#[derive(Debug)]
pub(crate) struct Settings {
    /// What the plugin is started with.
    pub config: Value,
    /// What of it counts for the plugin's identity: a file by its content. The file may lie elsewhere and be the same, or
    /// stay where it is and be another.
    pub identifying: Value,
    /// The files that the schema marks.
    pub files: Vec<ConfiguredFile>,
    /// What is wrong with the configuration, whatever the schema says.
    pub problems: Vec<Problem>,
    declaration: Option<ScoreDeclaration>,
    model: Option<(PathBuf, io::Result<Vec<u8>>)>,
}

impl Settings {
    /// The settings of a plugin, whose description keeps the scores that they claim; the files that they name are read.
    pub fn new(spec: &PluginSpec, description: &mut Description) -> Self {
        let (mut config, folder) = (spec.config.clone(), spec.folder.as_deref());
        let files = paths::complete(&description.config_schema, &mut config, folder);
        let mut problems: Vec<Problem> = claims::narrow(description, &config).err().into_iter().collect();
        let declaration = description.scores.clone();
        let file =
            declaration.as_ref().and_then(|scores| complete(&mut config, scores, spec.purpose, folder));
        let mut identifying = config.clone();
        paths::identify(&files, &mut identifying).unwrap_or_else(|unread| problems.extend(unread));
        let model = file.map(|file| {
            let read = std::fs::read(&file);
            if let Ok(bytes) = &read {
                identifying[MODEL] = blake3::hash(bytes).to_hex().as_str().into();
            }
            (file, read)
        });
        Self { config, identifying, files, problems, declaration, model }
    }

    /// Whether the plugin scores by its own model, and that has the engine's format.
    pub fn uses_own_model(&self) -> bool {
        self.model.is_none() && self.declaration.as_ref().is_some_and(|declaration| declaration.has_model)
    }

    /// The scores of the plugin, once it has started; `own` is its own model, which counts where [`Self::uses_own_model`].
    ///
    /// # Errors
    /// The model file could not be read.
    pub fn scores(self, name: &str, own: Cow<'static, [u8]>) -> Result<Option<Scores>, LoadCause> {
        let uses_own = self.uses_own_model();
        let Some(declaration) = self.declaration else { return Ok(None) };
        let purpose = self.config.get(FOR).and_then(Value::as_str).and_then(|text| text.parse().ok());
        let (model, model_file) = match self.model {
            Some((file, read)) => {
                let bytes = read.map_err(|e| LoadCause::Create {
                    name: name.to_owned(),
                    reason: format!("cannot read the model `{}`: {e}", file.display()),
                })?;
                (declaration.has_model.then_some(Cow::Owned(bytes)), Some(file))
            }
            None => (uses_own.then_some(own), None),
        };
        Ok(Some(Scores { purpose, model, model_file }))
    }
}

/// Completes the configuration of a plugin that scores: says what the score is for, and makes the path of a model absolute,
/// which is returned.
pub(crate) fn complete(
    config: &mut Value,
    declaration: &ScoreDeclaration,
    purpose: Purpose,
    folder: Option<&Path>,
) -> Option<PathBuf> {
    let table = config.as_object_mut()?;
    if declaration.covers(purpose) {
        table.entry(FOR).or_insert_with(|| purpose.to_string().into());
    }
    let Some(Value::String(model)) = table.get_mut(MODEL) else { return None };
    if let Some(folder) = folder {
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        *model = folder.join(&*model).display().to_string();
    }
    Some(PathBuf::from(&*model))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn settings(config: Value, purposes: &[Purpose], folder: Option<&Path>) -> Settings {
        let spec = PluginSpec {
            config,
            purpose: Purpose::KTO,
            folder: folder.map(Path::to_owned),
            ..PluginSpec::named("x")
        };
        let declaration = ScoreDeclaration { purposes: purposes.to_vec(), has_model: true };
        Settings::new(&spec, &mut Description { scores: Some(declaration), ..Description::default() })
    }

    #[test]
    fn a_plugin_that_scores_is_told_what_for_unless_the_user_has_said_it_or_it_is_not_calibrated_for_that() {
        let told = |config, purposes: &[Purpose]| settings(config, purposes, None).config;
        assert_eq!(told(json!({}), &[]), json!({"for": "kto"}));
        assert_eq!(told(json!({"for": "sft"}), &[]), json!({"for": "sft"}));
        assert_eq!(told(json!({}), &[Purpose::ALL, Purpose::KTO]), json!({"for": "kto"}));
        assert_eq!(told(json!({}), &[Purpose::ALL]), json!({}));
        let silent = Settings::new(&PluginSpec::named("x"), &mut Description::default());
        assert_eq!(silent.config, json!({}));
    }

    #[test]
    fn a_model_counts_by_its_content_and_lies_in_the_folder_of_the_config() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.rjm");
        std::fs::write(&file, b"bytes").unwrap();
        let settings = settings(json!({"model": "a.rjm"}), &[], Some(dir.path()));
        assert_eq!(settings.config, json!({"model": file, "for": "kto"}));
        let hash = blake3::hash(b"bytes").to_hex().to_string();
        assert_eq!(settings.identifying, json!({"model": hash, "for": "kto"}));
        let scores = settings.scores("x", Cow::Borrowed(b"own")).unwrap().unwrap();
        assert_eq!((scores.model(), scores.model_file()), (Some(&b"bytes"[..]), Some(file.as_path())));
        assert_eq!(scores.purpose(), Some(Purpose::KTO));
    }

    #[test]
    fn a_model_that_cannot_be_read_is_named() {
        let settings = settings(json!({"model": "no/such.rjm"}), &[], None);
        assert_eq!(settings.identifying, settings.config);
        let refused = settings.scores("x", Cow::Borrowed(b"own")).unwrap_err();
        assert!(refused.to_string().contains("cannot read the model `no/such.rjm`"), "{refused}");
    }
}
