//! The edits of headers, cookies and queries, compared with a model that is slow and has no code of the gate.

use std::collections::BTreeMap;
use std::sync::Arc;

use postern::engine::{Engine, Event, HostVerifier, Inputs, Observer, Step, Store};
use postern::http::{Edit, Edits, HeaderMap, Request};
use postern::policy::Policy;
use postern::time::Timestamp;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

/// What a route writes. Values are literals.
#[derive(Clone, Debug)]
struct Written {
    headers: Lists,
    query: Lists,
    keep: Option<Vec<String>>,
    cookies: Lists,
}

type Pairs = Vec<(String, String)>;

#[derive(Clone, Debug, Default)]
struct Lists {
    remove: Vec<String>,
    rename: Pairs,
    copy: Pairs,
    set: Pairs,
    add: Pairs,
}

const HEADERS: [&str; 8] = [
    "x-a", "x-b", "x_c", "x-d", "x-ab", "x_a-b", "accept", "x-e_f",
];
const REMOVED: [&str; 9] = [
    "x-a", "x_b", "x-*", "x_a*", "X-A*", "te*", "c*", "accept*", "x-e-f",
];
/// Sorted, as the maps of a policy are here.
const PARAMETERS: [&str; 5] = ["a", "a b", "b", "c&d", "é"];
const COOKIES: [&str; 3] = ["a", "a.b", "b"];

fn owned(names: Vec<&str>) -> Vec<String> {
    names.into_iter().map(str::to_owned).collect()
}

fn some(names: &'static [&'static str]) -> impl Strategy<Value = Vec<String>> {
    subsequence(names, 0..=2).prop_map(owned)
}

/// Names for names. Sometimes a name stands twice.
fn moves(names: &'static [&'static str]) -> impl Strategy<Value = Pairs> {
    let pairs = prop_oneof![
        8 => subsequence(names, 4).prop_shuffle().boxed(),
        1 => vec(select(names), 4).boxed(),
    ];
    (pairs, 0..3_usize).prop_map(|(names, count)| {
        let pairs = names.chunks(2).take(count);
        let mut pairs: Pairs = pairs
            .map(|pair| (pair[0].to_owned(), pair[1].to_owned()))
            .collect();
        pairs.dedup_by(|one, other| one.0 == other.0);
        pairs
    })
}

fn values(names: &'static [&'static str], value: &'static str) -> impl Strategy<Value = Pairs> {
    (subsequence(names, 0..=2), vec(value, 2)).prop_map(|(names, values)| {
        let names = owned(names);
        names.into_iter().zip(values).collect()
    })
}

fn lists(
    removed: &'static [&'static str],
    names: &'static [&'static str],
    value: &'static str,
) -> impl Strategy<Value = Lists> {
    let values = || values(names, value);
    (
        some(removed),
        moves(names),
        moves(names),
        values(),
        values(),
    )
        .prop_map(|(remove, rename, copy, set, add)| Lists {
            remove,
            rename,
            copy,
            set,
            add,
        })
}

fn rewrite() -> impl Strategy<Value = Written> {
    (
        lists(&REMOVED, &HEADERS, "[ -#%-~é]{0,4}"),
        lists(&PARAMETERS, &PARAMETERS, "[ -#%-~é]{0,4}"),
        proptest::option::of(some(&PARAMETERS)),
        (
            some(&COOKIES),
            values(&COOKIES, "[!#%-+./0-9:<-\\[\\]^_`a-z{|}~-]{0,3}"),
        ),
    )
        .prop_map(|(headers, query, keep, (remove, set))| Written {
            headers,
            query,
            keep,
            cookies: Lists {
                remove,
                set,
                ..Lists::default()
            },
        })
}

impl Written {
    fn to_json(&self) -> Value {
        let map = |pairs: &Pairs| pairs.iter().cloned().collect::<BTreeMap<_, _>>();
        let mut query = json!({
            "remove": self.query.remove, "rename": map(&self.query.rename),
            "set": map(&self.query.set), "add": map(&self.query.add),
        });
        if let Some(keep) = &self.keep {
            query["keep"] = json!(keep);
        }
        json!({
            "headers": {
                "remove": self.headers.remove, "rename": map(&self.headers.rename), "copy": map(&self.headers.copy),
                "set": map(&self.headers.set), "add": map(&self.headers.add),
            },
            "query": query,
            "cookies": {"remove": self.cookies.remove, "set": map(&self.cookies.set)},
        })
    }

    /// Whether the policy has to be refused: a name stands twice, or a header is moved that the route sets.
    fn is_refused(&self) -> bool {
        let twice = |pairs: &Pairs, fold: fn(&str) -> String| {
            let mut names: Vec<String> = pairs
                .iter()
                .flat_map(|(from, to)| [fold(from), fold(to)])
                .collect();
            let all = names.len();
            names.sort();
            names.dedup();
            names.len() < all
        };
        let moved = self.headers.rename.iter().chain(&self.headers.copy);
        let moved: Vec<String> = moved
            .flat_map(|(from, to)| [folded(from), folded(to)])
            .collect();
        let is_moved =
            |(name, _): &(String, String)| name != "accept" && moved.contains(&folded(name));
        twice(&self.headers.rename, folded)
            || twice(&self.headers.copy, folded)
            || twice(&self.query.rename, str::to_owned)
            || self.headers.set.iter().any(is_moved)
    }
}

