//! Reads from a slice at many offsets, and sums at them, checked together.
//!
//! A sampling kernel reads a few neighbouring values at each of hundreds of places that it has just computed. Checking
//! every read costs more than the read. [`Offsets::new`] looks at all offsets of a block once, with a few
//! vector instructions for eight of them, and [`Reads::new`] at the slice they point into; afterwards reading cannot fail, and
//! needs no check. [`Sums`] is the same for adding to elements.
//!
//! All `unsafe` of the sampling kernels is here.

#![no_std]

/// Offsets come in groups of this many: the lanes of a 256-bit vector of `f32`.
pub const LANES: usize = 8;

/// Offsets in groups of eight, and the highest.
#[derive(Clone, Copy)]
pub struct Offsets<'a> {
    /// Invariant: `o as u32 as usize <= highest` for each offset `o`.
    groups: &'a [[i32; LANES]],
    highest: usize,
}

impl<'a> Offsets<'a> {
    /// Looks for the highest offset. A negative one counts as one above all that are legal.
    #[inline(always)]
    #[must_use]
    pub fn new(groups: &'a [[i32; LANES]]) -> Self {
        // One number, not one a lane: the compiler makes lanes of its own, and better ones.
        let mut highest = 0;
        for offset in groups.as_flattened() {
            highest = (*offset as u32).max(highest);
        }
        Self { groups, highest: highest as usize }
    }
}

/// A slice, offsets into it, and rows that lie a fixed number of elements behind each offset, with `WIDTH` elements in a
/// row to be read.
///
/// ```
/// use displace_reads::{Offsets, Reads};
/// // A picture of two rows of 9: pairs at columns 0 to 7 of both rows.
/// let picture: [f32; 18] = core::array::from_fn(|i| i as f32);
/// let offsets = Offsets::new(&[[0, 1, 2, 3, 4, 5, 6, 7]]);
/// let reads = Reads::<f32, 2, 2>::new(&picture, offsets, [0, 9]).unwrap();
/// assert_eq!(reads.get(0, 7, 0), [7.0, 8.0]);
/// assert_eq!(reads.get(0, 7, 1), [16.0, 17.0]);
/// // One further would leave the slice.
/// assert!(Reads::<f32, 2, 2>::new(&picture, offsets, [0, 10]).is_none());
/// ```
#[derive(Clone, Copy)]
pub struct Reads<'a, T, const ROWS: usize, const WIDTH: usize> {
    /// Invariant: for each offset `o` of `offsets` and each `row` of `rows`, `0 <= o` and `o + row + WIDTH <= data.len()`.
    data: &'a [T],
    offsets: &'a [[i32; LANES]],
    rows: [usize; ROWS],
}

impl<'a, T: Copy, const ROWS: usize, const WIDTH: usize> Reads<'a, T, ROWS, WIDTH> {
    /// `None` if an offset is negative or any read would leave the slice.
    #[inline(always)]
    #[must_use]
    pub fn new(data: &'a [T], offsets: Offsets<'a>, rows: [usize; ROWS]) -> Option<Self> {
        fits::<ROWS, WIDTH>(data.len(), offsets, rows).then_some(Self { data, offsets: offsets.groups, rows })
    }

    /// Groups of offsets.
    #[inline(always)]
    #[must_use]
    pub const fn groups(&self) -> usize {
        self.offsets.len()
    }

    /// The `WIDTH` elements of a row at an offset.
    ///
    /// # Panics
    /// If there is no such group, lane or row. All three are known to the compiler where it matters.
    #[inline(always)]
    #[must_use]
    pub fn get(&self, group: usize, lane: usize, row: usize) -> [T; WIDTH] {
        let start = self.offsets[group][lane] as usize + self.rows[row];
        // SAFETY: the type's invariant: the offset is not negative and `start + WIDTH <= data.len()`. An array has the
        // alignment of its elements.
        unsafe { *self.data.as_ptr().add(start).cast::<[T; WIDTH]>() }
    }
}

/// Whether for each offset `o` and each `row`, `0 <= o` and `o + row + WIDTH <= len`.
#[inline(always)]
fn fits<const ROWS: usize, const WIDTH: usize>(len: usize, offsets: Offsets<'_>, rows: [usize; ROWS]) -> bool {
    let mut last = 0;
    for row in rows {
        last = row.max(last);
    }
    let end = last.checked_add(WIDTH).and_then(|end| end.checked_add(offsets.highest));
    offsets.highest <= i32::MAX as usize && end.is_some_and(|end| end <= len)
}

