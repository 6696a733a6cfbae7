//! The result of a request, and its comparison with the case.

use std::collections::BTreeMap;

use crate::case::{Answered, Denied, Expected, Forwarded, Request, Values, bytes};

/// Header fields in order, names in lower case.
pub(crate) type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

/// The result of one request.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) outcome: Outcome,
    /// The paths that were fetched from the config centre.
    pub(crate) callouts: Vec<String>,
}

/// The request was forwarded, or the gate answered it.
#[derive(Debug)]
pub(crate) enum Outcome {
    Forwarded(Delivery),
    Answered(Answer),
}

/// The request at the upstream, and the response at the client.
#[derive(Debug)]
pub(crate) struct Delivery {
    /// Pseudo-headers included.
    pub(crate) request: Pairs,
    pub(crate) upstream: String,
    /// With `:status`.
    pub(crate) response: Pairs,
}

/// An answer of the gate.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Pairs,
    pub(crate) body: Vec<u8>,
    pub(crate) grpc: Option<u8>,
    /// The response-code details.
    pub(crate) details: String,
    /// The request's path in an access log.
    pub(crate) logged: Vec<u8>,
}

/// The answer of every upstream in the tests.
pub(crate) const UPSTREAM_ANSWER: [(&str, &str); 5] = [
    ("content-type", "text/plain"),
    ("x-powered-by", "upstream"),
    ("x-internal", "1"),
    ("x-internal", "2"),
    ("content-length", "0"),
];

/// The header that selects the cluster in Envoy's route.
pub(crate) const UPSTREAM_HEADER: &str = "x-postern-upstream";

/// The values of `name`, in order.
pub(crate) fn values(pairs: &[(Vec<u8>, Vec<u8>)], name: &[u8]) -> Vec<Vec<u8>> {
    let same = |pair: &&(Vec<u8>, Vec<u8>)| pair.0.eq_ignore_ascii_case(name);
    pairs
        .iter()
        .filter(same)
        .map(|pair| pair.1.clone())
        .collect()
}

fn shown(values: &[Vec<u8>]) -> String {
    let each: Vec<_> = values
        .iter()
        .map(|value| format!("\"{}\"", value.escape_ascii()))
        .collect();
    format!("[{}]", each.join(", "))
}

/// The differences between an exchange and the case, one line each. `passed_over` says which headers the host itself adds.
pub(crate) fn differences(
    expected: &Expected,
    request: &Request,
    outcome: &Outcome,
    passed_over: &dyn Fn(&[u8]) -> bool,
) -> Vec<String> {
    match (expected, outcome) {
        (Expected::Forwarded(expected), Outcome::Forwarded(delivery)) => {
            let mut found = forwarded(expected, request, delivery, passed_over);
            let response = &expected.response;
            if let Some(status) = response.status {
                let got = values(&delivery.response, b":status");
                if got != [status.to_string().into_bytes()] {
                    found.push(format!("response status is {}, not {status}", shown(&got)));
                }
            }
            found.extend(fields(
                "response ",
                &response.headers,
                &response.absent,
                &delivery.response,
            ));
            found
        }
        (Expected::Answered(expected), Outcome::Answered(answer)) => {
            let mut found = answered(expected, answer);
            found.extend(logged(expected.logged.as_deref(), request, answer));
            found
        }
        (Expected::Denied(expected), Outcome::Answered(answer)) => {
            let mut found = denied(expected, answer);
            // Envoy logs in its own way what it refuses itself.
            if expected.reason.is_some() {
                found.extend(logged(expected.logged.as_deref(), request, answer));
            }
            found
        }
        (_, Outcome::Forwarded(delivery)) => {
            let path = values(&delivery.request, b":path");
            vec![format!("it was forwarded with the path {}", shown(&path))]
        }
        (Expected::Forwarded(_), Outcome::Answered(answer)) => vec![format!(
            "it was answered: {} {} {}",
            answer.status,
            answer.details,
            answer.body.escape_ascii()
        )],
    }
}

