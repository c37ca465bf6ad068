//! Lenses: distortion by OpenCV's models.

use super::Formula;
use super::affine::{AffineError, inverse, product};
use crate::map::solve;
use std::f64::consts::FRAC_PI_2;
use thiserror::Error;

/// How a lens distorts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LensModel {
    /// Radial and tangential (Brown, Photogrammetric Engineering 37(8), 1971), rational, with thin prisms and a tilted sensor:
    /// `k1, k2, p1, p2[, k3[, k4, k5, k6[, s1, s2, s3, s4[, tau_x, tau_y]]]]`.
    Brown,
    /// Odd powers of the angle (Kannala and Brandt, IEEE PAMI 28(8), 2006): `k1, k2, k3, k4`.
    Fisheye,
}

/// A camera with a lens, as a map from the undistorted picture to the distorted one: at each ideal pixel it reads the photograph.
///
/// `(x, y, w) = (new_camera rectification)^-1 (u, v, 1)`; `(x / w, y / w)` is distorted; `camera` makes a pixel of it. This is
/// what OpenCV's `initUndistortRectifyMap` computes. Behind the camera (`w <= 0`) there is no place. [`Lens::inverse`] is the way back.
///
/// ```
/// use displace::{Formula, Lens, LensModel};
/// // f = 100 px about (50, 50), k1 = 0.1: 100 px aside r = 1, so it is read at 1.1.
/// let camera = [[100.0, 0.0, 50.0], [0.0, 100.0, 50.0], [0.0, 0.0, 1.0]];
/// let lens = Lens::new(camera, &[0.1, 0.0, 0.0, 0.0], LensModel::Brown)?;
/// assert_eq!(lens.source([150.0, 50.0]), Some([160.0, 50.0]));
/// let [x, y] = lens.inverse().source([160.0, 50.0]).unwrap();
/// assert!((x - 150.0).abs() < 1e-10 && y == 50.0);
/// # Ok::<(), displace::LensError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Lens {
    camera: [[f64; 3]; 3],
    camera_inverse: [[f64; 3]; 3],
    /// From rays to ideal pixels, and back.
    ideal: [[f64; 3]; 3],
    ideal_inverse: [[f64; 3]; 3],
    model: LensModel,
    k: [f64; 14],
    /// A tilted sensor's homography, and its inverse.
    tilt: Option<(Matrix3, Matrix3)>,
    /// Where the radial part stops growing: a radius, or an angle for fisheyes.
    fold: f64,
}

/// The way back: from the distorted picture to the undistorted one, so that it reads an ideal image at each pixel of a photograph.
///
/// The radial part by bisection, the rest by Newton's method from there; a place counts if the formula leads from it to the pixel to within
/// 1e-12 focal lengths and it lies on this side of the fold, where the radial polynomial stops growing. All else has no place.
#[derive(Clone, Debug, PartialEq)]
pub struct LensInverse(Lens);

/// What is no lens.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum LensError {
    /// A number of coefficients that the model does not have.
    #[error("{found} distortion coefficients: expected {expected}")]
    Coefficients {
        /// Numbers given.
        found: usize,
        /// Numbers that the model may have.
        expected: &'static str,
    },
    /// A coefficient that is not finite.
    #[error("the distortion coefficients {found:?} hold numbers that are not finite")]
    NotFinite {
        /// As given.
        found: Vec<f64>,
    },
    /// Not a camera.
    #[error("the {what} {matrix:?} is no camera: expected fx, s, cx; 0, fy, cy; 0, 0, 1 with fx and fy above 0")]
    Camera {
        /// Which matrix.
        what: &'static str,
        /// Row by row.
        matrix: Vec<f64>,
    },
    /// A rectification or new camera without an inverse.
    #[error(transparent)]
    Matrix(#[from] AffineError),
}

type Matrix3 = [[f64; 3]; 3];

/// Through a homogeneous matrix, if that leads to the front.
fn through(matrix: &Matrix3, [x, y]: [f64; 2]) -> Option<[f64; 2]> {
    let [x, y, w] = matrix.map(|row| row[0].mul_add(x, row[1].mul_add(y, row[2])));
    (w > 0.0).then(|| [x / w, y / w])
}

