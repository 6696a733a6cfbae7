//! Services that are asked: what is written alike for all of them.

use std::time::Duration;

use crate::config::decode::Named;
use crate::config::decode::node::Node;
use crate::config::decode::record::{Field, Record as _, Slot, UsualValue, is_same, position};
use crate::config::values::names::secret_headers;
use crate::config::values::text::line;
use crate::config::values::text_or_env::TextOrEnv;
use crate::config::values::units::duration;
use crate::config::{ConfigErrors, Path, Scheme};

use super::decode::Decode as _;

record! {
    /// A service that is asked. Its fields stand among those of the records that have one: three before all others, two before
    /// `maxBytes`.
    pub struct Service {
        /// The Envoy cluster of the service.
        "cluster" cluster: String as line = required;
        /// The `:authority` of the requests. Without it, the cluster's name.
        "authority" authority: Option<String> as line = optional;
        /// The `:scheme` of the requests: `https` where the cluster uses TLS.
        "scheme" scheme: Scheme = "http";
        /// Header fields of each request: text or `{env: NAME}`.
        "headers" headers: Vec<Named<TextOrEnv>> as secret_headers = {};
        /// How long the filter waits for a reply.
        "timeout" timeout: Duration as duration::<1, 300_000> = "2s";
    }
}

/// How many fields a service has.
const COUNT: usize = 5;

/// How many of them stand before all others.
const BEFORE: usize = 3;

/// What the records with a service are made of. They name it by [`Service`] alone.
impl Service {
    /// How many fields it has.
    pub(super) const COUNT: usize = COUNT;

    /// Their names.
    #[expect(clippy::indexing_slicing, reason = "the compiler runs it")]
    pub(super) const NAMES: [&'static str; COUNT] = {
        let mut names = [""; COUNT];
        let mut at = 0;
        while at < COUNT {
            names[at] = Self::FIELDS[at].name;
            at += 1;
        }
        names
    };

    /// Their defaults, as the record has them.
    pub(super) const DEFAULTS: [UsualValue; COUNT] = [
        None,
        None,
        Some(|| node!("http")),
        Some(|| node!({})),
        Some(|| node!("2s")),
    ];

    /// What belongs to the fields of a record, with what belongs to those of a service.
    #[expect(
        clippy::arithmetic_side_effects,
        clippy::indexing_slicing,
        reason = "the compiler runs it"
    )]
    pub(super) const fn among<T: Copy, const ALL: usize>(
        names: &[&str],
        own: &[T],
        service: [T; COUNT],
    ) -> [T; ALL] {
        let behind = BEFORE + position(names, "maxBytes");
        let mut all = [service[0]; ALL];
        let mut at = 0;
        while at < ALL {
            all[at] = if at < BEFORE {
                service[at]
            } else if at < behind {
                own[at - BEFORE]
            } else if at < behind + COUNT - BEFORE {
                service[at + BEFORE - behind]
            } else {
                own[at - COUNT]
            };
            at += 1;
        }
        all
    }

    /// The fields, some of them with other docs.
    #[expect(
        clippy::arithmetic_side_effects,
        clippy::indexing_slicing,
        reason = "the compiler runs it"
    )]
    pub(super) const fn documented(docs: &[(&str, &'static str)]) -> [Field; COUNT] {
        let mut fields = [Self::FIELDS[0]; COUNT];
        let mut at = 0;
        while at < COUNT {
            fields[at] = Self::FIELDS[at];
            let mut rest = docs;
            while let Some(((name, docs), others)) = rest.split_first() {
                if is_same(name.as_bytes(), Self::NAMES[at].as_bytes()) {
                    fields[at].docs = docs;
                }
                rest = others;
            }
            at += 1;
        }
        fields
    }

    /// The fields while a record is read.
    pub(super) const fn slots() -> ServiceSlots {
        ServiceSlots {
            cluster: Slot::Absent,
            authority: Slot::Absent,
            scheme: Slot::Absent,
            headers: Slot::Absent,
            timeout: Slot::Absent,
        }
    }
}

impl Service {
    /// Where its requests go, for answers of at most so many bytes.
    #[must_use]
    pub fn endpoint(&self, max_bytes: usize) -> Endpoint<'_> {
        Endpoint {
            cluster: &self.cluster,
            authority: self.authority.as_deref().unwrap_or(&self.cluster),
            scheme: self.scheme,
            headers: &self.headers,
            timeout: self.timeout,
            max_bytes,
        }
    }
}

