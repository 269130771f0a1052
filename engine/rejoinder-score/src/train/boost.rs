//! Grows a forest: gradient boosting with a logistic loss for each head, one structure for all heads.

use rejoinder_core::random::SplitMix64;

use super::bins::{BINS, BinnedColumns};
use crate::heads::{HEADS, PerHead};
use crate::model::forest::{DEPTH, Forest, LEAVES, Questions};

/// How a forest is grown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BoostOptions {
    pub(crate) trees: usize,
    pub(crate) rate: f32,
    /// Share of the features that a tree may choose from.
    pub(crate) features: f32,
    /// Share of the rows that a tree is grown on, and the most rows.
    pub(crate) rows: f32,
    pub(crate) most_rows: usize,
    /// Ridge of the leaves.
    pub(crate) ridge: f32,
    /// How much heads with rare answers count for the structure: 0 little, 1 as much as others.
    pub(crate) balance: f32,
    pub(crate) seed: u64,
}

/// Gradients of one row, or their sum in one bin: aligned, so that they are added in a few instructions.
#[derive(Clone, Copy, Default)]
#[repr(align(32))]
struct Gradient(PerHead);

impl Gradient {
    fn add(&mut self, other: &Self) {
        for k in 0..HEADS {
            self.0[k] += other.0[k];
        }
    }
}

/// A forest's structure while it grows, with leaves not yet rounded.
struct Tree {
    features: [u16; DEPTH],
    thresholds: [f32; DEPTH],
    bins: [u8; DEPTH],
    leaves: [PerHead; LEAVES],
}

/// Grows a forest on `rows`, with `targets` in [0, 1] and `weights`, asking for features that `may` be used.
pub(crate) fn grow(
    binned: &BinnedColumns,
    may: impl Fn(usize) -> bool,
    rows: &[u32],
    targets: &[PerHead],
    weights: &[f32],
    how: &BoostOptions,
) -> Forest {
    let all: f64 = rows.iter().map(|&row| f64::from(weights[row as usize])).sum();
    let bias: PerHead = std::array::from_fn(|k| {
        let of = |&row: &u32| f64::from(targets[row as usize][k]) * f64::from(weights[row as usize]);
        let yes: f64 = rows.iter().map(of).sum();
        let share = ((yes + 0.5) / (all + 1.0)).clamp(1e-4, 1.0 - 1e-4);
        (share / (1.0 - share)).ln() as f32
    });
    let mut forest = grow_on(vec![bias; targets.len()], binned, may, rows, targets, weights, how);
    forest.bias = bias;
    forest
}

/// As [`grow`], by what is still amiss when `logits` are there already; the forest adds to them.
pub(crate) fn grow_on(
    mut logits: Vec<PerHead>,
    binned: &BinnedColumns,
    may: impl Fn(usize) -> bool,
    rows: &[u32],
    targets: &[PerHead],
    weights: &[f32],
    how: &BoostOptions,
) -> Forest {
    let mut random = SplitMix64::with_seed(how.seed);
    let mut usable: Vec<usize> =
        (0..binned.columns.len()).filter(|&f| may(f) && !binned.borders[f].is_empty()).collect();
    let mut order = rows.to_vec();
    let taken = ((order.len() as f32 * how.rows) as usize).clamp(1, how.most_rows);
    let chosen = ((usable.len() as f32 * how.features).ceil() as usize).min(usable.len());
    let mut grown = Vec::with_capacity(how.trees);
    let mut grower = Grower::default();
    for _ in 0..how.trees {
        if chosen == 0 {
            break;
        }
        random.choose(&mut usable, chosen);
        random.choose(&mut order, taken);
        // In their order rows are found faster, and sums do not depend on how they were drawn.
        order[..taken].sort_unstable();
        let tree = grower.tree(binned, &usable[..chosen], &order[..taken], targets, weights, &logits, how);
        let Some(tree) = tree else { break };
        for &row in rows {
            let (row, mut leaf) = (row as usize, 0);
            for d in 0..DEPTH {
                leaf |= usize::from(binned.columns[usize::from(tree.features[d])][row] > tree.bins[d]) << d;
            }
            for (logit, value) in logits[row].iter_mut().zip(&tree.leaves[leaf]) {
                *logit += value;
            }
        }
        grown.push(tree);
    }
    round(&grown)
}

/// Leaves as whole numbers of one common unit.
fn round(grown: &[Tree]) -> Forest {
    let scale = unit(grown.iter().flat_map(|tree| tree.leaves.iter().flatten().copied()));
    let trees = grown.iter().map(|tree| {
        let leaves = tree.leaves.map(|leaf| whole(&leaf, scale));
        (Questions { features: tree.features, thresholds: tree.thresholds }, leaves)
    });
    Forest::new(trees, scale, PerHead::default())
}

/// What a unit of leaves with these values is worth.
pub(crate) fn unit(values: impl Iterator<Item = f32>) -> f32 {
    let largest = values.fold(0.0_f32, |largest, value| largest.max(value.abs()));
    if largest > 0.0 { largest / 32_000.0 } else { 1.0 }
}

/// A leaf in units.
pub(crate) fn whole(leaf: &PerHead, unit: f32) -> [i16; HEADS] {
    leaf.map(|value| (value / unit).round() as i16)
}

#[derive(Default)]
struct Grower {
    gradients: Vec<Gradient>,
    hessians: Vec<PerHead>,
    weights: Vec<f32>,
    leaf: Vec<u8>,
    /// By leaf and bin: sums.
    cells: Vec<Gradient>,
    cell_weights: Vec<f32>,
}

