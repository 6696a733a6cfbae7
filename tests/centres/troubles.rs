//! The troubles of a config centre, one after the other.

use std::time::{Duration, Instant};

use crate::centre::{DOCUMENTS, MOST_BYTES, good, poison};
use crate::front::{EVERYWHERE, Trouble};
use crate::gate::report;
use crate::run::{LONGEST, REFRESH, Run};
use crate::stats::Stats;
use crate::wait::{ensure, pause, wait_for};

/// Half of the time for which an answer is wrong.
const SPAN: Duration = Duration::from_millis(500);

/// `staleFor` of the document `short`, and what a busy machine needs.
const SHORT: Duration = Duration::from_secs(2 + 6);

/// How it is counted that the centre refuses the gate.
const REFUSED: &[&str] = &["refused"];

/// Half a minute.
pub(crate) const HALF_A_MINUTE: Duration = Duration::from_secs(30);

/// Everything that a centre does to its readers, except for [`older_data`]. It flaps for so long.
pub(crate) fn every_trouble(run: &mut Run, flaps: Duration) {
    down_at_the_start(run);
    run.begin_load();
    one_vm_asks_and_nothing_is_read_again(run);
    wrong_answers(run);
    wrong_documents(run);
    down_later(run);
    credentials_end(run);
    wrong_credentials(run);
    missing(run);
    flapping(run, flaps);
    a_thousand_updates(run);
}

/// The main ones of them.
pub(crate) fn some_troubles(run: &mut Run) {
    down_at_the_start(run);
    run.begin_load();
    one_vm_asks_and_nothing_is_read_again(run);
    garbage(run);
    wrong_credentials(run);
    down_later(run);
}

/// Those of a kind that asks as another one does, which is tested by itself.
pub(crate) fn few_troubles(run: &mut Run) {
    down_at_the_start(run);
    run.begin_load();
    wrong_credentials(run);
    down_later(run);
}

/// Those that a stand-in for a centre can have.
pub(crate) fn signed_troubles(run: &mut Run) {
    down_at_the_start(run);
    run.begin_load();
    one_vm_asks_and_nothing_is_read_again(run);
    garbage(run);
    slow(run);
    wrong_credentials(run);
    missing(run);
    down_later(run);
}

/// The answers come too late.
fn slow(run: &mut Run) {
    let begun = run.begin();
    let slow = Trouble::Slow(Duration::from_secs(1));
    run.front.trouble(EVERYWHERE, slow);
    pause(SPAN.saturating_mul(3));
    run.check_last_good("slow");
    let marker = run.put_new();
    run.front.heal();
    run.healed("slow", &begun, &marker, &["unreached"], "");
}

/// The centre doesn't answer, and then it refuses the gate.
fn down_at_the_start(run: &mut Run) {
    let begun = run.begin();
    run.refuse();
    let marker = run.put_new();
    for what in ["down at the start", "wrong credentials at the start"] {
        pause(SPAN.saturating_mul(2));
        for document in DOCUMENTS {
            let path = format!("/{document}/acme");
            run.gate.check(what, &path, "-", "503 lookup_failed");
        }
        run.front.stand_before(run.centre.address());
    }
    run.log_level("trace");
    run.accept();
    let what = "down at the start, then wrong credentials";
    run.healed(what, &begun, &marker, REFUSED, "503 until then");
    run.log_level("info");
}

fn one_vm_asks_and_nothing_is_read_again(run: &mut Run) {
    let begun = run.begin();
    let loaded = |run: &Run| run.gate.envoy.log().matches("event=source_loaded").count();
    let before = (loaded(run), run.stats());
    pause(REFRESH.saturating_mul(12));
    let stats = run.stats();
    assert_eq!(
        loaded(run),
        before.0,
        "an unchanged document was read again"
    );
    for document in DOCUMENTS {
        assert_eq!(stats.of(document, "usable").to_bits(), 1_f64.to_bits());
        let version = stats.of(document, "version");
        assert!(version > 0.0 && version.to_bits() == before.1.of(document, "version").to_bits());
        let age = stats.of(document, "age_seconds");
        assert!(age < 2.0, "{document} has the age {age}");
    }
    let marker = run.put_new();
    run.healed(
        "no trouble",
        &begun,
        &marker,
        &[],
        "no document was read again",
    );
}

