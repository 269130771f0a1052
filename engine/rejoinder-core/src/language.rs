//! The language that a text is written in: a condition of rules whose words mean something else in other languages
//! ("no", "gift", "chat").

use std::fmt;
use std::str::FromStr;

use whichlang::Lang;

/// How much text is read, in bytes: more makes the answer no surer.
const ENOUGH: usize = 320;

const KNOWN: [(&str, Lang); 16] = [
    ("ar", Lang::Ara),
    ("de", Lang::Deu),
    ("en", Lang::Eng),
    ("es", Lang::Spa),
    ("fr", Lang::Fra),
    ("hi", Lang::Hin),
    ("it", Lang::Ita),
    ("ja", Lang::Jpn),
    ("ko", Lang::Kor),
    ("nl", Lang::Nld),
    ("pt", Lang::Por),
    ("ru", Lang::Rus),
    ("sv", Lang::Swe),
    ("tr", Lang::Tur),
    ("vi", Lang::Vie),
    ("zh", Lang::Cmn),
];

/// A language that is told from the others. A text in a language that is not among them counts as the most similar one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Language(Lang);

impl Language {
    /// The ISO 639-1 codes of all languages that are told apart.
    pub const CODES: [&'static str; KNOWN.len()] = {
        let mut codes = [""; KNOWN.len()];
        let mut i = 0;
        while i < codes.len() {
            codes[i] = KNOWN[i].0;
            i += 1;
        }
        codes
    };

    /// The ISO 639-1 code, such as `en`.
    pub fn code(self) -> &'static str {
        KNOWN.iter().find(|(_, lang)| *lang == self.0).map_or("", |(code, _)| code)
    }

    /// The language of the texts taken together, of which the first few hundred bytes are read; `None` where they hold
    /// no letter.
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
        sample.contains(char::is_alphabetic).then(|| Self(whichlang::detect_language(&sample)))
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
        KNOWN.iter().find(|(known, _)| *known == code).map(|(_, lang)| Self(*lang)).ok_or(UnknownLanguage)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> &'static str {
        Language::of(std::iter::once(text)).map_or("", Language::code)
    }

    #[test]
    fn tells_languages_apart_by_a_few_words() {
        assert_eq!(code("are you sure?"), "en");
        assert_eq!(code("no, eso no es lo que pedí"), "es");
        assert_eq!(code("Nein, ich wollte Python"), "de");
        assert_eq!(code("请解释一下"), "zh");
        assert_eq!(code("この車のエンジン"), "ja");
        assert_eq!(code("Объясни, пожалуйста"), "ru");
        assert_eq!([code("1234 5678"), code("")], ["", ""]);
    }

    #[test]
    fn every_code_is_read_back() {
        for code in Language::CODES {
            assert_eq!(code.parse::<Language>().unwrap().code(), code);
        }
        assert!("xx".parse::<Language>().is_err());
    }
}
