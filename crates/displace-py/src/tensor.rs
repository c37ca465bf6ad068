//! Somebody's array in memory: NumPy's by the buffer protocol, everybody else's by DLPack. Nothing is copied.
//!
//! The only file with `unsafe`. What it relies on, and cannot check: an exporter tells the truth about its memory, and no
//! other thread writes to an array while a call that released the GIL reads it (as for NumPy's own functions, the values
//! read are then unspecified).
#![allow(unsafe_code)]

use crate::error::{device_error, dtype_error, shape_error};
use displace::{DType, Layout, Shape, Strides, View};
use pyo3::buffer::PyUntypedBuffer;
use pyo3::exceptions::{PyBufferError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyCapsuleMethods, PyDict};
use std::ffi::{CStr, c_int, c_void};
use std::ptr::NonNull;

/// An array: where it lies, its shape and strides in array order, in elements.
pub(crate) struct Tensor {
    data: *mut u8,
    shape: Vec<usize>,
    strides: Vec<isize>,
    dtype: DType,
    writable: bool,
    /// Keeps the memory alive.
    _owner: Owner,
}

enum Owner {
    Buffer(#[allow(dead_code)] PyUntypedBuffer),
    DlPack(#[allow(dead_code)] Managed),
    Held(#[allow(dead_code)] Py<PyAny>),
}

impl Tensor {
    /// The array behind a Python object, called `what` in errors.
    pub(crate) fn new(object: &Bound<'_, PyAny>, what: &str) -> PyResult<Self> {
        if let Ok(capsule) = object.cast::<PyCapsule>() {
            return Self::from_capsule(capsule, what);
        }
        if let Ok(buffer) = PyUntypedBuffer::get(object) {
            return Self::from_buffer(buffer, what);
        }
        if !object.hasattr("__dlpack__")? {
            let kind = object.get_type().name()?;
            return Err(PyTypeError::new_err(format!(
                "{what} is a {kind}: expected a NumPy array, a torch tensor or an array with DLPack"
            )));
        }
        let (device, _): (i32, i32) = object.call_method0("__dlpack_device__")?.extract()?;
        check_device(device, what)?;
        let options = PyDict::new(object.py());
        options.set_item("max_version", (1, 0))?;
        let exported = match object.call_method("__dlpack__", (), Some(&options)) {
            // Producers older than DLPack 1.0 do not know the option.
            Err(e) if e.is_instance_of::<PyTypeError>(object.py()) => object.call_method0("__dlpack__")?,
            other => other?,
        };
        Self::from_capsule(exported.cast::<PyCapsule>()?, what)
    }

    fn from_buffer(buffer: PyUntypedBuffer, what: &str) -> PyResult<Self> {
        let dtype = buffer_dtype(buffer.format(), buffer.item_size())
            .ok_or_else(|| dtype_error(what, &format!("of buffer format {:?}", buffer.format())))?;
        let size = dtype.bytes();
        let mut strides = Vec::with_capacity(buffer.dimensions());
        for stride in buffer.strides() {
            if stride % size as isize != 0 {
                return Err(shape_error(format!(
                    "{what} has a stride of {stride} bytes, no multiple of its {size}-byte numbers: copy it first"
                )));
            }
            strides.push(stride / size as isize);
        }
        let tensor = Self {
            data: buffer.buf_ptr().cast(),
            shape: buffer.shape().to_vec(),
            strides,
            dtype,
            writable: !buffer.readonly(),
            _owner: Owner::Buffer(buffer),
        };
        tensor.check_alignment(what)
    }

    fn from_capsule(capsule: &Bound<'_, PyCapsule>, what: &str) -> PyResult<Self> {
        let managed = Managed::take(capsule)?;
        let writable = !managed.read_only();
        // SAFETY: DLPack: what the structure points to is alive as long as the managed tensor, which goes along.
        unsafe { Self::from_dlpack(managed.tensor().clone(), writable, Owner::DlPack(managed), what) }
    }

    /// # Safety
    /// `owner` keeps alive what `tensor` points to.
    unsafe fn from_dlpack(tensor: DlTensor, writable: bool, owner: Owner, what: &str) -> PyResult<Self> {
        check_device(tensor.device.kind, what)?;
        let dtype = dlpack_dtype(tensor.dtype).ok_or_else(|| {
            let DlDataType { code, bits, lanes } = tensor.dtype;
            let name = match code {
                0 => format!("int{bits}"),
                1 => format!("uint{bits}"),
                2 => format!("float{bits}"),
                5 => format!("complex{bits}"),
                6 => "bool".into(),
                _ => format!("(DLPack code {code}, {bits} bits, {lanes} lanes)"),
            };
            dtype_error(what, &name)
        })?;
        let axes = usize::try_from(tensor.axes).unwrap_or(0);
        // SAFETY: DLPack: `shape` points to `axes` numbers; the caller keeps them alive.
        let shape: Vec<usize> =
            unsafe { numbers(tensor.shape, axes) }.iter().map(|len| usize::try_from(*len).unwrap_or(0)).collect();
        let strides = if tensor.strides.is_null() {
            (1..=shape.len()).map(|axis| shape[axis..].iter().product::<usize>() as isize).collect()
        } else {
            // SAFETY: as for `shape`.
            unsafe { numbers(tensor.strides, axes) }.iter().map(|step| *step as isize).collect()
        };
        let tensor = Self {
            // An empty tensor may have no memory at all; its pointer is never followed.
            data: tensor.data.cast::<u8>().wrapping_add(tensor.byte_offset as usize),
            shape,
            strides,
            dtype,
            writable,
            _owner: owner,
        };
        tensor.check_alignment(what)
    }

    fn check_alignment(self, what: &str) -> PyResult<Self> {
        if self.is_empty() || self.data.addr().is_multiple_of(self.dtype.bytes()) {
            return Ok(self);
        }
        Err(shape_error(format!("{what} does not start at a multiple of {} bytes: copy it first", self.dtype.bytes())))
    }

    pub(crate) fn dtype(&self) -> DType {
        self.dtype
    }

    pub(crate) fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn is_empty(&self) -> bool {
        self.shape.contains(&0)
    }

    /// The first and one past the last byte reached.
    fn bytes(&self) -> (usize, usize) {
        let (low, high) = self.reach();
        let size = self.dtype.bytes() as isize;
        let at = |elements: isize| self.data.addr().wrapping_add_signed(elements * size);
        if self.is_empty() { (0, 0) } else { (at(low), at(high + 1)) }
    }

    /// The lowest and highest element reached, counted from the first.
    fn reach(&self) -> (isize, isize) {
        self.shape.iter().zip(&self.strides).fold((0, 0), |(low, high), (len, step)| {
            let end = step * (*len as isize - 1);
            if end < 0 { (low + end, high) } else { (low, high + end) }
        })
    }

    /// Whether the bytes from the first to the last reached are in part another's.
    fn shares_memory(&self, other: &Self) -> bool {
        let ((low, high), (from, to)) = (self.bytes(), other.bytes());
        low < to && from < high
    }

    /// Refuses an output that shares memory with an input: results would depend on the order of work.
    pub(crate) fn apart_from(&self, inputs: &[(&str, &Self)]) -> PyResult<()> {
        for (what, input) in inputs {
            if self.shares_memory(input) {
                return Err(shape_error(format!("out shares memory with {what}: give it memory of its own")));
            }
        }
        Ok(())
    }

    /// The memory reached and the position of the first element in it.
    fn slice<T: Element>(&self) -> (&[T], usize) {
        assert_eq!(T::DTYPE, self.dtype, "callers match on the dtype first");
        if self.is_empty() {
            return (&[], 0);
        }
        let (low, high) = self.reach();
        let start = self.data.wrapping_offset(low * size_of::<T>() as isize).cast::<T>();
        // SAFETY: the exporter owns these elements, `_owner` keeps them alive as long as `self`, the dtype and alignment
        // have been checked, and every bit pattern is a `T`.
        (unsafe { std::slice::from_raw_parts(start, (high - low) as usize + 1) }, low.unsigned_abs())
    }

    /// Images `(N, C, [D,] H, W)`.
    pub(crate) fn image<T: Element, const D: usize>(&self, what: &str) -> PyResult<View<'_, T, D>> {
        if self.shape.len() != D + 2 {
            let expected = if D == 2 { "(N, C, H, W)" } else { "(N, C, D, H, W)" };
            return Err(shape_error(format!("{what} has shape {:?}: expected {expected}", self.shape)));
        }
        self.view(self.shape.len(), 1, 2)
    }

    /// Locations `(N, [D,] H, W, D)`.
    pub(crate) fn locations<T: Element, const D: usize>(&self, what: &str) -> PyResult<View<'_, T, D>> {
        if self.shape.len() != D + 2 {
            let expected = if D == 2 { "(N, H, W, 2)" } else { "(N, D, H, W, 3)" };
            return Err(shape_error(format!("{what} has shape {:?}: expected {expected}", self.shape)));
        }
        self.view(self.shape.len() - 1, self.shape.len() - 1, 1)
    }

    /// A view whose components lie on one axis and whose pixels on the `D` axes from `first` on; `end` is one past them.
    fn view<T: Element, const D: usize>(&self, end: usize, components: usize, first: usize) -> PyResult<View<'_, T, D>> {
        debug_assert_eq!(end - first, D);
        let (data, origin) = self.slice::<T>();
        let shape = Shape { n: self.shape[0], c: self.shape[components], size: std::array::from_fn(|k| self.shape[end - 1 - k]) };
        let strides =
            Strides { n: self.strides[0], c: self.strides[components], size: std::array::from_fn(|k| self.strides[end - 1 - k]) };
        View::strided(data, origin, shape, strides).map_err(|e| shape_error(e.to_string()))
    }

