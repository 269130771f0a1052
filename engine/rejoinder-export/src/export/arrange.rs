//! From examples to files: removes contradictions, balances the labels, splits by how conversations open, and orders the rows
//! for training. The result depends on the examples and the seed alone.

use std::collections::{HashMap, HashSet};

use rejoinder_core::random::Random;

use super::example::Example;
use super::opening::OpeningHash;

/// Removes examples whose prompt and answer another example has with the opposite label, or whose hash without label is among
/// `blamed`. Returns the number of removed examples.
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

/// Whether conversations that open so belong to the validation split, which takes about `share` of all openings.
pub fn is_validation(opening: &OpeningHash, share: f64, seed: u64) -> bool {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&seed.to_le_bytes());
    hasher.update(opening.bytes());
    let [a, b, c, d, e, f, g, h, ..] = *hasher.finalize().as_bytes();
    let place = u64::from_le_bytes([a, b, c, d, e, f, g, h]) as f64 / u64::MAX as f64;
    place < share
}

/// Examples to train on, and examples that a model must not have seen.
#[derive(Debug)]
pub struct SplitExamples {
    /// The examples to train on.
    pub train: Vec<Example>,
    /// The examples that are held out.
    pub validation: Vec<Example>,
    /// How many examples were removed, since they are held out and others with the same conversation id are not.
    pub torn: u64,
}

/// Splits by how conversations open, so that neither an opening nor the id of a conversation is in both splits.
pub fn split(examples: Vec<Example>, share: f64, seed: u64) -> SplitExamples {
    let held_out = |example: &Example| is_validation(&example.opening(), share, seed);
    let (mut validation, train): (Vec<_>, Vec<_>) = examples.into_iter().partition(held_out);
    let before = validation.len();
    let trained: HashSet<_> = train.iter().map(|example| &*example.conversation_id).collect();
    validation.retain(|example| !trained.contains(&*example.conversation_id));
    SplitExamples { torn: (before - validation.len()) as u64, train, validation }
}

/// Shuffles by `seed`, and then lets the labels alternate by their share, so that every batch holds both labels: trainers that
/// pair neighbouring rows (KTO's KL term) read files in their order. Neighbours come from different conversations where
/// possible. If any row holds tools, the first row does: readers take the types of the columns from the beginning of a file.
pub fn order(examples: Vec<Example>, seed: u64) -> Vec<Example> {
    let (mut ones, mut others): (Vec<_>, Vec<_>) = examples.into_iter().partition(|example| example.label);
    let mut random = Random::with_seed(seed);
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

/// Removes rows with tools from the validation split if no row of `train` has tools: a reader takes the types of the columns from
/// `train`. Returns the number of removed rows.
pub fn remove_unseen_tools(validation: &mut Vec<Example>, train: &[Example]) -> u64 {
    let before = validation.len();
    if !train.iter().any(Example::has_tools) {
        validation.retain(|example| !example.has_tools());
    }
    (before - validation.len()) as u64
}

fn take_with_tools(queue: &mut Vec<Example>) -> Option<Example> {
    let at = queue.iter().rposition(Example::has_tools)?;
    Some(queue.remove(at))
}

/// Takes the last example of `queue` that comes from another conversation than the row before, or simply the last.
fn next(queue: &mut Vec<Example>, before: Option<&Example>) -> Example {
    const SEARCHED: usize = 64;
    let differs = |example: &Example| before.is_none_or(|b| b.conversation_id != example.conversation_id);
    let from = queue.len().saturating_sub(SEARCHED);
    let at = queue[from..].iter().rposition(differs).map_or(queue.len() - 1, |at| from + at);
    queue.remove(at)
}

/// Removes examples of the more frequent label, drawn by `seed`, until both labels have as many. Removes nothing where one label
/// is missing. Returns the number of removed examples.
pub fn balance(examples: &mut Vec<Example>, seed: u64) -> u64 {
    let [others, ones] = label_counts(examples);
    let most = ones.min(others);
    if most == 0 || ones == others {
        return 0;
    }
    let majority = ones > others;
    let mut places: Vec<usize> = (0..examples.len()).filter(|&i| examples[i].label == majority).collect();
    Random::with_seed(seed).shuffle(&mut places);
    let mut drop = vec![false; examples.len()];
    places[most..].iter().for_each(|&place| drop[place] = true);
    let mut place = 0;
    examples.retain(|_| {
        place += 1;
        !drop[place - 1]
    });
    (places.len() - most) as u64
}

/// The numbers of undesirable and of desirable examples.
pub fn label_counts(examples: &[Example]) -> [usize; 2] {
    let ones = examples.iter().filter(|example| example.label).count();
    [examples.len() - ones, ones]
}
