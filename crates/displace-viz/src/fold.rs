//! Folded cells of a lattice: found at full resolution, drawn so that none vanishes.

use crate::arrows::Arrows;
use crate::canvas::Canvas;
use crate::embed;
use crate::frame::Frame;
use crate::number::{coordinate, count};
use crate::picture::DrawError;
use png::ColorType;

/// More cells than this are drawn as one mask: a browser would be slow with as many polygons.
const MOST_POLYGONS: usize = 4000;
/// Mask pixels for each page unit.
const FINE: f64 = 2.0;
const RED: [u8; 3] = [213, 32, 32];

/// What a search of all cells found.
pub(crate) struct Folds {
    /// The folded cells, each by its upper left pixel.
    pub(crate) cells: Vec<usize>,
    /// Cells in the lattice.
    all: usize,
    /// Cells with a corner that is not finite, which are neither folded nor not.
    pub(crate) unusable: usize,
    /// Every other cell is turned over as a whole: a mirror, which has no folds.
    mirror: bool,
}

impl Folds {
    pub(crate) fn text(&self) -> String {
        match self.cells.len() {
            0 if self.all == 0 => "no cells, so no folds".to_owned(),
            0 if self.mirror => "a\u{a0}mirror, no\u{a0}folds".to_owned(),
            n => format!("{} of {} cells\u{a0}folded", count(n), count(self.all)),
        }
    }
}

/// A cell's corners in drawing order: around, not across.
fn corners(field: &Arrows, i: usize) -> [[f64; 2]; 4] {
    [i, i + 1, i + field.width() + 1, i + field.width()].map(|j| field.location(j))
}

/// Tests every cell of four neighbouring pixels.
pub(crate) fn find(field: &Arrows) -> Folds {
    let (w, h) = (field.width(), field.height());
    let mut folds = Folds { cells: Vec::new(), all: (w - 1) * (h - 1), unusable: 0, mirror: false };
    let mut turned = 0;
    for i in (0..h - 1).flat_map(|y| (0..w - 1).map(move |x| y * w + x)) {
        match judge(corners(field, i)) {
            Cell::Upright => {}
            Cell::Folded => folds.cells.push(i),
            Cell::Turned => {
                folds.cells.push(i);
                turned += 1;
            }
            Cell::Unusable => folds.unusable += 1,
        }
    }
    if turned > 0 && turned == folds.all - folds.unusable {
        folds.cells.clear();
        folds.mirror = true;
    }
    folds
}

/// What a cell is, by the determinants at its corners.
#[derive(Debug, PartialEq)]
enum Cell {
    /// All are positive.
    Upright,
    /// One is not.
    Folded,
    /// All are negative: a fold beside cells that are not, a mirror if all are.
    Turned,
    /// A corner is not finite.
    Unusable,
}

fn judge([p00, p10, p11, p01]: [[f64; 2]; 4]) -> Cell {
    if ![p00, p10, p11, p01].iter().flatten().all(|v| v.is_finite()) {
        return Cell::Unusable;
    }
    let to = |from: [f64; 2], end: [f64; 2]| [end[0] - from[0], end[1] - from[1]];
    let [top, bottom, left, right] = [to(p00, p10), to(p01, p11), to(p00, p01), to(p10, p11)];
    let determinants = [(top, left), (top, right), (bottom, left), (bottom, right)].map(|(e, f)| e[0] * f[1] - e[1] * f[0]);
    if determinants.iter().all(|d| *d > 0.0) {
        Cell::Upright
    } else if determinants.iter().all(|d| *d < 0.0) {
        Cell::Turned
    } else {
        Cell::Folded
    }
}