impl Grower {
    #[allow(clippy::too_many_arguments)]
    fn tree(
        &mut self,
        binned: &BinnedColumns,
        features: &[usize],
        rows: &[u32],
        targets: &[PerHead],
        weights: &[f32],
        logits: &[PerHead],
        how: &BoostOptions,
    ) -> Option<Tree> {
        self.gradients.clear();
        self.hessians.clear();
        self.weights.clear();
        let mut spread = [1e-6_f32; HEADS];
        for &row in rows {
            let row = row as usize;
            let weight = weights[row];
            let p = logits[row].map(|z| 1.0 / (1.0 + (-z).exp()));
            let hessian: PerHead = std::array::from_fn(|k| weight * p[k] * (1.0 - p[k]));
            for k in 0..HEADS {
                spread[k] += hessian[k];
            }
            self.gradients.push(Gradient(std::array::from_fn(|k| weight * (targets[row][k] - p[k]))));
            self.hessians.push(hessian);
            self.weights.push(weight);
        }
        let total: f32 = self.weights.iter().sum::<f32>().max(1e-6);
        let value: PerHead = spread.map(|s| (s / total).max(1e-4).powf(-how.balance));
        self.leaf.clear();
        self.leaf.resize(rows.len(), 0);
        let mut tree = Tree {
            features: [0; DEPTH],
            thresholds: [f32::MAX; DEPTH],
            bins: [u8::MAX; DEPTH],
            leaves: [[0.0; HEADS]; LEAVES],
        };
        for depth in 0..DEPTH {
            let mut best = (0.0_f32, 0, 0);
            for &feature in features {
                let (gain, bin) = self.best_cut(
                    &binned.columns[feature],
                    binned.borders[feature].len(),
                    rows,
                    depth,
                    &value,
                    how.ridge,
                );
                if gain > best.0 {
                    best = (gain, feature, bin);
                }
            }
            let (gain, feature, bin) = best;
            if gain <= 0.0 {
                if depth == 0 {
                    return None;
                }
                break;
            }
            tree.features[depth] = feature as u16;
            tree.thresholds[depth] = binned.borders[feature][bin];
            tree.bins[depth] = bin as u8;
            let column = &binned.columns[feature];
            for (leaf, &row) in self.leaf.iter_mut().zip(rows) {
                *leaf |= u8::from(usize::from(column[row as usize]) > bin) << depth;
            }
        }
        let mut sums = [([0.0_f32; HEADS], [0.0_f32; HEADS]); LEAVES];
        for (i, &leaf) in self.leaf.iter().enumerate() {
            let (g, h) = &mut sums[usize::from(leaf)];
            for k in 0..HEADS {
                g[k] += self.gradients[i].0[k];
                h[k] += self.hessians[i][k];
            }
        }
        for (leaf, (g, h)) in tree.leaves.iter_mut().zip(&sums) {
            *leaf = std::array::from_fn(|k| {
                // The ridge is in rows; a head's rows count by how undecided it is.
                let ridge = how.ridge * spread[k] / total;
                how.rate * (g[k] / (h[k] + ridge)).clamp(-4.0, 4.0)
            });
        }
        Some(tree)
    }

    /// The best place to cut a feature, in all leaves at once: its gain over no cut, and the bin below it.
    fn best_cut(
        &mut self,
        column: &[u8],
        borders: usize,
        rows: &[u32],
        depth: usize,
        value: &PerHead,
        ridge: f32,
    ) -> (f32, usize) {
        let leaves = 1 << depth;
        self.cells.clear();
        self.cells.resize(leaves * BINS, Gradient::default());
        self.cell_weights.clear();
        self.cell_weights.resize(leaves * BINS, 0.0);
        let sampled = self.leaf.iter().zip(&self.gradients).zip(&self.weights).zip(rows);
        for (((&leaf, gradient), &weight), &row) in sampled {
            let at = usize::from(leaf) * BINS + usize::from(column[row as usize]);
            self.cells[at].add(gradient);
            self.cell_weights[at] += weight;
        }
        let mut gains = [0.0_f32; BINS];
        for (cells, weights) in self.cells.chunks_exact(BINS).zip(self.cell_weights.chunks_exact(BINS)) {
            let (mut all, mut all_weight) = (Gradient::default(), 0.0);
            for (cell, weight) in cells[..=borders].iter().zip(weights) {
                all.add(cell);
                all_weight += weight;
            }
            if all_weight == 0.0 {
                continue;
            }
            let before = worth(&all, all_weight, value, ridge);
            let (mut below, mut below_weight) = (Gradient::default(), 0.0);
            for ((gain, cell), &weight) in gains[..borders].iter_mut().zip(cells).zip(weights) {
                // An empty bin changes nothing.
                if weight != 0.0 {
                    below.add(cell);
                    below_weight += weight;
                }
                let above = Gradient(std::array::from_fn(|k| all.0[k] - below.0[k]));
                *gain += worth(&below, below_weight, value, ridge)
                    + worth(&above, all_weight - below_weight, value, ridge)
                    - before;
            }
        }
        let mut best = (0.0, 0);
        for (bin, &gain) in gains[..borders].iter().enumerate() {
            if gain > best.0 {
                best = (gain, bin);
            }
        }
        best
    }
}

fn worth(gradient: &Gradient, weight: f32, value: &PerHead, ridge: f32) -> f32 {
    let squares: PerHead = std::array::from_fn(|k| gradient.0[k] * gradient.0[k] * value[k]);
    let [a, b, c, d, e, f, g, h] = squares;
    ((a + e) + (b + f) + ((c + g) + (d + h))) / (weight + ridge)
}
