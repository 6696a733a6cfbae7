//! `postern source`, with the answers of real servers.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::centre::{Answer, Centre, Reply};
use crate::golden::{Run, compare, folder, run};

const HEADER: &str = r#""header":{"cluster_id":"12101053776118486841","member_id":"15985099378392235387","revision":"3","raft_term":"2"}"#;

/// The token of a login.
const TOKEN: &str = "IgYWRUqZXdWAvoog.15";

/// etcd's answers to a question about the state of one key, and to one about its value.
fn etcd(key: &str, value: &str) -> [Reply; 2] {
    let answer = |value: String| {
        let pair =
            format!(r#""key":"{key}","create_revision":"2","mod_revision":"3","version":"2""#);
        Reply::ok(format!(
            r#"{{{HEADER},"kvs":[{{{pair}{value}}}],"count":"1"}}"#
        ))
    };
    [
        answer(String::new()),
        answer(format!(r#","value":"{value}""#)),
    ]
}

/// A centre with the documents of `etcd.yaml`.
fn etcd_centre() -> Centre {
    const RANGE: &str = "/v3/kv/range";
    const LOGIN: &str = "/v3/auth/authenticate";
    let centre = Centre::start();
    let login = format!(r#"{{{HEADER},"token":"{TOKEN}"}}"#);
    centre.set("e.test", LOGIN, Reply::ok(login));
    let with_token = etcd("L2d3L3NlY3JldA==", "eyJsaW1pdCI6N30=").map(|reply| match reply {
        Reply::Answer(answer) => Reply::Answer(Answer {
            asked: vec![("authorization".to_owned(), TOKEN.to_owned())],
            ..answer
        }),
        Reply::Down | Reply::Silent => reply,
    });
    centre.set_turns("e.test", RANGE, with_token);
    let people = "eyJjb25zdW1lcnMiOiBbeyJuYW1lIjogIm1vYmlsZSIsICJncm91cHMiOiBbImdvbGQiXSwgImNyZWRlbnRpYWxzIjogW3siYXBpS2V5IjogeyJ2YWx1ZSI6ICJrLW1vYmlsZSJ9fV19LCB7Im5hbWUiOiAid2ViIiwgImNyZWRlbnRpYWxzIjogW3siYXBpS2V5IjogeyJ2YWx1ZSI6ICJrLW1vYmlsZSJ9fV19XX0=";
    centre.set_turns("p.test", RANGE, etcd("L2d3L3Blb3BsZQ==", people));
    let tenants = r#""kvs":[{"key":"L3RlbmFudHMvYQ==","create_revision":"2","mod_revision":"3","version":"2","value":"eyJpZCI6ICJhY21lIiwgInVwc3RyZWFtIjogImJsdWUifQ=="},{"key":"L3RlbmFudHMvYg==","create_revision":"2","mod_revision":"3","version":"2","value":"eyJ1cHN0cmVhbSI6ICJncmVlbiJ9"}],"count":"2""#;
    let newest = r#""kvs":[{"key":"L3RlbmFudHMveA==","create_revision":"2","mod_revision":"3","version":"2"}],"more":true,"count":"2""#;
    let answers = [newest, tenants].map(|kvs| Reply::ok(format!("{{{HEADER},{kvs}}}")));
    centre.set_turns("t.test", RANGE, answers);
    let refused = r#"{"error":"etcdserver: authentication failed, invalid user ID or password","message":"etcdserver: authentication failed, invalid user ID or password","code":3}"#;
    centre.set("w.test", LOGIN, Reply::status(400, refused));
    centre.set("g.test", RANGE, Reply::ok(format!("{{{HEADER}}}")));
    centre.set("x.test", RANGE, Reply::ok("<html>sign in</html>"));
    centre
}

/// Runs the verb against a centre. Times and the centre's port are replaced in what it prints.
fn source(centre: &Centre, arguments: &[&str]) -> Run {
    let cluster = format!("centre=http://{}", centre.address);
    let all = [&["source"], arguments, &["--cluster", &cluster]].concat();
    let run = run(&folder("source"), &all, "");
    let plain = |text: &str| {
        let text = text.replace(&centre.address.to_string(), "CENTRE");
        let mut out = String::new();
        for word in text.split_inclusive([' ', '\n']) {
            out.push_str(word);
            // The word before `ms` is a time.
            if out.ends_with(" ms\n") || out.ends_with(" ms ") {
                let end = out.pop().unwrap();
                let cut = out.trim_end_matches(" ms").rfind([' ', '\n']).unwrap();
                out.truncate(cut);
                out.push_str(" N ms");
                out.push(end);
            }
        }
        out
    };
    Run {
        out: plain(&run.out),
        err: plain(&run.err),
        status: run.status,
    }
}

fn check(failures: &mut Vec<String>, name: &str, run: &Run) {
    failures.extend(compare(run, &folder("source").join(format!("{name}.out"))).err());
    for secret in ["hunter2", "k-mobile", "gwpw", TOKEN, "Z3c6"] {
        let all = format!("{}{}", run.out, run.err).replace('\n', "");
        assert!(!all.contains(secret), "{name}: {secret} is printed");
    }
    let is_json = run.out.starts_with('{');
    let long = run.out.lines().find(|line| line.chars().count() > 80);
    assert!(is_json || long.is_none(), "{name}: {long:?}");
}

#[test]
fn shows_what_etcd_answers() {
    const PASSWORD: &str = "ETCD_PASSWORD=gwpw";
    let mut failures = Vec::new();
    for (name, arguments) in [
        ("etcd", &["etcd.yaml", "--env", PASSWORD][..]),
        (
            "etcd-key",
            &["etcd.yaml", "--env", PASSWORD, "--key", "acme"],
        ),
        (
            "etcd-request",
            &[
                "etcd.yaml",
                "--env",
                PASSWORD,
                "tenants",
                "--request",
                "GET /limits/acme",
                "-H",
                "x-api-key: k-mobile",
            ],
        ),
        ("etcd-one", &["etcd.yaml", "flags", "--env", PASSWORD]),
        ("etcd-unset", &["etcd.yaml", "flags"]),
        ("etcd-nobody", &["etcd.yaml", "nobody"]),
    ] {
        check(&mut failures, name, &source(&etcd_centre(), arguments));
    }
    assert!(failures.is_empty(), "\n{}\n", failures.join("\n"));
}

/// The parts of a merged document are asked, and what it lacks is said.
#[test]
fn shows_what_a_merged_document_is_made_of() {
    let centre = || {
        let centre = Centre::start();
        for (path, text) in [
            (
                "/base.json",
                r#"{"title": "base", "limits": {"rate": 5}, "tenants": {"a": {"id": "acme", "upstream": "blue"}}}"#,
            ),
            (
                "/region.json",
                r#"{"limits": {"rate": 7}, "tenants": {"a": {"upstream": "green"}}}"#,
            ),
            ("/listed.json", "[1]"),
        ] {
            centre.set("l.test", path, Reply::ok(text));
        }
        centre
    };
    let mut failures = Vec::new();
    for (name, arguments) in [
        ("layers", &["layers.yaml", "--key", "acme"][..]),
        ("layers-one", &["layers.yaml", "app", "--key", "acme"]),
        ("layers-lacks", &["layers.yaml", "needy"]),
        (
            "layers-request",
            &["layers.yaml", "--request", "GET /tenants/acme"],
        ),
    ] {
        check(&mut failures, name, &source(&centre(), arguments));
    }
    assert!(failures.is_empty(), "\n{}\n", failures.join("\n"));
}

#[test]
fn sends_nothing_for_a_source_whose_variable_is_not_set() {
    let centre = etcd_centre();
    let run = source(&centre, &["etcd.yaml", "flags"]);
    assert_eq!(run.status, 1, "{run:?}");
    assert_eq!(centre.asked_at(|_| true), []);
}

#[test]
fn asks_only_the_source_that_is_named_and_only_once() {
    let centre = etcd_centre();
    let run = source(&centre, &["etcd.yaml", "page"]);
    assert_eq!(run.status, 1, "{run:?}");
    assert_eq!(centre.asked_at(|_| true).len(), 1);
}

#[test]
fn says_that_there_are_no_sources() {
    let run = run(&folder("source"), &["source", "-"], "routes: []");
    assert_eq!((&*run.out, run.status), ("the policy has no sources\n", 0));
}

/// A centre with the documents of `http.yaml`.
fn http_centre() -> Centre {
    let centre = Centre::start();
    let tenants = r#"{"tenants": [{"id": "acme", "upstream": "blue", "secret": "hunter2"}]}"#;
    centre.set(
        "http.test",
        "/tenants.json?api_key=hunter2&zone=a",
        tagged("\"1\"", tenants),
    );
    centre.set(
        "crm.test",
        "/crm/acme",
        Reply::ok(r#"{"plan": "gold", "secret": "hunter2"}"#),
    );
    centre.set(
        "crm.test",
        "/score/acme {\"id\":\"acme\"}",
        Reply::ok(r#"{"score": 7}"#),
    );
    centre.set("crm.test", "/me", Reply::ok(r#"{"name": "ann"}"#));
    let jwks = fs::read_to_string(folder("token").join("jwks.json")).unwrap();
    centre.set("id.test", "/jwks.json", Reply::ok(jwks));
    centre
}

fn tagged(etag: &str, body: &str) -> Reply {
    Reply::Answer(Answer {
        status: 200,
        fields: vec![("etag".to_owned(), etag.to_owned())],
        body: body.into(),
        asked: vec![("authorization".to_owned(), "hunter2".to_owned())],
        ..Answer::default()
    })
}

const AUTHORIZATION: &str = "CENTRE_AUTH=hunter2";

#[test]
fn shows_documents_entries_and_keys() {
    let mut failures = Vec::new();
    for (name, arguments) in [
        ("http", &["http.yaml", "--env", AUTHORIZATION][..]),
        (
            "http-key",
            &["http.yaml", "--env", AUTHORIZATION, "--key", "acme"],
        ),
        (
            "http-no-entry",
            &[
                "http.yaml",
                "crm",
                "--env",
                AUTHORIZATION,
                "--key",
                "initech",
            ],
        ),
        (
            "http-wrong",
            &["http.yaml", "tenants", "--env", "CENTRE_AUTH=wrong"],
        ),
        ("http-keys", &["http.yaml", "providers.corp.keys"]),
        (
            "http-request",
            &[
                "http.yaml",
                "--env",
                AUTHORIZATION,
                "--request",
                "/orders/acme",
            ],
        ),
        ("requests", &["requests.yaml", "--key", "acme"]),
        (
            "requests-request",
            &["requests.yaml", "--request", "/orders/acme"],
        ),
        (
            "requests-credential",
            &[
                "requests.yaml",
                "--request",
                "/me",
                "-H",
                "authorization: Bearer hunter2",
            ],
        ),
        ("http-no-host", &["http.yaml", "--request", "ftp://x/"]),
        ("http-clusters", &["http.yaml", "--bootstrap", "http.yaml"]),
    ] {
        check(&mut failures, name, &source(&http_centre(), arguments));
    }
    assert!(failures.is_empty(), "\n{}\n", failures.join("\n"));
}

#[test]
fn writes_json() {
    let arguments = [
        "http.yaml",
        "--env",
        AUTHORIZATION,
        "--key",
        "acme",
        "--json",
        "--request",
        "/orders/acme",
    ];
    let run = source(&http_centre(), &arguments);
    let report: Value = serde_json::from_str(&run.out).unwrap();
    let tenants = &report["sources"][0];
    assert_eq!(tenants["state"], "changed");
    assert_eq!(tenants["document"]["version"], r#"etag "1""#);
    assert_eq!(tenants["document"]["index"]["keys"], 1);
    assert_eq!(tenants["callouts"][0]["status"], 200);
    assert_eq!(
        tenants["callouts"][0]["path"],
        "/tenants.json?api_key=…&zone=a"
    );
    assert_eq!(tenants["lookups"][0]["values"]["to"], "blue");
    assert_eq!(report["sources"][1]["state"], "answered");
    assert_eq!(report["request"]["end"]["outcome"], "forwarded");
    assert!(!run.out.contains("hunter2"), "{}", run.out);
    assert_eq!(run.status, 0);
}

/// The verb takes the variable from its own environment too.
#[test]
fn reads_its_own_environment() {
    let centre = http_centre();
    let output = Command::new(env!("CARGO_BIN_EXE_postern"))
        .args(["source", "http.yaml", "tenants", "--cluster"])
        .arg(format!("centre=http://{}", centre.address))
        .current_dir(folder("source"))
        .env("CENTRE_AUTH", "hunter2")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn asks_through_a_unix_socket() {
    use std::io::Write as _;
    use std::os::unix::net::UnixListener;

    let path = std::env::temp_dir().join(format!("postern-source-{}.sock", std::process::id()));
    let _ = fs::remove_file(&path);
    let listener = UnixListener::bind(&path).unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        crate::http1::read(&mut BufReader::new(stream.try_clone().unwrap()), true).unwrap();
        // In chunks, with a trailer, as etcd sends its errors.
        let answer = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x\r\n\r\nd\r\n{\"tenants\": [\r\n2\r\n]}\r\n0\r\nx: y\r\n\r\n";
        stream.write_all(answer.as_bytes()).unwrap();
    });
    let cluster = format!("centre=unix:{}", path.display());
    let arguments = [
        "source",
        "http.yaml",
        "tenants",
        "--env",
        AUTHORIZATION,
        "--cluster",
        &cluster,
    ];
    let run = run(&folder("source"), &arguments, "");
    fs::remove_file(&path).unwrap();
    assert!(run.out.contains("state         changed"), "{run:?}");
    assert_eq!(run.status, 0);
}

/// Ends a process that this test has started.
struct Ended(std::process::Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn prints_a_line_for_each_change() {
    const PATH: &str = "/tenants.json?api_key=hunter2&zone=a";
    let centre = http_centre();
    let mut child = Command::new(env!("CARGO_BIN_EXE_postern"))
        .args([
            "source",
            "http.yaml",
            "tenants",
            "--watch",
            "--key",
            "acme",
            "--env",
            AUTHORIZATION,
        ])
        .arg(format!("--cluster=centre=http://{}", centre.address))
        .current_dir(folder("source"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let _ended = Ended(child);
    let mut next = || {
        let line = lines.next().unwrap().unwrap();
        assert!(!line.contains("hunter2"), "{line}");
        let (_, line) = line.split_once(' ').unwrap();
        line.to_owned()
    };
    let first = next();
    assert!(
        first.starts_with("tenants: changed; etag \"1\"; 70 bytes; tenant: to \"blue\""),
        "{first}"
    );
    let green = r#"{"tenants": [{"id": "acme", "upstream": "green"}]}"#;
    centre.set("http.test", PATH, tagged("\"2\"", green));
    assert_eq!(
        next(),
        "tenants: changed; etag \"2\"; 50 bytes; tenant: to \"green\""
    );
    centre.set("http.test", PATH, Reply::status(503, ""));
    assert_eq!(
        next(),
        "tenants: broken: unexpected status 503; tenant: to \"green\""
    );
    centre.set("http.test", PATH, tagged("\"2\"", green));
    assert_eq!(
        next(),
        "tenants: same; etag \"2\"; 50 bytes; tenant: to \"green\""
    );
}

#[test]
fn watches_what_a_request_looks_up() {
    let centre = http_centre();
    let mut child = Command::new(env!("CARGO_BIN_EXE_postern"))
        .args(["source", "http.yaml", "--watch", "--json"])
        .args(["--request", "/orders/acme", "--env", AUTHORIZATION])
        .arg(format!("--cluster=centre=http://{}", centre.address))
        .current_dir(folder("source"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let _ended = Ended(child);
    let reports = lines.map(|line| -> Value { serde_json::from_str(&line.unwrap()).unwrap() });
    let mut of_tenants = reports.filter(|report| report["name"] == "tenants");
    let first = of_tenants.next().unwrap();
    assert_eq!(first["state"], "changed");
    assert_eq!(first["values"], serde_json::json!([r#"tenant: to "blue""#]));
}

/// A file of the tests that is removed at the end.
#[derive(Debug)]
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[test]
fn reads_the_clusters_of_a_bootstrap() {
    let centre = http_centre();
    let path = std::env::temp_dir().join(format!("postern-clusters-{}.yaml", std::process::id()));
    let file = Temporary(path);
    let port = centre.address.port();
    let text = format!(
        "static_resources:\n  clusters:\n    - name: centre\n      load_assignment: {{endpoints: [{{lb_endpoints: [{{endpoint: {{address: {{socket_address: {{address: 127.0.0.1, port_value: {port}}}}}}}}}]}}]}}\n"
    );
    fs::write(&file.0, text).unwrap();
    let path = file.0.to_str().unwrap();
    let arguments = [
        "source",
        "http.yaml",
        "tenants",
        "--env",
        AUTHORIZATION,
        "--bootstrap",
        path,
    ];
    let run = run(&folder("source"), &arguments, "");
    assert_eq!(run.status, 0, "{run:?}");
}
