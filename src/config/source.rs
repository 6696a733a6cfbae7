//! Config centres: where documents come from.

mod acm;
mod apollo;
mod consul;
mod etcd;
mod eureka;
mod format;
mod http;
mod kubernetes;
mod merge;
mod nacos;
mod records;
mod spring_cloud_alibaba;
mod spring_cloud_config;
mod spring_cloud_consul;

use std::time::Duration;

use crate::config::decode::Decode;
use crate::config::decode::node::Node;
use crate::config::decode::record::FieldRule;
use crate::config::values::scalar::integer;
use crate::config::values::text::{json_path, line};
use crate::config::values::units::{duration, size};
use crate::config::{ConfigErrors, Endpoint, Path};

pub use acm::{AcmEndpoint, AcmSource};
pub use apollo::ApolloSource;
pub use consul::ConsulSource;
pub use etcd::EtcdSource;
pub use eureka::EurekaSource;
pub use format::ContentFormat;
pub use http::{
    BasicCredentials, ClientSecretBy, HttpBody, HttpLogin, HttpSource, HttpSourceField,
    HttpSourceMethod, OAuth2Login,
};
pub use kubernetes::KubernetesSource;
pub use merge::MergePart;
pub use nacos::{NacosApiVersion, NacosSource};
pub(super) use records::record;
pub use spring_cloud_alibaba::{AlibabaExtension, SpringCloudAlibabaSource};
pub use spring_cloud_config::SpringCloudConfigSource;
pub use spring_cloud_consul::{SpringCloudConsulSource, SpringConsulFormat};

use merge::{WrittenMergePart, merge_parts};

/// Where documents come from, and how fresh they are.
#[derive(Clone, Debug)]
pub struct Source {
    /// Where documents come from.
    pub kind: SourceKind,
    /// How often a watched source is asked. Without meaning for `inline` and for `on_demand`.
    pub refresh: Duration,
    /// How long the last good document is used after the source stopped responding. Without meaning for `inline`; with
    /// `on_demand` it is the value from there.
    pub stale_for: Duration,
    /// How entries are found by key; `None`: the whole document is the one entry.
    pub index: Option<Index>,
    /// Whether entries are read one by one, when a request needs them; `None` for a watched document.
    pub on_demand: Option<OnDemand>,
}

/// Where a source's documents come from.
#[derive(Clone, Debug)]
pub enum SourceKind {
    /// A request that is answered with the document.
    Http(Box<HttpSource>),
    /// The environment of an application in Spring Cloud Config.
    SpringCloudConfig(Box<SpringCloudConfigSource>),
    /// A key of etcd, or all keys below a prefix.
    Etcd(Box<EtcdSource>),
    /// A key of Consul, or all keys below a prefix.
    Consul(Box<ConsulSource>),
    /// The content of a data ID of Nacos.
    Nacos(Box<NacosSource>),
    /// The properties of an application in Nacos.
    SpringCloudAlibaba(Box<SpringCloudAlibabaSource>),
    /// The properties of an application in Consul.
    SpringCloudConsul(Box<SpringCloudConsulSource>),
    /// An application in Eureka.
    Eureka(Box<EurekaSource>),
    /// A ConfigMap or a Secret of Kubernetes.
    Kubernetes(Box<KubernetesSource>),
    /// The content of a data ID of Alibaba Cloud ACM.
    Acm(Box<AcmSource>),
    /// A namespace of Apollo.
    Apollo(Box<ApolloSource>),
    /// Documents of other sources, in layers. A later one wins.
    Merge(Vec<MergePart>),
    /// The policy itself.
    Inline(serde_json::Value),
}

