//! What is remembered between two callouts, and until the next fetch.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use crate::source::centre::login::Login;
use crate::source::centre::protocol::DocumentStatus;
use crate::source::{SourceError, Version};
use crate::time::Timestamp;

use super::addresses::Addresses;
use super::api::NacosApi;

/// How often one exchange may go to another API, or to another path of the login.
const MOST_TURNS: u8 = 3;

/// The state of the exchanges with one server.
#[derive(Debug, Default)]
pub(in crate::source) struct NacosSession {
    pub(super) login: Login,
    /// The login of the last callout.
    pub(super) used: u32,
    pub(super) addresses: Addresses,
    found: Rc<Cell<Found>>,
    pub(super) known: Version,
    /// What the listener is asked about: the contents that are known. Empty where there is none.
    pub(super) records: String,
    /// Whether this exchange has logged in: once is enough.
    pub(super) has_logged_in: bool,
    /// Whether this exchange has given up a token.
    pub(super) has_retried: bool,
    turns: u8,
    pub(super) question: Question,
    pub(super) asked: Timestamp,
    /// Whether the next question follows at once, because the server holds it.
    pub(super) is_held: bool,
}

/// What is found out about the server.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Found {
    /// The API that it has.
    pub(super) api: Option<NacosApi>,
    /// Whether the login is that of v1, because the server doesn't have the other one.
    pub(super) is_old_login: bool,
    /// Whether the listener refuses what is signed: then contents are read each time.
    pub(super) has_no_listener: bool,
}

/// What the next reply answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Question {
    /// Which servers there are.
    Addresses,
    Login,
    /// Whether the content has changed.
    Listen,
    #[default]
    Read,
}

impl NacosSession {
    /// Begins an exchange for a content of which this version is known. The listener is asked about these records first.
    pub(super) fn begin(&mut self, known: &Version, records: String) {
        self.known = known.clone();
        self.records = records;
        self.has_logged_in = false;
        self.has_retried = false;
        self.turns = 0;
        self.is_held = false;
        self.question = self.first_question();
    }

    /// What comes first, behind a login.
    pub(super) fn first_question(&self) -> Question {
        if self.records.is_empty() {
            Question::Read
        } else {
            Question::Listen
        }
    }

    /// A session for another data ID of the same server.
    pub(in crate::source) fn lend(&self) -> Self {
        Self {
            login: self.login.clone(),
            addresses: self.addresses.clone(),
            found: Rc::clone(&self.found),
            ..Self::default()
        }
    }

    pub(super) fn found(&self) -> Found {
        self.found.get()
    }

    /// Notes what is found out.
    pub(super) fn find(&self, change: impl FnOnce(&mut Found)) {
        let mut found = self.found.get();
        change(&mut found);
        self.found.set(found);
    }

    /// Goes on in another way, unless there were too many.
    pub(super) fn turn(
        &mut self,
        error: SourceError,
    ) -> Result<Option<DocumentStatus>, SourceError> {
        self.turns = self.turns.saturating_add(1);
        if self.turns > MOST_TURNS {
            self.find(|found| found.api = None);
            return Err(error);
        }
        Ok(None)
    }

    /// How long to wait after a good answer.
    pub(in crate::source) const fn pause(&self, refresh: Duration) -> Duration {
        if self.is_held {
            Duration::ZERO
        } else {
            refresh
        }
    }
}