/// Fills the folded cells.
pub(crate) fn draw(canvas: &mut Canvas, frame: &Frame, field: &Arrows, folds: &Folds) -> Result<(), DrawError> {
    let colour = crate::colour::hex(RED);
    if folds.cells.is_empty() {
        return Ok(());
    }
    if folds.cells.len() <= MOST_POLYGONS {
        // Cells that collapse to a line or a point still show by their outline.
        canvas.raw(&format!(
            r#"<g class="folds" fill="{colour}" fill-opacity="0.8" stroke="{colour}" stroke-width="1" stroke-linejoin="round">"#
        ));
        for &i in &folds.cells {
            let around = corners(field, i).map(|p| frame.place(p).map(coordinate).join(" ")).join("L");
            canvas.raw(&format!(r#"<path d="M{around}Z"/>"#));
        }
        canvas.close();
        return Ok(());
    }
    let mut mask = Mask::new(frame);
    for &i in &folds.cells {
        mask.fill(corners(field, i).map(|p| frame.place(p)));
    }
    let href = embed::data_uri(mask.width, mask.height, ColorType::Rgba, &mask.rgba())?;
    canvas.raw(r#"<g class="folds">"#);
    let [w, h] = [mask.width, mask.height].map(|n| n as f64 / FINE);
    canvas.image([frame.at[0], frame.at[1], w, h], &href, false);
    canvas.close();
    Ok(())
}

/// A red and transparent image over a frame.
struct Mask {
    at: [f64; 2],
    width: usize,
    height: usize,
    red: Vec<bool>,
}

impl Mask {
    fn new(frame: &Frame) -> Self {
        let [width, height] = frame.size().map(|side| (side * FINE).ceil() as usize);
        Self { at: frame.at, width, height, red: vec![false; width * height] }
    }

    /// Marks what a cell covers, and always the pixel under each of its corners together with its right and lower neighbours.
    fn fill(&mut self, cell: [[f64; 2]; 4]) {
        let cell = cell.map(|p| [0, 1].map(|axis| (p[axis] - self.at[axis]) * FINE));
        let bound = |axis: usize, start: f64, pick: fn(f64, f64) -> f64| cell.iter().map(|p| p[axis]).fold(start, pick);
        let range = |axis: usize, len: usize| {
            let (lo, hi) = (bound(axis, f64::INFINITY, f64::min), bound(axis, f64::NEG_INFINITY, f64::max));
            lo.floor().max(0.0) as usize..(hi.ceil().max(0.0) as usize).min(len)
        };
        let (xs, ys) = (range(0, self.width), range(1, self.height));
        if xs.len() > 2 || ys.len() > 2 {
            for (x, y) in ys.flat_map(|y| xs.clone().map(move |x| (x, y))) {
                let centre = [x as f64 + 0.5, y as f64 + 0.5];
                if inside([cell[0], cell[1], cell[2]], centre) || inside([cell[0], cell[2], cell[3]], centre) {
                    self.red[y * self.width + x] = true;
                }
            }
        }
        for [x, y] in cell {
            if x >= 0.0 && y >= 0.0 {
                for (dx, dy) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
                    let (px, py) = (x as usize + dx, y as usize + dy);
                    if px < self.width && py < self.height {
                        self.red[py * self.width + px] = true;
                    }
                }
            }
        }
    }

    fn rgba(&self) -> Vec<u8> {
        let [r, g, b] = RED;
        self.red.iter().flat_map(|&on| if on { [r, g, b, 205] } else { [r, g, b, 0] }).collect()
    }
}

/// Whether a point is in a triangle of either orientation.
fn inside([a, b, c]: [[f64; 2]; 3], p: [f64; 2]) -> bool {
    let side = |s: [f64; 2], e: [f64; 2]| (e[0] - s[0]) * (p[1] - s[1]) - (e[1] - s[1]) * (p[0] - s[0]);
    let sides = [side(a, b), side(b, c), side(c, a)];
    sides.iter().all(|&s| s >= 0.0) || sides.iter().all(|&s| s <= 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_folds_when_one_corner_does() {
        let square = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]];
        assert_eq!(judge(square), Cell::Upright);
        let mut pulled = square;
        pulled[2] = [0.2, 0.2];
        assert_eq!(judge(pulled), Cell::Folded, "the fourth corner passed the diagonal");
        assert_eq!(judge([[0.0; 2]; 4]), Cell::Folded, "a point has no area");
        assert_eq!(judge([[f64::NAN, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]), Cell::Unusable);
    }

    #[test]
    fn a_mirror_has_no_folds() {
        let rest: Vec<[f64; 2]> = (0..9).map(|i| [f64::from(i % 3), f64::from(i / 3)]).collect();
        let by = |turned: &dyn Fn(f64) -> bool| {
            rest.iter().map(|[x, _]| if turned(*x) { [2.0 - 2.0 * x, 0.0] } else { [0.0, 0.0] }).collect::<Vec<_>>()
        };
        let find = |by| find(&Arrows::new(3, 3, [3, 3], rest.clone(), by).unwrap());
        let mirror = find(by(&|_| true));
        assert!(mirror.cells.is_empty() && mirror.text().contains("mirror"), "{}", mirror.text());
        // Only the last column turned: beside cells that are not, it is a fold.
        assert_eq!(find(by(&|x| x == 2.0)).cells, [1, 3 + 1]);
    }
}
