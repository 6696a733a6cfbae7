//! Instruments a module: it reports each function that it enters and the direction of each branch.

use wasm_encoder::reencode::{self, Reencode, utils};
use wasm_encoder::{
    CodeSection, EntityType, Function, ImportSection, Instruction, Module, TypeSection, ValType,
};
use wasmparser::{
    FunctionBody, ImportSectionReader, OperatorsReader, Parser, TypeRef, TypeSectionReader,
};

/// The module name of the two imported functions.
const PROFILE: &str = "profile";

/// The imported function that gets the index of each function that is entered. The
/// index is that of the original module.
pub(crate) const ENTERED: &str = "entered";

/// The imported function that gets the condition of each branch and the branch's
/// offset in the original module. It returns the condition.
pub(crate) const BRANCHED: &str = "branched";

/// The same module with a call of [`ENTERED`] at the start of each function, and a
/// call of [`BRANCHED`] before each branch with two directions.
pub(crate) fn instrumented(module: &[u8]) -> Result<Vec<u8>, reencode::Error> {
    let mut out = Module::new();
    Instrument::default().parse_core_module(&mut out, Parser::new(0), module)?;
    Ok(out.finish())
}

/// The number of functions that a module imports.
pub(crate) fn imported_functions(section: ImportSectionReader<'_>) -> wasmparser::Result<u32> {
    let mut count = 0_u32;
    for import in section.into_imports() {
        if matches!(import?.ty, TypeRef::Func(_)) {
            count = count.saturating_add(1);
        }
    }
    Ok(count)
}

/// Whether it is a branch with two directions, which can have a hint.
fn has_two_ways(instruction: &Instruction<'_>) -> bool {
    matches!(instruction, Instruction::If(_) | Instruction::BrIf(_))
}

/// Rewrites a module. The two new imports come after the others, so the indices of
/// the module's own functions grow by two.
#[derive(Default)]
struct Instrument {
    /// The type of [`ENTERED`]. The type of [`BRANCHED`] is the next one.
    entered_type: u32,
    /// The number of imported functions, which is the index of [`ENTERED`]. The
    /// index of [`BRANCHED`] is the next one.
    imported: u32,
    /// The index of the function whose body comes next, in the original module.
    next: u32,
}

impl Reencode for Instrument {
    type Error = std::convert::Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, reencode::Error> {
        let is_own = function >= self.imported;
        Ok(function.saturating_add(if is_own { 2 } else { 0 }))
    }

    fn parse_type_section(
        &mut self,
        types: &mut TypeSection,
        section: TypeSectionReader<'_>,
    ) -> Result<(), reencode::Error> {
        utils::parse_type_section(self, types, section)?;
        self.entered_type = types.len();
        types.ty().function([ValType::I32], []);
        types
            .ty()
            .function([ValType::I32, ValType::I32], [ValType::I32]);
        Ok(())
    }

    fn parse_import_section(
        &mut self,
        imports: &mut ImportSection,
        section: ImportSectionReader<'_>,
    ) -> Result<(), reencode::Error> {
        self.imported = imported_functions(section.clone())?;
        self.next = self.imported;
        utils::parse_import_section(self, imports, section)?;
        imports.import(PROFILE, ENTERED, EntityType::Function(self.entered_type));
        let next = self.entered_type.saturating_add(1);
        imports.import(PROFILE, BRANCHED, EntityType::Function(next));
        Ok(())
    }

    fn parse_function_body(
        &mut self,
        code: &mut CodeSection,
        body: FunctionBody<'_>,
    ) -> Result<(), reencode::Error> {
        let mut function = self.new_function_with_parsed_locals(&body)?;
        function.instruction(&constant(self.next));
        function.instruction(&Instruction::Call(self.imported));
        self.next = self.next.saturating_add(1);
        let branched = self.imported.saturating_add(1);
        copy_instructions(self, &body, &mut function, |function, offset| {
            function.instruction(&constant(offset));
            function.instruction(&Instruction::Call(branched));
        })?;
        code.function(&function);
        Ok(())
    }
}

/// Copies the instructions of a body. Calls `before_branch` before each branch with two directions, with the branch's
/// offset in the original module.
pub(crate) fn copy_instructions<R: Reencode>(
    reencode: &mut R,
    body: &FunctionBody<'_>,
    function: &mut Function,
    mut before_branch: impl FnMut(&mut Function, u32),
) -> Result<(), reencode::Error<R::Error>> {
    let mut reader = body.get_operators_reader()?;
    while !reader.eof() {
        let offset = offset(&reader);
        let instruction = reencode.parse_instruction(&mut reader)?;
        if has_two_ways(&instruction) {
            before_branch(function, offset);
        }
        function.instruction(&instruction);
    }
    Ok(())
}

/// The offset of the next instruction in the module.
fn offset(reader: &OperatorsReader<'_>) -> u32 {
    u32::try_from(reader.original_position()).unwrap_or(u32::MAX)
}

fn constant(word: u32) -> Instruction<'static> {
    Instruction::I32Const(i32::from_le_bytes(word.to_le_bytes()))
}
