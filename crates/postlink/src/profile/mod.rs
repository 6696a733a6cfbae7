//! Runs typical requests through the module and records the code that they run.
//!
//! Only the order of the module's code depends on the result, and so its speed.

mod host;
mod trace;

use host::{Host, Outcome};
pub(crate) use trace::Profile;

/// A request and its expected outcome.
struct Request {
    host: &'static str,
    path: &'static str,
    key: Option<&'static str>,
    outcome: Outcome,
}

const fn request(
    host: &'static str,
    path: &'static str,
    key: Option<&'static str>,
    outcome: Outcome,
) -> Request {
    Request {
        host,
        path,
        key,
        outcome,
    }
}

const KEY: Option<&str> = Some("key-000007-4f9d2c7b1e8a");
const OTHER: Option<&str> = Some("key-000001-4f9d2c7b1e8a");

/// A policy, the document of its source, and requests.
struct Workload {
    policy: &'static str,
    /// `None` for a policy without a source that is fetched.
    document: Option<&'static str>,
    /// What a service says of the `cache-control` of its answers, if requests ask one.
    service: Option<&'static str>,
    share: Share,
    requests: &'static [Request],
}

/// How many routes do what a workload does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Share {
    /// Most. They decide how code is laid out that both kinds of workloads run.
    Most,
    /// Few. Only the code that most routes do not run is laid out for them.
    Few,
}

const WORKLOADS: &[Workload] = &[
    // The usual work of a gateway: a key, a rewritten path, a condition, and an
    // upstream from a lookup, with many routes for one host and few for others.
    Workload {
        policy: include_str!("policy.json"),
        document: Some(include_str!("tenants.json")),
        service: None,
        share: Share::Most,
        requests: &[
            request("open.test", "/any/page?page=2", None, Outcome::Forwarded(0)),
            request(
                "many.test",
                "/svc07/items/1?page=2",
                KEY,
                Outcome::Forwarded(3),
            ),
            request("many.test", "/svc11/items/2", OTHER, Outcome::Forwarded(3)),
            request("few.test", "/items/3?page=2", KEY, Outcome::Forwarded(4)),
            request("few.test", "/gold/4", KEY, Outcome::Forwarded(3)),
            request(
                "tenants.test",
                "/items/5?page=2",
                KEY,
                Outcome::Forwarded(4),
            ),
            request("few.test", "/gold/6", OTHER, Outcome::Denied(403)),
            request("few.test", "/items/7", None, Outcome::Denied(401)),
        ],
    },
    // All consumers come from a document, and each route has its own host.
    Workload {
        policy: include_str!("partners-policy.json"),
        document: Some(include_str!("partners.json")),
        service: None,
        share: Share::Most,
        requests: &[
            request(
                "own-1.test",
                "/svc1/items/8?page=2",
                KEY,
                Outcome::Forwarded(3),
            ),
            request("own-2.test", "/svc2/items/9", OTHER, Outcome::Forwarded(3)),
            request("own-3.test", "/svc3/items/10", None, Outcome::Denied(401)),
        ],
    },
    // What single routes do besides: expressions, many edits, an upstream by weight, edits of the response, a condition between
    // routes.
    Workload {
        policy: include_str!("routing-policy.json"),
        document: None,
        service: None,
        share: Share::Few,
        requests: &[
            request(
                "regex.test",
                "/svc7/items/11?page=2",
                KEY,
                Outcome::Forwarded(3),
            ),
            request("old.test", "/old/items/12", KEY, Outcome::Forwarded(3)),
            request(
                "edits.test",
                "/items/13?page=2",
                KEY,
                Outcome::Forwarded(11),
            ),
            request(
                "sticky.test",
                "/items/14?page=2",
                KEY,
                Outcome::Forwarded(4),
            ),
            request(
                "response.test",
                "/items/15?page=2",
                KEY,
                Outcome::Forwarded(5),
            ),
            request("when.test", "/items/16", KEY, Outcome::Forwarded(3)),
            request("when.test", "/items/17", OTHER, Outcome::Forwarded(3)),
        ],
    },
    // Lookups by requests to a service, whose answers are remembered.
    Workload {
        policy: include_str!("requests-policy.json"),
        document: None,
        service: Some("max-age=60"),
        share: Share::Few,
        requests: ASKING,
    },
    // The same, and they are not.
    Workload {
        policy: include_str!("requests-policy.json"),
        document: None,
        service: Some("no-store"),
        share: Share::Few,
        requests: ASKING,
    },
];

const ASKING: &[Request] = &[
    request("tenants.test", "/items/18", KEY, Outcome::Forwarded(4)),
    request("scores.test", "/items/19", KEY, Outcome::Forwarded(4)),
];

/// The number of repetitions before the recording. After them, tables have their final size and counters their rows.
const REPEATED: usize = 3;

/// Runs an [instrumented](crate::instrument) module.
pub(crate) fn profile(module: &[u8]) -> Result<Profile, String> {
    let mut profile = Profile::default();
    for workload in WORKLOADS {
        run(module, workload, &mut profile)?;
    }
    Ok(profile)
}

/// The number of repetitions of a request that is counted. It is a multiple of the batch size of the module's counters.
const COUNTED: u32 = 640;

/// The number of operations that the module runs for each request, by host and path. It is the mean of many equal requests.
/// An operation of the interpreter is one or several instructions of WebAssembly.
///
/// # Errors
/// The module does not run.
pub fn count(module: &[u8]) -> Result<Vec<(String, u64)>, String> {
    let mut counts = Vec::new();
    for workload in WORKLOADS {
        let mut host = Host::start(module, workload)?;
        for request in workload.requests {
            let headers = headers(request);
            host.request(&headers)?;
            let before = host.fuel();
            for _ in 0..COUNTED {
                host.request(&headers)?;
            }
            let run = before.saturating_sub(host.fuel());
            let name = format!("{}{}", request.host, request.path);
            counts.push((name, run.checked_div(COUNTED.into()).unwrap_or_default()));
        }
    }
    Ok(counts)
}

/// Runs a workload. Branches get hints from forwarded requests only, because these are the usual ones.
fn run(module: &[u8], workload: &Workload, profile: &mut Profile) -> Result<(), String> {
    let mut host = Host::start(module, workload)?;
    for _ in 0..REPEATED {
        for request in workload.requests {
            host.request(&headers(request))?;
        }
    }
    for request in workload.requests {
        let (outcome, trace) = host.request(&headers(request))?;
        if outcome != request.outcome {
            return Err(format!(
                "{}{} is {outcome:?}, not {:?}; its log:\n{}",
                request.host,
                request.path,
                request.outcome,
                host.log()
            ));
        }
        let is_forwarded = matches!(outcome, Outcome::Forwarded(_));
        profile.add(trace, workload.share, is_forwarded);
    }
    Ok(())
}

/// The headers of a request as Envoy passes them to the filter.
fn headers(request: &Request) -> Vec<(&'static str, &'static str)> {
    let mut headers = vec![
        (":authority", request.host),
        (":path", request.path),
        (":method", "GET"),
        (":scheme", "http"),
        ("user-agent", "postlink/1.0"),
        ("accept", "application/json"),
        ("accept-encoding", "gzip, br"),
        ("x-tenant", "tenant-2"),
        ("x-forwarded-proto", "http"),
        ("x-request-id", "0a1b2c3d-4e5f-6789-abcd-ef0123456789"),
    ];
    headers.extend(request.key.map(|key| ("x-api-key", key)));
    headers
}
