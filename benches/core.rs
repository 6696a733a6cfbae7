//! Benchmarks of the core's stages, as native code: `cargo bench --bench core`.
#![expect(
    clippy::expect_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a benchmark may panic; macros generate the functions"
)]

mod jobs;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use jobs::{Gate, Job};
use postern::http::{HeaderMap, Headers, Request};
use postern::internals::regex::Pattern;
use postern::internals::route::{
    CanonicalPath, CookiePredicate, HeaderPredicate, HostPattern, MatchIndex, MatchInput,
    MatchNotes, OtherPredicates, PathPattern, PathRules, Priority, QueryPredicate, RouteId,
    RouterBuilder, Rule, ValueMatch, canonicalise,
};
use postern::internals::source::{Document, Format, Index, JsonPath, TextSet};

/// A complete decision that starts at the host's buffer. Each iteration has another request.
fn decisions(criterion: &mut Criterion) {
    for job in Job::ALL {
        // More tokens than the engine remembers, so that each is new.
        let count = if job == Job::J2 { 30_000 } else { 1000 };
        let requests = jobs::requests(job, 0..count);
        let mut gate = Gate::of(job);
        let step = gate.complete(job, requests[0].as_wire());
        assert!(gate.is_done(job, &step), "{step:?}");
        let mut at = 0;
        criterion.bench_function(&format!("decide/{}", job.name()), |bencher| {
            bencher.iter(|| {
                at = (at + 1) % requests.len();
                gate.complete(job, black_box(requests[at].as_wire()))
            });
        });
    }
}

