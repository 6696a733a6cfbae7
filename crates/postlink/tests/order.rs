//! Reordered modules behave as before.
#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the other sections do not matter here"
)]

use postlink::{OrderError, order, reordered};
use wasmi::{Engine, Linker, Module, Store};
use wasmparser::{KnownCustom, Operator, Parser, Payload, Validator};

/// Calls, tables, exports, globals, segments and the start function refer to functions. `$imported` keeps its index.
const MODULE: &str = r#"(module
    (import "host" "report" (func $imported (param i32)))
    (table 2 funcref)
    (memory (export "memory") 1)
    (global $reference funcref (ref.func $two))
    (elem (i32.const 0) $one $three)
    (type $number (func (result i32)))
    (func $one (type $number) i32.const 1)
    (func $two (type $number) i32.const 2)
    (func $three (type $number) i32.const 3)
    (func $start i32.const 7 call $imported)
    (func (export "direct") (type $number)
        call $one i32.const 10 i32.mul call $two i32.add)
    (func (export "by table") (param i32) (result i32) local.get 0 call_indirect (type $number))
    (func (export "by reference") (result i32) ref.func $three ref.is_null)
    (export "two" (func $two))
    (start $start)
    (data (i32.const 0) "x"))"#;

/// The results of all functions of the module, and the numbers that it reported at its start.
fn answers(module: &[u8]) -> (Vec<i32>, Vec<i32>) {
    let engine = Engine::default();
    let module = Module::new(&engine, module).unwrap();
    let mut store = Store::new(&engine, Vec::<i32>::new());
    let mut linker = Linker::new(&engine);
    let report =
        |mut caller: wasmi::Caller<'_, Vec<i32>>, number: i32| caller.data_mut().push(number);
    linker.func_wrap("host", "report", report).unwrap();
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let instance = instance.start(&mut store).unwrap();
    let mut answers = Vec::new();
    for name in ["direct", "by reference", "two"] {
        let function = instance.get_typed_func::<(), i32>(&store, name).unwrap();
        answers.push(function.call(&mut store, ()).unwrap());
    }
    let function = instance
        .get_typed_func::<i32, i32>(&store, "by table")
        .unwrap();
    for index in 0..2 {
        answers.push(function.call(&mut store, index).unwrap());
    }
    (answers, store.data().clone())
}

/// The bodies of a module's functions, in order.
fn bodies(module: &[u8]) -> Vec<Vec<u8>> {
    let mut bodies = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::CodeSectionEntry(body) = payload.unwrap() {
            bodies.push(body.as_bytes().to_vec());
        }
    }
    bodies
}

fn moved(module: &[u8], first: &[u32]) -> Vec<u8> {
    reordered(module, first, &|_| None).unwrap()
}

#[test]
fn puts_functions_first_and_keeps_their_behaviour() {
    let module = wat::parse_str(MODULE).unwrap();
    let before = bodies(&module);
    // The indices are those of the module: 0 is imported, `$one` is 1.
    for (first, expected) in [
        (vec![], [0, 1, 2, 3, 4, 5, 6]),
        (vec![3, 1], [2, 0, 1, 3, 4, 5, 6]),
        (vec![7, 6, 5, 4, 3, 2, 1], [6, 5, 4, 3, 2, 1, 0]),
        // Unknown, imported and repeated indices are ignored.
        (vec![0, 99, 2, 2, u32::MAX], [1, 0, 2, 3, 4, 5, 6]),
    ] {
        let moved = moved(&module, &first);
        Validator::new().validate_all(&moved).unwrap();
        assert_eq!(
            answers(&moved),
            (vec![12, 0, 2, 1, 3], vec![7]),
            "{first:?}"
        );
        let after = bodies(&moved);
        // The bodies of functions without calls are unchanged.
        for (to, from) in expected.into_iter().enumerate() {
            if from < 3 {
                assert_eq!(after[to], before[from], "{first:?}");
            }
        }
    }
}

/// A function with a call that changes its length when the function is moved, so that the branches move.
const BRANCHES: &str = r#"(module
    (func $first)
    (func (export "branches") (param i32) (result i32)
        (call $first)
        (block (br_if 0 (local.get 0)) (return (i32.const 1)))
        (if (i32.eqz (local.get 0)) (then (return (i32.const 2))))
        (select (i32.const 3) (i32.const 4) (local.get 0))))"#;

