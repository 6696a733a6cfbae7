//! Questions that the server holds until there is a change.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::centre::{Centre, DOCUMENTS, good, policy};
use crate::front::Front;
use crate::gate::{Gate, report};
use crate::plan::Plan;
use crate::stand_in_runs::add_servers;
use crate::wait::pause;

/// The time in which a change is everywhere by a question that the server holds, also on a busy machine.
const AT_ONCE: Duration = Duration::from_secs(3);

/// How a source has its questions held.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Held {
    /// The kind of the source.
    pub(crate) kind: &'static str,
    /// Its option that says for how long.
    pub(crate) option: &'static str,
    pub(crate) refresh: &'static str,
    /// The time before a change. The next question is at the server by then.
    pub(crate) apart: Duration,
}

impl Held {
    /// With `longPoll`, and a `refresh` that is much longer than a change may take.
    pub(crate) const fn by_long_poll(kind: &'static str) -> Self {
        Self {
            kind,
            option: "longPoll",
            refresh: "30s",
            apart: Duration::from_millis(700),
        }
    }

    fn policy(self, centre: &dyn Centre) -> String {
        let policy = policy(self.kind, centre);
        let mut policy: Value = serde_json::from_str(&policy).expect("it is JSON");
        for document in DOCUMENTS {
            let source = &mut policy["sources"][document];
            source[self.kind][self.option] = json!("10s");
            source["refresh"] = json!(self.refresh);
            source["staleFor"] = json!("1h");
            if source[self.kind]["apiVersion"].is_string() {
                // The only one of Nacos' APIs that holds questions.
                source[self.kind]["apiVersion"] = json!("v1");
            }
        }
        policy.to_string()
    }
}

/// Changes are everywhere at once, nobody asks meanwhile, and a question that ends without an answer is asked again.
#[expect(clippy::disallowed_methods, reason = "servers work in real time")]
pub(crate) fn changes_show_at_once(held: Held, front: &Front, centre: &mut dyn Centre) {
    front.stand_before(centre.address());
    for document in DOCUMENTS {
        centre.put(document, &good("held"));
    }
    let version = centre.version();
    let gate = Gate::start(Plan {
        name: format!("centres-held-{}", version.replace(' ', "-")),
        policies: vec![("gate".into(), held.policy(centre))],
        clusters: vec![("centre".into(), front.address)],
        change: add_servers,
        ..Plan::default()
    });
    gate.until("/main/held", "-", "200", Duration::from_secs(20));
    let mut slowest = Duration::ZERO;
    for number in 0..3 {
        pause(held.apart);
        let (marker, start) = (format!("held{number}"), Instant::now());
        centre.put_at_once("main", &good(&marker));
        gate.until(&format!("/main/{marker}"), "-", "200", AT_ONCE);
        slowest = slowest.max(start.elapsed());
    }
    // Nobody asks meanwhile.
    pause(Duration::from_millis(1500));
    front.asked();
    pause(Duration::from_secs(3));
    let asked = front.asked().len();
    assert!(asked <= 2, "{version}: {asked} questions in three seconds");

    // A question ends without an answer. The next one need not be held.
    front.go_down();
    pause(Duration::from_millis(500));
    front.heal();
    let start = Instant::now();
    centre.put("main", &good("after"));
    gate.until("/main/after", "-", "200", Duration::from_secs(10));
    report(&format!(
        "{version}: by held questions, the slowest of three changes was everywhere after {slowest:.1?}, and one after the questions had ended after {:.1?}",
        start.elapsed()
    ));
    gate.finish();
}
