//! A secret as text in the policy.

use postern::config::{
    Config, Credential, JwtCredential, KeyMaterial, Provider, SourceKind, TextOrEnv, TokenKey,
};

use super::{CheckRule, Warnings, entry, source_headers};

pub(super) const RULE: CheckRule = CheckRule {
    id: "plain-secret",
    meaning: "A secret is in the policy as plain text.",
    check,
};

/// A header with one of these words in its name probably has a secret as its value.
const SECRET_WORDS: [&str; 6] = [
    "authorization",
    "cookie",
    "token",
    "secret",
    "password",
    "key",
];

fn check(config: &Config, warnings: &mut Warnings) {
    for (at, consumer) in config.consumers.iter().enumerate() {
        for (number, credential) in consumer.credentials.iter().enumerate() {
            let (field, suggestion) = match credential {
                Credential::ApiKey(key) if matches!(key.key, KeyMaterial::Value(_)) => {
                    ("apiKey.value", "write its `sha256`")
                }
                Credential::Jwt(token) if has_plain_secret(token) => {
                    ("jwt.secret", "write `{env: NAME}`")
                }
                Credential::ApiKey(_) | Credential::Jwt(_) | Credential::Opaque(_) => continue,
            };
            warnings.add(
                format!("consumers[{at}].credentials[{number}].{field}"),
                "everyone who reads the policy can read this key",
                suggestion,
            );
        }
    }
    for (path, secret) in client_secrets(config) {
        if matches!(secret, TextOrEnv::Text(_)) {
            warnings.add(
                path,
                "everyone who reads the policy can read this secret",
                "write `{env: NAME}`",
            );
        }
    }
    for (path, header) in source_headers(config) {
        let is_secret = SECRET_WORDS.iter().any(|word| header.name.contains(word));
        if is_secret && matches!(header.value, TextOrEnv::Text(_)) {
            warnings.add(
                path,
                "everyone who reads the policy can read this secret",
                "write `{env: NAME}`",
            );
        }
    }
}

/// The secrets by which the gate proves who it is to servers, with their paths.
fn client_secrets(config: &Config) -> impl Iterator<Item = (String, &TextOrEnv)> {
    let providers = config.providers.iter();
    let of_providers = providers.filter_map(|provider| match &provider.value {
        Provider::Opaque(opaque) => {
            let path = entry("providers", &provider.name);
            let path = format!("{path}.opaque.introspection.client.secret");
            Some((path, &opaque.introspection.client.secret))
        }
        Provider::ApiKey(_) | Provider::Jwt(_) => None,
    });
    let of_sources = config.sources.iter().flat_map(|source| {
        let kind = &source.value.kind;
        let path = format!("{}.{}", entry("sources", &source.name), kind.name());
        of_kind(kind).map(move |(field, secret)| (format!("{path}.{field}"), secret))
    });
    of_providers.chain(of_sources)
}

/// The secrets by which the gate logs in to a config centre, with their fields.
fn of_kind(kind: &SourceKind) -> impl Iterator<Item = (&'static str, &TextOrEnv)> {
    let secrets = match kind {
        SourceKind::Etcd(etcd) => vec![("password", etcd.password.as_ref())],
        SourceKind::Consul(consul) => vec![("token", consul.token.as_ref())],
        SourceKind::SpringCloudConsul(spring) => vec![("token", spring.token.as_ref())],
        SourceKind::Nacos(nacos) => vec![
            ("password", nacos.password.as_ref()),
            ("secretKey", nacos.secret_key.as_ref()),
        ],
        SourceKind::SpringCloudAlibaba(spring) => vec![
            ("password", spring.password.as_ref()),
            ("secretKey", spring.secret_key.as_ref()),
        ],
        SourceKind::Acm(acm) => vec![("secretKey", Some(&acm.secret_key))],
        SourceKind::Apollo(apollo) => vec![("accessKey", apollo.access_key.as_ref())],
        SourceKind::Eureka(eureka) => {
            let basic = eureka.basic.as_ref();
            vec![("basic.password", basic.map(|basic| &basic.password))]
        }
        SourceKind::Kubernetes(kubernetes) => vec![("token", kubernetes.token.as_ref())],
        SourceKind::SpringCloudConfig(spring) => vec![
            ("password", spring.password.as_ref()),
            ("token", spring.token.as_ref()),
        ],
        SourceKind::Http(http) => {
            let basic = http.basic.as_ref().map(|basic| &basic.password);
            let login = http.login.as_ref();
            let login = login.map(|login| &login.oauth2.client_secret);
            vec![
                ("basic.password", basic),
                ("bearer", http.bearer.as_ref()),
                ("login.oauth2.clientSecret", login),
            ]
        }
        SourceKind::Merge(_) | SourceKind::Inline(_) => Vec::new(),
    };
    let secrets = secrets.into_iter();
    secrets.filter_map(|(field, secret)| Some((field, secret?)))
}

