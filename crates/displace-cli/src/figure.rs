//! Fields to pictures: which slice, which style, which file.

use crate::failure::{Failure, Result};
use crate::output::extension;
use clap::{Args, ValueEnum};
use displace::{FieldView, Location, Real};
use displace_io::Contents;
use displace_viz::{
    Arrows, CompareOptions, LatticeOptions, MagnitudeOptions, Picture, QuiverOptions, Raster, WheelOptions, compare, lattice,
    magnitude, quiver, wheel,
};
use std::path::{Path, PathBuf};

/// Formats of pictures.
pub(crate) const FIGURE: &[&str] = &["png", "svg"];

/// Pixels of a PNG for each unit of the drawing: sharp in print at the drawing's own size.
const PNG_SCALE: f32 = 2.0;

/// What a picture shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Style {
    /// arrows from each pixel to where it is read from, true to scale
    Quiver,
    /// direction as hue, length as saturation
    Wheel,
    /// where the destination's rows and columns are read from, folds in red
    Lattice,
    /// length as a heat map
    Magnitude,
}

impl Style {
    /// All, with the names of their files.
    pub(crate) const OF_FIELDS: [(Self, &'static str); 4] =
        [(Self::Quiver, "quiver"), (Self::Wheel, "wheel"), (Self::Lattice, "lattice"), (Self::Magnitude, "magnitude")];

    /// Whether it can be drawn over a photograph.
    pub(crate) fn takes_photograph(self) -> bool {
        matches!(self, Self::Quiver | Self::Lattice)
    }
}

/// How a picture is drawn.
#[derive(Args, Clone, Debug)]
pub(crate) struct FigureArgs {
    /// What the picture shows [default: quiver]
    #[arg(long, value_enum)]
    pub(crate) style: Option<Style>,

    /// Arrows this many times their true length; always written on the picture
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0)]
    arrow_scale: f64,

    /// The length in pixels at the end of the colour scale, instead of the largest
    #[arg(long, value_name = "PX")]
    scale: Option<f64>,

    /// Draw every STEP-th arrow or line
    #[arg(long)]
    step: Option<usize>,

    /// A photograph behind arrows or lattice (PNG, JPEG or TIFF, 8 bits)
    #[arg(long, value_name = "IMAGE")]
    image: Option<PathBuf>,

    /// Sample of a batch to draw
    #[arg(long, value_name = "N", default_value_t = 0)]
    sample: usize,

    /// Slice of a volume to draw, x and y components [default: the middle one]
    #[arg(long, value_name = "Z")]
    slice: Option<usize>,
}

impl Default for FigureArgs {
    fn default() -> Self {
        Self { style: None, arrow_scale: 1.0, scale: None, step: None, image: None, sample: 0, slice: None }
    }
}

impl FigureArgs {
    /// Everything by default but every `step`-th arrow or line.
    pub(crate) fn with_step(step: usize) -> Self {
        Self { step: Some(step.max(1)), ..Self::default() }
    }

    /// Draws a field into a file.
    pub(crate) fn draw<L: Location, const D: usize>(&self, field: &FieldView<'_, L, D>, style: Style, path: &Path) -> Result<()> {
        let photograph = match &self.image {
            Some(_) if !style.takes_photograph() => {
                return Err(Failure::usage("--image goes with --style quiver or lattice"));
            }
            Some(path) => Some(read_photograph(path)?),
            None => None,
        };
        self.draw_over(field, style, photograph.as_ref(), path)
    }

