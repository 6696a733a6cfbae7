//! `postern explain`.

use serde_json::Value;

use crate::golden::{compare, folder, run};

const API: &str = "https://api.test";

/// The name of the expected output and the arguments of each run.
const RUNS: &[(&str, &[&str])] = &[
    (
        "demo-forwarded",
        &[
            "demo.yaml",
            "http://localhost/v1/acme/./orders/7?apikey=mobile-key",
            "-H",
            "X-Consumer-Name: eve",
            "--document",
            "tenants=tenants.json",
        ],
    ),
    (
        "demo-disabled",
        &[
            "demo.yaml",
            "/v1/initech/orders/7",
            "-H",
            "x-api-key: mobile-key",
            "--document=tenants=tenants.json",
        ],
    ),
    (
        "demo-left-out",
        &[
            "demo.yaml",
            "/v1/acme/orders/7",
            "-H",
            "x-api-key: mobile-key",
            "--document=tenants=tenants-left-out.json",
        ],
    ),
    (
        "demo-nothing-known",
        &[
            "demo.yaml",
            "/v1/acme/orders",
            "-H",
            "x-api-key: mobile-key",
        ],
    ),
    (
        "demo-forbidden",
        &["demo.yaml", "/v1/acme/orders", "-H", "x-api-key: trial-key"],
    ),
    (
        "demo-method",
        &["demo.yaml", "-X", "DELETE", "/v1/acme/orders"],
    ),
    (
        "demo-redirect",
        &["demo.yaml", "https://localhost:8443/v0/a?b=c"],
    ),
    ("demo-ambiguous", &["demo.yaml", "/v1/acme%2Forders"]),
    (
        "split-sticky",
        &["split.yaml", "/sticky", "-H", "x-user: bob"],
    ),
    ("split-random", &["split.yaml", "/sticky"]),
    (
        "split-first",
        &["split.yaml", "/first", "-H", "x-api-key: ann-key"],
    ),
    (
        "split-secret",
        &["split.yaml", "/first", "-H", "x-api-key: bob-key"],
    ),
    (
        "split-json",
        &["split.yaml", "/sticky", "-H", "x-user: bob", "--json"],
    ),
    ("split-denied", &["split.yaml", "/document"]),
    (
        "edits",
        &[
            "edits.yaml",
            "/old/a?q=1&x=2",
            "-H",
            "x-debug-a: 1",
            "-H",
            "x-old: 1",
            "-H",
            "x-old: 2",
            "-H",
            "user-agent: curl",
            "-H",
            "cookie: ad=1; b=2",
        ],
    ),
    ("edits-nothing", &["edits.yaml", "/old", "--json"]),
    ("demo-host", &["demo.yaml", "/health", "-H", "Host: a b"]),
    (
        "crm-asked",
        &[
            "crm.yaml",
            "https://api.test/profile/42",
            "-H",
            "x-api-key: app-key",
            "--reply",
            "crm:42=profile.json",
        ],
    ),
    (
        "services",
        &[
            "services.yaml",
            "/orders/ann",
            "--reply=accounts:ann=profile.json",
            "--reply-header",
            "accounts:ann=X-Plan: gold",
            "--reply=limits:ann=404",
            "--reply=prices:gold=profile.json",
        ],
    ),
    (
        "services-all",
        &["services.yaml", "--all", "services-cases.yaml"],
    ),
    (
        "services-refused",
        &[
            "services.yaml",
            "/orders/ann",
            "--reply=accounts:ann=404",
            "--reply=limits:ann=503",
        ],
    ),
    (
        "requests-asked",
        &[
            "requests.yaml",
            "/orders/a b",
            "--reply",
            "score:POST /score/a%20b?v=1=profile.json",
        ],
    ),
    ("requests-silent", &["requests.yaml", "/orders/acme"]),
    ("requests-absent", &["requests.yaml", "/me"]),
    (
        "requests-credential",
        &[
            "requests.yaml",
            "/me",
            "-H",
            "authorization: Bearer secret",
            "--reply",
            "whoami:GET /me=profile.json",
        ],
    ),
    (
        "crm-missing",
        &[
            "crm.yaml",
            "https://api.test/profile/42",
            "-H",
            "x-api-key: app-key",
            "--reply",
            "crm:42=404",
        ],
    ),
    (
        "crm-silent",
        &[
            "crm.yaml",
            "https://api.test/profile/42",
            "-H",
            "x-api-key: app-key",
        ],
    ),
    (
        "crm-rejected",
        &[
            "crm.yaml",
            "https://api.test/profile/42",
            "-H",
            "x-api-key: wrong",
            "-H",
            "authorization: Basic eDp5",
        ],
    ),
    (
        "crm-two",
        &[
            "crm.yaml",
            "https://api.test/profile/42?apikey=app-key",
            "-H",
            "x-api-key: app-key",
        ],
    ),
    (
        "crm-near",
        &["crm.yaml", "https://api.test/profile/42/x", "-d", "a=b"],
    ),
    (
        "crm-other-host",
        &["crm.yaml", "https://api2.test/profile/42"],
    ),
    (
        "crm-beta",
        &[
            "crm.yaml",
            "https://api.test/profile/42?debug",
            "-H",
            "x-beta: 1",
        ],
    ),
    (
        "crm-json",
        &[
            "crm.yaml",
            "https://api.test/profile/42",
            "-H",
            "x-api-key: app-key",
            "--reply",
            "crm:42=profile.json",
            "--json",
        ],
    ),
    (
        "etcd",
        &[
            "etcd.yaml",
            "https://api.test/",
            "--document=flags=etcd-flags.json",
            "--document=limits=etcd-limits.json",
        ],
    ),
    (
        "etcd-missing",
        &[
            "etcd.yaml",
            "https://api.test/",
            "--document=flags=404",
            "--document=limits=etcd-limits.json",
        ],
    ),
    (
        "nacos",
        &[
            "nacos.yaml",
            "https://api.test/",
            "--document=flags=nacos-content.yaml",
            "--document=orders=nacos-content.yaml",
            "--document=third=nacos-content.yaml",
        ],
    ),
    (
        "signed",
        &[
            "signed.yaml",
            "https://api.test/",
            "--document=flags=nacos-content.yaml",
            "--document=limits=signed-limits.json",
            "--document=rules=nacos-content.yaml",
        ],
    ),
    (
        "consul",
        &[
            "consul.yaml",
            "https://api.test/",
            "--document=flags=etcd-flags.json",
            "--document=limits=etcd-limits.json",
            "--document=orders=nacos-content.yaml",
            "--document=pairs=consul-pairs.json",
            "--document=live=eureka-orders.json",
        ],
    ),
    (
        "kubernetes",
        &[
            "kubernetes.yaml",
            "https://api.test/",
            "--document=tenants=kubernetes-tenants.yaml",
            "--document=keys=kubernetes-keys.json",
        ],
    ),
    (
        "chosen",
        &[
            "chosen.yaml",
            "http://localhost/v2/a",
            "-H",
            "x-build: 2024",
            "-H",
            "cookie: c=1",
            "-H",
            "x-api-key: app-key",
            "--address",
            "2001:db8::1",
            "--at",
            "2027-01-15T08:00:00Z",
        ],
    ),
    (
        "chosen-near",
        &[
            "chosen.yaml",
            "http://localhost/v2/a",
            "-H",
            "x-build: 1999",
            "-H",
            "cookie: c=1",
        ],
    ),
    ("all", &["demo.yaml", "--all", "cases.yaml"]),
    ("all-wrong", &["demo.yaml", "--all", "wrong.toml"]),
    ("all-typo", &["demo.yaml", "--all", "typo.yaml"]),
    ("no-policy", &["tenants.json", "/"]),
    (
        "no-file",
        &["demo.yaml", "/", "--document", "tenants=nowhere.json"],
    ),
];

