//! An OME-Zarr 0.6 folder with a transformation that is a field, or a Zarr array alone.

mod array;
mod codec;
mod save;

pub(crate) use save::{takes, write};

use crate::contents::Contents;
use crate::error::read::{ReadCause, one_line};
use crate::format::Input;
use crate::memory::Memory;
use crate::stored::StoredField;
use array::{Meta, bad, contents, shown};
use displace::{AnyArray, Convention, Layout, Order, Placement, Quantity, Sample, with_data};
use serde_json::Value;
use std::path::{Component, Path, PathBuf};

/// Whether a folder is one.
pub(crate) fn is_one(path: &Path) -> bool {
    [".zattrs", ".zgroup", ".zarray", "zarr.json"].iter().any(|name| path.join(name).is_file())
}

/// Reads what the folder holds.
pub(crate) fn read(input: &mut Input<'_>) -> Result<Contents, ReadCause> {
    let (path, memory) = (input.path, &mut *input.memory);
    let ome = match node(path, memory)? {
        Node::Array(meta) => return meta.read(path, memory).map(Contents::Array),
        Node::Group(ome) => ome,
    };
    version(&ome)?;
    // The group of a field itself: its vectors are those of its own axes.
    if let Some(kind) = own_kind(&ome) {
        return field(path, &ome, kind, None, Vec::new(), memory).map(Contents::Field);
    }
    let found = transformation(&ome)?;
    let inner = below(path, found.path)?;
    let Node::Group(field_ome) = node(&inner, memory)? else {
        let path = one_line(found.path);
        return Err(bad(format!("has its field in the array \"{path}\", without axes: expected a group with multiscales")));
    };
    version(&field_ome)?;
    let kind = own_kind(&field_ome).filter(|kind| kind.transformation == found.kind);
    let kind = kind.ok_or_else(|| {
        let (path, kind) = (one_line(found.path), found.kind);
        bad(format!("has {kind} in \"{path}\", whose axes are none of type \"displacement\" or \"coordinate\" to go with them"))
    })?;
    field(&inner, &field_ome, kind, found.output.as_deref(), found.remarks, memory).map(Contents::Field)
}

/// What a folder of a Zarr hierarchy is.
enum Node {
    Array(Meta),
    /// With its OME metadata.
    Group(Value),
}

fn node(path: &Path, memory: &mut Memory) -> Result<Node, ReadCause> {
    if let Some(meta) = json(path, "zarr.json", memory)? {
        if meta["zarr_format"] != 3 {
            return Err(bad(format!("has a zarr.json of the format {}: expected 3", shown(&meta["zarr_format"]))));
        }
        return match meta["node_type"].as_str() {
            Some("array") => Meta::of_version3(&meta).map(Node::Array),
            Some("group") => match &meta["attributes"]["ome"] {
                Value::Null => Err(bad("is a group without OME metadata: name the folder of an array in it")),
                ome => Ok(Node::Group(ome.clone())),
            },
            _ => Err(bad(format!("has a node of the type {}: expected an array or a group", shown(&meta["node_type"])))),
        };
    }
    if let Some(meta) = json(path, ".zarray", memory)? {
        return Meta::of_version2(&meta).map(Node::Array);
    }
    if [".zgroup", ".zattrs"].iter().any(|name| path.join(name).is_file()) {
        return Err(bad("is a group of Zarr 2, which holds no OME-Zarr 0.6: name the folder of an array in it"));
    }
    Err(bad(format!("has no zarr.json in \"{}\"", one_line(&path.display().to_string()))))
}

fn json(folder: &Path, name: &str, memory: &mut Memory) -> Result<Option<Value>, ReadCause> {
    // A tree of values takes several times the bytes of its text.
    const LONGEST: usize = 1 << 24;
    let Some(bytes) = contents(&folder.join(name), memory)? else { return Ok(None) };
    if bytes.len() > LONGEST {
        return Err(bad(format!("has a {name} of {} bytes: expected at most {LONGEST}", bytes.len())));
    }
    serde_json::from_slice(&bytes).map(Some).map_err(|error| bad(format!("has a {name} that is no JSON: {error}")))
}