record! {
    /// Where documents come from, and how fresh they are.
    pub(super) struct WrittenSource {
        /// A request that is answered with the document.
        "http" http: Option<Box<HttpSource>> = optional;
        /// The environment of an application in Spring Cloud Config.
        "springCloudConfig" spring_cloud_config: Option<Box<SpringCloudConfigSource>> = optional;
        /// A key of etcd, or all keys below a prefix.
        "etcd" etcd: Option<Box<EtcdSource>> = optional;
        /// A key of Consul, or all keys below a prefix.
        "consul" consul: Option<Box<ConsulSource>> = optional;
        /// The content of a data ID of Nacos.
        "nacos" nacos: Option<Box<NacosSource>> = optional;
        /// The properties of an application in Nacos, as Spring Cloud Alibaba keeps them there.
        "springCloudAlibaba" spring_cloud_alibaba: Option<Box<SpringCloudAlibabaSource>> = optional;
        /// The properties of an application in Consul, as Spring Cloud Consul keeps them there.
        "springCloudConsul" spring_cloud_consul: Option<Box<SpringCloudConsulSource>> = optional;
        /// An application in Eureka with its instances.
        "eureka" eureka: Option<Box<EurekaSource>> = optional;
        /// A ConfigMap or a Secret of Kubernetes.
        "kubernetes" kubernetes: Option<Box<KubernetesSource>> = optional;
        /// The content of a data ID of Alibaba Cloud ACM.
        "acm" acm: Option<Box<AcmSource>> = optional;
        /// A namespace of Apollo.
        "apollo" apollo: Option<Box<ApolloSource>> = optional;
        /// The documents of these sources in layers: maps are merged, and of everything else the later one is taken.
        "merge" merge: Option<Vec<MergePart>> as merge_parts = optional;
        /// The document itself, any JSON.
        "inline" inline: Option<serde_json::Value> = optional;
        /// The interval between two requests for the document. At least `100ms`.
        "refresh" refresh: Duration as duration::<100, LONGEST> = "5s";
        /// How long the last good document is used after the source stopped responding.
        "staleFor" stale_for: Duration as duration::<0, LONGEST> = "24h";
        /// How entries are found by key. Without it the whole document is the one entry.
        "index" index: Option<Index> = optional;
        /// Entries are read one by one, when a request needs them.
        "onDemand" on_demand: Option<OnDemand> = optional;
    }
    rules [
        FieldRule::One(&[
            "http",
            "springCloudConfig",
            "etcd",
            "consul",
            "nacos",
            "springCloudAlibaba",
            "springCloudConsul",
            "eureka",
            "kubernetes",
            "acm",
            "apollo",
            "merge",
            "inline",
        ]),
        FieldRule::Apart("inline", &["refresh", "staleFor", "onDemand"]),
        FieldRule::Apart("merge", &["refresh", "staleFor", "onDemand"]),
        FieldRule::Apart("springCloudAlibaba", &["onDemand"]),
        FieldRule::Apart("springCloudConsul", &["onDemand"]),
        FieldRule::Apart("kubernetes", &["onDemand"]),
        FieldRule::Apart("apollo", &["onDemand"]),
        FieldRule::Apart("onDemand", &["refresh", "staleFor", "index"]),
    ]
}

impl SourceKind {
    /// The field that it is written in.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Http(_) => "http",
            Self::SpringCloudConfig(_) => "springCloudConfig",
            Self::Etcd(_) => "etcd",
            Self::Consul(_) => "consul",
            Self::Nacos(_) => "nacos",
            Self::SpringCloudAlibaba(_) => "springCloudAlibaba",
            Self::SpringCloudConsul(_) => "springCloudConsul",
            Self::Eureka(_) => "eureka",
            Self::Kubernetes(_) => "kubernetes",
            Self::Acm(_) => "acm",
            Self::Apollo(_) => "apollo",
            Self::Merge(_) => "merge",
            Self::Inline(_) => "inline",
        }
    }

    /// Where its requests go; `None` where it sends none.
    #[must_use]
    pub fn endpoint(&self) -> Option<Endpoint<'_>> {
        match self {
            Self::Http(http) => Some(http.endpoint()),
            Self::SpringCloudConfig(spring) => Some(spring.endpoint()),
            Self::Etcd(etcd) => Some(etcd.endpoint()),
            Self::Consul(consul) => Some(consul.endpoint()),
            Self::Nacos(nacos) => Some(nacos.endpoint()),
            Self::SpringCloudAlibaba(spring) => Some(spring.endpoint()),
            Self::SpringCloudConsul(spring) => Some(spring.endpoint()),
            Self::Eureka(eureka) => Some(eureka.endpoint()),
            Self::Kubernetes(kubernetes) => Some(kubernetes.endpoint()),
            Self::Acm(acm) => Some(acm.endpoint()),
            Self::Apollo(apollo) => Some(apollo.endpoint()),
            Self::Merge(_) | Self::Inline(_) => None,
        }
    }
}

