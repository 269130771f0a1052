//! Detection: first the script, then the language among those that share it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use whichlang::Lang;

use super::neighbours;
use super::script::Script;

/// How much text is read, in bytes: more makes the answer no surer.
const ENOUGH: usize = 320;

/// A language that can be detected: by its script, or, where languages share the script, by a statistical guess that holds
/// unless words and letters speak for another language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Language(&'static str);

impl Language {
    /// The ISO 639-1 codes of all languages that are told apart.
    pub const CODES: [&'static str; 73] = [
        "af", "am", "ar", "az", "be", "bg", "bn", "bo", "ca", "cs", "cy", "da", "de", "el", "en", "eo", "es",
        "et", "eu", "fa", "fi", "fr", "ga", "gl", "gu", "he", "hi", "hr", "hu", "hy", "id", "is", "it", "ja",
        "ka", "kk", "km", "kn", "ko", "lo", "lt", "lv", "mk", "ml", "mn", "mr", "my", "nb", "ne", "nl", "or",
        "pa", "pl", "ps", "pt", "ro", "ru", "si", "sk", "sl", "sq", "sr", "sv", "sw", "ta", "te", "th", "tl",
        "tr", "uk", "ur", "vi", "zh",
    ];

    /// The ISO 639-1 code, such as `en`.
    pub const fn code(self) -> &'static str {
        self.0
    }

    /// The language of the texts taken together. Their first few hundred bytes are read. `None` where the texts hold no
    /// letter, and where the language is none of [`Self::CODES`].
    pub fn of<'a>(texts: impl Iterator<Item = &'a str>) -> Option<Self> {
        let mut sample = String::with_capacity(ENOUGH);
        for text in texts {
            let room = ENOUGH.saturating_sub(sample.len());
            if room == 0 {
                break;
            }
            sample.push_str(&text[..text.floor_char_boundary(room)]);
            sample.push('\n');
        }
        let nearest = whichlang::detect_language(&sample);
        let code = match Script::most_of(&sample, script_of(nearest))? {
            Script::Latin => {
                let guess = latin(nearest).or_else(|| {
                    sample.retain(|c| c.is_ascii() || Script::of(c) == Script::Latin);
                    latin(whichlang::detect_language(&sample))
                });
                neighbours::LATIN.language(&sample, guess)
            }
            Script::Cyrillic => neighbours::CYRILLIC.language(&sample, Some("ru")),
            Script::Arabic => neighbours::ARABIC.language(&sample, Some("ar")),
            Script::Devanagari => neighbours::DEVANAGARI.language(&sample, Some("hi")),
            Script::HanAndKana => Some(match nearest {
                Lang::Cmn => "zh",
                Lang::Jpn => "ja",
                _ if sample.contains(|c| matches!(c, 'ぁ'..='ヿ' | 'ㇰ'..='ㇿ' | 'ｦ'..='ﾝ')) => "ja",
                _ => "zh",
            }),
            Script::Of(code) => Some(code),
            Script::Other => None,
        };
        code.map(Self)
    }
}

pub(super) fn script_of(lang: Lang) -> Script {
    match lang {
        Lang::Ara => Script::Arabic,
        Lang::Cmn | Lang::Jpn => Script::HanAndKana,
        Lang::Hin => Script::Devanagari,
        Lang::Kor => Script::Of("ko"),
        Lang::Rus => Script::Cyrillic,
        _ => Script::Latin,
    }
}

/// The code of a language in Latin script.
pub(super) fn latin(lang: Lang) -> Option<&'static str> {
    match lang {
        Lang::Deu => Some("de"),
        Lang::Eng => Some("en"),
        Lang::Fra => Some("fr"),
        Lang::Ita => Some("it"),
        Lang::Nld => Some("nl"),
        Lang::Por => Some("pt"),
        Lang::Spa => Some("es"),
        Lang::Swe => Some("sv"),
        Lang::Tur => Some("tr"),
        Lang::Vie => Some("vi"),
        Lang::Ara | Lang::Cmn | Lang::Hin | Lang::Jpn | Lang::Kor | Lang::Rus => None,
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

/// The text is not one of [`Language::CODES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownLanguage;

impl fmt::Display for UnknownLanguage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected one of {}", Language::CODES.join(", "))
    }
}

impl std::error::Error for UnknownLanguage {}

impl FromStr for Language {
    type Err = UnknownLanguage;

    fn from_str(code: &str) -> Result<Self, UnknownLanguage> {
        Self::CODES.iter().find(|known| **known == code).map(|known| Self(known)).ok_or(UnknownLanguage)
    }
}

impl Serialize for Language {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Language {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}