#[test]
fn explains_requests() {
    let folder = folder("explain");
    let mut failures = Vec::new();
    for (name, arguments) in RUNS {
        let arguments: Vec<&str> = ["explain"].iter().chain(*arguments).copied().collect();
        let run = run(&folder, &arguments, "");
        failures.extend(compare(&run, &folder.join(format!("{name}.out"))).err());
        let long = run.out.lines().find(|line| line.chars().count() > 80);
        assert!(
            long.is_none() || arguments.contains(&"--json"),
            "{name}: {long:?}"
        );
        assert!(!run.out.contains('\x1b'), "{name}: colours in a pipe");
        assert!(!run.out.contains("app-key"), "{name}: a key is printed");
    }
    assert!(failures.is_empty(), "\n{}\n", failures.join("\n"));
}

#[test]
fn writes_every_case_as_json() {
    let run = run(
        &folder("explain"),
        &["explain", "demo.yaml", "--all", "cases.yaml", "--json"],
        "",
    );
    let report: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(
        (report["passed"].as_u64(), report["failed"].as_u64()),
        (Some(5), Some(0))
    );
    let first = &report["cases"][0]["explanation"];
    assert_eq!(first["end"]["upstream"], "blue");
    assert_eq!(first["stages"]["lookups"][0]["key"], "acme");
    assert_eq!(run.status, 0);
}