impl Source {
    /// Whether its requests are built from the values of a client's request.
    #[must_use]
    pub fn is_by_template(&self) -> bool {
        let is_by_template = matches!(&self.kind, SourceKind::Http(http) if http.is_by_template());
        self.on_demand.is_some() && is_by_template
    }
}

impl SourceKind {
    /// Bounds a document on demand.
    fn bound(&mut self, at: &Path<'_>, errors: &mut ConfigErrors) {
        let limit = match self {
            Self::Http(http) => &mut http.max_bytes,
            Self::Etcd(etcd) => &mut etcd.max_bytes,
            Self::Consul(consul) => &mut consul.max_bytes,
            Self::Eureka(eureka) => &mut eureka.max_bytes,
            Self::SpringCloudConfig(spring) => &mut spring.max_bytes,
            Self::Nacos(nacos) => &mut nacos.max_bytes,
            Self::Acm(acm) => &mut acm.max_bytes,
            Self::SpringCloudAlibaba(_)
            | Self::SpringCloudConsul(_)
            | Self::Kubernetes(_)
            | Self::Apollo(_)
            | Self::Merge(_)
            | Self::Inline(_) => return,
        };
        if *limit.get_or_insert(USUAL_BYTES_ON_DEMAND) > MOST_BYTES_ON_DEMAND {
            let reason = format!("must be from 1 to {MOST_BYTES_ON_DEMAND} bytes with `onDemand`");
            errors.push(&at.field("maxBytes"), reason);
        }
    }

    /// The fields that may hold `${key}` where the source is read on demand: one of them does.
    fn places_of_key(&self) -> Vec<(&'static str, &str)> {
        match self {
            Self::Http(http) => vec![
                ("path", &http.path),
                (
                    "body",
                    match &http.body {
                        Some(HttpBody::Text(text)) => text,
                        Some(HttpBody::Json(_) | HttpBody::Form(_)) | None => "",
                    },
                ),
            ],
            Self::Etcd(etcd) => vec![("key", etcd.key.as_deref().unwrap_or_default())],
            Self::Eureka(eureka) => vec![("application", &eureka.application)],
            Self::Consul(consul) => vec![("key", consul.key.as_deref().unwrap_or_default())],
            Self::SpringCloudConfig(spring) => vec![
                ("application", &spring.application),
                ("label", spring.label.as_deref().unwrap_or_default()),
                ("file", spring.file.as_deref().unwrap_or_default()),
            ],
            Self::Nacos(nacos) => vec![("dataId", &nacos.data_id)],
            Self::Acm(acm) => vec![("dataId", &acm.data_id)],
            Self::SpringCloudAlibaba(_)
            | Self::SpringCloudConsul(_)
            | Self::Kubernetes(_)
            | Self::Apollo(_)
            | Self::Merge(_)
            | Self::Inline(_) => Vec::new(),
        }
    }

    /// Refuses `${key}` in a watched source, and a source on demand without it.
    fn check_key(&self, by_key: bool, at: &Path<'_>, errors: &mut ConfigErrors) {
        if by_key && matches!(self, Self::Http(http) if http.is_by_template()) {
            return;
        }
        let places = self.places_of_key();
        let mut held = places.iter().filter(|(_, text)| text.contains("${key}"));
        match (held.next(), by_key, places.first()) {
            (Some((field, _)), false, _) => {
                let reason = "`${key}` has no meaning here";
                errors.suggest(&at.field(field), reason, "add `onDemand`");
            }
            (None, true, Some((field, _))) => {
                let suggestion = "or leave `onDemand` out";
                errors.suggest(&at.field(field), "must hold `${key}`", suggestion);
            }
            (Some(_), true, _) => {
                if let Some((field, _)) = held.next() {
                    errors.push(&at.field(field), "`${key}` stands in another field already");
                }
            }
            (None, ..) => {}
        }
    }
}

