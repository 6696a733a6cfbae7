//! The router, compared with a model that evaluates the text of every rule.

use std::cmp::Reverse;

use postern::http::HeaderMap;
use postern::internals::route::{
    HeaderPredicate, HostPattern, MatchIndex, MatchInput, MatchNotes, Method, OtherPredicates,
    PathPattern, Priority, QueryPredicate, RouteId, Router, RouterBuilder, Rule, ValueMatch,
};
use proptest::prelude::*;
use proptest::sample::select;

#[derive(Clone, Debug)]
struct Written {
    hosts: Vec<&'static str>,
    path: Option<(Kind, String)>,
    methods: Vec<&'static str>,
    headers: Vec<(&'static str, &'static str)>,
    query: Vec<(&'static str, &'static str)>,
    route: u32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Exact,
    Prefix,
    Template,
}

#[derive(Clone, Debug)]
struct Asked {
    host: &'static str,
    path: String,
    method: &'static str,
    headers: Vec<(&'static str, &'static str)>,
    query: Option<&'static str>,
}

const TESTS: &[&str] = &["present", "absent", "1"];

fn pattern() -> impl Strategy<Value = (Kind, String)> {
    let literals = || proptest::collection::vec(select(&["a", "b"][..]), 0..4);
    let written = |words: &[&str], slash: &str| format!("/{}{slash}", words.join("/"));
    let part = select(&["a", "b", "{}", "{}"][..]);
    let template = (
        proptest::collection::vec(part, 0..4),
        select(&["", "/", "{=**}"][..]),
    );
    prop_oneof![
        1 => literals().prop_map(move |words| (Kind::Exact, written(&words, ""))),
        1 => literals().prop_map(move |words| (Kind::Prefix, written(&words, ""))),
        4 => template.prop_map(|(words, end)| {
            let named = words.iter().enumerate().map(|(at, word)| match *word {
                "{}" => format!("/{{c{at}}}"),
                word => format!("/{word}"),
            });
            let text = named.collect::<Vec<_>>().concat();
            let text = match end {
                "{=**}" => format!("{text}/{{rest=**}}"),
                "/" => format!("{text}/"),
                _ if text.is_empty() => "/".to_owned(),
                _ => text,
            };
            (Kind::Template, text)
        }),
    ]
}

fn rule() -> impl Strategy<Value = Written> {
    let hosts = select(&["h.x", "a.h.x", "b.a.h.x", "*.x", "*.h.x", "*.a.h.x", "*"][..]);
    // Mostly none, so that several rules often match and have to be ordered.
    let condition = |names: &'static [&'static str]| {
        let some = proptest::collection::vec((select(names), select(TESTS)), 0..3);
        prop_oneof![3 => Just(Vec::new()), 1 => some]
    };
    (
        prop_oneof![2 => Just(Vec::new()), 1 => proptest::collection::vec(hosts, 0..3)],
        proptest::option::weighted(0.9, pattern()),
        prop_oneof![3 => Just(Vec::new()), 1 => proptest::collection::vec(select(&["GET", "POST"][..]), 0..3)],
        condition(&["x-a", "x-b"]),
        condition(&["p", "q"]),
        0..4_u32,
    )
        .prop_map(|(hosts, path, methods, headers, query, route)| Written {
            hosts,
            path,
            methods,
            headers,
            query,
            route,
        })
}

fn asked() -> impl Strategy<Value = Asked> {
    let word = select(&["/a", "/a", "/b", "/b", "/c", "/"][..]);
    let header = (select(&["x-a", "x-b"][..]), select(&["1", "2"][..]));
    (
        select(&["h.x", "a.h.x", "b.a.h.x", "c.b.a.h.x", "x", "y"][..]),
        proptest::collection::vec(word, 1..5),
        select(&["GET", "POST", "PUT"][..]),
        proptest::collection::vec(header, 0..3),
        proptest::option::of(select(&["p=1", "p=2&q", "p=1&%70=1", "q=1&p=1", ""][..])),
    )
        .prop_map(|(host, words, method, headers, query)| Asked {
            host,
            path: words.concat(),
            method,
            headers,
            query,
        })
}

fn test(text: &str) -> ValueMatch {
    match text {
        "present" => ValueMatch::Present,
        "absent" => ValueMatch::Absent,
        value => ValueMatch::Exact(value.as_bytes().into()),
    }
}

fn compiled((written, matching): (&Written, u32)) -> Rule {
    let host = |host: &&str| HostPattern::parse(host).unwrap();
    let path = |(kind, text): &(Kind, String)| match kind {
        Kind::Exact => PathPattern::exact(text).unwrap(),
        Kind::Prefix => PathPattern::prefix(text).unwrap(),
        Kind::Template => PathPattern::template(text).unwrap(),
    };
    let header = |(name, text): &(&str, &str)| HeaderPredicate::new(name, test(text)).unwrap();
    let query = |(name, text): &(&str, &str)| QueryPredicate::new(name, test(text)).unwrap();
    Rule {
        hosts: written.hosts.iter().map(host).collect(),
        path: written.path.as_ref().map(path),
        methods: written
            .methods
            .iter()
            .map(|name| Method::parse(name).unwrap())
            .collect(),
        headers: written.headers.iter().map(header).collect(),
        query: written.query.iter().map(query).collect(),
        others: OtherPredicates::default(),
        priority: Priority::default(),
        is_conditional: false,
        route: RouteId(written.route),
        match_index: MatchIndex(matching),
    }
}

