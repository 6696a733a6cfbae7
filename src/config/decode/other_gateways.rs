//! Field names of other gateways and of Spring (Gateway API, Kong, APISIX, Higress, Istio, Envoy, Nacos) with their equivalents here. They aren't
//! accepted; the error for such a field names the equivalent.

use crate::config::decode::nearest::fold;

/// The names that other gateways use in one record.
struct Words {
    /// A field that identifies this record, or several of which it has all: no record of earlier rows has them.
    of: &'static str,
    /// The names of other gateways, separated by blanks. Case, `_` and `-` are ignored.
    written: &'static str,
    /// The equivalent.
    instead: &'static str,
}

macro_rules! words {
    ($($of:literal : $written:literal => $instead:literal;)*) => {
        &[$(Words { of: $of, written: $written, instead: $instead }),*]
    };
}

mod centres;

/// The first of them that fits a record counts.
const TABLES: [&[Words]; 2] = [centres::TABLE, TABLE];

const TABLE: &[Words] = words! {
    // A policy.
    "unmatched": "rules _rules_ httpRoutes" =>
        "write `routes`";
    "unmatched": "hostnames hosts parentRefs" =>
        "write `hosts` in each route";
    "unmatched": "plugins filters services" =>
        "write `routes`, each with `require`, `rewrite` and the rest";
    "unmatched": "upstreams backendRefs clusters" =>
        "write `routing: {header, allow}`: Envoy has the clusters";
    "unmatched": "key-auth keyAuth auth" =>
        "write `providers: {NAME: {apiKey: …}}`";
    "unmatched": "keyauth_credentials credentials" =>
        "write `consumers: [{name, credentials: [{apiKey: …}]}]`";
    "unmatched": "nacos discovery configCenter registries spring.cloud.nacos.config.server-addr" =>
        "write `sources: {NAME: {nacos: {cluster, dataId}}}`, or another kind";
    "unmatched": "etcd deployment" =>
        "write `sources: {NAME: {etcd: {cluster, key}}}`";
    "unmatched": "spring springCloudConfig spring.cloud.config.uri spring.config.import" =>
        "write `sources: {NAME: {springCloudConfig: {cluster, application}}}`";
    "unmatched": "consul spring.cloud.consul.host" =>
        "write `sources: {NAME: {consul: {cluster, key}}}`, or `springCloudConsul`";
    "unmatched": "apollo" =>
        "write `sources: {NAME: {apollo: {cluster, appId}}}`";
    "unmatched": "eureka" =>
        "write `sources: {NAME: {eureka: {cluster, application}}}`";
    "unmatched": "zookeeper" =>
        "write `sources`, with one of its kinds: this one isn't supported";
    // A route.
    "require": "hostnames hostname host domains authority" =>
        "did you mean `hosts`?";
    "require": "pathPrefix prefix prefixMatch" =>
        "write `match: [{path: {prefix: …}}]`";
    "require": "path paths uri uris" =>
        "write `match: [{path: …}]`, with one of `exact`, `prefix` and `template`";
    "require": "methods method headers queryParams query vars" =>
        "write `match: [{methods, headers, query}]`";
    "require": "rules" =>
        "each rule is a route of its own";
    "require": "filters plugins plugin_config_id" =>
        "write `require`, `authorize`, `rewrite`, `response`, `redirect` or `respond`";
    "require": "backendRefs upstream upstream_id service service_id cluster" =>
        "write `rewrite: {upstream: …}`, with `routing` at the policy's top; else Envoy's routes choose";
    "require": "strip_path stripPrefix" =>
        "write `rewrite: {path: {prefix: \"\"}}`";
    "require": "preserve_host" =>
        "the host goes on as it came, unless `rewrite: {host: …}` changes it";
    "require": "urlRewrite proxy-rewrite request-transformer requestHeaderModifier" =>
        "did you mean `rewrite`?";
    "require": "responseHeaderModifier response-rewrite response-transformer" =>
        "did you mean `response`?";
    "require": "requestRedirect https_redirect_status_code" =>
        "did you mean `redirect`?";
    "require": "key-auth keyAuth auth providers" =>
        "write `require: NAME`, by the name of a provider";
    "require": "acl allow whitelist consumers consumer-restriction" =>
        "write `authorize: {consumers: {any: […]}}`";
    "require": "regex_priority" =>
        "write `priority`; a regular expression comes after other paths";
    "require": "timeout timeouts retry retries" =>
        "leave it out: Envoy's routes have it";
    // One match.
    "methods": "queryParams params args" =>
        "did you mean `query`?";
    "methods": "pathPrefix prefix" =>
        "write `path: {prefix: …}`";
    "methods": "uri uris paths exact template" =>
        "write `path`, with one of `exact`, `prefix`, `template` and `regex`";
    "methods": "hostnames hostname host hosts" =>
        "write `hosts` beside `match`";
    "methods": "vars" =>
        "write `headers`, `query` and `cookies`";
    // A path.
    "template": "type value" =>
        "write `{exact: …}`, `{prefix: …}`, `{template: …}` or `{regex: …}`";
    "template": "pathPrefix" =>
        "did you mean `prefix`?";
    "template": "regularExpression safe_regex" =>
        "did you mean `regex`?";
    // A header or a query parameter that is matched.
    "present": "value" =>
        "did you mean `exact`?";
    "present": "regularExpression safe_regex" =>
        "did you mean `regex`?";
    "present": "type" =>
        "write one of `exact`, `regex`, `present` and `absent`";
    // The keys of a set that the issuer's metadata name.
    "clusters": "jwksUri jwks_uri remoteJwks" =>
        "leave it out, the metadata name the set; or write `keys: {remote: …}`";
    "clusters": "uri url endpoint discovery" =>
        "write `cluster`, and `authority` and `path` where they are not the issuer's";
    "clusters": "issuer" =>
        "write `issuer` in the provider";
    "clusters": "cacheDuration jwk_expires_in" =>
        "did you mean `refresh`?";
    // The keys of a set at an address.
    "unknownKidInterval": "uri url httpUri jwksUri jwks_uri endpoint" =>
        "write `cluster`, `authority` and `path`";
    "unknownKidInterval": "cacheDuration jwk_expires_in" =>
        "did you mean `refresh`?";
    "unknownKidInterval": "asyncFetch retryPolicy" =>
        "leave it out: the set is fetched ahead of need, and again after a failure";
    // The question about a token.
    "missTtl": "uri url endpoint introspection_endpoint" =>
        "write `cluster`, `authority` and `path`";
    "missTtl": "client_id client_secret introspection_endpoint_auth_method" =>
        "write `client: {id, secret, by}`";
    "missTtl": "introspection_interval cache_ttl" =>
        "did you mean `ttl`?";
    // A provider of opaque tokens.
    "introspection": "introspection_endpoint introspection_url client_id client_secret introspection_endpoint_auth_method" =>
        "write `introspection: {cluster, authority, path, client: {id, secret}}`";
    "introspection": "bearer_only" =>
        "leave it out: clients are never sent to a login";
    "introspection": "keys jwksUri jwks_uri discovery" =>
        "write a provider `jwt` for signed tokens";
    // A provider of signed tokens.
    "audiences": "jwksUri jwks_uri jwks_url remoteJwks" =>
        "write `keys: {remote: {cluster, authority, path}}`";
    "audiences": "jwks localJwks" =>
        "write `keys: {inline: {keys: […]}}`";
    "audiences": "public_key rsa_public_key" =>
        "write `keys: {pem: …}`";
    "audiences": "discovery well_known" =>
        "write `keys: {discovery: {cluster}}`";
    "audiences": "introspection introspection_endpoint client_id client_secret" =>
        "write a provider `opaque: {introspection: …}` for tokens that are not signed";
    "audiences": "bearer_only" =>
        "leave it out: clients are never sent to a login";
    "audiences": "fromHeaders fromParams fromCookies header_names uri_param_names cookie_names" =>
        "did you mean `from`?";
    "audiences": "forwardOriginalToken forward_jwt" =>
        "did you mean `forward`?";
    "audiences": "outputClaimToHeaders claim_to_headers" =>
        "did you mean `claimHeaders`?";
    "audiences": "outputPayloadToHeader forward_payload_header" =>
        "did you mean `payloadHeader`?";
    // The keys of a provider.
    "pem": "jwksUri jwks_uri jwks_url remoteJwks uri url" =>
        "write `remote: {cluster, authority, path}`";
    "pem": "jwks localJwks keys" =>
        "did you mean `inline`?";
    "pem": "public_key rsa_public_key" =>
        "did you mean `pem`?";
    "pem": "well_known" =>
        "did you mean `discovery`?";
    // A request to a config centre.
    "maxBytes": "dataId group groupName namespace namespaceId tenant" =>
        "write `nacos: {cluster, namespace, group, dataId}`, a kind of its own";
    "maxBytes": "server_addr serverAddresses host hostname address" =>
        "write `cluster`, as Envoy calls it, and `authority`";
    "maxBytes": "url uri endpoint" =>
        "write `cluster`, `authority` and `path`";
    // A redirect.
    "scheme": "statusCode code ret_code response_code" =>
        "did you mean `status`?";
    "scheme": "hostname" =>
        "did you mean `host`?";
    "scheme": "replacePrefixMatch prefix prefix_rewrite" =>
        "write `path: {prefix: …}`";
    "scheme": "replaceFullPath uri url" =>
        "did you mean `path`?";
    "scheme": "http_to_https https_redirect" =>
        "write `scheme: https`";
    // A choice of an upstream.
    "weights": "weighted_upstreams backendRefs weightedClusters weight clusters" =>
        "write `weights: {UPSTREAM: WEIGHT}`";
    "weights": "hash_on key hashOn hash_policy hashPolicy sessionPersistence cookie header" =>
        "write `by: {header: NAME}`, `by: consumer` or another key";
    "responseHeaders": "filters requestHeaderModifier" =>
        "did you mean `headers`?";
    "responseHeaders": "responseHeaderModifier response" =>
        "did you mean `responseHeaders`?";
    "responseHeaders": "path urlRewrite uri" =>
        "the path is the same for all upstreams: write `rewrite: {path: …}`";
    // A rewrite.
    "upstream": "hostname" =>
        "did you mean `host`?";
    "upstream": "replacePrefixMatch prefix prefix_rewrite" =>
        "write `path: {prefix: …}`";
    "upstream": "strip_path stripPrefix" =>
        "write `path: {prefix: \"\"}`";
    "upstream": "replaceFullPath uri url" =>
        "did you mean `path`?";
    "upstream": "regex_uri regex_rewrite" =>
        "write `path: {regex: …, with: …}`";
    "upstream": "queryParams querystring args" =>
        "did you mean `query`?";
    "upstream": "requestHeaderModifier" =>
        "did you mean `headers`?";
    "upstream": "upstream_id backendRefs service cluster" =>
        "did you mean `upstream`?";
    // Changes to headers.
    "remove": "append" =>
        "did you mean `add`?";
    "remove": "replace override overwrite" =>
        "did you mean `set`?";
    "remove": "name value" =>
        "write `set: {NAME: VALUE}`";
    // A fixed answer.
    "body": "statusCode code status_code response_status" =>
        "did you mean `status`?";
    // A provider of API keys.
    "from": "key_names keys header headers query cookie params in_header in_query extractFrom key_sources" =>
        "write `from: [{header: …}, {query: …}, {cookie: …}]`";
    "from": "key_in_header key_in_query key_in_body" =>
        "write `from`: keys are read at the locations that it names, and nowhere else";
    "from": "hide_credentials sanitize keep_token strip" =>
        "leave it out, the key is stripped; `forward: true` keeps it";
    "from": "anonymous anonymous_consumer" =>
        "write `require: {optional: …}` in the route";
    "from": "consumers credentials" =>
        "write `consumers` at the policy's top";
    // A key of a consumer.
    "sha256": "key credential secret" =>
        "write `sha256`, `value` or `env`";
    "sha256": "hash" =>
        "did you mean `sha256`?";
    // A provider, or a credential of a consumer.
    "apiKey": "key-auth key api_key_auth keyauth_credentials" =>
        "did you mean `apiKey`?";
    "apiKey": "jwt-auth jwtRules jwt_authn" =>
        "did you mean `jwt`?";
    "apiKey": "openid-connect oidc introspection" =>
        "write `jwt` for signed tokens, and `opaque` for others";
    // A location of a key.
    "cookie": "param params arg query_param" =>
        "did you mean `query`?";
    // The new prefix of a path.
    "prefix": "replacePrefixMatch type" =>
        "did you mean `prefix`?";
    "prefix": "replaceFullPath" =>
        "write the path itself instead of this map";
    // A consumer.
    "credentials": "username consumer_name custom_id" =>
        "did you mean `name`?";
    "credentials": "keyauth_credentials key-auth plugins keys apiKey" =>
        "write `credentials: [{apiKey: …}]`";
    "credentials": "acls tags group_id" =>
        "did you mean `groups`?";
    // A source.
    "onDemand": "dataId group groupName namespace namespaceId tenant server_addr nacosNamespaceId nacosNamespace nacosGroups nacosAddressServer nacosAccessKey nacosSecretKey nacos2 nacos3 spring.cloud.nacos.config.server-addr" =>
        "write `nacos: {cluster, namespace, group, dataId}`";
    "onDemand": "spring spring.config.import spring.cloud.config.uri application profile label" =>
        "write `springCloudConfig: {cluster, application, profile, label}`";
    "onDemand": "spring.application.name file-extension shared-configs extension-configs" =>
        "write `springCloudAlibaba: {cluster, application, profiles, extension}`";
    "onDemand": "type registries" =>
        "write the kind as a field: `nacos: {…}`, `etcd: {…}`, `springCloudConfig: {…}` or `http: {…}`";
    "onDemand": "domain port host hosts" =>
        "write `cluster`, as Envoy calls it, in the kind's map: `nacos: {cluster, …}`";
    "onDemand": "key prefix" =>
        "write `etcd: {cluster, key}`, or `prefix`";
    "onDemand": "appId clusterName namespaceName apollo.meta app.id" =>
        "write `apollo: {cluster, appId, namespace}`";
    "onDemand": "zookeeper" =>
        "write one of the kinds here: this one isn't supported";
    "onDemand": "url uri endpoint cluster path address" =>
        "write `http: {cluster, authority, path}`";
    "onDemand": "interval poll_interval refreshInterval pollingInterval fetch_interval nacosRefreshInterval consulRefreshInterval" =>
        "did you mean `refresh`?";
    // Longer ones are pasted text.
};