impl Lens {
    /// A lens before a camera whose ideal picture is the same camera's.
    ///
    /// # Errors
    /// If the model has no such number of coefficients, or the matrix is no camera.
    pub fn new(camera: Matrix3, coefficients: &[f64], model: LensModel) -> Result<Self, LensError> {
        let (fits, expected) = match model {
            LensModel::Brown => (matches!(coefficients.len(), 0 | 4 | 5 | 8 | 12 | 14), "4, 5, 8, 12 or 14 (or none)"),
            LensModel::Fisheye => (matches!(coefficients.len(), 0 | 4), "4 (or none)"),
        };
        if !fits {
            return Err(LensError::Coefficients { found: coefficients.len(), expected });
        }
        if coefficients.iter().any(|k| !k.is_finite()) {
            return Err(LensError::NotFinite { found: coefficients.to_vec() });
        }
        check(&camera, "camera matrix")?;
        let mut k = [0.0; 14];
        k[..coefficients.len()].copy_from_slice(coefficients);
        let tilt = if k[12] == 0.0 && k[13] == 0.0 {
            None
        } else {
            let tilt = tilted(k[12], k[13]);
            Some((tilt, inverse(&tilt)?))
        };
        let camera_inverse = inverse(&camera)?;
        let fold = match model {
            LensModel::Brown => brown_fold(&k),
            LensModel::Fisheye => fisheye_fold(&k),
        };
        Ok(Self { camera, camera_inverse, ideal: camera, ideal_inverse: camera_inverse, model, k, tilt, fold })
    }

    /// With another ideal picture: the camera is turned by `rectification`, and pixels are those of `camera`.
    ///
    /// # Errors
    /// If the new matrix is no camera, or the rectification has no inverse.
    pub fn seen_by(self, camera: Option<Matrix3>, rectification: Option<Matrix3>) -> Result<Self, LensError> {
        let new = camera.unwrap_or(self.camera);
        check(&new, "new camera matrix")?;
        let ideal = rectification.map_or(new, |turn| product(&new, &turn));
        Ok(Self { ideal, ideal_inverse: inverse(&ideal)?, ..self })
    }

    /// The map back.
    #[must_use]
    pub fn inverse(&self) -> LensInverse {
        LensInverse(self.clone())
    }

    /// Where the radial part stops growing, a radius at focal length 1 (for fisheyes an angle in radians): infinite (a right angle) if it never does.
    #[must_use]
    pub const fn fold(&self) -> f64 {
        self.fold
    }

    /// The radial factor of a squared radius.
    fn radial(&self, s: f64) -> f64 {
        let [k1, k2, _, _, k3, k4, k5, k6, ..] = self.k;
        (1.0 + s * (k1 + s * (k2 + s * k3))) / (1.0 + s * (k4 + s * (k5 + s * k6)))
    }

    /// The angle after the lens, of a fisheye.
    fn bent(&self, angle: f64) -> f64 {
        let [k1, k2, k3, k4, ..] = self.k;
        let s = angle * angle;
        angle * (1.0 + s * (k1 + s * (k2 + s * (k3 + s * k4))))
    }

    /// Distorts a ray, without the tilt.
    fn distorted(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        let s = x * x + y * y;
        match self.model {
            LensModel::Brown => {
                let [_, _, p1, p2, .., s1, s2, s3, s4, _, _] = self.k;
                let radial = self.radial(s);
                [
                    x * radial + 2.0 * p1 * x * y + p2 * (s + 2.0 * x * x) + s * (s1 + s2 * s),
                    y * radial + p1 * (s + 2.0 * y * y) + 2.0 * p2 * x * y + s * (s3 + s4 * s),
                ]
            }
            LensModel::Fisheye => {
                let r = s.sqrt();
                let factor = if r > 0.0 { self.bent(libm::atan(r)) / r } else { 1.0 };
                [x * factor, y * factor]
            }
        }
    }

    /// The slopes of Brown's distortion.
    fn slopes(&self, [x, y]: [f64; 2]) -> [[f64; 2]; 2] {
        let [k1, k2, p1, p2, k3, k4, k5, k6, s1, s2, s3, s4, _, _] = self.k;
        let s = x * x + y * y;
        let (over, under) = (1.0 + s * (k1 + s * (k2 + s * k3)), 1.0 + s * (k4 + s * (k5 + s * k6)));
        let (over_by, under_by) = (k1 + s * (2.0 * k2 + s * 3.0 * k3), k4 + s * (2.0 * k5 + s * 3.0 * k6));
        let (radial, by) = (over / under, 2.0 * (over_by * under - over * under_by) / (under * under));
        let (u, v) = (2.0 * (s1 + 2.0 * s2 * s), 2.0 * (s3 + 2.0 * s4 * s));
        let mixed = by * x * y + 2.0 * p1 * x + 2.0 * p2 * y;
        [
            [radial + by * x * x + 2.0 * p1 * y + 6.0 * p2 * x + u * x, mixed + u * y],
            [mixed + v * x, radial + by * y * y + 6.0 * p1 * y + 2.0 * p2 * x + v * y],
        ]
    }