    /// All numbers in order, if they lie side by side in C order.
    pub(crate) fn contiguous<T: Element>(&self, what: &str) -> PyResult<&[T]> {
        self.check_dense(what, &(0..self.shape.len()).rev().collect::<Vec<_>>())?;
        Ok(self.slice::<T>().0)
    }

    /// The numbers of an output, all side by side in C order.
    pub(crate) fn output<T: Element>(&mut self, what: &str) -> PyResult<&mut [T]> {
        self.check_dense(what, &(0..self.shape.len()).rev().collect::<Vec<_>>())?;
        self.slice_mut(what)
    }

    /// The numbers of an output `(N, C, [D,] H, W)`: side by side in that order, or with channels innermost.
    pub(crate) fn output_image<T: Element>(&mut self, what: &str) -> PyResult<(Layout, &mut [T])> {
        let axes = self.shape.len();
        let planar: Vec<usize> = (0..axes).rev().collect();
        let interleaved: Vec<usize> = std::iter::once(1).chain((2..axes).rev()).chain(std::iter::once(0)).collect();
        let layout = if self.check_dense(what, &planar).is_ok() {
            Layout::Planar
        } else {
            self.check_dense(what, &interleaved)?;
            Layout::Interleaved
        };
        Ok((layout, self.slice_mut(what)?))
    }

