//! The filter's own core, driven without a gateway: a clock that moves when it is waited for, and sources that answer
//! from files.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use postern::config::{Config, HttpSource, SourceKind};
use postern::engine::{Engine, ExchangeId, FlightId, Inputs, Step, Store, Waiting};
use postern::http::{
    Callout, CalloutError, Edits, HeaderMap, Reply, Request, Response, percent_decode,
};
use postern::internals::source::{ABSENT, Board};
use postern::policy::Policy;
use postern::time::Timestamp;

use crate::story::{Story, shown};

/// What a source answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// 200 with this content.
    Content(Vec<u8>),
    /// This status, and no content.
    Status(u16),
}

/// What sources answer: watched ones by name, those on demand by name and key.
#[derive(Clone, Debug, Default)]
pub(crate) struct World {
    pub(crate) documents: BTreeMap<String, Answer>,
    pub(crate) replies: BTreeMap<(String, String), Answer>,
}

/// What became of an exchange.
#[derive(Debug)]
pub(crate) enum Ending {
    Forwarded(Edits),
    Answered(Response),
}

/// An engine with its world around it.
pub(crate) struct Gate<'c> {
    engine: Engine,
    config: &'c Config,
    world: World,
    board: Shared,
    clock: Clock,
    /// What happened to sources before the first request.
    loaded: Vec<String>,
}

/// Shared data as Envoy keeps it.
#[derive(Default)]
struct Shared(BTreeMap<String, (Vec<u8>, u32)>);

impl Board for Shared {
    fn read(&mut self, key: &str) -> Option<(Vec<u8>, u32)> {
        self.0.get(key).cloned()
    }

    fn write(&mut self, key: &str, value: &[u8], mark: Option<u32>) -> bool {
        let present = self.0.get(key).map(|(_, mark)| *mark);
        let fits = match (present, mark) {
            (_, None) | (None, Some(_)) => true,
            (Some(present), Some(mark)) => mark != ABSENT && mark == present,
        };
        if fits {
            let next = present.unwrap_or(0).wrapping_add(1);
            self.0.insert(key.to_owned(), (value.to_vec(), next));
        }
        fits
    }
}

struct Clock(Timestamp);

impl Inputs for Clock {
    fn now(&mut self) -> Timestamp {
        self.0
    }
}

/// How many ticks the sources have to load their documents.
const TICKS: usize = 20;

/// How often an exchange may wait before something is wrong with the tool.
const MOST_WAITS: usize = 64;

impl<'c> Gate<'c> {
    /// An engine that has loaded what there is to be loaded.
    pub(crate) fn open(config: &'c Config, policy: Policy, world: World) -> Self {
        let mut story = Story::default();
        let engine = Engine::new(Arc::new(policy), &Store::new(1), &mut story);
        let mut gate = Self {
            engine,
            config,
            world,
            board: Shared::default(),
            clock: Clock(Timestamp::from_nanos(1_800_000_000_000_000_000)),
            loaded: Vec::new(),
        };
        if let Some(period) = gate.engine.tick_period() {
            for _ in 0..TICKS {
                gate.pass(period, &mut story);
            }
        }
        gate.loaded = story.sources;
        gate
    }

    /// Takes one request through all stages.
    pub(crate) fn exchange(&mut self, headers: &HeaderMap) -> Result<(Ending, Story), String> {
        let mut story = Story {
            sources: self.loaded.clone(),
            ..Story::default()
        };
        let request = Request::new(headers.view());
        let mut edits = Edits::default();
        let (engine, clock) = (&mut self.engine, &mut self.clock);
        let mut step = engine.start(&request, &mut edits, clock, &mut story);
        for _ in 0..MOST_WAITS {
            step = match step {
                Step::Continue => return Ok((Ending::Forwarded(edits), story)),
                Step::Respond(response) => return Ok((Ending::Answered(*response), story)),
                Step::Wait(waiting) => {
                    let Waiting {
                        suspended,
                        deadline,
                    } = *waiting;
                    if !self.serve(&mut story).contains(&suspended.id()) {
                        let span = deadline.since(self.clock.0);
                        self.pass(span, &mut story);
                    }
                    story.begin_anew();
                    let (engine, clock) = (&mut self.engine, &mut self.clock);
                    suspended.resume(engine, &mut edits, clock, &mut story)
                }
            };
        }
        Err("the exchange never ends".to_owned())
    }

    fn pass(&mut self, span: Duration, story: &mut Story) {
        self.clock.0 = self.clock.0.after(span);
        let now = self.clock.0;
        // Whoever is woken is resumed by whoever waits for it.
        let _ = self.engine.tick(now, &mut self.board, story);
        self.serve(story);
        // A large document is read bit by bit, for which no time passes here.
        while self.engine.is_reading() {
            let _ = self.engine.tick(now, &mut self.board, story);
        }
    }

    /// Answers every callout that is to be sent.
    fn serve(&mut self, story: &mut Story) -> Vec<ExchangeId> {
        let mut woken = Vec::new();
        loop {
            let callouts: Vec<(FlightId, Callout)> = self.engine.callouts();
            if callouts.is_empty() {
                return woken;
            }
            for (flight, callout) in callouts {
                let reply = self.answer(&callout, story);
                let more = self
                    .engine
                    .reply(flight, reply, self.clock.0, &mut self.board, story);
                woken.extend(more.0);
            }
        }
    }

    fn answer(&self, callout: &Callout, story: &mut Story) -> Result<Reply, CalloutError> {
        let header = |name: &[u8]| {
            let found = callout.headers.iter().find(|(own, _)| **own == *name);
            found.map_or_else(Vec::new, |(_, value)| value.to_vec())
        };
        let (authority, path) = (header(b":authority"), header(b":path"));
        for source in &self.config.sources {
            let SourceKind::Http(http) = &source.value.kind else {
                continue;
            };
            if *http.cluster.as_bytes() != *callout.cluster
                || http.endpoint().authority.as_bytes() != authority
            {
                continue;
            }
            let (answer, option) = match (key_of(http, &path), source.value.on_demand.is_some()) {
                (Some(key), true) => {
                    let option = format!("--reply {}:{key}=FILE", source.name);
                    (self.world.replies.get(&(source.name.clone(), key)), option)
                }
                (None, false) if http.path.as_bytes() == path => (
                    self.world.documents.get(&source.name),
                    format!("--document {}=FILE", source.name),
                ),
                _ => continue,
            };
            let Some(answer) = answer else {
                story.note(format!(
                    "`{}` is silent: give it an answer by {option}",
                    source.name
                ));
                return Err(CalloutError::NoReply);
            };
            return Ok(reply(answer));
        }
        Err(CalloutError::NoReply)
    }
}

/// The key that a callout of a source on demand asks for.
fn key_of(http: &HttpSource, path: &[u8]) -> Option<String> {
    let (before, after) = http.path.split_once("${key}")?;
    let rest = path.strip_prefix(before.as_bytes())?;
    let key = rest.strip_suffix(after.as_bytes())?;
    Some(shown(&percent_decode(key)))
}

fn reply(answer: &Answer) -> Reply {
    let (status, body) = match answer {
        Answer::Content(content) => ("200".to_owned(), content.clone()),
        Answer::Status(status) => (status.to_string(), Vec::new()),
    };
    Reply {
        headers: HeaderMap::from_pairs(&[(":status", &*status)]),
        body,
    }
}
