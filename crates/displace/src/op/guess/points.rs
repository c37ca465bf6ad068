//! The numbers that are looked at: some thousand pixels of the first sample, with their neighbours.

use crate::any::{AnyArray, AnyData};
use crate::dtype::Sample;
use crate::view::Layout;
use crate::with_data;

/// Pixels that are looked at, at most.
const MOST: usize = 2048;
/// Flow files say "unknown" by numbers beyond this.
const UNKNOWN: f64 = 1e9;

/// A number as `f64`; NaN where there is none.
pub(super) fn number(data: &AnyData, at: usize) -> f64 {
    with_data!(data, v => v.get(at).map_or(f64::NAN, |value| Sample::widen::<f64>(*value)))
}

/// A way in which an array's axes may be components, lattice and samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Stored {
    pub(super) layout: Layout,
    /// Axes of the lattice, and components.
    pub(super) axes: usize,
    /// Lengths of the lattice's axes in array order; 1 behind the last.
    pub(super) size: [usize; 3],
    pub(super) samples: usize,
}

impl Stored {
    /// All ways that a shape allows.
    pub(super) fn all(shape: &[usize]) -> Vec<Self> {
        let mut found = Vec::new();
        for axes in [2, 3] {
            for lead in [0, 1] {
                for layout in [Layout::Interleaved, Layout::Planar] {
                    let (component, first) = match layout {
                        Layout::Interleaved => (axes + lead, lead),
                        Layout::Planar => (lead, lead + 1),
                    };
                    let Some(lattice) = shape.get(first..first + axes) else { continue };
                    if shape.len() != axes + 1 + lead || shape[component] != axes || shape.contains(&0) {
                        continue;
                    }
                    let mut size = [1; 3];
                    size[..axes].copy_from_slice(lattice);
                    found.push(Self { layout, axes, size, samples: if lead == 1 { shape[0] } else { 1 } });
                }
            }
        }
        found
    }

    /// Steps from pixel to pixel along each axis in array order, and from component to component.
    fn steps(&self) -> ([usize; 3], usize) {
        let pixels: usize = self.size.iter().product();
        let (mut step, component) = match self.layout {
            Layout::Interleaved => (self.axes, 1),
            Layout::Planar => (1, pixels),
        };
        let mut steps = [0; 3];
        for a in (0..self.axes).rev() {
            steps[a] = step;
            step *= self.size[a];
        }
        (steps, component)
    }
}

/// One pixel.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    /// Its index, in array order.
    pub(super) at: [usize; 3],
    /// Its numbers in their order.
    pub(super) value: [f64; 3],
    /// Their differences to the next pixel along each axis of the array; NaN where there is none.
    pub(super) slope: [[f64; 3]; 3],
}

/// The best affine fit of each component: `middle + sum slope * (index - centre)`, axes in array order.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Affine {
    pub(super) middle: [f64; 3],
    /// By component and axis.
    pub(super) slope: [[f64; 3]; 3],
    /// What it leaves: the mean products of the components' residuals.
    pub(super) left: [[f64; 3]; 3],
}

/// The pixels that are looked at, and what of them does not depend on their meaning.
#[derive(Clone, Debug)]
pub(super) struct Points {
    pub(super) stored: Stored,
    pub(super) all: Vec<Point>,
    pub(super) affine: Affine,
    /// Relative step of the numbers' type: how far from a rest place rounding leads, as a share of the size.
    pub(super) step: f64,
    /// Second differences over first ones.
    roughness: f64,
}

