//! A real Envoy with the filter as a gate.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use crate::case::{
    CaseFile, Request, UpstreamAnswer, WorldReply, answer_for, bytes, files, json_of,
};
use crate::centre::{self, Centre, Reply};
use crate::compile::compile;
use crate::corpus::Gate;
use crate::envoy::Envoy;
use crate::http1::{Message, exchange};
use crate::outcome::{Answer, Delivery, Exchange, Outcome, UPSTREAM_ANSWER, values};
use crate::plan::{DETAILS, LOGGED, Plan};
use crate::servers::Upstreams;
use crate::wait::{ensure, pause, wait_for};

/// One Envoy for the whole corpus, its upstreams and its config centre.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) envoy: Envoy,
    upstreams: Upstreams,
    centre: Centre,
}

impl World {
    /// Starts Envoy with one listener for each case file, and waits until it has fetched every watched document. `program` is
    /// another Envoy than the project's own.
    pub(crate) fn start(program: Option<&Path>) -> Result<Rc<Self>, String> {
        let answers = upstream_answers()?;
        let upstreams = Upstreams::answering(&["default", "blue", "green"], move |request| {
            let path = request.start.split(|byte| *byte == b' ').nth(1)?;
            head(&answer_for(&answers, path))
        });
        let centre = Centre::start();
        let mut plan = Plan {
            name: "envoy-corpus".into(),
            clusters: upstreams.addresses.clone(),
            ..Plan::default()
        };
        plan.clusters.push(("centre".into(), centre.address));
        let mut watched = Vec::new();
        for file in files().iter().filter(|file| !file.cases.is_empty()) {
            let json = json_of(file.policy.as_deref().unwrap_or_default())?;
            // A policy that does not compile keeps Envoy from starting. The core's runner reports its errors.
            if compile(&json, &file.env).is_err() {
                continue;
            }
            plan.policies.push((file.stem.clone(), json));
            plan.environment.extend(file.env.clone());
            for (path, reply) in &file.world {
                let (authority, path) = place(file, path);
                centre.set_turns(authority, path, reply.turns().map(centre_reply));
            }
            let mut paths = file.watched_paths();
            paths.extend(key_paths(file));
            paths.retain(|path| !path.starts_with("//"));
            watched.extend(paths.into_iter().map(|path| (file.stem.clone(), path)));
        }
        let envoy = plan.start_in(program)?;
        wait_for(Duration::from_secs(10), || {
            for authority in plan.policies.iter().map(|(name, _)| name) {
                let asked = centre.asked(authority);
                watched.retain(|(own, path)| own != authority || !asked.contains(path));
            }
            ensure(watched.is_empty(), || {
                format!("Envoy has not fetched {watched:?}")
            })
        });
        // The VM that fetched the documents shares them with the others, which load them on their next tick.
        pause(Duration::from_millis(1500));
        Ok(Rc::new(Self {
            envoy,
            upstreams,
            centre,
        }))
    }
}

/// The upstreams' answers of all files. They share the upstreams, so no two may have the same path.
fn upstream_answers() -> Result<BTreeMap<String, UpstreamAnswer>, String> {
    let mut all = BTreeMap::new();
    for (path, answer) in files().into_iter().flat_map(|file| file.upstreams) {
        if all.insert(path.clone(), answer).is_some() {
            return Err(format!(
                "two files have an answer of the upstream for {path}"
            ));
        }
    }
    Ok(all)
}

/// The first bytes of an upstream's answer; none if it closes the connection.
fn head(own: &UpstreamAnswer) -> Option<Vec<u8>> {
    if own.down {
        return None;
    }
    let status = own.status.unwrap_or(200);
    let mut head = format!("HTTP/1.1 {status} Status\r\n").into_bytes();
    let more = own.headers.iter().map(|(name, value)| (&**name, &**value));
    for (name, value) in UPSTREAM_ANSWER.into_iter().chain(more) {
        head.extend(bytes(name));
        head.extend(b": ");
        head.extend(bytes(value));
        head.extend(b"\r\n");
    }
    Some(head)
}

/// The paths of key sets and of issuers' metadata, where the policy names them.
fn key_paths(file: &CaseFile) -> Vec<String> {
    let policy = file.parsed_policy();
    let providers = policy.get("providers").and_then(|all| all.as_object());
    let providers = providers.into_iter().flat_map(|all| all.values());
    let keys = providers.map(|provider| &provider["jwt"]["keys"]);
    keys.flat_map(|keys| [&keys["remote"], &keys["discovery"]])
        .filter(|keys| keys["cluster"] == "centre")
        .filter_map(|keys| Some(keys["path"].as_str()?.to_owned()))
        .collect()
}

/// The authority and the path of a path in a file's world.
fn place<'f>(file: &'f CaseFile, path: &'f str) -> (&'f str, &'f str) {
    let other = path.strip_prefix("//");
    let other = other.and_then(|rest| rest.split_at_checked(rest.find('/')?));
    other.unwrap_or((&file.stem, path))
}

fn centre_reply(reply: &WorldReply) -> Reply {
    if reply.down {
        return Reply::Down;
    }
    if reply.silent {
        return Reply::Silent;
    }
    Reply::Answer(centre::Answer {
        status: reply.status.unwrap_or(200),
        fields: reply.headers.clone(),
        body: reply.body.clone().into_bytes(),
        asked: reply.asked.clone().into_iter().collect(),
        ..centre::Answer::default()
    })
}

