//! Pickles as torch writes them, read without running anything: tensors, numbers, texts, lists and dictionaries. Whatever else
//! a pickle asks for is an error that names it.

use crate::error::read::one_line;
use crate::format::tensor::Element;
use crate::numbers::Scalar;

/// A place in [`Pickle::nodes`]. Lists and dictionaries grow after others have come to hold them, so they are held by place.
pub(crate) type At = usize;

/// What a pickle holds: the last thing made of the ones before it.
#[derive(Debug)]
pub(crate) struct Pickle {
    nodes: Vec<Node>,
    root: At,
}

/// One thing.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    /// Nothing, or something without a number: a device.
    None,
    /// A yes or no.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// A text.
    Text(String),
    /// Things in order, which may still grow if they are a list.
    Items(Vec<At>),
    /// Keys and values.
    Pairs(Vec<(At, At)>),
    /// What a pickle may ask for.
    Named(Named),
    /// Where numbers lie.
    Storage(Storage),
    /// Numbers with a shape.
    Tensor(Tensor),
}

/// The bytes of tensors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Storage {
    /// Name of the member that has them.
    pub(crate) key: String,
    /// Type of the numbers; `None`: bytes, of which each tensor says what they are.
    pub(crate) element: Option<Element>,
    /// How many there are.
    pub(crate) len: usize,
}

/// A view of a storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tensor {
    /// Where its numbers lie.
    pub(crate) storage: Storage,
    /// Their type.
    pub(crate) element: Element,
    /// The first of them.
    pub(crate) offset: usize,
    /// Lengths of axes.
    pub(crate) shape: Vec<usize>,
    /// Steps of axes.
    pub(crate) strides: Vec<usize>,
}

/// Everything that a pickle may ask for by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    /// A tensor whose storage has a type.
    Tensor,
    /// A tensor that has the type itself.
    TypedTensor,
    /// A tensor in other clothes.
    Parameter,
    /// A dictionary.
    Dictionary,
    /// A shape.
    Size,
    /// A device, which has no numbers.
    Device,
    /// A storage of numbers; `None`: of bytes.
    Storage(Option<Element>),
    /// A type of numbers.
    Type(Element),
}

/// What a bare pickle of tensors may be and say, and no more.
const MOST_BYTES: usize = 1 << 26;
const MOST_AXES: usize = 64;
const DEEPEST: usize = 64;
/// Keys that lead to a thing are copied for each.
const LONGEST: usize = 1 << 12;

/// The names that are known, and none of them is ever run.
fn named(module: &str, name: &str) -> Option<Named> {
    let number = |scalar| Some(Element::Number(scalar));
    Some(match (module, name) {
        ("torch._utils", "_rebuild_tensor_v2" | "_rebuild_tensor") => Named::Tensor,
        ("torch._utils", "_rebuild_tensor_v3") => Named::TypedTensor,
        ("torch._utils", "_rebuild_parameter" | "_rebuild_parameter_with_state") => Named::Parameter,
        ("collections", "OrderedDict") => Named::Dictionary,
        ("torch", "Size") => Named::Size,
        ("torch", "device") => Named::Device,
        ("torch.storage", "UntypedStorage") | ("torch", "UntypedStorage") => Named::Storage(None),
        ("torch", storage) if storage.ends_with("Storage") => Named::Storage(match storage {
            "DoubleStorage" => number(Scalar::F64),
            "FloatStorage" => number(Scalar::F32),
            "HalfStorage" => number(Scalar::F16),
            "BFloat16Storage" => Some(Element::Bf16),
            "LongStorage" => number(Scalar::I64),
            "IntStorage" => number(Scalar::I32),
            "ShortStorage" => number(Scalar::I16),
            "CharStorage" => number(Scalar::I8),
            "ByteStorage" | "BoolStorage" => number(Scalar::U8),
            _ => return None,
        }),
        ("torch", dtype) => Named::Type(match dtype {
            "float64" => Element::Number(Scalar::F64),
            "float32" => Element::Number(Scalar::F32),
            "float16" => Element::Number(Scalar::F16),
            "bfloat16" => Element::Bf16,
            "int64" => Element::Number(Scalar::I64),
            "int32" => Element::Number(Scalar::I32),
            "int16" => Element::Number(Scalar::I16),
            "int8" => Element::Number(Scalar::I8),
            "uint64" => Element::Number(Scalar::U64),
            "uint32" => Element::Number(Scalar::U32),
            "uint16" => Element::Number(Scalar::U16),
            "uint8" | "bool" => Element::Number(Scalar::U8),
            _ => return None,
        }),
        _ => return None,
    })
}

