//! What stays open passes through every kind of route as it comes: WebSocket, server-sent events, gRPC in both directions, and content
//! that is sent when it is asked for. Clients and upstreams are real ones; each waits for the other's message before its next one.
#![cfg(feature = "envoy-tests")]

#[path = "support/centre.rs"]
#[cfg(test)]
#[expect(dead_code, reason = "other suites use all of it")]
mod centre;
#[path = "support/envoy.rs"]
#[cfg(test)]
#[expect(dead_code, reason = "other suites use all of it")]
mod envoy;
#[path = "streams/events.rs"]
#[cfg(test)]
mod events;
#[path = "streams/expect.rs"]
#[cfg(test)]
mod expect;
#[path = "streams/gate.rs"]
#[cfg(test)]
mod gate;
#[path = "streams/grpc.rs"]
#[cfg(test)]
mod grpc;
#[path = "support/http1.rs"]
#[cfg(test)]
mod http1;
#[path = "support/plan.rs"]
#[cfg(test)]
mod plan;
#[path = "streams/upstream.rs"]
#[cfg(test)]
mod upstream;
#[path = "support/wait.rs"]
#[cfg(test)]
mod wait;
#[path = "streams/websocket.rs"]
#[cfg(test)]
mod websocket;

#[test]
fn streams_pass_through_every_kind_of_route() {
    let gate = gate::Gate::start();
    assert!(gate.routes.len() > 15, "{:?}", gate.routes);
    websocket::messages_pass_in_both_directions(&gate);
    events::arrive_one_by_one(&gate);
    grpc::messages_pass_in_both_directions(&gate);
    expect::content_follows_when_it_is_asked_for(&gate);
    let traps = gate.envoy.traps();
    assert!(traps.is_empty(), "\n{}\n", traps.join("\n"));
}
