//! The reference document's third example as it was meant, on a photograph.

use crate::failure::{Failure, Result};
use crate::figure::{FigureArgs, Style, photograph};
use crate::output::{array, write_field};
use crate::report::{OnTerminal, Report, px};
use displace::{
    AnyData, Arithmetic, Extent, Field, Grid, Interp, Lattice, Layout, Padding, Sampler, Shape, View, displacement, sample_into,
};
use displace_io::Contents;
use serde_json::json;
use std::path::{Path, PathBuf};

/// A sampling grid, its exact displacement, the warped photograph and pictures of all, from one command
///
/// The grid halves the view and adds a wave along each axis. It is the third example of the question "How do I calculate the exact
/// displacement of each pixel after grid_sampling?" with grid_y varying over rows, as was meant.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Folder for the results
    #[arg(short, long, value_name = "DIR", default_value = "displace-demo")]
    output: PathBuf,

    /// Another photograph (PNG, JPEG or TIFF, 8 bits, RGB)
    #[arg(long, value_name = "FILE")]
    image: Option<PathBuf>,

    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

/// Eileen Collins, photographed by NASA: in the public domain.
const PHOTOGRAPH: &[u8] = include_bytes!("../../../../examples/astronaut.png");

/// What the document's samplers use: -1 and +1 are the centres of the end pixels.
const EXTENT: Extent = Extent::Centers;

pub(crate) fn run(args: &Args) -> Result<()> {
    let (pixels, [height, width]) = load(args.image.as_deref())?;
    std::fs::create_dir_all(&args.output).map_err(|e| Failure::file(&args.output, format!("cannot make the folder: {e}")))?;
    let out = |name: &str| args.output.join(name);
    let mut report = Report::default();

    let numbers = grid_numbers(width, height);
    let source = Lattice::from_shape([height, width], EXTENT).map_err(Failure::usage)?;
    let pixel_shape = Shape { n: 1, c: 2, size: [width, height] };
    let broken = |e: &dyn std::fmt::Display| Failure::file(&args.output, e);
    let view = View::interleaved(&numbers, pixel_shape).map_err(|e| broken(&e))?;
    let grid = Grid::new(view, source).map_err(|e| broken(&e))?;
    let field = displacement(&grid, None, Arithmetic::Exact).map_err(|e| broken(&e))?;
    let warped = read_through(&pixels, &grid)?;

    report.line("photograph", format!("{height}x{width}, read with align_corners=True, mode bilinear, padding zeros"));
    report.sum_up(&field.view());
    report.grid_noise(source.axes(), displace::DType::F32);
    document(&mut report, &grid, &field, &pixels, &warped)?;

    // Arrows of up to two fifths of the width: a dozen across keep them apart.
    let sparse = FigureArgs::with_step(width / 13);
    let plain = FigureArgs::default();
    let (before, after) = (photograph(&pixels, width, height)?, photograph(&warped, width, height)?);
    for (style, name) in Style::OF_FIELDS {
        for kind in ["png", "svg"] {
            let figure = if style == Style::Quiver { &sparse } else { &plain };
            figure.draw_over(&field.view(), style, style.takes_photograph().then_some(&before), &out(&format!("{name}.{kind}")))?;
        }
        report.wrote(name, &out(&format!("{name}.png")));
    }
    FigureArgs::compare(&before, &after, &out("before-after.png"))?;
    report.wrote("before-after", &out("before-after.png"));
    displace_io::write_npy(&out("grid.npy"), &array(vec![1, height, width, 2], numbers.clone()))?;
    report.wrote("grid", &out("grid.npy"));
    displace_io::write_image(&out("warped.png"), &array(vec![height, width, 3], warped))?;
    report.wrote("warped", &out("warped.png"));
    let between = *field.between();
    write_field(&out("field.npz"), vec![1, height, width, 2], field.into_vec(), None, &between, None)?;
    report.wrote("field", &out("field.npz"));
    report.print(args.json)
}

/// Pixels, rows first, RGB, and their size in array order.
fn load(path: Option<&Path>) -> Result<(Vec<u8>, [usize; 2])> {
    let (name, image) = match path {
        None => (Path::new("the built-in photograph"), displace_io::image_from_bytes(PHOTOGRAPH)?),
        Some(path) => match crate::input::read(path)? {
            Contents::Image(image) => (path, image),
            _ => return Err(Failure::file(path, "no image: expected PNG, JPEG or TIFF")),
        },
    };
    match image.into_parts() {
        (shape, AnyData::U8(pixels)) if shape.len() == 3 && shape[2] == 3 => Ok((pixels, [shape[0], shape[1]])),
        (shape, data) => Err(Failure::file(name, format!("{} of shape {shape:?}: the demo takes 8-bit RGB", data.dtype()))),
    }
}

