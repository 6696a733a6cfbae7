//! Attackers choose the names of keys. Ten thousand tokens with unknown keys cost the issuer next to nothing, and the clients
//! with good tokens nothing.

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::front::{Front, Trouble};
use crate::gate::{Gate, WORKERS, report};
use crate::issuer::{Issuer, new_folder};
use crate::load::{self, Load, Rule, Verdict};
use crate::policy::{gate, policy, remote};
use crate::tokens::with_kid;
use crate::wait::pause;

const TOKENS: usize = 10_000;

/// Connections of the attackers. Each worker gets some.
const ATTACKERS: usize = WORKERS * 10;

/// How long a request with an unknown key may take: two callouts of a second, half a second more, and what a busy machine needs.
const BOUND: Duration = Duration::from_millis(3500);

/// How long a flood may take.
const MOST: Duration = Duration::from_secs(30);

const UNKNOWN: &str = "401 unknown_key";

/// What the attackers got.
#[derive(Debug, Default)]
struct Flood {
    outcomes: Vec<String>,
    longest: Duration,
    span: Duration,
}

/// Sends tokens, each with a key of its own name.
#[expect(clippy::disallowed_methods, reason = "Envoy works in real time")]
fn flood(address: SocketAddr, token: &str, tokens: usize) -> Flood {
    let each = tokens.checked_div(ATTACKERS).unwrap_or_default();
    let start = Instant::now();
    let attack = |attacker: usize| {
        let mut flood = Flood::default();
        let mut connection = None;
        for number in 0..each {
            if start.elapsed() > MOST {
                break;
            }
            let kid = format!("k{attacker}-{number}-{:?}", start.elapsed());
            let token = with_kid(token, &kid);
            let request = format!(
                "GET /jwt HTTP/1.1\r\nhost: api.test\r\nauthorization: Bearer {token}\r\n\r\n"
            );
            let sent = Instant::now();
            let outcome = load::ask(address, &mut connection, request.as_bytes());
            flood.longest = flood.longest.max(sent.elapsed());
            flood
                .outcomes
                .push(outcome.unwrap_or_else(|error| error.to_string()));
        }
        flood
    };
    let floods: Vec<Flood> = thread::scope(|scope| {
        let attackers: Vec<_> = (0..ATTACKERS)
            .map(|attacker| scope.spawn(move || attack(attacker)))
            .collect();
        let join = |attacker: thread::ScopedJoinHandle<'_, Flood>| {
            attacker.join().expect("attackers don't panic")
        };
        attackers.into_iter().map(join).collect()
    });
    Flood {
        longest: floods
            .iter()
            .map(|flood| flood.longest)
            .max()
            .unwrap_or_default(),
        outcomes: floods
            .into_iter()
            .flat_map(|flood| flood.outcomes)
            .collect(),
        span: start.elapsed(),
    }
}

impl Flood {
    fn count(&self, outcome: &str) -> usize {
        self.outcomes
            .iter()
            .filter(|found| *found == outcome)
            .count()
    }
}

/// The attack, and clients with good tokens meanwhile.
fn attack(gate: &Gate, good: &str, tokens: usize) -> (Flood, Verdict) {
    let clients = Load::start(gate.address, WORKERS, Duration::from_millis(5));
    clients.send("good", "/jwt", good, Rule::Accept);
    let flood = flood(gate.address, good, tokens);
    (flood, clients.finish())
}

fn described(flood: &Flood, clients: &Verdict, front: &Front) -> String {
    format!(
        "{} unknown keys in {:.1?}: {} requests at the issuer; 401 {}; the longest wait {:.2?}; {} good requests meanwhile, the longest {:.0?}",
        flood.outcomes.len(),
        flood.span,
        front.count("/jwks"),
        flood.count(UNKNOWN),
        flood.longest,
        clients.requests,
        clients.longest,
    )
}

#[test]
fn ten_thousand_unknown_keys_cost_the_issuer_one_request_in_an_interval() {
    let mut issuer = Issuer::start(&new_folder("flood"), &["rsa-1"]);
    let front = Front::start();
    front.stand_before(issuer.address);
    let good = issuer.jwt("rsa-1");
    for (name, interval, seconds) in [("flood-long", "1h", 3600), ("flood-short", "1s", 1)] {
        let keys =
            remote(&json!({"refresh": "1h", "timeout": "1s", "unknownKidInterval": interval}));
        let gate = gate(name, &policy(&keys, &[]), &front);
        gate.until("/jwt", &good, "200", Duration::from_secs(20));
        pause(Duration::from_secs(1));
        front.asked();
        let (flood, clients) = attack(&gate, &good, TOKENS);
        report(&format!(
            "one extra fetch in {interval}, {}",
            described(&flood, &clients, &front)
        ));
        assert_eq!(clients.wrong, Vec::<String>::new(), "good tokens");
        assert!(clients.requests > 50, "{} good requests", clients.requests);
        assert_eq!(flood.outcomes.len(), TOKENS);
        let other = flood.outcomes.iter().find(|found| *found != UNKNOWN);
        assert_eq!(other, None);
        assert!(flood.longest < BOUND, "{:?}", flood.longest);
        // One at the begin, and one for each interval that has passed.
        let passed = flood
            .span
            .as_secs()
            .checked_div(seconds)
            .unwrap_or_default();
        let fetches = u64::try_from(front.count("/jwks")).expect("few");
        assert!(
            (1..=passed.saturating_add(1)).contains(&fetches),
            "{fetches} requests in {:?}",
            flood.span
        );
        // A new key of the issuer: the first token with it fetches the set, if the interval is over.
        pause(Duration::from_millis(1100));
        issuer.publish(&["rsa-1", "rsa-2"]);
        let known = if seconds == 1 { "200" } else { UNKNOWN };
        assert_eq!(gate.ask("/jwt", &issuer.jwt("rsa-2")), known, "{interval}");
        issuer.publish(&["rsa-1"]);
        gate.finish();
    }
}

/// The fetch of one takes longer than the interval, so that there is always one under way.
#[test]
fn unknown_keys_wait_for_a_slow_issuer_with_a_bound() {
    let issuer = Issuer::start(&new_folder("slow"), &["rsa-1"]);
    let front = Front::start();
    front.stand_before(issuer.address);
    let good = issuer.jwt("rsa-1");
    let keys = json!({"refresh": "1h", "timeout": "1s", "unknownKidInterval": "300ms"});
    let gate = gate("slow", &policy(&remote(&keys), &[]), &front);
    gate.until("/jwt", &good, "200", Duration::from_secs(20));
    for (what, trouble) in [
        ("slow", Trouble::Slow(Duration::from_millis(700))),
        ("silent", Trouble::Silent),
        ("down", Trouble::Down),
    ] {
        front.heal();
        pause(Duration::from_secs(2));
        front.asked();
        front.trouble("/jwks", trouble);
        let (flood, clients) = attack(&gate, &good, ATTACKERS.saturating_mul(2));
        report(&format!("{what}: {}", described(&flood, &clients, &front)));
        assert_eq!(clients.wrong, Vec::<String>::new(), "{what}: good tokens");
        assert!(flood.longest < BOUND, "{what}: {:?}", flood.longest);
        assert_eq!(
            flood.count(UNKNOWN),
            flood.outcomes.len(),
            "{what}: {:?}",
            flood.outcomes
        );
    }
    gate.finish();
}
