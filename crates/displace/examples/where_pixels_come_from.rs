//! Where does each pixel come from? A torch grid by hand, asked for and after padding.
//!
//! `cargo run --example where_pixels_come_from`

use displace::{Arithmetic, Extent, Grid, Interp, Lattice, Padding, Sampler, Shape, View, displacement, effective_displacement};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // One row of five pixels, read by a grid that is shifted by a quarter of the width.
    let numbers: Vec<f32> = [-0.8f32, -0.4, 0.0, 0.4, 0.8].iter().flat_map(|g| [g + 0.5, 0.0]).collect();
    let view = View::interleaved(&numbers, Shape { n: 1, c: 2, size: [5, 1] })?;

    println!("destination pixel                  0       1       2       3       4");
    for extent in [Extent::Edges, Extent::Centers] {
        let grid = Grid::new(view, Lattice::from_shape([1, 5], extent)?)?;
        let asked = displacement(&grid, None, Arithmetic::Exact)?;
        let read = effective_displacement(&grid, None, Sampler::new(Interp::Linear, Padding::Border))?;
        let row = |field: &[f32]| field.chunks(2).map(|d| format!("{:8.3}", d[0])).collect::<String>();
        println!("{extent:?}: asked for, px       {}", row(asked.as_slice()));
        println!("{extent:?}: read under border   {}", row(read.field.as_slice()));
    }
    Ok(())
}
