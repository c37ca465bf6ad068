//! Fields to files of any format, known by the path's end.

use crate::atomic::at;
use crate::error::read::one_line;
use crate::error::write::{WriteCause, WriteError};
use crate::format;
use crate::npy;
use crate::options::WriteOptions;
use crate::stored::{StoredField, Transform};
use displace::{AnyArray, Convention, Layout, Order};
use std::path::Path;

/// A format that fields are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // Named like their formats.
pub enum Format {
    Npy,
    Npz,
    Flo,
    Flo5,
    KittiPng,
    Pfm,
    Exr,
    Tiff,
    OpenCv,
    Nifti,
    MetaImage,
    Nrrd,
    ItkHdf5,
    X5,
    OmeZarr,
    Safetensors,
    Torch,
}

/// The ends of names and the formats they stand for; longer ends first.
const ENDS: &[(&str, Format)] = &[
    (".nii.gz", Format::Nifti),
    (".ome.zarr", Format::OmeZarr),
    (".npy", Format::Npy),
    (".npz", Format::Npz),
    (".flo", Format::Flo),
    (".flo5", Format::Flo5),
    (".png", Format::KittiPng),
    (".pfm", Format::Pfm),
    (".exr", Format::Exr),
    (".tif", Format::Tiff),
    (".tiff", Format::Tiff),
    (".yml", Format::OpenCv),
    (".yaml", Format::OpenCv),
    (".xml", Format::OpenCv),
    (".json", Format::OpenCv),
    (".nii", Format::Nifti),
    (".mha", Format::MetaImage),
    (".mhd", Format::MetaImage),
    (".nrrd", Format::Nrrd),
    (".h5", Format::ItkHdf5),
    (".hdf5", Format::ItkHdf5),
    (".x5", Format::X5),
    (".zarr", Format::OmeZarr),
    (".safetensors", Format::Safetensors),
    (".pt", Format::Torch),
    (".pth", Format::Torch),
];

impl Format {
    /// The format that a path's end stands for.
    ///
    /// # Errors
    /// If it stands for none: the ends that do.
    pub fn of(path: &Path) -> Result<Self, WriteError> {
        let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
        ENDS.iter().find(|(end, _)| name.ends_with(end)).map(|(_, format)| *format).ok_or_else(|| {
            if holds_transforms(path) {
                let what = format!("a field is not written as .{}: use .h5, .mha or .nii.gz", end_of(path));
                return at(path)(WriteCause::Field { format: "a field", what });
            }
            let ends = ENDS.iter().map(|(end, _)| *end).collect::<Vec<_>>().join(", ");
            at(path)(WriteCause::Field { format: "a field", what: format!("\"{}\" ends in none of {ends}", one_line(&name)) })
        })
    }

    /// Whether it holds f64; others round to f32 or steps of their own.
    #[must_use]
    pub const fn holds_doubles(self) -> bool {
        !matches!(self, Self::Flo | Self::Flo5 | Self::KittiPng | Self::Pfm | Self::Exr | Self::Tiff)
    }

    /// A field of one sample without an axis for it, if it has one and the format does not.
    fn single(self, field: &StoredField) -> Option<StoredField> {
        let without =
            matches!(self, Self::Flo5 | Self::Nifti | Self::MetaImage | Self::Nrrd | Self::ItkHdf5 | Self::X5 | Self::OmeZarr);
        let axes = field.readings.first().and_then(|reading| field.axes(reading, None).ok()).filter(|_| without)?;
        if !axes.batched || axes.samples != 1 {
            return None;
        }
        let array = AnyArray::new(field.array.shape()[1..].to_vec(), field.array.data().clone()).ok()?;
        Some(StoredField { array, ..field.clone() })
    }

    /// The number that is read again where this one was written.
    #[must_use]
    pub fn stored(self, number: f64) -> f64 {
        match self {
            Self::KittiPng => format::kitti::stored(number),
            _ if self.holds_doubles() => number,
            _ => f64::from(number as f32),
        }
    }

    /// The convention that numbers have to be in to be written so: the format's own, or the one asked for in the layout that
    /// the format has. `axes` is 2 or 3.
    ///
    /// # Errors
    /// In words: what the format holds, and what is to be named.
    pub fn convention(self, asked: Option<&Convention>, axes: usize) -> Result<Convention, String> {
        let taken = self.takes(asked, axes);
        // The order of components and how bytes lie are the format's own: asked for in another one, they are turned.
        let mut turned = asked.filter(|_| taken.is_err()).into_iter().flat_map(|asked| {
            let orders = [Order::Xy, Order::Ij].map(|order| Convention { order, x_first: false, ..*asked });
            orders.map(|c| [Layout::Interleaved, Layout::Planar].map(|layout| Convention { layout, ..c })).into_iter().flatten()
        });
        turned.find_map(|c| self.takes(Some(&c), axes).ok()).map_or(taken, Ok)
    }