fn router(rules: &[Written]) -> Router {
    let mut builder = RouterBuilder::default();
    for rule in rules.iter().zip(0..).map(compiled) {
        builder.add(rule);
    }
    builder.finish()
}

/// The precedence of a matching host pattern. A higher value wins.
fn host_rank(pattern: &str, host: &str) -> Option<usize> {
    if pattern == "*" {
        return Some(0);
    }
    match pattern.strip_prefix('*') {
        Some(suffix) => {
            (host.ends_with(suffix) && host.len() > suffix.len()).then_some(suffix.len())
        }
        None => (pattern == host).then_some(1000),
    }
}

/// The precedence of a path pattern: exact, number of segments, positions of literals, closed. A higher value wins.
type PathRank = (bool, usize, Vec<bool>, bool);

fn path_rank(path: Option<&(Kind, String)>, asked: &str) -> Option<PathRank> {
    let Some((kind, text)) = path else {
        return Some((false, 0, Vec::new(), false));
    };
    if *kind == Kind::Exact {
        return (text == asked).then(|| (true, 0, Vec::new(), true));
    }
    let mut words: Vec<&str> = text[1..].split('/').collect();
    let open = *kind == Kind::Prefix || text.ends_with("/{rest=**}");
    if text.ends_with("/{rest=**}") || (*kind == Kind::Prefix && words.last() == Some(&"")) {
        words.pop();
    }
    let came: Vec<&str> = asked[1..].split('/').collect();
    let enough = came.len() == words.len() || (open && came.len() > words.len());
    let fits = words.iter().zip(&came).all(|(word, segment)| {
        if word.starts_with('{') {
            !segment.is_empty()
        } else {
            word == segment
        }
    });
    let literals = words.iter().map(|word| !word.starts_with('{')).collect();
    (enough && fits).then_some((false, words.len(), literals, !open))
}

fn holds(test: &str, values: &[&str], joined: bool) -> bool {
    match test {
        "present" => !values.is_empty(),
        "absent" => values.is_empty(),
        value if joined => !values.is_empty() && values.join(",") == value,
        value => values == [value],
    }
}

fn others_hold(rule: &Written, asked: &Asked) -> bool {
    let query = asked.query.unwrap_or_default().replace("%70", "p");
    let pairs: Vec<(&str, &str)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .collect();
    let values = |name: &str, from: &[(&str, &str)]| -> Vec<String> {
        let named = from.iter().filter(|(own, _)| *own == name);
        named.map(|(_, value)| (*value).to_owned()).collect()
    };
    let all = |tests: &[(&str, &str)], from: &[(&str, &str)], joined| {
        tests.iter().all(|(name, test)| {
            let values = values(name, from);
            holds(
                test,
                &values.iter().map(String::as_str).collect::<Vec<_>>(),
                joined,
            )
        })
    };
    (rule.methods.is_empty() || rule.methods.contains(&asked.method))
        && all(&rule.headers, &asked.headers, true)
        && all(&rule.query, &pairs, false)
}

/// Tries every rule with each of its hosts, and returns the best matching one.
fn oracle(rules: &[Written], asked: &Asked) -> Option<(u32, u32)> {
    let mut fitting = Vec::new();
    for (rule, at) in rules.iter().zip(0_u32..) {
        let any = ["*"];
        let hosts = if rule.hosts.is_empty() {
            &any[..]
        } else {
            &rule.hosts
        };
        let host = hosts
            .iter()
            .filter_map(|host| host_rank(host, asked.host))
            .max();
        let path = path_rank(rule.path.as_ref(), &asked.path);
        if let (Some(host), Some(path), true) = (host, path, others_hold(rule, asked)) {
            let counts = (
                !rule.methods.is_empty(),
                rule.headers.len(),
                rule.query.len(),
            );
            fitting.push((host, path, counts, Reverse(rule.route), Reverse(at)));
        }
    }
    let best = fitting.into_iter().max()?;
    Some((best.3.0, best.4.0))
}

proptest! {
    #![proptest_config(super::fixed(3000))]

    #[test]
    fn agrees_with_the_oracle(
        rules in proptest::collection::vec(rule(), 0..20),
        requests in proptest::collection::vec(asked(), 1..6),
    ) {
        let router = router(&rules);
        for asked in requests {
            let headers = HeaderMap::from_pairs(&asked.headers);
            let headers = headers.view();
            let head = MatchInput {
                host: asked.host.as_bytes(),
                path: asked.path.as_bytes(),
                method: asked.method.as_bytes(),
                query: asked.query.map(str::as_bytes),
                headers: &headers,
                notes: &MatchNotes::default(),
            };
            let found = router.find(&head);
            let seen = found.map(|found| (found.route.0, found.match_index.0));
            prop_assert_eq!(seen, oracle(&rules, &asked), "{:?}", asked);
            if let Some(found) = found {
                prop_assert!(found.pattern.matches(head.path));
            }
        }
    }

    #[test]
    fn nothing_traps(host in any::<Vec<u8>>(), path in any::<Vec<u8>>(), rules in proptest::collection::vec(rule(), 0..4)) {
        let router = router(&rules);
        let headers = HeaderMap::default();
        let head = MatchInput { host: &host, path: &path, method: &path, query: Some(&path), headers: &headers.view(), notes: &MatchNotes::default() };
        if let Some(found) = router.find(&head) {
            let captures = found.captures(&head);
            let _ = captures.get("c0").map(|capture| capture.text().len());
            let _ = captures.get("rest").map(|capture| capture.text().len());
        }
    }
}