/// The fields of a service while a record with one is read.
pub(super) struct ServiceSlots {
    cluster: Slot<String>,
    authority: Slot<String>,
    scheme: Slot<Scheme>,
    headers: Slot<Vec<Named<TextOrEnv>>>,
    timeout: Slot<Duration>,
}

impl ServiceSlots {
    /// Reads one of the fields.
    pub(super) fn read(
        &mut self,
        name: &str,
        node: &Node<'_>,
        at: &Path<'_>,
        errors: &mut ConfigErrors,
    ) {
        match name {
            "cluster" => self.cluster = Slot::Given(line(node, at, errors)),
            "authority" => self.authority = Slot::Given(line(node, at, errors)),
            "scheme" => self.scheme = Slot::Given(Scheme::decode(node, at, errors)),
            "headers" => self.headers = Slot::Given(secret_headers(node, at, errors)),
            _ => self.timeout = Slot::Given(duration::<1, 300_000>(node, at, errors)),
        }
    }

    pub(super) fn finish(self, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<Service> {
        let cluster = self.cluster.required(&at.field("cluster"), errors);
        Some(Service {
            cluster: cluster?,
            authority: self.authority.optional()?,
            scheme: self.scheme.defaulted()?,
            headers: self.headers.defaulted()?,
            timeout: self.timeout.defaulted()?,
        })
    }
}

/// Where the requests to a service go: what all kinds of services share.
#[derive(Clone, Copy, Debug)]
pub struct Endpoint<'c> {
    /// The Envoy cluster.
    pub cluster: &'c str,
    /// The `:authority` of requests: the cluster's name where none is written.
    pub authority: &'c str,
    /// The `:scheme` of requests.
    pub scheme: Scheme,
    /// Header fields of each request.
    pub headers: &'c [Named<TextOrEnv>],
    /// How long the filter waits for an answer.
    pub timeout: Duration,
    /// The largest content that is accepted, in bytes.
    pub max_bytes: usize,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::EtcdSource;

    /// What is read, and the errors.
    fn read(service: &str) -> [(String, String); 2] {
        let etcd = format!(r#"{{{service}"key": "/k"}}"#);
        let alone = format!("{{{}}}", service.trim_end_matches(", "));
        let mut errors = [ConfigErrors::default(), ConfigErrors::default()];
        let [own, others] = &mut errors;
        let alone = Node::parse(alone.as_bytes()).unwrap();
        let etcd = Node::parse(etcd.as_bytes()).unwrap();
        let alone = Service::decode(&alone, &Path::Root, own);
        let etcd = EtcdSource::decode(&etcd, &Path::Root, others).map(|etcd| etcd.service);
        [
            (format!("{alone:?}"), format!("{own:?}")),
            (format!("{etcd:?}"), format!("{others:?}")),
        ]
    }

    /// The decoder among other fields has the defaults and the readers of the record.
    #[test]
    fn reads_the_same_alone_and_among_other_fields() {
        for service in [
            r#""cluster": "c", "#,
            r#""cluster": "c", "authority": "a", "scheme": "https", "headers": {"x": "y"}, "timeout": "300s", "#,
            "",
            r#""cluster": 1, "#,
            r#""cluster": "c\n", "#,
            r#""cluster": "c", "authority": [], "#,
            r#""cluster": "c", "scheme": "ftp", "#,
            r#""cluster": "c", "headers": {"a b": "y"}, "#,
            r#""cluster": "c", "timeout": "301s", "#,
            r#""cluster": "c", "timeout": "0s", "#,
        ] {
            let [alone, among] = read(service);
            assert_eq!(alone, among, "{service}");
        }
    }
}