/// A name of a header as upstreams may read it.
fn folded(name: &str) -> String {
    name.to_lowercase().replace('_', "-")
}

type Fields = Vec<(String, Vec<u8>)>;

/// The model of the edits of headers and cookies.
fn edited_headers(came: &Fields, written: &Written) -> Fields {
    let mut now = came.clone();
    let lists = &written.headers;
    // No client sends what the policy sets, except what clients always send.
    for (name, _) in lists.set.iter().filter(|(name, _)| name != "accept") {
        now.retain(|(own, _)| folded(own) != folded(name));
    }
    for name in &lists.remove {
        match name.strip_suffix('*') {
            Some(prefix) => {
                now.retain(|(own, _)| own == "te" || !folded(own).starts_with(&folded(prefix)))
            }
            None => now.retain(|(own, _)| folded(own) != folded(name)),
        }
    }
    for (pairs, stays) in [(&lists.rename, false), (&lists.copy, true)] {
        for (from, to) in pairs {
            let values = now.iter().filter(|(own, _)| own == from);
            let values: Vec<Vec<u8>> = values.map(|(_, value)| value.clone()).collect();
            if !stays {
                now.retain(|(own, _)| folded(own) != folded(from));
            }
            if values.is_empty() {
                continue;
            }
            now.retain(|(own, _)| folded(own) != folded(to));
            now.extend(values.into_iter().map(|value| (to.clone(), value)));
        }
    }
    for (name, value) in &lists.set {
        now.retain(|(own, _)| folded(own) != folded(name));
        now.push((name.clone(), value.clone().into_bytes()));
    }
    for (name, value) in &lists.add {
        now.push((name.clone(), value.clone().into_bytes()));
    }
    edited_cookies(now, &written.cookies)
}

