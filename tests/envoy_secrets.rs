//! A real Envoy whose log of Wasm has the level trace, and requests with every kind of credential: no secret is in the log.
#![cfg(feature = "envoy-tests")]

#[path = "support/centre.rs"]
#[cfg(test)]
#[expect(dead_code, reason = "other suites use all of it")]
mod centre;
#[path = "support/envoy.rs"]
#[cfg(test)]
#[expect(dead_code, reason = "other suites use all of it")]
mod envoy;
#[path = "support/http1.rs"]
#[cfg(test)]
mod http1;
#[path = "support/plan.rs"]
#[cfg(test)]
mod plan;
#[path = "support/servers.rs"]
#[cfg(test)]
#[expect(dead_code, reason = "other suites use all of it")]
mod servers;
#[path = "support/wait.rs"]
#[cfg(test)]
#[expect(dead_code, reason = "other suites use all of it")]
mod wait;

#[cfg(test)]
mod checks {
    use std::collections::BTreeMap;
    use std::fmt::Write as _;
    use std::fs;
    use std::net::SocketAddr;
    use std::path::Path;
    use std::time::Duration;

    use base64ct::{Base64, Base64Unpadded, Base64Url, Base64UrlUnpadded, Encoding as _};
    use postern_signing::{SigningKey, compact};
    use serde_json::{Value, json};

    use crate::centre::{Centre, Reply};
    use crate::http1::get;
    use crate::plan::Plan;
    use crate::servers::Upstreams;
    use crate::wait::pause;

    /// The secrets of the policy. Each is as long as HS256 needs it.
    const KEY: &str = "an API key in the policy, number 1";
    const KEY_OF_ENVIRONMENT: &str = "an API key in the environment, no. 2";
    const KEY_OF_DOCUMENT: &str = "an API key in a document, number 3";
    const KEY_OF_NOBODY: &str = "an API key of no consumer, number 4";
    const CONSUMER: &str = "the secret of a consumer, number 05";
    const CONSUMER_OF_ENVIRONMENT: &str = "a consumer's secret, environment 06";
    const CONSUMER_OF_DOCUMENT: &str = "a consumer's secret, document no. 07";
    const OCT: &str = "a symmetric key of the provider, 08";
    const OCT_OF_ENVIRONMENT: &str = "a symmetric key, environment, no. 09";
    const CENTRE: &str = "the password of the config centre 10";
    /// Secrets that a policy or a document has in the wrong form or place.
    const BAD: [&str; 4] = [
        "bad secret 11",
        "bad-secret-number-12",
        "1300000000000013",
        "bad-secret-\u{1}-14",
    ];
    const SECRETS: [&str; 10] = [
        KEY,
        KEY_OF_ENVIRONMENT,
        KEY_OF_DOCUMENT,
        KEY_OF_NOBODY,
        CONSUMER,
        CONSUMER_OF_ENVIRONMENT,
        CONSUMER_OF_DOCUMENT,
        OCT,
        OCT_OF_ENVIRONMENT,
        CENTRE,
    ];

    /// The keys in `tests/keys` and what they sign by.
    const SIGNED: [(&str, &str); 10] = [
        ("rsa", "RS256"),
        ("rsa", "RS384"),
        ("rsa", "RS512"),
        ("rsa", "PS256"),
        ("rsa", "PS384"),
        ("rsa", "PS512"),
        ("p256", "ES256"),
        ("p384", "ES384"),
        ("p521", "ES512"),
        ("ed25519", "EdDSA"),
    ];

    fn key(name: &str) -> SigningKey {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keys");
        let pem = fs::read_to_string(folder.join(format!("{name}.pem"))).unwrap();
        SigningKey::from_pem(&pem).unwrap()
    }

    /// A key as a JWK for verifiers; the secret of HMAC is in it.
    fn jwk(key: &SigningKey, kid: &str) -> Value {
        let mut jwk = key.verifying_jwk();
        jwk["kid"] = kid.into();
        jwk
    }

    fn environment() -> BTreeMap<String, String> {
        let all = [
            ("KEY", KEY_OF_ENVIRONMENT),
            ("CONSUMER", CONSUMER_OF_ENVIRONMENT),
            ("CENTRE", CENTRE),
            ("BAD", BAD[3]),
        ];
        let mut all: BTreeMap<_, _> = all
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let oct = Base64UrlUnpadded::encode_string(OCT_OF_ENVIRONMENT.as_bytes());
        all.insert("OCT".to_owned(), oct);
        all
    }

