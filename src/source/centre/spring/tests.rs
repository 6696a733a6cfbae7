//! Answers of Spring Cloud Config 4.3.0, and what is made of them.

use serde_json::json;

use super::*;

fn read(text: &str) -> Result<Value, SourceError> {
    SpringEnvironmentReader::default().parse(text.as_bytes())
}

/// The tree of these property sources, of an application with the name `app`.
fn tree(sources: &[Value]) -> Value {
    let list: Vec<_> = sources
        .iter()
        .map(|source| json!({"name": "app.yml", "source": source}))
        .collect();
    read(&json!({"name": "app", "propertySources": list}).to_string()).unwrap()
}

/// The reason why a document is refused.
fn refused(text: &str) -> String {
    read(text).unwrap_err().to_string()
}

const NATIVE: &str = r#"{"name":"gateway","profiles":["prod"],"label":null,"version":null,"state":null,"propertySources":[{"name":"file:/DATA/native/gateway-prod.yml","source":{"limit":50,"ref":"${limit}-x"}},{"name":"file:/DATA/native/gateway.yml","source":{"limit":5,"rules[0].path":"/a","rules[0].rate":10,"rules[1].path":"/b"}},{"name":"file:/DATA/native/application.yml","source":{"shared.a":1}}]}"#;

const GIT: &str = r#"{"name":"gateway","profiles":["prod"],"label":"feature/x","version":"a19787a7e26f910954eb7428c2c8fc8b13ebe557","state":"","propertySources":[{"name":"file:///DATA/repo/gateway-prod.yml","source":{"limit":99,"ref":"${limit}-x"}},{"name":"file:///DATA/repo/gateway.yml","source":{"limit":5,"rules[0].path":"/a","rules[0].rate":10,"rules[1].path":"/b"}},{"name":"file:///DATA/repo/application.yml","source":{"shared.a":1}}]}"#;

const ODD: &str = r#"{"name":"odd","profiles":["default"],"label":null,"version":null,"state":null,"propertySources":[{"name":"file:/DATA/d6/config/odd.yml","source":{"emptyList":"","nothing":"","nul":"","flag":true,"big":12345678901234567890,"flt":1.5,"date":"2024-01-02","quoted":"007","key.with.dots":1,"paths./a/b":1,"paths.x-y_z":2,"nested[0][0]":1,"nested[0][1]":2,"nested[1][0]":3,"objs[0].name":"a","objs[0].tags[0]":"p","objs[0].tags[1]":"q","long":"${missing:dflt}","unresolved":"${missing}"}},{"name":"file:/DATA/d6/config/application.yml","source":{"shared.a":1}}]}"#;

const PROPERTIES: &str = r#"{"name":"props","profiles":["default"],"label":null,"version":null,"state":null,"propertySources":[{"name":"file:/DATA/d6/config/props.properties","source":{"p.a":"1","p.list[0]":"x","p.list[1]":"y"}},{"name":"file:/DATA/d6/config/application.yml","source":{"shared.a":1}}]}"#;

const UNKNOWN: &str = r#"{"name":"nosuch","profiles":["prod"],"label":null,"version":null,"state":null,"propertySources":[{"name":"file:/DATA/native/application.yml","source":{"shared.a":1}}]}"#;

const EMPTY: &str = r#"{"name":"nosuch","profiles":["prod"],"label":null,"version":"6168f31b499a840ea7c3662967e7aa0f8263ce02","state":"","propertySources":[]}"#;

const ORIGINS: &str = r#"{"name":"gateway","profiles":["prod"],"label":null,"version":null,"state":null,"propertySources":[{"name":"file:/DATA/native/gateway-prod.yml","source":{"limit":{"value":51,"origin":"1:8"}}}]}"#;

