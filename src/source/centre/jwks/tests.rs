use proptest::prelude::*;

use super::*;
use crate::http::{HeaderMap, Scheme};
use crate::secret::Secret;

const REFRESH: Duration = Duration::from_secs(600);

fn endpoint() -> Endpoint {
    Endpoint::new("id", "id.example")
        .with_scheme(Scheme::Https)
        .with_headers(vec![("x-gate".into(), Secret::new(*b"s"))])
        .with_max_bytes(4096)
}

fn direct() -> JwksProtocol {
    JwksProtocol::direct(endpoint(), "/jwks?a").unwrap()
}

fn discovered() -> JwksProtocol {
    let clusters = [
        ("keys.example", "keys"),
        ("10.0.0.1:6443", "id"),
        ("plain.example:80", "plain"),
    ];
    let clusters = clusters.map(|(authority, cluster)| (authority.into(), cluster.into()));
    let path = "/.well-known/openid-configuration";
    JwksProtocol::discovered(endpoint(), path, "https://id.example", clusters.into()).unwrap()
}

fn reply(status: &str, headers: &[(&str, &str)], body: &str) -> Result<Reply, CalloutError> {
    let pairs = [&[(":status", status)], headers].concat();
    Ok(Reply {
        headers: HeaderMap::from_pairs(&pairs),
        body: body.as_bytes().to_vec(),
    })
}

fn document(uri: &str) -> String {
    serde_json::json!({"issuer": "https://id.example", "jwks_uri": uri, "more": [1]}).to_string()
}

/// Where a request goes, and by which headers.
fn shown(callout: &Callout) -> String {
    let names = [
        ":scheme",
        ":authority",
        ":path",
        "accept",
        "x-gate",
        "if-none-match",
    ];
    let value = |name: &str| {
        let mut headers = callout.headers.iter();
        let found = headers.find(|(key, _)| **key == *name.as_bytes());
        found.map_or("-".to_owned(), |(_, value)| {
            value.escape_ascii().to_string()
        })
    };
    let cluster = callout.cluster.escape_ascii().to_string();
    let values: Vec<_> = [cluster].into_iter().chain(names.map(value)).collect();
    values.join(" ")
}

struct Client {
    protocol: JwksProtocol,
    session: JwksSession,
}

impl Client {
    fn of(protocol: JwksProtocol) -> Self {
        Self {
            protocol,
            session: JwksSession::default(),
        }
    }

    fn start(&mut self, known: &Version) -> String {
        let now = Timestamp::default();
        shown(&self.protocol.start(&mut self.session, known, now))
    }

    fn reply(&mut self, reply: Result<Reply, CalloutError>) -> Next {
        self.protocol
            .reply(&mut self.session, reply, Timestamp::default())
    }

    /// Where the keys are, by a discovery document; or why they can't be known.
    fn follow(&mut self, text: &str) -> Result<String, SourceError> {
        self.start(&Version::default());
        match self.reply(reply("200", &[], text)) {
            Next::Send(callout) => Ok(shown(&callout)),
            Next::Done(DocumentStatus::Broken(error)) => Err(error),
            other @ Next::Done(_) => panic!("{other:?}"),
        }
    }

    fn keys(&mut self, headers: &[(&str, &str)]) -> Version {
        match self.reply(reply("200", headers, "{}")) {
            Next::Done(DocumentStatus::Changed { version, .. }) => version,
            other @ (Next::Send(_) | Next::Done(_)) => panic!("{other:?}"),
        }
    }

    fn pause(&self) -> u64 {
        self.protocol.pause(&self.session, REFRESH).as_secs()
    }
}

#[test]
fn asks_for_the_keys_at_a_path() {
    let mut client = Client::of(direct());
    let first = client.start(&Version::default());
    let accept = MEDIA_TYPES.escape_default();
    let expected = |etag| format!("id https id.example /jwks?a {accept} s {etag}");
    assert_eq!(first, expected("-"));
    let version = client.keys(&[("etag", "v1")]);
    assert_eq!(client.start(&version), expected("v1"));
    assert_eq!(
        client.reply(reply("304", &[], "")),
        Next::Done(DocumentStatus::Same)
    );
    assert_eq!(
        client.reply(reply("404", &[], "")),
        Next::Done(DocumentStatus::Missing)
    );
    assert!(JwksProtocol::direct(endpoint(), "/${key}").is_err());
    assert!(JwksProtocol::discovered(endpoint(), "x", "", Vec::new()).is_err());
}

