//! Decoding of all fields, and the defaults of absent fields.

use std::time::Duration;

use postern::config::{
    Condition, ConditionTest, Config, Credential, DuplicateSlash, EscapedSlash, Fallback,
    FieldTest, KeyMaterial, Location, LookupKey, LookupValue, Names, Path, PathMatch, PathRewrite,
    Presence, Provider, Record, Requirement, Route, Scheme, Source, SourceKind, TextOrEnv,
    Unmatched, Upstream, UpstreamChoice,
};
use serde_json::{Value, json};

use super::{read, whole};

#[test]
fn reads_consumers() {
    let config = whole();
    let consumer = &config.consumers[0];
    assert_eq!(consumer.name, "mobile-app");
    assert_eq!(consumer.groups, ["gold"]);
    assert_eq!(consumer.labels[0].name, "tenant");
    assert_eq!(consumer.labels[0].value, "acme");

    let credentials = consumer.credentials.iter();
    let keys: Vec<_> = credentials.filter_map(Credential::api_key).collect();
    assert_eq!(keys[0].provider.as_deref(), Some("keys"));
    let is_digest = |digest: &[u8; 32]| digest[0] == 0x9f && digest[31] == 8;
    assert!(matches!(&keys[0].key, KeyMaterial::Sha256(digest) if is_digest(digest)));
    assert_eq!(keys[1].id.as_deref(), Some("second"));
    assert!(matches!(&keys[1].key, KeyMaterial::Value(secret) if secret.expose() == b"hunter2"));
    assert!(matches!(&keys[2].key, KeyMaterial::Env(name) if name == "FIRST"));
    assert!(matches!(&keys[3].key, KeyMaterial::Env(name) if name == "SECOND"));

    let from = &config.consumers_from[0];
    assert_eq!(from.source, "partners");
    assert_eq!(from.items, "$.consumers[*]");
    assert_eq!(from.max_shrink.unwrap().hundredths(), 50);
}

#[test]
fn reads_top_level_fields() {
    let config = whole();
    assert_eq!(config.identity.consumer, "x-consumer-name");
    assert_eq!(config.identity.groups.as_deref(), Some("x-groups"));
    assert_eq!(config.identity.labels[0].value, "x-tenant");
    assert_eq!(config.paths.escaped_slash, EscapedSlash::Decode);
    assert_eq!(config.paths.duplicate_slash, DuplicateSlash::Keep);
    let routing = config.routing.unwrap();
    assert_eq!(routing.header, "x-postern-upstream");
    assert_eq!(routing.allow, ["blue", "green"]);
    let Unmatched::Respond(respond) = config.unmatched else {
        panic!("respond")
    };
    assert_eq!(respond.status, 410);

    let Provider::ApiKey(keys) = &config.providers[0].value else {
        panic!("an API key provider")
    };
    assert_eq!(keys.realm, "shop");
    assert!(keys.forward);
    let is_header = |place: &Location, expected: &str, start: Option<&str>| match place {
        Location::Header { name, prefix } => name == expected && prefix.as_deref() == start,
        Location::Member { .. } | Location::Query(_) | Location::Cookie(_) => false,
    };
    assert!(is_header(&keys.from[0], "x-api-key", None));
    assert!(is_header(&keys.from[1], "authorization", Some("Bearer ")));
    assert!(matches!(&keys.from[2], Location::Query(name) if name == "apikey"));
    assert!(matches!(&keys.from[3], Location::Cookie(name) if name == "apikey"));
}