fn forwarded(
    expected: &Forwarded,
    request: &Request,
    delivery: &Delivery,
    passed_over: &dyn Fn(&[u8]) -> bool,
) -> Vec<String> {
    let mut found = Vec::new();
    let upstream = expected.upstream.as_deref().unwrap_or("default");
    if delivery.upstream != upstream {
        found.push(format!("upstream is {}, not {upstream}", delivery.upstream));
    }
    let mut wanted: BTreeMap<Vec<u8>, Vec<Vec<u8>>> = BTreeMap::new();
    for (name, value) in request.pairs() {
        wanted.entry(name).or_default().push(value);
    }
    if expected.upstream.is_some() {
        wanted.insert(UPSTREAM_HEADER.into(), vec![upstream.into()]);
    }
    for (name, values) in &expected.headers {
        wanted.insert(name.as_bytes().to_ascii_lowercase(), values.all());
    }
    for name in &expected.absent {
        wanted.insert(name.as_bytes().to_ascii_lowercase(), Vec::new());
    }
    for (name, value) in [
        (":method", &expected.method),
        (":path", &expected.path),
        (":authority", &expected.host),
    ] {
        if let Some(value) = value {
            wanted.insert(name.into(), vec![bytes(value)]);
        }
    }
    for (name, _) in &delivery.request {
        if !passed_over(name) {
            wanted.entry(name.clone()).or_default();
        }
    }
    for (name, wanted) in wanted {
        let got = values(&delivery.request, &name);
        if got != wanted {
            let name = name.escape_ascii();
            found.push(format!("{name} is {}, not {}", shown(&got), shown(&wanted)));
        }
    }
    found
}

/// Compares the path in the access log.
fn logged(expected: Option<&str>, request: &Request, answer: &Answer) -> Option<String> {
    let is_left_out = request.without.iter().any(|name| name == ":path");
    let wanted = match expected {
        Some(path) => bytes(path),
        None if is_left_out => Vec::new(),
        None => bytes(&request.path),
    };
    (answer.logged != wanted).then(|| {
        let [got, wanted] = [&answer.logged, &wanted].map(|path| path.escape_ascii());
        format!("the path is logged as {got}, not {wanted}")
    })
}

/// Compares the named fields.
fn fields(
    whose: &str,
    wanted: &BTreeMap<String, Values>,
    absent: &[String],
    pairs: &[(Vec<u8>, Vec<u8>)],
) -> Vec<String> {
    let mut found = Vec::new();
    let none = absent.iter().map(|name| (name, Vec::new()));
    for (name, wanted) in wanted
        .iter()
        .map(|(name, values)| (name, values.all()))
        .chain(none)
    {
        let got = values(pairs, name.as_bytes());
        if got != wanted {
            found.push(format!(
                "{whose}{name} is {}, not {}",
                shown(&got),
                shown(&wanted)
            ));
        }
    }
    found
}

fn answered(expected: &Answered, answer: &Answer) -> Vec<String> {
    let mut found = fields("", &expected.headers, &expected.absent, &answer.headers);
    if answer.status != expected.status {
        found.push(format!(
            "status is {} ({}), not {}",
            answer.status, answer.details, expected.status
        ));
    }
    if let Some(body) = expected.body.as_deref().map(bytes) {
        if answer.body != body {
            found.push(format!("the body is \"{}\"", answer.body.escape_ascii()));
        }
    }
    found
}

fn denied(expected: &Denied, answer: &Answer) -> Vec<String> {
    let mut found = fields("", &expected.headers, &expected.absent, &answer.headers);
    if expected.grpc != answer.grpc {
        found.push(format!(
            "gRPC status is {:?}, not {:?}",
            answer.grpc, expected.grpc
        ));
    }
    // A gRPC status has its own field. The HTTP status is 200 then.
    if expected.grpc.is_none() && answer.status != expected.status {
        found.push(format!(
            "status is {} ({}), not {}",
            answer.status, answer.details, expected.status
        ));
    }
    let Some(reason) = &expected.reason else {
        return found;
    };
    if answer.details != format!("postern_{reason}") {
        found.push(format!(
            "details are {}, not postern_{reason}",
            answer.details
        ));
    }
    if expected.grpc.is_some() {
        if !answer.body.is_empty() {
            found.push("a gRPC client got a body".into());
        }
        return found;
    }
    found.extend(problem(expected.status, reason, answer));
    let challenges = values(&answer.headers, b"www-authenticate");
    // A client may get a token with more scopes (RFC 6750 §3.1).
    let is_asked = expected.status == 401 || reason == "insufficient_scope";
    if challenges.is_empty() == is_asked {
        found.push(format!(
            "{} with www-authenticate {}",
            expected.status,
            shown(&challenges)
        ));
    }
    found
}

/// Checks that the content is a problem document (RFC 9457) with the same status and reason.
fn problem(status: u16, reason: &str, answer: &Answer) -> Vec<String> {
    let mut found = Vec::new();
    let kind = values(&answer.headers, b"content-type");
    if kind != [b"application/problem+json".to_vec()] {
        found.push(format!("content-type is {}", shown(&kind)));
    }
    let problem: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let is = |name: &str, value: serde_json::Value| problem.get(name) == Some(&value);
    if !is("type", "about:blank".into())
        || !is("status", status.into())
        || !is("reason", reason.into())
        || !problem
            .get("title")
            .is_some_and(serde_json::Value::is_string)
    {
        found.push(format!(
            "the problem document is {}",
            answer.body.escape_ascii()
        ));
    }
    found
}
