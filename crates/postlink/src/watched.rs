//! A module that tells which of its functions are entered, and how its branches go.

use wasm_encoder::reencode::{self, Reencode, utils};
use wasm_encoder::{
    CodeSection, EntityType, ImportSection, Instruction, Module, TypeSection, ValType,
};
use wasmparser::{
    FunctionBody, ImportSectionReader, OperatorsReader, Parser, TypeRef, TypeSectionReader,
};

/// Where the function is imported from that is told.
const REHEARSAL: &str = "rehearsal";

/// The function that is told: the index of one that is entered, as the module
/// itself counts them.
pub(crate) const ENTERED: &str = "entered";

/// The function that is told: what a branch goes by, and where the branch stands
/// in the module. It gives back what the branch goes by.
pub(crate) const BRANCHED: &str = "branched";

/// The same module, which calls [`ENTERED`] whenever one of its functions begins
/// and [`BRANCHED`] before each branch with two ways.
pub(crate) fn watched(module: &[u8]) -> Result<Vec<u8>, reencode::Error> {
    let mut out = Module::new();
    Watching::default().parse_core_module(&mut out, Parser::new(0), module)?;
    Ok(out.finish())
}

/// How many functions a module imports.
pub(crate) fn imported_functions(section: ImportSectionReader<'_>) -> wasmparser::Result<u32> {
    let mut count = 0_u32;
    for import in section.into_imports() {
        if matches!(import?.ty, TypeRef::Func(_)) {
            count = count.saturating_add(1);
        }
    }
    Ok(count)
}

/// Whether it is a branch with two ways, which a hint can be given for.
pub(crate) fn has_two_ways(instruction: &Instruction<'_>) -> bool {
    matches!(instruction, Instruction::If(_) | Instruction::BrIf(_))
}

/// Rewrites a module; what it adds comes after what is imported, so all of its
/// own functions move up by two.
#[derive(Default)]
struct Watching {
    /// The type of [`ENTERED`]; that of [`BRANCHED`] is the next.
    told: u32,
    /// How many functions are imported, and so the index of [`ENTERED`]; that of
    /// [`BRANCHED`] is the next.
    imported: u32,
    /// The function whose body comes next, as the module counts them.
    next: u32,
}

impl Reencode for Watching {
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
        self.told = types.len();
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
        imports.import(REHEARSAL, ENTERED, EntityType::Function(self.told));
        let next = self.told.saturating_add(1);
        imports.import(REHEARSAL, BRANCHED, EntityType::Function(next));
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
        let mut reader = body.get_operators_reader()?;
        while !reader.eof() {
            let place = place(&reader);
            let instruction = self.parse_instruction(&mut reader)?;
            if has_two_ways(&instruction) {
                function.instruction(&constant(place));
                function.instruction(&Instruction::Call(self.imported.saturating_add(1)));
            }
            function.instruction(&instruction);
        }
        code.function(&function);
        Ok(())
    }
}

/// Where the next instruction stands in the module.
pub(crate) fn place(reader: &OperatorsReader<'_>) -> u32 {
    u32::try_from(reader.original_position()).unwrap_or(u32::MAX)
}

fn constant(word: u32) -> Instruction<'static> {
    Instruction::I32Const(i32::from_le_bytes(word.to_le_bytes()))
}
