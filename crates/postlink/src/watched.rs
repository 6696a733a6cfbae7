//! A module that tells which of its functions are entered.

use wasm_encoder::reencode::{self, Reencode, utils};
use wasm_encoder::{
    CodeSection, EntityType, ImportSection, Instruction, Module, TypeSection, ValType,
};
use wasmparser::{FunctionBody, ImportSectionReader, Parser, TypeRef, TypeSectionReader};

/// Where the function is imported from that is told.
const REHEARSAL: &str = "rehearsal";

/// The function that is told: the index of one that is entered, as the module
/// itself counts them.
pub(crate) const ENTERED: &str = "entered";

/// The same module, which calls [`ENTERED`] whenever one of its functions begins.
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

/// Rewrites a module; what it adds comes after what is imported, so all of its
/// own functions move up by one.
#[derive(Default)]
struct Watching {
    /// The type of what is told.
    told: u32,
    /// How many functions are imported, and so the index of what is told.
    imported: u32,
    /// The function whose body comes next, as the module counts them.
    next: u32,
}

impl Reencode for Watching {
    type Error = std::convert::Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, reencode::Error> {
        let is_own = function >= self.imported;
        Ok(function.saturating_add(u32::from(is_own)))
    }

    fn parse_type_section(
        &mut self,
        types: &mut TypeSection,
        section: TypeSectionReader<'_>,
    ) -> Result<(), reencode::Error> {
        utils::parse_type_section(self, types, section)?;
        self.told = types.len();
        types.ty().function([ValType::I32], []);
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
        Ok(())
    }

    fn parse_function_body(
        &mut self,
        code: &mut CodeSection,
        body: FunctionBody<'_>,
    ) -> Result<(), reencode::Error> {
        let mut function = self.new_function_with_parsed_locals(&body)?;
        let number = i32::from_le_bytes(self.next.to_le_bytes());
        function.instruction(&Instruction::I32Const(number));
        function.instruction(&Instruction::Call(self.imported));
        self.next = self.next.saturating_add(1);
        let mut reader = body.get_operators_reader()?;
        while !reader.eof() {
            function.instruction(&self.parse_instruction(&mut reader)?);
        }
        code.function(&function);
        Ok(())
    }
}
