//! Accepted pushes replace the policy, lose no request, and keep what was learnt from sources.

use std::path::Path;
use std::time::Duration;

use crate::common::{
    AUTHORITY, CONNECTIONS, LOOKUPS, PACE, REQUESTS, SETTLED, all_by, centre, changed_over,
    every_worker, given_by, is_right_lookup, setting, start, stop_answering, until_loaded,
};
use crate::gate::{Delivery, Gate};
use crate::load::Load;
use crate::policies::{good, with_a_watched_source, with_sources};

/// A replaced policy is freed: the gauges of its source disappear.
pub(crate) fn frees_the_old_policy(program: Option<&Path>) {
    let centre = centre();
    let mut setting = setting("push-freed", Delivery::Ecds, program);
    setting.centre = Some(centre.address);
    let gate = start(setting, &with_a_watched_source(1).to_string());
    let has_gauge = |gate: &Gate| gate.stat(";.;configured") > 0;
    gate.until("the source has a gauge", has_gauge);
    let load = Load::start(gate.address(), &REQUESTS, CONNECTIONS, PACE);
    gate.push(&good(2));
    gate.until("the old policy is freed", |gate| !has_gauge(gate));
    gate.push(&with_a_watched_source(3).to_string());
    gate.until("the source has a gauge again", has_gauge);
    for sample in load.finish() {
        let by_any = [1, 2, 3].iter().any(|number| given_by(*number, &sample));
        assert!(by_any, "{sample:?}");
    }
}

/// After the drain time of a push over LDS, every connection uses the new policy.
pub(crate) fn drains_old_connections(program: Option<&Path>) {
    let mut setting = setting("push-drained", Delivery::Lds, program);
    setting.arguments = ["--drain-time-s", "2"].map(str::to_owned).to_vec();
    let gate = start(setting, &good(2));
    let load = Load::start(gate.address(), &REQUESTS, CONNECTIONS, PACE);
    Gate::pause(Duration::from_secs(1));
    gate.push(&good(4));
    for draining in [1, 0] {
        gate.until(&format!("{draining} listeners are draining"), |gate| {
            gate.stat("listener_manager.total_filter_chains_draining") == draining
        });
    }
    Gate::pause(Duration::from_secs(1));
    let samples = load.finish();
    let end = samples.len().saturating_sub(CONNECTIONS.saturating_mul(20));
    all_by(4, &samples[end..]);
    assert_eq!(changed_over(&samples, 2, 4), [4; CONNECTIONS]);
}

/// Pushes while the config centre is down lose no request and no document.
pub(crate) fn keeps_documents(program: Option<&Path>) {
    let centre = centre();
    let mut setting = setting("push-documents", Delivery::Ecds, program);
    setting.centre = Some(centre.address);
    let gate = start(setting, &with_sources(1).to_string());
    until_loaded(&gate);
    stop_answering(&centre);
    centre.asked(AUTHORITY);
    let load = Load::start(gate.address(), &LOOKUPS, CONNECTIONS, PACE);
    Gate::pause(Duration::from_millis(500));
    for number in 2..=6 {
        gate.push(&with_sources(number).to_string());
        Gate::pause(Duration::from_secs(1));
    }
    Gate::pause(SETTLED);
    let samples = load.finish();
    for sample in &samples {
        assert!(
            is_right_lookup(sample),
            "{} is {sample:?}",
            LOOKUPS[sample.request]
        );
    }
    // Remembered documents are not fetched again.
    assert!(
        centre
            .asked(AUTHORITY)
            .iter()
            .all(|path| path == "/tenants.json")
    );
    for connection in 0..CONNECTIONS {
        let mut own = samples
            .iter()
            .filter(|sample| sample.connection == connection);
        assert_eq!(
            own.rfind(|sample| sample.policy.is_some())
                .and_then(|last| last.policy),
            Some(6)
        );
    }
    every_worker(&gate);
}
