//! What keeps points from making a map of radial basis functions.

use super::Kernel;
use thiserror::Error;

/// Points and options that make no map.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum RadialError {
    /// Lists of different lengths, or none at all.
    #[error("{source_points} source points and {destination} destination points: expected as many, and at least one")]
    Count {
        /// Source points.
        source_points: usize,
        /// Destination points.
        destination: usize,
    },
    /// More than equations are solved for.
    #[error("{found} points: expected at most {most}, for equations that can be solved")]
    Many {
        /// Points given.
        found: usize,
        /// Points possible.
        most: usize,
    },
    /// A number that is not finite.
    #[error("point {index} leads from {destination:?} to {source_point:?}: expected finite numbers")]
    NotFinite {
        /// Which one, from 0.
        index: usize,
        /// Its destination.
        destination: Vec<f64>,
        /// Its source.
        source_point: Vec<f64>,
    },
    /// One place that would have to go to two.
    #[error(
        "points {first} and {second} are both at destination {destination:?} but read {one:?} and {other:?}: expected one source \
         place, or smoothing"
    )]
    Torn {
        /// Which one, from 0.
        first: usize,
        /// Which other.
        second: usize,
        /// Where both are.
        destination: Vec<f64>,
        /// The source of the first.
        one: Vec<f64>,
        /// That of the second.
        other: Vec<f64>,
    },
    /// No smoothing.
    #[error("smoothing {index} is {found}: expected a finite number, 0 or more")]
    Smoothing {
        /// Which one, from 0.
        index: usize,
        /// The number given.
        found: f64,
    },
    /// As many smoothings as nothing.
    #[error("{found} numbers of smoothing: expected 1 or {points}, one for each point")]
    Smoothings {
        /// Numbers given.
        found: usize,
        /// Points given.
        points: usize,
    },
    /// No width.
    #[error("epsilon is {found}: expected a finite number above 0, in 1/pixels")]
    Epsilon {
        /// The number given.
        found: f64,
    },
    /// A kernel with a width that was not given.
    #[error("kernel \"{}\" has a width: it needs epsilon, a number above 0 in 1/pixels, by which distances are multiplied", .kernel.name())]
    NoEpsilon {
        /// The kernel.
        kernel: Kernel,
    },
    /// A polynomial that does not do for the kernel.
    #[error("kernel \"{}\" with a polynomial of degree {found}: expected {least} to 2 (-1: none)", .kernel.name())]
    Degree {
        /// The kernel.
        kernel: Kernel,
        /// The degree asked for.
        found: i32,
        /// The least one.
        least: i32,
    },
    /// Points that leave the polynomial open.
    #[error(
        "the {count} destination points leave a polynomial of degree {degree} open (its equations' least number is {ratio:e} of the \
         largest): expected {needed} points or more, not all on one {shape}"
    )]
    Flat {
        /// Points given, counting equal ones once.
        count: usize,
        /// The polynomial's degree.
        degree: i32,
        /// How near its equations are to depending on each other; 0 if there are too few points.
        ratio: f64,
        /// The least number of points.
        needed: usize,
        /// What they must not lie on.
        shape: &'static str,
    },
    /// Equations that rounding makes unsolvable.
    #[error(
        "the equations of kernel \"{}\" cannot be told from unsolvable ones (pivot {ratio:e} of the largest number): points are too \
         close together; add smoothing, or take a larger epsilon where the kernel has one", .kernel.name()
    )]
    Singular {
        /// The kernel.
        kernel: Kernel,
        /// The pivot that was no more than rounding, over the largest number on the diagonal.
        ratio: f64,
    },
    /// Equations that are solved no better than so.
    #[error(
        "the equations of kernel \"{}\" are missed by {missed:e} px, for displacements of up to {moved:e} px: points are too close together for \
         numbers of 53 bits; add smoothing, or take a larger epsilon where the kernel has one", .kernel.name()
    )]
    Unsolved {
        /// The kernel.
        kernel: Kernel,
        /// The largest miss.
        missed: f64,
        /// The largest displacement.
        moved: f64,
    },
    /// No memory for the equations.
    #[error("no memory for the equations: {bytes} bytes")]
    Memory {
        /// About what they take.
        bytes: usize,
    },
}
