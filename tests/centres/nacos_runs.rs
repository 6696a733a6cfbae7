//! Nacos 3 and 2 in every trouble, questions that the server holds, and one of the servers for Spring Cloud Alibaba.

use std::time::Duration;

use crate::alibaba::Alibaba;
use crate::front::Front;
use crate::held::{Held, changes_show_at_once};
use crate::nacos::{NACOS_2, NACOS_3, Nacos};
use crate::run::Run;
use crate::troubles::{HALF_A_MINUTE, every_trouble, older_data, some_troubles};

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
    let held = Held::by_long_poll("nacos");
    changes_show_at_once(held, &Front::start(), &mut *run.finish());
}
