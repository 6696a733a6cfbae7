//! What a source knows of its login.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use crate::http::Text;
use crate::secret::Secret;
use crate::time::Timestamp;

/// How long a token is kept although the server refuses it. A server may answer so for every request: each of them must not
/// become a login.
const KEPT: Duration = Duration::from_secs(1);

/// A login, which all clones share: the sessions of the entries of one source have one.
#[derive(Clone, Debug, Default)]
pub(super) struct Login(Rc<RefCell<State>>);

#[derive(Debug, Default)]
struct State {
    access: Access,
    /// How many logins there have been.
    number: u32,
    since: Timestamp,
}

/// What lets requests in.
#[derive(Debug, Default)]
enum Access {
    /// Nothing yet.
    #[default]
    New,
    /// A token, and when to log in again: before its end.
    Token(Secret, Option<Timestamp>),
    /// The server asks for no login.
    Open,
}

impl Login {
    /// Whether a login has to come before the next request.
    pub(super) fn is_needed(&self, now: Timestamp) -> bool {
        match &self.0.borrow().access {
            Access::New => true,
            Access::Token(_, end) => end.is_some_and(|end| now >= end),
            Access::Open => false,
        }
    }

    /// Takes a new token. `end` is when the next login is due; `None` if the server doesn't say how long it lasts.
    pub(super) fn grant(&self, token: Secret, end: Option<Timestamp>, now: Timestamp) {
        self.set(Access::Token(token, end), now);
    }

    /// The server asks for no login.
    pub(super) fn open(&self, now: Timestamp) {
        self.set(Access::Open, now);
    }

    fn set(&self, access: Access, now: Timestamp) {
        let mut state = self.0.borrow_mut();
        state.access = access;
        state.number = state.number.wrapping_add(1);
        state.since = now;
    }

    /// The token, if there is one.
    pub(super) fn token(&self) -> Option<Text> {
        match &self.0.borrow().access {
            Access::Token(token, _) => Some(Text::Owned(token.expose().to_vec())),
            Access::New | Access::Open => None,
        }
    }

    /// Names the present login.
    pub(super) fn number(&self) -> u32 {
        self.0.borrow().number
    }

    /// The server refuses what was sent under the login of this number. Returns whether to ask again: with a newer token that
    /// another exchange has got meanwhile, or after a new login. Not where the token is new itself.
    pub(super) fn give_up(&self, number: u32, now: Timestamp) -> bool {
        let mut state = self.0.borrow_mut();
        if state.number != number {
            return true;
        }
        // A time in the future was noted before the clock was put back.
        let is_new = state.since <= now && now.since(state.since) < KEPT;
        if !is_new {
            state.access = Access::New;
        }
        !is_new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_nanos(1_700_000_000_000_000_000).after(Duration::from_secs(seconds))
    }

    fn token(login: &Login) -> Option<String> {
        let token = login.token()?;
        Some(token.escape_ascii().to_string())
    }

    #[test]
    fn clones_share_the_token_until_its_end() {
        let login = Login::default();
        let other = login.clone();
        assert!(other.is_needed(at(0)) && token(&other).is_none());
        login.grant(Secret::new(*b"t"), Some(at(60)), at(0));
        assert!(!other.is_needed(at(59)) && other.is_needed(at(60)));
        assert_eq!(token(&other).as_deref(), Some("t"));
        login.grant(Secret::new(*b"u"), None, at(60));
        assert!(!other.is_needed(at(1_000_000)));
        login.open(at(60));
        assert!(!other.is_needed(at(60)) && token(&other).is_none());
        assert!(!format!("{login:?}").contains("116"));
    }

    #[test]
    fn a_refused_token_is_given_up_once() {
        let login = Login::default();
        login.grant(Secret::new(*b"t"), None, at(0));
        let old = login.number();
        assert!(!login.give_up(old, at(0)), "it is new");
        assert!(!login.is_needed(at(0)));
        assert!(login.give_up(old, at(1)));
        assert!(login.is_needed(at(1)));
        login.grant(Secret::new(*b"u"), None, at(1));
        assert!(login.give_up(old, at(1)), "there is a newer one");
        assert!(!login.is_needed(at(1)));
        assert!(
            login.give_up(login.number(), at(0)),
            "the clock was put back"
        );
    }
}