/// A year: a longer duration is most likely a mistake.
const LONGEST: u64 = 8_760 * 3_600_000;

/// The default of `maxBytes`.
const USUAL_BYTES: usize = 8 << 20;

/// The default of `maxBytes` on demand. Such a document is parsed at once, when a request needs it.
const USUAL_BYTES_ON_DEMAND: usize = 256 << 10;

/// The largest `maxBytes` on demand.
const MOST_BYTES_ON_DEMAND: usize = 1 << 20;

record! {
    /// How entries are found in a document: a table that is built at each refresh.
    pub struct Index {
        /// A JSONPath: each value that it finds in the document is an entry.
        "items" items: String as json_path = required;
        /// A JSONPath from an entry to its key: text or a number.
        "by" by: String as json_path = required;
    }
}

record! {
    /// Entries that are read one by one, when a request needs them.
    pub struct OnDemand {
        /// How long an answer is fresh.
        "ttl" ttl: Duration as duration::<1, LONGEST> = "60s";
        /// How long the filter remembers that there is no such entry.
        "missTtl" miss_ttl: Duration as duration::<0, LONGEST> = "5s";
        /// How long an answer is used after the source last confirmed it, while it is read again or the source does not
        /// respond.
        "staleFor" stale_for: Duration as duration::<0, LONGEST> = "5m";
        /// How many reads may be under way at once, in each worker.
        "maxInFlight" max_in_flight: u32 as integer::<1, 10_000, u32> = 32;
        /// The longest key; a request with a longer one has no entry. Without it `256`, or `16Ki` for requests by template.
        "maxKeyBytes" max_key_bytes: Option<usize> as size::<1, 65_536> = optional;
        /// The key under which an answer to a request by template is remembered: a template. Without it, all values of the request.
        "key" key: Option<String> as line = optional;
        /// How many answers are remembered, in each worker.
        "maxEntries" max_entries: usize as integer::<1, 1_000_000, usize> = 10000;
    }
}

impl Decode for Source {
    fn decode(node: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<Self> {
        let written = WrittenSource::decode(node, at, errors)?;
        let on_demand = written.on_demand;
        let mut kind = None
            .or_else(|| written.http.map(SourceKind::Http))
            .or_else(|| {
                written
                    .spring_cloud_config
                    .map(SourceKind::SpringCloudConfig)
            })
            .or_else(|| written.etcd.map(SourceKind::Etcd))
            .or_else(|| written.consul.map(SourceKind::Consul))
            .or_else(|| written.nacos.map(SourceKind::Nacos))
            .or_else(|| {
                written
                    .spring_cloud_alibaba
                    .map(SourceKind::SpringCloudAlibaba)
            })
            .or_else(|| {
                written
                    .spring_cloud_consul
                    .map(SourceKind::SpringCloudConsul)
            })
            .or_else(|| written.eureka.map(SourceKind::Eureka))
            .or_else(|| written.kubernetes.map(SourceKind::Kubernetes))
            .or_else(|| written.acm.map(SourceKind::Acm))
            .or_else(|| written.apollo.map(SourceKind::Apollo))
            .or_else(|| written.merge.map(SourceKind::Merge))
            .or_else(|| written.inline.map(SourceKind::Inline))?;
        let path = at.field(kind.name());
        if on_demand.is_some() {
            kind.bound(&path, errors);
        }
        kind.check_key(on_demand.is_some(), &path, errors);
        Some(Self {
            kind,
            refresh: written.refresh,
            stale_for: on_demand
                .as_ref()
                .map_or(written.stale_for, |own| own.stale_for),
            index: written.index,
            on_demand,
        })
    }
}