/// The answers are garbage, and then the document is.
fn garbage(run: &mut Run) {
    for (what, is_answer) in [("garbage", true), ("a document of garbage", false)] {
        let begun = run.begin();
        if is_answer {
            let garbage = Trouble::Instead(200, "application/json", b"\x00\xff{]".to_vec());
            run.front.trouble(EVERYWHERE, garbage);
        } else {
            run.put("{\"tenants\": [");
        }
        pause(SPAN.saturating_mul(2));
        run.check_last_good(what);
        let marker = run.put_new();
        run.front.heal();
        run.healed(
            what,
            &begun,
            &marker,
            &["malformed", "status", "missing"],
            "",
        );
    }
}

/// The answers are wrong, while the server has a document that must not be used: first those with documents, then all.
fn wrong_answers(run: &mut Run) {
    let instead = |kind, body: &[u8]| Trouble::Instead(200, kind, body.to_vec());
    let html = b"<html><body>Sign in</body></html>";
    for (what, trouble, reason) in [
        (
            "slow beyond the timeout",
            Trouble::Slow(Duration::from_secs(1)),
            "unreached",
        ),
        ("silent", Trouble::Silent, "unreached"),
        ("truncated", Trouble::Cut, "no_reply"),
        (
            "garbage",
            instead("application/json", b"\x00\xff{]"),
            "malformed",
        ),
        (
            "other content type",
            instead("text/html", html),
            "malformed",
        ),
        ("empty", Trouble::Empty, "malformed"),
        ("500 with a good body", Trouble::Status(500), "status"),
    ] {
        let begun = run.begin();
        run.front.trouble_for(run.centre.reads(), trouble.clone());
        run.put(&poison());
        pause(SPAN);
        run.front.trouble(EVERYWHERE, trouble);
        pause(SPAN);
        run.check_last_good(what);
        let marker = run.put_new();
        run.front.heal();
        run.healed(what, &begun, &marker, &[reason], "");
    }
}

/// The server has a document that can't be used.
fn wrong_documents(run: &mut Run) {
    let mut large = poison();
    large.push_str(&" ".repeat(MOST_BYTES));
    for (what, text, reason) in [
        (
            "a document of garbage",
            "{\"tenants\": [".to_owned(),
            "malformed",
        ),
        ("a document too large", large, "too_large"),
        ("an empty document", String::new(), "malformed"),
        (
            "a document of another structure",
            "{\"error\": \"none\"}".to_owned(),
            "unusable",
        ),
    ] {
        let begun = run.begin();
        if !run.put(&text) {
            report(&format!("{what}: the centre takes none"));
            continue;
        }
        pause(SPAN.saturating_mul(2));
        run.check_last_good(what);
        let marker = run.put_new();
        run.healed(what, &begun, &marker, &[reason], "");
    }
}

/// Waits until the document that is too old is no longer in use. The other one still is.
fn until_stale(run: &Run, what: &str) -> String {
    let took = run
        .gate
        .until("/short/acme", "-", "503 lookup_failed", SHORT);
    run.check_last_good(what);
    // The stats are a second behind.
    let age = wait_for(Duration::from_secs(4), || {
        let stats = run.stats();
        let usable = DOCUMENTS.map(|document| stats.of(document, "usable") > 0.0);
        let age = stats.of("main", "age_seconds");
        ensure(usable == [true, false] && age >= 1.0, || {
            format!("{what}: usable: {usable:?}, the age is {age}")
        })
        .map(|()| age)
    });
    format!("503 after {took:.1?} (`staleFor` 2 s), the age is {age:.0} s")
}

fn down_later(run: &mut Run) {
    let begun = run.begin();
    run.centre.stop();
    run.front.go_down();
    run.asked();
    let note = until_stale(run, "down later");
    // The waits double: 0.2 s, 0.4 s, 0.8 s, 1.6 s, and no other VM asks.
    let questions = run.front.peek(|_| true);
    assert!(questions <= 16, "{questions} questions: {note}");
    let note = format!("{note}, {questions} questions until then");
    run.keep();
    run.centre.start();
    run.front.heal();
    let marker = run.put_new();
    run.healed("down later", &begun, &marker, &["unreached"], &note);
}

