//! Several VMs that watch one source, their shared data and one config centre, all of them simulated.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use postern::http::{Callout, CalloutError, Endpoint, HeaderMap, Reply};
use postern::internals::source::{
    Budget, Candidate, DefinitionHash, FetchOutcome, Format, Hash, HttpProtocol, LocalData,
    Progress, Protocol, Schedule, SharedData, SourceError, Tick, Watched,
};
use postern::time::Timestamp;

pub(super) const REFRESH: Duration = Duration::from_secs(5);
pub(super) const STALE_FOR: Duration = Duration::from_secs(60);
pub(super) const TICK: Duration = Duration::from_millis(200);
pub(super) const START: Timestamp = Timestamp::from_nanos(1_700_000_000_000_000_000);

/// The data that several VMs share.
#[derive(Clone, Debug, Default)]
pub(super) struct Shared(pub(super) Rc<RefCell<LocalData>>);

impl Shared {
    pub(super) fn lease(&self) -> String {
        let data = self.0.borrow();
        let mut keys = data.keys();
        keys.find(|key| key.contains("lease")).unwrap().to_owned()
    }

    pub(super) fn corrupt(&self, part: &str) {
        let mut data = self.0.borrow_mut();
        let keys: Vec<String> = data.keys().map(str::to_owned).collect();
        for key in keys.iter().filter(|key| key.contains(part)) {
            let (mut value, _) = data.get(key).unwrap();
            let last = value.len() - 1;
            value[last] ^= 1;
            data.write(key, &value, None);
        }
    }
}

impl SharedData for Shared {
    fn read(&mut self, key: &str) -> Option<(Vec<u8>, u32)> {
        self.0.borrow_mut().read(key)
    }

    fn write(&mut self, key: &str, value: &[u8], token: Option<u32>) -> bool {
        self.0.borrow_mut().write(key, value, token)
    }
}

/// Shared data that another VM writes between the first read and the first write.
pub(super) struct Racing<'a> {
    pub(super) shared: Shared,
    pub(super) other: Option<&'a mut dyn FnMut()>,
}

impl SharedData for Racing<'_> {
    fn read(&mut self, key: &str) -> Option<(Vec<u8>, u32)> {
        self.shared.read(key)
    }

    fn write(&mut self, key: &str, value: &[u8], token: Option<u32>) -> bool {
        if let Some(other) = self.other.take() {
            other();
        }
        self.shared.write(key, value, token)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Up,
    WithoutValidators,
    Down,
    Garbage,
    Gone,
    Large,
}

pub(super) struct Centre {
    pub(super) version: u64,
    pub(super) mode: Mode,
    pub(super) asked: usize,
    pub(super) bodies: usize,
}

impl Centre {
    pub(super) fn answer(&mut self, callout: &Callout) -> Result<Reply, CalloutError> {
        self.asked += 1;
        let etag = format!("\"{}\"", self.version);
        let body = format!("{{\"version\":{}}}", self.version);
        let asked_for = callout
            .headers
            .iter()
            .find(|(name, _)| &**name == b"if-none-match");
        let is_held = asked_for.is_some_and(|(_, value)| **value == *etag.as_bytes());
        let reply = |status: &str, etag: Option<&str>, body: &str| Reply {
            headers: HeaderMap::from_pairs(
                &[(":status", status)]
                    .into_iter()
                    .chain(etag.map(|etag| ("etag", etag)))
                    .collect::<Vec<_>>(),
            ),
            body: body.as_bytes().to_vec(),
        };
        match self.mode {
            Mode::Up if is_held => Ok(reply("304", None, "")),
            Mode::Up => {
                self.bodies += 1;
                Ok(reply("200", Some(&etag), &body))
            }
            Mode::WithoutValidators => Ok(reply("200", None, &body)),
            Mode::Down => Err(CalloutError::NoReply),
            Mode::Garbage => Ok(reply("200", Some("\"garbage\""), "{\"version\":")),
            Mode::Gone => Ok(reply("404", None, &body)),
            Mode::Large => Ok(reply("200", None, &format!("\"{}\"", "x".repeat(5000)))),
        }
    }
}

pub(super) struct Vm {
    pub(super) watched: Watched,
    pub(super) flight: Option<Callout>,
    pub(super) since: Timestamp,
    /// Whether the last attempt of this VM failed.
    pub(super) failed: bool,
    /// The candidate that is being read, and how many steps that still takes.
    pub(super) reading: Option<(Candidate, usize)>,
}

pub(super) struct World {
    pub(super) shared: Shared,
    pub(super) centre: Centre,
    pub(super) now: Timestamp,
    pub(super) vms: Vec<Vm>,
    pub(super) last_vm: u64,
    /// A document that the policy cannot use.
    pub(super) unusable: Option<u64>,
    /// How many steps it takes to read a document, and how many bytes are hashed in one.
    pub(super) slow: Option<(usize, usize)>,
    pub(super) refresh: Duration,
}

pub(super) fn body(version: u64) -> Vec<u8> {
    format!("{{\"version\":{version}}}").into_bytes()
}

pub(super) fn version_of(text: &[u8]) -> Option<u64> {
    let value: serde_json::Value = serde_json::from_slice(text).ok()?;
    value["version"].as_u64()
}

