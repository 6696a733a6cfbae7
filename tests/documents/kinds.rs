//! Sources with large documents. Each document says at its end whether its number is even.

use std::fmt::Write as _;

use base64ct::{Base64, Encoding as _};
use serde_json::{Value, json};

/// A source, and what the centre says.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) source: Value,
    /// The replies, each by its path and the content of the request, with the document of this number.
    pub(crate) replies: fn(usize) -> Vec<(String, Vec<u8>)>,
}

const LARGEST: usize = 10 << 20;
const LARGE: usize = 2 << 20;

/// With its escapes, as it stands in the answer of Kubernetes, so long a text has a little less than a MiB. No value may have more.
const VALUE: usize = 840 << 10;

pub(crate) fn kinds() -> Vec<Kind> {
    let mut all = of_one_document();
    all.extend(of_etcd());
    all.push(kubernetes());
    all.push(layers());
    all
}

fn of_one_document() -> Vec<Kind> {
    let http = |format: &str| source("http", json!({"path": "/large", "format": format}));
    vec![
        Kind {
            name: "JSON, 10 MiB",
            source: http("json"),
            replies: |number| at("/large", in_json(number, LARGEST)),
        },
        Kind {
            name: "YAML, 2 MiB",
            source: http("yaml"),
            replies: |number| at("/large", in_yaml(number)),
        },
        Kind {
            name: "properties, 2 MiB",
            source: http("properties"),
            replies: |number| at("/large", in_properties(number)),
        },
        Kind {
            name: "Spring, 2 MiB",
            source: source("springCloudConfig", json!({"application": "large"})),
            replies: |number| at("/large/default", environment(number)),
        },
        Kind {
            name: "Nacos v3, JSON, 10 MiB",
            source: source("nacos", json!({"dataId": "large.json", "apiVersion": "v3"})),
            replies: |number| {
                at(
                    &in_v3("large.json"),
                    in_nacos(number, in_json(number, LARGEST)),
                )
            },
        },
        Kind {
            name: "Spring Cloud Alibaba, 2 MiB",
            source: source(
                "springCloudAlibaba",
                json!({"application": "large", "extension": "yaml", "apiVersion": "v3"}),
            ),
            replies: |number| {
                let missing = r#"{"code":20004,"message":"resource not found","data":null}"#;
                let mut replies = at(&in_v3("large"), missing.to_owned());
                let content = in_nacos(number, in_yaml(number));
                replies.extend(at(&in_v3("large.yaml"), content));
                replies
            },
        },
    ]
}

