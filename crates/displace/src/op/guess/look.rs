//! What the numbers look like under a reading.

use super::points::Points;
use super::reading::Reading;
use crate::convention::{Quantity, Unit};

/// Displacements are this share of the size, give or take.
const USUAL: f64 = 0.04;
/// What a mirrored axis costs.
const MIRROR: f64 = 3.5;
/// From this share of the size on, distances from rest are hardly believed.
const FAR: f64 = 0.6;

/// What is found under a reading.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Look {
    /// Distance from rest in pixels, root mean square.
    pub(super) from_rest: f64,
    /// The longest distance.
    pub(super) longest: f64,
    /// Share of pixels that lead inside, at most half a pixel from the end centres.
    pub(super) inside: f64,
    /// Share of pixels around which the map folds.
    pub(super) folds: f64,
    /// Share of pixels at rest up to rounding.
    pub(super) still: f64,
    /// Share of the best mirror image: how many axes are mirrored.
    mirrored: usize,
    /// All of it, in nats.
    pub(super) cost: f64,
}

impl Look {
    pub(super) fn at(reading: &Reading, points: &Points) -> Self {
        let (from_identity, mirrors) = distance(reading, points);
        // Displacements are from where a pixel is, not from its mirror image.
        let mirrors = if reading.convention.quantity == Quantity::Location { mirrors } else { [false; 3] };
        let mirrored = mirrors.iter().filter(|mirror| **mirror).count();
        let mut look = Self::counted(reading, points, mirrors);
        look.mirrored = mirrored;
        let d = reading.axes as f64;
        // Two of each axis, how long it is and where: what is off the diagonal says little of its own.
        let parameters = 2.0 * d;
        let sizes = (0..reading.axes).map(|k| reading.there[k] as f64).sum::<f64>() / d;
        let share = look.from_rest / sizes;
        let far = (share / FAR).ln().max(0.0) * 8.0;
        let ordinary = if reading.convention.quantity == Quantity::Location {
            let unit: f64 = (0..reading.axes).map(|k| unit_span(reading, k).ln()).sum::<f64>() / d;
            parameters * (from_identity.max(points.step).ln() + unit) + MIRROR * mirrored as f64
        } else {
            let size = points.amplitude().max(1e-9);
            let unusual = (share.max(1e-9) / USUAL).ln();
            let unusual = unusual / if unusual > 0.0 { 1.5 } else { 2.5 };
            let unusual = if size > 1e-9 { 0.5 * unusual * unusual } else { 0.0 };
            // Nobody draws ramps of less than two pixels: they are locations in a small unit.
            let ramp = if points.is_ramp() && look.longest < 2.0 { 5.0 } else { 0.0 };
            parameters * size.ln() + unusual.min(12.0) + ramp
        };
        let outside = -(look.inside + 0.05).ln();
        let still = if look.still * points.all.len() as f64 >= 12.0 { (40.0 * look.still).min(20.0) } else { 0.0 };
        // A map that is turned over as a whole is a mirror image and has no folds.
        let turned = look.folds > 0.5;
        let folds = 12.0 * look.folds.min(1.0 - look.folds) + if turned { MIRROR } else { 0.0 };
        look.cost = ordinary + far + outside + folds - still;
        look
    }

    /// What is counted pixel by pixel.
    fn counted(reading: &Reading, points: &Points, mirrors: [bool; 3]) -> Self {
        let d = reading.axes;
        let (mut squares, mut longest, mut inside, mut still) = (0.0, 0.0f64, 0usize, 0usize);
        let (mut folds, mut cells) = (0usize, 0usize);
        let sign = if mirrors.iter().filter(|mirror| **mirror).count() % 2 == 1 { -1.0 } else { 1.0 };
        for point in &points.all {
            let (place, rest) = (reading.place_of(point), reading.rest_of(point));
            let mut square = 0.0;
            let (mut within, mut resting) = (true, true);
            for k in 0..d {
                let last = reading.there[k] as f64 - 1.0;
                let rest = if mirrors[k] { last - rest[k] } else { rest[k] };
                let by = place[k] - rest;
                square += by * by;
                within &= (-0.5 - 1e-6..=last + 0.5 + 1e-6).contains(&place[k]);
                resting &= by.abs() <= 2.0 * points.step * reading.there[k] as f64 + 1e-9;
            }
            squares += square;
            longest = longest.max(square);
            inside += usize::from(within);
            still += usize::from(resting);
            if let Some(determinant) = determinant(reading, &point.slope) {
                cells += 1;
                folds += usize::from(determinant * sign <= 0.0);
            }
        }
        let all = points.all.len() as f64;
        Self {
            from_rest: (squares / all).sqrt(),
            longest: longest.sqrt(),
            inside: inside as f64 / all,
            folds: folds as f64 / cells.max(1) as f64,
            still: still as f64 / all,
            mirrored: 0,
            cost: 0.0,
        }
    }

