//! Writing a displacement field as an OME-Zarr 0.6 scene.

use crate::atomic::at;
use crate::error::read::one_line;
use crate::error::write::{WriteCause, WriteError};
use crate::stored::StoredField;
use displace::{AnyArray, Convention, Layout, Order, Placement, with_data};
use serde_json::{Value, json};
use std::fs;
use std::io::Write;
use std::path::Path;

/// The folder of the field inside the scene.
const FIELD: &str = "displacements";
/// The folder of its array.
const LEVEL: &str = "s0";
/// Bytes of a chunk, about.
const CHUNK: usize = 1 << 24;

fn refused(what: impl Into<String>) -> WriteCause {
    WriteCause::Field { format: "OME-Zarr", what: what.into() }
}

fn own() -> Result<Convention, String> {
    let itk: Convention = "itk".parse().map_err(|error| format!("{error}"))?;
    Ok(Convention { order: Order::Ij, layout: Layout::Planar, ..itk })
}

/// The convention that numbers have to be in to be written so.
pub(crate) fn takes(asked: Option<&Convention>, _: usize) -> Result<Convention, String> {
    let own = own()?;
    match asked {
        Some(other) if *other != own => Err(format!("OME-Zarr's fields are in the convention \"{own}\", not \"{other}\"")),
        _ => Ok(own),
    }
}

/// Writes a field into a new folder, all or nothing.
pub(crate) fn write(path: &Path, field: &StoredField) -> Result<(), WriteError> {
    folder(path, field).map_err(at(path))
}

fn folder(path: &Path, field: &StoredField) -> Result<(), WriteCause> {
    if path.is_dir() {
        return Err(WriteCause::IsFolder);
    }
    if path.symlink_metadata().is_ok() {
        return Err(refused("there is a file of that name: expected a new folder"));
    }
    let plan = Plan::of(field).map_err(refused)?;
    let parent = path.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
    let text = || one_line(&parent.display().to_string());
    if !parent.is_dir() {
        return Err(WriteCause::NoFolder { folder: text() });
    }
    let temporary = tempfile::Builder::new().prefix(".displace-").suffix(".part").tempdir_in(parent);
    let temporary = temporary.map_err(|cause| WriteCause::Folder { folder: text(), cause })?;
    // A folder inside the temporary one has the permissions that any folder would.
    let whole = temporary.path().join("whole");
    plan.write(&whole)?;
    Ok(fs::rename(&whole, path)?)
}

/// What is written, checked.
struct Plan<'a> {
    array: &'a AnyArray,
    placement: Placement,
    /// -1 along axes that run the other way, x first.
    signs: Vec<f64>,
    type_name: &'static str,
}

impl<'a> Plan<'a> {
    fn of(field: &'a StoredField) -> Result<Self, String> {
        let own = own()?;
        if field.readings != [own] {
            let found = field.readings.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ");
            return Err(format!("its numbers are in the convention {found}: expected {own}"));
        }
        let placement = field.placement.clone().ok_or("its pixels have no places: name a reference image or a spacing")?;
        let shape = field.array.shape();
        let axes = shape.len().saturating_sub(1);
        if !matches!(axes, 2 | 3) || shape.first() != Some(&axes) || shape.contains(&0) {
            return Err(format!("it has the shape {shape:?}: expected (2, H, W) or (3, D, H, W)"));
        }
        if placement.axes() != axes {
            return Err(format!("it has {axes} axes and a placement of {}", placement.axes()));
        }
        let direction = placement.direction();
        let along = |k: usize| if k.is_multiple_of(axes + 1) { direction[k].abs() == 1.0 } else { direction[k] == 0.0 };
        if !(0..direction.len()).all(along) {
            return Err(format!("it lies askew, with the direction {direction:?}: expected a lattice along the axes"));
        }
        let signs = (0..axes).map(|k| direction[k * (axes + 1)]).collect();
        let type_name = type_name(&field.array)?;
        Ok(Self { array: &field.array, placement, signs, type_name })
    }

    fn write(&self, folder: &Path) -> Result<(), WriteCause> {
        let level = folder.join(FIELD).join(LEVEL);
        let chunk = self.chunk();
        fs::create_dir_all(&level)?;
        put(&folder.join("zarr.json"), &self.scene())?;
        put(&folder.join(FIELD).join("zarr.json"), &self.image())?;
        put(&level.join("zarr.json"), &self.level(&chunk))?;
        self.chunks(&level, &chunk)
    }

