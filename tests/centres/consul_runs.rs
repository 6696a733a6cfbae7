//! Consul in trouble, questions that it holds, and the same server for Spring Cloud Consul.

use std::time::Duration;

use crate::centre::PASSWORD;
use crate::consul::{Consul, SpringConsul};
use crate::front::Front;
use crate::held::{Held, changes_show_at_once};
use crate::run::Run;
use crate::troubles::{few_troubles, older_data, some_troubles};

#[test]
fn consul_in_trouble() {
    let mut run = Run::start("consul", Box::new(Consul::new("consul")));
    some_troubles(&mut run);
    older_data(&mut run);
    let mut centre = run.finish();
    centre.set_password(PASSWORD);
    changes_show_at_once(HELD, &Front::start(), &mut *centre);
    let mut run = Run::start("springCloudConsul", Box::new(SpringConsul::new(centre)));
    few_troubles(&mut run);
    drop(run.finish());
}

/// From one question to the next it is at least `refresh`, however fast the server answers.
const HELD: Held = Held {
    kind: "consul",
    option: "wait",
    refresh: "1s",
    apart: Duration::from_millis(1500),
};
