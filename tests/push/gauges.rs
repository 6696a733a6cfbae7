//! The policy's gauges during pushes.

use std::path::Path;
use std::time::Duration;

use postern::policy::Fingerprint;

use crate::common::{centre, setting, start};
use crate::gate::{Delivery, Gate, WORKERS};
use crate::policies::{good, with_a_watched_source};

/// Longer than a second. Each VM ticks within a second.
const OBSERVED: Duration = Duration::from_millis(2500);

/// One for each worker, and one for the main thread.
const VMS: u64 = WORKERS as u64 + 1;

const BAD: &str = r#"{"routes": 5}"#;

fn number(policy: &str) -> u64 {
    Fingerprint::of(policy.as_bytes()).number()
}

/// The gauges: version, refused version, VMs behind.
fn gauges(gate: &Gate) -> [u64; 3] {
    ["version", "refused_version", "behind"]
        .map(|name| gate.stat(&format!("wasmcustom.postern.policy.{name}")))
}

/// Checks that a condition holds for some time.
fn stays(gate: &Gate, what: &str, holds: impl Fn(&Gate) -> bool) {
    for _ in 0..OBSERVED.as_millis() / 50 {
        assert!(holds(gate), "{what}: {:?}", gauges(gate));
        Gate::pause(Duration::from_millis(50));
    }
}

/// A push with a new module, or with another `vm_id`, replaces all VMs. The gauges stay right.
pub(crate) fn survive_new_vms(program: Option<&Path>) {
    let centre = centre();
    let mut setting = setting("push-upgraded", Delivery::Ecds, program);
    setting.centre = Some(centre.address);
    let [old, new] = [1, 2].map(|number| with_a_watched_source(number).to_string());
    let gate = start(setting, &old);
    let source =
        |gate: &Gate| ["configured", "usable"].map(|name| gate.stat(&format!(";.;{name}")));
    gate.until("the document", |gate| source(gate) == [1, 1]);
    assert_eq!(gauges(&gate), [number(&old), 0, 0]);
    gate.push_in("another", &new);
    stays(&gate, "there always is a policy", |gate| {
        gate.stat("wasmcustom.postern.policy.version") != 0
    });
    stays(&gate, "the gauges show the new policy", |gate| {
        gauges(gate) == [number(&new), 0, 0] && source(gate) == [1, 1]
    });
}

/// Envoy accepts a refused policy when it is pushed again, without a call to the filter. The gauges still show it as
/// refused.
pub(crate) fn show_a_refused_policy(program: Option<&Path>) {
    let setting = setting("push-refused", Delivery::Ecds, program);
    let (old, new) = (good(1), good(2));
    let gate = start(setting, &old);
    let accepted =
        |gate: &Gate| gate.stat("extension_config_discovery.http_filter.postern.update_success");
    stays(&gate, "the policy is active", |gate| {
        gauges(gate) == [number(&old), 0, 0]
    });
    gate.push(BAD);
    let refused = [number(&old), number(BAD), VMS];
    gate.until("the gauges show it", |gate| gauges(gate) == refused);
    for (what, text) in [("the same again", BAD), ("the active one", &*old)] {
        let before = accepted(&gate);
        gate.push(text);
        gate.until("Envoy accepts it", |gate| accepted(gate) > before);
        stays(&gate, what, |gate| gauges(gate) == refused);
    }
    gate.push(&new);
    gate.until("another one is active", |gate| {
        gauges(gate) == [number(&new), 0, 0]
    });
    stays(&gate, "the policy is active", |gate| {
        gauges(gate) == [number(&new), 0, 0]
    });
}
