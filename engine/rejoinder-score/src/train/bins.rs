//! Dense features cut into a few bins each, column by column: what trees are grown on.

/// Most bins of a feature.
pub(crate) const BINS: usize = 32;

/// BinnedColumns columns.
#[derive(Debug)]
pub(crate) struct BinnedColumns {
    /// By feature: its borders; a value's bin is the number of borders below it.
    pub(crate) borders: Vec<Vec<f32>>,
    /// By feature: the rows' bins.
    pub(crate) columns: Vec<Vec<u8>>,
}

impl BinnedColumns {
    /// Bins `dense`, rows of `width` values.
    pub(crate) fn new(dense: &[f32], width: usize) -> Self {
        let mut borders = Vec::with_capacity(width);
        let mut columns = Vec::with_capacity(width);
        let mut sorted = Vec::with_capacity(dense.len() / width);
        for feature in 0..width {
            let values = || dense.iter().skip(feature).step_by(width);
            sorted.clear();
            sorted.extend(values().copied());
            let cuts = cuts(&mut sorted);
            columns.push(values().map(|value| cuts.partition_point(|cut| cut < value) as u8).collect());
            borders.push(cuts);
        }
        Self { borders, columns }
    }
}

/// Borders between values, at about equal shares of the rows.
fn cuts(values: &mut [f32]) -> Vec<f32> {
    values.sort_unstable_by(f32::total_cmp);
    let mut cuts: Vec<f32> = Vec::with_capacity(BINS - 1);
    let n = values.len();
    for share in 1..BINS {
        // The border lies where the value changes nearest behind the share.
        let at = n * share / BINS;
        let next = at + values[at..].partition_point(|&v| v <= values[at]);
        let (low, high) = if next < n { (values[next - 1], values[next]) } else { break };
        let cut = low + (high - low) / 2.0;
        let cut = if cut >= high { low } else { cut };
        if cuts.last().is_none_or(|&last| last < cut) {
            cuts.push(cut);
        }
    }
    // Rare high or low values of mostly constant features.
    if let Some(next) = values.iter().position(|&v| v > values[0]) {
        let cut = values[0] + (values[next] - values[0]) / 2.0;
        let cut = if cut >= values[next] { values[0] } else { cut };
        if cuts.first().is_none_or(|&first| cut < first) && cuts.len() < BINS - 1 {
            cuts.insert(0, cut);
        }
    }
    cuts
}
