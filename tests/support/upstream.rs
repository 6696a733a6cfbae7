//! The upstreams of the tests, without a network.

use crate::outcome::{Pairs, UPSTREAM_ANSWER, UPSTREAM_HEADER, values};

/// The header fields of the upstreams' answer.
pub(crate) fn upstream_answer() -> Pairs {
    let pair = |(name, value): &(&str, &str)| (name.as_bytes().to_vec(), value.as_bytes().to_vec());
    UPSTREAM_ANSWER.iter().map(pair).collect()
}

/// The cluster that Envoy's route selects.
pub(crate) fn upstream_of(request: &Pairs) -> Result<String, String> {
    match values(request, UPSTREAM_HEADER.as_bytes()).as_slice() {
        [] => Ok("default".to_owned()),
        [one] => Ok(String::from_utf8_lossy(one).into_owned()),
        _ => Err("two values of the routing header".into()),
    }
}
