//! Observers of a scan: none in a run, a stop-watch for the time that each rule takes, a note-taker for explanations. The
//! scan is one piece of code for all of them, and costs nothing more where there is no observer.

use std::ops::Range;
use std::time::{Duration, Instant};

/// Learns what a scan does while it does it.
pub(crate) trait ScanObserver {
    /// The time, if it matters.
    fn now(&self) -> Option<Instant> {
        None
    }

    /// Called when the pass over the literals of all rules, begun at `begun`, is over.
    fn literals(&mut self, _begun: Option<Instant>) {}

    /// Does the work that rule `rule` alone asks for.
    fn at_rule<T>(&mut self, _rule: u32, work: impl FnOnce() -> T) -> T {
        work()
    }

    /// Whether rules that cannot hit any more are tried all the same.
    fn wants_all(&self) -> bool {
        false
    }

    /// Called when a phrase or regex of rule `rule` matched where the rule's `at` does not allow a match.
    fn misplaced(&mut self, _rule: u32, _range: Range<usize>) {}
}

/// No observer.
impl ScanObserver for () {}

/// The time that scanning took, rule by rule.
#[derive(Clone, Debug)]
pub struct RuleTimes {
    /// The passes over the literals of all rules together.
    pub literals: Duration,
    /// By rule in force: the time of its regexes behind their gates, and of its conditions. What rules share (a similarity, a word
    /// count) counts for the first rule that asks for it.
    pub rules: Vec<Duration>,
}

impl RuleTimes {
    /// No time yet for any of so many rules.
    pub fn new(rules: usize) -> Self {
        Self { literals: Duration::ZERO, rules: vec![Duration::ZERO; rules] }
    }

    /// Adds the times of another scan by the same rules.
    pub fn add(&mut self, other: &Self) {
        self.literals += other.literals;
        self.rules.iter_mut().zip(&other.rules).for_each(|(sum, time)| *sum += *time);
    }
}

impl ScanObserver for RuleTimes {
    fn now(&self) -> Option<Instant> {
        Some(Instant::now())
    }

    fn literals(&mut self, begun: Option<Instant>) {
        self.literals += begun.map_or(Duration::ZERO, |begun| begun.elapsed());
    }

    fn at_rule<T>(&mut self, rule: u32, work: impl FnOnce() -> T) -> T {
        let begun = Instant::now();
        let done = work();
        if let Some(time) = self.rules.get_mut(rule as usize) {
            *time += begun.elapsed();
        }
        done
    }
}

/// The places where rules matched and were not allowed to.
#[derive(Debug, Default)]
pub(crate) struct MisplacedMatches(Vec<(u32, Range<usize>)>);

impl MisplacedMatches {
    /// The first such place of a rule.
    pub(crate) fn of(&self, rule: u32) -> Option<Range<usize>> {
        self.0.iter().find(|(r, _)| *r == rule).map(|(_, range)| range.clone())
    }
}

impl ScanObserver for MisplacedMatches {
    fn wants_all(&self) -> bool {
        true
    }

    fn misplaced(&mut self, rule: u32, range: Range<usize>) {
        self.0.push((rule, range));
    }
}
