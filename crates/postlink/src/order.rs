//! Which functions stand first.
//!
//! V8 puts the code of functions side by side in the module's order, and a
//! request runs some fifty of a thousand. Where these stand apart, each is on
//! pages of its own, and the processor's table of addresses, which Envoy nearly
//! fills by itself, overflows: half a microsecond to one for every request. So
//! what a [rehearsal](crate::rehearsal) enters is put to the front.

use std::fmt;

use wasm_encoder::reencode::{self, Reencode, utils};
use wasm_encoder::{CodeSection, FunctionSection, ImportSection, Module};
use wasmparser::{
    CodeSectionReader, CustomSectionReader, FunctionSectionReader, ImportSectionReader, Parser,
};

use crate::rehearsal::rehearse;
use crate::watched::{imported_functions, watched};

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

/// The same module with the functions first that typical requests enter.
/// Custom sections go, as names would be of other functions then.
///
/// # Errors
/// See [`Disorder`]. That a typical request isn't decided as it should be is an
/// error too.
pub fn order(module: &[u8]) -> Result<Vec<u8>, Disorder> {
    let entered = rehearse(&watched(module)?).map_err(Disorder::Rehearsal)?;
    Ok(moved(module, &entered)?)
}

/// The same module with the functions of the indices `first` first, in that
/// order. What isn't a function of its own is left where it is.
///
/// # Errors
/// The module can't be read.
pub fn moved(module: &[u8], first: &[u32]) -> Result<Vec<u8>, reencode::Error> {
    let mut moving = Moving {
        first,
        ..Moving::default()
    };
    let mut out = Module::new();
    moving.parse_core_module(&mut out, Parser::new(0), module)?;
    Ok(out.finish())
}

/// Rewrites a module with its functions in another order.
#[derive(Default)]
struct Moving<'a> {
    first: &'a [u32],
    /// How many functions are imported: these stay.
    imported: u32,
    /// The module's own functions, as places among them, in the new order.
    order: Vec<usize>,
    /// The new index of each of them.
    indices: Vec<u32>,
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

    fn parse_custom_section(
        &mut self,
        _module: &mut Module,
        _section: CustomSectionReader<'_>,
    ) -> Result<(), reencode::Error> {
        Ok(())
    }
}
