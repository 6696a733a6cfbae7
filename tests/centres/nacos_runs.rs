//! Nacos 3 and 2 in every trouble, questions that the server holds, and one of the servers for Spring Cloud Alibaba.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::alibaba::Alibaba;
use crate::centre::{Centre, good, policy};
use crate::front::Front;
use crate::gate::{Gate, report};
use crate::nacos::{NACOS_2, NACOS_3, Nacos};
use crate::plan::Plan;
use crate::run::Run;
use crate::troubles::{HALF_A_MINUTE, every_trouble, older_data, some_troubles};
use crate::wait::pause;

#[test]
fn nacos_3_in_every_trouble() {
    let mut run = Run::start("nacos", Box::new(Nacos::new(NACOS_3)));
    every_trouble(&mut run, HALF_A_MINUTE);
    older_data(&mut run);
    let centre = run.finish();
    // The logins are short by now.
    let mut run = Run::start("springCloudAlibaba", Box::new(Alibaba::new(centre)));
    some_troubles(&mut run);
    drop(run.finish());
}

#[test]
fn nacos_2_in_every_trouble() {
    let mut run = Run::start("nacos", Box::new(Nacos::new(NACOS_2)));
    // One start less: the other version has the rest.
    every_trouble(&mut run, Duration::from_secs(4));
    changes_show_at_once(&mut *run.finish());
}

/// The time in which a change is everywhere by a question that the server holds, also on a busy machine.
const AT_ONCE: Duration = Duration::from_secs(3);

/// With `longPoll` the server holds the question until there is a change. `refresh` is much longer than that.
#[expect(clippy::disallowed_methods, reason = "servers work in real time")]
fn changes_show_at_once(centre: &mut dyn Centre) {
    let front = Front::start();
    front.stand_before(centre.address());
    let mut policy: Value = serde_json::from_str(&policy("nacos", centre)).expect("it is JSON");
    for document in ["main", "short"] {
        let source = &mut policy["sources"][document];
        source["nacos"]["longPoll"] = "10s".into();
        source["refresh"] = "30s".into();
        source["staleFor"] = "1h".into();
    }
    policy["sources"]["short"]["nacos"]["apiVersion"] = "v1".into();
    centre.put("main", &good("held"));
    centre.put("short", &good("held"));
    let gate = Gate::start(Plan {
        name: "centres-held".into(),
        policies: vec![("gate".into(), policy.to_string())],
        clusters: vec![("centre".into(), front.address)],
        ..Plan::default()
    });
    gate.until("/main/held", "-", "200", Duration::from_secs(20));
    let mut slowest = Duration::ZERO;
    for number in 0..3 {
        pause(Duration::from_millis(700));
        let (marker, start) = (format!("held{number}"), Instant::now());
        centre.put_at_once("main", &good(&marker));
        gate.until(&format!("/main/{marker}"), "-", "200", AT_ONCE);
        slowest = slowest.max(start.elapsed());
    }
    // Nobody asks meanwhile.
    pause(Duration::from_secs(1));
    front.asked();
    pause(Duration::from_secs(2));
    let asked = front.asked().len();
    assert!(asked <= 2, "{asked} questions in two seconds");

    // A question ends without an answer.
    front.go_down();
    pause(Duration::from_millis(500));
    front.heal();
    let start = Instant::now();
    centre.put("main", &good("after"));
    gate.until("/main/after", "-", "200", Duration::from_secs(10));
    report(&format!(
        "by held questions, the slowest of three changes was everywhere after {slowest:.1?}, and one after the questions had ended after {:.1?}",
        start.elapsed()
    ));
    gate.finish();
}
