//! kornia's formula.

use super::points::{Given, SOLVED, row};
use super::{RadialBasis, RadialError, RadialOptions};
use crate::make::least_squares::{Matrix, least_squares};

/// More points than this would take minutes.
const MOST: usize = 2048;

impl<const D: usize> RadialBasis<D> {
    /// What `kornia.geometry.transform.get_tps_transform(destination, source)` makes, for comparison and for programs that were trained with
    /// it: not the thin-plate spline, since kernels are centred at the **source** points while weights see no affine function of the
    /// **destination** points. It meets the points, but bends more, and is not affine far away.
    ///
    /// The same in kornia's normalised coordinates if the image is square. At most 2048 points: its equations are not symmetric.
    ///
    /// # Errors
    /// As [`Self::fit`]; also where kornia's equations have no solution.
    pub fn like_kornia(source: &[[f64; D]], destination: &[[f64; D]]) -> Result<Self, RadialError> {
        let options = RadialOptions::default();
        let given = Given::new(source, destination, &options, MOST)?;
        let exponents = given.exponents();
        let count = given.source.len();
        if count < exponents.len() {
            return Err(given.flat(0.0, exponents.len()));
        }
        let columns = given.columns(&exponents, &given.destination);
        let (mut centres, places) = (given.centres(&given.source), given.centres(&given.destination));
        let values: Vec<Vec<f64>> = (0..D).map(|k| given.values(k)).collect();
        let mut system = Matrix::new(count + exponents.len() + D);
        let mut numbers = vec![0.0; count];
        for (i, place) in places.iter().enumerate() {
            row(options.kernel, &place.at, &centres, &mut numbers);
            let polynomial = columns.iter().map(|column| column[i]);
            let sides = values.iter().map(|values| values[i]);
            system.push(&numbers.iter().copied().chain(polynomial).chain(sides).collect::<Vec<f64>>());
        }
        for column in &columns {
            let nothing = std::iter::repeat_n(0.0, exponents.len() + D);
            system.push(&column.iter().copied().chain(nothing).collect::<Vec<f64>>());
        }
        let (solutions, condition) = least_squares(system, D);
        if condition.is_nan() || condition >= 1.0 / f64::EPSILON {
            return Err(RadialError::Singular { kernel: options.kernel, ratio: 1.0 / condition });
        }
        for (i, centre) in centres.iter_mut().enumerate() {
            centre.weight = std::array::from_fn(|k| solutions[k][i]);
        }
        let polynomial =
            exponents.iter().enumerate().map(|(t, e)| (*e, std::array::from_fn(|k| solutions[k][count + t]))).collect();
        let mut map = Self {
            kernel: options.kernel,
            centres,
            seats: given.seats.clone(),
            frame: given.frame,
            polynomial_scale: given.polynomial_scale,
            polynomial,
            weight_scale: given.weight_scale,
            residuals: Vec::new(),
            energy: None,
        };
        map.finish(&given.source, &given.destination);
        let missed = map.residuals.iter().fold(0.0, |most: f64, miss| most.max(*miss));
        let moved = values.iter().flatten().fold(0.0, |most: f64, by| most.max(by.abs()));
        if missed.is_nan() || missed > SOLVED * moved {
            return Err(RadialError::Unsolved { kernel: options.kernel, missed, moved });
        }
        Ok(map)
    }
}