    fn policy() -> Value {
        let mut keys: Vec<_> = ["rsa", "p256", "p384", "p521", "ed25519"]
            .into_iter()
            .map(|name| jwk(&key(name), name))
            .collect();
        keys.push(jwk(&SigningKey::oct(OCT.as_bytes()), "oct"));
        keys.push(json!({"kty": "oct", "kid": "oct-env", "k": {"env": "OCT"}}));
        // It can't be used, which is a warning.
        keys.push(jwk(&SigningKey::oct(BAD[0].as_bytes()), "short"));
        json!({
            "consumers": [
                {"name": "keys", "credentials": [
                    {"apiKey": {"value": KEY}}, {"apiKey": {"value": {"env": "KEY"}}}]},
                {"name": "tokens", "credentials": [
                    {"jwt": {"provider": "own", "claim": "inline", "secret": CONSUMER}},
                    {"jwt": {"provider": "own", "claim": "environment", "secret": {"env": "CONSUMER"}}}]},
            ],
            "consumersFrom": [{"source": "partners", "items": "$.consumers[*]"}],
            "sources": {"partners": {
                "http": {"cluster": "centre", "authority": "centre.test", "path": "/partners.json",
                    "headers": {"authorization": {"env": "CENTRE"}}},
                "refresh": "300ms"}},
            "providers": {
                "keys": {"apiKey": {"from": [{"header": "x-api-key"}, {"query": "apikey"}, {"cookie": "key"}]}},
                "corp": {"jwt": {
                    "issuer": "https://id.example", "audiences": ["api"], "verificationShare": "100%",
                    "keys": {"inline": {"keys": keys}},
                    "claimHeaders": {"x-user": "sub"}, "payloadHeader": "x-payload",
                    "from": [{"header": "authorization", "prefix": "Bearer "}, {"query": "token"}, {"cookie": "token"}]}},
                "own": {"jwt": {"audiences": "any", "keys": {"consumers": {"claim": "iss"}}}},
            },
            "routes": [
                {"name": "keys", "match": [{"path": {"prefix": "/keys"}}], "require": "keys"},
                {"name": "corp", "match": [{"path": {"prefix": "/corp"}}], "require": "corp"},
                {"name": "own", "match": [{"path": {"prefix": "/own"}}], "require": "own"},
                {"name": "any", "match": [{"path": {"prefix": "/any"}}], "require": {"any": ["corp", "own", "keys"]}},
            ],
        })
    }

    /// A document with good records, and with records that are left out because of what their secrets are.
    fn partners() -> Value {
        let bad = |credential: Value| json!({"name": "bad", "credentials": [credential]});
        json!({"consumers": [
            {"name": "partner", "credentials": [
                {"apiKey": {"value": KEY_OF_DOCUMENT}},
                {"jwt": {"provider": "own", "claim": "document", "secret": CONSUMER_OF_DOCUMENT}}]},
            // The key of another consumer.
            {"name": "thief", "credentials": [{"apiKey": {"value": KEY}}]},
            bad(json!({"jwt": {"provider": "own", "claim": "b", "secret": BAD[0]}})),
            bad(json!({"apiKey": {"value": BAD[3]}})),
            bad(json!({"apiKey": {"value": {"env": {"text": BAD[0]}}}})),
            bad(json!({"apiKey": {"sha256": BAD[1]}})),
            bad(json!({"apiKey": BAD[1]})),
            bad(json!({"apiKey": {"value": [BAD[1]]}})),
            bad(json!({"jwt": {"provider": "own", "claim": "b", "publicKey": BAD[1]}})),
        ]})
    }

    /// What an operator could write by mistake at these places.
    fn bad_policies() -> Vec<(&'static str, Vec<Value>)> {
        let number = || -> Value { BAD[2].parse::<u64>().unwrap().into() };
        let own = |name: &str, value: Value| json!({"jwt": {"provider": "own", "claim": "a", name: value}});
        let symmetric = |k: Value| json!({"inline": {"keys": [{"kty": "oct", "k": k}]}});
        let short = Base64UrlUnpadded::encode_string(BAD[0].as_bytes());
        vec![
            (
                "/consumers/0/credentials/0",
                vec![
                    json!({"apiKey": {"value": number()}}),
                    json!({"apiKey": {"value": BAD[3]}}),
                    json!({"apiKey": {"value": {"env": "BAD"}}}),
                    json!({"apiKey": {"sha256": BAD[1]}}),
                    json!({"apiKey": BAD[1]}),
                    // Tokens of this provider are not signed by consumers.
                    json!({"jwt": {"provider": "corp", "claim": "a", "secret": CONSUMER}}),
                ],
            ),
            (
                "/consumers/1/credentials/0",
                vec![
                    own("secret", json!(BAD[0])),
                    own("secret", number()),
                    own("publicKey", json!(BAD[1])),
                    // The key of another consumer.
                    json!({"apiKey": {"value": KEY_OF_ENVIRONMENT}}),
                ],
            ),
            (
                "/providers/corp/jwt/keys",
                vec![
                    symmetric(json!(short)),
                    symmetric(json!(format!("{}=", BAD[1]))),
                    symmetric(number()),
                    symmetric(json!({"env": "BAD"})),
                    json!({"inline": {"keys": [BAD[1]]}}),
                    json!({"pem": BAD[1]}),
                ],
            ),
            (
                "/sources/partners/http/headers/authorization",
                vec![json!(BAD[3])],
            ),
        ]
    }