/// From the second start on, the server's logins are short.
fn credentials_end(run: &mut Run) {
    run.log_level("trace");
    let begun = run.begin();
    let before = run.stats();
    pause(Duration::from_secs(5));
    for document in DOCUMENTS {
        run.gate
            .check("logins end", &format!("/{document}/acme"), "-", "200");
        let failures = run.stats().new_failures(document, &before);
        assert!(failures.is_empty(), "logins end: {document}: {failures:?}");
    }
    let logs_in = run.centre.logs_in();
    let logins = run.front.peek(logs_in);
    assert!(logins >= 2, "{logins} logins");
    let marker = run.put_new();
    run.healed(
        "credentials that expire",
        &begun,
        &marker,
        &[],
        &format!("{logins} logins for two sources"),
    );
    run.log_level("info");
}

fn wrong_credentials(run: &mut Run) {
    run.log_level("trace");
    let begun = run.begin();
    run.refuse();
    let note = until_stale(run, "wrong credentials");
    run.accept();
    let marker = run.put_new();
    run.healed("wrong credentials", &begun, &marker, REFUSED, &note);
    run.log_level("info");
}

fn missing(run: &mut Run) {
    let begun = run.begin();
    for document in DOCUMENTS {
        run.centre.delete(document);
    }
    let note = until_stale(run, "deleted");
    let marker = run.put_new();
    run.healed("deleted", &begun, &marker, &["missing"], &note);
}

#[expect(clippy::disallowed_methods, reason = "servers work in real time")]
fn flapping(run: &mut Run, span: Duration) {
    let begun = run.begin();
    let start = Instant::now();
    let mut marker = String::new();
    let mut turns = 0_u32;
    while start.elapsed() < span {
        run.front.go_down();
        pause(Duration::from_millis(300));
        run.front.heal();
        pause(Duration::from_millis(300));
        if turns % 5 == 0 {
            marker = run.put_new();
        }
        turns = turns.wrapping_add(1);
    }
    run.check_last_good("flapping");
    let note = format!("{turns} times down for 0.3 s, up for 0.3 s");
    run.healed("flapping", &begun, &marker, &["unreached"], &note);
}

#[expect(clippy::disallowed_methods, reason = "servers work in real time")]
fn a_thousand_updates(run: &mut Run) {
    let begun = run.begin();
    let start = Instant::now();
    for number in 0..1000 {
        run.centre.put_at_once("main", &good(&format!("u{number}")));
    }
    let took = start.elapsed();
    let reads = run.front.peek(run.centre.reads());
    let marker = run.put_new();
    run.healed(
        "a thousand updates",
        &begun,
        &marker,
        &[],
        &format!("in {took:.1?}, {reads} documents read"),
    );
}

/// The server is set up again from what it had earlier.
pub(crate) fn older_data(run: &mut Run) {
    let newer = run.put_new();
    run.until_all("200", &newer, LONGEST);
    let begun = run.begin();
    let before = run.stats();
    run.centre.stop();
    let older = run.bring_back();
    run.centre.start();
    let took = run.until_all("200", &older, LONGEST);
    run.gate.until(
        &format!("/main/{newer}"),
        "-",
        "404 lookup_missing",
        LONGEST,
    );
    // Counts are in the stats after a second.
    wait_for(Duration::from_secs(3), || {
        let count =
            |stats: &Stats| DOCUMENTS.map(|document| stats.of(document, "older_documents_total"));
        let (before, now) = (count(&before), count(&run.stats()));
        let grew = before
            .iter()
            .zip(now)
            .all(|(before, now)| (now - before - 1.0).abs() < 0.5);
        ensure(grew, || {
            format!("older documents: {before:?}, then {now:?}")
        })
    });
    let marker = run.put_new();
    run.healed(
        "older data",
        &begun,
        &marker,
        &["unreached"],
        &format!("taken after {took:.1?}"),
    );
}