#[test]
fn discovers_the_keys_at_each_fetch() {
    let mut client = Client::of(discovered());
    let discovery = "id https id.example /.well-known/openid-configuration application/json s -";
    let keys = |etag| format!("id https id.example /jwks {MEDIA_TYPES} s {etag}");
    assert_eq!(client.start(&Version::default()), discovery);
    let follow =
        |client: &mut Client, uri: &str| match client.reply(reply("200", &[], &document(uri))) {
            Next::Send(callout) => shown(&callout),
            done @ Next::Done(_) => panic!("{done:?}"),
        };
    assert_eq!(follow(&mut client, "https://id.example/jwks"), keys("-"));
    let version = client.keys(&[("etag", "v1")]);
    assert_eq!(client.start(&version), discovery, "never conditional");
    assert_eq!(follow(&mut client, "https://id.example/jwks"), keys("v1"));
    assert_eq!(
        client.reply(reply("304", &[], "")),
        Next::Done(DocumentStatus::Same)
    );
    // Another document has entity tags of its own.
    client.start(&version);
    let moved = follow(&mut client, "https://id.example/other");
    assert!(moved.ends_with(" -"), "{moved}");
    // So nothing there can be as it was.
    let unexpected = Next::Done(DocumentStatus::Broken(SourceError::Status(304)));
    assert_eq!(client.reply(reply("304", &[], "")), unexpected);
    client.start(&version);
    follow(&mut client, "https://id.example/other");
    // Without a validator there is no version.
    assert_eq!(client.keys(&[]), Version::default());
}

#[test]
fn the_keys_may_lie_at_known_hosts_only() {
    for (uri, place) in [
        ("https://ID.example:443/k", "id https ID.example:443 /k"),
        ("https://keys.example", "keys https keys.example /"),
        (
            "https://keys.example:443?a",
            "keys https keys.example:443 /?a",
        ),
        ("http://keys.example/k", "keys http keys.example /k"),
        ("https://10.0.0.1:6443/k", "id https 10.0.0.1:6443 /k"),
        ("http://plain.example/k", "plain http plain.example /k"),
    ] {
        let mut client = Client::of(discovered());
        let header = if place.starts_with("id ") { "s" } else { "-" };
        let expected = format!("{place} {MEDIA_TYPES} {header} -");
        assert_eq!(client.follow(&document(uri)), Ok(expected), "{uri}");
    }
    for uri in [
        "http://id.example/k",
        "https://id.example:8443/k",
        "https://keys.example:8443/k",
        "https://plain.example/k",
        "https://10.0.0.1/k",
        "https://id.example.evil/k",
    ] {
        let error = Client::of(discovered()).follow(&document(uri)).unwrap_err();
        let host = uri.split('/').nth(2).unwrap();
        let words = format!(
            "unusable document: the issuer's discovery document: no cluster is known for the host of its `jwks_uri`: add `{host}` to `clusters`"
        );
        assert_eq!(error.to_string(), words);
    }
}

#[test]
fn refuses_other_discovery_documents() {
    let other =
        |issuer: &str| format!(r#"{{"issuer": "{issuer}", "jwks_uri": "https://id.example/"}}"#);
    let long = other(&"é".repeat(1000));
    let no_json = "it is no strict JSON object";
    let needs = "it must have one text `issuer` and one text `jwks_uri`";
    for (text, says) in [
        ("", no_json),
        ("<html>", no_json),
        ("{\"issuer\": \"a\"", no_json),
        ("[\"https://id.example\", \"https://id.example/\"]", no_json),
        ("{}", needs),
        ("{\"issuer\": null, \"jwks_uri\": 1}", needs),
        (
            r#"{"issuer": "https://id.example", "issuer": "https://id.example", "jwks_uri": "https://id.example/"}"#,
            no_json,
        ),
        (
            r#"{"issuer": "https://id.example", "jwks_uri": "https://id.example/", "jwks_uri": "https://keys.example/"}"#,
            no_json,
        ),
        (
            &other("https://id.example/"),
            "its `issuer` is `https://id.example/`, and the provider's is another one",
        ),
        (&other("https://ID.example"), "is another one"),
        (&other("a\\nb"), "its `issuer` is `a\\nb`"),
        (&long, "…"),
        (
            &document("/jwks"),
            "its `jwks_uri` `/jwks` must begin with `https://`",
        ),
        (&document("https://a@id.example/"), "must hold no user name"),
        (&document("https://id.example/#k"), "must hold no `#`"),
        (&document("https://id.example/ k"), "0x20"),
    ] {
        let error = Client::of(discovered())
            .follow(text)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("the issuer's discovery document: "),
            "{error}"
        );
        assert!(error.contains(says), "{text:.60} {error}");
        assert!(error.len() < 500, "{error}");
    }
}

