//! How a turn relates to the user's earlier turns by runs of bytes, which see through inflections, typos and scripts without
//! spaces.

/// How many bytes of a text are compared by their runs.
const BYTES: usize = 160;
/// Earlier turns that are compared with.
const DEEPEST: usize = 5;

const BITS: u32 = 9;
const SLOTS: usize = 1 << BITS;
/// A free slot: no text holds these four bytes.
const FREE: u32 = u32::MAX;

/// The runs of four bytes of a text's beginning, each once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Runs(Vec<u32>);

/// Runs by their hash, for looking them up.
#[derive(Clone, Debug)]
pub(crate) struct RunSet {
    slots: [u32; SLOTS],
}

impl Default for RunSet {
    fn default() -> Self {
        Self { slots: [FREE; SLOTS] }
    }
}

impl RunSet {
    /// Reads the runs of folded text into the set and into a list.
    pub(crate) fn read(&mut self, folded: &str, into: &mut Runs) {
        self.slots.fill(FREE);
        into.0.clear();
        into.0.reserve(BYTES);
        let head = &folded.as_bytes()[..folded.len().min(BYTES)];
        let mut run = 0;
        for (at, &byte) in head.iter().enumerate() {
            run = run >> 8 | u32::from(byte) << 24;
            if at < 3 {
                continue;
            }
            let mut slot = first_slot(run);
            let held = loop {
                let held = self.slots[slot % SLOTS];
                if held == run || held == FREE {
                    break held;
                }
                slot += 1;
            };
            if held == FREE {
                self.slots[slot % SLOTS] = run;
                into.0.push(run);
            }
        }
    }

    fn has(&self, run: u32) -> bool {
        let mut slot = first_slot(run);
        // There are far more slots than runs.
        loop {
            let held = self.slots[slot % SLOTS];
            if held == run || held == FREE {
                return held == run;
            }
            slot += 1;
        }
    }

    fn common(&self, other: &Runs) -> usize {
        other.0.iter().map(|&run| usize::from(self.has(run))).sum()
    }
}

const fn first_slot(run: u32) -> usize {
    (run.wrapping_mul(0x9e37_79b1) >> (32 - BITS)) as usize
}

pub(crate) const NAMES: [&str; 6] = [
    "runs dice",
    "runs of turn",
    "runs latest dice",
    "runs latest of turn",
    "runs latest of other",
    "runs distance",
];

/// Likeness by runs. `set` is that of the turn; `earlier` are the user's turns before, in their order.
pub(crate) fn of(turn: &Runs, set: &RunSet, earlier: &[Runs]) -> [f32; NAMES.len()] {
    let near = &earlier[earlier.len().saturating_sub(DEEPEST)..];
    let mut values = [0.0_f32; NAMES.len()];
    for (distance, other) in near.iter().rev().enumerate() {
        let common = set.common(other) as f32;
        let dice = 2.0 * common / (turn.0.len() + other.0.len()).max(1) as f32;
        let of_turn = common / turn.0.len().max(1) as f32;
        if dice > values[0] {
            values[0] = dice;
            values[5] = distance as f32;
        }
        values[1] = values[1].max(of_turn);
        if distance == 0 {
            values[2..5].copy_from_slice(&[dice, of_turn, common / other.0.len().max(1) as f32]);
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn between(turn: &str, earlier: &[&str]) -> [f32; NAMES.len()] {
        let (mut set, mut runs) = (RunSet::default(), Runs::default());
        let earlier: Vec<Runs> = earlier
            .iter()
            .map(|text| {
                set.read(text, &mut runs);
                runs.clone()
            })
            .collect();
        set.read(turn, &mut runs);
        of(&runs, &set, &earlier)
    }

    #[test]
    fn runs_see_through_typos_and_scripts_without_spaces() {
        let near = |a: &str, b: &str| between(a, &[b])[0];
        assert!(near("define mangroove trees", "define mangrove trees") > 0.7);
        assert!(near("请写一首关于秋天的诗", "写一首关于秋天的长诗") > 0.6);
        assert_eq!(near("abcdef", "uvwxyz"), 0.0);
        assert_eq!(near("", ""), 0.0);
    }

    proptest! {
        #[test]
        fn runs_are_counted_as_sets(turn in "([ab\0]|\\PC){0,70}", other in "([ab\0]|\\PC){0,70}") {
            let runs = |text: &str| -> BTreeSet<[u8; 4]> {
                let head = &text.as_bytes()[..text.len().min(BYTES)];
                head.windows(4).map(|w| w.try_into().unwrap()).collect()
            };
            let (a, b) = (runs(&turn), runs(&other));
            let common = a.intersection(&b).count() as f32;
            let dice = 2.0 * common / (a.len() + b.len()).max(1) as f32;
            let found = between(&turn, &[&other]);
            let share = |n: usize| common / n.max(1) as f32;
            prop_assert_eq!(found, [dice, share(a.len()), dice, share(a.len()), share(b.len()), 0.0]);
        }
    }
}
