//! The automaton that finds all of many literals in one pass (Aho and Corasick's, with all transitions worked out).
//!
//! What it costs is waiting for memory, so its table is narrow: a row has a column for each byte that literals hold, the
//! frequent ones side by side. It is made in a fraction of a millisecond, as each program and each plugin makes it at its start.

use std::ops::Range;

/// Set in a transition to a state in which literals end.
const ENDS: u32 = 1 << 31;
const NONE: u32 = u32::MAX;

/// What a line feed in a text stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineFeed {
    /// A space: the literals know no other white space.
    Space,
    /// Itself.
    Itself,
}

/// Finds literals, overlapping ones too.
#[derive(Debug)]
pub struct Automaton {
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
    /// An automaton for `literals`. They are sorted by their bytes, all different and not empty.
    ///
    /// # Panics
    /// If they hold more than 2³¹ bytes, or so.
    pub fn new(literals: &[impl AsRef<str>], line_feed: LineFeed) -> Self {
        let texts: Vec<&[u8]> = literals.iter().map(|l| l.as_ref().as_bytes()).collect();
        let (columns, count) = columns(texts.iter().copied().flatten().copied(), line_feed);
        let width = count + 1;
        let mut this = Self {
            columns,
            table: Vec::with_capacity(states(&texts) * width),
            width,
            outputs: Vec::new(),
            lens: texts.iter().map(|text| text.len() as u32).collect(),
        };
        this.fill(&texts);
        this
    }

    /// Makes the states, the shorter ones first. A state goes where the state for the longest end of what was read goes, but
    /// for the bytes that go on with a literal.
    fn fill(&mut self, texts: &[&[u8]]) {
        let last = self.width - 1;
        // The first output of each state that has a place.
        let mut first_outputs = vec![NONE];
        let mut nodes = vec![Node { literals: 0..texts.len() as u32, depth: 0, shorter: 0 }];
        let mut next = 0;
        while let Some(Node { literals, depth, shorter }) = nodes.get(next).cloned() {
            next += 1;
            let (mut literals, depth) = (literals.start as usize..literals.end as usize, depth as usize);
            let (row, shorter) = (self.table.len(), shorter as usize);
            match row {
                0 => self.table.resize(self.width, 0),
                _ => self.table.extend_from_within(shorter..shorter + self.width),
            }
            self.table[row + last] = first_outputs[row / self.width];
            // The literal that ends here comes before those that go on.
            if texts.get(literals.start).is_some_and(|text| text.len() == depth) {
                literals.start += 1;
            }
            while literals.start < literals.end {
                let byte = texts[literals.start][depth];
                let same = match literals.len() {
                    1 => 1,
                    _ => texts[literals.clone()].partition_point(|text| text[depth] == byte),
                };
                let with_byte = literals.start as u32..(literals.start + same) as u32;
                let cell = row + self.column(byte);
                let shorter = if row == 0 { 0 } else { self.table[cell] & !ENDS };
                let mut output = first_outputs[shorter as usize / self.width];
                if texts[literals.start].len() == depth + 1 {
                    self.outputs.push(Output { literal: with_byte.start, shorter: output });
                    output = (self.outputs.len() - 1) as u32;
                }
                literals.start += same;
                let place = u32::try_from(first_outputs.len() * self.width).ok().filter(|&at| at < ENDS);
                let ends = if output == NONE { 0 } else { ENDS };
                self.table[cell] = place.expect("literals are few") | ends;
                first_outputs.push(output);
                nodes.push(Node { literals: with_byte, depth: depth as u32 + 1, shorter });
            }
        }
    }

    fn column(&self, byte: u8) -> usize {
        self.columns[byte as usize] as usize
    }

    /// The length of a literal, in bytes.
    ///
    /// # Panics
    /// If there are not so many literals.
    pub fn len_of(&self, literal: u32) -> usize {
        self.lens[literal as usize] as usize
    }

    /// The places where literals end.
    pub fn ends<'a>(&'a self, text: &'a [u8]) -> LiteralEnds<'a> {
        // Without literals nothing is to be looked at.
        let text = if self.lens.is_empty() { &[] } else { text };
        LiteralEnds { automaton: self, text, at: 0, state: 0 }
    }
}

/// A state, as it is before its row is made.
#[derive(Clone)]
struct Node {
    /// The literals that begin with what was read.
    literals: Range<u32>,
    /// How many bytes were read.
    depth: u32,
    /// The row of the state for the longest end of what was read that other literals begin with.
    shorter: u32,
}

/// How many states the automaton of sorted literals has: one for each beginning, the empty one too.
fn states(texts: &[&[u8]]) -> usize {
    let mut before: &[u8] = &[];
    let new = texts.iter().map(|text| {
        let shared = text.iter().zip(before).take_while(|(one, other)| one == other).count();
        before = text;
        text.len() - shared
    });
    1 + new.sum::<usize>()
}

/// The columns of bytes, frequent ones first, and how many there are.
fn columns(bytes: impl Iterator<Item = u8>, line_feed: LineFeed) -> ([u8; 256], usize) {
    let mut counts = [0_u32; 256];
    bytes.for_each(|byte| counts[byte as usize] += 1);
    let mut held: Vec<u8> = (0..=u8::MAX).filter(|&b| counts[b as usize] > 0).collect();
    held.sort_by_key(|&b| std::cmp::Reverse(counts[b as usize]));
    // UTF-8 leaves some bytes out, so that there is a column for the others.
    let others = u8::try_from(held.len()).expect("text does not hold all bytes");
    let mut columns = [others; 256];
    (0..).zip(&held).for_each(|(column, &byte)| columns[byte as usize] = column);
    if line_feed == LineFeed::Space {
        columns[b'\n' as usize] = columns[b' ' as usize];
    }
    (columns, held.len() + 1)
}

/// The places in a text where literals end.
#[derive(Debug)]
pub struct LiteralEnds<'a> {
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

/// Literals that end at one place, by their number.
#[derive(Debug)]
pub struct EndingLiterals<'a> {
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
            line_feed in prop::sample::select(vec![LineFeed::Space, LineFeed::Itself]),
        ) {
            let literals: Vec<String> = literals.into_iter().collect();
            let automaton = Automaton::new(&literals, line_feed);
            let found: Vec<(usize, u32)> = automaton
                .ends(text.as_bytes())
                .flat_map(|(end, found)| found.map(move |literal| (end, literal)))
                .collect();
            let flat = if line_feed == LineFeed::Space { text.replace('\n', " ") } else { text.clone() };
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
