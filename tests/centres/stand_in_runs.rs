//! ACM, Apollo and signed requests to Nacos, with stand-ins that check each signature.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::front::Front;
use crate::gate::report;
use crate::held::{self, Held};
use crate::run::Run;
use crate::stand_in::{Kind, StandIn, sign};
use crate::troubles::{few_troubles, signed_troubles};

/// The stand-ins' own check passes what the servers' clients have signed: `SpasAdapter` of nacos-client 3.1.0, and `Signature` of apollo-core
/// 2.4.0.
#[test]
fn stand_ins_check_signatures_as_the_clients_make_them() {
    for (secret, text, signature) in [
        (
            "sk",
            "tenant+group+1700000000000",
            "CErbIOpPJi5yX/ei3V7GO+KvP9Q=",
        ),
        ("sk", "group+1700000000000", "wpwhp7b835t4Iushl/djpoM8etU="),
        (
            "s3cret",
            "1700000000000\n/configs/app/default/application?releaseKey=K&ip=1.2.3.4",
            "JERgU/igqOCp6LY7NBNjDsmVKh8=",
        ),
        (
            "s3cret",
            "1700000000000\n/notifications/v2?appId=app&cluster=default&notifications=%5B%7B%22namespaceName%22%3A%22application%22%2C%22notificationId%22%3A-1%7D%5D",
            "bxM5XzXw9qUlJh0sQ2LTvHVY3O4=",
        ),
    ] {
        assert_eq!(sign(secret, text), signature);
    }
}

fn in_trouble(kind: Kind, field: &str, troubles: fn(&mut Run)) {
    let centre = StandIn::start(kind);
    let state = Arc::clone(&centre.state);
    let mut run = Run::start(field, Box::new(centre));
    let front = run.front.address;
    state.write().expect("no thread has panicked").named = Some(front);
    troubles(&mut run);
    drop(run.finish());
    let state = state.read().expect("no thread has panicked");
    assert!(state.foreign.is_empty(), "{:#?}", state.foreign);
    report(&format!("{field}: {} right signatures", state.signed));
}

#[test]
fn acm_in_trouble() {
    in_trouble(Kind::Acm, "acm", signed_troubles);
}

#[test]
fn apollo_in_trouble() {
    in_trouble(Kind::Apollo, "apollo", signed_troubles);
}

#[test]
fn nacos_of_mse_in_trouble() {
    in_trouble(Kind::Mse, "nacos", few_troubles);
}

#[test]
fn changes_show_at_once() {
    for (kind, field) in [
        (Kind::Acm, "acm"),
        (Kind::Apollo, "apollo"),
        (Kind::Mse, "nacos"),
    ] {
        let mut centre = StandIn::start(kind);
        let front = Front::start();
        let state = Arc::clone(&centre.state);
        state.write().expect("no thread has panicked").named = Some(front.address);
        held::changes_show_at_once(Held::by_long_poll(field), &front, &mut centre);
        let state = state.read().expect("no thread has panicked");
        assert!(state.foreign.is_empty(), "{:#?}", state.foreign);
    }
}

/// Adds a cluster whose requests go where a header says.
pub(crate) fn add_servers(bootstrap: &mut Value) {
    let clusters = &mut bootstrap["static_resources"]["clusters"];
    clusters.as_array_mut().expect("a list").push(json!({
        "name": "servers",
        "type": "ORIGINAL_DST",
        "lb_policy": "CLUSTER_PROVIDED",
        "connect_timeout": "1s",
        "original_dst_lb_config": {"use_http_header": true},
    }));
}