    /// What is requested, and what must not be in the log.
    #[derive(Debug, Default)]
    struct Run {
        requests: Vec<(String, String, u16)>,
        hidden: Vec<String>,
    }

    impl Run {
        fn ask(&mut self, path: &str, fields: &str, status: u16) {
            self.requests
                .push((path.to_owned(), fields.to_owned(), status));
        }

        /// A good token, a damaged one, and an expired one.
        fn tokens(&mut self, path: &str, key: &SigningKey, [algorithm, kid, issuer]: [&str; 3]) {
            let token = |exp: u64| {
                let header = json!({"alg": algorithm, "kid": kid}).to_string();
                let claims = json!({"iss": issuer, "aud": "api", "sub": "alice", "exp": exp});
                compact(
                    header.as_bytes(),
                    claims.to_string().as_bytes(),
                    key,
                    algorithm,
                )
                .unwrap()
            };
            let good = token(4_102_444_800);
            let mut damaged = good.clone().into_bytes();
            let at = damaged.len().saturating_sub(20);
            damaged[at] = if damaged[at] == b'A' { b'B' } else { b'A' };
            let damaged = String::from_utf8(damaged).unwrap();
            for (token, status) in [(good, 200), (damaged, 401), (token(1_600_000_000), 401)] {
                self.ask(path, &format!("authorization: Bearer {token}\r\n"), status);
                self.ask(
                    "/any",
                    &format!("authorization: Bearer {token}\r\n"),
                    status,
                );
                self.hide_token(&token);
            }
        }

        fn hide_token(&mut self, token: &str) {
            let signature = token.rsplit_once('.').unwrap().1;
            let bytes = Base64UrlUnpadded::decode_vec(signature).unwrap();
            self.hidden.push(token.to_owned());
            self.hide(&bytes);
        }

        /// The text, and what base64, hexadecimal digits and `Debug` make of it.
        fn hide(&mut self, bytes: &[u8]) {
            let hex = bytes.iter().fold(String::new(), |mut hex, byte| {
                let _ = write!(hex, "{byte:02x}");
                hex
            });
            self.hidden.extend([
                Base64UrlUnpadded::encode_string(bytes),
                Base64Url::encode_string(bytes),
                Base64Unpadded::encode_string(bytes),
                Base64::encode_string(bytes),
                hex.to_uppercase(),
                hex,
                format!("{bytes:?}"),
            ]);
            if let Ok(text) = str::from_utf8(bytes) {
                self.hidden.push(text.to_owned());
                // A secret with a control byte, as the log writes it.
                self.hidden.push(text.escape_debug().to_string());
                self.hidden
                    .push(text.trim_end_matches(|last: char| last != '-').to_owned());
            }
            self.hidden.retain(|text| !text.is_empty());
        }

        /// Sends a few requests at a time: a VM logs ten denials a second at most.
        fn send(&self, address: SocketAddr) {
            for (path, fields, status) in &self.requests {
                let answer = get(address, path, fields).expect("Envoy answers");
                assert_eq!(answer.status(), *status, "{path} {fields}");
                if *status != 200 {
                    pause(Duration::from_millis(110));
                }
            }
        }

        fn check(&self, log: &str) {
            let found = self.hidden.iter().filter(|text| log.contains(*text));
            let found: Vec<_> = found.collect();
            assert!(found.is_empty(), "the log has {found:?}");
        }
    }