    /// Whether the elements are dense with axes in the given order, innermost first.
    fn check_dense(&self, what: &str, order: &[usize]) -> PyResult<()> {
        let mut step = 1;
        for &axis in order {
            if self.shape[axis] > 1 && self.strides[axis] != step && !self.is_empty() {
                let found = (&self.shape, &self.strides);
                return Err(shape_error(format!("{what} is not contiguous: shape {:?}, strides {:?}", found.0, found.1)));
            }
            step *= self.shape[axis] as isize;
        }
        Ok(())
    }

    fn slice_mut<T: Element>(&mut self, what: &str) -> PyResult<&mut [T]> {
        assert_eq!(T::DTYPE, self.dtype, "callers match on the dtype first");
        if !self.writable {
            return Err(shape_error(format!("{what} is read-only")));
        }
        if self.is_empty() {
            return Ok(&mut []);
        }
        let len = self.shape.iter().product();
        // SAFETY: as in `slice`; the elements are dense (checked by both callers), writable, and shared with no input
        // (`apart_from`), and `&mut self` keeps other slices of this tensor away.
        Ok(unsafe { std::slice::from_raw_parts_mut(self.data.cast::<T>(), len) })
    }
}

/// Number types that arrays may hold.
pub(crate) trait Element: displace::Sample {}
impl<T: displace::Sample> Element for T {}

/// struct-module letters, as NumPy writes them.
fn buffer_dtype(format: &CStr, size: usize) -> Option<DType> {
    let letter = match format.to_bytes() {
        [letter] | [b'@' | b'=', letter] => *letter,
        [b'<', letter] if cfg!(target_endian = "little") => *letter,
        [b'>', letter] if cfg!(target_endian = "big") => *letter,
        _ => return None,
    };
    match (letter, size) {
        (b'B', 1) => Some(DType::U8),
        (b'H', 2) => Some(DType::U16),
        (b'h', 2) => Some(DType::I16),
        (b'e', 2) => Some(DType::F16),
        (b'f', 4) => Some(DType::F32),
        (b'd', 8) => Some(DType::F64),
        _ => None,
    }
}