    /// The ray that is distorted to `to`.
    fn ray(&self, to: [f64; 2]) -> Option<[f64; 2]> {
        let length = libm::hypot(to[0], to[1]);
        if length == 0.0 && self.k[8] == 0.0 && self.k[10] == 0.0 {
            return Some([0.0; 2]);
        }
        match self.model {
            LensModel::Fisheye => {
                let angle = grown(|angle| self.bent(angle), length, self.fold)?;
                let r = libm::tan(angle);
                (angle < FRAC_PI_2).then(|| to.map(|x| x * (r / length)))
            }
            LensModel::Brown => self.brown_ray(to, length),
        }
    }

    fn brown_ray(&self, to: [f64; 2], length: f64) -> Option<[f64; 2]> {
        let plain = self.k[2..4].iter().chain(&self.k[8..12]).all(|k| *k == 0.0);
        let r = grown(|r| r * self.radial(r * r), length, self.fold);
        if plain {
            return r.map(|r| to.map(|x| x * (r / length)));
        }
        // Beyond the radial part's reach the rest may still lead there: from just within the fold.
        let r = r.or(self.fold.is_finite().then_some(0.99 * self.fold))?;
        let mut at = if length > 0.0 { to.map(|x| x * (r / length)) } else { [0.0; 2] };
        let miss = |at| {
            let found = self.distorted(at);
            [to[0] - found[0], to[1] - found[1]]
        };
        let size = |[x, y]: [f64; 2]| libm::hypot(x, y);
        let close = CLOSE * length.max(1.0);
        let mut error = size(miss(at));
        for _ in 0..50 {
            let (step, determinant) = solve(&self.slopes(at), &miss(at));
            if determinant == 0.0 || error == 0.0 {
                break;
            }
            let halves = (0..12).map(|n| 0.5f64.powi(n)).map(|part| [at[0] + part * step[0], at[1] + part * step[1]]);
            let Some((better, next)) = halves.map(|at| (size(miss(at)), at)).find(|(found, _)| *found < error) else { break };
            (error, at) = (better, next);
        }
        // On this side of the fold: on the way from the axis the map keeps its orientation.
        let upright = |part: f64| {
            let [[a, b], [c, d]] = self.slopes([at[0] * part, at[1] * part]);
            a * d - b * c > 0.0
        };
        (error <= close && (0..=16).all(|n| upright(f64::from(n) / 16.0))).then_some(at)
    }
}

/// By how much a ray's image may miss its pixel, in focal lengths.
const CLOSE: f64 = 1e-12;

/// The argument below `end` at which a function that grows from 0 up to there takes a value: bisection to the last bit.
fn grown(value: impl Fn(f64) -> f64, wanted: f64, end: f64) -> Option<f64> {
    let (mut low, mut high) = (0.0f64, if end.is_finite() { end } else { 1.0 });
    if end.is_finite() {
        if value(high) < wanted {
            return None;
        }
    } else {
        while value(high) < wanted {
            high *= 2.0;
            // What never grows so far.
            if high >= 1e100 {
                return None;
            }
        }
    }
    loop {
        let middle = 0.5f64.mul_add(high - low, low);
        if middle <= low || middle >= high {
            // A pole is no answer, and where infinities meet there is none.
            return ((value(high) - wanted).abs() <= CLOSE * wanted.max(1.0)).then_some(high);
        }
        if value(middle) < wanted { low = middle } else { high = middle }
    }
}

impl Formula<2> for Lens {
    fn source(&self, at: [f64; 2]) -> Option<[f64; 2]> {
        let mut ray = self.distorted(through(&self.ideal_inverse, at)?);
        if let Some((tilt, _)) = &self.tilt {
            ray = through(tilt, ray)?;
        }
        through(&self.camera, ray)
    }

    fn cost(&self) -> usize {
        if self.model == LensModel::Fisheye { 150 } else { 80 }
    }
}

