//! What the upstreams of the tests answer, and which of them gets a request, without a network.

use crate::outcome::{Pairs, UPSTREAM_ANSWER, UPSTREAM_HEADER, values};

/// The answer's header fields.
pub(crate) fn upstream_answer() -> Pairs {
    let pair = |(name, value): &(&str, &str)| (name.as_bytes().to_vec(), value.as_bytes().to_vec());
    UPSTREAM_ANSWER.iter().map(pair).collect()
}

/// The cluster that Envoy's route would choose.
pub(crate) fn upstream_of(request: &Pairs) -> Result<String, String> {
    match values(request, UPSTREAM_HEADER.as_bytes()).as_slice() {
        [] => Ok("default".to_owned()),
        [one] => Ok(String::from_utf8_lossy(one).into_owned()),
        _ => Err("two values of the routing header".into()),
    }
}
