//! Draws every style into a folder: `cargo run --release -p displace-viz --example gallery -- FOLDER`.

use displace_viz::{
    Arrows, CompareOptions, LatticeOptions, MagnitudeOptions, Picture, QuiverOptions, Raster, WheelOptions, compare, lattice,
    magnitude, quiver, wheel,
};
use std::error::Error;
use std::path::Path;

const WIDTH: usize = 256;
const HEIGHT: usize = 192;

/// A swirl around the middle and a fold at the lower right, `amount` 1 folding.
fn swirl(width: usize, height: usize, amount: f64) -> Arrows {
    let pixels = || (0..width * height).map(|i| [(i % width) as f64, (i / width) as f64]);
    let size = width as f64;
    let by = pixels().map(|[x, y]| {
        let [u, v] = [x - 0.42 * width as f64, y - 0.5 * height as f64];
        let turn = amount * 0.9 * (-(u * u + v * v) / (0.04 * size * size)).exp();
        let (sin, cos) = turn.sin_cos();
        let [p, q] = [x - 0.8 * width as f64, y - 0.72 * height as f64];
        let fold = amount * 1.9 * (-(p * p + q * q) / (0.014 * size * size)).exp();
        [u * cos - v * sin - u - fold * p, u * sin + v * cos - v - 0.6 * fold * q]
    });
    Arrows::new(width, height, [width, height], pixels().collect(), by.collect()).expect("one pair for each pixel")
}

/// A picture with edges, so that a warp shows: soft discs over a checked ground.
fn scene([x, y]: [f64; 2]) -> [u8; 3] {
    let checks = ((x / 16.0).floor() + (y / 16.0).floor()).rem_euclid(2.0);
    let disc = (-((x - 108.0).powi(2) + (y - 96.0).powi(2)) / 1800.0).exp();
    [70.0 + 70.0 * checks + 110.0 * disc, 110.0 + 50.0 * checks, 150.0 - 40.0 * checks + 60.0 * (1.0 - disc)]
        .map(|v| v.clamp(0.0, 255.0) as u8)
}

fn photograph(width: usize, height: usize, place: impl Fn(usize) -> [f64; 2]) -> Raster {
    Raster::new(width, height, (0..width * height).flat_map(|i| scene(place(i))).collect()).expect("three bytes for each pixel")
}

fn save(folder: &Path, name: &str, picture: &Picture) -> Result<(), Box<dyn Error>> {
    std::fs::write(folder.join(name).with_extension("svg"), picture.svg())?;
    std::fs::write(folder.join(name).with_extension("png"), picture.png(2.0)?)?;
    println!("{name}: {} x {} units", picture.width(), picture.height());
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os().nth(1).ok_or("usage: gallery FOLDER")?;
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder)?;
    let field = swirl(WIDTH, HEIGHT, 1.0);
    let before = photograph(WIDTH, HEIGHT, |i| [(i % WIDTH) as f64, (i / WIDTH) as f64]);
    let after = photograph(WIDTH, HEIGHT, |i| field.location(i));

    save(folder, "quiver", &quiver(&field, &QuiverOptions::default())?)?;
    let over = QuiverOptions { background: Some(&before), arrow_scale: 0.5, ..QuiverOptions::default() };
    save(folder, "quiver-photograph", &quiver(&field, &over)?)?;
    save(folder, "wheel", &wheel(&field, &WheelOptions::default())?)?;
    save(folder, "wheel-fixed", &wheel(&field, &WheelOptions { scale: Some(20.0), ..WheelOptions::default() })?)?;
    save(folder, "lattice", &lattice(&field, &LatticeOptions::default())?)?;
    let over = LatticeOptions { background: Some(&before), ..LatticeOptions::default() };
    save(folder, "lattice-photograph", &lattice(&swirl(WIDTH, HEIGHT, 0.6), &over)?)?;
    save(folder, "magnitude", &magnitude(&field, &MagnitudeOptions::default())?)?;
    save(folder, "magnitude-fixed", &magnitude(&field, &MagnitudeOptions { scale: Some(20.0), ..MagnitudeOptions::default() })?)?;
    save(folder, "compare", &compare(&before, &after, &CompareOptions::default())?)?;
    Ok(())
}
