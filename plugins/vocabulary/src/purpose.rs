//! What the feedback will be used for. Only the categories that serve this purpose are worth asking about.

use std::fmt;
use std::str::FromStr;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::category::{Category, UnknownCategory};

/// The categories of feedback that will be used: at least one.
///
/// ```
/// use rejoinder_vocabulary::{Category, Purpose};
/// let kto: Purpose = "kto".parse().unwrap();
/// assert!(kto.wants(Category::Ur5) && !kto.wants(Category::Ur4));
/// assert_eq!("UR5, UR2".parse::<Purpose>().unwrap().to_string(), "UR2,UR5");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purpose([bool; 5]);

impl Purpose {
    /// All five categories.
    pub const ALL: Self = Self([true; 5]);
    /// Training on praised answers: UR5.
    pub const SFT: Self = Self([false, false, false, false, true]);
    /// Training on praised and criticised answers: UR2, UR3 and UR5.
    pub const KTO: Self = Self([false, true, true, false, true]);

    const NAMED: [(&'static str, Self); 3] = [("all", Self::ALL), ("sft", Self::SFT), ("kto", Self::KTO)];

    /// The purpose that uses these categories; `None` if there are none.
    pub fn of(categories: &[Category]) -> Option<Self> {
        let mut wanted = [false; 5];
        categories.iter().for_each(|c| wanted[c.index()] = true);
        wanted.contains(&true).then_some(Self(wanted))
    }

    /// Whether a category will be used.
    pub const fn wants(self, category: Category) -> bool {
        self.0[category.index()]
    }

    /// The categories, in their order.
    pub fn categories(self) -> impl Iterator<Item = Category> {
        Category::ALL.into_iter().filter(move |c| self.wants(*c))
    }

    /// Whether it is right to take a turn for `accepted` that a label says something of: what the label says will be used, and praise is
    /// taken for praise, criticism for criticism.
    pub fn is_right(self, accepted: Category, label: Option<Category>) -> bool {
        let is_praise = |category| category == Category::Ur5;
        label.is_some_and(|label| self.wants(label) && is_praise(label) == is_praise(accepted))
    }

    /// The probability that a turn holds feedback of a category that will be used. `probs` are the probabilities of no
    /// feedback, UR1, …, UR5.
    pub fn probability(self, probs: &[f32; 6]) -> f32 {
        self.categories().map(|c| probs[c as usize]).sum::<f32>().min(1.0)
    }

    /// The likeliest of the categories that will be used; the first among equals.
    pub fn likeliest(self, probs: &[f32; 6]) -> Category {
        let by_probability = |a: &Category, b: &Category| probs[*a as usize].total_cmp(&probs[*b as usize]);
        // `max_by` takes the last among equals.
        let likeliest = Category::ALL.into_iter().rev().filter(|c| self.wants(*c)).max_by(by_probability);
        likeliest.unwrap_or(Category::Ur5)
    }
}

impl Default for Purpose {
    fn default() -> Self {
        Self::ALL
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Self::NAMED.iter().find(|(_, purpose)| purpose == self) {
            Some((name, _)) => f.pad(name),
            None => f.pad(&self.categories().map(Category::code).collect::<Vec<_>>().join(",")),
        }
    }
}

/// The text names no purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownPurpose;

impl fmt::Display for UnknownPurpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected all, sft, kto, or categories such as UR2,UR5")
    }
}

impl std::error::Error for UnknownPurpose {}

impl FromStr for Purpose {
    type Err = UnknownPurpose;

    fn from_str(text: &str) -> Result<Self, UnknownPurpose> {
        if let Some((_, purpose)) =
            Self::NAMED.iter().find(|(name, _)| name.eq_ignore_ascii_case(text.trim()))
        {
            return Ok(*purpose);
        }
        let categories: Result<Vec<Category>, UnknownCategory> =
            text.split(',').map(|code| code.trim().parse()).collect();
        categories.ok().and_then(|categories| Self::of(&categories)).ok_or(UnknownPurpose)
    }
}

impl Serialize for Purpose {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Purpose {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Text(String),
            List(Vec<String>),
        }
        let text = match Written::deserialize(deserializer).map_err(|_| D::Error::custom(UnknownPurpose))? {
            Written::Text(text) => text,
            Written::List(codes) => codes.join(","),
        };
        text.parse().map_err(|why| D::Error::custom(format!("`{}`: {why}", text.escape_debug())))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_purpose_is_written_as_text_or_as_a_list() {
        let read = |json: &str| serde_json::from_str::<Purpose>(json);
        assert_eq!(read(r#"["UR2", "ur5"]"#).unwrap(), "UR5,UR2".parse().unwrap());
        assert_eq!(read(r#""KTO""#).unwrap(), Purpose::KTO);
        for wrong in [r#""""#, r#""UR6""#, "[]", "7", r#"["all", "sft"]"#] {
            assert!(read(wrong).unwrap_err().to_string().contains("expected all, sft, kto, or"), "{wrong}");
        }
    }

    #[test]
    fn the_likeliest_is_a_wanted_one() {
        let probs = [0.1, 0.5, 0.1, 0.1, 0.1, 0.1];
        assert_eq!(Purpose::ALL.likeliest(&probs), Category::Ur1);
        assert_eq!(Purpose::KTO.likeliest(&probs), Category::Ur2);
        assert!((Purpose::KTO.probability(&probs) - 0.3).abs() < 1e-6);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(wanted: [bool; 5]) {
            let categories: Vec<Category> = Category::ALL.into_iter().filter(|c| wanted[c.index()]).collect();
            if let Some(purpose) = Purpose::of(&categories) {
                prop_assert_eq!(purpose.to_string().parse(), Ok(purpose));
                prop_assert!(purpose.categories().eq(categories));
            }
        }
    }
}
