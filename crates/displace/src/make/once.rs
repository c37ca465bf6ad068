//! Destinations that are given more than once.

use std::cmp::Ordering;

/// For each pair, the first one of `among` with its destination and source, which stands for it; itself for pairs that are not. Or two
/// pairs of one destination that read different sources.
pub(super) fn once<const D: usize>(
    source: &[[f64; D]],
    destination: &[[f64; D]],
    among: impl Fn(usize) -> bool,
) -> Result<Vec<usize>, (usize, usize)> {
    let mut order: Vec<usize> = (0..source.len()).filter(|i| among(*i)).collect();
    order.sort_by(|a, b| destination[*a].partial_cmp(&destination[*b]).unwrap_or(Ordering::Equal).then(a.cmp(b)));
    let mut stands_for: Vec<usize> = (0..source.len()).collect();
    for two in order.windows(2) {
        let (one, other) = (two[0], two[1]);
        if destination[one] == destination[other] {
            if source[one] != source[other] {
                return Err((one, other));
            }
            stands_for[other] = stands_for[one];
        }
    }
    Ok(stands_for)
}
