//! What people read of a field: a few honest lines, the same as JSON, and the slice of a field that a picture shows.
//!
//! The command and the Python package say the same because both say it through this crate. No files, no terminal.

mod conversion;
mod guess;
mod slice;

pub use slice::{PickError, arrows};

use displace::{Axis, DType, Extent, Extreme, FieldView, Folding, Location, Rest, Sample, Summary};
use serde_json::{Map, Value, json};

/// Lines with a heading each, and the same facts for machines.
#[derive(Clone, Debug, Default)]
pub struct Report {
    lines: Vec<(&'static str, String)>,
    facts: Map<String, Value>,
}

impl Report {
    /// A line of text.
    pub fn line(&mut self, head: &'static str, text: impl Into<String>) {
        self.lines.push((head, text.into()));
    }

    /// A fact for machines.
    pub fn fact(&mut self, name: &str, value: Value) {
        self.facts.insert(name.into(), value);
    }

    /// The lines, headings aligned.
    #[must_use]
    pub fn text(&self) -> String {
        let width = self.lines.iter().map(|(head, _)| head.len()).max().unwrap_or(0);
        self.lines.iter().map(|(head, text)| format!("{head:width$}  {text}\n")).collect()
    }

    /// The lines, each a heading and a text.
    #[must_use]
    pub fn lines(&self) -> &[(&'static str, String)] {
        &self.lines
    }

    /// The facts.
    #[must_use]
    pub fn json(&self) -> Value {
        Value::Object(self.facts.clone())
    }

    /// Shape, dtype, range of a dense array, and what in it is not finite.
    pub fn array<T: Sample>(&mut self, shape: &[usize], values: &[T]) {
        self.line("array", format!("{} {}", T::DTYPE, shape_text(shape)));
        self.fact("dtype", json!(T::DTYPE.to_string()));
        self.fact("shape", json!(shape));
        let (mut low, mut high, mut nan, mut infinite) = (f64::INFINITY, f64::NEG_INFINITY, 0usize, 0usize);
        for value in values {
            let value: f64 = value.widen();
            if value.is_finite() {
                (low, high) = (low.min(value), high.max(value));
            } else if value.is_nan() {
                nan += 1;
            } else {
                infinite += 1;
            }
        }
        if low <= high {
            self.line("values", format!("{low} .. {high}"));
            self.fact("values", json!([low, high]));
        }
        if nan + infinite > 0 {
            self.line("not finite", format!("{nan} values are NaN, {infinite} infinite, of {}", values.len()));
        }
        self.fact("nan_values", json!(nan));
        self.fact("infinite_values", json!(infinite));
    }

    /// Everything about a field; `summary` is its own, which callers make, since it takes a while.
    pub fn field<L: Location, const D: usize>(&mut self, field: &FieldView<'_, L, D>, summary: &Summary<D>) {
        let between = field.between();
        let (source, destination) = (between.source(), between.destination());
        self.line(
            "sizes",
            format!(
                "source {}, destination {}{}; -1..+1 spans {}",
                sizes(&source.size()),
                sizes(&destination),
                match field.by().shape().n {
                    1 => String::new(),
                    n => format!(", {n} samples"),
                },
                extent_text(source.extent())
            ),
        );
        let rest = match (between.same_size(), between.rest()) {
            (true, _) => "same pixel index (equal sizes: the same place in the extent too)",
            (false, Rest::Index) => "same pixel index (a resize counts as displacement)",
            (false, Rest::Extent) => "same place in the extent (a plain resize has none)",
        };
        self.line("rest", format!("no displacement means: {rest}"));
        self.line("unit", "source pixels, x first, pull: from a destination pixel to where it is read from");
        self.fact("source_size", reversed(&source.size()));
        self.fact("destination_size", reversed(&destination));
        self.fact("samples", json!(field.by().shape().n));
        self.fact("align_corners", json!(source.extent().align_corners()));
        self.fact("rest", json!(between.rest().to_string()));
        self.fact("unit", json!("source pixels, x first, pull"));
        self.summary(summary);
    }

    fn summary<const D: usize>(&mut self, s: &Summary<D>) {
        if let (Some(range), Some(largest)) = (&s.range, &s.largest) {
            let axes: Vec<String> = (0..D).map(|k| format!("{} {} .. {}", AXES[k], px(range[k][0]), px(range[k][1]))).collect();
            self.line("range", format!("{} px", axes.join(", ")));
            let sample = if largest.n > 0 { format!(", sample {}", largest.n) } else { String::new() };
            self.line(
                "length",
                format!(
                    "mean {} px, largest {} px at {}{sample}: {}",
                    px(s.mean),
                    px(largest.length),
                    place(&largest.pixel),
                    vector(&largest.by)
                ),
            );
            self.fact("range_px", json!(range.to_vec()));
            self.fact("mean_px", json!(s.mean));
            self.fact("largest_px", json!(largest.length));
            self.fact(
                "largest_at",
                json!({"sample": largest.n, "pixel_xy": largest.pixel.to_vec(), "displacement_xy": largest.by.to_vec()}),
            );
        }
        self.line(
            "reads",
            format!(
                "{} inside, {} partly outside (by less than a pixel), {} outside",
                share(s.inside, s.pixels),
                share(s.partly, s.pixels),
                share(s.outside, s.pixels)
            ),
        );
        if s.nan + s.infinite > 0 {
            self.line("not finite", format!("{} pixels are NaN, {} infinite, of {}", s.nan, s.infinite, s.pixels));
        }
        let mut folds = match s.folded {
            0 => format!("none in {} cells", s.cells),
            folded if s.mirrored == s.cells - s.undecided => format!("none; all {folded} cells are turned over, as by a mirror"),
            folded => format!("{folded} of {} cells fold, turn over or collapse ({})", s.cells, share(folded, s.cells)),
        };
        if s.undecided > 0 {
            folds += &format!("; {} cells have a corner that is not finite", s.undecided);
        }
        self.line("folds", folds);
        self.fact("pixels", json!(s.pixels));
        self.fact("nan", json!(s.nan));
        self.fact("infinite", json!(s.infinite));
        self.fact("reads", json!({"inside": s.inside, "partly_outside": s.partly, "outside": s.outside}));
        self.fact("cells", json!({"all": s.cells, "folded": s.folded, "mirrored": s.mirrored, "undecided": s.undecided}));
    }

    /// Every fold between pixels, and how much it turns over.
    pub fn folding<const D: usize>(&mut self, folds: &Folding<D>) {
        let all = folds.cells - folds.undecided;
        let mut text = match folds.folded {
            _ if all == 0 && folds.cells > 0 => "not known: no cell has finite corners".to_owned(),
            0 => format!("none in {all} cells: the interpolated map is one to one on each"),
            folded if folds.mirrored == all => format!("none; all {folded} cells are turned over, as by a mirror"),
            folded => format!(
                "{folded} of {all} cells ({}) fold, turn over or collapse; {} of them turned over as a whole",
                share(folded, all),
                folds.mirrored
            ),
        };
        if folds.undecided > 0 && all > 0 {
            text += &format!("; {} cells have a corner that is not finite", folds.undecided);
        }
        self.line("folds", text);
        self.fact(
            "cells",
            json!({"all": folds.cells, "folded": folds.folded, "mirrored": folds.mirrored, "undecided": folds.undecided}),
        );
        self.determinants(folds);
    }

    /// How far determinants between pixels go, and how much is turned over.
    pub fn determinants<const D: usize>(&mut self, folds: &Folding<D>) {
        if let (Some(smallest), Some(largest)) = (folds.smallest, folds.largest) {
            let at = |extreme: &Extreme<D>| format!("{:.4} in the cell at {}", extreme.determinant, place(&extreme.cell));
            self.line("determinant", format!("between pixels smallest {}, largest {}", at(&smallest), at(&largest)));
            self.fact("smallest_determinant", json!(smallest.determinant));
            self.fact("smallest_cell_xy", json!(smallest.cell.to_vec()));
            self.fact("largest_determinant", json!(largest.determinant));
        }
        if folds.folded == 0 {
            return;
        }
        let unit = if D == 2 { "square source pixels" } else { "cubic source pixels" };
        let exact = folds.folded_area.map_or(String::new(), |area| format!(", {area:.4} turned over exactly"));
        self.line("turned over", format!("non-diffeomorphic {:.4} {unit}{exact}", folds.area));
        self.fact("non_diffeomorphic", json!(folds.area));
        self.fact("folded_area", json!(folds.folded_area));
    }

    /// What the grid's own number type cannot tell apart.
    pub fn grid_noise(&mut self, axes: &[Axis], dtype: DType) {
        let quantum: Vec<f64> = axes.iter().map(|axis| dtype.spacing_below_one() * f64::from(axis.span()) / 2.0).collect();
        let text: Vec<String> = quantum.iter().zip(AXES).map(|(q, axis)| format!("{axis} {q:.2e}")).collect();
        self.line(
            "grid noise",
            format!("{} px: the spacing of {dtype} grid values near +-1; nothing recovers less", text.join(", ")),
        );
        self.fact("grid_quantum_px", json!(quantum));
    }
}

/// Names of the axes, x first.
pub const AXES: [&str; 3] = ["x", "y", "z"];

/// Array order, with crosses: `480x640`.
pub fn sizes(xy: &[usize]) -> String {
    xy.iter().rev().map(ToString::to_string).collect::<Vec<_>>().join("x")
}

fn reversed(xy: &[usize]) -> Value {
    json!(xy.iter().rev().collect::<Vec<_>>())
}

/// An array's shape as Python writes it.
pub fn shape_text(shape: &[usize]) -> String {
    let lens: Vec<String> = shape.iter().map(ToString::to_string).collect();
    format!("({}{})", lens.join(", "), if shape.len() == 1 { "," } else { "" })
}

/// What -1..+1 spans, in words.
pub fn extent_text(extent: Extent) -> &'static str {
    match extent {
        Extent::Edges => "the outer edges of the end pixels (align_corners=False)",
        Extent::Centers => "the centres of the end pixels (align_corners=True)",
    }
}

/// Pixels with as many digits as tell something.
pub fn px(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 {
        "0".into()
    } else if !(1e-3..1e5).contains(&size) {
        format!("{value:.3e}")
    } else if size < 1.0 {
        format!("{value:.5}")
    } else {
        format!("{value:.3}")
    }
}

fn place<const D: usize>(pixel: &[usize; D]) -> String {
    pixel.iter().zip(AXES).map(|(i, axis)| format!("{axis}={i}")).collect::<Vec<_>>().join(" ")
}

fn vector<const D: usize>(by: &[f64; D]) -> String {
    format!("({})", by.iter().map(|d| px(*d)).collect::<Vec<_>>().join(", "))
}

/// A share that never says 0 % or 100 % of what is not none or all.
fn share(part: usize, all: usize) -> String {
    let percent = 100.0 * part as f64 / all.max(1) as f64;
    match part {
        0 => "0 %".into(),
        _ if part == all => "100 %".into(),
        _ if percent < 0.01 => "< 0.01 %".into(),
        _ if percent > 99.99 => "> 99.99 %".into(),
        _ => format!("{percent:.2} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_people_read_them() {
        assert_eq!(
            ["0", "0.35000", "-17.250", "1.000e-7", "2.500e6"],
            [0.0, 0.35, -17.25, 1e-7, 2.5e6].map(px).each_ref().map(String::as_str)
        );
        assert_eq!(share(0, 9), "0 %");
        assert_eq!(share(1, 1_000_000), "< 0.01 %");
        assert_eq!(share(999_999, 1_000_000), "> 99.99 %");
        assert_eq!(share(1, 3), "33.33 %");
        assert_eq!(shape_text(&[3]), "(3,)");
    }
}
