//! What is remembered between two callouts, and until the next fetch.

use crate::source::Version;
use crate::time::Timestamp;

use super::LONGEST_UNREAD;

/// The state of the exchanges for one namespace.
#[derive(Debug, Default)]
pub(in crate::source) struct ApolloSession {
    pub(super) question: Question,
    pub(super) known: Version,
    /// The last notification, and what it says to servers that have not heard of it yet.
    pub(super) notified: Option<i64>,
    pub(super) messages: String,
    /// The release that the last exchange told. A poll tells nothing of another one: of a document that is missing, or that was
    /// refused since.
    pub(super) told: Version,
    pub(super) news: News,
    pub(super) asked: Timestamp,
    pub(super) read: Timestamp,
    /// Whether the next question follows at once, because the server holds it.
    pub(super) is_held: bool,
}

/// What the next reply answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Question {
    /// Whether there is a notification.
    Poll,
    /// The namespace. Where a release is known, only another one is asked for.
    #[default]
    Read,
    /// The whole namespace, after an answer that told only what has changed since the release that is known.
    ReadAll,
}

/// What a read follows from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum News {
    /// A poll that told nothing.
    #[default]
    Nothing,
    /// No poll, or the first notification.
    First,
    /// A later notification.
    Later,
}

impl ApolloSession {
    /// Whether the question names a release.
    pub(super) fn is_conditional(&self) -> bool {
        self.question == Question::Read && !self.known.token().is_empty()
    }

    /// Begins an exchange for a namespace of which this release is known.
    pub(super) fn begin(&mut self, known: &Version, polls: bool, now: Timestamp) {
        let is_read = now.since(self.read) < LONGEST_UNREAD;
        let is_held = self.told == *known && !known.token().is_empty();
        self.question = if polls && is_held && is_read {
            Question::Poll
        } else {
            Question::Read
        };
        self.known = known.clone();
        self.told = Version::default();
        self.news = News::First;
        self.is_held = false;
        self.asked = now;
    }
}
