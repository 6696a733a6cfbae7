//! The addresses of servers that an endpoint names.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use crate::http::Text;
use crate::time::Timestamp;

/// How long a list of addresses is used.
const KEPT: Duration = Duration::from_secs(60);

/// How many addresses are used.
const MOST: usize = 64;

/// The longest address: `255.255.255.255:65535`.
const LONGEST: usize = 21;

/// A list of addresses, which all clones share: the sessions of the entries of one source have one.
#[derive(Clone, Debug, Default)]
pub(super) struct Addresses(Rc<RefCell<State>>);

#[derive(Debug, Default)]
struct State {
    list: Vec<Box<str>>,
    /// Which one is asked.
    at: usize,
    /// When the list is asked for again.
    due: Timestamp,
}

impl Addresses {
    /// Whether the list has to be asked for first.
    pub(super) fn is_needed(&self, now: Timestamp) -> bool {
        let state = self.0.borrow();
        state.list.is_empty() || now >= state.due
    }

    /// Takes the endpoint's answer: an address of IPv4 on each line, to which `port` is added if it has none. Returns whether there
    /// is one.
    pub(super) fn take(&self, answer: &[u8], port: &str, now: Timestamp) -> bool {
        let lines = answer.split(|byte| *byte == b'\n');
        let list: Vec<Box<str>> = lines
            .filter_map(|line| address(line, port))
            .take(MOST)
            .collect();
        if list.is_empty() {
            return false;
        }
        let mut state = self.0.borrow_mut();
        // Gates begin with different servers.
        let count = u64::try_from(list.len()).unwrap_or(1);
        let begin = now.as_nanos().checked_rem(count).unwrap_or_default();
        state.at = usize::try_from(begin).unwrap_or_default();
        state.list = list;
        state.due = now.after(KEPT);
        true
    }

    /// The endpoint gave no list: the one that there is stays in use. Returns whether there is one.
    pub(super) fn keep(&self, now: Timestamp) -> bool {
        let mut state = self.0.borrow_mut();
        state.due = now.after(KEPT);
        !state.list.is_empty()
    }

    /// The server that is asked.
    pub(super) fn present(&self) -> Option<Text> {
        let state = self.0.borrow();
        let address = state.list.get(state.at)?;
        Some(Text::Owned(address.as_bytes().to_vec()))
    }

    /// The server doesn't answer: the next one is asked from now on. Behind the last one the list begins again.
    pub(super) fn pass_over(&self) {
        let mut state = self.0.borrow_mut();
        state.at = state.at.saturating_add(1);
        if state.at >= state.list.len() {
            state.at = 0;
        }
    }
}

/// The address on a line, with a port.
fn address(line: &[u8], port: &str) -> Option<Box<str>> {
    let line = std::str::from_utf8(line.trim_ascii()).ok()?;
    let is_address = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b':');
    let dots = line.bytes().filter(|byte| *byte == b'.').count();
    if dots != 3 || line.len() > LONGEST || !line.bytes().all(is_address) {
        return None;
    }
    let port = if line.contains(':') { "" } else { port };
    Some([line, port].concat().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::default().after(Duration::from_secs(seconds))
    }

    fn present(addresses: &Addresses) -> String {
        let address = addresses.present().unwrap();
        address.escape_ascii().to_string()
    }

    #[test]
    fn servers_take_turns_and_the_list_is_asked_for_again() {
        let addresses = Addresses::default();
        let other = addresses.clone();
        assert!(other.is_needed(at(0)) && other.present().is_none() && !other.keep(at(0)));
        assert!(addresses.take(b"10.0.0.1\r\n10.0.0.2:9090\n\n", ":8080", at(1)));
        assert!(!other.is_needed(at(60)) && other.is_needed(at(61)));
        assert_eq!(present(&other), "10.0.0.1:8080");
        addresses.pass_over();
        assert_eq!(present(&other), "10.0.0.2:9090");
        addresses.pass_over();
        assert_eq!(present(&other), "10.0.0.1:8080");
        assert!(other.keep(at(61)) && !other.is_needed(at(120)));
        assert!(addresses.take(
            b"10.0.0.1\n10.0.0.2\n10.0.0.3",
            ":8080",
            Timestamp::from_nanos(5)
        ));
        assert_eq!(present(&other), "10.0.0.3:8080", "it depends on the time");
    }

    #[test]
    fn takes_addresses_alone() {
        for answer in [
            "",
            "<html>10.0.0.1</html>",
            "acm.example.com",
            "10.0.0",
            "[::1]:8080",
            "255.255.255.255:655350",
            "10.0.0.1 10.0.0.2",
        ] {
            assert!(
                !Addresses::default().take(answer.as_bytes(), ":8080", at(0)),
                "{answer}"
            );
        }
        let many = "10.0.0.1\n".repeat(1000);
        let addresses = Addresses::default();
        assert!(addresses.take(many.as_bytes(), ":8080", at(0)));
        assert_eq!(addresses.0.borrow().list.len(), MOST);
    }
}