impl Formula<2> for LensInverse {
    fn source(&self, at: [f64; 2]) -> Option<[f64; 2]> {
        let Self(lens) = self;
        let mut ray = through(&lens.camera_inverse, at)?;
        if let Some((_, back)) = &lens.tilt {
            ray = through(back, ray)?;
        }
        through(&lens.ideal, lens.ray(ray)?)
    }

    fn cost(&self) -> usize {
        2000
    }
}

fn check(matrix: &Matrix3, what: &'static str) -> Result<(), LensError> {
    let [[fx, _, _], [zero, fy, _], last] = *matrix;
    let fits = fx > 0.0 && fy > 0.0 && zero == 0.0 && last == [0.0, 0.0, 1.0];
    if fits && matrix.as_flattened().iter().all(|x| x.is_finite()) {
        return Ok(());
    }
    Err(LensError::Camera { what, matrix: matrix.concat() })
}

/// The homography of a sensor that is tilted by angles about x and y (OpenCV's, of Scheimpflug's condition).
fn tilted(x: f64, y: f64) -> Matrix3 {
    let ((sx, cx), (sy, cy)) = (libm::sincos(x), libm::sincos(y));
    let turn = [[cy, sy * sx, -sy * cx], [0.0, cx, sx], [sy, -cy * sx, cy * cx]];
    let [r13, r23, r33] = [turn[0][2], turn[1][2], turn[2][2]];
    product(&[[r33, 0.0, -r13], [0.0, r33, -r23], [0.0, 0.0, 1.0]], &turn)
}

/// Where `r (1 + k1 s + k2 s^2 + k3 s^3) / (1 + k4 s + k5 s^2 + k6 s^3)`, `s = r^2`, stops growing or has a pole.
fn brown_fold(k: &[f64; 14]) -> f64 {
    let over = [1.0, k[0], k[1], k[4]];
    let under = [1.0, k[5], k[6], k[7]];
    // The derivative's numerator: (N + 2 s N') D - 2 s N D'.
    let mut slope = [0.0; 7];
    for i in 0..4 {
        for j in 0..4 {
            slope[i + j] += over[i] * under[j] * (1.0 + 2.0 * i as f64 - 2.0 * j as f64);
        }
    }
    first_root(&slope).min(first_root(&under)).sqrt()
}

/// Where `a (1 + k1 s + .. + k4 s^4)`, `s = a^2`, stops growing; a right angle at most.
fn fisheye_fold(k: &[f64; 14]) -> f64 {
    let slope = [1.0, 3.0 * k[0], 5.0 * k[1], 7.0 * k[2], 9.0 * k[3]];
    first_root(&slope).sqrt().min(FRAC_PI_2)
}

/// The smallest root above 0 of a polynomial that is 1 at 0, lowest power first; infinite if there is none.
fn first_root(polynomial: &[f64]) -> f64 {
    positive_roots(polynomial).first().copied().unwrap_or(f64::INFINITY)
}

/// Roots above 0 in order: between those of the derivative the polynomial is monotone, and bisection finds the one there.
fn positive_roots(polynomial: &[f64]) -> Vec<f64> {
    let degree = polynomial.iter().rposition(|c| *c != 0.0).unwrap_or(0);
    if degree == 0 {
        return Vec::new();
    }
    let derivative: Vec<f64> = (1..=degree).map(|n| n as f64 * polynomial[n]).collect();
    let value = |x: f64| polynomial[..=degree].iter().rev().fold(0.0, |sum, c| f64::mul_add(sum, x, *c));
    // Cauchy's bound.
    let largest = polynomial[..degree].iter().fold(0.0f64, |most, c| most.max(c.abs()));
    let mut ends = positive_roots(&derivative);
    ends.push(1.0 + largest / polynomial[degree].abs());
    let mut roots = Vec::new();
    let mut low = 0.0;
    for high in ends {
        let (mut a, mut b) = (low, high);
        let sign = value(a) > 0.0;
        // A double root touches 0 where the derivative has one: the map stops growing there too.
        if value(b) == 0.0 {
            roots.push(b);
        } else if value(a) != 0.0 && sign != (value(b) > 0.0) {
            loop {
                let middle = 0.5f64.mul_add(b - a, a);
                if middle <= a || middle >= b {
                    break;
                }
                if (value(middle) > 0.0) == sign { a = middle } else { b = middle }
            }
            roots.push(b);
        }
        low = high;
    }
    roots
}
