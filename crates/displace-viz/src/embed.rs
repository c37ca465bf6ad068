//! Raster layers: made small enough for a page, coded as PNG, written into the SVG.

use crate::picture::DrawError;
use crate::raster::Raster;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use png::{BitDepth, ColorType, Compression, Encoder};

/// The longest side of an embedded raster: more than a printed column resolves.
const LONGEST: usize = 1600;

/// A PNG file.
pub(crate) fn encode(width: u32, height: u32, colour: ColorType, bytes: &[u8]) -> Result<Vec<u8>, DrawError> {
    let refused = |e: png::EncodingError| DrawError::Renderer(e.to_string());
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, width, height);
    encoder.set_color(colour);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::Balanced);
    let mut writer = encoder.write_header().map_err(refused)?;
    writer.write_image_data(bytes).map_err(refused)?;
    writer.finish().map_err(refused)?;
    Ok(file)
}

/// A PNG as a `data:` address.
pub(crate) fn data_uri(width: usize, height: usize, colour: ColorType, bytes: &[u8]) -> Result<String, DrawError> {
    let file = encode(width as u32, height as u32, colour, bytes)?;
    Ok(format!("data:image/png;base64,{}", STANDARD.encode(file)))
}

/// How an image of `width` x `height` pixels is cut into blocks of `factor` x `factor`, one for each embedded pixel; the
/// blocks at the right and lower edges may be narrower.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Blocks {
    pub(crate) factor: usize,
    width: usize,
    height: usize,
}

impl Blocks {
    pub(crate) fn new(width: usize, height: usize) -> Self {
        Self { factor: width.max(height).div_ceil(LONGEST), width, height }
    }

    /// Embedded pixels along x and y.
    pub(crate) fn size(self) -> [usize; 2] {
        [self.width.div_ceil(self.factor), self.height.div_ceil(self.factor)]
    }

    /// Original pixels that the embedded raster spans: a narrow last block is stretched to a full one, so the raster is
    /// drawn this large and clipped.
    pub(crate) fn span(self) -> [f64; 2] {
        self.size().map(|n| (n * self.factor) as f64)
    }

    /// One RGB colour for each block, row by row, from the indices of the block's pixels.
    pub(crate) fn paint(self, mut colour: impl FnMut(&mut dyn Iterator<Item = usize>) -> [u8; 3]) -> Vec<u8> {
        let [columns, rows] = self.size();
        let mut rgb = Vec::with_capacity(columns * rows * 3);
        for row in 0..rows {
            let ys = row * self.factor..((row + 1) * self.factor).min(self.height);
            for column in 0..columns {
                let xs = column * self.factor..((column + 1) * self.factor).min(self.width);
                let mut pixels = ys.clone().flat_map(|y| xs.clone().map(move |x| y * self.width + x));
                rgb.extend(colour(&mut pixels));
            }
        }
        rgb
    }

    /// What a caption says about the reduction; nothing when there is none.
    pub(crate) fn note(self) -> Option<String> {
        (self.factor > 1).then(|| format!("Drawn as means of {0} × {0} pixels.", self.factor))
    }
}

/// A photograph as a `data:` address, its colours moved towards white by `dim` (0 to 1), and the blocks it was cut into.
pub(crate) fn photograph(image: &Raster, dim: f64) -> Result<(String, Blocks), DrawError> {
    let blocks = Blocks::new(image.width(), image.height());
    let rgb = blocks.paint(|pixels| {
        let (mut sum, mut n) = ([0.0; 3], 0.0);
        for i in pixels {
            for (s, &value) in sum.iter_mut().zip(&image.rgb()[3 * i..]) {
                *s += f64::from(value);
            }
            n += 1.0;
        }
        sum.map(|s| (s / n + (255.0 - s / n) * dim).round() as u8)
    });
    let [w, h] = blocks.size();
    Ok((data_uri(w, h, ColorType::Rgb, &rgb)?, blocks))
}

/// Checks that a background photograph is the source image's size.
pub(crate) fn check_background(image: &Raster, source: [usize; 2]) -> Result<(), DrawError> {
    let ([got_width, got_height], [width, height]) = ([image.width(), image.height()], source);
    if [got_width, got_height] == source { Ok(()) } else { Err(DrawError::Background { got_width, got_height, width, height }) }
}
