//! What the gauges say of the policy while pushes come.

use std::time::Duration;

use postern::policy::Fingerprint;

use crate::facts::{self, Under, centre, start};
use crate::gate::{Delivery, Gate, WORKERS};
use crate::policies::{good, with_a_watched_source};

/// Longer than a second, in which each VM ticks.
const TOLD: Duration = Duration::from_millis(2500);

/// One for each worker, and one for the main thread.
const VMS: u64 = WORKERS as u64 + 1;

const BAD: &str = r#"{"routes": 5}"#;

fn number(policy: &str) -> u64 {
    Fingerprint::of(policy.as_bytes()).number()
}

/// Version, refused version, VMs behind.
fn told(gate: &Gate) -> [u64; 3] {
    ["version", "refused_version", "behind"]
        .map(|name| gate.stat(&format!("wasmcustom.postern.policy.{name}")))
}

/// It is so for a while.
fn stays(gate: &Gate, what: &str, so: impl Fn(&Gate) -> bool) {
    for _ in 0..TOLD.as_millis() / 50 {
        assert!(so(gate), "{what}: {:?}", told(gate));
        Gate::pause(Duration::from_millis(50));
    }
}

/// A new module, or another `vm_id`: all VMs end, others have begun.
pub(crate) fn upgraded(under: Under<'_>) {
    let centre = centre();
    let mut setting = facts::setting("push-upgraded", Delivery::Ecds, under);
    setting.centre = Some(centre.address);
    let [old, new] = [1, 2].map(|number| with_a_watched_source(number).to_string());
    let gate = start(setting, &old);
    let source =
        |gate: &Gate| ["configured", "usable"].map(|name| gate.stat(&format!(";.;{name}")));
    gate.until("the document", |gate| source(gate) == [1, 1]);
    assert_eq!(told(&gate), [number(&old), 0, 0]);
    gate.push_in("another", &new);
    stays(&gate, "a policy runs all the time", |gate| {
        gate.stat("wasmcustom.postern.policy.version") != 0
    });
    stays(&gate, "the new policy is told of", |gate| {
        told(gate) == [number(&new), 0, 0] && source(gate) == [1, 1]
    });
}

/// A refused policy that Envoy takes when it comes again.
pub(crate) fn refused(under: Under<'_>) {
    let setting = facts::setting("push-refused", Delivery::Ecds, under);
    let (old, new) = (good(1), good(2));
    let gate = start(setting, &old);
    let taken =
        |gate: &Gate| gate.stat("extension_config_discovery.http_filter.postern.update_success");
    stays(&gate, "all is well", |gate| {
        told(gate) == [number(&old), 0, 0]
    });
    gate.push(BAD);
    let so = [number(&old), number(BAD), VMS];
    gate.until("it is told", |gate| told(gate) == so);
    for (what, text) in [("the same again", BAD), ("the one that runs", &*old)] {
        let before = taken(&gate);
        gate.push(text);
        gate.until("Envoy says yes, and asks nobody", |gate| {
            taken(gate) > before
        });
        stays(&gate, what, |gate| told(gate) == so);
    }
    gate.push(&new);
    gate.until("another one is taken", |gate| {
        told(gate) == [number(&new), 0, 0]
    });
    stays(&gate, "all is well", |gate| {
        told(gate) == [number(&new), 0, 0]
    });
}
