//! An Envoy whose routes are chosen again after the policy's edits.

use std::net::SocketAddr;
use std::path::Path;

use serde_json::json;

use crate::envoy::Envoy;
use crate::http1::{Message, exchange};
use crate::plan::{DETAILS, Plan};
use crate::servers::Upstreams;
use crate::tables::{
    ALLOWED, BY_ANYTHING, BY_ROUTING_HEADER, GUARDED, HEADER, OTHERS, PROBE, change,
};

pub(crate) struct Gate {
    pub(crate) envoy: Envoy,
    upstreams: Upstreams,
}

/// A client's request.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) target: String,
    /// Header lines.
    pub(crate) fields: String,
}

impl Gate {
    pub(crate) fn start(name: &str, program: Option<&Path>) -> Self {
        let names = [&ALLOWED[..], &OTHERS[..], &["secret"]].concat();
        let upstreams = Upstreams::start(&names, &[("content-length", "0")]);
        let listener = |name: &str| (name.to_owned(), policy());
        let plan = Plan {
            name: name.to_owned(),
            policies: [BY_ANYTHING, GUARDED, BY_ROUTING_HEADER, PROBE]
                .map(listener)
                .to_vec(),
            clusters: upstreams.addresses.clone(),
            change,
            ..Plan::default()
        };
        let envoy = plan.start_in(program);
        Self {
            envoy: envoy.unwrap_or_else(|error| panic!("{error}")),
            upstreams,
        }
    }

    pub(crate) fn address(&self, listener: &str) -> SocketAddr {
        let address = self.envoy.listener(listener);
        address.unwrap_or_else(|| panic!("{listener} has a policy"))
    }

    /// Where a request arrives: at an upstream, or the status and the details of an answer instead.
    pub(crate) fn arrives(&self, address: SocketAddr, sent: &Sent) -> Result<String, String> {
        let received = self.received(address, sent)?;
        Ok(received.0)
    }

    /// The same, with the request as it arrived.
    pub(crate) fn received(
        &self,
        address: SocketAddr,
        sent: &Sent,
    ) -> Result<(String, Message), String> {
        let Sent { target, fields } = sent;
        let request =
            format!("GET {target} HTTP/1.1\r\nhost: api.test\r\nconnection: close\r\n{fields}\r\n");
        let answer = exchange(address, "GET", request.as_bytes());
        let answer = answer.map_err(|error| error.to_string())?;
        let mut received = self.upstreams.received();
        match (received.pop(), received.pop()) {
            (Some(received), None) => Ok(received),
            (None, None) => Err(denial(&answer)),
            (first, second) => panic!("{sent:?} arrived twice: {first:?}, {second:?}"),
        }
    }
}

fn denial(answer: &Message) -> String {
    let details = answer.field(DETAILS.as_bytes()).unwrap_or_default();
    format!("{} {}", answer.status(), String::from_utf8_lossy(details))
}

/// Each route edits one part of the request, with the client's own values. `/all/` edits everything.
fn policy() -> String {
    let all = json!({
        "path": "/${path.rest}", "host": "${header.x-want-host:-api.test}", "method": "${header.x-want-method:-GET}",
        "headers": {
            "set": {"x-to": "${header.x-want:-there}"}, "add": {"x-more": "${header.x-want:-there}"},
            "rename": {"x-first": "x-renamed"}, "copy": {"x-second": "x-copied"}, "remove": ["x-third"],
        },
        "query": {"set": {"to": "${header.x-want:-there}"}},
    });
    let route = |name: &str, rewrite: serde_json::Value| {
        json!({
            "name": name, "match": [{"path": {"template": format!("/{name}/{{rest=**}}")}}],
            "require": "none", "rewrite": rewrite,
        })
    };
    let key = json!({
        "name": "key", "match": [{"path": {"prefix": "/key"}}], "require": "keys",
    });
    json!({
        "routing": {"header": HEADER, "allow": ["blue", "green"]},
        "consumers": [{"name": "c", "credentials": [{"apiKey": {"value": "a-key"}}]}],
        "providers": {"keys": {"apiKey": {"from": [{"header": "x-api-key"}]}}},
        "routes": [
            key,
            route("nothing", json!({})),
            route("path", json!({"path": "/elsewhere/${path.rest}"})),
            route("host", json!({"host": "other.test"})),
            route("header", json!({"headers": {"set": {"x-to": "there"}}})),
            route("method", json!({"method": "PUT"})),
            route("query", json!({"query": {"set": {"to": "there"}}})),
            route("moved", json!({"path": {"regex": "^/moved/(?P<rest>.*)", "with": "/${rest}"}})),
            route("upstream", json!({"upstream": "${header.x-want:-green}"})),
            route("all", all.clone()),
            route("chosen", {
                let mut chosen = all;
                chosen["upstream"] = json!("blue");
                chosen
            }),
        ],
    })
    .to_string()
}
