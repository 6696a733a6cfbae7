//! What is remembered between two callouts, and until the next fetch.

use std::time::Duration;

use crate::source::centre::protocol::DocumentStatus;
use crate::source::{SourceError, Version};
use crate::time::Timestamp;

use super::api::NacosApi;
use super::login::Token;
use super::state::md5;

/// How often one exchange may go to another API, or to another path of the login.
const MOST_TURNS: u8 = 3;

/// The state of the exchanges with one server.
#[derive(Debug, Default)]
pub(in crate::source) struct NacosSession {
    pub(super) token: Option<Token>,
    /// Whether the login is that of v1: the server doesn't have the other one.
    pub(super) is_old_login: bool,
    /// The API that the server has, once that is known.
    pub(super) api: Option<NacosApi>,
    pub(super) known: Version,
    /// Whether this exchange has logged in: once is enough.
    pub(super) has_logged_in: bool,
    turns: u8,
    pub(super) question: Question,
    pub(super) asked: Timestamp,
    /// Whether the next question follows at once, because the server holds it.
    pub(super) is_held: bool,
}

/// What the next reply answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Question {
    Login,
    /// Whether the content has changed.
    Listen,
    #[default]
    Read,
}

impl NacosSession {
    /// Begins an exchange for a content of which this version is known.
    pub(super) fn begin(&mut self, known: &Version) {
        self.known = known.clone();
        self.has_logged_in = false;
        self.turns = 0;
        self.is_held = false;
        self.question = self.first_question();
    }

    /// What comes first, behind a login.
    pub(super) fn first_question(&self) -> Question {
        if md5(&self.known).is_empty() {
            Question::Read
        } else {
            Question::Listen
        }
    }

    /// Goes on in another way, unless there were too many.
    pub(super) fn turn(
        &mut self,
        error: SourceError,
    ) -> Result<Option<DocumentStatus>, SourceError> {
        self.turns = self.turns.saturating_add(1);
        if self.turns > MOST_TURNS {
            self.api = None;
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