fn dlpack_dtype(dtype: DlDataType) -> Option<DType> {
    match (dtype.code, dtype.bits, dtype.lanes) {
        (1, 8, 1) => Some(DType::U8),
        (1, 16, 1) => Some(DType::U16),
        (0, 16, 1) => Some(DType::I16),
        (2, 16, 1) => Some(DType::F16),
        (4, 16, 1) => Some(DType::BF16),
        (2, 32, 1) => Some(DType::F32),
        (2, 64, 1) => Some(DType::F64),
        _ => None,
    }
}

/// Memory that this processor can read is the only kind that is taken.
fn check_device(kind: i32, what: &str) -> PyResult<()> {
    const CPU: i32 = 1;
    let name = match kind {
        CPU => return Ok(()),
        2 | 3 | 13 => "a CUDA device",
        8 => "a Metal device",
        10 | 11 => "a ROCm device",
        14 => "a oneAPI device",
        _ => "another device",
    };
    Err(device_error(format!(
        "{what} lies on {name}: displace works on the CPU, so move it there first, with {what}.cpu() or its like"
    )))
}

/// # Safety
/// `start` points to `len` numbers that live for `'a`, or `len` is 0.
unsafe fn numbers<'a>(start: *const i64, len: usize) -> &'a [i64] {
    // SAFETY: the caller's promise.
    if len == 0 { &[] } else { unsafe { std::slice::from_raw_parts(start, len) } }
}

/// Whether an array shares memory with one of others.
#[pyfunction]
pub(crate) fn overlap(out: &Bound<'_, PyAny>, inputs: Vec<Bound<'_, PyAny>>) -> PyResult<bool> {
    let out = Tensor::new(out, "out")?;
    let inputs = inputs.iter().map(|input| Tensor::new(input, "input")).collect::<PyResult<Vec<_>>>()?;
    Ok(inputs.iter().any(|input| out.shares_memory(input)))
}

/// Asks for large pages behind an array that has just been made, as NumPy does for its own. Where the system has them on
/// request, the first touch of each page then costs a third.
#[pyfunction]
pub(crate) fn ask_for_large_pages(array: &Bound<'_, PyAny>) -> PyResult<()> {
    const PAGE: usize = 4096;
    let array = Tensor::new(array, "out")?;
    let (low, high) = array.bytes();
    let (low, high) = (low.next_multiple_of(PAGE), high / PAGE * PAGE);
    if low < high {
        #[cfg(target_os = "linux")]
        // SAFETY: whole pages inside of memory that `array` keeps alive; how they are backed changes nothing in them. It may
        // fail, where the system has no such pages, and need not succeed.
        unsafe {
            libc::madvise(std::ptr::with_exposed_provenance_mut(low), high - low, libc::MADV_HUGEPAGE)
        };
    }
    Ok(())
}

/// A library's C functions for DLPack: its arrays without a capsule.
pub(crate) struct Exchange {
    class: Py<PyAny>,
    view: unsafe extern "C" fn(*mut c_void, *mut DlTensor) -> c_int,
}

impl Exchange {
    /// Those of a class of arrays, if it has them.
    pub(crate) fn of(class: &Bound<'_, PyAny>) -> PyResult<Option<Self>> {
        let Some(capsule) = class.getattr_opt("__dlpack_c_exchange_api__")? else { return Ok(None) };
        let Ok(capsule) = capsule.cast::<PyCapsule>() else { return Ok(None) };
        let Ok(pointer) = capsule.pointer_checked(Some(c"dlpack_exchange_api")) else { return Ok(None) };
        // SAFETY: a capsule of this name holds the functions, for ever; their first field is the version, in every version.
        if unsafe { pointer.cast::<[u32; 2]>().read() }[0] != 1 {
            return Ok(None);
        }
        // SAFETY: of version 1, as above.
        let functions = unsafe { pointer.cast::<ExchangeFunctions>().as_ref() };
        Ok(functions.view.map(|view| Self { class: class.clone().unbind(), view }))
    }

    /// An array of this class, and no other, in this processor's memory. The interpreter must stay locked while it is used: who
    /// resizes the array frees what it points to.
    pub(crate) fn view(&self, object: &Bound<'_, PyAny>) -> Option<Tensor> {
        if !object.get_type().is(&self.class) {
            return None;
        }
        let mut tensor = std::mem::MaybeUninit::<DlTensor>::uninit();
        // SAFETY: an object of the class that the function belongs to, and room for its answer.
        if unsafe { (self.view)(object.as_ptr().cast(), tensor.as_mut_ptr()) } != 0 {
            drop(PyErr::take(object.py()));
            return None;
        }
        // SAFETY: the function has succeeded and so filled it; what it points to lives as long as the array does.
        let tensor =
            unsafe { Tensor::from_dlpack(tensor.assume_init(), true, Owner::Held(object.clone().unbind()), "array") }.ok()?;
        (tensor.is_empty() || !tensor.data.is_null()).then_some(tensor)
    }
}