    fn run() -> Run {
        let mut run = Run::default();
        for secret in SECRETS.into_iter().chain(BAD) {
            run.hide(secret.as_bytes());
        }
        for (key, status) in [
            (KEY, 200),
            (KEY_OF_ENVIRONMENT, 200),
            (KEY_OF_DOCUMENT, 200),
            (KEY_OF_NOBODY, 401),
        ] {
            let query = key.replace(' ', "%20");
            run.ask("/keys", &format!("x-api-key: {key}\r\n"), status);
            run.ask(&format!("/keys?apikey={query}"), "", status);
            run.ask(&format!("/any?apikey={query}"), "", status);
            run.hidden.push(query);
        }
        run.ask("/keys", &format!("cookie: key={KEY_OF_NOBODY}\r\n"), 401);
        run.ask(
            "/keys",
            &format!("x-api-key: {KEY}\r\nx-api-key: {KEY_OF_NOBODY}\r\n"),
            401,
        );
        for (name, algorithm) in SIGNED {
            run.tokens("/corp", &key(name), [algorithm, name, "https://id.example"]);
        }
        for (secret, kid) in [(OCT, "oct"), (OCT_OF_ENVIRONMENT, "oct-env")] {
            let key = SigningKey::oct(secret.as_bytes());
            run.tokens("/corp", &key, ["HS256", kid, "https://id.example"]);
        }
        for (secret, issuer) in [
            (CONSUMER, "inline"),
            (CONSUMER_OF_ENVIRONMENT, "environment"),
            (CONSUMER_OF_DOCUMENT, "document"),
        ] {
            let key = SigningKey::oct(secret.as_bytes());
            run.tokens("/own", &key, ["HS256", "any", issuer]);
        }
        run
    }

    #[test]
    fn the_log_has_no_secret() {
        let run = run();
        let upstreams = Upstreams::start(&["default"], &[("content-length", "0")]);
        let centre = Centre::start();
        let document = partners().to_string();
        centre.set(
            "centre.test",
            "/partners.json",
            Reply::ok(document.as_bytes()),
        );
        let mut clusters = upstreams.addresses;
        clusters.push(("centre".into(), centre.address));
        let plan = Plan {
            name: "envoy-secrets".into(),
            policies: vec![("gate".into(), policy().to_string())],
            environment: environment(),
            clusters,
            wasm_log: "trace",
            ..Plan::default()
        };
        let envoy = plan.start().unwrap_or_else(|error| panic!("{error}"));
        let address = envoy.listener("gate").expect("a listener");
        // The document is read, and the filter follows the level of the log.
        pause(Duration::from_secs(2));
        run.send(address);
        // The centre answers with an error that quotes what it got.
        let quoted = Reply::status(500, CENTRE.as_bytes());
        centre.set("centre.test", "/partners.json", quoted);
        pause(Duration::from_secs(2));
        let log = envoy.log();
        for wanted in [
            "[trace][wasm]",
            "event=policy_active",
            "event=config_warning",
            "event=record_left_out",
            "event=source_failed",
            "reason=invalid_signature",
            "reason=token_expired",
            "reason=invalid_credential",
        ] {
            assert!(log.contains(wanted), "the log has no {wanted}:\n{log}");
        }
        run.check(&log);
        assert!(envoy.traps().is_empty(), "{:?}", envoy.traps());
    }

    #[test]
    fn the_log_of_a_refused_policy_has_no_secret() {
        let run = run();
        let places = bad_policies().into_iter();
        let all = places.flat_map(|(place, all)| all.into_iter().map(move |wrong| (place, wrong)));
        for (place, wrong) in all {
            let mut policy = policy();
            *policy.pointer_mut(place).expect("the field exists") = wrong.clone();
            let plan = Plan {
                name: "envoy-secrets-refused".into(),
                policies: vec![("gate".into(), policy.to_string())],
                environment: environment(),
                clusters: ["centre", "default"]
                    .map(|name| (name.into(), ([127, 0, 0, 1], 9).into()))
                    .into(),
                wasm_log: "trace",
                ..Plan::default()
            };
            let log = plan.start().err();
            let log = log.unwrap_or_else(|| panic!("accepted: {place}: {wrong}"));
            let error = format!("event=config_error path={}", dotted(place));
            assert!(log.contains(&error), "{wrong}: no {error}: {log}");
            run.check(&log);
        }
    }

    /// A JSON pointer as errors write it.
    fn dotted(pointer: &str) -> String {
        let steps = pointer.split('/').skip(1);
        let steps = steps.map(|step| match step.parse::<usize>() {
            Ok(index) => format!("[{index}]"),
            Err(_) => format!(".{step}"),
        });
        let text: String = steps.collect();
        text.trim_start_matches('.').to_owned()
    }
}
