//! Reading the golden archives, with a list of what has been read.

use displace::{bf16, f16};
use npyz::npz::NpzArchive;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

/// An archive, and the arrays not read yet.
pub(super) struct Archive {
    file: RefCell<NpzArchive<BufReader<File>>>,
    unread: RefCell<BTreeSet<String>>,
}

/// A shape in array order and the numbers.
pub(super) type Array<T> = (Vec<usize>, Vec<T>);

/// A number type of the archives.
pub(super) trait Stored: Sized {
    /// Its name in keys.
    const NAME: &'static str;
    /// The array of a key.
    fn read(archive: &Archive, key: &str) -> Array<Self>;
}

macro_rules! stored {
    ($($t:ident),*) => {$(
        impl Stored for $t {
            const NAME: &'static str = stringify!($t);
            fn read(archive: &Archive, key: &str) -> Array<Self> {
                archive.array(key)
            }
        }
    )*};
}
stored!(f16, f32, f64);

impl Stored for bf16 {
    const NAME: &'static str = "bf16";
    fn read(archive: &Archive, key: &str) -> Array<Self> {
        let (shape, bits) = archive.array::<u16>(&format!("{key}.bf16bits"));
        (shape, bits.into_iter().map(bf16::from_bits).collect())
    }
}

impl Archive {
    pub(super) fn open(name: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden").join(name);
        let file = NpzArchive::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let unread = file.array_names().map(ToString::to_string).collect();
        Self { file: RefCell::new(file), unread: RefCell::new(unread) }
    }

    fn array<T: npyz::Deserialize>(&self, key: &str) -> Array<T> {
        let mut file = self.file.borrow_mut();
        let array = file.by_name(key).unwrap_or_else(|error| panic!("{key}: {error}")).unwrap_or_else(|| panic!("no array {key}"));
        assert_eq!(array.order(), npyz::Order::C);
        self.unread.borrow_mut().remove(key);
        let shape = array.shape().iter().map(|len| *len as usize).collect();
        (shape, array.into_vec().unwrap_or_else(|error| panic!("{key}: {error}")))
    }

    /// Keys that begin so.
    pub(super) fn keys(&self, start: &str) -> Vec<String> {
        self.file.borrow().array_names().filter(|key| key.starts_with(start)).map(ToString::to_string).collect()
    }

    /// Panics if an array that begins so was never read.
    pub(super) fn assert_all_read(&self, start: &str) {
        let left: Vec<String> = self.unread.borrow().iter().filter(|key| key.starts_with(start)).cloned().collect();
        assert!(left.is_empty(), "never compared: {left:?}");
    }
}
