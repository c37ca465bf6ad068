//! Pictures of displacement fields, good enough for a paper: SVG and PNG from one description.
//!
//! | picture | function | shows |
//! |---|---|---|
//! | arrows | [`quiver`](quiver()) | direction and length, true to scale |
//! | colour wheel | [`wheel`](wheel()) | direction as hue, magnitude as saturation, at every pixel |
//! | warped lattice | [`lattice`](lattice()) | where the destination's rows and columns are read from; folds in red |
//! | heat map | [`magnitude`](magnitude()) | length at every pixel, and the largest |
//! | heat map | [`heat`](heat()) | any number at every pixel: counts, residuals, determinants |
//! | two photographs | [`compare`](compare()) | before and after, at one scale |
//!
//! Every picture uses the project's one convention: pull displacements in source pixels, x first, pixel centres at
//! integers, y running down. A picture always says its scale, and counts what it could not draw.
//!
//! The crate opens no file and asks the system for no font: text in a PNG is drawn with DejaVu Sans Condensed, which is
//! compiled in. The same input gives the same bytes.
//!
//! ```
//! use displace_viz::{Arrows, QuiverOptions, quiver};
//!
//! // A 3x2 field that reads every pixel one pixel to the right.
//! let rest = (0..6).map(|i| [(i % 3) as f64, (i / 3) as f64]).collect();
//! let field = Arrows::new(3, 2, [3, 2], rest, vec![[1.0, 0.0]; 6])?;
//! let picture = quiver(&field, &QuiverOptions::default())?;
//! assert!(picture.svg().contains("arrows ×1 (true length)"));
//! assert!(picture.png(1.0)?.starts_with(b"\x89PNG"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod arrows;
mod bar;
mod canvas;
mod colour;
mod compare;
mod embed;
mod fold;
mod font;
mod frame;
mod heat;
mod lattice;
mod magnitude;
mod number;
mod picture;
mod quiver;
mod raster;
mod sheet;
mod wheel;

pub use arrows::{Arrows, ShapeError};
pub use compare::{CompareOptions, compare};
pub use heat::{HeatOptions, heat};
pub use lattice::{LatticeOptions, lattice};
pub use magnitude::{MagnitudeOptions, magnitude};
pub use picture::{DrawError, Picture};
pub use quiver::{QuiverOptions, quiver};
pub use raster::Raster;
pub use wheel::{WheelOptions, wheel};