#[test]
fn a_failed_discovery_ends_the_exchange() {
    let broken = |status| DocumentStatus::Broken(SourceError::Status(status));
    for (status, expected) in [
        ("301", broken(301)),
        ("304", broken(304)),
        ("503", broken(503)),
        ("404", DocumentStatus::Missing),
        ("401", DocumentStatus::Refused(401)),
    ] {
        let mut client = Client::of(discovered());
        client.start(&Version::default());
        let headers = [("location", "https://id.example/")];
        let next = client.reply(reply(status, &headers, ""));
        assert_eq!(next, Next::Done(expected));
    }
    let mut client = Client::of(discovered());
    client.start(&Version::default());
    let large = "x".repeat(5000);
    let error = SourceError::TooLarge { limit: 4096 };
    assert_eq!(
        client.reply(reply("200", &[], &large)),
        Next::Done(DocumentStatus::Broken(error))
    );
    client.start(&Version::default());
    let error = SourceError::Callout(CalloutError::NoReply);
    assert_eq!(
        client.reply(Err(CalloutError::NoReply)),
        Next::Done(DocumentStatus::Broken(error))
    );
}

#[test]
fn an_answer_may_shorten_the_pause() {
    let mut client = Client::of(direct());
    assert_eq!(client.pause(), 600);
    for (value, pause) in [
        ("max-age=60", 60),
        ("max-age=3", 10),
        ("max-age=601", 600),
        ("max-age=0", 600),
        ("no-store", 600),
    ] {
        client.keys(&[("cache-control", value)]);
        assert_eq!(client.pause(), pause, "{value}");
    }
    let soon = Duration::from_secs(5);
    client.keys(&[("cache-control", "max-age=7")]);
    assert_eq!(client.protocol.pause(&client.session, soon), soon);
    // An answer without content keeps or replaces what was said before.
    let version = client.keys(&[("cache-control", "max-age=7"), ("etag", "v1")]);
    client.start(&version);
    let said = [("cache-control", "max-age=90")];
    for (headers, pause) in [(&[][..], 10), (&said, 90), (&[], 90)] {
        let next = client.reply(reply("304", headers, ""));
        assert_eq!(next, Next::Done(DocumentStatus::Same));
        assert_eq!(client.pause(), pause);
    }
    client.keys(&[]);
    assert_eq!(client.pause(), 600, "a new set says nothing");
    // What the discovery document says is of no interest.
    let mut client = Client::of(discovered());
    client.start(&Version::default());
    let text = document("https://id.example/k");
    let next = client.reply(reply("200", &[("cache-control", "max-age=20")], &text));
    assert!(matches!(next, Next::Send(_)));
    client.keys(&[]);
    assert_eq!(client.pause(), 600);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_answer_panics(
        text in prop::collection::vec(any::<u8>(), 0..200),
        uri in "(https?://)?[-a-z@:\\[\\]/?#.0-9é ]{0,30}",
        said in "([a-z-]{0,9}[=,\" \\\\0-9]{0,9}){0,4}",
    ) {
        let mut client = Client::of(discovered());
        let bodies = [text, document(&uri).into_bytes()];
        for body in bodies {
            client.start(&Version::new(&body));
            let headers = HeaderMap::from_pairs(&[(":status", "200"), ("cache-control", &said)]);
            if let Next::Send(callout) = client.reply(Ok(Reply { headers, body })) {
                prop_assert!([&b"id"[..], b"keys", b"plain"].contains(&&*callout.cluster));
            }
        }
        let mut client = Client::of(direct());
        client.keys(&[("cache-control", &said)]);
        prop_assert!((10..=600).contains(&client.pause()));
    }
}