#[test]
fn reads_sources() {
    let config = whole();
    let names: Vec<_> = config.sources.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["partners", "tenants", "flags", "profile"]);
    let sources: Vec<&Source> = config.sources.iter().map(|it| &it.value).collect();

    let SourceKind::Http(http) = &sources[0].kind else {
        panic!("http")
    };
    assert_eq!(http.endpoint().authority, "centre.local");
    assert_eq!(http.endpoint().scheme, Scheme::Https);
    assert_eq!(http.path, "/partners.json");
    assert_eq!(http.service.headers[0].name, "authorization");
    assert!(
        matches!(&http.service.headers[0].value, TextOrEnv::Env(name) if name == "CENTRE_AUTH")
    );
    assert!(
        matches!(&http.service.headers[1].value, TextOrEnv::Text(text) if text.expose() == b"text")
    );
    assert_eq!(http.service.timeout, Duration::from_secs(1));
    assert_eq!(http.endpoint().max_bytes, 65_536);
    assert_eq!(sources[0].refresh, Duration::from_secs(60));

    let SourceKind::Http(http) = &sources[1].kind else {
        panic!("http")
    };
    assert_eq!(http.endpoint().authority, "centre");
    assert_eq!(http.endpoint().scheme, Scheme::Http);
    assert_eq!(http.service.timeout, Duration::from_secs(2));
    assert_eq!(http.endpoint().max_bytes, 8 << 20);
    assert_eq!(sources[1].refresh, Duration::from_secs(5));
    assert_eq!(sources[1].stale_for, Duration::from_secs(5400));
    assert_eq!(sources[1].index.as_ref().unwrap().by, "$.id");

    let SourceKind::Inline(document) = &sources[2].kind else {
        panic!("inline")
    };
    assert_eq!(*document, json!({"on": [1, null]}));

    let on_demand = sources[3].on_demand.as_ref().unwrap();
    assert_eq!(on_demand.ttl, Duration::from_secs(30));
    assert_eq!(on_demand.miss_ttl, Duration::ZERO);
    assert_eq!(on_demand.max_in_flight, 8);
    assert_eq!(on_demand.max_key_bytes, Some(64));
    assert_eq!(on_demand.max_entries, 100);
    assert_eq!(sources[3].stale_for, Duration::from_secs(600));
}

#[test]
fn reads_routes() {
    let config = whole();
    let [orders, calls, old, health] = config.routes.as_slice() else {
        panic!("four routes")
    };
    assert_eq!(calls.priority, -3);
    assert!(matches!(&calls.when, Some(Condition::Claim { .. })));
    let call = calls.matches[0].grpc.as_ref().unwrap();
    assert_eq!(call.path(), "/shop.Orders/Get");
    assert!(
        matches!(&calls.matches[1].path, Some(PathMatch::Regex(text)) if text.starts_with("/x/"))
    );
    let found = &orders.matches[0];
    assert!(matches!(&found.path, Some(PathMatch::Template(text)) if text.starts_with("/v1/{t")));
    assert_eq!(found.methods, ["GET", "POST"]);
    assert_eq!(found.headers[0].name, "x-beta");
    assert_eq!(found.headers[0].test, FieldTest::Exact("1".into()));
    assert_eq!(found.headers[1].test, FieldTest::Present);
    assert_eq!(found.query[0].name, "Debug");
    assert_eq!(found.query[0].test, FieldTest::Absent);

    let Requirement::Any(any) = &orders.require else {
        panic!("any")
    };
    assert!(matches!(&any[0], Requirement::Provider(name) if name == "corp"));
    assert!(matches!(&any[1], Requirement::All(all) if all.len() == 2));
    assert!(matches!(&any[2], Requirement::Optional(list) if list.len() == 1));
    assert!(matches!(old.require, Requirement::None));

    let rewrite = orders.rewrite.as_ref().unwrap();
    assert!(matches!(&rewrite.path, Some(PathRewrite::Template(text)) if text.contains("rest")));
    assert_eq!(rewrite.host.as_deref(), Some("orders.internal"));
    assert_eq!(rewrite.method.as_deref(), Some("POST"));
    assert_eq!(rewrite.headers.set[0].name, "x-tenant");
    assert_eq!(rewrite.headers.add[0].value, "postern");
    assert_eq!(rewrite.headers.remove, ["x-debug"]);
    assert_eq!(rewrite.query.set[0].value, "gw");
    assert_eq!(rewrite.query.add[0].value, "");
    assert_eq!(rewrite.query.remove, ["apikey"]);
    assert!(matches!(
        &rewrite.upstream,
        Some(Upstream::One(UpstreamChoice::Named(text))) if text == "${tenant.cluster}"
    ));
    let response = orders.response.as_ref().unwrap();
    let mut removed = Vec::new();
    response.each(&Path::Root, &mut |block, _| {
        removed.extend(block.headers.remove.clone())
    });
    assert_eq!(removed, ["x-powered-by"]);

    let redirect = old.redirect.as_ref().unwrap();
    assert!(matches!(&redirect.path, Some(PathRewrite::Prefix(prefix)) if prefix == "/new"));
    assert_eq!((redirect.port, redirect.status), (Some(8443), 308));
    let respond = health.respond.as_ref().unwrap();
    assert_eq!(respond.body.as_deref(), Some("ok"));
    assert_eq!(respond.headers[0].name, "content-type");
}

