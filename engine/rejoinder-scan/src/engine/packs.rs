//! The packs in force, and the languages that they are for.

use rejoinder_read::language::{self, UNDETERMINED};
use rejoinder_rules::Pack;

use super::Engine;

/// A pack in force.
#[derive(Clone, Debug)]
pub struct PackInfo {
    /// The name of the pack in the config, or in the pack that extends it.
    pub name: String,
    /// The author's version; empty if there is none.
    pub version: String,
    /// The file that the pack was read from.
    pub file: String,
    /// blake3 hash of the file's text.
    pub hash: String,
    /// The languages that the pack is for, as ISO 639 codes; empty where the pack does not say.
    pub lang: Vec<&'static str>,
}

impl Engine {
    /// Whether a pack in force is for a language; also true where nobody can know: no pack names its languages, or the
    /// language is not determined.
    pub fn reads(&self, language: &str) -> bool {
        is_read(language, self.packs.iter().map(|pack| pack.lang.as_slice()))
    }
}

/// The languages that a pack is for, as ISO 639 codes; empty where the pack does not say.
pub fn languages_of(pack: &Pack) -> Vec<&'static str> {
    pack.content.lang.iter().filter_map(|name| language::code(name)).collect()
}

/// Whether one of some packs is for a language; also true where nobody can know: no pack names its languages, or the
/// language is not determined. `packs` gives the languages of each pack.
pub fn is_read<'p, L: AsRef<str> + 'p>(language: &str, packs: impl Iterator<Item = &'p [L]>) -> bool {
    let mut says = false;
    let mut is_among = false;
    for lang in packs {
        says |= !lang.is_empty();
        is_among |= lang.iter().any(|code| code.as_ref() == language);
    }
    is_among || !says || language == UNDETERMINED
}
