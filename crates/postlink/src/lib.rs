//! The steps after the link.
//!
//! The proxy-wasm SDK has its own callbacks, and exports every callback of the
//! ABI. Postern has other callbacks, under other names, because two functions
//! with the same name do not link. [`finish`] replaces them. It rewrites the
//! export section: only the memory, the ABI's marker and Postern's callbacks
//! stay, and the callbacks get the names that the host calls. An optimiser then
//! removes the code that only the dropped exports used. Custom sections (names,
//! producers) are removed, too.
//!
//! It refuses a module that lacks a needed export, has a callback of the wrong
//! type, or imports a function that the host does not have. Otherwise a gateway
//! with that module would not start.
//!
//! After the optimiser, [`order`](fn@order) puts the functions that requests run
//! first, and adds hints for their branches.

mod instrument;
mod order;
mod profile;
pub mod table;

use std::fmt;
use std::ops::Range;

pub use order::{IsTaken, OrderError, order, reordered};
pub use profile::count;

use table::{ENV, MEMORY, NEEDED, PREFIX, Shape, WASI};
use wasm_encoder::{ExportKind, ExportSection, Module, RawSection};
use wasmparser::{
    BinaryReaderError, CompositeInnerType, ExternalKind, Parser, Payload, TypeRef, ValType,
};

/// The error of a module that is refused.
#[derive(Debug)]
pub enum FinishError {
    /// It is not a valid WebAssembly module.
    Malformed(BinaryReaderError),
    /// The errors of its exports and imports, one sentence each.
    Unfit(Vec<String>),
}

impl fmt::Display for FinishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(error) => write!(f, "not a valid module: {error}"),
            Self::Unfit(reasons) => write!(f, "{}", reasons.join("\n")),
        }
    }
}

impl std::error::Error for FinishError {}

impl From<BinaryReaderError> for FinishError {
    fn from(error: BinaryReaderError) -> Self {
        Self::Malformed(error)
    }
}

/// The types, imports and exports of a module.
#[derive(Default)]
struct Interface<'a> {
    /// By index; `None` for a type that is not a callback's.
    types: Vec<Option<Shape>>,
    /// The type of each function, imported functions first.
    functions: Vec<u32>,
    imports: Vec<(&'a str, &'a str)>,
    exports: Vec<(&'a str, ExternalKind, u32)>,
}

impl<'a> Interface<'a> {
    fn read(module: &'a [u8]) -> Result<Self, BinaryReaderError> {
        let mut interface = Self::default();
        for payload in Parser::new(0).parse_all(module) {
            interface.read_section(payload?)?;
        }
        Ok(interface)
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the other sections have no types, imports or exports"
    )]
    fn read_section(&mut self, payload: Payload<'a>) -> Result<(), BinaryReaderError> {
        match payload {
            Payload::TypeSection(groups) => {
                for group in groups {
                    for sub in group?.into_types() {
                        self.types.push(callback_shape(&sub.composite_type.inner));
                    }
                }
            }
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    let import = import?;
                    self.imports.push((import.module, import.name));
                    if let TypeRef::Func(index) = import.ty {
                        self.functions.push(index);
                    }
                }
            }
            Payload::FunctionSection(functions) => {
                for index in functions {
                    self.functions.push(index?);
                }
            }
            Payload::ExportSection(exports) => {
                for export in exports {
                    let export = export?;
                    self.exports.push((export.name, export.kind, export.index));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn exported(&self, name: &str) -> Option<(ExternalKind, u32)> {
        let found = self.exports.iter().find(|(export, ..)| *export == name);
        found.map(|(_, kind, index)| (*kind, *index))
    }

    fn shape(&self, function: u32) -> Option<Shape> {
        let at = |index: u32| usize::try_from(index).ok();
        let index = *self.functions.get(at(function)?)?;
        *self.types.get(at(index)?)?
    }
}

fn callback_shape(inner: &CompositeInnerType) -> Option<Shape> {
    let CompositeInnerType::Func(function) = inner else {
        return None;
    };
    let plain = |types: &[ValType]| types.iter().all(|each| *each == ValType::I32);
    (plain(function.params()) && plain(function.results())).then(|| Shape {
        params: function.params().len(),
        results: function.results().len(),
    })
}

/// Makes the finished module from a linked one.
///
/// # Errors
/// The module can't be read, or it does not fit the filter and the host. The
/// error then has every reason.
pub fn finish(module: &[u8]) -> Result<Vec<u8>, FinishError> {
    let interface = Interface::read(module)?;
    let mut reasons = unknown_imports(&interface);
    let exports = new_exports(&interface, &mut reasons);
    if !reasons.is_empty() {
        return Err(FinishError::Unfit(reasons));
    }
    Ok(rewritten(module, &exports)?)
}

fn unknown_imports(interface: &Interface<'_>) -> Vec<String> {
    let offered = |module: &str, name: &str| match module {
        "env" => ENV.contains(&name),
        "wasi_snapshot_preview1" => WASI.contains(&name),
        _ => false,
    };
    let unknown = interface
        .imports
        .iter()
        .filter(|(module, name)| !offered(module, name));
    unknown
        .map(|(module, name)| format!("imports {module}.{name}, which the host does not have"))
        .collect()
}

fn new_exports(interface: &Interface<'_>, reasons: &mut Vec<String>) -> ExportSection {
    let mut exports = ExportSection::new();
    match interface.exported(MEMORY) {
        Some((ExternalKind::Memory, index)) => {
            exports.export(MEMORY, ExportKind::Memory, index);
        }
        _ => reasons.push(format!("does not export {MEMORY}")),
    }
    for needed in NEEDED {
        let Some((ExternalKind::Func, index)) = interface.exported(needed.linked) else {
            reasons.push(format!("does not export the function {}", needed.linked));
            continue;
        };
        if interface.shape(index) == Some(needed.shape) {
            exports.export(needed.wire, ExportKind::Func, index);
        } else {
            let Shape { params, results } = needed.shape;
            reasons.push(format!(
                "exports {} with another type than {params} parameters and {results} results, all i32",
                needed.linked
            ));
        }
    }
    for (name, ..) in &interface.exports {
        if name.starts_with(PREFIX) && NEEDED.iter().all(|needed| needed.linked != *name) {
            reasons.push(format!(
                "exports {name}, which is not in the table of callbacks"
            ));
        }
    }
    exports
}

/// The module with another export section and without custom sections. Every
/// other section is unchanged.
fn rewritten(module: &[u8], exports: &ExportSection) -> Result<Vec<u8>, BinaryReaderError> {
    let mut out = Module::new();
    for payload in Parser::new(0).parse_all(module) {
        let Some((id, range)) = payload?.as_section() else {
            continue;
        };
        match id {
            CUSTOM => {}
            EXPORT => {
                out.section(exports);
            }
            _ => {
                out.section(&RawSection {
                    id,
                    data: slice(module, range),
                });
            }
        }
    }
    Ok(out.finish())
}

/// The bytes of a section, from the range that the parser returned.
fn slice(module: &[u8], range: Range<u64>) -> &[u8] {
    let bounds = (usize::try_from(range.start), usize::try_from(range.end));
    let (Ok(start), Ok(end)) = bounds else {
        return &[];
    };
    module.get(start..end).unwrap_or_default()
}

/// The ids of some sections.
const CUSTOM: u8 = 0;
const EXPORT: u8 = 7;
const CODE: u8 = 10;
