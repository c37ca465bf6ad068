//! Polynomial maps.

use super::Formula;
use thiserror::Error;

/// `source_k = sum of c_k,t * term_t(destination)` over all products of the coordinates up to an order, in pixels, x first.
///
/// The terms go by degree, within one from the highest power of x: `1, x, y, x^2, x y, y^2, ..` in 2-D, the order of scikit-image's
/// `PolynomialTransform`; `1, x, y, z, x^2, x y, x z, y^2, y z, z^2, ..` in 3-D.
///
/// ```
/// use displace::{Formula, Polynomial};
/// // x' = 1 + x + 0.5 x y, y' = y.
/// let map = Polynomial::<2>::from_numbers(&[1.0, 1.0, 0.0, 0.0, 0.5, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0])?;
/// assert_eq!(map.source([2.0, 4.0]), Some([7.0, 4.0]));
/// # Ok::<(), displace::PolynomialError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Polynomial<const D: usize> {
    order: usize,
    /// By component.
    coefficients: [Vec<f64>; D],
}

/// What is no polynomial map.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum PolynomialError {
    /// A number of coefficients that no order has.
    #[error(
        "{found} coefficients for {axes} axes: expected {axes} rows of as many as an order from 0 to {most} has terms: {terms:?}"
    )]
    Length {
        /// Numbers given.
        found: usize,
        /// Axes.
        axes: usize,
        /// The highest order.
        most: usize,
        /// Terms of the orders from 0.
        terms: Vec<usize>,
    },
    /// A coefficient that is not finite.
    #[error("coefficient {index} is {value}: expected finite numbers")]
    NotFinite {
        /// Which, from 0.
        index: usize,
        /// What it is.
        value: f64,
    },
    /// An order that is too high.
    #[error("order {found}: expected at most {most}")]
    Order {
        /// The order asked for.
        found: usize,
        /// The highest.
        most: usize,
    },
}

/// Higher orders mean nothing in 53 bits: `1000^10` has 100.
pub(crate) const MOST: usize = 10;

/// Terms of an order: binomial `(order + D, D)`.
pub(crate) const fn terms<const D: usize>(order: usize) -> usize {
    if D == 2 { (order + 1) * (order + 2) / 2 } else { (order + 1) * (order + 2) * (order + 3) / 6 }
}

/// Calls `each` with the exponents of every term, in order.
pub(crate) fn for_each_term<const D: usize>(order: usize, mut each: impl FnMut([usize; D])) {
    for degree in 0..=order {
        for x in (0..=degree).rev() {
            let left = degree - x;
            for y in (if D == 2 { left } else { 0 }..=left).rev() {
                each(std::array::from_fn(|k| [x, y, left - y][k]));
            }
        }
    }
}

impl<const D: usize> Polynomial<D> {
    /// From the coefficients, component by component: x first.
    ///
    /// # Errors
    /// If no order has as many terms, or some are not finite.
    pub fn from_numbers(numbers: &[f64]) -> Result<Self, PolynomialError> {
        let order = (0..=MOST).find(|order| terms::<D>(*order) * D == numbers.len());
        let order = order.ok_or_else(|| PolynomialError::Length {
            found: numbers.len(),
            axes: D,
            most: MOST,
            terms: (0..=MOST).map(terms::<D>).collect(),
        })?;
        if let Some((index, value)) = numbers.iter().enumerate().find(|(_, number)| !number.is_finite()) {
            return Err(PolynomialError::NotFinite { index, value: *value });
        }
        let terms = terms::<D>(order);
        Ok(Self { order, coefficients: std::array::from_fn(|k| numbers[k * terms..][..terms].to_vec()) })
    }

    /// The highest degree.
    #[must_use]
    pub const fn order(&self) -> usize {
        self.order
    }

    /// By component, x first.
    #[must_use]
    pub const fn coefficients(&self) -> &[Vec<f64>; D] {
        &self.coefficients
    }
}

/// Powers of each coordinate, from 0 to [`MOST`].
pub(crate) fn powers<const D: usize>(at: [f64; D]) -> [[f64; MOST + 1]; D] {
    at.map(|x| {
        let mut powers = [1.0; MOST + 1];
        for n in 1..=MOST {
            powers[n] = powers[n - 1] * x;
        }
        powers
    })
}

impl<const D: usize> Formula<D> for Polynomial<D> {
    fn source(&self, at: [f64; D]) -> Option<[f64; D]> {
        let powers = powers(at);
        let mut place = [0.0; D];
        let mut term = 0;
        for_each_term::<D>(self.order, |exponents| {
            let product = (1..D).fold(powers[0][exponents[0]], |product, k| product * powers[k][exponents[k]]);
            for k in 0..D {
                place[k] = self.coefficients[k][term].mul_add(product, place[k]);
            }
            term += 1;
        });
        Some(place)
    }

    fn cost(&self) -> usize {
        16 + 2 * D * terms::<D>(self.order)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_go_by_degree_then_from_x() {
        let mut found = Vec::new();
        for_each_term::<2>(2, |e| found.push(e));
        assert_eq!(found, [[0, 0], [1, 0], [0, 1], [2, 0], [1, 1], [0, 2]]);
        let mut found = Vec::new();
        for_each_term::<3>(2, |e| found.push(e));
        assert_eq!(found[..4], [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]);
        assert_eq!(found[4..], [[2, 0, 0], [1, 1, 0], [1, 0, 1], [0, 2, 0], [0, 1, 1], [0, 0, 2]]);
        for order in 0..=MOST {
            let (mut two, mut three) = (0, 0);
            for_each_term::<2>(order, |_| two += 1);
            for_each_term::<3>(order, |_| three += 1);
            assert_eq!((two, three), (terms::<2>(order), terms::<3>(order)));
        }
    }
}
