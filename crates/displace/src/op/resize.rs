//! Fields and grids at another resolution.

use crate::axis::{Axis, Rest};
use crate::dtype::{Location, Real};
use crate::error::FieldError;
use crate::field::{Field, FieldView};
use crate::grid::Grid;
use crate::lattice::{Between, Lattice};
use crate::map::Map;
use crate::rows::{for_each_band, row_index};
use crate::view::{Dense, Layout, Shape};

/// The same map between lattices of other sizes: `destination` pixels read a source of `source` pixels (both x first).
///
/// Places are kept within the frames that the extent spans: pixel `j` of the new destination asks the old map at the place in the
/// old destination that lies equally far between its ends, and the answer is the place equally far between the ends of the new
/// source. So nothing shifts: a field enlarged between edges and shrunk again reads the same half-pixels. Displacements are
/// scaled with the source, by the ratio of its pixels between edges, by that of its intervals between centres.
///
/// The map is linear along each axis between pixels, and goes on linearly in the half pixel beyond the end centres, which a new
/// destination between edges may reach into. No pixels are averaged when a field is made smaller. *Exactness*: `f64`, rounded once.
/// *Rest*: the field's own, or `rest`.
///
/// # Errors
/// If the source is not a lattice, or the new sizes differ and no rest is known.
///
/// ```
/// use displace::{resize, Between, Extent, Field, Lattice};
/// // Between edges, the second of two pixels is displaced by one pixel of its own.
/// let between = Between::new(Lattice::from_shape([1, 2], Extent::Edges)?, [2, 1], None)?;
/// let field = Field::from_vec(vec![0.0f32, 0.0, 1.0, 0.0], 1, between)?;
/// // Twice as many: the new centres lie at -1/4, 1/4, 3/4, 5/4 of the old, and a pixel is two.
/// let fine = resize(&field.view(), [4, 1], [4, 1], None)?;
/// assert_eq!(fine.as_slice(), [-0.5, 0.0, 0.5, 0.0, 1.5, 0.0, 2.5, 0.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn resize<L: Location, const D: usize>(
    field: &FieldView<'_, L, D>,
    destination: [usize; D],
    source: [usize; D],
    rest: Option<Rest>,
) -> Result<Field<L::Real, D>, FieldError> {
    let old = field.between();
    let lattice = Lattice::from_xy(source, old.source().extent())?;
    let own = (!old.same_size()).then_some(old.rest());
    let new = Between::new(lattice, destination, rest.or(own))?;
    let places = places(old.source().extent(), old.destination(), destination)?;
    let map = Map::new(&(*field).into(), None)?;
    let grow: [_; D] = std::array::from_fn(|k| new.source().axes()[k].rest_line(Rest::Extent, old.source().size()[k]));
    // Under the rest "extent" rest places go to rest places, and only displacements are left to scale.
    let framed = |between: &Between<D>| between.same_size() || between.rest() == Rest::Extent;
    let kept = framed(old) && framed(&new);
    let shift: [Vec<f64>; D] = std::array::from_fn(|k| {
        let shift = |(j, place): (usize, &f64)| grow[k].at(map.rest()[k].at(*place)) - new.rest_place(k, j).to_f64();
        places[k].iter().enumerate().map(|at| if kept { 0.0 } else { shift(at) }).collect()
    });
    let shape = Shape { n: map.samples(), c: D, size: destination };
    let mut out = Field::zeroed(shape.n, new)?;
    let slope = grow.map(|line| line.slope);
    resample(&map, shape, &places, out.as_mut_slice(), |k, pixel, by| by * slope[k] + shift[k][pixel]);
    Ok(out)
}

/// The same grid on a destination of another size (x first). Its values, which are normalised, are interpolated as
/// [`resize`] does displacements; the source stays what it is, or may have any other size.
///
/// # Errors
/// If the destination is not a lattice.
///
/// ```
/// use displace::{resize_grid, Extent, Grid, Lattice, Shape, View};
/// let source = Lattice::from_shape([1, 9], Extent::Centers)?;
/// let grid = Grid::new(View::interleaved(&[-1.0f32, 0.0, 1.0, 0.0], Shape { n: 1, c: 2, size: [2, 1] })?, source)?;
/// assert_eq!(resize_grid(&grid, [3, 1])?.as_slice(), [-1.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn resize_grid<L: Location, const D: usize>(
    grid: &Grid<'_, L, D>,
    destination: [usize; D],
) -> Result<Dense<L::Real, D>, FieldError> {
    let size = grid.at().shape().size;
    let places = places(grid.source().extent(), size, destination)?;
    // Normalised values are numbers like any: read as displacements they stay as they are.
    let own = Lattice::from_xy(size, grid.source().extent())?;
    let map = Map::new(&FieldView::new(grid.at(), own, None)?.into(), None)?;
    let shape = Shape { n: map.samples(), c: D, size: destination };
    let mut out = Dense::zeroed(shape, Layout::Interleaved)?;
    resample(&map, shape, &places, out.as_mut_slice(), |_, _, value| value);
    Ok(out)
}

/// Where the pixels of a new destination lie in the old one, by axis.
fn places<const D: usize>(extent: crate::Extent, old: [usize; D], new: [usize; D]) -> Result<[Vec<f64>; D], FieldError> {
    let mut places = std::array::from_fn(|_| Vec::new());
    for k in 0..D {
        let axis = Axis::new(old[k], extent)?;
        places[k] = (0..new[k]).map(|j| axis.rest_place(Rest::Extent, new[k], j).to_f64()).collect();
    }
    Ok(places)
}

/// Reads the map's displacements at `places`; `value` makes of each what is stored, given axis and index on it.
fn resample<L: Location, const D: usize>(
    map: &Map<'_, L, D>,
    shape: Shape<D>,
    places: &[Vec<f64>; D],
    out: &mut [L::Real],
    value: impl Fn(usize, usize, f64) -> f64 + Sync,
) {
    for_each_band(out, shape, Layout::Interleaved, |band| {
        let planes = map.planes(band.n);
        for row in 0..band.rows {
            let mut index = row_index(band.first_row + row, &shape.size);
            for (x, to) in band.interleaved_row(row).chunks_exact_mut(D).enumerate() {
                index[0] = x;
                let place: [f64; D] = std::array::from_fn(|k| places[k][index[k]]);
                // Beyond the end centres the last cell goes on.
                let by = map.read(&planes, map.cell(map.clamped(place))).by(place);
                for k in 0..D {
                    to[k] = L::Real::from_f64(value(k, index[k], by[k]));
                }
            }
        }
    });
}