/// The equivalent of another gateway's name, in a record with these fields.
pub(in crate::config) fn instead(written: &str, fields: &[&str]) -> Option<&'static str> {
    // Longer ones are pasted text.
    if written.len() > 64 {
        return None;
    }
    let has_all = |row: &&Words| row.of.split(' ').all(|field| fields.contains(&field));
    let mut rows = TABLES.into_iter().flatten();
    let of = rows.find(|row| has_all(row))?.of;
    let written = fold(written);
    TABLES
        .into_iter()
        .flatten()
        .filter(|row| row.of == of)
        .find(|row| row.written.split(' ').any(|word| fold(word) == written))
        .map(|row| row.instead)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Field, FieldRule, TypeSchema};

    fn fields(record: &str) -> (&'static [Field], &'static [FieldRule]) {
        match TypeSchema::of(record) {
            Some(TypeSchema::Record(fields, rules)) => (fields, rules),
            Some(TypeSchema::Choice(_)) | None => panic!("{record} is no record"),
        }
    }

    const RECORDS: [(&str, &str); 35] = [
        ("Config", "unmatched"),
        ("Route", "require"),
        ("Match", "methods"),
        ("PathMatch", "template"),
        ("FieldMatch", "present"),
        ("DiscoveredKeys", "clusters"),
        ("RemoteKeys", "unknownKidInterval"),
        ("IntrospectionEndpoint", "missTtl"),
        ("OpaqueProvider", "introspection"),
        ("JwtProvider", "audiences"),
        ("JwtKeys", "pem"),
        ("Redirect", "scheme"),
        ("Rewrite", "upstream"),
        ("WrittenUpstream", "weights"),
        ("UpstreamEdits", "responseHeaders"),
        ("HeaderEdits", "remove"),
        ("Respond", "body"),
        ("ApiKeyProvider", "from"),
        ("ApiKeyCredential", "sha256"),
        ("Provider", "apiKey"),
        ("Location", "cookie"),
        ("WrittenPathRewrite", "prefix"),
        ("Consumer", "credentials"),
        ("HttpSource", "maxBytes"),
        ("AcmSource", "endpoint"),
        ("ApolloSource", "appId"),
        ("NacosSource", "dataId"),
        ("SpringCloudConsulSource", "profileSeparator"),
        ("EurekaSource", "application basic"),
        ("ConsulSource", "datacenter"),
        ("EtcdSource", "key prefix"),
        ("SpringCloudAlibabaSource", "extension"),
        ("SpringCloudConfigSource", "application"),
        ("KubernetesSource", "configMap"),
        ("Source", "onDemand"),
    ];

    #[test]
    fn each_row_belongs_to_a_record_and_has_none_of_its_fields() {
        for row in TABLES.into_iter().flatten() {
            assert!(
                RECORDS.iter().any(|(_, of)| *of == row.of),
                "{} is of no record",
                row.of
            );
        }
        for (record, of) in RECORDS {
            let names: Vec<&str> = fields(record).0.iter().map(|field| field.name).collect();
            let own: Vec<&Words> = TABLES
                .into_iter()
                .flatten()
                .filter(|row| row.of == of)
                .collect();
            let has_all = of.split(' ').all(|field| names.contains(&field));
            assert!(has_all && !own.is_empty(), "{record}");
            for row in own {
                for word in row.written.split(' ') {
                    assert_eq!(instead(word, &names), Some(row.instead), "{record}: {word}");
                    assert!(
                        !names.iter().any(|name| fold(name) == fold(word)),
                        "{record} has `{word}` itself"
                    );
                }
                let meant = row.instead.strip_prefix("did you mean `");
                if let Some(meant) = meant.and_then(|rest| rest.split('`').next()) {
                    assert!(names.contains(&meant), "{record} has no `{meant}`");
                }
            }
        }
        assert_eq!(instead("hostnames", &["items", "by"]), None);
        assert!(Config::parse(br#"{"hostnames": []}"#).is_err());
    }
}
