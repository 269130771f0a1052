//! The kinds of personal data.

use std::fmt;
use std::str::FromStr;

/// A kind of personal data that can be told by its form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PersonalKind {
    /// Addresses of mailboxes.
    Email,
    /// Numbers of phones.
    Phone,
    /// Addresses of machines, of version 4 and 6 of the Internet protocol.
    Ip,
    /// Passwords, tokens and keys.
    Key,
}

impl PersonalKind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Email, Self::Phone, Self::Ip, Self::Key];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Email => "emails",
            Self::Phone => "phones",
            Self::Ip => "ips",
            Self::Key => "keys",
        }
    }

    /// What stands in a text in place of what was there.
    pub const fn placeholder(self) -> &'static str {
        match self {
            Self::Email => "[EMAIL]",
            Self::Phone => "[PHONE]",
            Self::Ip => "[IP]",
            Self::Key => "[KEY]",
        }
    }

    /// What was done to a row, in words.
    pub const fn change(self) -> &'static str {
        match self {
            Self::Email => "e-mail addresses are replaced by [EMAIL]",
            Self::Phone => "phone numbers are replaced by [PHONE]",
            Self::Ip => "IP addresses are replaced by [IP]",
            Self::Key => "keys are replaced by [KEY]",
        }
    }
}

impl fmt::Display for PersonalKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for PersonalKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|kind| kind.name() == text).ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|kind| kind.name()).collect();
            format!("expected some of {}", names.join(", "))
        })
    }
}

/// Some kinds of personal data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PersonalKinds(u8);

impl PersonalKinds {
    /// Whether a kind is among them.
    pub const fn has(self, kind: PersonalKind) -> bool {
        self.0 & 1 << kind as u8 != 0
    }

    /// Adds a kind.
    pub const fn add(&mut self, kind: PersonalKind) {
        self.0 |= 1 << kind as u8;
    }
}

impl FromIterator<PersonalKind> for PersonalKinds {
    fn from_iter<I: IntoIterator<Item = PersonalKind>>(kinds: I) -> Self {
        let mut all = Self::default();
        kinds.into_iter().for_each(|kind| all.add(kind));
        all
    }
}

/// How many rows personal data was taken out of, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RedactedRows([u64; PersonalKind::ALL.len()]);

impl RedactedRows {
    /// Counts a row that these kinds were taken out of.
    pub fn count(&mut self, taken: PersonalKinds) {
        for (count, kind) in self.0.iter_mut().zip(PersonalKind::ALL) {
            *count += u64::from(taken.has(kind));
        }
    }

    /// What was done to rows, in words, and to how many; nothing about kinds that no row held.
    pub fn changes(self) -> impl Iterator<Item = (&'static str, u64)> {
        let changes = PersonalKind::ALL.into_iter().map(PersonalKind::change).zip(self.0);
        changes.filter(|(_, count)| *count > 0)
    }
}
