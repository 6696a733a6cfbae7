//! A watched source whose protocol takes several callouts for a document.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;

use super::envelope::Envelope;
use super::*;
use crate::http::{Endpoint, HeaderMap};
use crate::source::{Budget, DoubleProtocol, LocalData};

struct Source {
    machine: Watched,
    shared: LocalData,
    now: Timestamp,
}

fn watched(vm: u64) -> Watched {
    let schedule = Schedule {
        refresh: Duration::from_secs(5),
        stale_for: Duration::from_secs(600),
    };
    let protocol = DoubleProtocol(Endpoint::new("c", "c"));
    let protocol = Arc::new(Protocol::Double(protocol));
    Watched::new(protocol, schedule, DefinitionHash([7; 32]), vm)
}

impl Source {
    fn new() -> Self {
        Self {
            machine: watched(1),
            shared: LocalData::default(),
            now: Timestamp::from_nanos(1_700_000_000_000_000_000),
        }
    }

    fn tick(&mut self) -> Option<String> {
        match self.machine.tick(self.now, &mut self.shared) {
            Tick::Fetch(callout) => Some(path(&callout)),
            Tick::Idle | Tick::Arrived => None,
        }
    }

    /// The result of a reply: the path of the next callout, or the outcome.
    fn reply(&mut self, status: &str, etag: &str, body: &str) -> String {
        let pairs = [(":status", status), ("etag", etag)];
        let reply = Reply {
            headers: HeaderMap::from_pairs(&pairs),
            body: body.as_bytes().to_vec(),
        };
        self.outcome(Ok(reply))
    }

    fn outcome(&mut self, reply: Result<Reply, CalloutError>) -> String {
        match self.machine.fetched(self.now, &mut self.shared, reply) {
            FetchOutcome::Send(callout) => path(&callout),
            FetchOutcome::Arrived => {
                let budget = &mut Budget::unlimited();
                let progress = self.machine.advance(budget, self.now, &mut self.shared);
                let Progress::New(candidate) = progress else {
                    return format!("{progress:?}");
                };
                let text = String::from_utf8_lossy(candidate.text()).into_owned();
                self.machine.accept(candidate, self.now, &mut self.shared);
                format!("new {text}")
            }
            FetchOutcome::Failed(error) => error.to_string(),
            other @ (FetchOutcome::Unchanged | FetchOutcome::Ignored) => format!("{other:?}"),
        }
    }

    fn lease(&mut self) -> Lease {
        self.machine.shared_keys.read(&mut self.shared).0
    }

    /// Whether nothing more is to come for another VM, which fetches nothing.
    fn is_settled_for(&mut self, other: &mut Watched) -> bool {
        let tick = other.tick(self.now, &mut self.shared);
        assert!(!matches!(tick, Tick::Fetch(_)), "{tick:?}");
        other.is_settled()
    }

    fn wait(&mut self, seconds: u64) {
        self.now = self.now.after(Duration::from_secs(seconds));
    }
}

fn path(callout: &Callout) -> String {
    let path = callout.headers.iter().find(|(name, _)| **name == *b":path");
    String::from_utf8_lossy(&path.unwrap().1).into_owned()
}

#[test]
fn logs_in_once_and_polls() {
    let mut source = Source::new();
    assert_eq!(source.tick().as_deref(), Some("/login"));
    assert_eq!(source.reply("200", "", "token"), "/poll?");
    assert!(!format!("{:?}", source.machine).contains("token\""));
    // The lease lasts for as long as the poll may take.
    let ends = source.now.after(DoubleProtocol::POLL).after(GRACE);
    assert_eq!(source.lease().deadline, ends);
    assert_eq!(source.reply("200", "v1", "{}"), "new {}");
    // The next poll follows at once, with the token and the version.
    assert_eq!(source.tick().as_deref(), Some("/poll?v1"));
    source.wait(30);
    let outcome = source.outcome(Err(CalloutError::NoReply));
    assert_eq!(
        outcome, "Unchanged",
        "a poll that times out brings no change"
    );
    assert_eq!(source.tick().as_deref(), Some("/poll?v1"));
    assert_eq!(source.reply("200", "v2", "[]"), "new []");
    assert_eq!(source.tick().as_deref(), Some("/poll?v2"));
    assert_eq!(
        source.reply("404", "", ""),
        "there is no such document: it was deleted, or its name is wrong"
    );
}

