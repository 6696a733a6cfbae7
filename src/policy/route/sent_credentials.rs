//! The credentials of clients that a lookup sends to its source.

use std::cell::RefCell;

use crate::config::{ConfigErrors, Location, Path};
use crate::http::same_name;
use crate::policy::route::request::LookupRequest;
use crate::policy::template::{Scope, ValueTemplate, Variable};

/// Header fields that hold a client's credential even where no provider reads it.
const STANDARD: [&[u8]; 3] = [b"authorization", b"proxy-authorization", b"cookie"];

/// A credential that a variable may hold.
struct SentCredential {
    /// The variable.
    name: String,
    /// The providers that read it.
    readers: Vec<String>,
}

/// The credentials that a lookup sends.
pub(super) struct SentCredentials<'s, 'a> {
    scope: &'s Scope<'a>,
    found: RefCell<Vec<SentCredential>>,
}

impl<'s, 'a> SentCredentials<'s, 'a> {
    pub(super) fn new(scope: &'s Scope<'a>) -> Self {
        Self {
            scope,
            found: RefCell::default(),
        }
    }

    /// Notes those of a request.
    pub(super) fn note_request(&self, request: &LookupRequest) {
        request.sends_any(&|variable| {
            // A cookie may be a session that only the upstream knows.
            let is_cookie = matches!(variable, Variable::Cookie(_));
            self.note(credential(variable, is_cookie, self.scope))
        });
    }

    /// Notes those of a key.
    pub(super) fn note_key(&self, key: &ValueTemplate) {
        key.has_any(&|variable| self.note(credential(variable, false, self.scope)));
    }

    /// Notes a variable that is sent. It is never one that is searched for.
    fn note(&self, credential: Option<SentCredential>) -> bool {
        self.found.borrow_mut().extend(credential);
        false
    }

    /// Refuses a credential that the lookup doesn't name, and a name of none.
    pub(super) fn check(self, allowed: &[String], path: &Path<'_>, errors: &mut ConfigErrors) {
        let sent = self.found.into_inner();
        let at = path.field("sendCredentials");
        for (index, name) in allowed.iter().enumerate() {
            let is_sent = |credential: &SentCredential| {
                credential.name == *name || credential.readers.contains(name)
            };
            if !sent.iter().any(is_sent) {
                let reason = format!("the lookup sends no credential that is called `{name}`");
                errors.suggest(&at.index(index), reason, "remove it");
            }
        }
        let mut told: Vec<&str> = Vec::new();
        for SentCredential { name, readers } in &sent {
            let is_named =
                !readers.is_empty() && readers.iter().all(|reader| allowed.contains(reader));
            if is_named || allowed.contains(name) || told.contains(&name.as_str()) {
                continue;
            }
            told.push(name);
            let reason =
                format!("`{name}` holds a client's credential, and the source would get it");
            let named = if readers.is_empty() {
                format!("\"{name}\"")
            } else {
                readers.join(", ")
            };
            errors.suggest(
                path,
                reason,
                format!("leave it out, or write `sendCredentials: [{named}]`"),
            );
        }
    }
}

/// The credential that a variable holds or may hold.
fn credential(
    variable: &Variable,
    is_credential: bool,
    scope: &Scope<'_>,
) -> Option<SentCredential> {
    let (kind, name) = match variable {
        Variable::Header(name) => ("header", &**name),
        Variable::Cookie(name) => ("cookie", &**name),
        Variable::Query(name) => ("query", &**name),
        Variable::Capture(_)
        | Variable::Method
        | Variable::Host
        | Variable::Path
        | Variable::Scheme
        | Variable::SourceAddress
        | Variable::Time
        | Variable::ConsumerName
        | Variable::Label(_)
        | Variable::CredentialId
        | Variable::Claim(_)
        | Variable::LookedUp(_)
        // It is asked about the variable itself.
        | Variable::Applied(_) => return None,
    };
    let reads = |location: &Location| match (variable, location) {
        (
            Variable::Header(_),
            Location::Header { name: other, .. } | Location::Member { name: other, .. },
        ) => same_name(name, other.as_bytes()),
        (Variable::Header(_), Location::Cookie(_)) => same_name(name, b"cookie"),
        (Variable::Cookie(_), Location::Header { name: other, .. }) => {
            same_name(b"cookie", other.as_bytes())
        }
        (Variable::Cookie(_), Location::Cookie(other))
        | (Variable::Query(_), Location::Query(other)) => other.as_bytes() == name,
        _ => false,
    };
    let mut readers = scope.owned.readers(&reads);
    let is_standard = kind == "header" && STANDARD.iter().any(|standard| same_name(name, standard));
    let is_sent = is_standard || is_credential || !readers.is_empty();
    if is_standard {
        // The whole field may hold credentials of others, so it has to be named itself.
        readers.clear();
    }
    is_sent.then(|| SentCredential {
        name: format!("{kind}.{}", String::from_utf8_lossy(name)),
        readers: readers.into_iter().map(str::to_owned).collect(),
    })
}
