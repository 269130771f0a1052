//! Memory that states leave behind. A run makes few states, but a plugin that fails is made anew each time, for a whole
//! night; and what `create` leaks, `classify_batch` often leaks too.

use std::time::{Duration, Instant};

use super::outcome::{Outcome, outcome};
use super::{Setting, Subject, material};
use crate::python;

/// States in a round, unless they are slow to make; at least, as a small leak first fills what the allocator has in hand.
const STATES: u64 = 1000;
/// How long a round lasts, where states are quick to make or slow.
const SHORTEST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(3);
/// A leak shows in each round; what an allocator keeps for itself does not.
const ROUNDS: u32 = 5;
/// The smallest leak that is reported, in bytes a state: what the smallest allocation takes.
const SMALLEST: u64 = 16;

pub fn growth(subject: &Subject, _: &Setting) -> Outcome {
    if subject.is_python {
        return growth_of_python(subject);
    }
    if resident().is_none() {
        return Outcome::Skipped("this system does not tell how much memory a process uses".into());
    }
    outcome((|| {
        let batch = material::batch(&material::TURNS[..8]);
        let live = || subject.ask(&mut subject.state()?, &batch).map(drop);
        let (begun, mut states) = (Instant::now(), 0);
        while begun.elapsed() < SHORTEST || (states < STATES && begun.elapsed() < LONGEST) {
            live()?;
            states += 1;
        }
        let mut least = u64::MAX;
        for _ in 0..ROUNDS {
            let before = resident().unwrap_or(0);
            (0..states).try_for_each(|_| live())?;
            least = least.min(resident().unwrap_or(0).saturating_sub(before));
        }
        if least < SMALLEST * states || least == 0 {
            return Ok(());
        }
        Err(format!(
            "each of {ROUNDS} rounds of {states} states, made, asked once and destroyed, left {} KiB or more behind: about {} bytes a state",
            least >> 10,
            least / states
        )
        .into())
    })())
}

fn growth_of_python(subject: &Subject) -> Outcome {
    let batch = material::batch(&material::TURNS[..8]);
    match python::left_behind(&subject.config.to_string(), &batch) {
        Err(why) => Outcome::Failed(why),
        Ok(bytes) if bytes < SMALLEST => Outcome::Passed,
        Ok(bytes) => Outcome::Failed(format!(
            "states that are made one after another and asked once leave objects behind, about {bytes} bytes a state: what `start` \
             makes belongs to the state that it returns"
        )),
    }
}

/// Memory of this process that is no file's, in bytes. Exact, which the figures of `/proc/self/statm` are not: the kernel
/// collects those from its processors now and then.
fn resident() -> Option<u64> {
    let rollup = std::fs::read_to_string("/proc/self/smaps_rollup").ok()?;
    let line = rollup.lines().find_map(|line| line.strip_prefix("Anonymous:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib << 10)
}
