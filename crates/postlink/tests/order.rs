//! Functions in another order, which do what they did.
#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the other sections say nothing of it"
)]

use postlink::{Disorder, arranged, order};
use wasmi::{Engine, Linker, Module, Store};
use wasmparser::{KnownCustom, Operator, Parser, Payload, Validator};

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

fn moved(module: &[u8], first: &[u32]) -> Vec<u8> {
    arranged(module, first, &|_| None).unwrap()
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
        let moved = moved(&module, &first);
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

/// A function that is moved, so that its call of another gets longer and its branches move.
const BRANCHES: &str = r#"(module
    (func $first)
    (func (export "branches") (param i32) (result i32)
        (call $first)
        (block (br_if 0 (local.get 0)) (return (i32.const 1)))
        (if (i32.eqz (local.get 0)) (then (return (i32.const 2))))
        (select (i32.const 3) (i32.const 4) (local.get 0))))"#;

/// The branches of a module: (function, place in the module, bytes from its function's start).
fn branches(module: &[u8]) -> Vec<(u32, u32, u32)> {
    let small = |place: u64| u32::try_from(place).unwrap();
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
            let place = reader.original_position();
            if let Operator::If { .. } | Operator::BrIf { .. } = reader.read().unwrap() {
                let offset = place.checked_sub(start).unwrap();
                branches.push((function, small(place), small(offset)));
            }
        }
    }
    branches
}

/// The hints before a module's code: (function, bytes from its start, whether the branch is taken).
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
fn hints_are_given_for_branches_where_they_stand_then() {
    let module = wat::parse_str(BRANCHES).unwrap();
    let [(1, by_block, _), (1, by_if, _)] = branches(&module)[..] else {
        panic!("{:?}", branches(&module));
    };
    assert_eq!(hints(&module), []);
    // Every place that isn't a branch is told of too, and counts for nothing.
    let known = |place| (place != by_if).then_some(place == by_block);
    let moved = arranged(&module, &[1], &known).unwrap();
    Validator::new().validate_all(&moved).unwrap();
    let [(0, _, by_block), (0, _, by_if)] = branches(&moved)[..] else {
        panic!("{:?}", branches(&moved));
    };
    assert_eq!(hints(&moved), [(0, by_block, true)]);
    let moved = arranged(&module, &[1], &|_| Some(false)).unwrap();
    assert_eq!(hints(&moved), [(0, by_block, false), (0, by_if, false)]);
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
    assert!(!has_names(&moved(&module, &[2])));
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