#[test]
fn reads_lookups() {
    let config = whole();
    let lookup = &config.routes[0].lookup[0];
    assert_eq!(lookup.name, "tenant");
    let lookup = &lookup.value;
    assert_eq!(lookup.source, "tenants");
    assert_eq!(
        lookup.key.as_ref().map(LookupKey::template),
        Some("${path.tenant}")
    );
    assert_eq!(lookup.values[1].name, "enabled");
    let LookupValue::Path(path) = &lookup.values[1].value else {
        panic!("{:?}", lookup.values[1].value);
    };
    assert_eq!(path, "$.enabled");
    assert!(matches!(lookup.on_missing, Fallback::Deny(403)));
    let Fallback::Default(values) = &lookup.on_failure else {
        panic!("default")
    };
    assert_eq!(values[0].value, json!(false));
    assert_eq!(values[1].value, json!("blue"));
    assert_eq!(lookup.hold, Duration::from_secs(2));
}

#[test]
fn reads_conditions() {
    let config = whole();
    let Some(Condition::All(all)) = &config.routes[0].authorize else {
        panic!("all")
    };
    let of_lookup = |condition: &Condition| match condition {
        Condition::Lookup { lookup, test } => (lookup.clone(), test.clone()),
        other => panic!("{other:?}"),
    };
    assert!(matches!(&all[0], Condition::Groups(Names::Any(names)) if names == &["gold"]));
    let (lookup, test) = of_lookup(&all[1]);
    assert_eq!(lookup, "tenant.enabled");
    assert!(matches!(test, ConditionTest::Equals(value) if value == json!(true)));
    let (_, test) = of_lookup(&all[2]);
    assert!(matches!(test, ConditionTest::Contains(Value::Null)));
    let (_, test) = of_lookup(&all[3]);
    assert!(matches!(test, ConditionTest::Exists(false)));
    let Condition::Any(any) = &all[4] else {
        panic!("any")
    };
    assert!(matches!(&any[0], Condition::Provider(name) if name == "keys"));
    let Condition::Not(not) = &any[1] else {
        panic!("not")
    };
    assert!(matches!(&**not, Condition::Consumers(names) if names == &["mallory"]));
    assert!(matches!(&any[2], Condition::Labels(labels) if labels[0].name == "tenant"));
}

#[test]
fn applies_defaults() {
    let config = Config::parse(b"{}").unwrap();
    assert!(config.routes.is_empty() && config.routing.is_none());
    assert_eq!(config.identity.consumer, "x-consumer-name");
    assert_eq!(config.paths.escaped_slash, EscapedSlash::Reject);
    assert_eq!(config.paths.duplicate_slash, DuplicateSlash::Merge);
    let Unmatched::Respond(respond) = config.unmatched else {
        panic!("respond")
    };
    assert_eq!((respond.status, respond.body), (404, None));

    let config = read(
        &json!({
            "providers": {"keys": {"apiKey": {"from": [{"header": "x-api-key"}]}}},
            "sources": {"s": {"http": {"cluster": "c", "path": "/${key}"}, "onDemand": {}}},
            "routes": [{
                "name": "r", "require": "keys", "rewrite": {}, "response": {},
                "lookup": {"v": {"source": "s", "values": {"a": "$"}}},
            }],
            "unmatched": {"pass": {}},
        })
        .to_string(),
    );
    let Provider::ApiKey(keys) = &config.providers[0].value else {
        panic!("an API key provider")
    };
    assert_eq!((keys.realm.as_str(), keys.forward), ("api", false));
    let on_demand = config.sources[0].value.on_demand.as_ref().unwrap();
    assert_eq!(on_demand.ttl, Duration::from_secs(60));
    assert_eq!(on_demand.miss_ttl, Duration::from_secs(5));
    assert_eq!(on_demand.stale_for, Duration::from_secs(300));
    assert_eq!(on_demand.max_in_flight, 32);
    assert_eq!(on_demand.max_key_bytes, None);
    assert_eq!(on_demand.max_entries, 10_000);
    let lookup = &config.routes[0].lookup[0].value;
    assert!(matches!(lookup.on_missing, Fallback::Deny(404)));
    assert!(matches!(lookup.on_failure, Fallback::Deny(503)));
    assert_eq!(lookup.hold, Duration::ZERO);
    assert!(matches!(config.unmatched, Unmatched::Pass(_)));
}

#[test]
fn exposes_the_tables_of_fields() {
    let fields = Route::FIELDS.iter();
    let fields: Vec<_> = fields.map(|it| (it.name, it.presence)).collect();
    assert_eq!(fields[0], ("name", Presence::Required));
    assert_eq!(fields[1], ("hosts", Presence::Default("[]")));
    assert_eq!(fields[3], ("priority", Presence::Default("0")));
    assert_eq!(fields[7], ("authorize", Presence::Optional));
    assert!(Route::FIELDS.iter().all(|it| !it.docs.is_empty()));
}
