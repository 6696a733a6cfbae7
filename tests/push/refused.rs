//! Refused pushes leave the policy unchanged.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::common::{
    CONNECTIONS, PACE, REQUESTS, SETTLED, all_by, between, changed_over, every_worker, setting,
    start,
};
use crate::gate::{Delivery, Gate, by_text};
use crate::http1::get;
use crate::load::Load;
use crate::policies::{bad, good};

/// Pushes, waits until Envoy has refused the push, and lets some requests pass.
fn push_refused(gate: &Gate, what: &str, push: impl Fn()) {
    let before = gate.refused();
    push();
    gate.until(what, |gate| gate.refused() > before);
    Gate::pause(Duration::from_millis(300));
}

/// Refused policies and modules over ECDS leave the policy unchanged. The next good one is active at once, on open
/// connections too.
pub(crate) fn over_ecds(program: Option<&Path>) {
    let gate = start(setting("push-bad-ecds", Delivery::Ecds, program), &good(1));
    let load = Load::start(gate.address(), &REQUESTS, CONNECTIONS, PACE);
    for (what, bad) in bad() {
        push_refused(&gate, what, || gate.push_value(&bad));
    }
    // A good policy is refused if its module is missing or is another file.
    for (what, module) in [
        ("no module", "/nonexistent.wasm"),
        ("another file", "/proc/version"),
    ] {
        push_refused(&gate, what, || {
            gate.push_module(&good(2), Path::new(module));
        });
    }
    let pushed = load.now();
    gate.push(&good(2));
    Gate::pause(SETTLED);
    let settled = load.now();
    Gate::pause(Duration::from_secs(1));
    let samples = load.finish();
    all_by(1, &between(&samples, Duration::ZERO, pushed));
    all_by(2, &between(&samples, settled, Duration::MAX));
    assert_eq!(changed_over(&samples, 1, 2), [2; CONNECTIONS]);
    // The connections were open all the time.
    every_worker(&gate);
    let log = gate.envoy.log();
    for text in [
        "event=policy_refused",
        "did you mean `routes`",
        "there is no provider `keys`",
    ] {
        assert!(log.contains(text), "the log has no {text}");
    }
}

/// Refused policies over LDS leave the policy unchanged. After a good one, Envoy 1.40 keeps open connections until they
/// are drained. Envoy 1.39 and earlier give each one more answer, which closes it. Both are answered by the old policy.
pub(crate) fn over_lds(program: Option<&Path>) {
    let mut setting = setting("push-bad-lds", Delivery::Lds, program);
    // Draining closes some connections early, and more of them towards the end. So it takes longer than the test.
    setting.arguments = ["--drain-time-s", "6000"].map(str::to_owned).to_vec();
    let gate = start(setting, &good(2));
    let load = Load::start(gate.address(), &REQUESTS, CONNECTIONS, PACE);
    for (what, bad) in bad() {
        push_refused(&gate, what, || gate.push_value(&bad));
    }
    let pushed = load.now();
    gate.push(&good(3));
    gate.until("the new policy", |gate| {
        gate.status("/api", "bob-key") == 401
    });
    Gate::pause(SETTLED);
    let samples = load.finish();
    all_by(2, &between(&samples, Duration::ZERO, pushed));
    // The old policy still answers the open connections: `bob` is accepted, although the new policy lacks him.
    let ends = changed_over(&samples, 2, 3);
    if program.is_none() {
        assert!(ends.contains(&2), "{ends:?}");
    } else {
        assert_eq!(ends, [3; CONNECTIONS]);
    }
    every_worker(&gate);
}

/// If the first policy is refused, every request is denied until a good one is pushed.
pub(crate) fn as_first_policy(program: Option<&Path>) {
    let by_text = by_text("{}").to_string();
    let gate = start(
        setting("push-first-ecds", Delivery::Ecds, program),
        &by_text,
    );
    for key in ["ann-key", "mallory-key"] {
        assert_eq!(gate.status("/api", key), 500);
    }
    assert_eq!(get(gate.envoy.admin, "/ready", "").unwrap().status(), 200);
    gate.push(&good(1));
    gate.until("a good policy is active", |gate| {
        gate.status("/api", "ann-key") == 200
    });
    Gate::pause(SETTLED);
    let load = Load::start(gate.address(), &REQUESTS, CONNECTIONS, PACE);
    Gate::pause(Duration::from_millis(500));
    all_by(1, &load.finish());
    drop(gate);

    let gate = start(setting("push-first-lds", Delivery::Lds, program), &by_text);
    assert_eq!(gate.status("/api", "ann-key"), 0, "there is no listener");
    assert_eq!(get(gate.envoy.admin, "/ready", "").unwrap().status(), 200);
    gate.push(&good(1));
    gate.until("a good policy is active", |gate| {
        gate.status("/api", "ann-key") == 200
    });
    drop(gate);

    let error = Gate::start(
        setting("push-first-static", Delivery::Static, program),
        &by_text,
    )
    .unwrap_err();
    assert!(
        error.contains("Envoy ended") && error.contains("event=policy_refused"),
        "{error}"
    );
}

/// A fact about Envoy that the filter depends on: if a VM refuses a configuration that Envoy's trial VM accepted, requests
/// pass. If this check fails with a new Envoy, that Envoy is safer, and `Vm::on_configure` may refuse anywhere.
pub(crate) fn after_the_trial(program: Option<&Path>) {
    let module = wat::parse_str(include_str!("refuses_after_the_trial.wat")).expect("valid text");
    let mut setting = setting("push-after-trial", Delivery::Ecds, program);
    setting.module = Path::new(env!("CARGO_TARGET_TMPDIR")).join("refuses_after_the_trial.wasm");
    setting.after_a_trap = Some("FAIL_CLOSED");
    fs::write(&setting.module, module).expect("the test's folder is writable");
    let gate = start(setting, "A");
    assert_eq!(gate.status("/", ""), 403);
    gate.push("another");
    gate.until("requests pass", |gate| gate.status("/", "") == 200);
    assert_eq!(gate.refused(), 0, "the push counts as accepted");
    gate.push("B");
    Gate::pause(SETTLED);
    assert_eq!(
        gate.status("/", ""),
        200,
        "requests pass after a good push, too"
    );
}
