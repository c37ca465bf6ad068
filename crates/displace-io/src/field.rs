//! Fields in archives: the displacements, and beside them what gives them meaning.

use displace::{AnyArray, AnyData, Between, Extent, Placement, Rest};

/// The member of an archive that holds a field.
pub const DISPLACEMENT: &str = "displacement";
/// The member that holds the share of each result that comes from the image.
pub const COVERAGE: &str = "coverage";
/// The member that says where the pixels lie that have the displacements: spacing, origin and direction, row by row, LPS.
pub const PLACEMENT: &str = "placement";
const INPUT_SIZE: &str = "input_size";
const ALIGN_CORNERS: &str = "align_corners";
const REST_EXTENT: &str = "rest_extent";

/// What a stored field says of the lattices between which it leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldNotes {
    /// Size of the source in array order, `[height, width]` or `[depth, height, width]`.
    pub input_size: Vec<usize>,
    /// What -1..+1 spans in the source.
    pub extent: Extent,
    /// Where "no displacement" reads.
    pub rest: Rest,
}

impl FieldNotes {
    /// What is to be noted of a field.
    #[must_use]
    pub fn of<const D: usize>(between: &Between<D>) -> Self {
        let mut input_size = between.source().size().to_vec();
        input_size.reverse();
        Self { input_size, extent: between.source().extent(), rest: between.rest() }
    }

    /// As members of an archive: `input_size` (f64), `align_corners` and `rest_extent` (u8, 0 or 1).
    #[must_use]
    pub fn members(&self) -> [(&'static str, AnyArray); 3] {
        let array = |data: AnyData| AnyArray::new(vec![data.len()], data).expect("the shape is made from the data's own");
        [
            (INPUT_SIZE, array(self.input_size.iter().map(|len| *len as f64).collect::<Vec<_>>().into())),
            (ALIGN_CORNERS, array(vec![u8::from(self.extent.align_corners())].into())),
            (REST_EXTENT, array(vec![u8::from(self.rest == Rest::Extent)].into())),
        ]
    }

    /// From the members of an archive; `None` if one of the three is missing.
    ///
    /// # Errors
    /// If they are there and say nothing sensible: what they say and what was expected.
    pub fn from_members(members: &[(String, AnyArray)]) -> Result<Option<Self>, String> {
        let numbers = |name: &str| {
            members.iter().find(|(n, _)| n == name).map(|(_, array)| match array.data() {
                AnyData::F64(v) => v.clone(),
                AnyData::U8(v) => v.iter().copied().map(f64::from).collect(),
                _ => Vec::new(),
            })
        };
        let (Some(size), Some(corners), Some(rest)) = (numbers(INPUT_SIZE), numbers(ALIGN_CORNERS), numbers(REST_EXTENT)) else {
            return Ok(None);
        };
        let whole = |v: &f64| v.fract() == 0.0 && (1.0..1e9).contains(v);
        if !matches!(size.len(), 2 | 3) || !size.iter().all(whole) || corners.len() != 1 || rest.len() != 1 {
            return Err(format!(
                "{INPUT_SIZE} {size:?}, {ALIGN_CORNERS} {corners:?}, {REST_EXTENT} {rest:?}: expected 2 or 3 whole numbers, one flag, one flag"
            ));
        }
        Ok(Some(Self {
            input_size: size.iter().map(|v| *v as usize).collect(),
            extent: Extent::from_align_corners(corners[0] != 0.0),
            rest: if rest[0] != 0.0 { Rest::Extent } else { Rest::Index },
        }))
    }
}

/// A placement as the member of an archive.
#[must_use]
pub fn placement_member(placement: &Placement) -> AnyArray {
    let numbers = [placement.spacing(), placement.origin(), placement.direction()].concat();
    AnyArray::new(vec![numbers.len()], numbers).expect("the shape is made from the numbers' own")
}

/// The placement among the members of an archive, if there is one.
///
/// # Errors
/// If it is there and places nothing: what it says and what was expected.
pub fn placement_of(members: &[(String, AnyArray)]) -> Result<Option<Placement>, String> {
    let Some((_, array)) = members.iter().find(|(name, _)| name == PLACEMENT) else { return Ok(None) };
    let AnyData::F64(numbers) = array.data() else {
        return Err(format!("{PLACEMENT} holds {}: expected f64", array.dtype()));
    };
    let axes = match numbers.len() {
        8 => 2,
        15 => 3,
        found => return Err(format!("{PLACEMENT} has {found} numbers: expected 8 or 15, spacing, origin and direction")),
    };
    let (spacing, rest) = numbers.split_at(axes);
    let (origin, direction) = rest.split_at(axes);
    Placement::new(spacing, origin, direction).map(Some).map_err(|e| format!("{PLACEMENT}: {e}"))
}
