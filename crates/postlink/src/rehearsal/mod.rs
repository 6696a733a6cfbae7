//! A few typical requests, before the module goes on stage.
//!
//! What they run is what most requests will. Nothing depends on it but where the
//! code stands, and so how fast the module is.

mod host;
mod seen;

use host::{Answer, Host};
pub(crate) use seen::Seen;

/// A request, and what is to become of it.
struct Scene {
    host: &'static str,
    path: &'static str,
    key: Option<&'static str>,
    answer: Answer,
}

const fn scene(
    host: &'static str,
    path: &'static str,
    key: Option<&'static str>,
    answer: Answer,
) -> Scene {
    Scene {
        host,
        path,
        key,
        answer,
    }
}

const KEY: Option<&str> = Some("key-000007-4f9d2c7b1e8a");
const OTHER: Option<&str> = Some("key-000001-4f9d2c7b1e8a");

/// A policy, the document that its source asks for, and requests.
struct Play {
    policy: &'static str,
    document: &'static str,
    scenes: &'static [Scene],
}

const PLAYS: &[Play] = &[
    // What gateways mostly do: a key, a rewritten path, a condition, a looked-up
    // upstream; with many routes for one host and few for others.
    Play {
        policy: include_str!("policy.json"),
        document: include_str!("tenants.json"),
        scenes: &[
            scene("open.test", "/any/page?page=2", None, Answer::Passed(0)),
            scene("many.test", "/svc07/items/1?page=2", KEY, Answer::Passed(3)),
            scene("many.test", "/svc11/items/2", OTHER, Answer::Passed(3)),
            scene("few.test", "/items/3?page=2", KEY, Answer::Passed(4)),
            scene("few.test", "/gold/4", KEY, Answer::Passed(3)),
            scene("tenants.test", "/items/5?page=2", KEY, Answer::Passed(4)),
            scene("few.test", "/gold/6", OTHER, Answer::Denied(403)),
            scene("few.test", "/items/7", None, Answer::Denied(401)),
        ],
    },
    // All consumers from a document, and a host for each route.
    Play {
        policy: include_str!("partners-policy.json"),
        document: include_str!("partners.json"),
        scenes: &[
            scene("own-1.test", "/svc1/items/8?page=2", KEY, Answer::Passed(3)),
            scene("own-2.test", "/svc2/items/9", OTHER, Answer::Passed(3)),
            scene("own-3.test", "/svc3/items/10", None, Answer::Denied(401)),
        ],
    },
];

/// Often enough that tables have their size and counts their rows.
const REPEATED: usize = 3;

/// Runs a [watched](crate::watched) module.
pub(crate) fn rehearse(module: &[u8]) -> Result<Seen, String> {
    let mut seen = Seen::default();
    for play in PLAYS {
        perform(module, play, &mut seen)?;
    }
    Ok(seen)
}

/// How often a request is repeated to be counted: a multiple of the batches in which the module counts its own stats.
const COUNTED: u32 = 640;

/// The operations that the module runs for each scene's request, by its host and path: the mean of many equal requests.
/// An operation is what the interpreter makes of one or several of WebAssembly.
///
/// # Errors
/// The module doesn't run.
pub fn count(module: &[u8]) -> Result<Vec<(String, u64)>, String> {
    let mut counts = Vec::new();
    for play in PLAYS {
        let mut host = Host::start(module, play.policy, play.document)?;
        for scene in play.scenes {
            let headers = headers(scene);
            host.request(&headers)?;
            let before = host.fuel();
            for _ in 0..COUNTED {
                host.request(&headers)?;
            }
            let run = before.saturating_sub(host.fuel());
            let name = format!("{}{}", scene.host, scene.path);
            counts.push((name, run.checked_div(COUNTED.into()).unwrap_or_default()));
        }
    }
    Ok(counts)
}

/// Performs a play. Only requests that go on are usual: branches are hinted for them.
fn perform(module: &[u8], play: &Play, seen: &mut Seen) -> Result<(), String> {
    let mut host = Host::start(module, play.policy, play.document)?;
    for _ in 0..REPEATED {
        for scene in play.scenes {
            host.request(&headers(scene))?;
        }
    }
    for scene in play.scenes {
        let (answer, run) = host.request(&headers(scene))?;
        if answer != scene.answer {
            return Err(format!(
                "{}{} was {answer:?} and not {:?}; it said:\n{}",
                scene.host,
                scene.path,
                scene.answer,
                host.said()
            ));
        }
        seen.add(run, matches!(answer, Answer::Passed(_)));
    }
    Ok(())
}

/// A request as browsers and clients send them through Envoy.
fn headers(scene: &Scene) -> Vec<(&'static str, &'static str)> {
    let mut headers = vec![
        (":authority", scene.host),
        (":path", scene.path),
        (":method", "GET"),
        (":scheme", "http"),
        ("user-agent", "rehearsal/1.0"),
        ("accept", "application/json"),
        ("accept-encoding", "gzip, br"),
        ("x-tenant", "tenant-2"),
        ("x-forwarded-proto", "http"),
        ("x-request-id", "0a1b2c3d-4e5f-6789-abcd-ef0123456789"),
    ];
    headers.extend(scene.key.map(|key| ("x-api-key", key)));
    headers
}
