//! Grows a forest: gradient boosting with a logistic loss for each head, one structure for all heads.

use super::bins::{BINS, Binned};
use super::random::Random;
use crate::heads::{HEADS, PerHead};
use crate::model::forest::{DEPTH, Forest, LEAVES, Tree};

/// How a forest is grown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Boosting {
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

/// Sums of one bin.
#[derive(Clone, Copy, Default)]
struct Cell {
    gradient: PerHead,
    weight: f32,
}

/// A forest's structure while it grows, with leaves not yet rounded.
struct Grown {
    features: [u16; DEPTH],
    thresholds: [f32; DEPTH],
    bins: [u8; DEPTH],
    leaves: [PerHead; LEAVES],
}

/// Grows a forest on `rows`, with `targets` in [0, 1] and `weights`, asking for features that `may` be used.
pub(crate) fn grow(
    binned: &Binned,
    may: impl Fn(usize) -> bool,
    rows: &[u32],
    targets: &[PerHead],
    weights: &[f32],
    how: &Boosting,
) -> Forest {
    let all: f64 = rows.iter().map(|&row| f64::from(weights[row as usize])).sum();
    let bias: PerHead = std::array::from_fn(|k| {
        let of = |&row: &u32| f64::from(targets[row as usize][k]) * f64::from(weights[row as usize]);
        let yes: f64 = rows.iter().map(of).sum();
        let share = ((yes + 0.5) / (all + 1.0)).clamp(1e-4, 1.0 - 1e-4);
        (share / (1.0 - share)).ln() as f32
    });
    let mut random = Random::new(how.seed);
    let mut logits = vec![bias; targets.len()];
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
    round(&grown, bias)
}

/// Leaves as whole numbers of one common unit.
fn round(grown: &[Grown], bias: PerHead) -> Forest {
    let largest = grown.iter().flat_map(|t| t.leaves.iter().flatten()).fold(0.0_f32, |m, v| m.max(v.abs()));
    let scale = if largest > 0.0 { largest / 32_000.0 } else { 1.0 };
    let trees = grown.iter().map(|tree| Tree {
        features: tree.features,
        thresholds: tree.thresholds,
        leaves: tree.leaves.map(|leaf| leaf.map(|value| (value / scale).round() as i16)),
    });
    Forest { trees: trees.collect(), scale, bias }
}

#[derive(Default)]
struct Grower {
    gradients: Vec<PerHead>,
    hessians: Vec<PerHead>,
    weights: Vec<f32>,
    leaf: Vec<u8>,
    cells: Vec<Cell>,
}

impl Grower {
    #[allow(clippy::too_many_arguments)]
    fn tree(
        &mut self,
        binned: &Binned,
        features: &[usize],
        rows: &[u32],
        targets: &[PerHead],
        weights: &[f32],
        logits: &[PerHead],
        how: &Boosting,
    ) -> Option<Grown> {
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
            self.gradients.push(std::array::from_fn(|k| weight * (targets[row][k] - p[k])));
            self.hessians.push(hessian);
            self.weights.push(weight);
        }
        let total: f32 = self.weights.iter().sum::<f32>().max(1e-6);
        let value: PerHead = spread.map(|s| (s / total).max(1e-4).powf(-how.balance));
        self.leaf.clear();
        self.leaf.resize(rows.len(), 0);
        let mut tree = Grown {
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
                g[k] += self.gradients[i][k];
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
        self.cells.resize(leaves * BINS, Cell::default());
        for (i, &row) in rows.iter().enumerate() {
            let cell = &mut self.cells[usize::from(self.leaf[i]) * BINS + usize::from(column[row as usize])];
            for k in 0..HEADS {
                cell.gradient[k] += self.gradients[i][k];
            }
            cell.weight += self.weights[i];
        }
        let mut gains = [0.0_f32; BINS];
        for leaf in self.cells.chunks_exact(BINS) {
            let mut all = Cell::default();
            for cell in &leaf[..=borders] {
                add(&mut all, cell);
            }
            if all.weight == 0.0 {
                continue;
            }
            let before = worth(&all.gradient, all.weight, value, ridge);
            let mut below = Cell::default();
            for (gain, cell) in gains[..borders].iter_mut().zip(leaf) {
                add(&mut below, cell);
                let above: PerHead = std::array::from_fn(|k| all.gradient[k] - below.gradient[k]);
                *gain += worth(&below.gradient, below.weight, value, ridge)
                    + worth(&above, all.weight - below.weight, value, ridge)
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

fn add(sum: &mut Cell, cell: &Cell) {
    for k in 0..HEADS {
        sum.gradient[k] += cell.gradient[k];
    }
    sum.weight += cell.weight;
}

fn worth(gradient: &PerHead, weight: f32, value: &PerHead, ridge: f32) -> f32 {
    let mut sum = 0.0;
    for k in 0..HEADS {
        sum += gradient[k] * gradient[k] * value[k];
    }
    sum / (weight + ridge)
}
