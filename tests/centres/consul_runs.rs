//! Consul in trouble, questions that it holds, and the same server for Spring Cloud Consul.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::centre::{Centre, PASSWORD, good, policy};
use crate::consul::{Consul, SpringConsul};
use crate::front::Front;
use crate::gate::{Gate, report};
use crate::plan::Plan;
use crate::run::Run;
use crate::troubles::{few_troubles, older_data, some_troubles};
use crate::wait::pause;

#[test]
fn consul_in_trouble() {
    let mut run = Run::start("consul", Box::new(Consul::new("consul")));
    some_troubles(&mut run);
    older_data(&mut run);
    let mut centre = run.finish();
    centre.set_password(PASSWORD);
    changes_show_at_once(&mut *centre);
    let mut run = Run::start("springCloudConsul", Box::new(SpringConsul::new(centre)));
    few_troubles(&mut run);
    drop(run.finish());
}

/// The time in which a change is everywhere by a question that the server holds, also on a busy machine.
const AT_ONCE: Duration = Duration::from_secs(3);

/// With `wait` the server holds the question until there is a change.
#[expect(clippy::disallowed_methods, reason = "servers work in real time")]
fn changes_show_at_once(centre: &mut dyn Centre) {
    let front = Front::start();
    front.stand_before(centre.address());
    let mut policy: Value = serde_json::from_str(&policy("consul", centre)).expect("it is JSON");
    for document in ["main", "short"] {
        let source = &mut policy["sources"][document];
        source["consul"]["wait"] = json!("10s");
        source["refresh"] = json!("1s");
        source["staleFor"] = json!("1h");
    }
    centre.put("main", &good("held"));
    centre.put("short", &good("held"));
    let gate = Gate::start(Plan {
        name: "centres-consul-held".into(),
        policies: vec![("gate".into(), policy.to_string())],
        clusters: vec![("centre".into(), front.address)],
        ..Plan::default()
    });
    gate.until("/main/held", "-", "200", Duration::from_secs(20));
    let mut slowest = Duration::ZERO;
    for number in 0..2 {
        pause(Duration::from_millis(1500));
        let (marker, start) = (format!("held{number}"), Instant::now());
        centre.put("main", &good(&marker));
        gate.until(&format!("/main/{marker}"), "-", "200", AT_ONCE);
        slowest = slowest.max(start.elapsed());
    }
    // Nobody asks meanwhile, although `refresh` is a second.
    pause(Duration::from_millis(1500));
    front.asked();
    pause(Duration::from_secs(3));
    let asked = front.asked().len();
    assert!(asked <= 2, "{asked} questions in three seconds");

    // A question ends without an answer. The next one isn't held.
    front.go_down();
    pause(Duration::from_millis(500));
    front.heal();
    let start = Instant::now();
    centre.put("main", &good("after"));
    gate.until("/main/after", "-", "200", Duration::from_secs(10));
    report(&format!(
        "by held questions, the slowest of two changes was everywhere after {slowest:.1?}, and one after the questions had ended after {:.1?}",
        start.elapsed()
    ));
    gate.finish();
}