    /// The names of the axes, slowest first.
    fn names(&self) -> &'static [&'static str] {
        if self.signs.len() == 2 { &["y", "x"] } else { &["z", "y", "x"] }
    }

    fn space(&self) -> Vec<Value> {
        self.names().iter().map(|name| json!({"name": name, "type": "space", "unit": "millimeter"})).collect()
    }

    /// The root: which systems the field leads from and to.
    fn scene(&self) -> Value {
        let system = |name: &str| json!({"name": name, "axes": self.space()});
        group(&json!({
            "version": "0.6",
            "scene": {
                "coordinateSystems": [system("input"), system("output")],
                "coordinateTransformations": [{
                    "type": "displacements",
                    "name": FIELD,
                    "input": {"name": "input"},
                    "output": {"name": "output"},
                    "path": FIELD,
                    "interpolation": "linear",
                }],
            },
        }))
    }

    /// The field's group: where its pixels lie.
    fn image(&self) -> Value {
        let mut axes = vec![json!({"name": "d", "type": "displacement", "discrete": true})];
        axes.extend(self.space());
        // Slowest first, after the axis of components.
        let scale = [1.0].into_iter().chain(self.placement.spacing().iter().zip(&self.signs).map(|(s, sign)| s * sign).rev());
        let origin = [0.0].into_iter().chain(self.placement.origin().iter().rev().copied());
        group(&json!({
            "version": "0.6",
            "multiscales": [{
                "name": FIELD,
                "coordinateSystems": [{"name": "input", "axes": axes}],
                "datasets": [{
                    "path": LEVEL,
                    "coordinateTransformations": [{
                        "type": "sequence",
                        "input": {"path": LEVEL},
                        "output": {"name": "input"},
                        "transformations": [
                            {"type": "scale", "scale": scale.collect::<Vec<f64>>()},
                            {"type": "translation", "translation": origin.collect::<Vec<f64>>()},
                        ],
                    }],
                }],
            }],
        }))
    }

    fn level(&self, chunk: &[usize]) -> Value {
        let names = ["d"].iter().chain(self.names()).collect::<Vec<_>>();
        let zero = if self.type_name.starts_with("float") { json!(0.0) } else { json!(0) };
        json!({
            "zarr_format": 3,
            "node_type": "array",
            "shape": self.array.shape(),
            "data_type": self.type_name,
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": chunk}},
            "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
            "fill_value": zero,
            "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
            "attributes": {},
            "dimension_names": names,
        })
    }

    /// One component each, and as many of the slowest axis as make a handy chunk.
    fn chunk(&self) -> Vec<usize> {
        let mut chunk = self.array.shape().to_vec();
        let row = chunk.iter().skip(2).product::<usize>() * 8;
        if let [component, slowest, ..] = &mut chunk[..] {
            *component = 1;
            *slowest = (CHUNK / row.max(1)).clamp(1, *slowest);
        }
        chunk
    }

    fn chunks(&self, level: &Path, chunk: &[usize]) -> Result<(), WriteCause> {
        let shape = self.array.shape();
        let ([_, slowest, rest @ ..], [_, rows, ..]) = (shape, chunk) else { return Ok(()) };
        let row = rest.iter().product::<usize>();
        let tail = "/0".repeat(rest.len());
        for component in 0..shape[0] {
            for part in 0..slowest.div_ceil(*rows) {
                let first = component * slowest + part * rows;
                let last = component * slowest + slowest.min(&((part + 1) * rows));
                let path = level.join(format!("c/{component}/{part}{tail}"));
                fs::create_dir_all(path.parent().unwrap_or(level))?;
                let mut bytes = with_data!(self.array.data(), numbers => little_endian(&numbers[first * row..last * row]));
                // A chunk at the border is as long as any other.
                let full = bytes.len() / (last - first) * rows;
                bytes.resize(full, 0);
                fs::File::create(path)?.write_all(&bytes)?;
            }
        }
        Ok(())
    }
}

fn group(ome: &Value) -> Value {
    json!({"zarr_format": 3, "node_type": "group", "attributes": {"ome": ome}})
}

fn put(path: &Path, value: &Value) -> Result<(), WriteCause> {
    Ok(fs::write(path, format!("{value:#}\n"))?)
}

fn little_endian<T: bytemuck::Pod>(numbers: &[T]) -> Vec<u8> {
    let mut bytes: Vec<u8> = bytemuck::cast_slice(numbers).to_vec();
    if cfg!(target_endian = "big") {
        crate::element::swap_bytes(&mut bytes, size_of::<T>());
    }
    bytes
}

fn type_name(array: &AnyArray) -> Result<&'static str, String> {
    use displace::DType;
    Ok(match array.dtype() {
        DType::U8 => "uint8",
        DType::U16 => "uint16",
        DType::I16 => "int16",
        DType::F16 => "float16",
        DType::F32 => "float32",
        DType::F64 => "float64",
        other => return Err(format!("it holds {other}, for which Zarr has no name: convert to f32")),
    })
}
