//! `[input]`, `[rules]` and `[output]`: which conversations are read, by which rules, and how the output is cut.

use rejoinder_read::{Duplicates, Format, InputOptions, Mapping, Record, language};
use rejoinder_rules::Pack;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{KeyProblem, keys};

/// `[input]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct InputConfig {
    /// The shape of the records, where it is not to be told by the content.
    #[schemars(schema_with = "keys::format_schema")]
    pub format: Option<Format>,
    /// Names of the keys in shapes that are not known.
    #[schemars(with = "keys::MappingSchema")]
    pub map: Mapping,
    /// Whether records that belong together are joined: calls that repeat what was said before, messages of one session,
    /// pieces of one conversation. Without it each record is read by itself, but for messages a record.
    pub join: bool,
    /// Conversations with fewer messages are left out; 4 is the paper's choice.
    pub min_messages: usize,
    /// Conversations in other languages are left out: ISO 639 codes or English names, and `und` for those that nobody
    /// can tell; empty = all are kept. The language is the corpus's word for it, else detected from what the user wrote.
    pub lang: Vec<String>,
    /// Whether conversations that stand in the input before are left out: `keep` leaves none out, `exact` those with the
    /// same roles and texts, `near` those that differ in case, punctuation and spacing only. Takes one more reading of
    /// the input, and some twenty bytes of memory a conversation.
    #[schemars(schema_with = "keys::duplicates_schema")]
    pub duplicates: Duplicates,
    /// Longer records are set aside.
    pub max_record_bytes: usize,
}

/// Why a conversation is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExclusionReason {
    /// The conversation has fewer messages than `min-messages`.
    TooShort,
    /// The conversation is in none of the languages of `lang`.
    OtherLanguage,
}

impl InputConfig {
    /// How files are to be read.
    pub const fn asked(&self) -> InputOptions<'_> {
        InputOptions { format: self.format, mapping: &self.map, joins: self.join }
    }

    /// Whether the config leaves a conversation out, and why.
    pub fn leaves_out(&self, record: &Record<'_>) -> Option<ExclusionReason> {
        if record.conversation.messages.len() < self.min_messages {
            return Some(ExclusionReason::TooShort);
        }
        if self.lang.is_empty() {
            return None;
        }
        let own = language::of(record);
        let is_wanted = self.lang.iter().any(|wanted| language_code(wanted) == Some(own));
        (!is_wanted).then_some(ExclusionReason::OtherLanguage)
    }

    /// Checks what the schema alone cannot say.
    ///
    /// # Errors
    /// If a value cannot be used.
    pub fn check(&self) -> Result<(), KeyProblem> {
        self.map.check().map_err(|why| KeyProblem::new("/map", why.to_string()))?;
        match self.lang.iter().find(|name| language_code(name).is_none()) {
            Some(name) => {
                let shown = name.escape_debug();
                Err(KeyProblem::new(
                    "/lang",
                    format!("`{shown}` is no language: give ISO 639 codes, such as en or de, or und"),
                ))
            }
            None => Ok(()),
        }
    }
}

fn language_code(name: &str) -> Option<&'static str> {
    if name == language::UNDETERMINED { Some(language::UNDETERMINED) } else { language::code(name) }
}

impl Default for InputConfig {
    fn default() -> Self {
        Self {
            format: None,
            map: Mapping::default(),
            join: true,
            min_messages: 0,
            lang: Vec::new(),
            duplicates: Duplicates::Keep,
            max_record_bytes: 16 << 20,
        }
    }
}

/// `[rules]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct RulesConfig {
    /// Shipped names or paths; `*` stands for the shipped packs that are not named otherwise.
    pub packs: Vec<String>,
    /// Ids of rules that are not in force.
    pub disable: Vec<String>,
    /// What becomes of later turns in languages that no pack is for, where no rule without words marks them and no score
    /// ranks them: `pass-over` counts them as not looked at, `ask` lets them wait for the judge.
    pub other_languages: OtherLanguages,
}

/// What becomes of later turns in languages that no pack is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OtherLanguages {
    /// They are counted as not looked at.
    #[default]
    PassOver,
    /// They wait for the judge.
    Ask,
}

impl Default for RulesConfig {
    fn default() -> Self {
        Self {
            packs: Pack::shipped().map(str::to_owned).collect(),
            disable: Vec::new(),
            other_languages: OtherLanguages::default(),
        }
    }
}

/// `[output]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct OutputConfig {
    /// A part ends after this many mebibytes of input; what a kill can undo.
    pub part_mib: u64,
}

impl Default for OutputConfig {
    fn default() -> Self {
        Self { part_mib: 64 }
    }
}
