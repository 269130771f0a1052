//! What a key of a rule file holds.

/// A key of a rule file.
pub(crate) struct Key {
    /// The key as authors write it.
    pub(crate) name: &'static str,
    /// What the key means, in a sentence for the authors of rules.
    pub(crate) meaning: &'static str,
    /// What stands behind it.
    pub(crate) value: ValueKind,
    /// Whether the table is unsound without it.
    pub(crate) is_required: bool,
}

/// What stands behind a key.
#[derive(Clone, Copy)]
pub(crate) enum ValueKind {
    /// The number of the format.
    FormatNumber,
    /// Any text.
    Text,
    /// The id of a rule.
    RuleId,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// True or false.
    Truth,
    /// A whole number, at least 1.
    WordCount,
    /// A number of any size.
    Number,
    /// A number from 0 to 1.
    Share,
    /// A number above 0 and up to 1.
    PositiveShare,
    /// A number, at least 0.
    Money,
    /// A share, or a table of these keys.
    ShareOrTable(&'static [Key]),
    /// A list.
    List(ListItem),
    /// A table of these keys.
    Table(&'static [Key]),
    /// A table of these keys, at least one of them.
    FilledTable(&'static [Key]),
    /// A list of tables of these keys.
    Tables(&'static [Key]),
    /// A table of lists of phrases, each by its name.
    PhraseLists,
    /// A table of conditions on columns, each by the name of its column.
    ColumnConditions,
    /// A table of values of columns, each by the name of its column.
    ColumnValues,
    /// A table of what plugins tell, each by the name of its fact.
    FactValues,
}

/// An item of a list.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ListItem {
    /// Text to be found word for word, or the name of a list behind `@`.
    Phrase,
    /// A regex.
    Regex,
    /// The id of a rule.
    RuleId,
    /// A shipped pack, or the path of a rule file.
    Pack,
    /// The code of a language.
    LanguageCode,
    /// The code of a language that is told of a conversation.
    Language,
    /// The code of a warning.
    Warning,
    /// A condition on what a plugin tells.
    FactCondition,
    /// A message of a dialogue, behind its role.
    Message,
}

impl ListItem {
    /// Whether the items are short words, many of which stand in a line.
    pub(crate) const fn is_short(self) -> bool {
        match self {
            Self::Phrase | Self::RuleId | Self::LanguageCode | Self::Language | Self::Warning => true,
            Self::Regex | Self::Pack | Self::FactCondition | Self::Message => false,
        }
    }
}
