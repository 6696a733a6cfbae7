//! Where the filter's own requests go.

use crate::config::{self, ConfigErrors, Named, Path};
use crate::http::{Endpoint, Scheme, Text};
use crate::secret::Secret;

use super::environment::{Environment, variable};

/// Compiles what is written of an endpoint. `path` leads to the record that holds `headers`. A header with an error is
/// left out: a policy with an error is refused as a whole.
pub(super) fn endpoint(
    written: config::Endpoint<'_>,
    environment: &dyn Environment,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Endpoint {
    let headers = headers(written.headers, environment, &path.field("headers"), errors);
    let cluster = Text::shared(written.cluster.as_bytes());
    let authority = Text::shared(written.authority.as_bytes());
    Endpoint::new(cluster, authority)
        .with_scheme(scheme(written.scheme))
        .with_headers(headers)
        .with_timeout(written.timeout)
        .with_max_bytes(written.max_bytes)
}

const fn scheme(written: config::Scheme) -> Scheme {
    match written {
        config::Scheme::Http => Scheme::Http,
        config::Scheme::Https => Scheme::Https,
    }
}

fn headers(
    written: &[Named<config::TextOrEnv>],
    environment: &dyn Environment,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Vec<(Text, Secret)> {
    let value = |header: &Named<config::TextOrEnv>, errors: &mut ConfigErrors| {
        let secret = match &header.value {
            config::TextOrEnv::Text(secret) => secret.clone(),
            config::TextOrEnv::Env(name) => {
                variable(Some(environment), name, &path.field(&header.name), errors)?
            }
        };
        Some((Text::shared(header.name.as_bytes()), secret))
    };
    let compiled = written.iter().filter_map(|header| value(header, errors));
    compiled.collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn requests_have_what_is_written() {
        for (scheme, word) in [
            (config::Scheme::Http, &b"http"[..]),
            (config::Scheme::Https, b"https"),
        ] {
            let written = config::Endpoint {
                cluster: "c",
                authority: "id.example",
                scheme,
                headers: &[],
                timeout: Duration::from_secs(3),
                max_bytes: 9,
            };
            let mut errors = ConfigErrors::default();
            let compiled = endpoint(written, &|_: &str| None, &Path::Root, &mut errors);
            let callout = compiled.request("GET", "/".into());
            let has = |name: &str, value: &[u8]| {
                let mut headers = callout.headers.iter();
                headers.any(|(key, sent)| **key == *name.as_bytes() && **sent == *value)
            };
            assert!(has(":scheme", word) && has(":authority", b"id.example"));
            assert_eq!((callout.timeout, callout.max_bytes), (written.timeout, 9));
        }
    }
}
