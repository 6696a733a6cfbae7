//! Small modules through `postlink::finish`.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a test may panic"
)]

use postlink::table::NEEDED;
use postlink::{FinishError, finish};
use wasmparser::{Parser, Payload, Validator};

/// A module as the linker makes it: the needed functions between `head` and
/// `tail`. `change` can leave functions out or replace them.
fn linked(head: &str, tail: &str, change: impl Fn(&str) -> Option<String>) -> Vec<u8> {
    let functions: String = NEEDED
        .iter()
        .map(|needed| {
            let params = "i32 ".repeat(needed.shape.params);
            let results = ["", "(result i32)"][needed.shape.results];
            let body = ["", "i32.const 1"][needed.shape.results];
            let plain = format!(
                r#"(func (export "{}") (param {params}) {results} {body})"#,
                needed.linked
            );
            change(needed.linked).unwrap_or(plain)
        })
        .collect();
    wat::parse_str(format!("(module {head} {functions} {tail})")).unwrap()
}

const MEMORY: &str = r#"(memory (export "memory") 1)"#;

fn whole(tail: &str) -> Vec<u8> {
    linked("", &format!("{MEMORY} {tail}"), |_| None)
}

fn exports(module: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::ExportSection(section) = payload.unwrap() {
            names.extend(
                section
                    .into_iter()
                    .map(|export| export.unwrap().name.to_owned()),
            );
        }
    }
    names
}

fn reasons(module: &[u8]) -> Vec<String> {
    match finish(module) {
        Err(FinishError::Unfit(reasons)) => reasons,
        other => panic!("expected reasons, got {other:?}"),
    }
}

#[test]
fn gives_callbacks_their_final_names_and_drops_other_exports() {
    let module = whole(
        r#"(func (export "proxy_on_log") (param i32)) (global (export "__heap_base") i32 (i32.const 0))"#,
    );
    let finished = finish(&module).unwrap();
    Validator::new().validate_all(&finished).unwrap();
    let mut expected = vec!["memory".to_owned()];
    expected.extend(NEEDED.iter().map(|needed| needed.wire.to_owned()));
    assert_eq!(exports(&finished), expected);
}

#[test]
fn replaces_the_sdks_callbacks() {
    let module = whole(r#"(func (export "proxy_on_tick") (param i32) unreachable)"#);
    let finished = finish(&module).unwrap();
    let ticks = exports(&finished)
        .iter()
        .filter(|name| *name == "proxy_on_tick")
        .count();
    assert_eq!(ticks, 1);
}

#[test]
fn keeps_other_sections_and_removes_custom_ones() {
    let module = whole(r#"(data (i32.const 8) "kept") (func $named) (@custom "producers" "x")"#);
    let finished = finish(&module).unwrap();
    let sections = |module: &[u8]| -> Vec<(u8, Vec<u8>)> {
        let found = Parser::new(0).parse_all(module).filter_map(|payload| {
            let (id, range) = payload.unwrap().as_section()?;
            Some((
                id,
                module[range.start as usize..range.end as usize].to_vec(),
            ))
        });
        found.collect()
    };
    const EXPORTS: u8 = 7;
    let before: Vec<_> = sections(&module)
        .into_iter()
        .filter(|(id, _)| ![0, EXPORTS].contains(id))
        .collect();
    let after: Vec<_> = sections(&finished)
        .into_iter()
        .filter(|(id, _)| *id != EXPORTS)
        .collect();
    assert_eq!(after, before);
    assert!(sections(&module).iter().any(|(id, _)| *id == 0));
}

#[test]
fn accepts_imports_that_the_host_has() {
    let head = r#"(import "env" "proxy_log" (func (param i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "random_get" (func (param i32 i32) (result i32)))"#;
    finish(&linked(head, MEMORY, |_| None)).unwrap();
}

#[test]
fn reports_each_import_that_the_host_does_not_have() {
    let head = r#"(import "env" "proxy_logg" (func)) (import "wasi_snapshot_preview1" "fd_read" (func))
        (import "wasi" "random_get" (func))"#;
    let reasons = reasons(&linked(head, MEMORY, |_| None));
    assert_eq!(reasons.len(), 3, "{reasons:?}");
    for name in [
        "env.proxy_logg",
        "wasi_snapshot_preview1.fd_read",
        "wasi.random_get",
    ] {
        assert!(
            reasons.iter().any(|reason| reason.contains(name)),
            "{reasons:?}"
        );
    }
}

#[test]
fn reports_each_missing_export() {
    for needed in NEEDED {
        let without = linked("", MEMORY, |name| (name == needed.linked).then(String::new));
        let reasons = reasons(&without);
        assert_eq!(reasons.len(), 1, "{reasons:?}");
        assert!(reasons[0].contains(needed.linked), "{reasons:?}");
    }
    assert_eq!(
        reasons(&linked("", "", |_| None)),
        ["does not export memory"]
    );
    assert_eq!(
        reasons(&wat::parse_str("(module)").unwrap()).len(),
        NEEDED.len() + 1
    );
}

#[test]
fn reports_a_callback_with_a_wrong_type() {
    for other in [
        r#"(func (export "postern_on_configure") (param i32))"#,
        r#"(func (export "postern_on_configure") (param i64) (result i32) i32.const 1)"#,
        r#"(global (export "postern_on_configure") i32 (i32.const 1))"#,
    ] {
        let module = linked("", MEMORY, |name| {
            (name == "postern_on_configure").then(|| other.to_owned())
        });
        let reasons = reasons(&module);
        assert!(
            reasons.len() == 1 && reasons[0].contains("postern_on_configure"),
            "{reasons:?}"
        );
    }
}

#[test]
fn reports_a_callback_that_is_not_in_the_table() {
    let reasons = reasons(&whole(r#"(func (export "postern_on_log") (param i32))"#));
    assert!(
        reasons.len() == 1 && reasons[0].contains("postern_on_log"),
        "{reasons:?}"
    );
}

#[test]
fn refuses_invalid_modules() {
    for bytes in [&b""[..], b"\0asm", b"\0asm\x01\0\0\0\x01\xff", b"hello"] {
        assert!(
            matches!(finish(bytes), Err(FinishError::Malformed(_))),
            "{bytes:?}"
        );
    }
    let module = whole("");
    for end in 8..module.len() {
        // A truncated module is refused, without a panic.
        assert!(finish(&module[..end]).is_err(), "{end}");
    }
}