fn edited_cookies(mut now: Fields, lists: &Lists) -> Fields {
    let text = |value: &[u8]| String::from_utf8(value.to_vec()).unwrap();
    let came: Vec<String> = now
        .iter()
        .filter(|(name, _)| name == "cookie")
        .flat_map(|(_, value)| {
            text(value)
                .split(';')
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .map(|piece| piece.trim_matches([' ', '\t']).to_owned())
        .filter(|piece| !piece.is_empty())
        .collect();
    let is_named = |piece: &String, name: &str| {
        let own = piece.split('=').next().unwrap();
        own.trim_matches([' ', '\t']) == name
    };
    let mut left = came.clone();
    for name in &lists.remove {
        left.retain(|piece| !is_named(piece, name));
    }
    for (name, value) in &lists.set {
        let new = format!("{name}={value}");
        let own: Vec<&String> = left.iter().filter(|piece| is_named(piece, name)).collect();
        if own != [&new] {
            left.retain(|piece| !is_named(piece, name));
            left.push(new);
        }
    }
    if left != came {
        now.retain(|(name, _)| name != "cookie");
        if !left.is_empty() {
            now.push(("cookie".into(), left.join("; ").into_bytes()));
        }
    }
    now
}

fn decoded(text: &str) -> Vec<u8> {
    let text = text.replace('+', " ");
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let digits = text.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        let digits = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        match digits {
            Some(digits) => {
                out.push(u8::from_str_radix(digits, 16).unwrap());
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    out
}

fn encoded(text: &str) -> String {
    let one = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(one).collect()
}

/// The model of the edits of a query.
fn edited_query(came: Option<&str>, written: &Written) -> Option<String> {
    let name_of = |piece: &str| decoded(piece.split('=').next().unwrap());
    let is_named = |piece: &str, name: &str| !piece.is_empty() && name_of(piece) == name.as_bytes();
    let join = |pieces: Vec<String>| {
        let joined = pieces.join("&");
        (!joined.is_empty()).then_some(joined)
    };
    let mut now = came.map(str::to_owned);
    if let (Some(keep), Some(query)) = (&written.keep, &now) {
        let stays = |piece: &&str| keep.iter().any(|name| is_named(piece, name));
        let left: Vec<String> = query.split('&').filter(stays).map(str::to_owned).collect();
        now = join(left);
    }
    let without = |now: Option<String>, name: &str| {
        let query = now?;
        if !query.split('&').any(|piece| is_named(piece, name)) {
            return Some(query);
        }
        let left = query.split('&').filter(|piece| !is_named(piece, name));
        join(left.map(str::to_owned).collect())
    };
    let with = |now: Option<String>, name: &str, value: &str| {
        let before = now.unwrap_or_default();
        let and = if before.is_empty() || before.ends_with('&') {
            ""
        } else {
            "&"
        };
        Some(format!("{before}{and}{}={}", encoded(name), encoded(value)))
    };
    for name in &written.query.remove {
        now = without(now, name);
    }
    for (from, to) in &written.query.rename {
        let query = now.clone().unwrap_or_default();
        if query.split('&').any(|piece| is_named(piece, from)) {
            let pieces = query.split('&').filter(|piece| !is_named(piece, to));
            let pieces = pieces.map(|piece| match piece.split_once('=') {
                _ if !is_named(piece, from) => piece.to_owned(),
                Some((_, value)) => format!("{}={value}", encoded(to)),
                None => encoded(to),
            });
            now = Some(pieces.collect::<Vec<_>>().join("&"));
        }
    }
    for (name, value) in &written.query.set {
        now = with(without(now, name), name, value);
    }
    for (name, value) in &written.query.add {
        now = with(now, name, value);
    }
    now
}

#[derive(Debug)]
struct Host;

impl HostVerifier for Host {}

impl Inputs for Host {
    fn now(&mut self) -> Timestamp {
        Timestamp::default()
    }

    fn random(&mut self) -> u64 {
        0
    }
}

impl Observer for Host {
    fn event(&mut self, _: &Event<'_>) {}
}

/// The headers and the path at the upstream. `None` if the policy is refused.
fn forwarded(written: &Written, came: &Fields, path: &str) -> Option<(Fields, String)> {
    let policy =
        json!({"routes": [{"name": "r", "require": "none", "rewrite": written.to_json()}]});
    let policy = Policy::read(&policy.to_string().as_bytes(), &|_: &str| None).ok()?;
    let mut engine = Engine::new(Arc::new(policy), &Store::new(1), &mut Host);
    let mut pairs: Vec<(&str, &[u8])> = vec![
        (":method", b"GET"),
        (":path", path.as_bytes()),
        (":authority", b"a.test"),
    ];
    pairs.extend(came.iter().map(|(name, value)| (&**name, &**value)));
    let head = HeaderMap::from_pairs(&pairs);
    let mut edits = Edits::default();
    let step = engine.start(&Request::new(head.view()), &mut edits, &mut Host, &mut Host);
    assert!(matches!(step, Step::Continue), "{step:?}");
    let mut now = came.clone();
    for edit in edits.request() {
        if !matches!(edit, Edit::Add(..)) {
            now.retain(|(name, _)| name.as_bytes() != edit.name());
        }
        if let Edit::Set(name, value) | Edit::Add(name, value) = edit {
            now.push((String::from_utf8(name.to_vec()).unwrap(), value.to_vec()));
        }
    }
    let path = edits.path().unwrap_or(path.as_bytes()).to_vec();
    Some((now, String::from_utf8(path).unwrap()))
}

/// The values of each name, in order. The order of different names means nothing.
fn by_name(fields: &Fields) -> BTreeMap<&str, Vec<&[u8]>> {
    let mut all: BTreeMap<&str, Vec<&[u8]>> = BTreeMap::new();
    for (name, value) in fields {
        all.entry(name).or_default().push(value);
    }
    all
}

fn sent() -> impl Strategy<Value = Fields> {
    let name = select(
        &[
            "x-a",
            "x_a",
            "x-b",
            "x_b",
            "x-c",
            "x_c",
            "x-d",
            "x-ab",
            "x_ab",
            "x-a-b",
            "x_a-b",
            "accept",
            "x-e_f",
            "x-e-f",
            "te",
            "content-type",
            "ax-a",
        ][..],
    );
    let field = (name, "[ -~é]{0,3}");
    let cookie = "((a|b|a\\.b|A| a ) ?=[a-z\" =]{0,2};? ?|;|a;|b|x ){0,4}";
    (vec(field, 0..8), vec(cookie, 0..3)).prop_map(|(fields, cookies)| {
        let fields = fields
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.into_bytes()));
        let cookies = cookies
            .into_iter()
            .map(|value| ("cookie".to_owned(), value.into_bytes()));
        fields.chain(cookies).collect()
    })
}

const QUERY: &str = "((a|%61|b|a\\+b|a%20b|%C3%A9|c%26d|c|A)(=[a%+;=é]{0,3})?&?|&|=x){0,6}";

proptest! {
    #![proptest_config(super::fixed(3000))]

    #[test]
    fn a_request_is_what_the_model_says(written in rewrite(), sent in sent(), query in proptest::option::of(QUERY)) {
        let path = match &query {
            Some(query) => format!("/a?{query}"),
            None => "/a".to_owned(),
        };
        let found = forwarded(&written, &sent, &path);
        prop_assert_eq!(found.is_none(), written.is_refused());
        let Some((headers, path)) = found else {
            return Ok(());
        };
        let expected = edited_headers(&sent, &written);
        prop_assert_eq!(by_name(&headers), by_name(&expected));
        let expected = match edited_query(query.as_deref(), &written) {
            Some(query) => format!("/a?{query}"),
            None => "/a".to_owned(),
        };
        prop_assert_eq!(path, expected);
    }
}