/// The branches of a module: (function, offset in the module, offset in the function).
fn branches(module: &[u8]) -> Vec<(u32, u32, u32)> {
    let small = |offset: u64| u32::try_from(offset).unwrap();
    let mut branches = Vec::new();
    let payloads = Parser::new(0).parse_all(module);
    let bodies = payloads.filter_map(|payload| match payload.unwrap() {
        Payload::CodeSectionEntry(body) => Some(body),
        _ => None,
    });
    for (function, body) in (0..).zip(bodies) {
        let start = body.range().start;
        let mut reader = body.get_operators_reader().unwrap();
        while !reader.eof() {
            let position = reader.original_position();
            if let Operator::If { .. } | Operator::BrIf { .. } = reader.read().unwrap() {
                let offset = position.checked_sub(start).unwrap();
                branches.push((function, small(position), small(offset)));
            }
        }
    }
    branches
}

/// The hints before a module's code: (function, offset in the function, whether the branch is taken).
fn hints(module: &[u8]) -> Vec<(u32, u32, bool)> {
    let mut hints = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        match payload.unwrap() {
            Payload::CodeSectionStart { .. } => break,
            Payload::CustomSection(section) => {
                let KnownCustom::BranchHints(groups) = section.as_known() else {
                    continue;
                };
                for group in groups {
                    let group = group.unwrap();
                    let each = group.hints.into_iter().map(Result::unwrap);
                    hints.extend(each.map(|hint| (group.func, hint.func_offset, hint.taken)));
                }
            }
            _ => {}
        }
    }
    hints
}

#[test]
fn hints_have_the_new_offsets_of_their_branches() {
    let module = wat::parse_str(BRANCHES).unwrap();
    let [(1, by_block, _), (1, by_if, _)] = branches(&module)[..] else {
        panic!("{:?}", branches(&module));
    };
    assert_eq!(hints(&module), []);
    // Offsets that are not branches are ignored.
    let is_taken = |offset| (offset != by_if).then_some(offset == by_block);
    let moved = reordered(&module, &[1], &is_taken).unwrap();
    Validator::new().validate_all(&moved).unwrap();
    let [(0, _, by_block), (0, _, by_if)] = branches(&moved)[..] else {
        panic!("{:?}", branches(&moved));
    };
    assert_eq!(hints(&moved), [(0, by_block, true)]);
    let moved = reordered(&module, &[1], &|_| Some(false)).unwrap();
    assert_eq!(hints(&moved), [(0, by_block, false), (0, by_if, false)]);
}

#[test]
fn removes_the_names_of_functions() {
    let module = wat::parse_str(MODULE).unwrap();
    let is_custom = |payload: &Payload<'_>| matches!(payload, Payload::CustomSection(section) if section.name() == "name");
    let has_names = |module: &[u8]| {
        let mut payloads = Parser::new(0).parse_all(module);
        payloads.any(|payload| is_custom(&payload.unwrap()))
    };
    assert!(has_names(&module));
    assert!(!has_names(&moved(&module, &[2])));
}

#[test]
fn refuses_modules_that_are_not_filters() {
    let error = |text: &str| {
        let module = wat::parse_str(text).unwrap();
        let error = order(&module).unwrap_err();
        assert!(matches!(error, OrderError::Profile(_)));
        error.to_string()
    };
    assert_eq!(error(MODULE), "typical requests: no function _initialize");
    let filter = |configured: u32| {
        format!(
            r#"(module (import "env" "proxy_done" (func (result i32)))
            (memory (export "memory") 1)
            (func (export "_initialize"))
            (func (export "proxy_on_context_create") (param i32 i32))
            (func (export "proxy_on_configure") (param i32 i32) (result i32) i32.const {configured})
            (func (export "proxy_on_tick") (param i32)))"#
        )
    };
    assert_eq!(
        error(&filter(0)),
        "typical requests: the policy is refused:\n"
    );
    assert_eq!(
        error(&filter(1)),
        "typical requests: the module fetches no document:\n"
    );
    assert!(order(b"not a module").is_err());
}

#[test]
fn refuses_a_filter_with_wrong_decisions() {
    let module = wat::parse_str(
        r#"(module (import "env" "proxy_http_call" (func $call (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (func (export "_initialize"))
        (func (export "proxy_on_context_create") (param i32 i32))
        (func (export "proxy_on_configure") (param i32 i32) (result i32) i32.const 1)
        (func (export "proxy_on_tick") (param i32)
            i32.const 0 i32.const 0 i32.const 0 i32.const 0 i32.const 0
            i32.const 0 i32.const 0 i32.const 0 i32.const 0 i32.const 8 call $call drop)
        (func (export "proxy_on_http_call_response") (param i32 i32 i32 i32 i32))
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) i32.const 0)
        (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32) i32.const 0)
        (func (export "proxy_on_delete") (param i32)))"#,
    )
    .unwrap();
    let error = order(&module).unwrap_err().to_string();
    assert_eq!(
        error,
        "typical requests: many.test/svc07/items/1?page=2 is Forwarded(0), not Forwarded(3); its log:\n"
    );
}