/// `x = linspace(-1, 1, W)/2 + sin(2 pi row/H)/5`, `y = linspace(-1, 1, H)/2 + cos(2 pi column/W)/5`.
fn grid_numbers(width: usize, height: usize) -> Vec<f32> {
    let linspace = |i: usize, n: usize| if n > 1 { 2.0 * i as f64 / (n - 1) as f64 - 1.0 } else { -1.0 };
    let turn = |i: usize, n: usize| i as f64 / n as f64 * std::f64::consts::TAU;
    let mut numbers = Vec::with_capacity(2 * width * height);
    for row in 0..height {
        for column in 0..width {
            numbers.push((linspace(column, width) * 0.5 + turn(row, height).sin() * 0.2) as f32);
            numbers.push((linspace(row, height) * 0.5 + turn(column, width).cos() * 0.2) as f32);
        }
    }
    numbers
}

/// The RGB photograph read through a grid, as torch's defaults do.
fn read_through(pixels: &[u8], grid: &Grid<'_, f32, 2>) -> Result<Vec<u8>> {
    let image = View::interleaved(pixels, Shape { n: 1, c: 3, size: grid.source().size() }).map_err(Failure::usage)?;
    let mut out = vec![0; pixels.len()];
    let sampler = Sampler::new(Interp::Linear, Padding::Zeros);
    sample_into(&image, &(*grid).into(), sampler, Layout::Interleaved, &mut out).map_err(Failure::usage)?;
    Ok(out)
}

/// What the document's formula makes of this grid: `((g + 1) W - 1)/2`, in `f32`, is the location for align_corners=False, but its
/// samplers use True.
fn document(report: &mut Report, grid: &Grid<'_, f32, 2>, field: &Field<f32, 2>, pixels: &[u8], warped: &[u8]) -> Result<()> {
    let size = grid.source().size();
    let location = |g: f32, len: usize| ((g + 1.0) * len as f32 - 1.0) / 2.0;
    let right = |g: f32, len: usize| (g + 1.0) / 2.0 * (len - 1) as f32;
    let exact = field.as_slice();
    let (mut wrong, mut rounding) = (Worst::default(), Worst::default());
    for y in 0..size[1] {
        for x in 0..size[0] {
            let at = 2 * (y * size[0] + x);
            let g = [0, 1].map(|k| *grid.at().get(0, k, [x, y]).expect("a pixel of the grid"));
            let error = |formula: &dyn Fn(f32, usize) -> f32| {
                let by = [0, 1].map(|k| f64::from(formula(g[k], size[k]) - [x, y][k] as f32) - f64::from(exact[at + k]));
                by[0].hypot(by[1])
            };
            wrong.add(error(&location), [x, y]);
            rounding.add(error(&right), [x, y]);
        }
    }
    let at = |worst: &Worst| format!("x={} y={}", worst.at[0], worst.at[1]);
    report.line(
        "document",
        format!(
            "its formula ((g+1)W-1)/2 belongs to align_corners=False, its sampler uses True: off by up to {} px (at {}), {} px on average",
            px(wrong.most),
            at(&wrong),
            px(wrong.mean())
        ),
    );
    report.line("", format!("the formula that fits, ((g+1)/2)(W-1), in f32: off by up to {} px", px(rounding.most)));
    report.fact(
        "document_formula_px",
        json!({"largest": wrong.most, "mean": wrong.mean(), "at_xy": wrong.at, "right_formula_in_f32_largest": rounding.most}),
    );
    // What the photograph would be if the sampler did read where the formula says.
    let believed = Lattice::from_xy(size, Extent::Edges).map_err(Failure::usage)?;
    let other = read_through(pixels, &Grid::new(grid.at(), believed).map_err(Failure::usage)?)?;
    let changed = other.iter().zip(warped).filter(|(a, b)| a != b).count();
    let most = other.iter().zip(warped).map(|(a, b)| a.abs_diff(*b)).max().unwrap_or(0);
    report.line(
        "",
        format!(
            "read where it says, {changed} of {} values of the photograph would differ, by up to {most} grey levels",
            other.len()
        ),
    );
    report.fact("document_formula_values", json!({"changed": changed, "of": other.len(), "largest_grey_levels": most}));
    Ok(())
}

/// The largest of some errors and where, and their mean.
#[derive(Default)]
struct Worst {
    most: f64,
    at: [usize; 2],
    sum: f64,
    count: usize,
}

impl Worst {
    fn add(&mut self, error: f64, at: [usize; 2]) {
        if error > self.most {
            (self.most, self.at) = (error, at);
        }
        self.sum += error;
        self.count += 1;
    }

    fn mean(&self) -> f64 {
        self.sum / self.count.max(1) as f64
    }
}
