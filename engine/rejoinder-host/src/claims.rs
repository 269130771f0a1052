//! Scores that a plugin gives only where its configuration claims them: a plugin whose schema has a key of the format
//! `score-purposes` is the score where the key is given, for the purposes that it names, and only votes where it is left out.

use rejoinder_core::Purpose;
use serde_json::Value;

use crate::handshake::Description;
use crate::{Problem, ScoreDeclaration, pointer_step};

/// The format of a schema's string that names the purposes for which scores are calibrated, with blanks between them.
const PURPOSES: &str = "score-purposes";

/// Takes out of a description the scores that the configuration does not claim. A schema without such a key, and a plugin that
/// declares no scores, are left as they are.
///
/// # Errors
/// The configuration claims what is no purpose, or one that the plugin does not declare; then it has claimed nothing.
pub(crate) fn narrow(description: &mut Description, config: &Value) -> Result<(), Problem> {
    let Some(declared) = description.scores.take() else { return Ok(()) };
    let claimed = claimed(&description.config_schema, config, &declared);
    description.scores = claimed.as_ref().ok().cloned().flatten();
    description.gives.scores = description.scores.is_some();
    claimed.map(drop)
}

/// What a plugin that declares scores gives with a configuration; nothing where the configuration claims none.
fn claimed(
    schema: &str,
    config: &Value,
    declaration: &ScoreDeclaration,
) -> Result<Option<ScoreDeclaration>, Problem> {
    let schema: Value = serde_json::from_str(schema).unwrap_or_default();
    let properties = schema["properties"].as_object().into_iter().flatten();
    let Some(key) = properties.filter(|(_, about)| about["format"] == PURPOSES).map(|(key, _)| key).next()
    else {
        return Ok(Some(declaration.clone()));
    };
    let Some(claim) = config[key].as_str() else { return Ok(None) };
    let problem = |message| Problem { pointer: pointer_step(key), message, known: Vec::new() };
    let mut purposes: Vec<Purpose> = Vec::new();
    for word in claim.split_whitespace() {
        let purpose = word.parse().map_err(|_| {
            problem(format!(
                "`{}` is no purpose: expected all, sft, kto, or categories such as UR2,UR5, with blanks between one purpose \
                 and the next",
                word.escape_debug()
            ))
        })?;
        if !declaration.covers(purpose) {
            return Err(problem(format!("the plugin's scores are never calibrated for `{purpose}`")));
        }
        purposes.push(purpose);
    }
    match purposes.is_empty() {
        true => Err(problem("it names no purpose; left out, the plugin gives no scores".into())),
        false => Ok(Some(ScoreDeclaration { purposes, has_model: declaration.has_model })),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SCHEMA: &str = r#"{"properties": {"a/b": {"format": "score-purposes"}, "c": {"format": "path"}}}"#;

    fn declared(purposes: &[Purpose]) -> ScoreDeclaration {
        ScoreDeclaration { purposes: purposes.to_vec(), has_model: false }
    }

    #[test]
    fn a_plugin_with_such_a_key_scores_where_it_is_given() {
        let of = |config| claimed(SCHEMA, &config, &declared(&[])).unwrap();
        assert_eq!(of(json!({"c": "all"})), None);
        assert_eq!(of(json!({"a/b": " all\tkto"})), Some(declared(&[Purpose::ALL, Purpose::KTO])));
        for schema in ["", r#"{"properties": {"a/b": {}}}"#] {
            let as_declared = claimed(schema, &json!({}), &declared(&[Purpose::KTO])).unwrap();
            assert_eq!(as_declared, Some(declared(&[Purpose::KTO])));
        }
    }

    #[test]
    fn a_description_says_what_is_left() {
        let left = |config| {
            let mut description = Description {
                scores: Some(declared(&[])),
                config_schema: SCHEMA.into(),
                ..Description::default()
            };
            (description.gives.votes, description.gives.scores) = (true, true);
            let claim = narrow(&mut description, &config);
            (claim.is_ok(), description.gives.to_string(), description.scores)
        };
        assert_eq!(left(json!({})), (true, "votes".into(), None));
        assert_eq!(left(json!({"a/b": "x"})), (false, "votes".into(), None));
        let for_all = Some(declared(&[Purpose::ALL]));
        assert_eq!(left(json!({"a/b": "all"})), (true, "votes, scores".into(), for_all));
    }

    #[test]
    fn a_claim_that_cannot_be_has_a_place() {
        let told =
            |claim: &str| claimed(SCHEMA, &json!({"a/b": claim}), &declared(&[Purpose::KTO])).unwrap_err();
        for (claim, words) in [
            ("kto, sft", "`kto,` is no purpose"),
            ("kto all", "the plugin's scores are never calibrated for `all`"),
            ("", "it names no purpose"),
        ] {
            let problem = told(claim);
            assert_eq!(problem.pointer, "/a~1b");
            assert!(problem.message.starts_with(words), "{}", problem.message);
        }
    }
}