    /// In a line.
    pub(super) fn line(&self) -> String {
        let Self { from_rest, longest, inside, folds, still, mirrored, .. } = *self;
        let mut text = format!(
            "distance from rest {} px rms, {} px at most; {:.1}% inside, {:.1}% folded",
            px(from_rest),
            px(longest),
            100.0 * inside,
            100.0 * folds
        );
        if still > 0.0 {
            text += &format!(", {:.1}% at rest up to rounding", 100.0 * still);
        }
        if mirrored > 0 {
            text += &format!(", with {mirrored} axes mirrored");
        }
        text
    }
}

/// A length for people.
pub(super) fn px(length: f64) -> String {
    if length == 0.0 || (1e-3..1e5).contains(&length) { format!("{length:.3}") } else { format!("{length:.1e}") }
}

/// How much of its unit a number changes by from one end to the other of what it speaks of.
fn unit_span(reading: &Reading, k: usize) -> f64 {
    let per_unit = reading.place.matrix[k].iter().map(|m| m * m).sum::<f64>().sqrt();
    let span = reading.there[k] as f64 / per_unit;
    match reading.convention.unit {
        // The same for both extents.
        Unit::Normalised(_) => 2.0,
        Unit::Fraction(_) => 1.0,
        _ if span.is_finite() => span,
        _ => 1.0,
    }
}

/// How far the best affine fit and what it leaves are from the identity, as a share of the size, and the axes that are mirrored
/// for it.
fn distance(reading: &Reading, points: &Points) -> (f64, [bool; 3]) {
    let d = reading.axes;
    let affine = &points.affine;
    let centre: [f64; 3] = std::array::from_fn(|k| (reading.here[k] as f64 - 1.0) / 2.0);
    let middle = reading.place.at(&reading.ordered(&affine.middle), &centre);
    let rest = reading.rest.at(&[0.0; 3], &centre);
    // By component, then by axis of the lattice, both x first.
    let slopes: [[f64; 3]; 3] = std::array::from_fn(|c| {
        let from = if reading.convention.order == crate::convention::Order::Ij && c < d { d - 1 - c } else { c };
        std::array::from_fn(|k| if k < d { affine.slope[from][reading.array_axis(k)] } else { 0.0 })
    });
    let mut sum = 0.0;
    let mut mirrors = [false; 3];
    for k in 0..d {
        let size = reading.there[k] as f64;
        for i in (0..d).filter(|i| reading.here[*i] > 1) {
            let through: f64 = (0..d).map(|c| reading.place.matrix[k][c] * slopes[c][i]).sum();
            let slope = (through + reading.place.steps[k][i]) * reading.here[i] as f64 / size;
            let still = reading.rest.steps[k][i] * reading.here[i] as f64 / size;
            let plain = (slope - still).powi(2);
            let mirrored = (slope + still).powi(2);
            // Off the diagonal both are the same.
            mirrors[k] |= i == k && mirrored < plain;
            sum += plain.min(mirrored);
        }
        let from = if mirrors[k] { size - 1.0 - rest[k] } else { rest[k] };
        sum += ((middle[k] - from) / size).powi(2);
    }
    let mut left = 0.0;
    for k in 0..d {
        let row = reading.ordered(&reading.place.matrix[k]);
        let square: f64 = (0..d).flat_map(|c| (0..d).map(move |e| (c, e))).map(|(c, e)| row[c] * affine.left[c][e] * row[e]).sum();
        left += square / (reading.there[k] as f64).powi(2);
    }
    ((sum / (d * d + d) as f64 + left / d as f64).sqrt(), mirrors)
}

/// The Jacobian determinant at a point, from differences to its neighbours.
fn determinant(reading: &Reading, slopes: &[[f64; 3]; 3]) -> Option<f64> {
    let d = reading.axes;
    let mut j = [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 1.0]];
    for i in 0..d {
        let slope = &slopes[reading.array_axis(i)];
        if reading.here[i] == 1 {
            j[i][i] = 1.0;
            continue;
        }
        if slope.iter().any(|s| !s.is_finite()) {
            return None;
        }
        let slope = reading.ordered(slope);
        for k in 0..d {
            j[k][i] = (0..d).map(|c| reading.place.matrix[k][c] * slope[c]).sum::<f64>() + reading.place.steps[k][i];
        }
    }
    Some(
        j[0][0] * (j[1][1] * j[2][2] - j[1][2] * j[2][1]) - j[0][1] * (j[1][0] * j[2][2] - j[1][2] * j[2][0])
            + j[0][2] * (j[1][0] * j[2][1] - j[1][1] * j[2][0]),
    )
}
