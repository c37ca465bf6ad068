//! What a file is, by its first bytes.

use std::fmt;

/// A kind of file, known by its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One NumPy array.
    Npy,
    /// A zip archive, as `.npz` is.
    Zip,
    /// A PNG image.
    Png,
    /// A JPEG image.
    Jpeg,
    /// A TIFF image.
    Tiff,
    /// An OpenEXR image.
    Exr,
    /// A Middlebury flow.
    Flo,
    /// A gzip stream: NIfTI's compressed form.
    Gzip,
    /// An HDF5 file: `.flo5`, ITK transforms, nitransforms X5.
    Hdf5,
    /// An ITK transform as a Matlab 4 file.
    ItkMat,
    /// An ITK transform as text.
    ItkText,
    /// Rows of numbers as text: FSL's and AFNI's affine matrices.
    Matrix,
    /// A MetaImage header, with or without its pixels.
    MetaImage,
    /// A NIfTI image.
    Nifti,
    /// An NRRD image.
    Nrrd,
    /// A folder with an OME-Zarr group or a Zarr array.
    OmeZarr,
    /// OpenCV's matrices as YAML, XML or JSON.
    OpenCv,
    /// A PFM image.
    Pfm,
    /// Tensors as safetensors.
    Safetensors,
    /// Tensors as torch saves them.
    Torch,
}

/// As many first bytes as tell every kind.
pub(crate) const MAGIC: usize = 1024;

impl Kind {
    pub(crate) fn of(start: &[u8]) -> Option<Self> {
        const KINDS: [(&[u8], Kind); 19] = [
            (b"\x93NUMPY", Kind::Npy),
            (b"PK\x03\x04", Kind::Zip),
            (b"PK\x05\x06", Kind::Zip),
            (b"\x89PNG\r\n\x1a\n", Kind::Png),
            (b"\xff\xd8\xff", Kind::Jpeg),
            (b"II*\0", Kind::Tiff),
            (b"MM\0*", Kind::Tiff),
            (b"II+\0", Kind::Tiff),
            (b"MM\0+", Kind::Tiff),
            (b"v/1\x01", Kind::Exr),
            (b"PIEH", Kind::Flo),
            (b"\x1f\x8b", Kind::Gzip),
            (b"\x89HDF\r\n\x1a\n", Kind::Hdf5),
            (b"NRRD000", Kind::Nrrd),
            (b"#Insight Transform File", Kind::ItkText),
            (b"PF\n", Kind::Pfm),
            (b"Pf\n", Kind::Pfm),
            (b"%YAML", Kind::OpenCv),
            (b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19", Kind::Torch),
        ];
        let magic = KINDS.iter().find(|(magic, _)| start.starts_with(magic)).map(|(_, kind)| *kind);
        magic.or_else(|| Self::by_structure(start))
    }

    /// Kinds without a mark at their start.
    fn by_structure(start: &[u8]) -> Option<Self> {
        if start.get(344..348).is_some_and(|magic| magic == b"n+1\0" || magic == b"ni1\0")
            || start.get(4..8).is_some_and(|magic| magic == b"n+2\0" || magic == b"ni2\0")
        {
            return Some(Self::Nifti);
        }
        // A Matlab 4 header: type, rows, columns, imaginary, length of the name; then the name of a transform.
        let mat = start.get(12..16) == Some(&[0; 4])
            && start.get(20..).is_some_and(|name| {
                let name = &name[..name.iter().position(|b| *b == 0).unwrap_or(0)];
                name.is_ascii() && [&b"Transform_"[..], b"TransformBase_"].iter().any(|n| name.windows(n.len()).any(|w| w == *n))
            });
        if mat {
            return Some(Self::ItkMat);
        }
        if let Some((len, rest)) = start.split_first_chunk::<8>()
            && rest.starts_with(b"{")
            && u64::from_le_bytes(*len) < 100_000_000
        {
            return Some(Self::Safetensors);
        }
        let text = std::str::from_utf8(start).or_else(|e| std::str::from_utf8(&start[..e.valid_up_to()])).ok()?.trim_start();
        let key = text.split(['=', ':', '\n']).next().unwrap_or_default().trim();
        if matches!(key, "ObjectType" | "NDims") {
            return Some(Self::MetaImage);
        }
        if text.starts_with("<?xml") && text.contains("opencv_storage") || text.starts_with('{') {
            return Some(Self::OpenCv);
        }
        let first = text.lines().find(|line| !line.trim_start().starts_with('#') && !line.trim().is_empty())?;
        let numbers = first.split_whitespace().all(|word| word.parse::<f64>().is_ok());
        numbers.then_some(Self::Matrix)
    }

    pub(crate) const fn is_image(self) -> bool {
        matches!(self, Self::Png | Self::Jpeg | Self::Tiff)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Npy => "an .npy array",
            Self::Zip => "a zip archive (.npz)",
            Self::Png => "a PNG image",
            Self::Jpeg => "a JPEG image",
            Self::Tiff => "a TIFF image",
            Self::Exr => "an OpenEXR image",
            Self::Flo => "a .flo flow",
            Self::Gzip => "a gzip stream",
            Self::Hdf5 => "an HDF5 file",
            Self::ItkMat => "an ITK transform (.mat)",
            Self::ItkText => "an ITK transform (text)",
            Self::Matrix => "a text of numbers",
            Self::MetaImage => "a MetaImage",
            Self::Nifti => "a NIfTI image",
            Self::Nrrd => "an NRRD image",
            Self::OmeZarr => "an OME-Zarr folder",
            Self::OpenCv => "a file of OpenCV matrices",
            Self::Pfm => "a PFM image",
            Self::Safetensors => "a safetensors file",
            Self::Torch => "a torch file",
        })
    }
}

/// Bytes for people: in hexadecimal, and as text with a dot for what is none.
pub(crate) fn bytes_text(bytes: &[u8]) -> String {
    let hex = bytes.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(" ");
    let text: String = bytes.iter().map(|b| if (b' '..=b'~').contains(b) { char::from(*b) } else { '.' }).collect();
    format!("{hex} (\"{text}\")")
}