/// [`Reads`] for elements to be changed.
///
/// ```
/// use displace_reads::{Offsets, Sums};
/// let mut picture = [0.0f32; 18];
/// let offsets = Offsets::new(&[[0, 1, 2, 3, 4, 5, 6, 7]]);
/// let mut sums = Sums::<f32, 2, 2>::new(&mut picture, offsets, [0, 9]).unwrap();
/// *sums.place(0, 7).at(1, 1) += 2.5;
/// assert_eq!(picture[17], 2.5);
/// // One further would leave the slice.
/// assert!(Sums::<f32, 2, 2>::new(&mut picture, offsets, [0, 10]).is_none());
/// ```
pub struct Sums<'a, T, const ROWS: usize, const WIDTH: usize> {
    /// Invariant: that of [`Reads`].
    data: &'a mut [T],
    offsets: &'a [[i32; LANES]],
    rows: [usize; ROWS],
}

impl<'a, T: Copy, const ROWS: usize, const WIDTH: usize> Sums<'a, T, ROWS, WIDTH> {
    /// `None` if an offset is negative or any element would be outside the slice.
    #[inline(always)]
    #[must_use]
    pub fn new(data: &'a mut [T], offsets: Offsets<'a>, rows: [usize; ROWS]) -> Option<Self> {
        fits::<ROWS, WIDTH>(data.len(), offsets, rows).then_some(Self { data, offsets: offsets.groups, rows })
    }

    /// The rows at an offset.
    ///
    /// # Panics
    /// If there is no such group or lane.
    #[inline(always)]
    #[must_use]
    pub fn place(&mut self, group: usize, lane: usize) -> Place<'_, T, ROWS, WIDTH> {
        Place { start: self.offsets[group][lane] as usize, rows: self.rows, data: self.data }
    }

    /// The whole slice, for elements that are at none of the offsets.
    #[inline(always)]
    #[must_use]
    pub const fn all(&mut self) -> &mut [T] {
        self.data
    }
}

/// The rows at one offset of [`Sums`]. The offset is read once, as the compiler cannot know that sums do not change it.
pub struct Place<'s, T, const ROWS: usize, const WIDTH: usize> {
    /// Invariant: for each `row` of `rows`, `start + row + WIDTH <= data.len()`.
    data: &'s mut [T],
    start: usize,
    rows: [usize; ROWS],
}

impl<T: Copy, const ROWS: usize, const WIDTH: usize> Place<'_, T, ROWS, WIDTH> {
    /// One of the `WIDTH` elements of a row.
    ///
    /// # Panics
    /// If there is no such row or column. Both are known to the compiler where it matters.
    #[inline(always)]
    #[must_use]
    pub fn at(&mut self, row: usize, column: usize) -> &mut T {
        assert!(column < WIDTH);
        let place = self.start + self.rows[row] + column;
        // SAFETY: the type's invariant, as `column < WIDTH`. The slice is borrowed for changing, and what is returned
        // borrows `self` for changing.
        unsafe { &mut *self.data.as_mut_ptr().add(place) }
    }
}

impl<const ROWS: usize> Reads<'_, f32, ROWS, 2> {
    /// Two neighbours of a row at an offset as the bits of one number, in memory order: to be moved, not to be computed with.
    ///
    /// # Panics
    /// As [`Reads::get`].
    #[inline(always)]
    #[must_use]
    pub fn pair(&self, group: usize, lane: usize, row: usize) -> f64 {
        let start = self.offsets[group][lane] as usize + self.rows[row];
        // SAFETY: the type's invariant: the offset is not negative and `start + 2 <= data.len()`. Every 8 bytes are an f64.
        unsafe { self.data.as_ptr().add(start).cast::<f64>().read_unaligned() }
    }
}

impl<const ROWS: usize> Reads<'_, u8, ROWS, 8> {
    /// Eight bytes of a row at an offset as one number, the first one lowest.
    ///
    /// # Panics
    /// As [`Reads::get`].
    #[inline(always)]
    #[must_use]
    pub fn word(&self, group: usize, lane: usize, row: usize) -> u64 {
        u64::from_le_bytes(self.get(group, lane, row))
    }
}