/// That the metadata are of version 0.6, or a draft of it.
fn version(ome: &Value) -> Result<(), ReadCause> {
    let found = &ome["version"];
    let rest = found.as_str().and_then(|text| text.strip_prefix("0.6"));
    let draft = |rest: &str| ["dev", "rc"].iter().any(|mark| rest.trim_start_matches(['.', '-']).starts_with(mark));
    if rest.is_some_and(|rest| rest.is_empty() || draft(rest)) {
        return Ok(());
    }
    Err(bad(format!("has OME metadata of the version {}: expected 0.6, which has fields as transformations", shown(found))))
}

/// A folder below another one.
fn below(path: &Path, inner: &str) -> Result<PathBuf, ReadCause> {
    let parts = Path::new(inner);
    if inner.is_empty() || parts.components().any(|part| !matches!(part, Component::Normal(_) | Component::CurDir)) {
        return Err(bad(format!("has the path \"{}\": expected one below its folder", one_line(inner))));
    }
    Ok(path.join(parts))
}

/// The items of a list; none of what is no list.
fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// What the vectors of a field are.
#[derive(Clone, Copy)]
struct FieldKind {
    transformation: &'static str,
    axis: &'static str,
    quantity: Quantity,
}

const KINDS: [FieldKind; 2] = [
    FieldKind { transformation: "displacements", axis: "displacement", quantity: Quantity::Displacement },
    FieldKind { transformation: "coordinates", axis: "coordinate", quantity: Quantity::Location },
];

/// What the group's own axes say that it is.
fn own_kind(ome: &Value) -> Option<FieldKind> {
    let systems = ome["multiscales"][0]["coordinateSystems"].as_array()?;
    let axes = systems.iter().filter_map(|system| system["axes"].as_array()).flatten();
    let types: Vec<&str> = axes.filter_map(|axis| axis["type"].as_str()).collect();
    KINDS.into_iter().find(|kind| types.contains(&kind.axis))
}

/// A transformation that is a field.
struct Found<'a> {
    kind: &'static str,
    path: &'a str,
    /// Names of the output's axes, if the metadata have them.
    output: Option<Vec<String>>,
    remarks: Vec<String>,
}

/// The one transformation that is a field: of the scene, of an image, or of neither in drafts.
fn transformation(ome: &Value) -> Result<Found<'_>, ReadCause> {
    let images = items(&ome["multiscales"]);
    let places: Vec<&Value> = [&ome["scene"], ome].into_iter().chain(images).collect();
    let systems: Vec<Value> = places.iter().flat_map(|place| items(&place["coordinateSystems"]).to_vec()).collect();
    let all = places.iter().filter_map(|place| place["coordinateTransformations"].as_array()).flatten();
    let (mut found, mut others) = (Vec::new(), Vec::new());
    for outer in all {
        match single(outer) {
            Some((kind, inner)) => found.push((kind, outer, inner)),
            None => others.push(shown(&outer["type"])),
        }
    }
    match &found[..] {
        [(kind, outer, inner)] => {
            let refused = || bad(format!("has {kind} with the path {}: expected a text", shown(&inner["path"])));
            let path = inner["path"].as_str().ok_or_else(refused)?;
            let mut remarks = Vec::new();
            if let Some(other) = inner["interpolation"].as_str().filter(|way| *way != "linear") {
                remarks.push(format!("says that it is interpolated by \"{}\"", one_line(other)));
            }
            if outer["type"] == "bijection" {
                remarks.push("the forward half of a bijection; its inverse is not read".into());
            }
            Ok(Found { kind, path, output: output_axes(&outer["output"], &systems), remarks })
        }
        [] if others.is_empty() => Err(bad("has no transformation of the type \"displacements\" or \"coordinates\"")),
        [] => {
            others.sort();
            others.dedup();
            Err(bad(format!(
                "has transformations of the types {}: expected \"displacements\" or \"coordinates\"",
                others.join(", ")
            )))
        }
        several => {
            let paths = several.iter().map(|(_, _, inner)| shown(&inner["path"])).collect::<Vec<_>>().join(", ");
            Err(bad(format!("has {} fields: name the folder of one of {paths}", several.len())))
        }
    }
}

