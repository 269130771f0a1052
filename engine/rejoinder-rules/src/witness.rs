//! Who watches a scan: nobody in a run, a stop-watch for the cost of each rule, a note-taker for explanations. The scan
//! is one piece of code for all of them, and the watching costs nothing where there is none.

use std::ops::Range;
use std::time::{Duration, Instant};

/// Is told what the scan does.
pub(crate) trait Witness {
    /// The time, if it matters.
    fn now(&self) -> Option<Instant> {
        None
    }

    /// The pass over the literals of all rules, begun at `begun`, is over.
    fn literals(&mut self, _begun: Option<Instant>) {}

    /// Does the work that rule `rule` alone asks for.
    fn at_rule<T>(&mut self, _rule: u32, work: impl FnOnce() -> T) -> T {
        work()
    }

    /// Whether rules that cannot hit any more are tried all the same.
    fn wants_all(&self) -> bool {
        false
    }

    /// A phrase or regex of rule `rule` matched where its `at` does not allow it.
    fn misplaced(&mut self, _rule: u32, _range: Range<usize>) {}
}

/// Nobody watches.
impl Witness for () {}

/// The time that scanning took, rule by rule.
#[derive(Clone, Debug)]
pub struct Costs {
    /// The passes over the literals of all rules together.
    pub literals: Duration,
    /// By rule: its regexes behind their gates, and its conditions. What rules share (a similarity, a word count) is
    /// put down to the first that asks for it.
    pub rules: Vec<Duration>,
}

impl Costs {
    /// No time yet, for so many rules.
    pub fn new(rules: usize) -> Self {
        Self { literals: Duration::ZERO, rules: vec![Duration::ZERO; rules] }
    }

    /// Adds the times of another scan by the same rules.
    pub fn add(&mut self, other: &Self) {
        self.literals += other.literals;
        self.rules.iter_mut().zip(&other.rules).for_each(|(sum, time)| *sum += *time);
    }
}

impl Witness for Costs {
    fn now(&self) -> Option<Instant> {
        Some(Instant::now())
    }

    fn literals(&mut self, begun: Option<Instant>) {
        self.literals += begun.map_or(Duration::ZERO, |begun| begun.elapsed());
    }

    fn at_rule<T>(&mut self, rule: u32, work: impl FnOnce() -> T) -> T {
        let begun = Instant::now();
        let done = work();
        self.rules[rule as usize] += begun.elapsed();
        done
    }
}

/// Where rules matched and were not allowed to.
#[derive(Debug, Default)]
pub(crate) struct Misplaced(Vec<(u32, Range<usize>)>);

impl Misplaced {
    /// The first such place of a rule.
    pub(crate) fn of(&self, rule: u32) -> Option<Range<usize>> {
        self.0.iter().find(|(r, _)| *r == rule).map(|(_, range)| range.clone())
    }
}

impl Witness for Misplaced {
    fn wants_all(&self) -> bool {
        true
    }

    fn misplaced(&mut self, rule: u32, range: Range<usize>) {
        self.0.push((rule, range));
    }
}
