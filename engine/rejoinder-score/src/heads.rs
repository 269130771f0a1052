//! What the model is asked: eight yes-or-no questions about a turn, answered side by side.

use rejoinder_core::{Category, Purpose};

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

/// The head that answers just what a purpose wants, if there is one.
pub(crate) fn head(purpose: Purpose) -> Option<usize> {
    let just =
        |members: &u8| Category::ALL.iter().all(|&c| purpose.wants(c) == (members >> c as u8 & 1 == 1));
    MEMBERS.iter().position(just)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_purposes_are_heads() {
        assert_eq!(head(Purpose::ALL), Some(ANY));
        assert_eq!(head(Purpose::SFT), Some(FIRST_CATEGORY + 4));
        assert_eq!(Purpose::of(&[Category::Ur1, Category::Ur4]).and_then(head), None);
    }

    #[test]
    fn answers_follow_the_category() {
        assert_eq!(answers(None), [0.0; HEADS]);
        assert_eq!(answers(Some(Category::Ur3)), [1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0]);
    }
}
