//! Results of callouts, in the log and in the stats.

use postern::host::Status;
use postern::host::fake::{FakeVm, World};

use crate::support::{NOW, WATCHED, later, sound};

/// A world in which the first callout of the source is sent next.
fn asking(prepare: impl FnOnce(&FakeVm)) -> (World, FakeVm) {
    let world = World::at(NOW);
    let vm = FakeVm::new(&world, 1);
    let root = vm.root();
    assert!(vm.configure(root, WATCHED.as_bytes()));
    prepare(&vm);
    later(&world, &vm, root, 1);
    (world, vm)
}

/// The reason of the source's failure, from the log.
fn failure(vm: &FakeVm) -> String {
    let host = vm.host();
    let lines = host.logs.iter().map(|(_, line)| line);
    let mut told = lines.filter(|line| line.contains("event=source_failed"));
    let line = told.next().expect("it failed").clone();
    assert_eq!(told.next(), None);
    line
}

/// The number of callouts with this outcome.
fn count(world: &World, vm: &FakeVm, outcome: &str) -> u64 {
    let root = *vm.host().ticks.keys().next().expect("it is ticked");
    later(world, vm, root, 2);
    let name = format!("postern.callouts.cluster=.=centre;.;outcome=.={outcome};.;total");
    world.stats().get(&name).copied().unwrap_or_default()
}

/// A text with which Envoy itself answers.
const REFUSED: &str = "upstream connect error or disconnect/reset before headers. reset reason: remote connection failure";

/// A reply to the first callout of the source, and the expected result.
struct Case {
    status: &'static str,
    fields: &'static [(&'static str, &'static str)],
    body: &'static str,
    words: &'static str,
    outcome: &'static str,
}

const TEXT: (&str, &str) = ("content-type", "text/plain");
const CAME: (&str, &str) = ("x-envoy-upstream-service-time", "3");

/// A reply by Envoy itself.
const fn own(status: &'static str, body: &'static str, words: &'static str) -> Case {
    Case {
        status,
        fields: &[TEXT],
        body,
        words,
        outcome: "unanswered",
    }
}

/// A reply by the centre with the same text.
const fn centres(
    status: &'static str,
    fields: &'static [(&'static str, &'static str)],
    words: &'static str,
) -> Case {
    Case {
        status,
        fields,
        body: REFUSED,
        words,
        outcome: "answered",
    }
}

const ANSWERS: [Case; 7] = [
    own(
        "503",
        REFUSED,
        "no answer, Envoy itself says 503: upstream connect error or disconnect/reset before headers. reset reason: remote connection failure",
    ),
    own(
        "503",
        "invalid header value for: authorization",
        "no answer, Envoy itself says 503: invalid header value for: authorization",
    ),
    own(
        "504",
        "upstream request timeout",
        "no answer, Envoy itself says 504: upstream request timeout",
    ),
    own("502", "a\nb", "no answer, Envoy itself says 502: a\\nb"),
    centres("503", &[TEXT, CAME], "unexpected status 503"),
    centres("503", &[], "unexpected status 503"),
    centres("500", &[TEXT], "unexpected status 500"),
];

#[test]
fn distinguishes_envoys_own_replies_from_the_centres() {
    for case in &ANSWERS {
        let (world, vm) = asking(|_| ());
        let callout = vm.callouts().pop().expect("it is sent");
        let headers = [&[(":status", case.status)], case.fields].concat();
        vm.reply(callout.token, &headers, case.body.as_bytes());
        let told = failure(&vm);
        let words = format!("error=\"{}\"", case.words);
        assert!(told.contains(&words), "{told}");
        assert_eq!(count(&world, &vm, case.outcome), 1, "{told}");
        sound(&vm);
    }
}

#[test]
fn logs_why_a_callout_was_not_sent() {
    for (status, words) in [
        (Status::BAD_ARGUMENT, "Envoy knows no such cluster"),
        (
            Status::INTERNAL_FAILURE,
            "the cluster has no usable endpoint",
        ),
    ] {
        let (world, vm) = asking(|vm| {
            let mut script = vm.script();
            script.failures.insert("proxy_http_call".to_owned(), status);
        });
        let told = failure(&vm);
        assert!(told.contains(words), "{told}");
        assert_ne!(count(&world, &vm, "unsendable"), 0);
        sound(&vm);
    }
}

#[test]
fn reads_no_more_of_a_long_reply_than_the_limit() {
    let (_, vm) = asking(|_| ());
    let callout = vm.callouts().pop().expect("it is sent");
    let long = vec![b' '; 20 << 20];
    vm.reply_status(callout.token, 200, &long);
    let told = failure(&vm);
    assert!(
        told.contains("longer than `maxBytes`, 8388608 bytes"),
        "{told}"
    );
    assert_eq!(vm.host().longest_read, (8 << 20) + 1);
    sound(&vm);
}

#[test]
fn asks_for_no_compression_and_reports_a_compressed_reply() {
    let (_, vm) = asking(|_| ());
    let callout = vm.callouts().pop().expect("it is sent");
    let asked = callout
        .headers
        .iter()
        .filter(|(name, _)| name == b"accept-encoding");
    assert_eq!(
        asked.map(|(_, value)| &value[..]).collect::<Vec<_>>(),
        [b"identity"]
    );
    let headers = [(":status", "200"), ("content-encoding", "gzip")];
    vm.reply(callout.token, &headers, b"\x1f\x8b\x08");
    let told = failure(&vm);
    let words = "the answer is compressed (`content-encoding: gzip`)";
    assert!(told.contains(words), "{told}");
    sound(&vm);
}
