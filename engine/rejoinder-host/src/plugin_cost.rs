//! What asking a plugin costs.

use std::ops::AddAssign;
use std::time::Duration;

/// How much a plugin was asked, and how long its answers took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PluginCost {
    /// The turns on which the plugin was asked to vote.
    pub turns: u64,
    /// The turns about which the plugin was asked for facts.
    pub facts: u64,
    /// The time in calls of the plugin, the way to another process and back included.
    pub time: Duration,
}

impl AddAssign for PluginCost {
    fn add_assign(&mut self, other: Self) {
        self.turns += other.turns;
        self.facts += other.facts;
        self.time += other.time;
    }
}
