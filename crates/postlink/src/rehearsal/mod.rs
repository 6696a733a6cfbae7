//! A few typical requests, before the module goes on stage.
//!
//! What they enter is what most requests will. Nothing depends on it but the
//! order of the functions, and so how fast the module is.

mod host;

use host::{Answer, Host};

/// A policy with what gateways mostly do: a key, a rewritten path, a condition,
/// a looked-up upstream; and with many routes for one host and few for others.
const POLICY: &str = include_str!("policy.json");

/// The document that its source asks for.
const TENANTS: &str = include_str!("tenants.json");

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

const SCENES: &[Scene] = &[
    scene("open.test", "/any/page?page=2", None, Answer::Passed(0)),
    scene("many.test", "/svc07/items/1?page=2", KEY, Answer::Passed(3)),
    scene("many.test", "/svc11/items/2", OTHER, Answer::Passed(3)),
    scene("few.test", "/items/3?page=2", KEY, Answer::Passed(4)),
    scene("few.test", "/gold/4", KEY, Answer::Passed(3)),
    scene("tenants.test", "/items/5?page=2", KEY, Answer::Passed(4)),
    scene("few.test", "/gold/6", OTHER, Answer::Denied(403)),
    scene("few.test", "/items/7", None, Answer::Denied(401)),
];

/// Often enough that tables have their size and counts their rows.
const REPEATED: usize = 3;

/// Runs a [watched](crate::watched) module: the functions that requests enter,
/// those that most of them enter first.
pub(crate) fn rehearse(module: &[u8]) -> Result<Vec<u32>, String> {
    let mut host = Host::start(module, POLICY, TENANTS)?;
    // How many scenes enter each function, in the order in which they are entered first.
    let mut entered: Vec<(u32, usize)> = Vec::new();
    for _ in 0..REPEATED {
        for scene in SCENES {
            host.request(&headers(scene))?;
        }
    }
    for scene in SCENES {
        let (answer, functions) = host.request(&headers(scene))?;
        if answer != scene.answer {
            return Err(format!(
                "{}{} was {answer:?} and not {:?}; it said:\n{}",
                scene.host,
                scene.path,
                scene.answer,
                host.said()
            ));
        }
        for function in functions {
            match entered.iter_mut().find(|(known, _)| *known == function) {
                Some((_, scenes)) => *scenes = scenes.saturating_add(1),
                None => entered.push((function, 1)),
            }
        }
    }
    // Stable: those of the same number stay as they called each other.
    entered.sort_by_key(|(_, scenes)| std::cmp::Reverse(*scenes));
    Ok(entered.into_iter().map(|(function, _)| function).collect())
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