/// The field that a transformation is, alone or in a sequence of one or as the forward half of a bijection.
fn single(transformation: &Value) -> Option<(&'static str, &Value)> {
    match transformation["type"].as_str()? {
        "bijection" => single(&transformation["forward"]),
        "sequence" => match transformation["transformations"].as_array()?.as_slice() {
            [one] => single(one),
            _ => None,
        },
        name => KINDS.iter().find(|kind| kind.transformation == name).map(|kind| (kind.transformation, transformation)),
    }
}

/// The axes of the output's coordinate system: a name, or an object with one.
fn output_axes(output: &Value, systems: &[Value]) -> Option<Vec<String>> {
    // One with a path is described in another folder.
    let elsewhere = output["path"].as_str().is_some_and(|path| !path.is_empty());
    let name = output.as_str().or_else(|| output["name"].as_str()).filter(|_| !elsewhere)?;
    let system = systems.iter().find(|system| system["name"] == name)?;
    Some(axes_of(system).into_iter().map(|axis| axis.name).collect())
}

struct Axis {
    name: String,
    kind: String,
    unit: Option<String>,
}

fn axes_of(system: &Value) -> Vec<Axis> {
    let text = |value: &Value| value.as_str().map(one_line);
    let axis = |axis: &Value| Axis {
        name: text(&axis["name"]).unwrap_or_default(),
        kind: text(&axis["type"]).unwrap_or_default(),
        unit: text(&axis["unit"]),
    };
    system["axes"].as_array().map(|axes| axes.iter().map(axis).collect()).unwrap_or_default()
}

/// Reads the field of a group.
fn field(
    folder: &Path,
    ome: &Value,
    kind: FieldKind,
    output: Option<&[String]>,
    mut remarks: Vec<String>,
    memory: &mut Memory,
) -> Result<StoredField, ReadCause> {
    let image = &ome["multiscales"][0];
    let levels = items(&image["datasets"]);
    let level = levels.first().ok_or_else(|| bad("has a field without datasets"))?;
    if levels.len() > 1 {
        remarks.push(format!("the finest of {} resolutions", levels.len()));
    }
    let path = level["path"].as_str().ok_or_else(|| bad(format!("has a dataset with the path {}", shown(&level["path"]))))?;
    let folder = below(folder, path)?;
    let Node::Array(meta) = node(&folder, memory)? else {
        return Err(bad(format!("has a group in \"{}\": expected an array", one_line(path))));
    };
    let steps = items(&level["coordinateTransformations"]);
    let axes = axes_of(system(image, steps));
    let lattice = Lattice::of(&axes, &meta, kind, output)?;
    let placement = placement(steps, &lattice, axes.len())?;
    remarks.push(lattice.remark);
    remarks.push("axes x, y, z are no parts of a body: taken as left, posterior, superior".into());
    let itk: Convention = "itk".parse().map_err(bad)?;
    let convention =
        Convention { quantity: kind.quantity, order: lattice.order, layout: lattice.layout, x_first: lattice.x_first, ..itk };
    let array = lattice.unit.array(meta.read(&folder, memory)?)?;
    Ok(StoredField { array, readings: vec![convention], valid: None, placement: Some(placement), remarks })
}

/// A unit of length: `times / over` mm, so that a length in it becomes one in mm with one rounding.
#[derive(Clone, Copy, PartialEq)]
struct Millimetres {
    times: f64,
    over: f64,
}

impl Millimetres {
    const ONE: Self = Self { times: 1.0, over: 1.0 };

    fn of(unit: &str) -> Option<Self> {
        let (times, over) = match unit {
            "meter" => (1e3, 1.0),
            "decimeter" => (1e2, 1.0),
            "centimeter" => (10.0, 1.0),
            "millimeter" => (1.0, 1.0),
            "micrometer" => (1.0, 1e3),
            "nanometer" => (1.0, 1e6),
            "angstrom" => (1.0, 1e7),
            "picometer" => (1.0, 1e9),
            "inch" => (25.4, 1.0),
            "foot" => (304.8, 1.0),
            _ => return None,
        };
        Some(Self { times, over })
    }