#[test]
fn logs_in_again_when_the_token_is_refused() {
    let mut source = Source::new();
    assert_eq!(source.tick().as_deref(), Some("/login"));
    assert_eq!(source.reply("200", "", "token"), "/poll?");
    assert_eq!(source.reply("200", "v1", "{}"), "new {}");
    assert_eq!(source.tick().as_deref(), Some("/poll?v1"));
    assert_eq!(source.reply("401", "", ""), "/login");
    assert_eq!(source.reply("200", "", "other"), "/poll?v1");
    assert_eq!(source.reply("200", "v2", "[]"), "new []");
    assert_eq!(source.tick().as_deref(), Some("/poll?v2"));
    assert_eq!(source.reply("401", "", ""), "/login");
    let refused = "status 401: the server refuses the gate's own credentials";
    assert_eq!(source.reply("401", "", ""), refused);
    source.wait(5);
    assert_eq!(
        source.tick().as_deref(),
        Some("/login"),
        "nothing is kept of a refused session"
    );
}

#[test]
fn bounds_the_callouts_of_one_document() {
    let mut source = Source::new();
    assert_eq!(source.tick().as_deref(), Some("/login"));
    for _ in 0..9 {
        assert_eq!(source.reply("200", "", "token"), "/poll?");
        assert_eq!(source.reply("401", "", ""), "/login");
    }
    assert_eq!(source.reply("200", "", "token"), "/poll?");
    let outcome = source.reply("401", "", "");
    assert_eq!(outcome, "unusable document: it takes more than 20 callouts");
    assert!(source.machine.fetch.is_none());
}

#[test]
fn another_vm_takes_over_a_poll_that_was_lost() {
    let mut source = Source::new();
    assert_eq!(source.tick().as_deref(), Some("/login"));
    let mut other = watched(2);
    source.wait(4);
    // The first VM stood still for so long that the other one has taken the lease.
    let tick = other.tick(source.now, &mut source.shared);
    assert!(matches!(tick, Tick::Fetch(_)));
    assert_eq!(source.reply("200", "", "token"), "Ignored");
    assert!(source.machine.fetch.is_none());
    assert_eq!(source.lease().owner, 2);
    // While the other one polls, no VM fetches.
    let reply = Reply {
        headers: HeaderMap::from_pairs(&[(":status", "200")]),
        body: b"token".to_vec(),
    };
    let outcome = other.fetched(source.now, &mut source.shared, Ok(reply));
    assert!(matches!(outcome, FetchOutcome::Send(_)));
    source.wait(29);
    assert_eq!(source.tick(), None);
    source.wait(3);
    assert_eq!(source.tick().as_deref(), Some("/poll?"));
    assert_eq!(source.lease().owner, 1);
}

#[test]
fn a_fetch_of_several_callouts_is_one_fetch_for_who_waits() {
    let mut source = Source::new();
    assert_eq!(source.tick().as_deref(), Some("/login"));
    let mut other = watched(2);
    let interval = Duration::from_secs(30);
    assert!(other.want_refetch(interval, source.now));
    assert!(!source.is_settled_for(&mut other));
    assert_eq!(source.reply("200", "", "token"), "/poll?");
    assert!(!source.is_settled_for(&mut other));
    assert!(!source.machine.is_settled());
    assert_eq!(source.reply("200", "v1", "{}"), "new {}");
    assert!(!source.lease().is_fetching);
    assert!(source.machine.is_settled());
    // The other VM has not heard of it yet, and then it reads the document.
    assert!(!other.is_settled());
    assert!(!source.is_settled_for(&mut other));
    let all = &mut Budget::unlimited();
    let Progress::New(candidate) = other.advance(all, source.now, &mut source.shared) else {
        panic!("a document");
    };
    assert!(!other.is_settled());
    other.accept(candidate, source.now, &mut source.shared);
    assert!(other.is_settled());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_in_shared_data_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), magic in 0..3_u8) {
        let magic: &[u8] = match magic {
            0 => b"",
            1 => b"pstrnD\0\x03",
            _ => b"pstrnL\0\x02",
        };
        let wire = [magic, &bytes].concat();
        if let Ok(envelope) = Envelope::decode(&wire) {
            prop_assert_eq!(envelope.encode(), wire.clone());
        }
        if let Some(lease) = Lease::decode(&wire) {
            prop_assert_eq!(lease.encode(), wire);
        }
    }
}
