//! Functions in another order, which do what they did.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use postlink::{Disorder, moved, order};
use wasmi::{Engine, Linker, Module, Store};
use wasmparser::{Parser, Payload, Validator};

/// Functions are named in calls, tables, exports, globals, segments and the start; `$imported` stays where it is.
const MODULE: &str = r#"(module
    (import "host" "told" (func $imported (param i32)))
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

/// All that the module can be asked, and what it told at its start.
fn answers(module: &[u8]) -> (Vec<i32>, Vec<i32>) {
    let engine = Engine::default();
    let module = Module::new(&engine, module).unwrap();
    let mut store = Store::new(&engine, Vec::<i32>::new());
    let mut linker = Linker::new(&engine);
    let told =
        |mut caller: wasmi::Caller<'_, Vec<i32>>, number: i32| caller.data_mut().push(number);
    linker.func_wrap("host", "told", told).unwrap();
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
    for place in 0..2 {
        answers.push(function.call(&mut store, place).unwrap());
    }
    (answers, store.data().clone())
}

/// The bodies of a module's functions, in its order.
fn bodies(module: &[u8]) -> Vec<Vec<u8>> {
    let mut bodies = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::CodeSectionEntry(body) = payload.unwrap() {
            bodies.push(body.as_bytes().to_vec());
        }
    }
    bodies
}

#[test]
fn what_is_named_comes_first_and_all_does_what_it_did() {
    let module = wat::parse_str(MODULE).unwrap();
    let before = bodies(&module);
    // By the module's own numbers: 0 is imported, `$one` is 1.
    for (first, expected) in [
        (vec![], [0, 1, 2, 3, 4, 5, 6]),
        (vec![3, 1], [2, 0, 1, 3, 4, 5, 6]),
        (vec![7, 6, 5, 4, 3, 2, 1], [6, 5, 4, 3, 2, 1, 0]),
        // What isn't there, is imported, or was named already counts for nothing.
        (vec![0, 99, 2, 2, u32::MAX], [1, 0, 2, 3, 4, 5, 6]),
    ] {
        let moved = moved(&module, &first).unwrap();
        Validator::new().validate_all(&moved).unwrap();
        assert_eq!(
            answers(&moved),
            (vec![12, 0, 2, 1, 3], vec![7]),
            "{first:?}"
        );
        let after = bodies(&moved);
        // Those that call no other are byte for byte as they were.
        for (place, from) in expected.into_iter().enumerate() {
            if from < 3 {
                assert_eq!(after[place], before[from], "{first:?}");
            }
        }
    }
}

#[test]
fn names_of_other_functions_are_not_kept() {
    let module = wat::parse_str(MODULE).unwrap();
    let is_custom = |payload: &Payload<'_>| matches!(payload, Payload::CustomSection(section) if section.name() == "name");
    let has_names = |module: &[u8]| {
        let mut payloads = Parser::new(0).parse_all(module);
        payloads.any(|payload| is_custom(&payload.unwrap()))
    };
    assert!(has_names(&module));
    assert!(!has_names(&moved(&module, &[2]).unwrap()));
}

#[test]
fn what_is_no_filter_is_refused() {
    let told = |text: &str| {
        let module = wat::parse_str(text).unwrap();
        let disorder = order(&module).unwrap_err();
        assert!(matches!(disorder, Disorder::Rehearsal(_)));
        disorder.to_string()
    };
    assert_eq!(told(MODULE), "in the rehearsal: no function _initialize");
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
        told(&filter(0)),
        "in the rehearsal: the policy was refused:\n"
    );
    assert_eq!(
        told(&filter(1)),
        "in the rehearsal: no document was asked for:\n"
    );
    assert!(order(b"nothing of the kind").is_err());
}

#[test]
fn a_filter_that_decides_otherwise_is_refused() {
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
    let told = order(&module).unwrap_err().to_string();
    assert_eq!(
        told,
        "in the rehearsal: many.test/svc07/items/1?page=2 was Passed(0) and not Passed(3); it said:\n"
    );
}
