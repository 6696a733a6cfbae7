//! A registry in this process, with the part of the API that a push uses.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Output;
use std::sync::{Arc, RwLock};
use std::thread;

use crate::layout::{MANIFEST, digest, image};

/// How a registry behaves.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Mode {
    /// It needs no authentication.
    Open,
    /// It needs a token. It gives a token for the password.
    Token,
    /// It needs no authentication, and returns another manifest than it stored.
    OtherManifest,
}

#[derive(Default)]
pub(crate) struct Stored {
    pub(crate) blobs: BTreeMap<String, Vec<u8>>,
    pub(crate) manifests: BTreeMap<String, Vec<u8>>,
    pub(crate) log: Vec<String>,
}

struct Request {
    method: String,
    target: String,
    fields: BTreeMap<String, String>,
    body: Vec<u8>,
}

fn read_request(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    let mut part = [0; 65536];
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        let read = stream.read(&mut part).ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&part[..read]);
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut lines = head.lines();
    let mut words = lines.next()?.split(' ').map(str::to_owned);
    let fields: BTreeMap<_, _> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length: usize = fields
        .get("content-length")
        .map_or(0, |n| n.parse().unwrap());
    let mut body = bytes.split_off(end.saturating_add(4));
    while body.len() < length {
        let read = stream.read(&mut part).ok().filter(|read| *read > 0)?;
        body.extend_from_slice(&part[..read]);
    }
    Some(Request {
        method: words.next()?,
        target: words.next()?,
        fields,
        body,
    })
}

/// A running registry, with its stored images.
pub(crate) struct Registry {
    address: SocketAddr,
    pub(crate) stored: Arc<RwLock<Stored>>,
}

impl Registry {
    pub(crate) fn start(mode: Mode) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let stored: Arc<RwLock<Stored>> = Arc::default();
        let own = Arc::clone(&stored);
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                if let Some(request) = read_request(&mut stream) {
                    let head_only = request.method == "HEAD";
                    let (status, fields, body) =
                        answer(&request, mode, address, &mut own.write().unwrap());
                    let head = format!(
                        "HTTP/1.1 {status} x\r\n{fields}content-length: {}\r\nconnection: close\r\n\r\n",
                        body.len()
                    );
                    let _ = stream.write_all(head.as_bytes());
                    let _ = stream.write_all(if head_only { b"" } else { &body });
                }
            }
        });
        Self { address, stored }
    }

    pub(crate) fn push(&self, path: &str, form: &str, environment: &[(&str, &str)]) -> Output {
        let reference = format!("{}/team/postern:v1", self.address);
        image(
            &["push", "--form", form, "--image", path, &reference],
            environment,
        )
    }
}

type Answer = (u16, String, Vec<u8>);

fn plain(status: u16) -> Answer {
    (status, String::new(), Vec::new())
}

/// Gives a token for the user `ann` with the password `secret`.
fn token(request: &Request, authorization: &str) -> Answer {
    assert!(request.target.contains("service=here") && request.target.contains("team%2Fpostern"));
    if authorization == "Basic YW5uOnNlY3JldA==" {
        (200, String::new(), br#"{"token": "let-in"}"#.to_vec())
    } else {
        plain(401)
    }
}

fn answer(request: &Request, mode: Mode, own: SocketAddr, stored: &mut Stored) -> Answer {
    let authorization = request
        .fields
        .get("authorization")
        .map_or("", |value| value);
    stored
        .log
        .push(format!("{} {}", request.method, request.target));
    if request.target.starts_with("/token?") {
        return token(request, authorization);
    }
    if mode == Mode::Token && authorization != "Bearer let-in" {
        let challenge =
            format!("www-authenticate: Bearer realm=\"http://{own}/token\",service=\"here\"\r\n");
        return (401, challenge, Vec::new());
    }
    let path = request
        .target
        .strip_prefix("/v2/team/postern/")
        .unwrap_or_default();
    match (request.method.as_str(), path.split_once('/')) {
        ("HEAD", Some(("blobs", name))) => plain(if stored.blobs.contains_key(name) {
            200
        } else {
            404
        }),
        ("POST", Some(("blobs", "uploads/"))) => (
            202,
            "location: /v2/team/postern/blobs/uploads/7?state=a%3Db\r\n".into(),
            Vec::new(),
        ),
        ("PUT", Some(("blobs", rest))) => {
            let name = rest
                .strip_prefix("uploads/7?state=a%3Db&digest=sha256%3A")
                .unwrap();
            assert_eq!(digest(&request.body), format!("sha256:{name}"));
            stored
                .blobs
                .insert(format!("sha256:{name}"), request.body.clone());
            plain(201)
        }
        ("PUT", Some(("manifests", tag))) => {
            assert_eq!(request.fields["content-type"], MANIFEST);
            stored
                .manifests
                .insert(tag.to_owned(), request.body.clone());
            stored
                .manifests
                .insert(digest(&request.body), request.body.clone());
            plain(201)
        }
        ("GET", Some(("manifests", name))) => match stored.manifests.get(name) {
            Some(_) if mode == Mode::OtherManifest => (200, String::new(), b"{}".to_vec()),
            Some(manifest) => (200, String::new(), manifest.clone()),
            None => plain(404),
        },
        _ => plain(405),
    }
}
