//! The five categories of naturally occurring feedback, and what each says about the judged answer.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A category of user feedback (arXiv 2407.10944, section 2). The discriminants are the plugin ABI's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum Category {
    /// Repeat or Rephrase: the user repeats or rephrases an earlier request.
    #[serde(rename = "UR1")]
    Ur1 = 1,
    /// Make Aware with Correction: there is an error, and what is wrong or right.
    #[serde(rename = "UR2")]
    Ur2 = 2,
    /// Make Aware without Correction: there is an error, no more.
    #[serde(rename = "UR3")]
    Ur3 = 3,
    /// Ask for Clarification: doubts, asks to clarify or complete.
    #[serde(rename = "UR4")]
    Ur4 = 4,
    /// Positive Feedback: thanks or confirms.
    #[serde(rename = "UR5")]
    Ur5 = 5,
}

impl Category {
    /// All categories, in the order of their numbers.
    pub const ALL: [Self; 5] = [Self::Ur1, Self::Ur2, Self::Ur3, Self::Ur4, Self::Ur5];

    /// The short code: `UR1` … `UR5`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Ur1 => "UR1",
            Self::Ur2 => "UR2",
            Self::Ur3 => "UR3",
            Self::Ur4 => "UR4",
            Self::Ur5 => "UR5",
        }
    }

    /// The paper's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ur1 => "Repeat or Rephrase",
            Self::Ur2 => "Make Aware with Correction",
            Self::Ur3 => "Make Aware without Correction",
            Self::Ur4 => "Ask for Clarification",
            Self::Ur5 => "Positive Feedback",
        }
    }

    /// What a user of this category does, in a few words.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Ur1 => "asks the same again",
            Self::Ur2 => "says that the answer is wrong, and what is wrong or right",
            Self::Ur3 => "says that the answer is wrong, and no more",
            Self::Ur4 => "doubts the answer, or asks for what is missing in it",
            Self::Ur5 => "thanks for the answer, or confirms it",
        }
    }

    /// The paper's training label of the judged answer: +1 for UR5, −1 for the others.
    pub const fn label(self) -> i8 {
        if matches!(self, Self::Ur5) { 1 } else { -1 }
    }

    /// The category of an ABI number 1–5; `None` for anything else.
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Ur1),
            2 => Some(Self::Ur2),
            3 => Some(Self::Ur3),
            4 => Some(Self::Ur4),
            5 => Some(Self::Ur5),
            _ => None,
        }
    }

    /// Position in [`Category::ALL`], for tables of counts.
    pub const fn index(self) -> usize {
        self as usize - 1
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

/// The text is not one of `UR1` … `UR5`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownCategory;

impl fmt::Display for UnknownCategory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = Category::ALL.map(|category| format!("{category} ({})", category.meaning()));
        write!(f, "expected one of {}", all.join(", "))
    }
}

impl std::error::Error for UnknownCategory {}

impl FromStr for Category {
    type Err = UnknownCategory;

    fn from_str(text: &str) -> Result<Self, UnknownCategory> {
        Self::ALL.into_iter().find(|c| c.code().eq_ignore_ascii_case(text)).ok_or(UnknownCategory)
    }
}