/// The listener of one case file.
#[derive(Debug)]
pub(crate) struct EnvoyGate {
    world: Rc<World>,
    address: SocketAddr,
    authority: String,
    /// The other authorities of the file's paths.
    others: Vec<String>,
    watched: Vec<String>,
}

impl EnvoyGate {
    pub(crate) fn open(world: &Rc<World>, file: &CaseFile) -> Result<Self, String> {
        let address = world.envoy.listener(&file.stem);
        let places = file.world.keys().map(|path| place(file, path).0);
        let others = places.filter(|authority| *authority != file.stem);
        Ok(Self {
            world: Rc::clone(world),
            address: address.ok_or("its policy does not compile")?,
            authority: file.stem.clone(),
            others: others.map(str::to_owned).collect(),
            watched: file.watched_paths(),
        })
    }

    /// The paths of the requests to the config centre since the last call, in order.
    fn asked(&self) -> Vec<String> {
        let is_own = |authority: &str| {
            authority == self.authority || self.others.iter().any(|other| other == authority)
        };
        let asked = self.world.centre.asked_at(is_own).into_iter();
        asked
            .map(|(authority, path)| {
                if authority == self.authority {
                    path
                } else {
                    format!("//{authority}{path}")
                }
            })
            .collect()
    }

    /// The paths that were fetched from the config centre. A callout may come after the answer.
    fn callouts(&self, expected: usize) -> Vec<String> {
        let mut callouts = Vec::new();
        for _ in 0..100 {
            callouts.extend(self.asked());
            callouts.retain(|path| !CaseFile::is_watched(&self.watched, path));
            if callouts.len() >= expected {
                break;
            }
            pause(Duration::from_millis(10));
        }
        callouts
    }
}

impl Gate for EnvoyGate {
    const BEHIND_ENVOY: bool = true;

    fn exchange(&mut self, request: &Request, callouts: usize) -> Result<Exchange, String> {
        self.world.upstreams.received();
        self.asked();
        let answer = exchange(self.address, &request.method, &wire(request))
            .map_err(|error| format!("no answer: {error}"))?;
        let mut received = self.world.upstreams.received();
        let callouts = self.callouts(callouts);
        let outcome = match (received.pop(), received.pop()) {
            (Some((upstream, request)), None) => Outcome::Forwarded(Delivery {
                request: pairs(&request),
                upstream,
                response: with_status(answer),
            }),
            (None, _) => Outcome::Answered(local(answer)),
            (Some(_), Some(_)) => return Err("two requests reached the upstreams".into()),
        };
        Ok(Exchange { outcome, callouts })
    }

    fn pass(&mut self, span: Duration) {
        pause(span);
    }

    fn passes_over(&self, name: &[u8]) -> bool {
        const OWN: [&[u8]; 5] = [
            b"x-forwarded-proto",
            b"content-length",
            b"transfer-encoding",
            b":scheme",
            b"connection",
        ];
        OWN.contains(&name) || name.starts_with(b"x-envoy-")
    }
}

/// The request's bytes, without the pseudo-headers that the case leaves out.
fn wire(request: &Request) -> Vec<u8> {
    let left_out = |name: &str| request.without.iter().any(|other| other == name);
    let mut wire = bytes(&request.method);
    wire.push(b' ');
    let target = if left_out(":path") {
        &request.host
    } else {
        &request.path
    };
    wire.extend(bytes(target));
    wire.extend(b" HTTP/1.1\r\n");
    if !left_out(":authority") {
        wire.extend(b"host: ");
        wire.extend(bytes(&request.host));
        wire.extend(b"\r\n");
    }
    for (name, value) in &request.headers {
        wire.extend(bytes(name));
        wire.extend(b": ");
        wire.extend(bytes(value));
        wire.extend(b"\r\n");
    }
    wire.extend(b"connection: close\r\n\r\n");
    wire
}

/// The headers of the request at the upstream, with pseudo-headers.
fn pairs(request: &Message) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut words = request.start.split(|byte| *byte == b' ');
    let mut word = || words.next().unwrap_or_default().to_vec();
    let mut pairs = vec![(b":method".to_vec(), word()), (b":path".to_vec(), word())];
    pairs.push((b":scheme".to_vec(), b"http".to_vec()));
    pairs.extend(request.fields.iter().map(|(name, value)| {
        let name = if name == b"host" {
            b":authority"
        } else {
            name.as_slice()
        };
        (name.to_vec(), value.clone())
    }));
    pairs
}

fn with_status(answer: Message) -> Vec<(Vec<u8>, Vec<u8>)> {
    let status = (
        b":status".to_vec(),
        answer.status().to_string().into_bytes(),
    );
    std::iter::once(status).chain(answer.fields).collect()
}

fn local(answer: Message) -> Answer {
    let details = values(&answer.fields, DETAILS.as_bytes()).concat();
    let grpc = values(&answer.fields, b"grpc-status").concat();
    Answer {
        status: answer.status(),
        grpc: std::str::from_utf8(&grpc)
            .ok()
            .and_then(|status| status.parse().ok()),
        details: String::from_utf8_lossy(&details).into_owned(),
        logged: values(&answer.fields, LOGGED.as_bytes()).concat(),
        headers: answer.fields,
        body: answer.body,
    }
}
