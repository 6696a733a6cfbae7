//! Config centres: the [`Protocol`] that asks one for its document, and the [`Format`] that the document has.
//!
//! Each kind of centre is a file here and a line in `protocols!`; each format is a file and a line in `formats!`. Formats that people
//! write files in are in `content`.
//! CONTRIBUTING.md tells what else a new centre touches.

mod alibaba;
mod apollo;
mod check;
mod consul;
mod content;
mod cursor;
#[cfg(test)]
mod double;
mod etcd;
mod eureka;
mod format;
mod http;
mod json;
mod jwks;
mod kubernetes;
mod login;
mod nacos;
mod pairs;
mod parts;
mod properties;
mod protocol;
mod reply;
mod signature;
mod spring;
mod text;
mod yaml;

use std::time::Duration;

use serde_json::Value;

use crate::http::{Callout, CalloutError, Endpoint, Reply};
use crate::time::Timestamp;

use super::json::Items;
use super::{Budget, JsonPath, ReadRefusal, SourceError, Version};
use format::{Decode, formats};
use protocol::{Exchange, protocols};

pub use alibaba::AlibabaProtocol;
pub(crate) use apollo::is_apollo_character;
pub use apollo::{ApolloNamespace, ApolloProtocol, ApolloReader};
pub use consul::{ConsulKeys, ConsulProtocol, SpringConsulForm, SpringConsulProtocol};
pub use content::{ContentFormat, ContentReader};
#[cfg(test)]
pub(crate) use double::DoubleProtocol;
pub use etcd::{EtcdKeys, EtcdProtocol};
pub use eureka::EurekaProtocol;
pub use http::{ContentError, HttpAnswers, HttpContent, HttpProtocol, OAuth2Client};
pub use json::JsonReader;
pub use jwks::JwksProtocol;
pub use kubernetes::{KubernetesObject, KubernetesProtocol, KubernetesReader};
pub(crate) use nacos::is_nacos_character;
pub use nacos::{NacosApi, NacosProtocol, NacosReader, NacosServer};
pub use pairs::PairsReader;
pub use parts::{PartFormat, PartsReader};
pub use properties::PropertiesReader;
pub use protocol::{DocumentStatus, Next};
pub use spring::{
    SpringEntryReader, SpringEnvironmentReader, SpringKey, SpringMergedReader, SpringProtocol,
};
pub(crate) use spring::{environment_segment, file_segments};
pub use text::TextReader;
pub use yaml::YamlReader;

pub(super) use http::read;
pub(super) use protocol::MAX_CALLOUTS;
pub(super) use reply::body;

protocols! {
    /// Plain HTTP: one path, one document.
    Http(HttpProtocol),
    /// A set of keys, at a known path or discovered.
    Jwks(JwksProtocol),
    /// etcd: a key, or all keys below a prefix.
    Etcd(EtcdProtocol),
    /// Consul: a key, or all keys below a prefix.
    Consul(ConsulProtocol),
    /// Several keys of Consul, or folders of keys, which make one document.
    SpringConsul(SpringConsulProtocol),
    /// Nacos: the content of a data ID.
    Nacos(NacosProtocol),
    /// Several data IDs of Nacos, which make one document.
    Alibaba(AlibabaProtocol),
    /// Eureka: an application with its instances.
    Eureka(EurekaProtocol),
    /// Apollo: a namespace of an application.
    Apollo(ApolloProtocol),
    /// Documents of Spring Cloud Config by key.
    Spring(SpringProtocol),
    /// Kubernetes: a ConfigMap or a Secret.
    Kubernetes(KubernetesProtocol),
    /// A protocol of several callouts, for the tests of what drives it.
    #[cfg(test)]
    Double(DoubleProtocol),
}

formats! {
    /// The content of a file.
    Content(ContentReader) of (format: ContentFormat),
    /// The environment of an application in Spring Cloud Config.
    SpringEnvironment(SpringEnvironmentReader),
    /// The environment of an application in Spring Cloud Config that a request names.
    SpringEntry(SpringEntryReader),
    /// The merged document of an application in Spring Cloud Config.
    SpringMerged(SpringMergedReader),
    /// Keys with values in this format, in etcd and in Consul.
    Pairs(PairsReader) of (format: ContentFormat),
    /// The content of a data ID of Nacos, in this format, or in the one that the server notes.
    Nacos(NacosReader) of (format: Option<ContentFormat>),
    /// Several contents in this format, as Spring merges them.
    Parts(PartsReader) of (format: PartFormat),
    /// The data of an object of Kubernetes: a value in this format, or a map of all values.
    Kubernetes(KubernetesReader) of (format: Option<ContentFormat>),
    /// A namespace of Apollo, in this format.
    Apollo(ApolloReader) of (format: ContentFormat),
}

impl Format {
    /// JSON (RFC 8259).
    pub const JSON: Self = Self::Content(ContentFormat::Json);
}
