//! The shadow of a folded text: one byte for each character. Over the shadow, an automaton without tables of Unicode sees what an
//! automaton with them sees in the text: ASCII, the letters and marks that patterns name, which other characters belong to
//! words, and how many characters there are.

use std::cell::OnceCell;
use std::ops::Range;

use rejoinder_core::fold::Folded;

use crate::stand_in;

/// The turn that is scanned, folded, with its shadow as soon as a pattern needs it.
#[derive(Debug, Default)]
pub struct TurnText {
    folded: Folded,
    is_ascii: bool,
    shadow: OnceCell<Shadow>,
}

#[derive(Debug)]
struct Shadow {
    bytes: Vec<u8>,
    /// (offset in the shadow, offset in the text) behind each character beyond ASCII.
    drifts: Vec<(usize, usize)>,
}

impl TurnText {
    /// Takes another turn.
    pub fn fold(&mut self, text: &str) {
        self.folded.fold(text);
        self.is_ascii = self.folded.text().is_ascii();
        self.shadow.take();
    }

    /// The folded text.
    pub fn folded(&self) -> &Folded {
        &self.folded
    }

    /// The folded text.
    pub fn text(&self) -> &str {
        self.folded.text()
    }

    /// Whether the folded text is its own shadow.
    pub const fn is_ascii(&self) -> bool {
        self.is_ascii
    }

    /// The text with one byte a character.
    pub(crate) fn shadow(&self) -> &[u8] {
        if self.is_ascii { self.text().as_bytes() } else { &self.built().bytes }
    }

    /// The range of the text that a range of its shadow stands for.
    pub(crate) fn range(&self, shadow: Range<usize>) -> Range<usize> {
        if self.is_ascii {
            return shadow;
        }
        let drifts = &self.built().drifts;
        let place = |at: usize| match drifts.partition_point(|&(behind, _)| behind <= at).checked_sub(1) {
            Some(i) => drifts[i].1 + (at - drifts[i].0),
            None => at,
        };
        place(shadow.start)..place(shadow.end)
    }

    fn built(&self) -> &Shadow {
        self.shadow.get_or_init(|| {
            let mut shadow = Shadow { bytes: Vec::with_capacity(self.text().len()), drifts: Vec::new() };
            for (at, c) in self.text().char_indices() {
                shadow.bytes.push(stand_in::of(c));
                if !c.is_ascii() {
                    shadow.drifts.push((shadow.bytes.len(), at + c.len_utf8()));
                }
            }
            shadow
        })
    }
}
