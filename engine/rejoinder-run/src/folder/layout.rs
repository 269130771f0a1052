//! The layouts of a run's folder: the manifest of an earlier one is read as what it meant when it was written.

use rejoinder_scan::{ScoreRole, SetAside};
use serde::Deserialize;
use serde_json::{Value, json};

use super::manifest::{FORMAT, Manifest};

/// The layout before scores decided by default.
const WITHOUT_SCORE: u32 = 4;

/// Why a manifest cannot be used.
#[derive(Debug)]
pub(super) enum LayoutError {
    /// It is damaged.
    Unusable(serde_json::Error),
    /// It has a layout that this engine does not know.
    Unknown(u32),
}

impl From<serde_json::Error> for LayoutError {
    fn from(error: serde_json::Error) -> Self {
        Self::Unusable(error)
    }
}

/// Reads a manifest of this layout or of one that this engine goes on with.
pub(super) fn read(text: &str) -> Result<Manifest, LayoutError> {
    #[derive(Deserialize)]
    struct Layout {
        format: u32,
    }
    let Layout { format } = serde_json::from_str(text)?;
    match format {
        FORMAT => Ok(serde_json::from_str(text)?),
        WITHOUT_SCORE => {
            let mut written: Value = serde_json::from_str(text)?;
            written["format"] = FORMAT.into();
            written["score"] = json!(ScoreRole::Off);
            let mut manifest: Manifest = serde_json::from_value(written)?;
            leave_score_as_it_was(&mut manifest);
            Ok(manifest)
        }
        other => Err(LayoutError::Unknown(other)),
    }
}

/// Without cuts or a recall rules decided alone.
fn leave_score_as_it_was(manifest: &mut Manifest) {
    let cascade = &mut manifest.config.cascade;
    if cascade.cuts().is_some() {
        manifest.score = ScoreRole::Told;
    } else if !cascade.is_told() {
        cascade.score = false;
        manifest.score = ScoreRole::SetAside(SetAside::OlderRun);
    }
}