impl Pickle {
    /// Reads a pickle.
    ///
    /// # Errors
    /// In words that follow "is .. that ": if it ends early, is malformed, or asks for anything but tensors and plain data.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, String> {
        if bytes.len() > MOST_BYTES {
            return Err(format!("has a pickle of {} bytes: expected at most {MOST_BYTES}", bytes.len()));
        }
        let mut machine = Machine { bytes, at: 0, nodes: Vec::new(), stack: Vec::new(), marks: Vec::new(), memo: Vec::new() };
        let root = machine.run()?;
        match bytes.len() - machine.at {
            0 => Ok(Self { nodes: machine.nodes, root }),
            more => Err(format!("has {more} bytes after the end of its pickle")),
        }
    }

    /// The whole, if it is one tensor.
    pub(crate) fn bare(&self) -> Option<&Tensor> {
        match self.nodes.get(self.root)? {
            Node::Tensor(tensor) => Some(tensor),
            _ => None,
        }
    }

    /// Everything with numbers and its name: the keys and places that lead to it, joined by dots.
    ///
    /// # Errors
    /// In words: if keys are neither texts nor whole numbers, or it holds itself.
    pub(crate) fn leaves(&self) -> Result<Vec<(String, &Node)>, String> {
        // As many visits as there are things: a pickle that refers to one list from everywhere is no longer than it says.
        let mut budget = self.nodes.len();
        let mut found = Vec::new();
        self.walk(self.root, String::new(), 0, &mut budget, &mut found)?;
        Ok(found)
    }

    fn walk<'a>(
        &'a self,
        at: At,
        name: String,
        depth: usize,
        budget: &mut usize,
        found: &mut Vec<(String, &'a Node)>,
    ) -> Result<(), String> {
        let Some(left) = budget.checked_sub(1) else {
            return Err("refers to the same things over and over".into());
        };
        *budget = left;
        if depth > DEEPEST {
            return Err(format!("nests lists and dictionaries deeper than {DEEPEST}"));
        }
        if name.len() > LONGEST {
            return Err(format!("names something by more than {LONGEST} bytes of keys"));
        }
        let inner = |key: &str| if name.is_empty() { key.to_string() } else { format!("{name}.{key}") };
        match self.nodes.get(at) {
            Some(Node::Items(items)) => {
                for (k, item) in items.iter().enumerate() {
                    self.walk(*item, inner(&k.to_string()), depth + 1, budget, found)?;
                }
            }
            Some(Node::Pairs(pairs)) => {
                for (key, value) in pairs {
                    let key = match self.nodes.get(*key) {
                        Some(Node::Text(text)) => text.clone(),
                        Some(Node::Int(number)) => number.to_string(),
                        _ => return Err("has a dictionary with keys that are neither texts nor whole numbers".into()),
                    };
                    self.walk(*value, inner(&key), depth + 1, budget, found)?;
                }
            }
            Some(node @ (Node::Bool(_) | Node::Int(_) | Node::Float(_) | Node::Tensor(_))) => found.push((name, node)),
            _ => {}
        }
        Ok(())
    }
}

/// What runs through a pickle: it moves things between a stack, a memo and each other, and makes no others than [`Node`]s.
struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    nodes: Vec<Node>,
    stack: Vec<At>,
    marks: Vec<usize>,
    memo: Vec<Option<At>>,
}

