//! The records of sources.

use crate::config::decode::record::{Field, FieldRule, Record as _};

use super::*;

/// The fields of a kind's record, by the record's name.
pub(in crate::config) fn record(name: &str) -> Option<(&'static [Field], &'static [FieldRule])> {
    Some(match name {
        "HttpSource" => (HttpSource::FIELDS, HttpSource::RULES),
        "BasicCredentials" => (BasicCredentials::FIELDS, BasicCredentials::RULES),
        "HttpLogin" => (HttpLogin::FIELDS, HttpLogin::RULES),
        "WrittenHttpBody" => (http::WrittenHttpBody::FIELDS, http::WrittenHttpBody::RULES),
        "OAuth2Login" => (OAuth2Login::FIELDS, OAuth2Login::RULES),
        "SpringCloudConfigSource" => (
            SpringCloudConfigSource::FIELDS,
            SpringCloudConfigSource::RULES,
        ),
        "EtcdSource" => (EtcdSource::FIELDS, EtcdSource::RULES),
        "ConsulSource" => (ConsulSource::FIELDS, ConsulSource::RULES),
        "NacosSource" => (NacosSource::FIELDS, NacosSource::RULES),
        "SpringCloudAlibabaSource" => (
            SpringCloudAlibabaSource::FIELDS,
            SpringCloudAlibabaSource::RULES,
        ),
        "SpringCloudConsulSource" => (
            SpringCloudConsulSource::FIELDS,
            SpringCloudConsulSource::RULES,
        ),
        "EurekaSource" => (EurekaSource::FIELDS, EurekaSource::RULES),
        "KubernetesSource" => (KubernetesSource::FIELDS, KubernetesSource::RULES),
        "AcmSource" => (AcmSource::FIELDS, AcmSource::RULES),
        "AcmEndpoint" => (AcmEndpoint::FIELDS, AcmEndpoint::RULES),
        "ApolloSource" => (ApolloSource::FIELDS, ApolloSource::RULES),
        "WrittenMergePart" => (WrittenMergePart::FIELDS, WrittenMergePart::RULES),
        _ => return None,
    })
}
