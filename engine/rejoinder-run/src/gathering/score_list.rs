//! Scores of many turns in few bytes, without loss: sorted, as differences from one to the next.

/// Seven bits of a number stand in a byte; the eighth says that more follow.
const MORE: u8 = 0x80;

/// Packs scores. Their order is lost.
pub(super) fn pack(scores: &[f32]) -> Vec<u8> {
    let mut bits: Vec<u32> = scores.iter().map(|score| score.to_bits()).collect();
    bits.sort_unstable();
    let mut packed = Vec::with_capacity(bits.len() * 2);
    let mut last = 0;
    for bits in bits {
        let mut rest = bits - last;
        last = bits;
        while rest >= u32::from(MORE) {
            packed.push(rest as u8 | MORE);
            rest >>= 7;
        }
        packed.push(rest as u8);
    }
    packed
}

/// The scores in some bytes, sorted by their bits; `None` if the bytes are no packed scores.
pub(super) fn unpack(packed: &[u8]) -> Option<Vec<f32>> {
    let mut scores = Vec::new();
    let (mut last, mut difference, mut shift) = (0_u32, 0_u64, 0);
    for byte in packed {
        if shift > 28 {
            return None;
        }
        difference |= u64::from(byte & !MORE) << shift;
        shift += 7;
        if byte & MORE == 0 {
            last = last.checked_add(u32::try_from(difference).ok()?)?;
            scores.push(f32::from_bits(last));
            (difference, shift) = (0, 0);
        }
    }
    (shift == 0).then_some(scores)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn scores_come_back_sorted(scores in prop::collection::vec(any::<u32>().prop_map(f32::from_bits), 0..60)) {
            let mut sorted: Vec<u32> = scores.iter().map(|score| score.to_bits()).collect();
            sorted.sort_unstable();
            let back: Vec<u32> = unpack(&pack(&scores)).unwrap().into_iter().map(f32::to_bits).collect();
            prop_assert_eq!(back, sorted);
        }

        #[test]
        fn any_bytes_are_scores_or_none(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            if let Some(scores) = unpack(&bytes) {
                prop_assert_eq!(unpack(&pack(&scores)).unwrap().len(), scores.len());
            }
        }
    }

    #[test]
    fn many_scores_take_few_bytes() {
        let scores: Vec<f32> = (0..100_000).map(|i| i as f32 / 100_000.0).collect();
        assert!(pack(&scores).len() < 250_000);
        assert_eq!(unpack(&pack(&scores)).unwrap(), scores);
    }
}