    /// The same over a photograph in memory.
    pub(crate) fn draw_over<L: Location, const D: usize>(
        &self,
        field: &FieldView<'_, L, D>,
        style: Style,
        photograph: Option<&Raster>,
        path: &Path,
    ) -> Result<()> {
        let arrows = self.arrows(field)?;
        let picture = match style {
            Style::Quiver => quiver(
                &arrows,
                &QuiverOptions {
                    arrow_scale: self.arrow_scale,
                    step: self.step,
                    scale: self.scale,
                    background: photograph,
                    ..QuiverOptions::default()
                },
            ),
            Style::Wheel => wheel(&arrows, &WheelOptions { scale: self.scale, ..WheelOptions::default() }),
            Style::Lattice => {
                lattice(&arrows, &LatticeOptions { step: self.step, background: photograph, ..LatticeOptions::default() })
            }
            Style::Magnitude => magnitude(&arrows, &MagnitudeOptions { scale: self.scale, ..MagnitudeOptions::default() }),
        }?;
        save(&picture, path)
    }

    /// Two photographs side by side.
    pub(crate) fn compare(before: &Raster, after: &Raster, path: &Path) -> Result<()> {
        save(&compare(before, after, &CompareOptions::default())?, path)
    }

    /// The chosen sample and slice.
    fn arrows<L: Location, const D: usize>(&self, field: &FieldView<'_, L, D>) -> Result<Arrows> {
        let (shape, between) = (field.by().shape(), field.between());
        if self.sample >= shape.n {
            return Err(Failure::usage(format!("--sample {}: the field has {} samples, counted from 0", self.sample, shape.n)));
        }
        let depth = shape.size.get(2).copied().unwrap_or(1);
        let slice = self.slice.unwrap_or(depth / 2);
        if slice >= depth.max(1) {
            return Err(Failure::usage(format!("--slice {slice}: the field has {depth} slices, counted from 0")));
        }
        let [width, height] = [shape.size[0], shape.size[1]];
        let places = |axis: usize, len: usize| (0..len).map(|j| between.rest_place(axis, j).to_f64()).collect::<Vec<_>>();
        let (xs, ys) = (places(0, width), places(1, height));
        let component = |k: usize, x: usize, y: usize| {
            let mut pixel = [0; D];
            (pixel[0], pixel[1]) = (x, y);
            if D == 3 {
                pixel[D - 1] = slice;
            }
            field.by().get(self.sample, k, pixel).map_or(f64::NAN, |d| d.widen().to_f64())
        };
        let by = (0..height).flat_map(|y| (0..width).map(move |x| [component(0, x, y), component(1, x, y)])).collect();
        let rest = ys.iter().flat_map(|y| xs.iter().map(|x| [*x, *y])).collect();
        let source = between.source().size();
        Arrows::new(width, height, [source[0], source[1]], rest, by).map_err(Failure::usage)
    }
}

fn save(picture: &Picture, path: &Path) -> Result<()> {
    let bytes = if extension(path) == "svg" { picture.svg().as_bytes().to_vec() } else { picture.png(PNG_SCALE)? };
    Ok(displace_io::write_bytes(path, &bytes)?)
}

/// RGB pixels as the pictures take them.
pub(crate) fn photograph(pixels: &[u8], width: usize, height: usize) -> Result<Raster> {
    Raster::new(width, height, pixels.to_vec()).map_err(Failure::usage)
}

fn read_photograph(path: &Path) -> Result<Raster> {
    let Contents::Image(image) = crate::input::read(path)? else {
        return Err(Failure::file(path, "no image: expected PNG, JPEG or TIFF"));
    };
    let (shape, data) = image.into_parts();
    let displace::AnyData::U8(pixels) = data else {
        return Err(Failure::file(path, format!("a photograph of {}: expected 8 bits", data.dtype())));
    };
    let channels = shape.get(2).copied().unwrap_or(1);
    let rgb = match channels {
        // Grey, with or without alpha, and colour with or without: the alpha is left out.
        1 | 2 => pixels.chunks_exact(channels).flat_map(|p| [p[0]; 3]).collect(),
        _ => pixels.chunks_exact(channels).flat_map(|p| [p[0], p[1], p[2]]).collect::<Vec<u8>>(),
    };
    photograph(&rgb, shape[1], shape[0])
}