fn has_plain_secret(token: &JwtCredential) -> bool {
    matches!(token.key, Some(TokenKey::Secret(TextOrEnv::Text(_))))
}

#[cfg(test)]
mod tests {
    use super::super::tests::paths_of;
    use super::*;

    #[test]
    fn finds_keys_and_headers_of_sources() {
        let policy = r#"{
            "consumers": [{"name": "b", "credentials": [{"apiKey": {"env": "A"}}, {"apiKey": {"value": "x"}},
                {"jwt": {"claim": "c", "secret": "x"}}, {"jwt": {"claim": "d", "secret": {"env": "A"}}}, {"jwt": {"claim": "e"}}]}],
            "providers": {
                "a": {"opaque": {"introspection": {"cluster": "c", "path": "/", "client": {"secret": "x", "by": "bearer"}, "headers": {"x-token": "x"}}}},
                "b": {"opaque": {"introspection": {"cluster": "c", "path": "/", "client": {"secret": {"env": "A"}, "by": "bearer"}}}},
                "c": {"jwt": {"issuer": "https://a.example", "audiences": "any", "keys": {"remote": {"cluster": "c", "path": "/", "headers": {"x-token": "x", "x-b": "y"}}}}}},
            "sources": {"crm": {"http": {"cluster": "c", "path": "/", "headers": {
                "authorization": "x", "x-a": "y", "x-api-key": {"env": "KEY"}
            }}}, "flags": {"etcd": {"cluster": "c", "key": "/a", "username": "u", "password": "x"}},
                "consul": {"consul": {"cluster": "c", "key": "a", "token": "x"}},
                "instances": {"eureka": {"cluster": "c", "application": "a", "basic": {"username": "u", "password": "x"}}},
                "layers": {"springCloudConsul": {"cluster": "c", "application": "a", "token": "x"}},
                "flag": {"kubernetes": {"cluster": "c", "namespace": "n", "configMap": "a", "token": "x"}},
                "tenants": {"nacos": {"cluster": "c", "dataId": "a", "username": "u", "password": "x"}},
                "app": {"springCloudConfig": {"cluster": "c", "application": "a", "username": "u", "password": "x", "token": "x"}},
                "more": {"etcd": {"cluster": "c", "key": "/a", "username": "u", "password": {"env": "A"}}},
                "h1": {"http": {"cluster": "c", "path": "/", "basic": {"username": "u", "password": "x"}}},
                "h2": {"http": {"cluster": "c", "path": "/", "bearer": "x"}},
                "h3": {"http": {"cluster": "c", "path": "/", "login": {"oauth2": {"cluster": "c", "path": "/", "clientId": "i", "clientSecret": "x", "headers": {"x-token": "x"}}}}}}
        }"#;
        let expected = [
            "consumers[0].credentials[1].apiKey.value",
            "consumers[0].credentials[2].jwt.secret",
            "providers.a.opaque.introspection.client.secret",
            "sources.flags.etcd.password",
            "sources.consul.consul.token",
            "sources.instances.eureka.basic.password",
            "sources.layers.springCloudConsul.token",
            "sources.flag.kubernetes.token",
            "sources.tenants.nacos.password",
            "sources.app.springCloudConfig.password",
            "sources.app.springCloudConfig.token",
            "sources.h1.http.basic.password",
            "sources.h2.http.bearer",
            "sources.h3.http.login.oauth2.clientSecret",
            "sources.crm.http.headers.authorization",
            "sources.h3.http.login.oauth2.headers.x-token",
            "providers.a.opaque.introspection.headers.x-token",
            "providers.c.jwt.keys.remote.headers.x-token",
        ];
        assert_eq!(paths_of(&RULE, policy), expected);
    }
}
