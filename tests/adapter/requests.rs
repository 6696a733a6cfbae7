//! Requests of all kinds.

use postern::host::fake::RequestOutcome;
use postern::http::HeaderMap;

use crate::support::{SMALL, answered, get, kept_out, running, send, sound, values, vm};

#[test]
fn passes_bytes_that_are_not_text() {
    let (vm, root) = running(SMALL);
    let stream = vm.stream(root);
    let odd: &[(&[u8], &[u8])] = &[
        (b":method", b"GET"),
        (b":scheme", b"http"),
        (b":authority", b"api.example.com"),
        (b":path", b"/open/x"),
        (b"x-latin", b"caf\xe9"),
        (b"x-\xff\xfe", b"\x80\x81"),
        (b"x-empty", b""),
        (b"x-twice", b"a"),
        (b"x-twice", b"b"),
    ];
    let outcome = vm.request(stream, odd);
    let RequestOutcome::Forwarded(pairs) = outcome else {
        panic!("{outcome:?}")
    };
    for pair in odd.iter().filter(|(name, _)| !name.starts_with(b":")) {
        let kept = pairs
            .iter()
            .filter(|(name, value)| (&**name, &**value) == *pair);
        assert_eq!(kept.count(), 1, "{pair:?}");
    }
    sound(&vm);
}

#[test]
fn denies_headers_that_cannot_be_parsed() {
    let good = HeaderMap::from_pairs(&get("/open")).as_wire().to_vec();
    let mut maps: Vec<Vec<u8>> = (0..good.len()).map(|end| good[..end].to_vec()).collect();
    maps.push(vec![0; 4]);
    maps.push(vec![255; 64]);
    maps.push([&1_000_000_u32.to_le_bytes()[..], &good[4..]].concat());
    let (vm, root) = running(SMALL);
    for map in maps {
        let stream = vm.stream(root);
        let outcome = vm.raw_request(stream, &map);
        assert_eq!(
            answered(&outcome),
            (503, "postern_unreadable_headers".to_owned()),
            "{map:?}"
        );
        vm.delete(stream);
    }
    sound(&vm);
}

#[test]
fn decides_a_megabyte_of_headers() {
    let (vm, root) = running(SMALL);
    let mut headers = get("/open/many");
    let large = "v".repeat(1000);
    headers.extend((0..1000).map(|_| ("x-more", large.clone())));
    let stream = vm.stream(root);
    let outcome = vm.request(stream, &headers);
    let RequestOutcome::Forwarded(pairs) = outcome else {
        panic!("not forwarded")
    };
    assert_eq!(pairs.len(), headers.len());
    let stream = vm.stream(root);
    let path = format!("/closed/{}", "a/".repeat(500_000));
    kept_out(&vm, &vm.request(stream, &get(&path)));
}

#[test]
fn denies_a_request_without_pseudo_headers() {
    let (vm, root) = running(SMALL);
    for missing in [":path", ":authority", ":method", ":scheme"] {
        let mut headers = get("/closed");
        headers.retain(|(name, _)| *name != missing);
        let stream = vm.stream(root);
        kept_out(&vm, &vm.request(stream, &headers));
    }
    let stream = vm.stream(root);
    kept_out(&vm, &vm.request(stream, &[("x", "y")]));
}

#[test]
fn decides_by_the_key() {
    let (vm, root) = running(SMALL);
    let (stream, outcome) = send(&vm, root, "/closed");
    assert_eq!(answered(&outcome).0, 401);
    vm.delete(stream);
    let stream = vm.stream(root);
    let mut headers = get("/closed");
    headers.push(("x-api-key", "k-1".to_owned()));
    assert!(matches!(
        vm.request(stream, &headers),
        RequestOutcome::Forwarded(_)
    ));
    sound(&vm);
}

#[test]
fn makes_few_host_calls_for_a_request() {
    let (vm, root) = running(SMALL);
    vm.script().calls.clear();
    let (stream, _) = send(&vm, root, "/open");
    vm.response(stream, &[(":status", "200")]);
    vm.delete(stream);
    let calls = vm.host().calls.clone();
    assert_eq!(
        calls.get("proxy_get_header_map_pairs"),
        Some(&1),
        "{calls:?}"
    );
    for spared in [
        "proxy_set_effective_context",
        "proxy_get_current_time_nanoseconds",
        "proxy_get_log_level",
        "proxy_continue_stream",
    ] {
        assert_eq!(calls.get(spared), None, "{calls:?}");
    }
}

#[test]
fn leaves_a_response_without_edits_alone() {
    let (vm, root) = running(SMALL);
    let (stream, _) = send(&vm, root, "/open");
    vm.script().calls.clear();
    let response = vm.response(stream, &[(":status", "200"), ("server", "x")]);
    assert_eq!(response.map(|pairs| pairs.len()), Some(2));
    assert!(vm.host().calls.is_empty(), "{:?}", vm.host().calls);
}

#[test]
fn edits_a_response_where_the_route_asks_for_it() {
    let policy = r#"{"routes": [
        {"name": "r", "match": [{"path": {"prefix": "/"}}], "require": "none",
         "response": {"headers": {"remove": ["server"], "set": {"x-gate": "yes"}}}}]}"#;
    let (vm, root) = running(policy);
    let (stream, _) = send(&vm, root, "/x");
    let response = vm.response(stream, &[(":status", "200"), ("server", "x")]);
    let response = response.unwrap();
    assert!(values(&response, "server").is_empty());
    assert_eq!(values(&response, "x-gate"), [b"yes"]);
    sound(&vm);
    // Where an edit fails, the response with what should be hidden isn't sent.
    let (stream, _) = send(&vm, root, "/x");
    vm.script().restrict("proxy_remove_header_map_value");
    let response = vm.response(stream, &[(":status", "200"), ("server", "x")]);
    assert_eq!(response, None);
    assert_eq!(answered(&vm.outcome(stream)).0, 503);
    sound(&vm);
}

#[test]
fn accepts_the_end_of_a_stream_without_a_request() {
    let (vm, root) = running(SMALL);
    let stream = vm.stream(root);
    vm.delete(stream);
    let vm = self::vm();
    let root = vm.root();
    vm.delete(root);
    sound(&vm);
}
