//! ACM, Apollo and signed requests to Nacos, with stand-ins that check each signature.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::centre::{Centre, good, policy};
use crate::front::Front;
use crate::gate::{Gate, report};
use crate::plan::Plan;
use crate::run::Run;
use crate::stand_in::{Kind, StandIn, sign};
use crate::troubles::{few_troubles, signed_troubles};
use crate::wait::pause;

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

/// The time in which a change is everywhere by a question that the server holds, also on a busy machine.
const AT_ONCE: Duration = Duration::from_secs(3);

/// With `longPoll` the server holds the question until there is a change. `refresh` is much longer than that.
#[test]
fn changes_show_at_once() {
    for (kind, field) in [
        (Kind::Acm, "acm"),
        (Kind::Apollo, "apollo"),
        (Kind::Mse, "nacos"),
    ] {
        let mut centre = StandIn::start(kind);
        let front = Front::start();
        front.stand_before(centre.address);
        let state = Arc::clone(&centre.state);
        state.write().expect("no thread has panicked").named = Some(front.address);
        let mut policy: Value = serde_json::from_str(&policy(field, &centre)).expect("it is JSON");
        for document in ["main", "short"] {
            let source = &mut policy["sources"][document];
            source[field]["longPoll"] = "10s".into();
            source["refresh"] = "30s".into();
            source["staleFor"] = "1h".into();
        }
        centre.put("main", &good("held"));
        centre.put("short", &good("held"));
        let gate = Gate::start(Plan {
            name: format!("centres-held-{field}"),
            policies: vec![("gate".into(), policy.to_string())],
            clusters: vec![("centre".into(), front.address)],
            change: add_servers,
            ..Plan::default()
        });
        gate.until("/main/held", "-", "200", Duration::from_secs(20));
        for number in 0..3 {
            pause(Duration::from_millis(400));
            let marker = format!("held{number}");
            centre.put("main", &good(&marker));
            gate.until(&format!("/main/{marker}"), "-", "200", AT_ONCE);
        }
        // Nobody asks meanwhile.
        pause(Duration::from_secs(1));
        front.asked();
        pause(Duration::from_secs(2));
        let asked = front.asked().len();
        assert!(asked <= 2, "{field}: {asked} questions in two seconds");
        // A question ends without an answer.
        front.go_down();
        pause(Duration::from_millis(300));
        front.heal();
        centre.put("main", &good("after"));
        gate.until("/main/after", "-", "200", Duration::from_secs(10));
        gate.finish();
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
