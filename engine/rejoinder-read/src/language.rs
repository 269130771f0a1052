//! The language of a conversation: as the corpus names it, or detected.

use std::cell::RefCell;
use std::collections::HashMap;

use isolang::Language as Iso;
use rejoinder_core::Role;
use rejoinder_core::language::Language;

use crate::record::Record;

/// The code for a language that cannot be told, because the conversation has no letters.
pub const UNDETERMINED: &str = "und";

/// Columns in which corpora name the language.
const COLUMNS: [&str; 2] = ["language", "lang"];

/// The ISO 639 code of a conversation's language, of two letters where there is one, else of three. The corpus may name the
/// language or give its code; else it is detected from what the user wrote; else it is [`UNDETERMINED`].
pub fn of(record: &Record<'_>) -> &'static str {
    given(record).unwrap_or_else(|| {
        let users = record.conversation.messages.iter().filter(|m| m.role == Role::User);
        Language::of(users.map(|m| &*m.text)).map_or(UNDETERMINED, Language::code)
    })
}

/// The ISO 639 code of a conversation's language, where the corpus gives a name or a code.
pub fn given(record: &Record<'_>) -> Option<&'static str> {
    COLUMNS.iter().find_map(|column| code_of_value(record.column(column)?.get()))
}

/// A corpus has few languages, and each is looked up in a list of thousands of names: the codes of so many values are kept.
const MOST_KNOWN: usize = 256;

thread_local! {
    static KNOWN: RefCell<HashMap<String, Option<&'static str>>> = RefCell::default();
}

/// The code of a language by the JSON text of a column's value.
fn code_of_value(value: &str) -> Option<&'static str> {
    KNOWN.with_borrow_mut(|known| {
        if let Some(code) = known.get(value) {
            return *code;
        }
        let code = serde_json::from_str::<String>(value).ok().and_then(|name| code(&name));
        if known.len() < MOST_KNOWN {
            known.insert(value.to_owned(), code);
        }
        code
    })
}

/// The code of a language given by its English name or by a code, such as `German`, `de`, `deu` or `de-AT`.
pub fn code(name: &str) -> Option<&'static str> {
    let tag = name.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    let known = match tag.len() {
        2 => Iso::from_639_1(&tag),
        3 => Iso::from_639_3(&tag),
        _ => Iso::from_name(name),
    };
    let language = known.or_else(|| Iso::from_name(name)).filter(|known| *known != Iso::Und)?;
    Some(language.to_639_1().unwrap_or_else(|| language.to_639_3()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Mapping;

    #[test]
    fn names_and_codes_are_known() {
        let codes = ["English", "de", "deu", "pt-BR", "Chinese", "Cebuano", "zh_Hant"].map(code);
        assert_eq!(
            codes,
            [Some("en"), Some("de"), Some("de"), Some("pt"), Some("zh"), Some("ceb"), Some("zh")]
        );
        assert_eq!(["unknown", "und", "", "Klingonese", "a-b"].map(code), [None; 5]);
    }

    #[test]
    fn the_corpus_is_believed_and_otherwise_the_user_is_read() {
        let of_line = |columns: &str, text: &str| {
            let line = format!(r#"{{{columns}"messages":[{{"role":"user","content":"{text}"}}]}}"#);
            of(&Record::parse(line.as_bytes(), &Mapping::default()).unwrap())
        };
        assert_eq!(of_line(r#""language":"Polish","#, "thank you so much"), "pl");
        assert_eq!(of_line(r#""lang":"pt-BR","#, "hello"), "pt");
        assert_eq!(of_line(r#""language":"unknown","#, "thank you so much"), "en");
        assert_eq!(of_line(r#""language":null,"#, "vielen Dank für die Antwort"), "de");
        assert_eq!(of_line("", "42 + 1"), UNDETERMINED);
    }
}