/// The table behind `__dlpack_c_exchange_api__`, of which one function is used.
#[repr(C)]
struct ExchangeFunctions {
    version: [u32; 2],
    previous: *mut c_void,
    allocate: *mut c_void,
    managed_from_object: *mut c_void,
    managed_to_object: *mut c_void,
    view: Option<unsafe extern "C" fn(*mut c_void, *mut DlTensor) -> c_int>,
}

// DLPack's structures, dlpack.h versions 0.x and 1.x.

#[derive(Clone, Copy)]
#[repr(C)]
struct DlDevice {
    kind: i32,
    id: i32,
}

#[derive(Clone, Copy)]
#[repr(C)]
struct DlDataType {
    code: u8,
    bits: u8,
    lanes: u16,
}

#[derive(Clone)]
#[repr(C)]
struct DlTensor {
    data: *mut c_void,
    device: DlDevice,
    axes: i32,
    dtype: DlDataType,
    shape: *mut i64,
    strides: *mut i64,
    byte_offset: u64,
}

#[repr(C)]
struct Unversioned {
    tensor: DlTensor,
    context: *mut c_void,
    deleter: Option<unsafe extern "C" fn(*mut Unversioned)>,
}

#[repr(C)]
struct Versioned {
    version: [u32; 2],
    context: *mut c_void,
    deleter: Option<unsafe extern "C" fn(*mut Versioned)>,
    flags: u64,
    tensor: DlTensor,
}

const READ_ONLY: u64 = 1;

/// A managed tensor that has been taken out of its capsule and is given back on drop.
enum Managed {
    Unversioned(NonNull<Unversioned>),
    Versioned(NonNull<Versioned>),
}

impl Managed {
    /// Takes ownership, after which the capsule is marked as used.
    fn take(capsule: &Bound<'_, PyCapsule>) -> PyResult<Self> {
        if let Ok(pointer) = capsule.pointer_checked(Some(c"dltensor")) {
            rename(capsule, c"used_dltensor")?;
            return Ok(Self::Unversioned(pointer.cast()));
        }
        let Ok(pointer) = capsule.pointer_checked(Some(c"dltensor_versioned")) else {
            return Err(PyBufferError::new_err("a capsule that holds no DLPack tensor, or one that has been used before"));
        };
        let managed = pointer.cast::<Versioned>();
        // SAFETY: a capsule of this name holds such a structure; its first field is the version, in every version.
        let [major, minor] = unsafe { managed.as_ref() }.version;
        if major != 1 {
            return Err(PyBufferError::new_err(format!("DLPack version {major}.{minor}: expected 1.x")));
        }
        rename(capsule, c"used_dltensor_versioned")?;
        Ok(Self::Versioned(managed))
    }

    fn tensor(&self) -> &DlTensor {
        // SAFETY: DLPack: the structure stays valid until its deleter is called, which `drop` does.
        unsafe {
            match self {
                Self::Unversioned(managed) => &managed.as_ref().tensor,
                Self::Versioned(managed) => &managed.as_ref().tensor,
            }
        }
    }

    fn read_only(&self) -> bool {
        match self {
            Self::Unversioned(_) => false,
            // SAFETY: as in `tensor`.
            Self::Versioned(managed) => unsafe { managed.as_ref() }.flags & READ_ONLY != 0,
        }
    }
}

impl Drop for Managed {
    fn drop(&mut self) {
        // SAFETY: taken from the capsule once, so this is the one call of the deleter; the GIL is held by every caller.
        unsafe {
            match self {
                Self::Unversioned(managed) => {
                    if let Some(deleter) = managed.as_ref().deleter {
                        deleter(managed.as_ptr());
                    }
                }
                Self::Versioned(managed) => {
                    if let Some(deleter) = managed.as_ref().deleter {
                        deleter(managed.as_ptr());
                    }
                }
            }
        }
    }
}

/// Marks a capsule as used, so that its destructor leaves the tensor to us.
fn rename(capsule: &Bound<'_, PyCapsule>, name: &'static CStr) -> PyResult<()> {
    // SAFETY: a valid capsule and a string that lives for ever.
    if unsafe { pyo3::ffi::PyCapsule_SetName(capsule.as_ptr(), name.as_ptr()) } == 0 {
        Ok(())
    } else {
        Err(PyErr::fetch(capsule.py()))
    }
}
