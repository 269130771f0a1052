//! What the model is asked: eight yes-or-no questions about a turn, answered side by side.

use rejoinder_core::Category;

/// Number of questions; a multiple of the processor's lanes.
pub const HEADS: usize = 8;

/// One value a head.
pub type PerHead = [f32; HEADS];

/// Index of the question whether there is any feedback.
pub(crate) const ANY: usize = 0;
/// Index of the first category's question; the others follow.
pub(crate) const FIRST_CATEGORY: usize = 2;

/// Categories by number, as bits: which make the answer yes.
pub(crate) const MEMBERS: [u8; HEADS] =
    [0b11_1110, 0b10_1100, 0b00_0010, 0b00_0100, 0b00_1000, 0b01_0000, 0b10_0000, 0b00_1100];

/// The answers where the truth is `category`.
pub(crate) fn answers(category: Option<Category>) -> PerHead {
    let bit = category.map_or(0, |category| 1_u8 << category as u8);
    MEMBERS.map(|members| f32::from(u8::from(members & bit != 0)))
}

/// What the answers will be used for: which categories of feedback are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Purpose(u8);

impl Purpose {
    /// All feedback.
    pub const ALL: Self = Self(MEMBERS[0]);
    /// What KTO learns from: UR2, UR3 and UR5.
    pub const KTO: Self = Self(MEMBERS[1]);
    /// What supervised fine-tuning learns from: UR5.
    pub const SFT: Self = Self(MEMBERS[6]);

    /// The given categories.
    pub fn of(categories: impl IntoIterator<Item = Category>) -> Self {
        Self(categories.into_iter().fold(0, |all, category| all | 1 << category as u8))
    }

    /// Whether feedback of `category` is wanted.
    pub const fn wants(self, category: Category) -> bool {
        self.0 & 1 << category as u8 != 0
    }

    /// The categories wanted.
    pub fn categories(self) -> impl Iterator<Item = Category> {
        Category::ALL.into_iter().filter(move |&category| self.wants(category))
    }

    /// The head that answers just this, if there is one.
    pub(crate) fn head(self) -> Option<usize> {
        MEMBERS.iter().position(|&members| members == self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purposes_are_sets_of_categories_and_some_are_heads() {
        assert_eq!(Purpose::of(Category::ALL), Purpose::ALL);
        assert_eq!(
            Purpose::KTO.categories().collect::<Vec<_>>(),
            [Category::Ur2, Category::Ur3, Category::Ur5]
        );
        assert_eq!(Purpose::SFT.head(), Some(FIRST_CATEGORY + 4));
        assert_eq!(Purpose::of([Category::Ur1, Category::Ur4]).head(), None);
    }

    #[test]
    fn answers_follow_the_category() {
        assert_eq!(answers(None), [0.0; HEADS]);
        assert_eq!(answers(Some(Category::Ur3)), [1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0]);
    }
}