impl Machine<'_> {
    fn run(&mut self) -> Result<At, String> {
        let [0x80, 2..=5] = self.take::<2>()? else {
            return Err("does not start as a pickle of protocol 2 to 5".into());
        };
        loop {
            let [code] = self.take()?;
            match code {
                b'.' => return self.pop(),
                // A frame's length, which adds nothing to what is read.
                0x95 => drop(self.take::<8>()?),
                b'N' => self.push(Node::None),
                0x88 => self.push(Node::Bool(true)),
                0x89 => self.push(Node::Bool(false)),
                b'J' => self.number(|m| Ok(i64::from(i32::from_le_bytes(m.take()?))))?,
                b'K' => self.number(|m| Ok(i64::from(m.take::<1>()?[0])))?,
                b'M' => self.number(|m| Ok(i64::from(u16::from_le_bytes(m.take()?))))?,
                0x8a => self.number(Self::long)?,
                b'G' => {
                    let number = f64::from_be_bytes(self.take()?);
                    self.push(Node::Float(number));
                }
                b'X' => self.text(|m| Ok(u32::from_le_bytes(m.take()?) as usize))?,
                0x8c => self.text(|m| Ok(usize::from(m.take::<1>()?[0])))?,
                b'}' => self.push(Node::Pairs(Vec::new())),
                b']' | b')' => self.push(Node::Items(Vec::new())),
                b'(' => self.marks.push(self.stack.len()),
                b't' | b'l' => {
                    let items = self.marked()?;
                    self.push(Node::Items(items));
                }
                b'd' => {
                    let items = self.marked()?;
                    self.push(Node::Pairs(paired(&items)?));
                }
                0x85..=0x87 => self.tuple(usize::from(code - 0x84))?,
                b'a' => {
                    let item = self.pop()?;
                    self.append(&[item])?;
                }
                b'e' => {
                    let items = self.marked()?;
                    self.append(&items)?;
                }
                b's' => {
                    let (value, key) = (self.pop()?, self.pop()?);
                    self.insert(&[key, value])?;
                }
                b'u' => {
                    let items = self.marked()?;
                    self.insert(&items)?;
                }
                b'q' => {
                    let [at] = self.take()?;
                    self.remember(usize::from(at))?;
                }
                b'r' => {
                    let at = u32::from_le_bytes(self.take()?);
                    self.remember(at as usize)?;
                }
                0x94 => self.remember(self.memo.len())?,
                b'h' => {
                    let [at] = self.take()?;
                    self.recall(usize::from(at))?;
                }
                b'j' => {
                    let at = u32::from_le_bytes(self.take()?);
                    self.recall(at as usize)?;
                }
                b'c' => {
                    let (module, name) = (self.line()?, self.line()?);
                    self.ask(&module, &name)?;
                }
                0x93 => {
                    let (name, module) = (self.pop()?, self.pop()?);
                    match (self.node(module).cloned(), self.node(name).cloned()) {
                        (Some(Node::Text(module)), Some(Node::Text(name))) => self.ask(&module, &name)?,
                        _ => return Err(self.malformed("asks for something whose name is no text")),
                    }
                }
                b'Q' => self.persistent()?,
                b'R' => self.reduce()?,
                b'b' => self.build()?,
                other => return Err(self.malformed(&format!("has the pickle code {other:#04x}, which torch does not write here"))),
            }
        }
    }

    fn malformed(&self, what: &str) -> String {
        format!("{what} (byte {} of its pickle)", self.at)
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], String> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let taken = *rest.first_chunk::<N>().ok_or_else(|| self.malformed("has a pickle that ends early"))?;
        self.at += N;
        Ok(taken)
    }

    fn slice(&mut self, len: usize) -> Result<&[u8], String> {
        let end = self.at.checked_add(len).filter(|end| *end <= self.bytes.len());
        let Some(end) = end else {
            return Err(self.malformed("has a pickle that ends early"));
        };
        let start = std::mem::replace(&mut self.at, end);
        Ok(self.bytes.get(start..end).unwrap_or_default())
    }

    /// A line of text, as the names of what is asked for are kept.
    fn line(&mut self) -> Result<String, String> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let len = rest.iter().position(|byte| *byte == b'\n').ok_or_else(|| self.malformed("has a pickle that ends early"))?;
        let line = String::from_utf8_lossy(self.slice(len)?).into_owned();
        self.at += 1;
        Ok(line)
    }

    fn push(&mut self, node: Node) {
        self.stack.push(self.nodes.len());
        self.nodes.push(node);
    }

    fn node(&self, at: At) -> Option<&Node> {
        self.nodes.get(at)
    }

    fn pop(&mut self) -> Result<At, String> {
        let bottom = self.marks.last().copied().unwrap_or(0);
        if self.stack.len() <= bottom {
            return Err(self.malformed("has a pickle that takes more than it has put down"));
        }
        self.stack.pop().ok_or_else(|| self.malformed("has a pickle that takes more than it has put down"))
    }

    /// Everything since the last mark.
    fn marked(&mut self) -> Result<Vec<At>, String> {
        let mark = self.marks.pop().filter(|mark| *mark <= self.stack.len());
        let mark = mark.ok_or_else(|| self.malformed("has a pickle without a mark where one is needed"))?;
        Ok(self.stack.split_off(mark))
    }

    fn number(&mut self, read: impl Fn(&mut Self) -> Result<i64, String>) -> Result<(), String> {
        let number = read(self)?;
        self.push(Node::Int(number));
        Ok(())
    }

    /// A whole number of any length, of which those of up to 8 bytes are of use here.
    fn long(&mut self) -> Result<i64, String> {
        let [len] = self.take()?;
        let bytes = self.slice(usize::from(len))?;
        let fill = if bytes.last().is_some_and(|byte| byte & 0x80 != 0) { 0xff } else { 0 };
        let mut number = [fill; 8];
        match number.get_mut(..bytes.len()) {
            Some(low) => low.copy_from_slice(bytes),
            None => return Err(self.malformed(&format!("has a whole number of {len} bytes: expected at most 8"))),
        }
        Ok(i64::from_le_bytes(number))
    }

    fn text(&mut self, len: impl Fn(&mut Self) -> Result<usize, String>) -> Result<(), String> {
        let len = len(self)?;
        let text = std::str::from_utf8(self.slice(len)?).map(ToString::to_string);
        let text = text.map_err(|_| self.malformed("has a text that is not UTF-8"))?;
        self.push(Node::Text(text));
        Ok(())
    }

    fn tuple(&mut self, len: usize) -> Result<(), String> {
        let mut items = (0..len).map(|_| self.pop()).collect::<Result<Vec<_>, _>>()?;
        items.reverse();
        self.push(Node::Items(items));
        Ok(())
    }

    /// The thing on top of the stack, which stays there.
    fn top(&self) -> Result<At, String> {
        let bottom = self.marks.last().copied().unwrap_or(0);
        let top = self.stack.get(bottom..).and_then(|above| above.last());
        top.copied().ok_or_else(|| self.malformed("has a pickle that takes more than it has put down"))
    }

    fn append(&mut self, more: &[At]) -> Result<(), String> {
        let top = self.top()?;
        match self.nodes.get_mut(top) {
            Some(Node::Items(items)) => items.extend(more),
            _ => return Err(self.malformed("appends to what is no list")),
        }
        Ok(())
    }

    fn insert(&mut self, more: &[At]) -> Result<(), String> {
        let top = self.top()?;
        let more = paired(more)?;
        match self.nodes.get_mut(top) {
            Some(Node::Pairs(pairs)) => pairs.extend(more),
            _ => return Err(self.malformed("sets a key of what is no dictionary")),
        }
        Ok(())
    }

    fn remember(&mut self, at: usize) -> Result<(), String> {
        // Memos are numbered as they come: more numbers than bytes are a lie.
        if at > self.bytes.len() {
            return Err(self.malformed(&format!("numbers a memo {at}, more than its pickle has bytes")));
        }
        let top = self.top()?;
        if at >= self.memo.len() {
            self.memo.resize(at + 1, None);
        }
        if let Some(slot) = self.memo.get_mut(at) {
            *slot = Some(top);
        }
        Ok(())
    }

    fn recall(&mut self, at: usize) -> Result<(), String> {
        let found = self.memo.get(at).copied().flatten();
        let found = found.ok_or_else(|| self.malformed(&format!("recalls memo {at}, which there is not")))?;
        self.stack.push(found);
        Ok(())
    }

    fn ask(&mut self, module: &str, name: &str) -> Result<(), String> {
        let named = named(module, name).ok_or_else(|| {
            let (module, name) = (one_line(module), one_line(name));
            format!("asks for {module}.{name}, which is never run here: only tensors, numbers, lists and dictionaries are read")
        })?;
        self.push(Node::Named(named));
        Ok(())
    }

    /// What is kept outside the pickle: storages, and nothing else.
    fn persistent(&mut self) -> Result<(), String> {
        let top = self.pop()?;
        let storage = self.items(top).and_then(|items| {
            let [mark, kind, key, _place, len] = items else { return None };
            match [mark, kind, key, len].map(|at| self.node(*at)) {
                [
                    Some(Node::Text(mark)),
                    Some(Node::Named(Named::Storage(element))),
                    Some(Node::Text(key)),
                    Some(Node::Int(len)),
                ] if mark == "storage" => Some(Storage { key: key.clone(), element: *element, len: usize::try_from(*len).ok()? }),
                _ => None,
            }
        });
        let storage = storage.ok_or_else(|| self.malformed("refers to what is no storage"))?;
        self.push(Node::Storage(storage));
        Ok(())
    }

    fn items(&self, at: At) -> Option<&[At]> {
        match self.node(at)? {
            Node::Items(items) => Some(items),
            _ => None,
        }
    }

    /// Lengths or steps.
    fn lengths(&self, at: At) -> Option<Vec<usize>> {
        let items = self.items(at)?;
        let length = |at: &At| match self.node(*at)? {
            Node::Int(length) => usize::try_from(*length).ok(),
            _ => None,
        };
        if items.len() <= MOST_AXES { items.iter().map(length).collect() } else { None }
    }

    /// What torch would call: here it only puts together what it is given.
    fn reduce(&mut self) -> Result<(), String> {
        let (arguments, callee) = (self.pop()?, self.pop()?);
        let arguments = self.items(arguments).unwrap_or_default().to_vec();
        let made = match self.node(callee) {
            Some(Node::Named(Named::Tensor)) => self.tensor(&arguments, None),
            Some(Node::Named(Named::TypedTensor)) => match arguments.get(6).and_then(|at| self.node(*at)) {
                Some(Node::Named(Named::Type(element))) => self.tensor(&arguments, Some(*element)),
                _ => None,
            },
            Some(Node::Named(Named::Parameter)) => match arguments.first().and_then(|at| self.node(*at)) {
                Some(tensor @ Node::Tensor(_)) => Some(tensor.clone()),
                _ => None,
            },
            Some(Node::Named(Named::Dictionary)) if arguments.is_empty() => Some(Node::Pairs(Vec::new())),
            Some(Node::Named(Named::Size)) => match arguments.as_slice() {
                [shape] => self.lengths(*shape).and_then(|_| self.node(*shape).cloned()),
                _ => None,
            },
            Some(Node::Named(Named::Device)) => Some(Node::None),
            Some(Node::Named(_)) | None => None,
            Some(_) => return Err(self.malformed("calls what is no name")),
        };
        let made = made.ok_or_else(|| self.malformed("puts together a tensor or dictionary from what makes none"))?;
        self.push(made);
        Ok(())
    }

    fn tensor(&self, arguments: &[At], element: Option<Element>) -> Option<Node> {
        let [storage, offset, shape, strides, ..] = arguments else { return None };
        let Some(Node::Storage(storage)) = self.node(*storage) else { return None };
        let Some(Node::Int(offset)) = self.node(*offset) else { return None };
        let (shape, strides) = (self.lengths(*shape)?, self.lengths(*strides)?);
        let tensor = Tensor {
            element: storage.element.or(element)?,
            storage: storage.clone(),
            offset: usize::try_from(*offset).ok()?,
            shape,
            strides,
        };
        (tensor.shape.len() == tensor.strides.len()).then_some(Node::Tensor(tensor))
    }

    /// What is set on a thing after it is made: of a dictionary that is notes for torch, of anything else it could be harm.
    fn build(&mut self) -> Result<(), String> {
        self.pop()?;
        match self.node(self.top()?) {
            Some(Node::Pairs(_)) => Ok(()),
            _ => Err(self.malformed("sets the state of what is no dictionary")),
        }
    }
}

