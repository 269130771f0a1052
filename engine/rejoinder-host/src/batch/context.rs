//! What goes along with the messages of a conversation.

use std::borrow::Cow;

/// What plugins may know of a conversation beside its messages.
#[derive(Clone, Copy, Debug, Default)]
pub struct ConversationContext<'c> {
    /// The language as a code of ISO 639; empty or `und` where it is not determined.
    pub language: &'c str,
    /// The metadata columns of the record: name, and value, a string as it is and anything else as JSON. To be left empty
    /// where no plugin wants them ([`Registry::wants_columns`](crate::Registry::wants_columns)).
    pub columns: &'c [(Cow<'c, str>, Cow<'c, str>)],
}

impl ConversationContext<'_> {
    /// The language in four bytes, filled up with zeros.
    pub(super) fn code(&self) -> [u8; 4] {
        let mut code = [0; 4];
        let given = self.language.as_bytes();
        if given.is_ascii() && given.len() <= code.len() && given != b"und" {
            code[..given.len()].copy_from_slice(given);
        }
        code
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_four_bytes_or_none() {
        let code = |language| ConversationContext { language, ..ConversationContext::default() }.code();
        assert_eq!([code("en"), code("yue"), code("und"), code("")], [*b"en\0\0", *b"yue\0", [0; 4], [0; 4]]);
        assert_eq!(code("zh-Hans"), [0; 4]);
    }
}
