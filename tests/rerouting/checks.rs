//! Where requests arrive after edits.

use std::path::Path;

use crate::gate::{Gate, Sent};
use crate::tables::{ALLOWED, BY_ANYTHING, BY_ROUTING_HEADER, GUARDED, PROBE};

fn sent(target: &str, fields: &str) -> Sent {
    Sent {
        target: target.to_owned(),
        fields: fields.to_owned(),
    }
}

/// What edits do to Envoy's choice of a route, and the two ways to bound it.
pub(crate) fn edits_and_routes(name: &str, program: Option<&Path>) {
    let gate = Gate::start(name, program);
    each_edit_makes_envoy_choose_again(&gate);
    a_filter_is_told_the_route_of_before(&gate);
    the_guard_stops_what_leaves_the_list(&gate);
    only_the_routing_header_chooses(&gate);
    let traps = gate.envoy.traps();
    assert!(traps.is_empty(), "\n{}\n", traps.join("\n"));
}

/// The request, and the cluster where it arrives when Envoy's routes match by what is edited.
fn edits() -> [(Sent, &'static str); 11] {
    [
        (sent("/nothing/a", ""), "default"),
        (sent("/path/a", ""), "path"),
        (sent("/moved/elsewhere/a", ""), "path"),
        (sent("/host/a", ""), "host"),
        (sent("/header/a", ""), "header"),
        (sent("/method/a", ""), "method"),
        (sent("/query/a", ""), "query"),
        (sent("/upstream/a", ""), "green"),
        // A stripped credential is an edit, too.
        (sent("/key/a", "x-api-key: a-key\r\n"), "default"),
        // And so is the removal of a header that is the gate's.
        (
            sent("/nothing/a", "x-postern-upstream: secret\r\n"),
            "default",
        ),
        // So is a header that another route sets.
        (sent("/nothing/a", "x-to: there\r\n"), "default"),
    ]
}

fn each_edit_makes_envoy_choose_again(gate: &Gate) {
    let address = gate.address(BY_ANYTHING);
    for (sent, upstream) in edits() {
        assert_eq!(
            gate.arrives(address, &sent),
            Ok(upstream.to_owned()),
            "{sent:?}"
        );
    }
}

/// If this ever fails, Postern can check the cluster itself.
fn a_filter_is_told_the_route_of_before(gate: &Gate) {
    let received = gate.received(gate.address(PROBE), &sent("/a", ""));
    let (upstream, request) = received.expect("it arrives");
    assert_eq!(upstream, "path");
    assert_eq!(request.field(b"x-told"), Some(&b"default"[..]));
}

fn the_guard_stops_what_leaves_the_list(gate: &Gate) {
    let address = gate.address(GUARDED);
    let denied = "403 rbac_access_denied_matched_policy[none]";
    for (sent, upstream) in edits() {
        let wanted = if ALLOWED.contains(&upstream) {
            Ok(upstream.to_owned())
        } else {
            Err(denied.to_owned())
        };
        assert_eq!(gate.arrives(address, &sent), wanted, "{sent:?}");
    }
}

/// What a client may write anywhere.
const VALUES: [&str; 20] = [
    "secret",
    "blue",
    "green",
    "default",
    "path",
    "there",
    "other.test",
    "secret, blue",
    "x-postern-upstream: secret",
    "elsewhere/a",
    "elsewhere%2Fa",
    "..%2felsewhere/a",
    "%2e%2e/elsewhere",
    "a?to=there",
    "a%3Fto=there",
    "a%23",
    "PUT",
    "CONNECT",
    "*",
    "%00",
];

/// The header fields that the policy or Envoy reads.
const FIELDS: [&str; 9] = [
    "x-want",
    "x-want-host",
    "x-want-method",
    "x-first",
    "x-second",
    "x-postern-upstream",
    "X-Postern_Upstream",
    "x-to",
    "host",
];

/// With the table that the samples have.
fn only_the_routing_header_chooses(gate: &Gate) {
    let address = gate.address(BY_ROUTING_HEADER);
    let mut all = Vec::new();
    for (route, own) in [("all", "default"), ("chosen", "blue"), ("moved", "default")] {
        for (value, field) in pairs() {
            let fields = format!("{field}: {value}\r\nx-postern-upstream: secret\r\n");
            let targets = [value, "a"].map(|path| format!("/{route}/{path}"));
            all.extend(targets.map(|target| (sent(&target, &fields), own)));
        }
    }
    let arrived = all.iter().filter(|(sent, own)| {
        let arrived = gate.arrives(address, sent);
        let is_own = arrived.as_ref().is_ok_and(|upstream| upstream == own);
        assert!(is_own || arrived.is_err(), "{sent:?}: {arrived:?}");
        is_own
    });
    let arrived = arrived.count();
    assert!(arrived > 500, "{arrived} of {}", all.len());
    for value in VALUES {
        let sent = sent("/upstream/a", &format!("x-want: {value}\r\n"));
        let wanted = match value {
            "blue" | "green" => Ok(value.to_owned()),
            _ => Err("503 postern_upstream_not_allowed".to_owned()),
        };
        assert_eq!(gate.arrives(address, &sent), wanted, "{sent:?}");
    }
}

fn pairs() -> impl Iterator<Item = (&'static str, &'static str)> {
    let with_fields = |value| FIELDS.map(|field| (value, field));
    VALUES.into_iter().flat_map(with_fields)
}
