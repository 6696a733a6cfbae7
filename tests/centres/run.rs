//! One centre, with a gate behind it and clients before the gate; and what was seen in each trouble.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::centre::{Centre, DOCUMENTS, OTHER_PASSWORD, PASSWORD, good, policy, send};
use crate::front::{Asked, EVERYWHERE, Front, Trouble};
use crate::gate::{Gate, report};
use crate::load::{Load, Rule};
use crate::plan::Plan;
use crate::stats::{Stats, last_error};
use crate::wait::{ensure, pause, wait_for};

/// The longest wait between two looks at a centre that doesn't answer, eight times `refresh`, and what a busy machine needs for
/// the rest.
pub(crate) const LONGEST: Duration = Duration::from_millis(1600 + 4400);

/// `refresh` of the sources.
pub(crate) const REFRESH: Duration = Duration::from_millis(200);

/// How much more memory Envoy may have at the end.
const GROWTH: u64 = 24 << 20;

const CLIENTS: usize = 4;
const PACE: Duration = Duration::from_millis(15);

/// What was seen in a trouble.
#[derive(Debug)]
struct Row {
    what: String,
    span: Duration,
    looks: usize,
    reasons: String,
    error: String,
    healed: Duration,
    note: String,
}

/// A trouble that has begun.
#[derive(Debug)]
pub(crate) struct Begun {
    start: Instant,
    stats: Stats,
    log: usize,
}

pub(crate) struct Run {
    pub(crate) centre: Box<dyn Centre>,
    pub(crate) front: Front,
    pub(crate) gate: Gate,
    load: Load,
    version: String,
    rows: Vec<Row>,
    markers: usize,
    /// The marker of the document that the centre has kept.
    kept: String,
    secrets: BTreeSet<String>,
    memory: u64,
}

impl Run {
    /// Starts a gate before a centre that is down.
    pub(crate) fn start(kind: &str, centre: Box<dyn Centre>) -> Self {
        let front = Front::start();
        let version = centre.version();
        let gate = Gate::start(Plan {
            name: format!("centres-{}", version.replace(' ', "-")),
            policies: vec![("gate".into(), policy(kind, &*centre))],
            clusters: vec![("centre".into(), front.address)],
            change: crate::stand_in_runs::add_servers,
            ..Plan::default()
        });
        let load = Load::start(gate.address, CLIENTS, PACE);
        Self {
            centre,
            front,
            gate,
            load,
            version,
            rows: Vec::new(),
            markers: 0,
            kept: String::new(),
            secrets: BTreeSet::from([PASSWORD.to_owned(), OTHER_PASSWORD.to_owned()]),
            memory: 0,
        }
    }

    /// Clients send requests from now on.
    pub(crate) fn begin_load(&mut self) {
        for (path, rule) in [
            ("/main/acme", Rule::Accept),
            ("/main/globex", Rule::Deny),
            ("/short/acme", Rule::AcceptUnlessUnknown),
            ("/short/globex", Rule::DenyOrUnknown),
        ] {
            self.load.send(path, path, "-", rule);
        }
        // The connections of the clients and the first documents need memory.
        pause(REFRESH.saturating_mul(4));
        self.memory = self.gate.memory();
    }

    /// Stores a document for both sources. False if the centre takes no such text.
    pub(crate) fn put(&mut self, text: &str) -> bool {
        DOCUMENTS
            .iter()
            .all(|document| self.centre.put(document, text))
    }

    /// Stores a good document with a marker that no document has had.
    pub(crate) fn put_new(&mut self) -> String {
        self.markers = self.markers.saturating_add(1);
        let marker = format!("m{}", self.markers);
        self.put(&good(&marker));
        marker
    }

    /// The stopped centre keeps what it has stored.
    pub(crate) fn keep(&mut self) {
        self.centre.keep();
        self.kept = format!("m{}", self.markers);
    }

    /// The stopped centre has what it has kept. Returns the marker of that document.
    pub(crate) fn bring_back(&mut self) -> String {
        self.centre.bring_back();
        self.kept.clone()
    }

    /// The centre refuses the gate's credentials from now on.
    pub(crate) fn refuse(&mut self) {
        if !self.centre.set_password(OTHER_PASSWORD) {
            let wrong = Trouble::WrongCredentials(PASSWORD, OTHER_PASSWORD);
            self.front.trouble(EVERYWHERE, wrong);
        }
    }

    /// It accepts them again.
    pub(crate) fn accept(&mut self) {
        self.centre.set_password(PASSWORD);
        self.front.heal();
    }

    /// The level of the log of Wasm from now on.
    pub(crate) fn log_level(&self, level: &str) {
        let path = format!("/logging?wasm={level}");
        let answer = send(self.gate.envoy.admin, "POST", &path, "", "");
        assert_eq!(answer.map_or(0, |answer| answer.status()), 200);
    }

    /// The requests to the centre since the last call.
    pub(crate) fn asked(&mut self) -> Vec<Asked> {
        let asked = self.front.asked();
        self.secrets.extend(self.centre.secrets(&asked));
        asked
    }

    pub(crate) fn stats(&self) -> Stats {
        Stats::read(self.gate.envoy.admin)
    }

    /// A trouble begins.
    #[expect(clippy::disallowed_methods, reason = "servers work in real time")]
    pub(crate) fn begin(&mut self) -> Begun {
        self.asked();
        Begun {
            start: Instant::now(),
            stats: self.stats(),
            log: self.gate.envoy.log().len(),
        }
    }

    /// Checks that the last good document is in use everywhere.
    pub(crate) fn check_last_good(&self, what: &str) {
        self.gate.check(what, "/main/acme", "-", "200");
        self.gate.check(what, "/main/globex", "-", "403 forbidden");
    }