    /// [`Format::convention`], if numbers come in it already.
    fn takes(self, asked: Option<&Convention>, axes: usize) -> Result<Convention, String> {
        match self {
            Self::Npy | Self::Safetensors | Self::Torch => {
                asked.copied().ok_or_else(|| "holds numbers of any meaning: name the convention (torch_grid, flow, ..)".into())
            }
            Self::Npz => own("displace's own fields", "flow", asked),
            Self::Flo => format::flo::takes(asked, axes),
            Self::Flo5 => format::hdf5::flo5::takes(asked, axes),
            Self::KittiPng => format::kitti::takes(asked, axes),
            Self::Pfm => format::pfm::takes(asked, axes),
            Self::Exr | Self::Tiff => format::exr::takes(asked, axes),
            Self::OpenCv => format::opencv::takes(asked, axes),
            Self::Nifti => format::nifti::takes(asked, axes),
            Self::MetaImage => format::metaimage::takes(asked, axes),
            Self::Nrrd => format::nrrd::takes(asked, axes),
            Self::ItkHdf5 => format::hdf5::itk::takes(asked, axes),
            Self::X5 => format::hdf5::x5::takes(asked, axes),
            Self::OmeZarr => format::ome_zarr::takes(asked, axes),
        }
    }
}

/// The one convention that a format holds, refusing any other.
pub(crate) fn own(format: &str, name: &str, asked: Option<&Convention>) -> Result<Convention, String> {
    let only: Convention = name.parse().expect("a convention's name");
    match asked {
        Some(other) if *other != only => Err(format!("{format} are in the convention \"{only}\", not \"{other}\"")),
        _ => Ok(only),
    }
}

/// The end of a path's name after its last point, in lower case.
fn end_of(path: &Path) -> String {
    path.extension().map(|end| end.to_string_lossy().to_lowercase()).unwrap_or_default()
}

/// Whether a path ends in a format of transforms: ITK's `.tfm`, `.txt`, `.h5`, `.hdf5`. The last two hold fields too.
#[must_use]
pub fn holds_transforms(path: &Path) -> bool {
    matches!(end_of(path).as_str(), "tfm" | "txt" | "h5" | "hdf5")
}

/// Writes a map of places, all or nothing: as text (`.tfm`, `.txt`; no fields) or HDF5 (`.h5`, `.hdf5`), as ITK reads it.
///
/// # Errors
/// If the file cannot be written, or the path ends in neither.
pub fn write_transform(path: &Path, transform: &Transform) -> Result<(), WriteError> {
    match end_of(path).as_str() {
        "tfm" | "txt" => format::itk_text::write_transform_text(path, transform),
        "h5" | "hdf5" => format::hdf5::itk::write_transform_hdf5(path, transform),
        _ => Err(at(path)(WriteCause::Field {
            format: "a transform",
            what: format!("\"{}\" ends in none of .tfm, .txt, .h5, .hdf5", one_line(&path.display().to_string())),
        })),
    }
}

/// Writes a field, all or nothing, in the format that the path ends in. Its one reading must be what [`Format::convention`] gave.
///
/// # Errors
/// If the file cannot be written, or the format cannot hold the field.
pub fn write_field(path: &Path, field: &StoredField, options: &WriteOptions<'_>) -> Result<(), WriteError> {
    let format = Format::of(path)?;
    let single = format.single(field);
    let field = single.as_ref().unwrap_or(field);
    match format {
        Format::Npy => npy::write::write_npy_with(path, &field.array, options),
        Format::Npz => {
            let what = "an .npz also says input_size, align_corners and rest, which these numbers alone do not: make a Field of them \
                        that knows, in Python displace.Field(numbers, input_size, ..)";
            Err(at(path)(WriteCause::Field { format: "a field", what: what.into() }))
        }
        Format::Flo => format::flo::write(path, field),
        Format::Flo5 => format::hdf5::flo5::write(path, field),
        Format::KittiPng => format::kitti::write(path, field),
        Format::Pfm => format::pfm::write(path, field),
        Format::Exr => format::exr::write(path, field),
        Format::Tiff => format::exr::write_tiff(path, field),
        Format::OpenCv => format::opencv::write(path, field),
        Format::Nifti => format::nifti::write(path, field),
        Format::MetaImage => format::metaimage::write(path, field),
        Format::Nrrd => format::nrrd::write(path, field),
        Format::ItkHdf5 => format::hdf5::itk::write(path, field),
        Format::X5 => format::hdf5::x5::write(path, field),
        Format::OmeZarr => format::ome_zarr::write(path, field),
        Format::Safetensors => format::safetensors::write(path, field),
        Format::Torch => format::torch::write(path, field),
    }
}