/// The trees are those of the server's own `.json`, but for placeholders, which that resolves.
#[test]
fn answers_of_a_server() {
    let rules = json!([{"path": "/a", "rate": 10}, {"path": "/b"}]);
    assert_eq!(
        read(NATIVE).unwrap(),
        json!({"shared": {"a": 1}, "limit": 50, "ref": null, "rules": rules})
    );
    assert_eq!(
        read(GIT).unwrap(),
        json!({"shared": {"a": 1}, "limit": 99, "ref": null, "rules": rules})
    );
    assert_eq!(
        read(ODD).unwrap(),
        json!({
            "shared": {"a": 1}, "emptylist": "", "nothing": "", "nul": "", "flag": true,
            "big": 12_345_678_901_234_567_890_u64, "flt": 1.5, "date": "2024-01-02", "quoted": "007",
            "key": {"with": {"dots": 1}}, "paths": {"/a/b": 1, "xyz": 2}, "long": null, "unresolved": null,
            "nested": [[1, 2], [3]], "objs": [{"name": "a", "tags": ["p", "q"]}],
        })
    );
    assert_eq!(
        read(PROPERTIES).unwrap(),
        json!({"shared": {"a": 1}, "p": {"a": "1", "list": ["x", "y"]}})
    );
}

#[test]
fn refuses_what_has_nothing_of_the_application() {
    for text in [UNKNOWN, EMPTY] {
        assert_eq!(read(text), Err(SourceError::Missing));
    }
    // The shared files are those of an application of their name.
    let shared = UNKNOWN.replace("nosuch", "application");
    assert_eq!(read(&shared).unwrap(), json!({"shared": {"a": 1}}));
}