/// Keys and values that come one after the other.
fn paired(items: &[At]) -> Result<Vec<(At, At)>, String> {
    let (pairs, rest) = items.as_chunks::<2>();
    if rest.is_empty() {
        Ok(pairs.iter().map(|[key, value]| (*key, *value)).collect())
    } else {
        Err("has a key without a value".into())
    }
}

#[cfg(test)]
mod tests {
    use super::Pickle;

    #[test]
    fn nothing_is_run() {
        let error = Pickle::read(b"\x80\x02cos\nsystem\nX\x04\0\0\0echo\x85R.").unwrap_err();
        assert!(error.starts_with("asks for os.system, which is never run here"), "{error}");
        let error = Pickle::read(b"\x80\x04\x8c\x08builtins\x8c\x04eval\x93.").unwrap_err();
        assert!(error.starts_with("asks for builtins.eval, which is never run here"), "{error}");
    }

    #[test]
    fn names_lead_to_numbers() {
        // {"a": [1, 2.5], 3: {"b": True}, "c": None}
        let bytes = b"\x80\x02}(X\x01\0\0\0a](K\x01G\x40\x04\0\0\0\0\0\0eK\x03}X\x01\0\0\0b\x88sX\x01\0\0\0cNu.";
        let pickle = Pickle::read(bytes).unwrap();
        let names: Vec<String> = pickle.leaves().unwrap().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["a.0", "a.1", "3.b"]);
    }

    #[test]
    fn lists_of_themselves_end() {
        // A list that holds itself, and one that holds the one before it twice, again and again.
        assert!(Pickle::read(b"\x80\x02]q\x00h\x00a.").unwrap().leaves().unwrap_err().contains("over and over"));
        let mut bytes = b"\x80\x02]q\x00".to_vec();
        for k in 0..60 {
            bytes.extend([b']', b'q', k + 1, b'(', b'h', k, b'h', k, b'e']);
        }
        bytes.push(b'.');
        assert!(Pickle::read(&bytes).unwrap().leaves().unwrap_err().contains("over and over"));
    }

    #[test]
    fn numbers_of_any_sign_and_length() {
        let leaf = |bytes: &[u8]| format!("{:?}", Pickle::read(bytes).unwrap().leaves().unwrap());
        assert_eq!(leaf(b"\x80\x02\x8a\x01\xff."), "[(\"\", Int(-1))]");
        assert_eq!(leaf(b"\x80\x02\x8a\x05\0\0\0\0\x01."), "[(\"\", Int(4294967296))]");
        assert_eq!(leaf(b"\x80\x02J\xfe\xff\xff\xff."), "[(\"\", Int(-2))]");
        assert!(Pickle::read(b"\x80\x02\x8a\x09\0\0\0\0\0\0\0\0\x01.").is_err());
    }
}