    fn from(self, length: f64) -> f64 {
        length * self.times / self.over
    }

    /// Lengths as mm; in f64, since a factor rounds.
    fn array(self, array: AnyArray) -> Result<AnyArray, ReadCause> {
        if self == Self::ONE {
            return Ok(array);
        }
        let (shape, data) = array.into_parts();
        let numbers: Vec<f64> = with_data!(&data, v => v.iter().map(|v| self.from(Sample::widen::<f64>(*v))).collect());
        AnyArray::new(shape, numbers).map_err(bad)
    }
}

/// The coordinate system that the dataset's transformations lead to; the first if they do not say.
fn system<'a>(image: &'a Value, steps: &[Value]) -> &'a Value {
    let output = steps.last().map_or(&Value::Null, |step| &step["output"]);
    let name = output.as_str().or_else(|| output["name"].as_str());
    let systems = &image["coordinateSystems"];
    let named = systems.as_array().and_then(|all| all.iter().find(|system| name.is_some_and(|name| system["name"] == name)));
    named.unwrap_or(&systems[0])
}

/// What the axes say of the array.
struct Lattice {
    /// The array's axes without that of components, x first.
    axes: Vec<usize>,
    layout: Layout,
    order: Order,
    x_first: bool,
    unit: Millimetres,
    remark: String,
}

impl Lattice {
    fn of(axes: &[Axis], meta: &Meta, kind: FieldKind, output: Option<&[String]>) -> Result<Self, ReadCause> {
        let shape = meta.shape();
        let listed = || axes.iter().map(|axis| format!("\"{}\"", axis.name)).collect::<Vec<_>>().join(", ");
        if shape.len() != axes.len() {
            return Err(bad(format!("has an array of the shape {shape:?} with the axes {}", listed())));
        }
        let components: Vec<usize> = (0..axes.len()).filter(|k| axes[*k].kind == kind.axis).collect();
        let [component] = components[..] else {
            return Err(bad(format!("has {} axes of the type {} among {}: expected one", components.len(), kind.axis, listed())));
        };
        let count = axes.len() - 1;
        if !matches!(count, 2 | 3) {
            return Err(bad(format!("has a field of {count} axes ({}): expected 2 or 3", listed())));
        }
        if shape[component] != count {
            return Err(bad(format!("has {} components on {count} axes ({})", shape[component], listed())));
        }
        let layout = match component {
            0 => Layout::Planar,
            last if last == count => Layout::Interleaved,
            _ => return Err(bad(format!("has the axis of components in the middle of {}: expected first or last", listed()))),
        };
        let rest: Vec<usize> = (0..axes.len()).filter(|k| *k != component).collect();
        let names: Vec<&str> = rest.iter().map(|k| axes[*k].name.as_str()).collect();
        let (order, x_first) = order(&names, output)?;
        let unit = unit(rest.iter().map(|k| &axes[*k]))?;
        let units: Vec<String> = rest
            .iter()
            .map(|k| axes[*k].unit.as_ref().map_or_else(|| axes[*k].name.clone(), |unit| format!("{} in {unit}", axes[*k].name)))
            .collect();
        let axes = if x_first { rest } else { rest.into_iter().rev().collect() };
        Ok(Self { axes, layout, order, x_first, unit, remark: format!("axes {}", units.join(", ")) })
    }
}

/// The unit of all axes; mm where none is said.
fn unit<'a>(axes: impl Iterator<Item = &'a Axis>) -> Result<Millimetres, ReadCause> {
    let mut found: Option<(Millimetres, String)> = None;
    for axis in axes {
        let name = axis.unit.clone().unwrap_or_else(|| "millimeter".into());
        let mm = Millimetres::of(&name).ok_or_else(|| {
            bad(format!(
                "has the axis \"{}\" in \"{name}\": expected a unit of length, such as millimeter or micrometer",
                axis.name
            ))
        })?;
        match &found {
            Some((other, before)) if *other != mm => {
                return Err(bad(format!("has axes in {before} and in {name}: expected one unit")));
            }
            _ => found = Some((mm, name)),
        }
    }
    Ok(found.map_or(Millimetres::ONE, |(mm, _)| mm))
}

