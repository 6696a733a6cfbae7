//! Which functions stand first, and which way a branch mostly goes.
//!
//! V8 puts the code of functions side by side in the module's order, and a
//! request runs some fifty of a thousand. Where these stand apart, each is on
//! pages of its own, and the processor's table of addresses, which Envoy nearly
//! fills by itself, overflows: half a microsecond to one for every request. So
//! what a [rehearsal](crate::rehearsal) enters is put to the front.
//!
//! Within a function V8 puts what a branch hint tells to be rare behind all else
//! (V8 does since 13.7; Envoy 1.40 has 14.6). So what a request runs of a function stands
//! together: J1 runs a fifth less lines of code and two fifths less jumps by it.
//! A host that knows no hints passes over them: they are a custom section.

use std::fmt;

use wasm_encoder::reencode::{self, Reencode, utils};
use wasm_encoder::{
    BranchHint, BranchHints, CodeSection, FunctionSection, ImportSection, Module, RawSection,
};
use wasmparser::{
    CodeSectionReader, CustomSectionReader, FunctionBody, FunctionSectionReader,
    ImportSectionReader, Parser,
};

use crate::rehearsal::rehearse;
use crate::watched::{has_two_ways, imported_functions, place, watched};
use crate::{CODE, slice};

/// Why a module could not be put in order.
#[derive(Debug)]
pub enum Disorder {
    /// It could not be read or written.
    Encoding(reencode::Error),
    /// The rehearsal went wrong.
    Rehearsal(String),
}

impl fmt::Display for Disorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encoding(error) => write!(f, "not a module that can be rewritten: {error}"),
            Self::Rehearsal(reason) => write!(f, "in the rehearsal: {reason}"),
        }
    }
}

impl std::error::Error for Disorder {}

impl From<reencode::Error> for Disorder {
    fn from(error: reencode::Error) -> Self {
        Self::Encoding(error)
    }
}

/// The same module with the functions first that typical requests enter, and
/// hints for the branches that all usual ones take one way. Other custom sections
/// go, as names would be of other functions then.
///
/// # Errors
/// See [`Disorder`]. That a typical request isn't decided as it should be is an
/// error too.
pub fn order(module: &[u8]) -> Result<Vec<u8>, Disorder> {
    let seen = rehearse(&watched(module)?).map_err(Disorder::Rehearsal)?;
    Ok(arranged(module, &seen.functions(), &|place| {
        seen.is_taken(place)
    })?)
}

/// Whether the branch at a place of a module (bytes from its start) is usually taken, where that is known.
pub type Known<'a> = &'a dyn Fn(u32) -> Option<bool>;

/// The same module with the functions of the indices `first` first, in that
/// order, and hints for the branches that are `known`. What isn't a function of
/// its own is left where it is.
///
/// # Errors
/// The module can't be read.
pub fn arranged(
    module: &[u8],
    first: &[u32],
    known: Known<'_>,
) -> Result<Vec<u8>, reencode::Error> {
    let mut moving = Moving {
        first,
        known,
        imported: 0,
        order: Vec::new(),
        indices: Vec::new(),
        hints: BranchHints::new(),
    };
    let mut out = Module::new();
    moving.parse_core_module(&mut out, Parser::new(0), module)?;
    Ok(hinted(&out.finish(), &moving.hints)?)
}

/// The same module with hints before its code, where they have to stand.
fn hinted(module: &[u8], hints: &BranchHints) -> wasmparser::Result<Vec<u8>> {
    let mut out = Module::new();
    for payload in Parser::new(0).parse_all(module) {
        let Some((id, range)) = payload?.as_section() else {
            continue;
        };
        if id == CODE {
            out.section(hints);
        }
        out.section(&RawSection {
            id,
            data: slice(module, range),
        });
    }
    Ok(out.finish())
}

/// A hint for the branch that stands so many bytes behind the start of its function.
fn hint(offset: usize, is_taken: bool) -> BranchHint {
    BranchHint {
        branch_func_offset: u32::try_from(offset).unwrap_or(u32::MAX),
        branch_hint_value: u32::from(is_taken),
    }
}

/// Rewrites a module with its functions in another order, and notes hints.
struct Moving<'a> {
    first: &'a [u32],
    known: Known<'a>,
    /// How many functions are imported: these stay.
    imported: u32,
    /// The module's own functions, as places among them, in the new order.
    order: Vec<usize>,
    /// The new index of each of them.
    indices: Vec<u32>,
    hints: BranchHints,
}

impl Moving<'_> {
    /// Draws up the new order of so many functions.
    fn arrange(&mut self, count: usize) {
        let own = |index: u32| usize::try_from(index.checked_sub(self.imported)?).ok();
        let mut is_placed = vec![false; count];
        let wanted = self.first.iter().filter_map(|index| own(*index));
        let mut order = Vec::with_capacity(count);
        for place in wanted.chain(0..count) {
            if let Some(is_placed @ false) = is_placed.get_mut(place) {
                *is_placed = true;
                order.push(place);
            }
        }
        self.indices = vec![0; count];
        for (index, place) in (self.imported..).zip(&order) {
            if let Some(known) = self.indices.get_mut(*place) {
                *known = index;
            }
        }
        self.order = order;
    }

    /// These, one for each function, in the new order.
    fn ordered<T: Clone>(&self, each: &[T]) -> Vec<T> {
        let each = self.order.iter().filter_map(|place| each.get(*place));
        each.cloned().collect()
    }
}

impl Reencode for Moving<'_> {
    type Error = std::convert::Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, reencode::Error> {
        let own = function.checked_sub(self.imported);
        let place = own.and_then(|own| usize::try_from(own).ok());
        let index = place.and_then(|place| self.indices.get(place));
        Ok(index.copied().unwrap_or(function))
    }

    fn parse_import_section(
        &mut self,
        imports: &mut ImportSection,
        section: ImportSectionReader<'_>,
    ) -> Result<(), reencode::Error> {
        self.imported = imported_functions(section.clone())?;
        utils::parse_import_section(self, imports, section)
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Result<(), reencode::Error> {
        let types = section.into_iter().collect::<Result<Vec<_>, _>>()?;
        self.arrange(types.len());
        for index in self.ordered(&types) {
            functions.function(self.type_index(index)?);
        }
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: CodeSectionReader<'_>,
    ) -> Result<(), reencode::Error> {
        let bodies = section.into_iter().collect::<Result<Vec<_>, _>>()?;
        for body in self.ordered(&bodies) {
            self.parse_function_body(code, body)?;
        }
        Ok(())
    }

    fn parse_function_body(
        &mut self,
        code: &mut CodeSection,
        body: FunctionBody<'_>,
    ) -> Result<(), reencode::Error> {
        let index = self.imported.saturating_add(code.len());
        let mut function = self.new_function_with_parsed_locals(&body)?;
        let mut hints = Vec::new();
        let mut reader = body.get_operators_reader()?;
        while !reader.eof() {
            let known = (self.known)(place(&reader));
            let instruction = self.parse_instruction(&mut reader)?;
            if let Some(is_taken) = known.filter(|_| has_two_ways(&instruction)) {
                hints.push(hint(function.byte_len(), is_taken));
            }
            function.instruction(&instruction);
        }
        if !hints.is_empty() {
            self.hints.function_hints(index, hints);
        }
        code.function(&function);
        Ok(())
    }

    fn parse_custom_section(
        &mut self,
        _module: &mut Module,
        _section: CustomSectionReader<'_>,
    ) -> Result<(), reencode::Error> {
        Ok(())
    }
}
