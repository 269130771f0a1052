//! Where in a rule file a key stands, and so what is known of it.

use crate::keys::{FILE, Key, ListItem, ValueKind};

/// What is known of the value, or of the table, at a place.
#[derive(Clone, Copy)]
pub(super) enum Place {
    /// The value of a key of rule files.
    Known(ValueKind),
    /// A value under a name that authors give, such as that of a column.
    Named,
    /// Under a key that rule files do not have: left as it stands.
    Unknown,
}

impl Place {
    /// The top of a file.
    pub(super) const TOP: Self = Self::Known(ValueKind::Table(FILE));

    /// What stands behind a key of the table at this place.
    pub(super) fn under(self, key: &str) -> Self {
        match self {
            Self::Known(ValueKind::PhraseLists) => Self::Known(ValueKind::List(ListItem::Phrase)),
            Self::Known(ValueKind::ColumnConditions | ValueKind::ColumnValues | ValueKind::FactValues)
            | Self::Named => Self::Named,
            _ => match self.keys().iter().find(|known| known.name == key) {
                Some(known) => Self::Known(known.value),
                None => Self::Unknown,
            },
        }
    }

    /// The keys of the table at this place, in their order; none where the order is the author's.
    pub(super) fn keys(self) -> &'static [Key] {
        match self {
            Self::Known(
                ValueKind::Table(keys)
                | ValueKind::FilledTable(keys)
                | ValueKind::Tables(keys)
                | ValueKind::ShareOrTable(keys),
            ) => keys,
            _ => &[],
        }
    }

    /// Whether strings at this place are regexes.
    pub(super) fn holds_regexes(self) -> bool {
        matches!(self, Self::Known(ValueKind::List(ListItem::Regex)))
    }

    /// Whether a line holds as many items of a long list as fit.
    pub(super) fn fills_lines(self) -> bool {
        matches!(self, Self::Known(ValueKind::List(item)) if item.is_short())
    }
}