#[test]
fn reads_a_policy_from_an_ecds_file() {
    let policy = r#"{"routes": [{"name": "a", "require": "none", "respond": {"body": "ok"}}]}"#;
    let folder = folder("explain");
    let ecds = run(&folder, &["ecds", "-"], policy);
    let run = run(&folder, &["explain", "-", API], &ecds.out);
    assert!(run.out.ends_with("body          ok\n"), "{run:?}");
}

#[test]
fn takes_the_time_of_the_request() {
    let folder = folder("explain");
    let explain = |time: &str| run(&folder, &["explain", "demo.yaml", "/", "--at", time], "");
    assert_eq!(explain("2027-01-15T08:00:00Z").status, 0);
    let wrong = explain("tomorrow");
    assert_eq!(wrong.status, 2);
    assert!(wrong.err.contains("expected a time in UTC"), "{wrong:?}");
    let cases = "at: tomorrow\ncases: []\n";
    let arguments = ["explain", "demo.yaml", "--all", "-"];
    let wrong = run(&folder, &arguments, cases);
    assert!(
        wrong.err.contains("at: expected a time in UTC"),
        "{wrong:?}"
    );
    assert_eq!(wrong.status, 2);
}

/// A client's credential goes to a source in its path, in its query, and as a key. The output is read by others, so none of these shows.
#[test]
fn shows_no_credential_in_the_path_of_a_request_for_a_source() {
    let policy = r#"
providers: {keys: {apiKey: {from: [{header: x-key}, {query: token}, {cookie: sid}]}}}
sources:
  by-path: {http: {cluster: crm, path: "/sessions/${cookie.sid}"}, onDemand: {}}
  by-query: {http: {cluster: crm, path: "/whoami?t=${query.token}", query: {sid: "${cookie.sid}"}}, onDemand: {}}
  by-key: {http: {cluster: crm, path: "/keys/${key}"}, onDemand: {}}
routes:
  - {name: path, match: [{path: {exact: /path}}], require: none, lookup: {v: {source: by-path, sendCredentials: [keys], values: {tier: "$.tier"}}}}
  - {name: query, match: [{path: {exact: /query}}], require: none, lookup: {v: {source: by-query, sendCredentials: [keys], values: {tier: "$.tier"}}}}
  - {name: key, match: [{path: {exact: /key}}], require: none, lookup: {v: {source: by-key, key: "${header.x-key}", sendCredentials: [keys], values: {tier: "$.tier"}}}}
"#;
    let folder = folder("explain");
    let credentials = ["-H", "cookie: sid=hunter2", "-H", "x-key: hunter2"];
    for (path, reply) in [
        ("/path?token=hunter2", "by-path:GET /sessions/hunter2"),
        (
            "/query?token=hunter2",
            "by-query:GET /whoami?t=hunter2&sid=hunter2",
        ),
        ("/key?token=hunter2", "by-key:hunter2"),
    ] {
        let [found, missing] = ["profile.json", "404"].map(|answer| format!("{reply}={answer}"));
        for (more, says) in [
            (&["--reply", &found][..], "found (asked for this request)"),
            (&["--reply", &missing], "missing"),
            (&[], "doesn't reply: give it a reply by"),
        ] {
            for form in [&["--json"][..], &[]] {
                let arguments = [&["explain", "-", path], &credentials[..], more, form].concat();
                let run = run(&folder, &arguments, policy);
                let all = format!("{}{}", run.out, run.err);
                assert!(!all.contains("hunter2"), "{all}");
                assert!(form.contains(&"--json") || all.contains(says), "{all}");
            }
        }
    }
}
