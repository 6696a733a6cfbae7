//! What the jobs of routing do besides J1. `benches/envoy/routing.py` has the same.

use serde_json::{Value, json};

use super::Job;

/// Adds the job's thing to a route of J1.
pub(super) fn add(job: Job, route: &mut Value) {
    let rewrite = &mut route["rewrite"];
    match job {
        Job::Regex => {
            rewrite["path"] = json!("/internal/${path.kind}/${path.id}");
            let regex = "/svc[0-9]+/(?P<kind>[a-z]+)/(?P<id>[0-9]+)";
            route["match"] = json!([{"path": {"regex": regex}}]);
        }
        Job::HeaderEdits => {
            rewrite["headers"] = json!({
                "remove": ["accept-encoding", "x-debug"],
                "rename": {"x-tenant": "x-customer"},
                "copy": {"user-agent": "x-client"},
                "set": {"x-gate": "bench", "x-env": "test", "x-region": "eu", "x-zone": "eu-1"},
                "add": {"x-hop": "gate", "x-via": "bench"},
            });
        }
        Job::Sticky => {
            rewrite["upstream"] =
                json!({"weights": {"blue": 95, "green": 5}, "by": {"header": "x-tenant"}});
        }
        Job::Response => {
            route["response"] =
                json!({"headers": {"set": {"x-gate": "bench"}, "remove": ["x-powered-by"]}});
        }
        Job::J0
        | Job::J1
        | Job::J1Sha256
        | Job::J2
        | Job::J3
        | Job::J4
        | Job::J5
        | Job::J6
        | Job::J7
        | Job::J8 => {}
    }
}