impl Points {
    /// Pixels spread over the lattice whose numbers are known; `None` if there are none.
    pub(super) fn of(array: &AnyArray, stored: Stored) -> Option<Self> {
        let (d, size) = (stored.axes, stored.size);
        let (steps, component) = stored.steps();
        let value = |at: [usize; 3]| -> Option<[f64; 3]> {
            if (0..d).any(|a| at[a] >= size[a]) {
                return None;
            }
            let first: usize = (0..d).map(|a| at[a] * steps[a]).sum();
            let mut value = [0.0; 3];
            for c in 0..d {
                value[c] = number(array.data(), first + c * component);
            }
            value.iter().all(|v| v.abs() < UNKNOWN).then_some(value)
        };
        let every = spread(&size[..d]);
        let chosen = |a: usize| (every[a] - 1).min(size[a] - 1) / 2;
        let (mut all, mut first, mut second) = (Vec::new(), 0.0, 0.0);
        let mut at = [chosen(0), chosen(1), chosen(2)];
        'pixels: loop {
            if let Some(here) = value(at) {
                let mut slope = [[f64::NAN; 3]; 3];
                for a in 0..d {
                    let beside = |by: usize| value(std::array::from_fn(|b| if a == b { at[b].wrapping_add(by) } else { at[b] }));
                    let (next, last) = (beside(1), beside(usize::MAX));
                    // At the far end the difference to the pixel before serves.
                    if let Some((high, low)) = next.map(|next| (next, here)).or(last.map(|last| (here, last))) {
                        slope[a] = std::array::from_fn(|c| high[c] - low[c]);
                    }
                    if let (Some(next), Some(last)) = (next, last) {
                        for c in 0..d {
                            second += (next[c] - 2.0 * here[c] + last[c]).abs();
                            first += (next[c] - last[c]).abs() / 2.0;
                        }
                    }
                }
                all.push(Point { at, value: here, slope });
            }
            for a in (0..d).rev() {
                at[a] += every[a];
                if at[a] < size[a] {
                    continue 'pixels;
                }
                at[a] = chosen(a);
            }
            break;
        }
        let affine = Affine::of(&all, &stored)?;
        let dtype = array.dtype();
        let step = if dtype.is_float() {
            (2.0 * dtype.spacing_below_one()).max(1e-9)
        } else {
            0.3 / size[..d].iter().max().copied()? as f64
        };
        let roughness = if first > 0.0 { second / first } else { 0.0 };
        Some(Self { stored, all, affine, step, roughness })
    }

    /// What a lattice on which numbers jump costs.
    pub(super) fn roughness_cost(&self) -> f64 {
        4.0 * (0.05 + self.roughness.min(4.0)).ln()
    }

    /// Size of the displacements that the numbers would be, in their own unit: of the ends of the best affine fit, and what it leaves.
    pub(super) fn amplitude(&self) -> f64 {
        let (d, Affine { middle, slope, .. }) = (self.stored.axes, &self.affine);
        let mut sum = 0.0;
        for c in 0..d {
            sum += middle[c] * middle[c];
            for a in 0..d {
                sum += (slope[c][a] * self.stored.size[a] as f64).powi(2);
            }
        }
        (sum / (d * d + d) as f64 + self.residual().powi(2)).sqrt()
    }

    /// What the best affine fit leaves, root mean square of a component.
    pub(super) fn residual(&self) -> f64 {
        let d = self.stored.axes;
        ((0..d).map(|c| self.affine.left[c][c]).sum::<f64>() / d as f64).sqrt()
    }

    /// Whether the numbers are a ramp and nothing else.
    pub(super) fn is_ramp(&self) -> bool {
        let middle = (0..self.stored.axes).map(|c| self.affine.middle[c].powi(2)).sum::<f64>().sqrt();
        let amplitude = self.amplitude();
        self.residual() < (1e-5 + 4.0 * self.step) * amplitude && middle < 2.0 * amplitude
    }
}

/// Every how many pixels along each axis one is looked at: all axes alike, as far as they are long enough.
fn spread(size: &[usize]) -> [usize; 3] {
    let mut every = [1; 3];
    let count = |every: &[usize; 3]| size.iter().zip(every).map(|(len, every)| len.div_ceil(*every)).fold(1, usize::saturating_mul);
    while count(&every) > MOST {
        // The axis with the most pixels left.
        let longest = (0..size.len()).max_by_key(|a| size[*a].div_ceil(every[*a])).unwrap_or(0);
        // Odd steps see every parity: numbers of mixed components do not look smooth.
        every[longest] += if every[longest] < 16 { 2 } else { every[longest] / 8 * 2 };
    }
    every
}

impl Affine {
    fn of(points: &[Point], stored: &Stored) -> Option<Self> {
        if points.is_empty() {
            return None;
        }
        let d = stored.axes;
        let centred = |point: &Point| -> [f64; 4] {
            std::array::from_fn(|a| {
                if a == 0 {
                    1.0
                } else if a <= d {
                    point.at[a - 1] as f64 - (stored.size[a - 1] as f64 - 1.0) / 2.0
                } else {
                    0.0
                }
            })
        };
        let mut squares = [[0.0; 4]; 4];
        let mut products = [[0.0; 3]; 4];
        for point in points {
            let x = centred(point);
            for i in 0..=d {
                for k in 0..=d {
                    squares[i][k] += x[i] * x[k];
                }
                for c in 0..d {
                    products[i][c] += x[i] * point.value[c];
                }
            }
        }
        // An axis on which all points have the same index has no slope.
        let scale = points.len() as f64;
        for i in 0..4 {
            squares[i][i] += 1e-12 * scale;
        }
        let solved = solve(squares, products);
        let mut affine = Self::default();
        for c in 0..d {
            affine.middle[c] = solved[0][c];
            for a in 0..d {
                affine.slope[c][a] = solved[a + 1][c];
            }
        }
        for point in points {
            let x = centred(point);
            let left: [f64; 3] = std::array::from_fn(|c| point.value[c] - (0..=d).map(|i| x[i] * solved[i][c]).sum::<f64>());
            for c in 0..d {
                for e in 0..d {
                    affine.left[c][e] += left[c] * left[e] / scale;
                }
            }
        }
        Some(affine)
    }
}

/// Solves a small system by elimination with pivots on the diagonal, which sums of squares allow.
fn solve(mut squares: [[f64; 4]; 4], mut products: [[f64; 3]; 4]) -> [[f64; 3]; 4] {
    for i in 0..4 {
        let pivot = squares[i][i];
        if pivot.abs() < f64::MIN_POSITIVE {
            continue;
        }
        for row in (0..4).filter(|row| *row != i) {
            let factor = squares[row][i] / pivot;
            for k in 0..4 {
                squares[row][k] -= factor * squares[i][k];
            }
            for c in 0..3 {
                products[row][c] -= factor * products[i][c];
            }
        }
    }
    std::array::from_fn(|i| std::array::from_fn(|c| products[i][c] / squares[i][i]))
}
