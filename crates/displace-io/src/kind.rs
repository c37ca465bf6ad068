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
}

/// As many first bytes as tell every kind.
pub(crate) const MAGIC: usize = 8;

impl Kind {
    pub(crate) fn of(start: &[u8]) -> Option<Self> {
        const KINDS: [(&[u8], Kind); 9] = [
            (b"\x93NUMPY", Kind::Npy),
            (b"PK\x03\x04", Kind::Zip),
            (b"PK\x05\x06", Kind::Zip),
            (b"\x89PNG\r\n\x1a\n", Kind::Png),
            (b"\xff\xd8\xff", Kind::Jpeg),
            (b"II*\0", Kind::Tiff),
            (b"MM\0*", Kind::Tiff),
            (b"II+\0", Kind::Tiff),
            (b"MM\0+", Kind::Tiff),
        ];
        KINDS.iter().find(|(magic, _)| start.starts_with(magic)).map(|(_, kind)| *kind)
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
        })
    }
}

/// Bytes for people: in hexadecimal, and as text with a dot for what is none.
pub(crate) fn bytes_text(bytes: &[u8]) -> String {
    let hex = bytes.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(" ");
    let text: String = bytes.iter().map(|b| if (b' '..=b'~').contains(b) { char::from(*b) } else { '.' }).collect();
    format!("{hex} (\"{text}\")")
}
