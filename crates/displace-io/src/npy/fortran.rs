//! Fortran order to C order.

use crate::error::read::ReadCause;
use crate::memory;

#[derive(Clone, Copy)]
struct Axis {
    len: usize,
    from: usize,
    to: usize,
}

/// Elements moved without looking for a better order: a block of both arrays stays in the cache.
const BLOCK: usize = 1024;

/// Whether the two orders differ for arrays of this shape.
pub(super) fn differs(shape: &[usize]) -> bool {
    shape.iter().filter(|len| **len > 1).count() > 1 && !shape.contains(&0)
}

/// The elements of an array of `shape`, first axis fastest, with the last axis fastest.
pub(super) fn to_c_order<T: Copy + Default>(data: &[T], shape: &[usize]) -> Result<Vec<T>, ReadCause> {
    let mut out = memory::zeros(data.len())?;
    let mut axes: Vec<Axis> = shape.iter().map(|len| Axis { len: *len, from: 0, to: 0 }).collect();
    axes.iter_mut().fold(1, |stride, axis| {
        axis.from = stride;
        stride * axis.len
    });
    axes.iter_mut().rev().fold(1, |stride, axis| {
        axis.to = stride;
        stride * axis.len
    });
    axes.retain(|axis| axis.len > 1);
    divide(&mut axes, data, &mut out);
    Ok(out)
}

/// Halves the longest axis until a block is small: near memory speed whatever the sizes, without knowing the cache.
fn divide<T: Copy>(axes: &mut [Axis], data: &[T], out: &mut [T]) {
    let size: usize = axes.iter().map(|axis| axis.len).product();
    let Some(longest) = (0..axes.len()).max_by_key(|k| axes[*k].len).filter(|_| size > BLOCK) else {
        return copy(axes, data, out);
    };
    let whole = axes[longest];
    let half = whole.len / 2;
    axes[longest].len = half;
    divide(axes, data, out);
    axes[longest].len = whole.len - half;
    divide(axes, &data[half * whole.from..], &mut out[half * whole.to..]);
    axes[longest] = whole;
}

fn copy<T: Copy>(axes: &[Axis], data: &[T], out: &mut [T]) {
    match axes {
        [] => out[0] = data[0],
        [axis] => {
            for (to, from) in out.iter_mut().step_by(axis.to).zip(data.iter().step_by(axis.from)).take(axis.len) {
                *to = *from;
            }
        }
        [axis, inner @ ..] => (0..axis.len).for_each(|i| copy(inner, &data[i * axis.from..], &mut out[i * axis.to..])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_element_moves_to_its_place() {
        for shape in [vec![2, 3], vec![1, 5, 1], vec![37, 1, 41, 3], vec![2, 3, 4, 5, 6, 7], vec![3000, 2], vec![2, 3000]] {
            let count = shape.iter().product();
            let data: Vec<u32> = (0..count).collect();
            let shape: Vec<usize> = shape.iter().map(|len| *len as usize).collect();
            let out = to_c_order(&data, &shape).unwrap();
            for (at, found) in out.iter().enumerate() {
                let (mut rest, mut index) = (at, vec![0; shape.len()]);
                for k in (0..shape.len()).rev() {
                    index[k] = rest % shape[k];
                    rest /= shape[k];
                }
                let expected = index.iter().zip(&shape).rev().fold(0, |sum, (i, len)| sum * len + i);
                assert_eq!(*found as usize, expected, "{shape:?} at {index:?}");
            }
        }
    }

    #[test]
    fn orders_differ_only_with_two_long_axes() {
        assert!(differs(&[2, 1, 3]));
        assert!(!differs(&[1, 5, 1]) && !differs(&[]) && !differs(&[2, 3, 0]));
    }
}
