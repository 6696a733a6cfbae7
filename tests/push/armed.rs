//! The module, changed so that a request with the field `x-trap` traps.
//!
//! No request is known that makes the module trap. So this adds a function to the finished module, which checks the field
//! and then calls the callback. The rest is the module that runs in production.

use std::fs;
use std::path::{Path, PathBuf};

use wasm_encoder::{Encode, Function, Module, RawSection, ValType};
use wasmparser::{ExternalKind, Parser, Payload, TypeRef};

use crate::envoy::variable;

const CALLBACK: &str = "proxy_on_request_headers";
const ASK: &str = "proxy_get_header_map_pairs";
const FIELD: &[u8; 6] = b"x-trap";

/// The ids of the sections that are changed or left out.
const FUNCTIONS: u8 = 3;
const EXPORTS: u8 = 7;
const CODE: u8 = 10;
const CUSTOM: u8 = 0;

/// Writes the changed module. Returns its path.
pub(crate) fn module() -> PathBuf {
    let plain = fs::read(variable("POSTERN_WASM")).expect("`make wasm` makes it");
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("armed.wasm");
    let new = file.with_extension(format!("{:?}", std::thread::current().id()));
    fs::write(&new, armed(&plain)).expect("the test's folder is writable");
    fs::rename(&new, &file).expect("the test's folder is writable");
    file
}

/// The indexes in the module that the change needs.
#[derive(Debug, Default)]
struct Indexes {
    imported: u32,
    functions: u32,
    ask: Option<u32>,
    callback: u32,
    callback_type: u32,
}

fn indexes(plain: &[u8]) -> Indexes {
    let mut indexes = Indexes::default();
    let mut types = Vec::new();
    #[expect(clippy::wildcard_enum_match_arm, reason = "no other section matters")]
    for payload in Parser::new(0).parse_all(plain) {
        match payload.expect("a module") {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    let import = import.expect("an import");
                    if let TypeRef::Func(_) = import.ty {
                        if import.name == ASK {
                            indexes.ask = Some(indexes.imported);
                        }
                        indexes.imported += 1;
                    }
                }
            }
            Payload::FunctionSection(functions) => {
                indexes.functions = indexes.imported + functions.count();
                types = functions
                    .into_iter()
                    .map(|index| index.expect("a type"))
                    .collect();
            }
            Payload::ExportSection(exports) => {
                for export in exports {
                    let export = export.expect("an export");
                    if export.kind == ExternalKind::Func && export.name == CALLBACK {
                        indexes.callback = export.index;
                    }
                }
            }
            _ => {}
        }
    }
    let own = usize::try_from(indexes.callback - indexes.imported).expect("an index");
    indexes.callback_type = types[own];
    indexes
}

fn armed(plain: &[u8]) -> Vec<u8> {
    let indexes = indexes(plain);
    let mut out = Module::new();
    for payload in Parser::new(0).parse_all(plain) {
        let Some((id, range)) = payload.expect("a module").as_section() else {
            continue;
        };
        let at = |offset: u64| usize::try_from(offset).expect("a small module");
        let data = &plain[at(range.start)..at(range.end)];
        let data = match id {
            CUSTOM => continue,
            FUNCTIONS => {
                let mut index = Vec::new();
                indexes.callback_type.encode(&mut index);
                with_one_more(data, &index)
            }
            CODE => {
                let mut body = Vec::new();
                wrapper(&indexes).encode(&mut body);
                with_one_more(data, &body)
            }
            EXPORTS => exporting(data, indexes.functions),
            _ => data.to_vec(),
        };
        out.section(&RawSection { id, data: &data });
    }
    out.finish()
}

/// A function that gets all fields, traps if their bytes contain the name, and calls the callback otherwise.
fn wrapper(indexes: &Indexes) -> Function {
    // The lowest bytes of the memory are the end of the stack, which no call reaches.
    const ANSWER: i32 = 128;
    // The locals 0 to 2 are the callback's parameters.
    const AT: u32 = 3;
    const END: u32 = 4;
    let memory = |offset: u64| wasm_encoder::MemArg {
        offset,
        align: 0,
        memory_index: 0,
    };
    let [a, b, c, d, e, f] = *FIELD;
    let (start, end) = ([a, b, c, d], [e, f, 0, 0]);
    let mut function = Function::new([(2, ValType::I32)]);
    let mut code = function.instructions();
    // The buffer stays allocated. It is a few hundred bytes for each request of a test.
    code.i32_const(0)
        .i32_const(ANSWER)
        .i32_const(ANSWER + 4)
        .call(indexes.ask.expect("the module imports it"))
        .drop();
    code.i32_const(ANSWER).i32_load(memory(0)).local_tee(AT);
    code.i32_const(ANSWER).i32_load(memory(4));
    code.i32_add().local_set(END);
    code.block(wasm_encoder::BlockType::Empty)
        .loop_(wasm_encoder::BlockType::Empty);
    code.local_get(AT)
        .i32_const(i32::try_from(FIELD.len()).expect("a short name"))
        .i32_add()
        .local_get(END)
        .i32_gt_u()
        .br_if(1);
    code.local_get(AT)
        .i32_load(memory(0))
        .i32_const(i32::from_le_bytes(start))
        .i32_eq();
    code.local_get(AT)
        .i32_load16_u(memory(4))
        .i32_const(i32::from_le_bytes(end))
        .i32_eq();
    code.i32_and()
        .if_(wasm_encoder::BlockType::Empty)
        .unreachable()
        .end();
    code.local_get(AT)
        .i32_const(1)
        .i32_add()
        .local_set(AT)
        .br(0)
        .end()
        .end();
    code.local_get(0)
        .local_get(1)
        .local_get(2)
        .call(indexes.callback)
        .end();
    function
}

/// Adds an item to a section that is a vector.
fn with_one_more(section: &[u8], item: &[u8]) -> Vec<u8> {
    let (count, rest) = number(section);
    let mut out = Vec::new();
    (count + 1).encode(&mut out);
    out.extend(rest);
    out.extend(item);
    out
}

/// The exports, with another function as the callback.
fn exporting(section: &[u8], function: u32) -> Vec<u8> {
    let name = section
        .windows(CALLBACK.len())
        .position(|window| window == CALLBACK.as_bytes())
        .expect("the callback is exported");
    // After the name come one byte for the kind and the index.
    let index = name + CALLBACK.len() + 1;
    let (_, rest) = number(&section[index..]);
    let mut out = section[..index].to_vec();
    function.encode(&mut out);
    out.extend(rest);
    out
}

/// The LEB128 number at the begin, and the bytes after it.
fn number(bytes: &[u8]) -> (u32, &[u8]) {
    let end = bytes
        .iter()
        .position(|byte| byte & 0x80 == 0)
        .expect("a number");
    let (own, rest) = bytes.split_at(end + 1);
    let value = own
        .iter()
        .rev()
        .fold(0, |value, byte| (value << 7) | u32::from(byte & 0x7f));
    (value, rest)
}
