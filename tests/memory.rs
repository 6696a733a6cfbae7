//! The peak memory of compiling a large policy. The memory of a VM never shrinks, so the VM keeps the peak.
#![expect(
    unsafe_code,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test, with an allocator that counts"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::borrow::Cow;
use std::cell::Cell;

use postern::config::{Chunks, ConfigErrors};
use postern::internals::source::{Document, Format, JsonPath, TextSet, weight};
use postern::policy::Policy;
use serde_json::{Value, json};

thread_local! {
    /// The bytes that this thread has allocated now, and the maximum so far.
    static HELD: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
}

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn grow(size: usize) {
    let _ = HELD.try_with(|held| {
        let now = held.get().0.wrapping_add(size);
        held.set((now, held.get().1.max(now)));
    });
}

fn shrink(size: usize) {
    let _ = HELD.try_with(|held| held.set((held.get().0.wrapping_sub(size), held.get().1)));
}

// SAFETY: all calls go to the system's allocator; the counters are plain cells.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grow(layout.size());
        // SAFETY: the caller keeps the contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        shrink(layout.size());
        // SAFETY: the caller keeps the contract.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // A reallocation that moves has both blocks for a moment.
        grow(size);
        shrink(layout.size());
        // SAFETY: the caller keeps the contract.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// A text in the memory of the host.
struct Kept(String);

impl Chunks for Kept {
    fn length(&self) -> usize {
        self.0.len()
    }

    fn chunk(&self, start: usize, most: usize) -> Result<Cow<'_, [u8]>, ConfigErrors> {
        let piece = self.0.as_bytes().chunk(start, most)?.into_owned();
        Ok(Cow::Owned(piece))
    }
}

const ROUTES: usize = 10_000;

/// The number of routes.
fn policy(share: usize, more: &Value) -> Kept {
    let routes: Vec<Value> = (0..ROUTES)
        .map(|at| {
            let mut route = json!({
                "name": format!("route-{at:05}"),
                "hosts": [format!("h{:05}.bench.test", at / share)],
                "match": [{"path": {"prefix": format!("/svc{at:05}")}}],
                "require": "keys",
                "rewrite": {"path": {"prefix": format!("/internal/svc{at:05}")}},
            });
            for (name, value) in more.as_object().unwrap() {
                route[name] = value.clone();
            }
            route
        })
        .collect();
    let policy = json!({
        "providers": {"keys": {"apiKey": {"from": [{"header": "x-api-key"}]}}},
        "sources": {"tenants": {"inline": {"a": 1}}},
        "routes": routes,
    });
    Kept(policy.to_string())
}

/// The peak memory of reading and compiling, without the text, in percent of the text's size.
fn most(text: &Kept) -> usize {
    let before = HELD.get().0;
    HELD.set((before, before));
    let policy = Policy::read(text, &|_: &str| None).unwrap();
    let most = HELD.get().1 - before;
    drop(policy);
    most * 100 / text.0.len()
}

/// The figures are for 64 bits. In the module values are smaller, and its allocator has an overhead.
#[test]
fn a_policy_needs_little_more_memory_than_its_text() {
    let nothing = json!({});
    let more = json!({
        "match": [{"path": {"prefix": "/v1"}, "methods": ["GET", "POST"]}],
        "rewrite": {"headers": {"set": {"x-tenant": "${tenant.a}"}, "remove": ["x-debug"]}},
        "lookup": {"tenant": {"source": "tenants", "values": {"a": "$.a"}}},
        "authorize": {"groups": {"any": ["gold"]}},
    });
    for (what, share, more, limit) in [
        ("a host for each", 1, &nothing, 110),
        ("ten to a host", 10, &nothing, 120),
        ("one host", ROUTES, &nothing, 125),
        ("routes that repeat themselves", 1, &more, 55),
    ] {
        let most = most(&policy(share, more));
        assert!(most <= limit, "{what}: {most} percent of the text");
        // A lower figure means that the allocator doesn't count.
        assert!(most > 10, "{what}: {most} percent of the text");
    }
}

/// A list of a hundred thousand addresses, beside the document that it is read from.
#[test]
fn a_list_takes_little_memory() {
    let address = |at: usize| format!("10.{}.{}.{}", at / 65_536, at / 256 % 256, at % 256);
    let ips: Vec<_> = (0..100_000).map(address).collect();
    let text = json!({ "ips": ips }).to_string();
    let document = Document::parse(text.as_bytes(), usize::MAX, Format::JSON).unwrap();
    let path = JsonPath::compile("$.ips[*]").unwrap();
    let before = HELD.get().0;
    HELD.set((before, before));
    let list = TextSet::build(&document, &path);
    let (now, most) = HELD.get();
    assert_eq!(list.len(), ips.len());
    let (kept, most) = (now - before, most - before);
    assert!(kept <= 26 * ips.len(), "{kept} bytes");
    assert!(most <= 2 * kept, "{most} bytes at most");
    assert!(kept >= 12 * ips.len(), "the allocator counts");
}

/// The estimated memory of a document is close to the real one.
#[test]
fn estimates_the_memory_of_a_value() {
    let list = |item: &str| format!("[{}]", vec![item; 5000].join(","));
    let members = |count: usize| {
        let members: Vec<String> = (0..count).map(|at| format!(r#""m{at:05}":{at}"#)).collect();
        format!("{{{}}}", members.join(","))
    };
    for text in [
        list("[]"),
        list("0"),
        list("[[]]"),
        list(r#"{"a":0}"#),
        list(r#"{"a":{"b":{}}}"#),
        list(&members(3)),
        list(&members(11)),
        list(&members(12)),
        list(&members(30)),
        list(r#""x""#),
        list(r#"{"id":"tenant-00017","upstream":"cluster-17","labels":{"tier":"gold"}}"#),
        members(7),
        members(10_000),
        format!("\"{}\"", "x".repeat(100_000)),
    ] {
        let before = HELD.get().0;
        let value: Value = serde_json::from_str(&text).unwrap();
        let taken = HELD.get().0 - before;
        let said = weight(&value);
        // The test's allocator doesn't count the overhead of an allocation.
        let fits = (taken..=taken * 2).contains(&said);
        assert!(fits, "{:.40}: {taken} and not {said}", text);
        drop(value);
    }
}