fn of_etcd() -> [Kind; 2] {
    [
        Kind {
            name: "etcd, one key, 2 MiB",
            source: source("etcd", json!({"key": "/large"})),
            replies: |number| {
                let pairs = vec![pair("/large", &in_json(number, LARGE), number)];
                in_etcd(number, r#""key":"L2xhcmdl""#, &pairs)
            },
        },
        Kind {
            name: "etcd, 20,000 keys",
            source: source("etcd", json!({"prefix": "/l/"})),
            replies: |number| in_etcd(number, r#""key":"L2wv","range_end":"L2ww""#, &tree(number)),
        },
    ]
}

fn kubernetes() -> Kind {
    let mut source = source(
        "kubernetes",
        json!({"namespace": "n", "configMap": "large", "key": "large.json"}),
    );
    source["kubernetes"]["maxBytes"] = "8Mi".into();
    Kind {
        name: "Kubernetes, a ConfigMap of 1 MiB",
        source,
        replies: |number| in_kubernetes(number, in_json(number, VALUE)),
    }
}

fn layers() -> Kind {
    Kind {
        name: "two layers, 10 and 2 MiB",
        source: json!({"merge": ["lower", "upper"]}),
        replies: |number| {
            let mut replies = at("/lower", in_map(0, LARGEST));
            replies.extend(at("/upper", in_map(number, LARGE)));
            replies
        },
    }
}

/// The parts of a source that is made of others.
pub(crate) fn parts(source: &Value) -> Vec<(&str, Value)> {
    let names = source["merge"].as_array().into_iter().flatten();
    let names = names.filter_map(Value::as_str);
    let part = |name: &str| self::source("http", json!({"path": format!("/{name}")}));
    names.map(|name| (name, part(name))).collect()
}

fn source(kind: &str, mut own: Value) -> Value {
    own["cluster"] = "centre".into();
    own["authority"] = "centre.test".into();
    own["timeout"] = "10s".into();
    own["maxBytes"] = "16Mi".into();
    json!({kind: own, "refresh": "200ms"})
}

fn at(path: &str, body: String) -> Vec<(String, Vec<u8>)> {
    vec![(path.to_owned(), body.into_bytes())]
}

fn state(number: usize) -> &'static str {
    if number.is_multiple_of(2) {
        "even"
    } else {
        "odd"
    }
}

/// A text of about this length: `record` of each number, between two other texts.
fn records(length: usize, record: impl Fn(usize) -> String) -> String {
    let mut text = String::new();
    for number in 0.. {
        if text.len() > length {
            break;
        }
        text.push_str(&record(number));
    }
    text
}

fn in_json(number: usize, length: usize) -> String {
    let records = records(length, |record| {
        format!(
            r#"{{"id": "r-{record}", "name": "record {record} of {number}", "tags": ["a", "b\n"], "limit": 5, "open": true}},"#
        )
    });
    format!(
        r#"{{"records": [{records}0], "state": "{}"}}"#,
        state(number)
    )
}

fn in_map(number: usize, length: usize) -> String {
    let records = records(length, |record| {
        format!(
            r#""r-{record}": {{"name": "record {record} of {number}", "tags": ["a", "b\n"], "limit": 5, "open": true}},"#
        )
    });
    format!(
        r#"{{"records": {{{records}"end": 0}}, "state": "{}"}}"#,
        state(number)
    )
}

fn in_yaml(number: usize) -> String {
    let records = records(LARGE, |record| {
        format!(
            "  - id: r-{record}\n    name: \"record {record} of {number}\"\n    tags: [a, 'b']   # two\n    limits:\n      upload: 5\n      open: true\n"
        )
    });
    format!("records:\n{records}state: {}\n", state(number))
}

fn in_properties(number: usize) -> String {
    let records = records(LARGE, |record| {
        format!(
            "records[{record}].id=r-{record}\nrecords[{record}].name = record\\u0020of {number}\n"
        )
    });
    format!("{records}state={}\n", state(number))
}

fn environment(number: usize) -> String {
    let records = records(LARGE, |record| {
        format!(
            r#""records[{record}].id": "r-{record}", "records[{record}].rate-limit": {number}, "#
        )
    });
    format!(
        r#"{{"name": "large", "profiles": ["default"], "label": null, "version": null, "state": null, "propertySources": [{{"name": "file:/large.yml", "source": {{{records}"state": "{}"}}}}]}}"#,
        state(number)
    )
}

fn in_v3(data_id: &str) -> String {
    format!("/nacos/v3/client/cs/config?dataId={data_id}&groupName=DEFAULT_GROUP")
}

fn in_nacos(number: usize, content: String) -> String {
    let content = Value::from(content);
    format!(
        r#"{{"code":0,"message":"success","data":{{"resultCode":200,"errorCode":0,"message":null,"requestId":null,"content":{content},"encryptedDataKey":"","contentType":"json","md5":"{number:032x}","lastModified":{number},"tag":null,"beta":false,"success":true}}}}"#
    )
}

/// A ConfigMap, and the answer to the question about its metadata, which is the later one: who sees it also sees the new object.
fn in_kubernetes(number: usize, value: String) -> Vec<(String, Vec<u8>)> {
    let value = Value::from(value);
    let metadata = format!(r#""metadata":{{"uid":"u","resourceVersion":"{number}"}}"#);
    let path = "/api/v1/namespaces/n/configmaps/large";
    let mut replies = at(
        &format!("{path} application/json"),
        format!(
            r#"{{"kind":"ConfigMap","apiVersion":"v1",{metadata},"data":{{"large.json":{value}}}}}"#
        ),
    );
    replies.extend(at(
        &format!("{path} application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"),
        format!(r#"{{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1",{metadata}}}"#),
    ));
    replies
}

fn pair(key: &str, value: &str, number: usize) -> String {
    let (key, value) = (
        Base64::encode_string(key.as_bytes()),
        Base64::encode_string(value.as_bytes()),
    );
    format!(
        r#"{{"key":"{key}","create_revision":"1","mod_revision":"{}","version":"1","value":"{value}"}}"#,
        number.saturating_add(2)
    )
}

fn tree(number: usize) -> Vec<String> {
    let mut pairs: Vec<_> = (0..20_000)
        .map(|key| {
            let (folder, name) = (key % 100, key / 100);
            let mut value = String::new();
            let written = write!(value, r#"{{"id": "r-{key}", "limit": {number}}}"#);
            written.expect("a text takes all");
            pair(&format!("/l/{folder}/{name}"), &value, number)
        })
        .collect();
    let end = format!(r#""{}""#, state(number));
    pairs.push(pair("/l/state", &end, number));
    pairs
}

/// The answers to the two questions about a range.
fn in_etcd(number: usize, range: &str, pairs: &[String]) -> Vec<(String, Vec<u8>)> {
    let revision = number.saturating_add(2);
    let header = format!(
        r#"{{"header":{{"cluster_id":"7","member_id":"1","revision":"{revision}","raft_term":"2"}}"#
    );
    let count = pairs.len();
    let newest = format!(r#"{{"key":"L2w=","mod_revision":"{revision}"}}"#);
    let path = "/v3/kv/range";
    vec![
        (
            format!(
                r#"{path} {{{range},"limit":1,"sort_order":"DESCEND","sort_target":"MOD","keys_only":true}}"#
            ),
            format!(r#"{header},"kvs":[{newest}],"count":"{count}"}}"#).into_bytes(),
        ),
        (
            format!(r#"{path} {{{range},"revision":"{revision}"}}"#),
            format!(
                r#"{header},"kvs":[{}],"count":"{count}"}}"#,
                pairs.join(",")
            )
            .into_bytes(),
        ),
    ]
}