/// The order of components, and whether the array's axes run x, y(, z).
///
/// Component i belongs to the i-th axis of the output. Where its axes are named as the array's are, names count; else the i-th axis of
/// the output is the i-th of the array.
fn order(names: &[&str], output: Option<&[String]>) -> Result<(Order, bool), ReadCause> {
    const XYZ: [&str; 3] = ["x", "y", "z"];
    let xyz = &XYZ[..names.len().min(3)];
    let x_first = names == xyz;
    if !x_first && xyz.iter().all(|name| names.contains(name)) && !names.iter().rev().eq(xyz) {
        return Err(bad(format!("has a field on the axes {names:?}: expected x, y, z or the reverse")));
    }
    let output: Vec<&str> = match output {
        Some(output) => output.iter().map(String::as_str).collect(),
        None => names.to_vec(),
    };
    if output.len() != names.len() {
        return Err(bad(format!("has a field on the axes {names:?} with the output axes {output:?}")));
    }
    let same_names = output.iter().all(|name| names.contains(name));
    let reversed = same_names && output.iter().eq(names.iter().rev());
    if same_names && !reversed && output != names {
        return Err(bad(format!(
            "has a field on the axes {names:?} with the output axes {output:?}: expected the same or reversed"
        )));
    }
    // As the array's axes: x first if they are, the slowest first if not; else the other way.
    Ok((if x_first == reversed { Order::Ij } else { Order::Xy }, x_first))
}

/// Where the lattice lies: along the axes.
fn placement(steps: &[Value], lattice: &Lattice, axes: usize) -> Result<Placement, ReadCause> {
    let (mut scale, mut translation) = (vec![1.0; axes], vec![0.0; axes]);
    steps.iter().try_for_each(|step| apply(step, &mut scale, &mut translation, 0))?;
    let count = lattice.axes.len();
    let in_mm = |length| lattice.unit.from(length);
    let along = |values: &[f64]| lattice.axes.iter().map(|axis| values[*axis]).collect::<Vec<f64>>();
    let [scale, origin] = [along(&scale), along(&translation)].map(|lengths| lengths.into_iter().map(in_mm).collect::<Vec<_>>());
    let spacing: Vec<f64> = scale.iter().map(|s| s.abs()).collect();
    let direction: Vec<f64> =
        (0..count * count).map(|k| if k % (count + 1) == 0 { scale[k / count].signum() } else { 0.0 }).collect();
    Placement::new(&spacing, &origin, &direction).map_err(|error| bad(format!("has {error}")))
}

/// Follows a scale or translation by another step.
fn apply(step: &Value, scale: &mut [f64], translation: &mut [f64], depth: usize) -> Result<(), ReadCause> {
    let numbers = |key: &str| {
        let refused = || bad(format!("has the {key} {} on {} axes", shown(&step[key]), scale.len()));
        let list = step[key].as_array().filter(|list| list.len() == scale.len()).ok_or_else(refused)?;
        list.iter().map(|v| v.as_f64().ok_or_else(refused)).collect::<Result<Vec<f64>, ReadCause>>()
    };
    match step["type"].as_str() {
        Some("identity") => {}
        Some("scale") => {
            let factors = numbers("scale")?;
            scale.iter_mut().zip(&factors).for_each(|(s, f)| *s *= f);
            translation.iter_mut().zip(&factors).for_each(|(t, f)| *t *= f);
        }
        Some("translation") => {
            let more = numbers("translation")?;
            translation.iter_mut().zip(&more).for_each(|(t, m)| *t += m);
        }
        Some("sequence") if depth < 8 => {
            items(&step["transformations"]).iter().try_for_each(|step| apply(step, scale, translation, depth + 1))?;
        }
        _ => {
            let found = shown(&step["type"]);
            return Err(bad(format!(
                "has its field placed by {found}: expected identity, scale, translation or a sequence of them"
            )));
        }
    }
    Ok(())
}
