//! The state of one scan: which rules matched, and which regexes are to be tried.

use std::ops::Range;

use crate::compile::RuleSet;

/// What matched in the turn at hand.
#[derive(Debug)]
pub(super) struct Matches {
    /// By rule, then by selector: the first span that matched, in folded bytes.
    pub(super) spans: Vec<Option<Range<usize>>>,
    /// Rules and selectors with a match; sorted once all are found.
    pub(super) touched: Vec<u32>,
    /// Numbers of the regexes whose gates are open, in the order of their opening.
    pub(super) gates: Vec<u32>,
    /// By number: the end and the beginning of the first literal that opened the gate; [`CLOSED`] if none did.
    opened: Vec<(u32, u32)>,
    /// Literals that opened their gates, and whether one has, for each of the automata.
    openers: [Vec<u32>; 2],
    is_opener: [Vec<bool>; 2],
}

const CLOSED: (u32, u32) = (u32::MAX, u32::MAX);

impl Matches {
    /// For the scans by `set`: nothing matched, and all gates closed.
    pub(super) fn new(set: &RuleSet) -> Self {
        Self {
            spans: vec![None; set.targets()],
            touched: Vec::new(),
            gates: Vec::new(),
            opened: vec![CLOSED; set.gated.len()],
            openers: Default::default(),
            is_opener: set.literals.each_ref().map(|l| vec![false; l.len()]),
        }
    }

    /// Notes a match of a rule.
    pub(super) fn add(&mut self, rule: u32, span: Range<usize>) {
        if self.spans[rule as usize].replace(span).is_none() {
            self.touched.push(rule);
        }
    }

    /// Opens the gates of a literal of an automaton that was found at `range`.
    pub(super) fn open(&mut self, automaton: usize, literal: usize, gates: &[u32], range: &Range<usize>) {
        if std::mem::replace(&mut self.is_opener[automaton][literal], true) {
            return;
        }
        self.openers[automaton].push(literal as u32);
        let here = (range.end as u32, range.start as u32);
        for &gate in gates {
            let opened = &mut self.opened[gate as usize];
            if *opened == CLOSED {
                self.gates.push(gate);
            }
            *opened = here.min(*opened);
        }
    }

    /// Opens gates that no literal opened.
    pub(super) fn open_all(&mut self, gates: &[u32]) {
        for &gate in gates {
            let opened = &mut self.opened[gate as usize];
            if *opened == CLOSED {
                *opened = (0, 0);
                self.gates.push(gate);
            }
        }
    }

    /// Puts the gates in the order of their opening, where more than one automaton was at it.
    pub(super) fn sort_gates(&mut self) {
        let opened = &self.opened;
        self.gates.sort_unstable_by_key(|&gate| (opened[gate as usize], gate));
    }

    /// Closes all gates for the next turn.
    pub(super) fn close_gates(&mut self) {
        for (openers, is_opener) in self.openers.iter_mut().zip(&mut self.is_opener) {
            openers.drain(..).for_each(|literal| is_opener[literal as usize] = false);
        }
        self.gates.drain(..).for_each(|gate| self.opened[gate as usize] = CLOSED);
    }
}
