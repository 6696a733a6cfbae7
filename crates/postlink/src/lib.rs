//! The steps after the link.
//!
//! The proxy-wasm SDK brings callbacks of its own, and exports every one that
//! the ABI knows. Postern has its own instead, under other names, because two
//! functions of one name do not link. [`finish`] puts them in place: it
//! rewrites the export section alone, so that of all exports only the memory,
//! the ABI's marker and Postern's callbacks are left, these under the names that
//! the host looks for. What only the dropped exports kept alive is then dead, and
//! an optimiser removes it. Custom sections (names, producers) go too.
//!
//! It refuses a module that lacks something the filter needs, has a callback of
//! the wrong type, or imports what the host does not offer: all of that would
//! otherwise be found out by a gateway that doesn't start.
//!
//! When the optimiser is done, [`order`](fn@order) puts the functions first that
//! requests run, and tells the host how their branches mostly go.

mod order;
mod rehearsal;
pub mod table;
mod watched;

use std::fmt;
use std::ops::Range;

pub use order::{Disorder, Known, arranged, order};
pub use rehearsal::count;

use table::{ENV, MEMORY, NEEDED, OURS, Shape, WASI};
use wasm_encoder::{ExportKind, ExportSection, Module, RawSection};
use wasmparser::{
    BinaryReaderError, CompositeInnerType, ExternalKind, Parser, Payload, TypeRef, ValType,
};

/// Why a module was refused.
#[derive(Debug)]
pub enum Refusal {
    /// Not a WebAssembly module, or a broken one.
    Malformed(BinaryReaderError),
    /// What is wrong with its exports and imports, one sentence each.
    Unfit(Vec<String>),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(error) => write!(f, "not a module that can be read: {error}"),
            Self::Unfit(reasons) => write!(f, "{}", reasons.join("\n")),
        }
    }
}

impl std::error::Error for Refusal {}

impl From<BinaryReaderError> for Refusal {
    fn from(error: BinaryReaderError) -> Self {
        Self::Malformed(error)
    }
}

/// What the sections before the code tell about a module.
#[derive(Default)]
struct Surface<'a> {
    /// By index; `None` for a type that no callback has.
    types: Vec<Option<Shape>>,
    /// The type of each function, the imported ones first.
    functions: Vec<u32>,
    imports: Vec<(&'a str, &'a str)>,
    exports: Vec<(&'a str, ExternalKind, u32)>,
}

impl<'a> Surface<'a> {
    fn read(module: &'a [u8]) -> Result<Self, BinaryReaderError> {
        let mut surface = Self::default();
        for payload in Parser::new(0).parse_all(module) {
            surface.note(payload?)?;
        }
        Ok(surface)
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the other kinds of section say nothing about the surface"
    )]
    fn note(&mut self, payload: Payload<'a>) -> Result<(), BinaryReaderError> {
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

/// The finished form of a linked module.
///
/// # Errors
/// If it can't be read, or is not what the filter and the host need; then every
/// reason is named.
pub fn finish(module: &[u8]) -> Result<Vec<u8>, Refusal> {
    let surface = Surface::read(module)?;
    let mut reasons = unoffered(&surface);
    let exports = new_exports(&surface, &mut reasons);
    if !reasons.is_empty() {
        return Err(Refusal::Unfit(reasons));
    }
    Ok(rewritten(module, &exports)?)
}

fn unoffered(surface: &Surface<'_>) -> Vec<String> {
    let offered = |module: &str, name: &str| match module {
        "env" => ENV.contains(&name),
        "wasi_snapshot_preview1" => WASI.contains(&name),
        _ => false,
    };
    let strangers = surface
        .imports
        .iter()
        .filter(|(module, name)| !offered(module, name));
    strangers
        .map(|(module, name)| format!("imports {module}.{name}, which the host does not offer"))
        .collect()
}

fn new_exports(surface: &Surface<'_>, reasons: &mut Vec<String>) -> ExportSection {
    let mut exports = ExportSection::new();
    match surface.exported(MEMORY) {
        Some((ExternalKind::Memory, index)) => {
            exports.export(MEMORY, ExportKind::Memory, index);
        }
        _ => reasons.push(format!("does not export {MEMORY}")),
    }
    for needed in NEEDED {
        let Some((ExternalKind::Func, index)) = surface.exported(needed.linked) else {
            reasons.push(format!("does not export the function {}", needed.linked));
            continue;
        };
        if surface.shape(index) == Some(needed.shape) {
            exports.export(needed.wire, ExportKind::Func, index);
        } else {
            let Shape { params, results } = needed.shape;
            reasons.push(format!(
                "exports {} with another type than {params} parameters and {results} results, all i32",
                needed.linked
            ));
        }
    }
    for (name, ..) in &surface.exports {
        if name.starts_with(OURS) && NEEDED.iter().all(|needed| needed.linked != *name) {
            reasons.push(format!(
                "exports {name}, which the table of callbacks does not know"
            ));
        }
    }
    exports
}

/// The module with its export section replaced and its custom sections gone;
/// every other section byte for byte as it was.
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

/// The bytes of a section that the parser has just found there.
fn slice(module: &[u8], range: Range<u64>) -> &[u8] {
    let bounds = (usize::try_from(range.start), usize::try_from(range.end));
    let (Ok(start), Ok(end)) = bounds else {
        return &[];
    };
    module.get(start..end).unwrap_or_default()
}

/// The ids of some kinds of section.
const CUSTOM: u8 = 0;
const EXPORT: u8 = 7;
const CODE: u8 = 10;