    /// The trouble has ended: waits until all workers have this document, and notes what was seen.
    /// It was counted for one of these reasons.
    pub(crate) fn healed(
        &mut self,
        what: &str,
        begun: &Begun,
        marker: &str,
        counted: &[&str],
        note: &str,
    ) {
        let span = begun.start.elapsed();
        let (log, asked) = (self.gate.envoy.log(), self.asked());
        let healed = self.until_all("200", marker, LONGEST);
        let reasons = self.counted(what, begun, counted);
        let looks = self.looks(&asked);
        self.check_looks(what, looks, span);
        let new_log = log.get(begun.log..).unwrap_or_default();
        let error = last_error(new_log, "main").unwrap_or_default();
        assert!(
            reasons.is_empty() || !error.is_empty(),
            "{what}: the log has no error"
        );
        let row = Row {
            what: what.to_owned(),
            span,
            looks,
            reasons: reasons.join(" "),
            error,
            healed,
            note: note.to_owned(),
        };
        report(&row.line());
        self.rows.push(row);
        let received = self.gate.upstreams.received();
        let mut lines = received.iter().map(|(_, request)| &request.start);
        assert!(
            !lines.any(|line| String::from_utf8_lossy(line).contains("globex")),
            "{what}: a request that the last good document denies was delivered"
        );
    }

    /// The looks at documents in these requests.
    fn looks(&self, asked: &[Asked]) -> usize {
        let (looks, logs_in) = (self.centre.looks(), self.centre.logs_in());
        // A look begins with a login where there is none yet.
        let looks = asked.iter().filter(|asked| looks(asked) || logs_in(asked));
        looks.count()
    }

    /// Waits until the trouble is counted as one of these, and returns those that it is counted as.
    fn counted(&self, what: &str, begun: &Begun, wanted: &[&str]) -> Vec<String> {
        // Counts are in the stats after a second.
        wait_for(Duration::from_secs(4), || {
            let reasons = self.stats().new_failures("main", &begun.stats);
            let is_wanted = |reason: &String| wanted.contains(&reason.as_str());
            let counted: Vec<_> = reasons.iter().filter(|it| is_wanted(it)).cloned().collect();
            let is_counted = !counted.is_empty() || wanted.is_empty();
            ensure(is_counted, || {
                format!("{what}: counted as {reasons:?}, not as {wanted:?}")
            })
            .map(|()| counted)
        })
    }

    /// One VM asks, for two sources, and not more often than `refresh` says.
    fn check_looks(&self, what: &str, looks: usize, span: Duration) {
        let intervals = span.as_millis().div_ceil(REFRESH.as_millis());
        let most = usize::try_from(intervals.saturating_add(3).saturating_mul(2));
        let most = most.unwrap_or_default();
        assert!(
            (1..=most).contains(&looks),
            "{what}: {looks} looks at two documents in {span:?}"
        );
    }

    /// Waits until both sources have a document with this marker.
    pub(crate) fn until_all(&self, wanted: &str, marker: &str, most: Duration) -> Duration {
        let [main, short] = DOCUMENTS.map(|document| format!("/{document}/{marker}"));
        let took = self.gate.until(&main, "-", wanted, most);
        took.saturating_add(self.gate.until(&short, "-", wanted, most))
    }

    /// Judges the answers to all clients, the memory, the log and the stats.
    /// Returns the centre, which is still up.
    pub(crate) fn finish(mut self) -> Box<dyn Centre> {
        self.asked();
        let memory = self.gate.memory();
        let verdict = self.load.finish();
        report(&format!(
            "{}: {} requests of clients: {} accepted, {} denied, {} unknown (503); wrong: {}; the longest {:.0?}; Envoy's memory {} KiB, later {} KiB",
            self.version,
            verdict.requests,
            verdict.accepted,
            verdict.denied,
            verdict.unknown,
            verdict.wrong.len(),
            verdict.longest,
            self.memory >> 10,
            memory >> 10,
        ));
        let first = verdict.wrong.iter().take(10).collect::<Vec<_>>();
        assert!(
            first.is_empty(),
            "{} wrong answers: {first:#?}",
            verdict.wrong.len()
        );
        assert!(verdict.requests > 2000, "{} requests", verdict.requests);
        assert!(
            memory < self.memory.saturating_add(GROWTH),
            "the memory has grown"
        );
        let log = self.gate.envoy.log();
        assert!(
            log.contains("[trace][wasm]"),
            "the log has no lines of the level trace"
        );
        let stats = format!("{:?}", Stats::read(self.gate.envoy.admin));
        for secret in &self.secrets {
            assert!(!log.contains(secret.as_str()), "the log has {secret}");
            assert!(!stats.contains(secret.as_str()), "the stats have {secret}");
        }
        report(&format!(
            "{}: {} secrets, none in the log or the stats",
            self.version,
            self.secrets.len()
        ));
        self.gate.finish();
        table(&self.version, &self.rows);
        self.centre
    }
}

impl Row {
    fn line(&self) -> String {
        let Self {
            what,
            span,
            looks,
            reasons,
            error,
            healed,
            note,
        } = self;
        format!(
            "{what}: {span:.1?}, {looks} looks, [{reasons}] {error}; healed after {healed:.1?} {note}"
        )
    }
}

fn table(version: &str, rows: &[Row]) {
    let mut table = format!("{version} | for | looks | counted as | healed after | seen\n");
    for row in rows {
        let Row {
            what,
            span,
            looks,
            reasons,
            healed,
            note,
            ..
        } = row;
        let row = format!("{what} | {span:.1?} | {looks} | {reasons} | {healed:.1?} | {note}\n");
        table.push_str(&row);
    }
    report(&table);
}