/// Asks for the memory of an element, in or outside the slice, to be brought near: a hint that changes no result.
#[inline(always)]
pub fn prefetch<T>(data: &[T], index: usize) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    {
        use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let place = data.as_ptr().wrapping_add(index).cast();
        // SAFETY: prefetching any address is allowed, mapped or not. SSE is part of x86-64.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(place) };
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let _ = (data, index);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_at_both_ends() {
        let data: [u16; 20] = core::array::from_fn(|i| i as u16);
        let offsets = Offsets::new(&[[0, 1, 2, 3, 4, 5, 6, 7], [9, 9, 9, 9, 9, 9, 9, 9]]);
        let reads = Reads::<u16, 2, 4>::new(&data, offsets, [0, 7]).unwrap();
        assert_eq!(reads.get(1, 7, 1), [16, 17, 18, 19]);
        assert_eq!(reads.get(0, 0, 0), [0, 1, 2, 3]);
        assert_eq!(reads.groups(), 2);
    }

    #[test]
    fn refuses_what_leaves_the_slice() {
        let data = [0u8; 16];
        let reads = |offset: i32, row| Reads::<u8, 1, 8>::new(&data, Offsets::new(&[[offset; LANES]]), [row]).map(|_| ());
        assert!(reads(8, 0).is_some());
        assert!(reads(7, 1).is_some());
        assert!(reads(9, 0).is_none());
        assert!(reads(8, 1).is_none());
        assert!(reads(-1, 8).is_none());
        assert!(reads(i32::MIN, 0).is_none());
        assert!(reads(i32::MAX, usize::MAX).is_none());
        let one_negative = Offsets::new(&[[0; LANES], [0, 0, 0, -1, 0, 0, 0, 0]]);
        assert!(Reads::<u8, 1, 1>::new(&data, one_negative, [0]).is_none());
        assert!(Reads::<u8, 1, 1>::new(&[], Offsets::new(&[]), [0]).is_none());
    }

    #[test]
    fn sums_at_both_ends() {
        let mut data = [0u16; 20];
        let offsets = Offsets::new(&[[0, 1, 2, 3, 4, 5, 6, 7], [9, 9, 9, 9, 9, 9, 9, 9]]);
        let mut sums = Sums::<u16, 2, 4>::new(&mut data, offsets, [0, 7]).unwrap();
        *sums.place(0, 0).at(0, 0) += 1;
        *sums.place(1, 7).at(1, 3) += 2;
        *sums.place(1, 0).at(1, 3) += 3;
        sums.all()[1] += 7;
        assert_eq!((data[0], data[1], data[19]), (1, 7, 5));
        assert_eq!(data.iter().sum::<u16>(), 13);
        assert!(Sums::<u16, 2, 4>::new(&mut data, offsets, [0, 8]).is_none());
        assert!(Sums::<u16, 1, 1>::new(&mut data, Offsets::new(&[[0, 0, 0, -1, 0, 0, 0, 0]]), [0]).is_none());
        assert!(Sums::<u16, 1, 1>::new(&mut data, Offsets::new(&[[20; LANES]]), [0]).is_none());
        assert!(Sums::<u16, 1, 1>::new(&mut data, Offsets::new(&[[0; LANES]]), [usize::MAX]).is_none());
    }

    #[test]
    #[should_panic]
    fn a_column_outside_the_row_is_refused() {
        let mut data = [0u8; 20];
        let _ = Sums::<u8, 1, 2>::new(&mut data, Offsets::new(&[[0; LANES]]), [0]).unwrap().place(0, 0).at(0, 2);
    }

    #[test]
    fn a_pair_is_two_floats_in_memory_order() {
        let data = [1.0f32, f32::from_bits(0x7f80_0001), -0.0];
        let reads = Reads::<f32, 1, 2>::new(&data, Offsets::new(&[[1; LANES]]), [0]).unwrap();
        let bytes = reads.pair(0, 3, 0).to_bits().to_ne_bytes();
        assert_eq!(bytes[..4], 0x7f80_0001u32.to_ne_bytes());
        assert_eq!(bytes[4..], (-0.0f32).to_ne_bytes());
    }
}
