//! Files of rows, a line each.

/// The lines for which `stays` holds, byte for byte, and the number of the others.
///
/// # Errors
/// If `stays` fails.
pub(crate) fn retained<E>(
    bytes: &[u8],
    stays: impl Fn(&[u8]) -> Result<bool, E>,
) -> Result<(Vec<u8>, u64), E> {
    let (mut kept, mut removed) = (Vec::with_capacity(bytes.len()), 0);
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        match stays(line)? {
            true => kept.extend_from_slice(line),
            false => removed += 1,
        }
    }
    Ok((kept, removed))
}