pub(super) fn watched(vm: u64, refresh: Duration) -> Watched {
    let endpoint = Endpoint::new("centre", "centre.local")
        .with_max_bytes(4096)
        .with_timeout(Duration::from_secs(2));
    let protocol = HttpProtocol::new(endpoint, "/doc", Format::JSON).unwrap();
    let schedule = Schedule {
        refresh,
        stale_for: STALE_FOR,
    };
    Watched::new(
        Arc::new(Protocol::Http(protocol)),
        schedule,
        DefinitionHash([7; 32]),
        vm,
    )
}

impl World {
    pub(super) fn new(vms: usize) -> Self {
        Self::with_refresh(vms, REFRESH)
    }

    pub(super) fn with_refresh(vms: usize, refresh: Duration) -> Self {
        let mut world = Self {
            shared: Shared::default(),
            centre: Centre {
                version: 1,
                mode: Mode::Up,
                asked: 0,
                bodies: 0,
            },
            now: START,
            vms: Vec::new(),
            last_vm: 100,
            unusable: None,
            slow: None,
            refresh,
        };
        for _ in 0..vms {
            let vm = world.start_vm();
            world.vms.push(vm);
        }
        world
    }

    pub(super) fn start_vm(&mut self) -> Vm {
        self.last_vm += 1;
        Vm {
            watched: watched(self.last_vm, self.refresh),
            flight: None,
            since: START,
            failed: false,
            reading: None,
        }
    }

    /// Goes on with what has arrived: all of it, or one step where reading is slow.
    pub(super) fn read_on(&mut self, at: usize) {
        let vm = &mut self.vms[at];
        let mut budget = match self.slow {
            Some((_, bytes)) => Budget::of(bytes),
            None => Budget::unlimited(),
        };
        let progress = vm.watched.advance(&mut budget, self.now, &mut self.shared);
        if let Progress::New(candidate) = progress {
            assert_eq!(Hash::of(candidate.text()), candidate.hash());
            vm.reading = Some((candidate, self.slow.map_or(0, |(steps, _)| steps)));
        }
        match vm.reading.take() {
            Some((candidate, 0)) => self.conclude(at, candidate),
            Some((candidate, steps)) => vm.reading = Some((candidate, steps - 1)),
            None => {}
        }
    }

    /// Accepts or rejects the candidate, which is read to its end.
    pub(super) fn conclude(&mut self, at: usize, candidate: Candidate) {
        let vm = &mut self.vms[at];
        let watched = &mut vm.watched;
        let version = version_of(candidate.text());
        vm.failed = version.is_none() || version == self.unusable;
        match version {
            None => {
                let error = SourceError::Malformed("no".to_owned());
                watched.reject(&candidate, error, self.now, &mut self.shared);
            }
            version if version == self.unusable => {
                let error = SourceError::Unusable("no".to_owned());
                watched.reject(&candidate, error, self.now, &mut self.shared);
            }
            Some(_) => watched.accept(candidate, self.now, &mut self.shared),
        }
    }

    pub(super) fn tick(&mut self, at: usize) {
        match self.vms[at].watched.tick(self.now, &mut self.shared) {
            Tick::Idle | Tick::Arrived => self.read_on(at),
            Tick::Fetch(callout) => {
                self.vms[at].flight = Some(callout);
                self.vms[at].since = self.now;
            }
        }
    }

    /// The reply to the VM's callout arrives, if it has one under way.
    pub(super) fn deliver(&mut self, at: usize) {
        let Some(callout) = self.vms[at].flight.take() else {
            return;
        };
        let answer = self.centre.answer(&callout);
        let vm = &mut self.vms[at];
        match vm.watched.fetched(self.now, &mut self.shared, answer) {
            FetchOutcome::Arrived => self.read_on(at),
            FetchOutcome::Unchanged => vm.failed = false,
            FetchOutcome::Failed(_) => vm.failed = true,
            FetchOutcome::Ignored | FetchOutcome::Send(_) => {}
        }
    }

    pub(super) fn run(&mut self, span: Duration) {
        let end = self.now.after(span);
        while self.now < end {
            for at in 0..self.vms.len() {
                self.tick(at);
            }
            self.now = self.now.after(TICK);
            for at in 0..self.vms.len() {
                self.deliver(at);
            }
        }
    }

    /// The VM needs something that its document doesn't have. Returns whether it has to wait.
    pub(super) fn want(&mut self, at: usize, interval: Duration) -> bool {
        self.vms[at].watched.want_refetch(interval, self.now)
    }

    /// Whether nothing more is to come in any VM.
    pub(super) fn is_settled(&self) -> bool {
        self.vms.iter().all(|vm| vm.watched.is_settled())
    }

    pub(super) fn version(&self, at: usize) -> Option<u64> {
        let (hash, confirmed) = self.vms[at].watched.last_good()?;
        if self.now.since(confirmed) > STALE_FOR {
            return None;
        }
        let known = (1..=self.centre.version).find(|version| Hash::of(&body(*version)) == hash);
        Some(known.unwrap())
    }

    pub(super) fn versions(&self) -> Vec<Option<u64>> {
        (0..self.vms.len()).map(|at| self.version(at)).collect()
    }

    pub(super) fn fetching(&self) -> Vec<usize> {
        let mut all = 0..self.vms.len();
        let mut fetching = Vec::new();
        fetching.extend(all.by_ref().filter(|at| self.vms[*at].flight.is_some()));
        fetching
    }
}

pub(super) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
