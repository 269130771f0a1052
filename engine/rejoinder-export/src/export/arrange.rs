//! From examples to files: contradictions out, labels balanced, conversations split, rows in an order to train in. All of it
//! depends on the examples and the seed alone.

use std::collections::{HashMap, HashSet};

use super::example::Example;

/// Removes examples whose prompt and answer another one has with the opposite label, or which are among the `blamed`
/// (hashes without label); returns how many.
pub fn remove_conflicts(examples: &mut Vec<Example>, blamed: &HashSet<[u8; 32]>) -> u64 {
    let mut labels: HashMap<[u8; 32], [bool; 2]> = HashMap::new();
    for example in &*examples {
        labels.entry(example.hash(false)).or_default()[usize::from(example.label)] = true;
    }
    let before = examples.len();
    examples.retain(|example| {
        let hash = example.hash(false);
        labels[&hash] != [true, true] && !blamed.contains(&hash)
    });
    (before - examples.len()) as u64
}

/// Whether a conversation belongs to the validation split, to which about `share` of all do.
pub fn is_validation(conversation_id: &str, share: f64, seed: u64) -> bool {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&seed.to_le_bytes());
    hasher.update(conversation_id.as_bytes());
    let [a, b, c, d, e, f, g, h, ..] = *hasher.finalize().as_bytes();
    let place = u64::from_le_bytes([a, b, c, d, e, f, g, h]) as f64 / u64::MAX as f64;
    place < share
}

/// Shuffles by `seed`, and then lets the labels alternate by their share, so that every batch holds both: trainers that
/// pair neighbouring rows (KTO's KL term) read files in their order. Neighbours come from different conversations where
/// that can be. If any row holds tools, the first does: readers take the columns' types from a file's beginning.
pub fn order(examples: Vec<Example>, seed: u64) -> Vec<Example> {
    let (mut ones, mut others): (Vec<_>, Vec<_>) = examples.into_iter().partition(|example| example.label);
    let mut random = fastrand::Rng::with_seed(seed);
    random.shuffle(&mut ones);
    random.shuffle(&mut others);
    let (all_ones, total) = (ones.len(), ones.len() + others.len());
    let mut ordered: Vec<Example> = Vec::with_capacity(total);
    ordered.extend([&mut ones, &mut others].into_iter().find_map(take_with_tools));
    for place in ordered.len()..total {
        // So many of the rows up to here are ones: their share among all rows, rounded up.
        let due = ((place + 1) * all_ones).div_ceil(total);
        let queue = if all_ones - ones.len() < due { &mut ones } else { &mut others };
        ordered.push(next(queue, ordered.last()));
    }
    ordered
}

/// Removes rows with tools from `held_out` if none of `train` has any: a reader takes the columns' types from `train`. Returns
/// how many.
pub fn remove_unseen_tools(held_out: &mut Vec<Example>, train: &[Example]) -> u64 {
    let before = held_out.len();
    if !train.iter().any(Example::has_tools) {
        held_out.retain(|example| !example.has_tools());
    }
    (before - held_out.len()) as u64
}

fn take_with_tools(queue: &mut Vec<Example>) -> Option<Example> {
    let at = queue.iter().rposition(Example::has_tools)?;
    Some(queue.remove(at))
}

/// Takes the last of `queue` that is of another conversation than the row before it, or simply the last.
fn next(queue: &mut Vec<Example>, before: Option<&Example>) -> Example {
    const SEARCHED: usize = 64;
    let differs = |example: &Example| before.is_none_or(|b| b.conversation_id != example.conversation_id);
    let from = queue.len().saturating_sub(SEARCHED);
    let at = queue[from..].iter().rposition(differs).map_or(queue.len() - 1, |at| from + at);
    queue.remove(at)
}

/// Leaves out examples of the more frequent label, drawn by `seed`, until both are as many; returns how many. Nothing is
/// left out where one label is missing.
pub fn balance(examples: &mut Vec<Example>, seed: u64) -> u64 {
    let [others, ones] = label_counts(examples);
    let most = ones.min(others);
    if most == 0 || ones == others {
        return 0;
    }
    let majority = ones > others;
    let mut places: Vec<usize> = (0..examples.len()).filter(|&i| examples[i].label == majority).collect();
    fastrand::Rng::with_seed(seed).shuffle(&mut places);
    let mut drop = vec![false; examples.len()];
    places[most..].iter().for_each(|&place| drop[place] = true);
    let mut place = 0;
    examples.retain(|_| {
        place += 1;
        !drop[place - 1]
    });
    (places.len() - most) as u64
}

/// How many examples are not desirable, and how many are.
pub fn label_counts(examples: &[Example]) -> [usize; 2] {
    let ones = examples.iter().filter(|example| example.label).count();
    [examples.len() - ones, ones]
}
