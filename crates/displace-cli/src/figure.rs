//! Fields to pictures: which slice, which style, which file.

use crate::failure::{Failure, Result};
use crate::output::extension;
use clap::{Args, ValueEnum};
use displace::{FieldView, Location};
use displace_io::Contents;
use displace_report::{PickError, arrows};
use displace_viz::{
    CompareOptions, LatticeOptions, MagnitudeOptions, Picture, QuiverOptions, Raster, WheelOptions, compare, lattice, magnitude,
    quiver, wheel,
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

    #[command(flatten)]
    pub(crate) part: PartArgs,
}

/// Which part of a batch or volume a picture shows.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct PartArgs {
    /// Sample of a batch to draw
    #[arg(long, value_name = "N", default_value_t = 0)]
    sample: usize,

    /// Slice of a volume to draw, x and y components [default: the middle one]
    #[arg(long, value_name = "Z")]
    slice: Option<usize>,
}

impl PartArgs {
    /// The number of the slice in an array of samples and slices, and what of it a caption has to say.
    pub(crate) fn of(&self, samples: usize, slices: usize) -> Result<(usize, String)> {
        if self.sample >= samples {
            return Err(Failure::usage(format!("--sample {}: there are {samples}", self.sample)));
        }
        let slice = self.slice.unwrap_or(slices / 2);
        if slice >= slices {
            return Err(Failure::usage(format!("--slice {slice}: there are {slices}")));
        }
        let mut text = String::new();
        if samples > 1 {
            text += &format!(" Sample {} of {samples}.", self.sample);
        }
        if slices > 1 {
            text += &format!(" Slice {slice} of {slices}.");
        }
        Ok((self.sample * slices + slice, text))
    }
}

impl Default for FigureArgs {
    fn default() -> Self {
        Self { style: None, arrow_scale: 1.0, scale: None, step: None, image: None, part: PartArgs::default() }
    }
}

impl FigureArgs {
    /// Everything by default but every `step`-th arrow or line.
    pub(crate) fn with_step(step: usize) -> Self {
        Self { step: Some(step.max(1)), ..Self::default() }
    }

    /// Draws a field into a file.
    pub(crate) fn draw<L: Location, const D: usize>(&self, field: &FieldView<'_, L, D>, style: Style, path: &Path) -> Result<()> {
        save(&self.picture(field, style)?, path)
    }

    /// The picture of a field.
    pub(crate) fn picture<L: Location, const D: usize>(&self, field: &FieldView<'_, L, D>, style: Style) -> Result<Picture> {
        let photograph = match &self.image {
            Some(_) if !style.takes_photograph() => {
                return Err(Failure::usage("--image goes with --style quiver or lattice"));
            }
            Some(path) => Some(read_photograph(path)?),
            None => None,
        };
        self.over(field, style, photograph.as_ref())
    }

    /// The same over a photograph in memory.
    pub(crate) fn draw_over<L: Location, const D: usize>(
        &self,
        field: &FieldView<'_, L, D>,
        style: Style,
        photograph: Option<&Raster>,
        path: &Path,
    ) -> Result<()> {
        save(&self.over(field, style, photograph)?, path)
    }

    fn over<L: Location, const D: usize>(
        &self,
        field: &FieldView<'_, L, D>,
        style: Style,
        photograph: Option<&Raster>,
    ) -> Result<Picture> {
        // The message starts with the option's own name.
        let arrows = arrows(field, self.part.sample, self.part.slice).map_err(|e| {
            Failure::usage(match e {
                PickError::Shape(e) => e.to_string(),
                e => format!("--{e}"),
            })
        })?;
        Ok(match style {
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
        }?)
    }

    /// Two photographs side by side.
    pub(crate) fn compare(before: &Raster, after: &Raster, path: &Path) -> Result<()> {
        save(&compare(before, after, &CompareOptions::default())?, path)
    }
}

pub(crate) fn save(picture: &Picture, path: &Path) -> Result<()> {
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
