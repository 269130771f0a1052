//! The automaton that finds all literals of a rule set in one pass (Aho and Corasick's, with all transitions worked out).
//!
//! What it costs is waiting for memory, so its table is narrow: a row has a column for each byte that literals hold, the
//! frequent ones side by side. A line feed counts as a space, as literals know no other white space.

/// Set in a transition to a state in which literals end.
const ENDS: u32 = 1 << 31;
const NONE: u32 = u32::MAX;

/// Finds literals, overlapping ones too.
#[derive(Debug)]
pub(crate) struct Automaton {
    /// The column of each byte; all bytes that no literal holds share one.
    columns: [u8; 256],
    /// Rows of [`Automaton::width`] cells: for each column the place of the next state's row, then the number of the first
    /// of the state's outputs.
    table: Vec<u32>,
    width: usize,
    outputs: Vec<Output>,
    lens: Vec<u32>,
}

/// A literal that ends in a state, and the number of the next, shorter one.
#[derive(Clone, Copy, Debug)]
struct Output {
    literal: u32,
    shorter: u32,
}

impl Automaton {
    /// An automaton for `literals`. They are all different and not empty.
    ///
    /// # Panics
    /// If they hold more than 2³¹ bytes, or so.
    pub(crate) fn new(literals: &[impl AsRef<str>]) -> Self {
        let texts = || literals.iter().map(|l| l.as_ref().as_bytes());
        let (columns, count) = columns(texts().flatten().copied());
        let width = count + 1;
        let mut this = Self {
            columns,
            table: new_row(width),
            width,
            outputs: Vec::new(),
            lens: texts().map(|text| text.len() as u32).collect(),
        };
        for (literal, text) in (0..).zip(texts()) {
            this.add(literal, text);
        }
        this.complete();
        this
    }

    /// Adds a path for a literal; where there is no transition yet, the table has 0, which is the first state.
    fn add(&mut self, literal: u32, text: &[u8]) {
        let mut state = 0;
        for &byte in text {
            let cell = state + self.column(byte);
            if self.table[cell] == 0 {
                self.table[cell] =
                    u32::try_from(self.table.len()).ok().filter(|&s| s < ENDS).expect("literals are few");
                self.table.extend(new_row(self.width));
            }
            state = self.table[cell] as usize;
        }
        let output = state + self.width - 1;
        self.table[output] = self.outputs.len() as u32;
        self.outputs.push(Output { literal, shorter: NONE });
    }

    /// Adds the missing transitions: those of the state for the longest end of what was read that a path begins with.
    fn complete(&mut self) {
        let last = self.width - 1;
        let mut queue = std::collections::VecDeque::from([(0, 0)]);
        while let Some((state, shorter)) = queue.pop_front() {
            for column in 0..last {
                let next = self.table[state + column] as usize;
                let of_shorter = if state == 0 { 0 } else { self.table[shorter + column] };
                if next == 0 {
                    self.table[state + column] = of_shorter;
                    continue;
                }
                let of_shorter = (of_shorter & !ENDS) as usize;
                queue.push_back((next, of_shorter));
                let more = self.table[of_shorter + last];
                match self.table[next + last] {
                    NONE => self.table[next + last] = more,
                    own => self.outputs[own as usize].shorter = more,
                }
                if self.table[next + last] != NONE {
                    self.table[state + column] |= ENDS;
                }
            }
        }
    }

    fn column(&self, byte: u8) -> usize {
        self.columns[byte as usize] as usize
    }

    /// The length of a literal.
    pub(crate) fn len_of(&self, literal: u32) -> usize {
        self.lens[literal as usize] as usize
    }

    /// The places where literals end.
    pub(crate) fn ends<'a>(&'a self, text: &'a [u8]) -> LiteralEnds<'a> {
        // Without literals nothing is to be looked at.
        let text = if self.lens.is_empty() { &[] } else { text };
        LiteralEnds { automaton: self, text, at: 0, state: 0 }
    }
}

/// The columns of bytes, frequent ones first, and how many there are.
fn columns(bytes: impl Iterator<Item = u8>) -> ([u8; 256], usize) {
    let mut counts = [0_u32; 256];
    bytes.for_each(|byte| counts[byte as usize] += 1);
    let mut held: Vec<u8> = (0..=u8::MAX).filter(|&b| counts[b as usize] > 0).collect();
    held.sort_by_key(|&b| std::cmp::Reverse(counts[b as usize]));
    // UTF-8 leaves some bytes out, so that there is a column for the others.
    let others = u8::try_from(held.len()).expect("text does not hold all bytes");
    let mut columns = [others; 256];
    (0..).zip(&held).for_each(|(column, &byte)| columns[byte as usize] = column);
    columns[b'\n' as usize] = columns[b' ' as usize];
    (columns, held.len() + 1)
}

fn new_row(width: usize) -> Vec<u32> {
    let mut row = vec![0; width];
    row[width - 1] = NONE;
    row
}

/// The places in a text where literals end.
pub(crate) struct LiteralEnds<'a> {
    automaton: &'a Automaton,
    text: &'a [u8],
    at: usize,
    state: u32,
}

impl<'a> Iterator for LiteralEnds<'a> {
    type Item = (usize, EndingLiterals<'a>);

    /// The next place, and the literals that end there, the longest first.
    fn next(&mut self) -> Option<Self::Item> {
        let Automaton { columns, table, width, outputs, .. } = self.automaton;
        let mut state = self.state;
        for (at, &byte) in (self.at..).zip(&self.text[self.at..]) {
            state = table[(state & !ENDS) as usize + columns[byte as usize] as usize];
            if state & ENDS != 0 {
                (self.at, self.state) = (at + 1, state);
                let next = table[(state & !ENDS) as usize + width - 1];
                return Some((at + 1, EndingLiterals { outputs, next }));
            }
        }
        self.at = self.text.len();
        None
    }
}

/// Literals that end at one place.
pub(crate) struct EndingLiterals<'a> {
    outputs: &'a [Output],
    next: u32,
}

impl Iterator for EndingLiterals<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let Output { literal, shorter } = *self.outputs.get(self.next as usize)?;
        self.next = shorter;
        Some(literal)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn all_places_of_all_literals_are_found(
            literals in prop::collection::btree_set("[abé谢 ]{1,5}", 0..8),
            text in "[abcé谢ö \\n]{0,30}",
        ) {
            let literals: Vec<String> = literals.into_iter().collect();
            let automaton = Automaton::new(&literals);
            let found: Vec<(usize, u32)> = automaton
                .ends(text.as_bytes())
                .flat_map(|(end, found)| found.map(move |literal| (end, literal)))
                .collect();
            let flat = text.replace('\n', " ");
            let mut expected = Vec::new();
            for end in 1..=flat.len() {
                let mut here: Vec<u32> =
                    (0..literals.len() as u32).filter(|&l| flat.as_bytes()[..end].ends_with(literals[l as usize].as_bytes())).collect();
                here.sort_by_key(|&l| std::cmp::Reverse(automaton.len_of(l)));
                expected.extend(here.into_iter().map(|l| (end, l)));
            }
            prop_assert_eq!(found, expected);
        }
    }
}