#[test]
fn refuses_what_is_no_environment() {
    for (text, reason) in [
        (ORIGINS, "flat names"),
        ("[]", "no environment"),
        ("{}", "no environment"),
        (r#"{"limit":50}"#, "no environment"),
        (r#"{"name":"a","propertySources":{}}"#, "no environment"),
        (r#"{"propertySources":[1]}"#, "no map `source`"),
        (r#"{"propertySources":[{"name":"a"}]}"#, "no map `source`"),
        (r#"{"propertySources":[{"source":[]}]}"#, "no map `source`"),
        (r#"{"propertySources":[{"source":{"a":[]}}]}"#, "flat names"),
        ("{", "malformed"),
        ("<html>", "malformed"),
        ("", "malformed"),
    ] {
        let error = refused(text);
        assert!(error.contains(reason), "{text}: {error}");
    }
    let nested = |name: &str| json!({"propertySources": [{"source": {name: "hunter2"}}]});
    for (name, is_good) in [
        ("a.".repeat(99), true),
        ("a.".repeat(100), false),
        ("a[0]".repeat(50), true),
        ("a[0]".repeat(51), false),
        ("a".repeat(4096), true),
        ("a".repeat(4097), false),
    ] {
        let result = read(&nested(&name).to_string());
        assert_eq!(result.is_ok(), is_good, "{name:.9}");
        let shown = result.err().map(|error| error.to_string());
        assert!(!shown.unwrap_or_default().contains("hunter2"));
    }
}

#[test]
fn the_first_property_source_counts() {
    for (sources, expected) in [
        (
            vec![
                json!({"a": 1, "b.c": 2}),
                json!({"a": 3, "b.c": 4, "b.d": 5}),
            ],
            json!({"a": 1, "b": {"c": 2, "d": 5}}),
        ),
        // Empty and false values are values.
        (
            vec![
                json!({"a": "", "b": false, "c": null}),
                json!({"a": 1, "b": 2, "c": 3}),
            ],
            json!({"a": "", "b": false, "c": null}),
        ),
        // A value and a map of one name don't mix.
        (vec![json!({"a": 1}), json!({"a.b": 2})], json!({"a": 1})),
        (
            vec![json!({"a.b": 2}), json!({"a": 1})],
            json!({"a": {"b": 2}}),
        ),
        (vec![json!({"a.b": 2, "a": 1})], json!({"a": 1})),
        (vec![json!({"a": 1, "a[0]": 2})], json!({"a": 1})),
        // A list is of one source.
        (
            vec![json!({"a[0]": 1}), json!({"a[0]": 2, "a[1]": 3})],
            json!({"a": [1]}),
        ),
        (
            vec![json!({"a[0].x": 1}), json!({"a[0].y": 2, "a.z": 3})],
            json!({"a": [{"x": 1}]}),
        ),
        // So is an empty one, which the server writes as an empty text.
        (vec![json!({"a": ""}), json!({"a[0]": 2})], json!({"a": ""})),
    ] {
        assert_eq!(tree(&sources), expected, "{sources:?}");
    }
}

/// As Spring Boot binds names: by letters and digits alone.
#[test]
fn names_are_the_same_whatever_their_spelling() {
    for (sources, expected) in [
        (
            vec![json!({"max-size": 1}), json!({"maxSize": 2, "MAX_SIZE": 3})],
            json!({"maxsize": 1}),
        ),
        // In one property source the name with dashes comes first, which Spring prefers too.
        (
            vec![json!({"maxSize": 2, "max_size": 3, "max-size": 1})],
            json!({"maxsize": 1}),
        ),
        (
            vec![json!({"my-app.a": 1}), json!({"myApp.a": 2, "myApp.b": 3})],
            json!({"myapp": {"a": 1, "b": 3}}),
        ),
        (
            vec![
                json!({"my-rules[0].x": 1}),
                json!({"myRules[0].x": 2, "MYRULES[1].x": 3}),
            ],
            json!({"myrules": [{"x": 1}]}),
        ),
        (
            vec![json!({"my-rules[0].x": 1, "myRules[1].x": 3})],
            json!({"myrules": [{"x": 1}, {"x": 3}]}),
        ),
        // What stands in brackets is the key of a map, and keeps its spelling.
        (
            vec![
                json!({"tenants[Acme-1].max-size": 1, "tenants[acme-1].max-size": 2, "tenants.Acme-1.maxSize": 3}),
            ],
            json!({"tenants": {"Acme-1": {"maxsize": 1}, "acme-1": {"maxsize": 2}, "acme1": {"maxsize": 3}}}),
        ),
        // A record of a consumer, with its labels.
        (
            vec![
                json!({"c[0].NAME": "a", "c[0].labels.Cost-Centre": "x", "c[0].credentials[0].api-key.sha256": "y",
                        "c[0].credentials[1].jwt.public_key": "z", "c[0].labels.Cost-Centre.Max-Size": 1}),
            ],
            json!({"c": [{"name": "a", "labels": {"Cost-Centre": "x"},
                          "credentials": [{"apiKey": {"sha256": "y"}}, {"jwt": {"publicKey": "z"}}]}]}),
        ),
    ] {
        assert_eq!(tree(&sources), expected, "{sources:?}");
    }
}

#[test]
fn lists_and_maps_by_number() {
    let many: serde_json::Map<String, Value> = (0..120)
        .map(|at| (format!("a[{at}]"), Value::from(at)))
        .collect();
    let list: Vec<u32> = (0..120).collect();
    assert_eq!(tree(&[many.into()]), json!({"a": list}));
    for (source, expected) in [
        (json!({"a[1]": "y", "a[0]": "x"}), json!({"a": ["x", "y"]})),
        (
            json!({"a[0][0]": 1, "a[0][1].b[0]": 2}),
            json!({"a": [[1, {"b": [2]}]]}),
        ),
        // Keys of YAML that are numbers.
        (
            json!({"a[404]": "x", "a[500]": "y"}),
            json!({"a": {"404": "x", "500": "y"}}),
        ),
        (json!({"a[1]": "x"}), json!({"a": {"1": "x"}})),
        (json!({"a[0]": 1, "a.b": 2}), json!({"a": {"0": 1, "b": 2}})),
        (json!({"a[00]": 1}), json!({"a": {"00": 1}})),
        (
            json!({"a[99999999999999999999]": 1}),
            json!({"a": {"99999999999999999999": 1}}),
        ),
        (json!({"a[4294967295]": 1}), json!({"a": {"4294967295": 1}})),
        (json!({"a.0": 1}), json!({"a": {"0": 1}})),
        // Keys in brackets, as Spring writes those with dots or slashes.
        (
            json!({"a[/b.c]": 1, "a[d].e": 2}),
            json!({"a": {"/b.c": 1, "d": {"e": 2}}}),
        ),
        (json!({"[0]": 1}), json!({"0": 1})),
    ] {
        assert_eq!(tree(std::slice::from_ref(&source)), expected, "{source}");
    }
    // Maps of several sources are merged, those by number too.
    let sources = [
        json!({"a[404]": "x"}),
        json!({"a[404]": "y", "a[500]": "z"}),
    ];
    assert_eq!(tree(&sources), json!({"a": {"404": "x", "500": "z"}}));
}

#[test]
fn a_text_that_nobody_decrypted_is_no_value() {
    let source = json!({"a": "{cipher}AQA", "b": "x${c}", "d": "cipher", "e": "$f {cipher}"});
    let below = json!({"a": "plain", "b": "plain", "g.h": "plain"});
    assert_eq!(
        tree(&[source, below.clone()]),
        json!({"a": null, "b": null, "d": "cipher", "e": "$f {cipher}", "g": {"h": "plain"}})
    );
    // What a server could not decrypt.
    let invalid = json!({"invalid.g.h": "<n/a>", "invalid.x": "other", "b": "<n/a>"});
    assert_eq!(
        tree(&[invalid, below]),
        json!({"a": "plain", "b": "<n/a>", "g": {"h": null}, "invalid": {"x": "other"}})
    );
}

#[test]
fn segments_of_the_path() {
    for (name, expected) in [
        ("gateway", Some("gateway")),
        ("feature/x", Some("feature(_)x")),
        ("prod,dev", Some("prod,dev")),
        ("a b?c#d%e;f", Some("a%20b%3Fc%23d%25e%3Bf")),
        ("é${key}", Some("%C3%A9%24%7Bkey%7D")),
        ("v1.2", Some("v1.2")),
        (".", None),
        ("a/../b", None),
        ("a//b", None),
        ("", None),
        ("..;x", None),
    ] {
        assert_eq!(environment_segment(name).as_deref(), expected, "{name}");
    }
}

/// Names of short parts would make a tree of many times their own size.
#[test]
fn the_number_of_maps_is_bounded() {
    let parts = ".a".repeat(90);
    let names = |count: usize, rest: &str| {
        let name = |at: usize| (format!("n{at}{rest}.v"), Value::from(1));
        let source: serde_json::Map<String, Value> = (0..count).map(name).collect();
        json!({"name": "app", "propertySources": [{"name": "app.yml", "source": source}]})
    };
    assert!(read(&names(700, &parts).to_string()).is_ok());
    let reason = refused(&names(800, &parts).to_string());
    assert!(reason.contains("too many parts"), "{reason}");
    // What has a usual number of parts has no bound but its size.
    assert!(read(&names(70_000, ".a_record_of_a_usual_length").to_string()).is_ok());
}

/// A large environment is read in slices that cost about as much as they spend, and its parts are given back.
#[test]
fn slices_are_bounded() {
    let shapes: [fn(usize) -> String; 3] = [
        |at| format!("services.s{}.routes.r{at}.limit", at % 100),
        |at| format!("rules[{at}]"),
        |at| format!("rules[{}].tags[{}]", at / 10, at % 10),
    ];
    for shape in shapes {
        let source: serde_json::Map<String, Value> = (0..20_000)
            .map(|at| (shape(at), Value::from("a value")))
            .collect();
        let text =
            json!({"name": "app", "propertySources": [{"name": "app.yml", "source": source}]});
        let text = text.to_string();
        let at_once = read(&text).unwrap();
        let mut reader = SpringEnvironmentReader::default();
        let mut slices = 0;
        let sliced = loop {
            let mut budget = Budget::slice();
            slices += 1;
            if let Some(value) = reader.advance(text.as_bytes(), &mut budget).unwrap() {
                break value;
            }
            assert!(budget.spent() < 384 << 10, "{}", budget.spent());
        };
        assert!(slices > 20, "{slices}");
        assert_eq!(sliced, at_once);
    }
}

/// Whatever is given up comes back, to be dropped in slices.
#[test]
fn nothing_is_lost_on_the_way() {
    for slices in 1..60 {
        // The text is read in the first slice.
        let mut reader = SpringEnvironmentReader::in_pieces(usize::MAX);
        for _ in 0..slices {
            let read = reader.advance(NATIVE.as_bytes(), &mut Budget::of(1));
            if read.unwrap().is_some() {
                assert!(slices > 10, "{slices}");
                return;
            }
        }
        let parts = Value::Array(reader.into_parts()).to_string();
        let all = ["50", "/a", "/b", "10"].map(|value| parts.contains(value));
        assert_eq!(all, [true; 4], "{slices}: {parts}");
    }
    panic!("it goes on for ever");
}