fn words(criterion: &mut Criterion) {
    let request = jobs::requests(Job::J1, 0..1).remove(0);
    criterion.bench_function("headers/parse", |bencher| {
        bencher.iter(|| Headers::parse(black_box(request.as_wire())).map(|all| all.iter().count()));
    });
    for (name, path) in [
        ("canonical", "/svc00012/items/000012?page=2"),
        ("dots", "/svc00012/./items/../items/000012?page=2"),
        ("escapes", "/svc%300012/it%65ms/a%20b?page=2"),
    ] {
        criterion.bench_function(&format!("canonicalise/{name}"), |bencher| {
            let rules = PathRules::default();
            bencher.iter(|| {
                canonicalise(black_box(path.as_bytes()), &rules)
                    .map(|path: CanonicalPath<'_>| path.is_as_it_came())
            });
        });
    }
}

fn router(criterion: &mut Criterion) {
    for (name, count) in [("10", 10), ("10000", 10_000)] {
        let mut router = RouterBuilder::default();
        (0..count).map(rule).for_each(|rule| router.add(rule));
        let router = router.finish();
        let none = HeaderMap::from_pairs::<&str, &str>(&[]);
        let none = none.view();
        let mut at = 0;
        criterion.bench_function(&format!("router/{name}"), |bencher| {
            let heads: Vec<(String, String)> = (0..1000)
                .map(|at| at * 37 % count)
                .map(|at| {
                    (
                        format!("h{at:05}.bench.test"),
                        format!("/svc{at:05}/items/1"),
                    )
                })
                .collect();
            bencher.iter(|| {
                at = (at + 1) % heads.len();
                let head = MatchInput {
                    host: heads[at].0.as_bytes(),
                    path: heads[at].1.as_bytes(),
                    method: b"GET",
                    query: None,
                    headers: &none,
                    notes: &MatchNotes::default(),
                };
                assert!(router.find(black_box(&head)).is_some());
            });
        });
    }
}

/// Rules of all kinds on one host: prefixes, templates, exact paths, conditions and priorities. Expressions are those for headers and
/// parameters. There are none for paths, because they are tried one after the other, and each of them costs time.
fn mixed_router(criterion: &mut Criterion) {
    for (name, count) in [("10", 10), ("10000", 10_000)] {
        let mut router = RouterBuilder::default();
        (0..count).map(mixed_rule).for_each(|rule| router.add(rule));
        let router = router.finish();
        let headers = HeaderMap::from_pairs(&[("x-build", "2024"), ("cookie", "beta=1")]);
        let headers = headers.view();
        let mut at = 0;
        criterion.bench_function(&format!("router/mixed/{name}"), |bencher| {
            let paths: Vec<String> = (0..1000)
                .map(|at| at * 37 % count)
                .map(|at| format!("/svc{at:05}/items/1"))
                .collect();
            bencher.iter(|| {
                at = (at + 1) % paths.len();
                let head = MatchInput {
                    host: b"one.test",
                    path: paths[at].as_bytes(),
                    method: b"GET",
                    query: Some(b"v=1"),
                    headers: &headers,
                    notes: &MatchNotes::default(),
                };
                assert!(router.find(black_box(&head)).is_some());
            });
        });
    }
}

fn mixed_rule(at: usize) -> Rule {
    let mut rule = rule(at);
    rule.hosts = vec![HostPattern::parse("one.test").expect("a host")];
    let path = match at % 4 {
        0 => PathPattern::prefix(&format!("/svc{at:05}")),
        1 => PathPattern::template(&format!("/svc{at:05}/{{kind}}/{{id}}")),
        2 => PathPattern::template(&format!("/svc{at:05}/{{rest=**}}")),
        _ => PathPattern::exact(&format!("/svc{at:05}/items/1")),
    };
    rule.path = Some(path.expect("a path"));
    let regex = |text| ValueMatch::Regex(Pattern::search(text).expect("an expression"));
    match at % 5 {
        0 => rule
            .headers
            .extend(HeaderPredicate::new("x-build", regex("^2[0-9]{3}"))),
        1 => rule
            .query
            .extend(QueryPredicate::new("v", regex("^[0-9]$"))),
        2 => rule.others.cookies.extend(CookiePredicate::new(
            "beta",
            ValueMatch::Exact(b"1".as_slice().into()),
        )),
        _ => {}
    }
    rule.priority = Priority(i32::from(at % 100 == 7));
    rule
}

fn rule(at: usize) -> Rule {
    let host = HostPattern::parse(&format!("h{at:05}.bench.test"));
    let path = PathPattern::prefix(&format!("/svc{at:05}"));
    Rule {
        hosts: vec![host.expect("a host")],
        path: Some(path.expect("a path")),
        methods: Vec::new(),
        headers: Vec::new(),
        query: Vec::new(),
        others: OtherPredicates::default(),
        priority: Priority::default(),
        is_conditional: false,
        route: RouteId(u32::try_from(at).expect("few")),
        match_index: MatchIndex(0),
    }
}

fn documents(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("document");
    group.sample_size(10);
    let text = jobs::tenants(jobs::ENTRIES);
    let parse = |text: &str| {
        Document::parse(text.as_bytes(), usize::MAX, Format::JSON).expect("a document")
    };
    group.bench_function("parse/10000", |bencher| {
        bencher.iter(|| parse(black_box(&text)));
    });
    let document = parse(&text);
    let items = JsonPath::compile("$.tenants[*]").expect("a path");
    let by = JsonPath::compile("$.id").expect("a path");
    group.bench_function("index/10000", |bencher| {
        bencher.iter(|| Index::build(&document, &items, &by));
    });
    let consumers = jobs::consumers(100_000);
    group.bench_function("parse/100000 consumers", |bencher| {
        bencher.iter(|| parse(black_box(&consumers)));
    });
    group.finish();
}

/// Whether a text is in a list of a document. Half of the texts that are asked for are.
fn lists(criterion: &mut Criterion) {
    let path = JsonPath::compile("$.ips[*]").expect("a path");
    for entries in [100, 100_000] {
        let address = |at: usize| format!("10.{}.{}.{}", at / 65_536, at / 256 % 256, at % 256);
        let ips: Vec<_> = (0..entries).map(address).collect();
        let text = serde_json::json!({ "ips": ips }).to_string();
        let parse = || Document::parse(text.as_bytes(), usize::MAX, Format::JSON);
        let document = parse().expect("a document");
        let list = TextSet::build(&document, &path);
        let asked: Vec<_> = (0..1000)
            .map(|at| address(at * 7919 % (2 * entries)))
            .collect();
        let mut at = 0;
        criterion.bench_function(&format!("list/contains, {entries} entries"), |bencher| {
            bencher.iter(|| {
                at = (at + 1) % asked.len();
                list.contains(black_box(asked[at].as_bytes()))
            });
        });
        if entries > 1000 {
            let mut group = criterion.benchmark_group("list");
            group.sample_size(10);
            group.bench_function("build/100000", |bencher| {
                bencher.iter(|| TextSet::build(&document, &path));
            });
            group.finish();
        }
    }
}

fn policies(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("compile");
    group.sample_size(10);
    for (routes, consumers) in [(200, 1000), (10_000, 1000)] {
        let policy = jobs::gate(Job::J1, routes, consumers).to_string();
        group.bench_function(
            format!("{routes} routes, {consumers} consumers"),
            |bencher| {
                bencher.iter(|| jobs::compile(black_box(&policy)));
            },
        );
    }
    group.finish();
}

/// The cost of reading a request's path.
fn request(criterion: &mut Criterion) {
    let map = jobs::requests(Job::J1, 0..1).remove(0);
    criterion.bench_function("request/path", |bencher| {
        bencher.iter(|| {
            let request = Request::new(black_box(&map).view());
            request.path().is_some()
        });
    });
}

criterion_group!(
    benches,
    decisions,
    words,
    request,
    router,
    mixed_router,
    documents,
    lists,
    policies
);
criterion_main!(benches);
